/* SPDX-License-Identifier: MIT */
/*
 * Borrowed runs of bytes.
 */
#include "config.h"

#include "util/cleanup.h"
#include "util/slice.h"

#include "unit.h"

UNIT_SUITE(test_util_slice);

START_TEST(equal_means_same_length_and_bytes)
{
	struct slice none = { NULL, 0 };

	ck_assert(slice_equal(slice_of("abc"), slice_of("abc")));
	ck_assert(!slice_equal(slice_of("abc"), slice_of("abd")));
	ck_assert(!slice_equal(slice_of("abc"), slice_of("ab")));
	ck_assert(!slice_equal(slice_of("ab"), slice_of("abc")));
	ck_assert(slice_equal(none, slice_of("")));
	ck_assert(slice_equal((struct slice){ "a\0b", 3 },
			      (struct slice){ "a\0b", 3 }));
	ck_assert(!slice_equal((struct slice){ "a\0b", 3 },
			       (struct slice){ "a\0c", 3 }));
}
END_TEST

/* Lists are sorted by it, on every machine alike. */
START_TEST(order_is_by_unsigned_bytes_and_shorter_first)
{
	const struct slice rising[] = {
		{ NULL, 0 },	   slice_of("A"),	 slice_of("AB"),
		slice_of("B"),	   slice_of("a"),	 slice_of("a\x7f"),
		slice_of("a\x80"), slice_of("\xc3\xab"),
	};

	for (size_t i = 0; i < ELEMENTS(rising); i++)
		for (size_t j = 0; j < ELEMENTS(rising); j++) {
			int order = slice_compare(rising[i], rising[j]);

			ck_assert_int_eq((order > 0) - (order < 0),
					 (i > j) - (i < j));
		}
}
END_TEST

START_TEST(cut_takes_what_stands_before_the_end)
{
	struct slice rest = slice_of("one  three");
	struct slice word = { 0 };

	ck_assert(slice_cut(&rest, ' ', &word));
	ck_assert(slice_equal(word, slice_of("one")));
	ck_assert(slice_cut(&rest, ' ', &word));
	ck_assert_uint_eq(word.len, 0);
	ck_assert(slice_equal(rest, slice_of("three")));
}
END_TEST

START_TEST(cut_takes_nothing_without_the_end)
{
	struct slice rest = slice_of("last");
	struct slice none = { NULL, 0 };
	struct slice word = slice_of("before");

	ck_assert(!slice_cut(&rest, ' ', &word));
	ck_assert(slice_equal(rest, slice_of("last")));
	ck_assert(slice_equal(word, slice_of("before")));
	ck_assert(!slice_cut(&none, ' ', &word));
	rest = slice_of("x\n");
	ck_assert(slice_cut(&rest, '\n', &word));
	ck_assert(slice_equal(word, slice_of("x")));
	ck_assert_uint_eq(rest.len, 0);
}
END_TEST

START_TEST(moved_to_the_end_of_what_is_there)
{
	char text[8] = "........";
	char *at = text;
	struct slice one = slice_of("abc");
	struct slice none = { NULL, 0 };
	struct slice two = slice_of("de");

	slice_move(&one, &at);
	slice_move(&none, &at);
	slice_move(&two, &at);
	ck_assert_ptr_eq(at, text + 5);
	ck_assert_mem_eq(text, "abcde...", sizeof(text));
	ck_assert(one.p == text && one.len == 3);
	ck_assert(none.p == text + 3 && none.len == 0);
	ck_assert(two.p == text + 3 && two.len == 2);
}
END_TEST

Suite *test_util_slice(void)
{
	Suite *s = suite_create("util/slice");
	TCase *c = tcase_create("slice");

	tcase_add_test(c, equal_means_same_length_and_bytes);
	tcase_add_test(c, order_is_by_unsigned_bytes_and_shorter_first);
	tcase_add_test(c, cut_takes_what_stands_before_the_end);
	tcase_add_test(c, cut_takes_nothing_without_the_end);
	tcase_add_test(c, moved_to_the_end_of_what_is_there);
	suite_add_tcase(s, c);
	return s;
}
