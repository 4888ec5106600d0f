/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/output.c and sheet.c.
 */
#include "config.h"

#include <check.h>
#include <locale.h>
#include <string.h>
#include <time.h>

#include "unit.h"
#include "walletctl/sheet.h"

static char *text;
static size_t text_len;
static FILE *out;

static void setup(void)
{
	out = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(out);
	/* Local time is part of what is tested. */
	(void)setenv("TZ", "XYZ-2", 1);
	tzset();
}

static void teardown(void)
{
	(void)fclose(out);
	free(text);
}

/* What was written since the start. */
static const char *written(void)
{
	(void)fflush(out);
	return text;
}

static const struct {
	const char *given;
	const char *people;
	const char *json;
} escapes[] = {
	{ "plain", "plain", "\"plain\"" },
	{ "", "", "\"\"" },
	{ "Zoë 日本", "Zoë 日本", "\"Zoë 日本\"" },
	{ "a\033[31mb", "a\\x1b[31mb", "\"a\\u001b[31mb\"" },
	{ "a\nb\tc\r", "a\\x0ab\\x09c\\x0d", "\"a\\nb\\tc\\u000d\"" },
	{ "\x7f", "\\x7f", "\"\\u007f\"" },
	{ "\xc2\x9b", "\\xc2\\x9b", "\"\\u009b\"" },
	{ "q\"b\\", "q\"b\\", "\"q\\\"b\\\\\"" },
	/* Right-to-left override: shown, and true to the byte in JSON. */
	{ "x\xe2\x80\xaey", "x\\xe2\\x80\\xaey", "\"x\xe2\x80\xaey\"" },
	/* No UTF-8: a lone byte, a cut character, an overlong slash. */
	{ "\xff", "\\xff", "\"\\ufffd\"" },
	{ "a\xe2\x82", "a\\xe2\\x82", "\"a\\ufffd\\ufffd\"" },
	{ "\xc0\xaf", "\\xc0\\xaf", "\"\\ufffd\\ufffd\"" },
};

START_TEST(people_see_no_controls)
{
	output_text(out, slice_of(escapes[_i].given));
	ck_assert_str_eq(written(), escapes[_i].people);
}
END_TEST

START_TEST(json_strings_are_json)
{
	output_json_string(out, slice_of(escapes[_i].given));
	ck_assert_str_eq(written(), escapes[_i].json);
}
END_TEST

static const struct column columns[] = {
	{ "n", "Number" },
	{ "name", "Name" },
	{ "hidden", NULL },
	{ "time", "Time" },
};

static void make_row(struct value *row, int64_t n, const char *name,
		     const char *time)
{
	row[0] = value_number(n);
	row[1] = value_text(slice_of(name));
	row[2] = value_text((struct slice){ NULL, 0 });
	row[3] = time ? value_time(slice_of(time)) : value_none();
}

/* Two rows in @form; the caller compares. */
static void write_sheet(enum form form)
{
	struct value row[ELEMENTS(columns)];
	struct sheet *s;

	ck_assert_int_eq(sheet_new(out, form, columns, ELEMENTS(columns), &s),
			 0);
	make_row(row, -7, "Ben", "2026-11-22T23:30:00.123456Z");
	ck_assert_int_eq(sheet_row(s, row), 0);
	make_row(row, INT64_MAX, "Z\t\xc3\xab", NULL);
	ck_assert_int_eq(sheet_row(s, row), 0);
	ck_assert_int_eq(sheet_end(s), 0);
	ck_assert_uint_eq(sheet_rows(s), 2);
	sheet_free(s);
}

START_TEST(sheet_for_json_is_one_array)
{
	write_sheet(FORM_JSON);
	ck_assert_str_eq(written(),
			 "[\n"
			 "{\"n\":-7,\"name\":\"Ben\",\"hidden\":null,"
			 "\"time\":\"2026-11-22T23:30:00.123456Z\"},\n"
			 "{\"n\":9223372036854775807,\"name\":\"Z\\t\xc3\xab\","
			 "\"hidden\":null,\"time\":null}\n"
			 "]\n");
}
END_TEST

