/* SPDX-License-Identifier: MIT */
/*
 * src/store/promise.c: what is read, what is refused, and that it is durable.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/promise.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_promise);

#define PATH "/block.txt.promise"
#define NONCE "000102030405060708090a0b0c0d0eff"

static struct disk disk;

static void setup(void)
{
	disk_init(&disk);
}

static void teardown(void)
{
	disk_done(&disk);
}

static const struct promise sample = {
	.epoch = UINT64_MAX,
	.nonce = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255 },
	.length = 1234,
};

static int read_text(const char *text, size_t len, struct promise *ret)
{
	struct buf fault = { 0 };
	int r;

	disk_put(&disk, PATH, (struct slice){ text, len });
	r = promise_read(&disk.ops, PATH, ret, &fault);
	if (r == -EBADMSG)
		ck_assert_ptr_nonnull(
			memmem(fault.data, fault.len, PATH ":1: expected", 28));
	else
		ck_assert_uint_eq(fault.len, 0);
	buf_done(&fault);
	return r;
}

START_TEST(is_epoch_0_when_absent)
{
	struct promise p = sample;
	struct buf fault = { 0 };

	ck_assert_int_eq(promise_read(&disk.ops, PATH, &p, &fault), 0);
	ck_assert_uint_eq(p.epoch, 0);
}
END_TEST

START_TEST(is_one_line_of_text)
{
	struct promise p;

	ck_assert_int_eq(promise_write(&disk.ops, PATH, &sample), 0);
	assert_text(text_of(&disk_find(&disk, PATH)->synced),
		    slice_of("18446744073709551615 " NONCE " 1234\n"));
	ck_assert_str_eq(disk_find(&disk, PATH)->synced_name, PATH);
	ck_assert_int_eq(promise_read(&disk.ops, PATH, &p, &(struct buf){ 0 }),
			 0);
	ck_assert_uint_eq(p.epoch, sample.epoch);
	ck_assert_mem_eq(p.nonce, sample.nonce, sizeof(p.nonce));
	ck_assert_uint_eq(p.length, sample.length);
}
END_TEST

/* … with one column more where an append is open; the first byte is one, too. */
START_TEST(may_have_a_fourth_column)
{
	static const uint64_t offsets[] = { 0, 1583, UINT64_MAX };
	char text[128];

	for (size_t i = 0; i < ELEMENTS(offsets); i++) {
		struct promise open = sample;
		struct promise p = { 0 };
		int n;

		open.open = true;
		open.open_at = offsets[i];
		ck_assert_int_eq(promise_write(&disk.ops, PATH, &open), 0);
		n = snprintf(text, sizeof(text),
			     "18446744073709551615 " NONCE " 1234 %" PRIu64
			     "\n",
			     offsets[i]);
		assert_text(text_of(&disk_find(&disk, PATH)->synced),
			    slice_of(text));
		ck_assert_int_eq(read_text(text, (size_t)n, &p), 0);
		ck_assert(p.open);
		ck_assert_uint_eq(p.open_at, offsets[i]);
		ck_assert_uint_eq(p.length, sample.length);
	}
}
END_TEST

START_TEST(the_longest_one_is_taken)
{
	struct promise p = { .epoch = UINT64_MAX,
			     .length = UINT64_MAX,
			     .open = true,
			     .open_at = UINT64_MAX };
	struct buf fault = { 0 };

	ck_assert_int_eq(promise_write(&disk.ops, PATH, &p), 0);
	ck_assert_int_eq(promise_read(&disk.ops, PATH, &p, &fault), 0);
	ck_assert_uint_eq(p.open_at, UINT64_MAX);
}
END_TEST

START_TEST(refuses_every_shorter_one)
{
	static const char *const whole[] = { "7 " NONCE " 12\n",
					     "7 " NONCE " 12 34\n" };
	struct promise p;

	for (size_t i = 0; i < ELEMENTS(whole); i++) {
		size_t size = strlen(whole[i]);

		for (size_t len = 0; len < size; len++)
			ck_assert_int_eq(read_text(whole[i], len, &p),
					 -EBADMSG);
		ck_assert_int_eq(read_text(whole[i], size, &p), 0);
		ck_assert_int_eq(p.open, i == 1);
		ck_assert_int_eq(read_text(whole[i], size + 1, &p), -EBADMSG);
	}
}
END_TEST

START_TEST(refuses_what_is_no_promise)
{
	static const char *const bad[] = {
		"0 " NONCE " 12\n",
		"07 " NONCE " 12\n",
		"-7 " NONCE " 12\n",
		"7  " NONCE " 12\n",
		"7 " NONCE " 12 \n",
		"7 " NONCE " 12\n\n",
		"7 0" NONCE " 12\n",
		"7 000102030405060708090A0B0C0D0EFF 12\n",
		"18446744073709551616 " NONCE " 12\n",
		"7 " NONCE "\n",
		"7 " NONCE " 12\r\n",
		"7 " NONCE " 12\n7 " NONCE " 12\n7 " NONCE " 12\n",
		"7 " NONCE " 12 x\n",
		"7 " NONCE " 12 034\n",
		"7 " NONCE " 12  34\n",
		"7 " NONCE " 12 34 \n",
		"7 " NONCE " 12 34 56\n",
		"7 " NONCE "  34\n",
		"7 " NONCE " 12 18446744073709551616\n",
	};
	struct promise p;

	ck_assert_int_eq(read_text(bad[_i], strlen(bad[_i]), &p), -EBADMSG);
}
END_TEST

/* The old one stands, whole, when the new one could not be written. */
START_TEST(replaces_all_or_nothing)
{
	struct promise next = { .epoch = 8 };
	struct promise first = { .epoch = 7 };
	struct promise p;
	unsigned calls;
	int r;

	ck_assert_int_eq(promise_write(&disk.ops, PATH, &first), 0);
	calls = disk.calls;
	ck_assert_int_eq(promise_write(&disk.ops, PATH, &first), 0);
	calls = disk.calls - calls;
	ck_assert_uint_gt(calls, 5);

	for (unsigned n = 1; n <= calls; n++) {
		ck_assert_int_eq(promise_write(&disk.ops, PATH, &first), 0);
		disk.fail_at = disk.calls + n;
		disk.fail_with = -EIO;
		r = promise_write(&disk.ops, PATH, &next);
		disk.fail_at = 0;
		ck_assert_int_eq(
			promise_read(&disk.ops, PATH, &p, &(struct buf){ 0 }),
			0);
		ck_assert(p.epoch == 8 || (r < 0 && p.epoch == 7));
	}
}
END_TEST

Suite *test_store_promise(void)
{
	Suite *s = suite_create("store/promise");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, is_epoch_0_when_absent);
	tcase_add_test(t, is_one_line_of_text);
	tcase_add_test(t, may_have_a_fourth_column);
	tcase_add_test(t, the_longest_one_is_taken);
	tcase_add_test(t, refuses_every_shorter_one);
	tcase_add_loop_test(t, refuses_what_is_no_promise, 0, 19);
	tcase_add_test(t, replaces_all_or_nothing);
	suite_add_tcase(s, t);
	return s;
}
