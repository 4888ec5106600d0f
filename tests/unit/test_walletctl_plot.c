/* SPDX-License-Identifier: MIT */
/*
 * Tests of what walletctl plot is made of: series.c, axis.c, canvas.c, svg.c.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "unit.h"
#include "walletctl/axis.h"
#include "walletctl/canvas.h"
#include "walletctl/series.h"
#include "walletctl/svg.h"

/* Series. */

static void expect_column(const struct series *s, size_t i, int64_t low,
			  int64_t high, int64_t end)
{
	const struct series_column *c = &s->column[i];

	ck_assert(c->known);
	ck_assert_int_eq(c->low, low);
	ck_assert_int_eq(c->high, high);
	ck_assert_int_eq(c->end, end);
}

START_TEST(each_column_keeps_its_extremes)
{
	struct series s;
	int64_t low;
	int64_t high;

	ck_assert_int_eq(series_init(&s, 10, 49, 4), 0);
	ck_assert(!series_range(&s, &low, &high));
	series_change(&s, 20, 1000, 900);
	series_change(&s, 24, 900, 1500);
	series_change(&s, 29, 1500, 700);
	series_change(&s, 40, 700, 800);
	series_end(&s);
	/* Nobody knows what was before the first. */
	ck_assert(!s.column[0].known);
	expect_column(&s, 1, 700, 1500, 700);
	expect_column(&s, 2, 700, 700, 700);
	expect_column(&s, 3, 700, 800, 800);
	ck_assert(series_range(&s, &low, &high));
	ck_assert_int_eq(low, 700);
	ck_assert_int_eq(high, 1500);
	series_done(&s);
}
END_TEST

START_TEST(what_it_was_before_goes_on)
{
	struct series s;

	ck_assert_int_eq(series_init(&s, 0, 2, 3), 0);
	series_begin(&s, 5);
	series_change(&s, 1, 5, 9);
	series_end(&s);
	expect_column(&s, 0, 5, 5, 5);
	expect_column(&s, 1, 5, 9, 9);
	expect_column(&s, 2, 9, 9, 9);
	series_done(&s);
}
END_TEST

START_TEST(the_widest_and_the_narrowest_fit)
{
	struct series s;

	ck_assert_int_eq(series_init(&s, 0, INT64_MAX, 7), 0);
	series_change(&s, 0, 0, 1);
	series_change(&s, INT64_MAX, 1, INT64_MAX);
	series_end(&s);
	expect_column(&s, 0, 0, 1, 1);
	expect_column(&s, 6, 1, INT64_MAX, INT64_MAX);
	ck_assert_int_eq(series_place(&s, 0), 0);
	ck_assert_int_eq(series_place(&s, 7), INT64_MAX);
	series_done(&s);

	ck_assert_int_eq(series_init(&s, 5, 5, 3), 0);
	series_change(&s, 5, 1, 2);
	series_change(&s, 9, 2, 3);
	series_end(&s);
	expect_column(&s, 0, 1, 2, 2);
	expect_column(&s, 2, 2, 3, 3);
	series_done(&s);
}
END_TEST

/* A column's beginning is in it, and what is one before it is not. */
START_TEST(columns_begin_where_they_say)
{
	for (size_t columns = 1; columns < 40; columns++) {
		for (size_t i = 0; i < columns; i++) {
			struct series s;
			int64_t place;

			ck_assert_int_eq(series_init(&s, 100, 1099, columns),
					 0);
			place = series_place(&s, i);
			series_change(&s, place, 1, 2);
			ck_assert_uint_eq(s.at, i);
			series_done(&s);
			if (i == 0)
				continue;
			ck_assert_int_eq(series_init(&s, 100, 1099, columns),
					 0);
			series_change(&s, place - 1, 1, 2);
			ck_assert_uint_eq(s.at, i - 1);
			series_done(&s);
		}
	}
}
END_TEST

/* Axis. */

static const struct {
	int64_t low;
	int64_t high;
	unsigned ticks;
	struct axis axis;
} axes[] = {
	{ 0, 1000, 6, { 0, 1000, 200 } },
	{ 881, 1000, 6, { 850, 1000, 50 } },
	{ 400, 1000, 6, { 0, 1000, 200 } },
	{ 1000, 1000, 6, { 999, 1001, 1 } },
	{ 0, 0, 6, { 0, 1, 1 } },
	{ 1, 1, 2, { 0, 2, 2 } },
	{ 900, 1100, 2, { 0, 2000, 2000 } },
	{ 0, INT64_MAX, 2,
	  { 0, UINT64_C(10000000000000000000),
	    UINT64_C(10000000000000000000) } },
	{ INT64_MAX - 1, INT64_MAX, 9,
	  { INT64_MAX - 1, INT64_MAX, 1 } },
	{ INT64_MAX, INT64_MAX, 9,
	  { INT64_MAX - 1, UINT64_C(9223372036854775808), 1 } },
};

