/* SPDX-License-Identifier: MIT */
/*
 * Which names, ids and memos are taken, and what is said about the others.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#include "ledger/name.h"

#include "unit.h"

UNIT_SUITE(test_ledger_name);

#define TEN "aaaaaaaaaa"

typedef const char *fault_function(struct slice text);

static void check_fault(fault_function *fault_of, const char *text, size_t len,
			const char *expected)
{
	const char *fault = fault_of((struct slice){ text, len });

	if (!expected)
		ck_assert_msg(!fault, "\"%s\" %s", text, fault);
	else
		ck_assert_msg(fault && strstr(fault, expected),
			      "\"%s\" %s, not: %s", text, fault ? fault : "-",
			      expected);
}

START_TEST(people_have_all_kinds_of_names)
{
	static const char *const good[] = {
		"Ali",
		"x",
		"O'Neil",
		"a-b_c.d/e",
		"#1",
		"ali@example.org",
		"-",
		"12",
		"Zo\xc3\xab",
		"\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99",
		"\xf0\x9f\x98\x80",
		"Zoe\xcc\x88",	/* not composed: only new names are */
		"\xc2\xa1",	/* U+00A1 */
		"\xe2\x80\x90", /* U+2010 */
		"\xe2\x80\xa7", /* U+2027 */
		"\xe2\x80\xb0", /* U+2030 */
		"\xe3\x80\x81", /* U+3001 */
	};

	for (size_t i = 0; i < ELEMENTS(good); i++)
		check_fault(user_name_fault, good[i], strlen(good[i]), NULL);
}
END_TEST

START_TEST(a_name_has_1_to_64_bytes)
{
	static const char text[] = TEN TEN TEN TEN TEN TEN "aaaaa";

	check_fault(user_name_fault, "", 0, "is empty");
	check_fault(user_name_fault, text, 1, NULL);
	check_fault(user_name_fault, text, 64, NULL);
	check_fault(user_name_fault, text, 65, "is longer than 64 bytes");
}
END_TEST

START_TEST(each_ascii_byte_is_in_a_name_or_not)
{
	for (int c = 0; c < 0x80; c++) {
		char text[3] = { 'a', (char)c, 'b' };
		const char *expected = NULL;

		if (c == ' ')
			expected = "contains a space";
		else if (c < 0x20 || c == 0x7f)
			expected = "contains a control character";
		else if (strchr("=,\"", c))
			expected = "contains one of = , \"";
		check_fault(user_name_fault, text, 3, expected);
	}
}
END_TEST

/* Byte by byte, what name_plain() says of many at once. */
static size_t plain_one_by_one(const char *p, size_t left)
{
	size_t n = 0;

	while (n < left && p[n] > ' ' && p[n] < 0x7f && !strchr("=,\"", p[n]))
		n++;
	return n;
}

/* In memory of just its length: what looks further is found out. */
START_TEST(plain_bytes_are_counted_to_the_first_other_one)
{
	static const char longer[] = TEN TEN TEN TEN TEN TEN;

	for (size_t left = 1; left <= 40; left++) {
		char *text = malloc(left);

		ck_assert_uint_eq(name_plain(longer, left), left);
		ck_assert_ptr_nonnull(text);
		memset(text, 'x', left);
		ck_assert_uint_eq(name_plain(text, left), left);
		for (size_t i = 0; i < left; i++) {
			for (int byte = 0; byte < 256; byte++) {
				text[i] = (char)byte;
				ck_assert_uint_eq(name_plain(text, left),
						  plain_one_by_one(text, left));
			}
			/* A second one behind it does not matter. */
			text[i] = 'x';
			text[left - 1] = ' ';
			text[i] = ',';
			ck_assert_uint_eq(name_plain(text, left), i);
			memset(text, 'x', left);
		}
		free(text);
	}
	ck_assert_uint_eq(name_plain("", 0), 0);
}
END_TEST

/* Two users whose names look alike are a way to steal. */
START_TEST(wide_spaces_and_invisible_ones_are_refused)
{
	static const struct {
		const char *text;
		const char *expected;
	} bad[] = {
		{ "\xc2\x80", "control" },	 /* U+0080 */
		{ "\xc2\x85", "control" },	 /* U+0085 next line */
		{ "\xc2\x9f", "control" },	 /* U+009F */
		{ "\xc2\xa0", "space" },	 /* U+00A0 */
		{ "\xe1\x9a\x80", "space" },	 /* U+1680 */
		{ "\xe2\x80\x80", "space" },	 /* U+2000 */
		{ "\xe2\x80\x8a", "space" },	 /* U+200A */
		{ "\xe2\x80\x8b", "invisible" }, /* U+200B */
		{ "\xe2\x80\x8d", "invisible" }, /* U+200D */
		{ "\xe2\x80\x8f", "invisible" }, /* U+200F */
		{ "\xe2\x80\xa8", "space" },	 /* U+2028 */
		{ "\xe2\x80\xa9", "space" },	 /* U+2029 */
		{ "\xe2\x80\xaa", "invisible" }, /* U+202A */
		{ "\xe2\x80\xae", "invisible" }, /* U+202E */
		{ "\xe2\x80\xaf", "space" },	 /* U+202F */
		{ "\xe2\x81\x9f", "space" },	 /* U+205F */
		{ "\xe2\x81\xa6", "invisible" }, /* U+2066 */
		{ "\xe2\x81\xa9", "invisible" }, /* U+2069 */
		{ "\xe3\x80\x80", "space" },	 /* U+3000 */
		{ "\xef\xbb\xbf", "invisible" }, /* U+FEFF */
	};
	char text[16];

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		(void)snprintf(text, sizeof(text), "A%sli", bad[i].text);
		check_fault(user_name_fault, text, strlen(text),
			    bad[i].expected);
		check_fault(user_name_fault, bad[i].text, strlen(bad[i].text),
			    bad[i].expected);
	}
}
END_TEST

