/* SPDX-License-Identifier: MIT */
/*
 * The growing run of bytes.
 */
#include "config.h"

#include <string.h>

#include "util/buf.h"

#include "unit.h"

UNIT_SUITE(test_util_buf);

START_TEST(keeps_what_was_added_while_it_grows)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	for (unsigned int i = 0; i < 10000; i++) {
		uint8_t byte = (uint8_t)(i * 7);

		ck_assert_int_eq(buf_add(&b, &byte, 1), 0);
	}
	ck_assert_uint_eq(b.len, 10000);
	for (unsigned int i = 0; i < 10000; i++)
		ck_assert_uint_eq(b.data[i], (uint8_t)(i * 7));
}
END_TEST

/* Else a long reply, built bit by bit, would cost the square of its length. */
START_TEST(memory_grows_in_few_steps)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	unsigned int steps = 0;
	size_t cap = 0;

	for (unsigned int i = 0; i < 100000; i++) {
		if (buf_add(&b, "x", 1) < 0)
			ck_abort_msg("no memory");
		steps += b.cap != cap;
		cap = b.cap;
	}
	ck_assert_uint_le(steps, 20);
	ck_assert_uint_le(cap, 200000);
}
END_TEST

START_TEST(adding_nothing_needs_no_memory)
{
	struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, NULL, 0), 0);
	ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(reserved_room_is_there)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, "abc", 3), 0);
	ck_assert_int_eq(buf_reserve(&b, 1000), 0);
	ck_assert_uint_ge(b.cap - b.len, 1000);
	memset(b.data + b.len, 'x', 1000);
	ck_assert_mem_eq(b.data, "abcx", 4);
}
END_TEST

/* The sum of two lengths must not wrap to a small one. */
START_TEST(more_than_memory_is_refused_and_changes_nothing)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	struct buf before;

	ck_assert_int_eq(buf_add(&b, "abc", 3), 0);
	before = b;
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -ENOMEM);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX - 1), -ENOMEM);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX / 2), -ENOMEM);
	ck_assert_ptr_eq(b.data, before.data);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_uint_eq(b.cap, before.cap);
}
END_TEST

START_TEST(formatted_text_has_no_final_zero)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(buf_addf(&b, "%s=%d", "a", 15), 0);
	ck_assert_int_eq(buf_addf(&b, "%s", ""), 0);
	ck_assert_int_eq(buf_addf(&b, ";"), 0);
	ck_assert_uint_eq(b.len, 5);
	ck_assert_mem_eq(b.data, "a=15;", 5);
}
END_TEST

START_TEST(formatted_text_may_be_longer_than_the_room)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(buf_addf(&b, "%5000d", 1), 0);
	ck_assert_int_eq(buf_addf(&b, "%0*d", 3000, 2), 0);
	ck_assert_uint_eq(b.len, 8000);
	ck_assert_int_eq(b.data[4999], '1');
	ck_assert_int_eq(b.data[5000], '0');
	ck_assert_int_eq(b.data[7999], '2');
}
END_TEST

START_TEST(dropping_keeps_the_rest)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, "abcdef", 6), 0);
	buf_drop(&b, 0);
	ck_assert_uint_eq(b.len, 6);
	buf_drop(&b, 2);
	ck_assert_uint_eq(b.len, 4);
	ck_assert_mem_eq(b.data, "cdef", 4);
}
END_TEST

START_TEST(dropping_more_than_all_is_dropping_all)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, "abcdef", 6), 0);
	buf_drop(&b, 7);
	ck_assert_uint_eq(b.len, 0);
	buf_drop(&b, 1);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(clearing_keeps_the_memory)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	size_t cap;

	ck_assert_int_eq(buf_add(&b, "abcdef", 6), 0);
	cap = b.cap;
	buf_clear(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(b.cap, cap);
}
END_TEST

START_TEST(done_leaves_an_empty_one_to_use_again)
{
	struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, "abcdef", 6), 0);
	buf_done(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.len + b.cap, 0);
	ck_assert_int_eq(buf_add(&b, "x", 1), 0);
	buf_done(&b);
	buf_done(&b);
}
END_TEST

Suite *test_util_buf(void)
{
	Suite *s = suite_create("util/buf");
	TCase *c = tcase_create("buf");

	tcase_add_test(c, keeps_what_was_added_while_it_grows);
	tcase_add_test(c, memory_grows_in_few_steps);
	tcase_add_test(c, adding_nothing_needs_no_memory);
	tcase_add_test(c, reserved_room_is_there);
	tcase_add_test(c, more_than_memory_is_refused_and_changes_nothing);
	tcase_add_test(c, formatted_text_has_no_final_zero);
	tcase_add_test(c, formatted_text_may_be_longer_than_the_room);
	tcase_add_test(c, dropping_keeps_the_rest);
	tcase_add_test(c, dropping_more_than_all_is_dropping_all);
	tcase_add_test(c, clearing_keeps_the_memory);
	tcase_add_test(c, done_leaves_an_empty_one_to_use_again);
	suite_add_tcase(s, c);
	return s;
}