START_TEST(amounts_are_round)
{
	struct axis a = axis_amounts(axes[_i].low, axes[_i].high,
				     axes[_i].ticks);

	ck_assert_uint_eq(a.bottom, axes[_i].axis.bottom);
	ck_assert_uint_eq(a.top, axes[_i].axis.top);
	ck_assert_uint_eq(a.step, axes[_i].axis.step);
	ck_assert_uint_eq(a.bottom % a.step, 0);
	ck_assert_uint_eq(a.top % a.step, 0);
	ck_assert_uint_le(a.bottom, (uint64_t)axes[_i].low);
	ck_assert_uint_ge(a.top, (uint64_t)axes[_i].high);
	ck_assert_uint_le((a.top - a.bottom) / a.step + 1, axes[_i].ticks);
	ck_assert_int_eq(axis_place(&a, (int64_t)a.bottom, 100), 0);
	ck_assert_int_ge(axis_place(&a, axes[_i].low, 100), 0);
	ck_assert_int_le(axis_place(&a, axes[_i].high, 100), 100);
}
END_TEST

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

static const struct {
	int64_t x;
	int64_t span;
	bool is_time;
	const char *label;
} labels[] = {
	{ 42, 1000, false, "42" },
	{ INT64_MAX, INT64_MAX, false, "9223372036854775807" },
	{ 1795354620 * SECOND, 400 * DAY, true, "2026-11-22" },
	{ 1795354620 * SECOND, DAY, true, "2026-11-22 14:37" },
	{ 1795354620 * SECOND, 60 * SECOND, true, "2026-11-22 14:37:00" },
};