START_TEST(a_name_that_is_not_utf8_is_refused)
{
	static const char *const bad[] = {
		"\x80", "Zo\xc3", "\xc0\x80", "\xed\xa0\x80", "\xff", "\xc3=",
	};

	for (size_t i = 0; i + 1 < ELEMENTS(bad); i++)
		check_fault(user_name_fault, bad[i], strlen(bad[i]),
			    "is not well-formed UTF-8");
	check_fault(user_name_fault, "\xc3=", 2, "contains");
}
END_TEST

/* 64 bytes may end in the middle of a character; the slice says where. */
START_TEST(a_name_is_judged_no_further_than_its_end)
{
	check_fault(user_name_fault, "Zo\xc3\xab", 3, "is not well-formed");
	check_fault(user_name_fault, "Ali Luke", 3, NULL);
}
END_TEST

START_TEST(an_id_is_printable_ascii)
{
	static const char text[] = TEN TEN TEN TEN TEN TEN "aaaaa";

	for (int c = 0; c < 0x100; c++) {
		char id[2] = { 'a', (char)c };
		const char *expected = NULL;

		if (c <= ' ' || c >= 0x7f || strchr("=,\"", c))
			expected = "contains";
		check_fault(operation_id_fault, id, 2, expected);
	}
	check_fault(operation_id_fault, "", 0, "is empty");
	check_fault(operation_id_fault, text, 64, NULL);
	check_fault(operation_id_fault, text, 65, "is longer than 64 bytes");
}
END_TEST

/* It becomes an instance of a unit and a directory. */
START_TEST(a_block_name_is_letters_digits_underscore_and_dot)
{
	static const char text[] = "ABCDEFGHIJKLMNOPQ";

	for (int c = 0; c < 0x100; c++) {
		char name[2] = { 'a', (char)c };
		const char *plain = "0123456789_."
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

		check_fault(block_name_fault, name, 2,
			    c > 0 && strchr(plain, c) ? NULL : "contains");
	}
	check_fault(block_name_fault, "", 0, "is empty");
	check_fault(block_name_fault, text, 16, NULL);
	check_fault(block_name_fault, text, 17, "is longer than 16 bytes");
	check_fault(block_name_fault, ".", 1, "begins with a dot");
	check_fault(block_name_fault, "..", 2, "begins with a dot");
	check_fault(block_name_fault, ".A", 2, "begins with a dot");
}
END_TEST

START_TEST(a_memo_is_any_text_without_controls)
{
	check_fault(memo_fault, "two coffees, = \"50%\"", 20, NULL);
	check_fault(memo_fault, "caf\xc3\xa9 \xf0\x9f\x98\x80", 10, NULL);
	check_fault(memo_fault, "", 0, "is empty");
	check_fault(memo_fault, "a\nb", 3, "contains a control character");
	check_fault(memo_fault, "a\tb", 3, "contains a control character");
	check_fault(memo_fault, "a\0b", 3, "contains a control character");
	check_fault(memo_fault, "a\x7f", 2, "contains a control character");
	check_fault(memo_fault, "a\xc2\x85", 3, "contains a control character");
	check_fault(memo_fault, "a\xc3", 2, "is not well-formed UTF-8");
	check_fault(memo_fault, "\xc0\x80", 2, "is not well-formed UTF-8");
}
END_TEST

START_TEST(a_memo_has_at_most_160_bytes)
{
	char text[161];

	memset(text, 'a', sizeof(text));
	check_fault(memo_fault, text, 160, NULL);
	check_fault(memo_fault, text, 161, "is longer than 160 bytes");
}
END_TEST

Suite *test_ledger_name(void)
{
	Suite *s = suite_create("ledger/name");
	TCase *c = tcase_create("name");

	tcase_add_test(c, people_have_all_kinds_of_names);
	tcase_add_test(c, a_name_has_1_to_64_bytes);
	tcase_add_test(c, each_ascii_byte_is_in_a_name_or_not);
	tcase_add_test(c, plain_bytes_are_counted_to_the_first_other_one);
	tcase_add_test(c, wide_spaces_and_invisible_ones_are_refused);
	tcase_add_test(c, a_name_that_is_not_utf8_is_refused);
	tcase_add_test(c, a_name_is_judged_no_further_than_its_end);
	tcase_add_test(c, an_id_is_printable_ascii);
	tcase_add_test(c, a_block_name_is_letters_digits_underscore_and_dot);
	tcase_add_test(c, a_memo_is_any_text_without_controls);
	tcase_add_test(c, a_memo_has_at_most_160_bytes);
	suite_add_tcase(s, c);
	return s;
}