START_TEST(sheet_for_scripts_is_lines)
{
	write_sheet(FORM_RAW);
	ck_assert_str_eq(written(),
			 "-7\tBen\t\t2026-11-22T23:30:00.123456Z\n"
			 "9223372036854775807\tZ\\x09\xc3\xab\t\t\n");
}
END_TEST

/* RFC 4180; text is as it is, and quoted where it would mean something. */
START_TEST(sheet_for_spreadsheets_is_csv)
{
	struct value row[ELEMENTS(columns)];
	struct sheet *s;

	ck_assert_int_eq(
		sheet_new(out, FORM_CSV, columns, ELEMENTS(columns), &s), 0);
	make_row(row, -1234567, "a \"b\", c", "2026-11-22T23:30:00.123456Z");
	ck_assert_int_eq(sheet_row(s, row), 0);
	make_row(row, 1, "two\nlines\tZ\xc3\xab", NULL);
	row[0] = value_amount(-1234567);
	ck_assert_int_eq(sheet_row(s, row), 0);
	ck_assert_int_eq(sheet_end(s), 0);
	sheet_free(s);
	ck_assert_str_eq(written(),
			 "n,name,hidden,time\r\n"
			 "-1234567,\"a \"\"b\"\", c\",,"
			 "2026-11-22T23:30:00.123456Z\r\n"
			 "-1234567,\"two\nlines\tZ\xc3\xab\",,\r\n");
}
END_TEST

/* A record by itself is a sheet of one, but for JSON's brackets. */
START_TEST(a_record_alone_has_the_same_shape)
{
	static const char *const expected[] = {
		[FORM_JSON] = "{\"n\":5,\"name\":\"Ben\",\"hidden\":null,"
			      "\"time\":null}\n",
		[FORM_RAW] = "5\tBen\t\t\n",
		[FORM_CSV] = "n,name,hidden,time\r\n5,Ben,,\r\n",
	};
	enum form form = (enum form)_i;
	struct value row[ELEMENTS(columns)];

	make_row(row, 5, "Ben", NULL);
	output_values(out, form, columns, ELEMENTS(columns), row);
	ck_assert_str_eq(written(), expected[form]);
}
END_TEST

/* The next day already, where the test lives. */
START_TEST(sheet_for_people_is_a_table)
{
	write_sheet(FORM_TEXT);
	ck_assert_ptr_nonnull(strstr(written(), "Number Name"));
	ck_assert_ptr_nonnull(strstr(text, "                 -7 Ben "));
	ck_assert_ptr_nonnull(strstr(text, "2026-11-23 01:30:00"));
	ck_assert_ptr_nonnull(strstr(text, "9223372036854775807 Z\\x09"));
	ck_assert_ptr_null(strstr(text, "hidden"));
}
END_TEST

START_TEST(sheet_may_be_empty)
{
	static const char *const expected[] = {
		[FORM_TEXT] = "",
		[FORM_JSON] = "[]\n",
		[FORM_RAW] = "",
		[FORM_CSV] = "n,name,hidden,time\r\n",
	};
	enum form form = (enum form)_i;
	struct sheet *s;

	ck_assert_int_eq(sheet_new(out, form, columns, ELEMENTS(columns), &s),
			 0);
	ck_assert_int_eq(sheet_end(s), 0);
	ck_assert_str_eq(written(), expected[form]);
	sheet_free(s);
}
END_TEST

/* A long table is laid out in parts, and looks like one. */
START_TEST(sheet_of_many_rows_has_one_heading)
{
	struct value row[ELEMENTS(columns)];
	const char *second;
	struct sheet *s;

	ck_assert_int_eq(
		sheet_new(out, FORM_TEXT, columns, ELEMENTS(columns), &s), 0);
	for (int64_t i = 1; i <= 10001; i++) {
		make_row(row, i, i == 1 ? "A-long-name" : "B", "t");
		ck_assert_int_eq(sheet_row(s, row), 0);
	}
	ck_assert_int_eq(sheet_end(s), 0);
	sheet_free(s);

	ck_assert_ptr_nonnull(strstr(written(), "Number Name"));
	second = strstr(text, "Number");
	ck_assert_ptr_null(strstr(second + 1, "Number"));
	/* In the same columns: 6 for the number, 11 for the name. */
	ck_assert_ptr_nonnull(strstr(text, "\n 10001 B           t"));
}
END_TEST