START_TEST(labels_are_as_exact_as_they_need_to_be)
{
	char label[AXIS_LABEL_SIZE];

	ck_assert_int_eq(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	axis_label(label, labels[_i].x, labels[_i].span, labels[_i].is_time);
	ck_assert_str_eq(label, labels[_i].label);
}
END_TEST

/* Canvas. */

/* Up from 0 to 1000 and down to 500, over serials 1 to 100. */
static void make_hill(struct series *s, size_t columns)
{
	int64_t value = 0;

	ck_assert_int_eq(series_init(s, 1, 100, columns), 0);
	series_begin(s, 0);
	for (int64_t x = 1; x <= 100; x++) {
		int64_t next = value + (x <= 50 ? 20 : -10);

		series_change(s, x, value, next);
		value = next;
	}
	series_end(s);
}

static char *draw(const struct canvas *c)
{
	struct series s;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	make_hill(&s, canvas_columns(c));
	ck_assert_int_eq(canvas_draw(c, &s, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	series_done(&s);
	return text;
}

START_TEST(ascii_is_drawn)
{
	const struct canvas c = { .width = 28, .height = 9,
				  .title = slice_of("Balance of \"a\"") };
	char *text = draw(&c);

	ck_assert_str_eq(text,
			 "Balance of \"a\"\n"
			 "1,000 +         ****\n"
			 "      |       ***  ******\n"
			 "  500 +     ***         ****\n"
			 "      |  ****\n"
			 "      | **\n"
			 "    0 +**\n"
			 "      +---------------------\n"
			 "       1                 100\n");
	free(text);
}
END_TEST

START_TEST(braille_is_drawn)
{
	const struct canvas c = { .width = 24, .height = 6, .braille = true,
				  .title = slice_of("Balance") };
	char *text = draw(&c);

	ck_assert_str_eq(text, "Balance\n"
			       "1,000 ┤      ⣠⠖⠋⠓⠲⠤⣄⣀\n"
			       "  500 ┤  ⢀⣠⠞⠉⠁      ⠈⠉⠙⠒\n"
			       "    0 ┤⡤⠖⠋\n"
			       "      └─────────────────\n"
			       "       1             100\n");
	free(text);
}
END_TEST

/* Columns of a line of UTF-8 of which each character has one. */
static size_t columns_of(const char *line, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)line[i] & 0xc0) != 0x80;
	return columns;
}

/*
 * Never wider than it is to be, nor of other than so many lines; and no line ends
 * with a blank.
 */
START_TEST(any_size_fits)
{
	for (size_t width = 1; width < 60; width++) {
		struct canvas c = { .width = width, .height = (size_t)_i + 1,
				    .braille = width % 2 == 0,
				    .is_time = width % 3 == 0,
				    .title = slice_of("Balance of \"a\"") };
		char *text = draw(&c);
		size_t lines = 0;

		for (char *line = text; *line; lines++) {
			char *end = strchr(line, '\n');

			ck_assert_ptr_nonnull(end);
			ck_assert_uint_le(
				columns_of(line, (size_t)(end - line)), width);
			ck_assert(end == line || end[-1] != ' ');
			line = end + 1;
		}
		ck_assert_uint_eq(lines, c.height);
		free(text);
	}
}
END_TEST

/* Pictures. */

START_TEST(a_picture_is_drawn)
{
	const struct svg g = { .title = slice_of("a<b>&\"c\""),
			       .description = slice_of("x\xffy") };
	struct series s;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	make_hill(&s, SVG_COLUMNS);
	svg_draw(&g, &s, out);
	ck_assert_int_eq(fclose(out), 0);
	series_done(&s);
	ck_assert_ptr_nonnull(
		strstr(text, "<title>a&#60;b&#62;&#38;&#34;c&#34;</title>"));
	ck_assert_ptr_nonnull(strstr(text, "<desc>x\xef\xbf\xbdy</desc>"));
	/* From the bottom on the left to the middle on the right. */
	ck_assert_ptr_nonnull(strstr(text, " d=\"M100 344"));
	ck_assert_ptr_nonnull(strstr(text, "V200H780\"/>"));
	ck_assert_ptr_nonnull(strstr(text, ">1,000</text>"));
	free(text);
}
END_TEST

/* What never changes is one stroke. */
START_TEST(a_flat_line_is_short)
{
	const struct svg g = { .title = slice_of("t"),
			       .description = slice_of("d") };
	struct series s;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_int_eq(series_init(&s, 1, 1000, SVG_COLUMNS), 0);
	series_begin(&s, 1000);
	series_end(&s);
	svg_draw(&g, &s, out);
	ck_assert_int_eq(fclose(out), 0);
	series_done(&s);
	ck_assert_ptr_nonnull(strstr(text, " d=\"M100 200H779H780\"/>"));
	free(text);
}
END_TEST

/* The largest amounts have their room to the left of the line. */
START_TEST(large_amounts_fit)
{
	const struct svg g = { .title = slice_of("t"),
			       .description = slice_of("d") };
	struct series s;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_int_eq(series_init(&s, 1, 1000, SVG_COLUMNS), 0);
	series_begin(&s, INT64_MAX);
	series_end(&s);
	svg_draw(&g, &s, out);
	ck_assert_int_eq(fclose(out), 0);
	series_done(&s);
	ck_assert_ptr_nonnull(strstr(text, ">9,223,372,036,854,775,808</text>"));
	ck_assert_ptr_nonnull(strstr(text, " d=\"M245 200H924H925\"/>"));
	ck_assert_ptr_nonnull(strstr(text, " width=\"945\" "));
	free(text);
}
END_TEST

UNIT_SUITE(test_walletctl_plot);

Suite *test_walletctl_plot(void)
{
	Suite *s = suite_create("walletctl/plot");
	TCase *t = tcase_create("plot");

	tcase_add_test(t, each_column_keeps_its_extremes);
	tcase_add_test(t, what_it_was_before_goes_on);
	tcase_add_test(t, the_widest_and_the_narrowest_fit);
	tcase_add_test(t, columns_begin_where_they_say);
	tcase_add_loop_test(t, amounts_are_round, 0, ELEMENTS(axes));
	tcase_add_loop_test(t, labels_are_as_exact_as_they_need_to_be, 0,
			    ELEMENTS(labels));
	tcase_add_test(t, ascii_is_drawn);
	tcase_add_test(t, braille_is_drawn);
	tcase_add_loop_test(t, any_size_fits, 0, 30);
	tcase_add_test(t, a_picture_is_drawn);
	tcase_add_test(t, a_flat_line_is_short);
	tcase_add_test(t, large_amounts_fit);
	suite_add_tcase(s, t);
	return s;
}
