/* SPDX-License-Identifier: MIT */
/*
 * src/store/promise.c: what is read, what is refused, and that it is durable.
 */
#include "config.h"

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

START_TEST(refuses_every_shorter_one)
{
	static const char text[] = "7 " NONCE " 12\n";
	struct promise p;

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		ck_assert_int_eq(read_text(text, len, &p), -EBADMSG);
	ck_assert_int_eq(read_text(text, sizeof(text) - 1, &p), 0);
	ck_assert_int_eq(read_text(text, sizeof(text), &p), -EBADMSG);
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
	tcase_add_test(t, refuses_every_shorter_one);
	tcase_add_loop_test(t, refuses_what_is_no_promise, 0, 12);
	tcase_add_test(t, replaces_all_or_nothing);
	suite_add_tcase(s, t);
	return s;
}