START_TEST(card_has_a_line_a_value)
{
	struct value row[ELEMENTS(columns)];

	make_row(row, 5, "Ben", NULL);
	ck_assert_int_eq(sheet_card(out, columns, ELEMENTS(columns), row), 0);
	ck_assert_ptr_nonnull(strstr(written(), "n      5\n"));
	ck_assert_ptr_nonnull(strstr(text, "name   Ben\n"));
	ck_assert_ptr_nonnull(strstr(text, "hidden"));
}
END_TEST

START_TEST(long_numbers_are_grouped)
{
	static const struct {
		uint64_t n;
		const char *text;
	} numbers[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 12000, "12,000" },
		{ 123456, "123,456" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char grouped[OUTPUT_GROUPED_SIZE];

	for (size_t i = 0; i < ELEMENTS(numbers); i++) {
		output_grouped(numbers[i].n, grouped);
		ck_assert_str_eq(grouped, numbers[i].text);
	}
}
END_TEST

START_TEST(coins_are_grouped_for_people_only)
{
	const struct value coins[] = { value_amount(INT64_MIN),
				       value_amount(-999) };
	struct buf cell = { 0 };

	ck_assert_int_eq(output_cell(&coins[0], &cell), 0);
	ck_assert_str_eq((const char *)cell.data, "-9,223,372,036,854,775,808");
	buf_done(&cell);
	output_raw_line(out, coins, 2);
	output_json_value(out, &coins[0]);
	output_amount(out, -1000);
	output_amount(out, -999);
	ck_assert_str_eq(written(), "-9223372036854775808\t-999\n"
				    "-9223372036854775808"
				    "-1,000-999");
}
END_TEST

static const struct {
	const char *text;
	size_t width;
} widths[] = {
	{ "", 0 },
	{ "Ali", 3 },
	{ "\xc5\x81ukasz", 6 },
	{ "\xe6\x9d\x8e\xe9\x9b\xb7", 4 },
	{ "Zoe\xcc\x88", 3 },
	{ "\xf0\x9f\x98\x80", 2 },
	{ "\xff\n", 8 },
	{ "\xc2\xad", 8 }, /* not seen, so it is shown */
	{ "\xe2\x80\x8b", 12 },
};

/* As many columns as what output_text() makes of it. */
START_TEST(text_knows_its_width)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	ck_assert_uint_eq(output_width(slice_of(widths[_i].text)),
			  widths[_i].width);
	output_text(out, slice_of(widths[_i].text));
	ck_assert_uint_eq(output_width(slice_of(written())),
			  widths[_i].width);
}
END_TEST

START_TEST(a_time_that_is_none_stands_as_it_is)
{
	struct value v = value_time(slice_of("yester\033day"));
	struct buf cell = { 0 };

	ck_assert_int_eq(output_cell(&v, &cell), 0);
	ck_assert_str_eq((const char *)cell.data, "yester\\x1bday");
	buf_done(&cell);
}
END_TEST

UNIT_SUITE(test_walletctl_output);

Suite *test_walletctl_output(void)
{
	Suite *s = suite_create("walletctl/output");
	TCase *t = tcase_create("output");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, people_see_no_controls, 0, ELEMENTS(escapes));
	tcase_add_loop_test(t, json_strings_are_json, 0, ELEMENTS(escapes));
	tcase_add_test(t, sheet_for_json_is_one_array);
	tcase_add_test(t, sheet_for_scripts_is_lines);
	tcase_add_test(t, sheet_for_people_is_a_table);
	tcase_add_loop_test(t, sheet_may_be_empty, 0, 4);
	tcase_add_test(t, sheet_for_spreadsheets_is_csv);
	tcase_add_loop_test(t, a_record_alone_has_the_same_shape, FORM_JSON,
			    FORM_CSV + 1);
	tcase_add_test(t, coins_are_grouped_for_people_only);
	tcase_add_loop_test(t, text_knows_its_width, 0, ELEMENTS(widths));
	tcase_add_test(t, sheet_of_many_rows_has_one_heading);
	tcase_add_test(t, card_has_a_line_a_value);
	tcase_add_test(t, a_time_that_is_none_stands_as_it_is);
	tcase_add_test(t, long_numbers_are_grouped);
	suite_add_tcase(s, t);
	return s;
}
