/* SPDX-License-Identifier: MIT */
/*
 * begin_empty() of src/store/textstore.c: what is set aside, what stays, and
 * who can have the block meanwhile.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store/promise.h"

#include "test_store_history.h"
#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_empty);

#define ASIDE BLOCK ".lost-"

static const uint8_t nonce[STORE_NONCE_SIZE] = { 1, 2, 3 };
static struct history history;
static struct disk disk;
static struct store *s;
static struct buf made;
static char *aside;

static void setup(void)
{
	disk_init(&disk);
	history_init(&history);
	made = (struct buf){ 0 };
	aside = NULL;
	s = tools_open_well(&disk);
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
}

static void teardown(void)
{
	if (s)
		s->ops->close(s);
	history_done(&history);
	disk_done(&disk);
	buf_done(&made);
	free(aside);
}

static void append(uint64_t first)
{
	buf_clear(&made);
	history_join(&history, first, first + 3, 1, "", &made);
	tools_commit(s, first, 4, "", text_of(&made));
}

static void begin_empty(void)
{
	free(aside);
	aside = NULL;
	ck_assert_int_eq(s->ops->begin_empty(s, &aside), 0);
}

static struct store_state state(void)
{
	struct store_state st;

	s->ops->state(s, &st);
	return st;
}

static void expect_empty(void)
{
	struct buf found = { 0 };

	ck_assert_uint_eq(state().records, 0);
	ck_assert_uint_eq(state().last_serial, 0);
	ck_assert_uint_eq(state().epoch, 7);
	ck_assert_mem_eq(state().nonce, nonce, sizeof(nonce));
	tools_fetch_all(s, &found);
	ck_assert_uint_eq(found.len, 0);
	ck_assert_uint_eq(disk_text(disk_find(&disk, BLOCK)).len, 0);
}

/* All that it had is in @path, durably. */
static void expect_aside(const char *path, struct slice text)
{
	struct disk_file *f = disk_find(&disk, path);

	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(f->synced_name, path);
	assert_text(text_of(&f->synced), text);
}

START_TEST(sets_all_aside)
{
	append(10);
	begin_empty();
	ck_assert_str_eq(aside, ASIDE "1");
	expect_aside(ASIDE "1", text_of(&made));
	expect_empty();
	ck_assert_str_eq(disk_find(&disk, BLOCK)->synced_name, BLOCK);
	s->ops->close(s);
	s = tools_open_well(&disk);
	expect_empty();
}
END_TEST

START_TEST(goes_on_with_an_empty_block)
{
	struct buf found = { 0 };

	append(22);
	begin_empty();
	append(10);
	buf_clear(&made);
	history_join(&history, 3, 20, 17, "A", &made);
	ck_assert_int_eq(s->ops->refill(s, 2, text_of(&made), &(bool){ true }),
			 0);
	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_int_eq(s->ops->publish(s), 0);
	s->ops->close(s);
	s = tools_open_well(&disk);

	buf_clear(&made);
	history_add(&history, 3, "A", &made);
	history_join(&history, 10, 13, 1, "", &made);
	history_add(&history, 20, "A", &made);
	tools_fetch_all(s, &found);
	assert_text(text_of(&found), text_of(&made));
	buf_done(&found);
}
END_TEST

/* An answer that was lost: it is asked again. */
START_TEST(does_nothing_where_nothing_is)
{
	unsigned calls;

	begin_empty();
	ck_assert_ptr_null(aside);
	append(10);
	begin_empty();
	ck_assert_ptr_nonnull(aside);
	calls = disk.calls;
	begin_empty();
	ck_assert_ptr_null(aside);
	ck_assert_uint_eq(disk.calls, calls);
	ck_assert_ptr_null(disk_find(&disk, ASIDE "2"));
}
END_TEST

/* Neither ours of another day, nor what somebody put there. */
START_TEST(overwrites_nothing)
{
	disk_put(&disk, ASIDE "2", slice_of("mine\n"));
	append(10);
	begin_empty();
	append(14);
	begin_empty();
	ck_assert_str_eq(aside, ASIDE "3");
	expect_aside(ASIDE "3", text_of(&made));
	expect_aside(ASIDE "2", slice_of("mine\n"));
	buf_clear(&made);
	history_join(&history, 10, 13, 1, "", &made);
	expect_aside(ASIDE "1", text_of(&made));
}
END_TEST

/* Else an old record at the end of the new file was taken for whole. */
START_TEST(shortens_the_length_in_the_promise)
{
	struct buf fault = { 0 };
	struct promise p;

	append(10);
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	begin_empty();
	ck_assert_int_eq(
		promise_read(&disk.ops, BLOCK PROMISE_SUFFIX, &p, &fault), 0);
	ck_assert_uint_eq(p.epoch, 7);
	ck_assert_mem_eq(p.nonce, nonce, sizeof(nonce));
	ck_assert_uint_eq(p.length, 0);
}
END_TEST

/* The lock goes over to the new file. */
START_TEST(has_it_alone)
{
	struct textstore_report report;
	struct store *other = NULL;

	append(10);
	begin_empty();
	ck_assert(disk_find(&disk, BLOCK)->locked);
	ck_assert(!disk_find(&disk, ASIDE "1")->locked);
	ck_assert_int_eq(tools_open(&disk, &report, &other), -EWOULDBLOCK);
}
END_TEST

/* Another backend for this block, in the moment in which it is not there. */
static int open_and_intrude(void *ctx, const char *path, int flags, mode_t mode)
{
	struct disk *d = ctx;
	struct fileops ops;
	struct disk plain;

	disk_init(&plain);
	ops = plain.ops;
	disk_done(&plain);
	if (strcmp(path, BLOCK) == 0 && !disk_find(d, BLOCK)) {
		disk_put(d, BLOCK, slice_of("1 A B 1\n"));
		disk_find(d, BLOCK)->locked = true;
	}
	return ops.open(ctx, path, flags, mode);
}

/* It is left what it has, and we end; the promise is not touched behind. */
START_TEST(leaves_another_process_its_file)
{
	append(10);
	disk.ops.open = open_and_intrude;
	ck_assert_int_lt(s->ops->begin_empty(s, &aside), 0);
	ck_assert_int_lt(s->ops->recheck(s), 0);
	assert_text(disk_text(disk_find(&disk, BLOCK)), slice_of("1 A B 1\n"));
	expect_aside(ASIDE "1", text_of(&made));
}
END_TEST

/* Not the file of somebody who put another one there. */
START_TEST(stops_when_the_block_was_changed)
{
	append(10);
	disk_put(&disk, BLOCK, slice_of("1 A B 1\n"));
	ck_assert_int_eq(s->ops->begin_empty(s, &aside), -ESTALE);
	assert_text(disk_text(disk_find(&disk, BLOCK)), slice_of("1 A B 1\n"));
	ck_assert_ptr_null(disk_find(&disk, ASIDE "1"));
}
END_TEST

Suite *test_store_empty(void)
{
	Suite *suite = suite_create("store/empty");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sets_all_aside);
	tcase_add_test(t, goes_on_with_an_empty_block);
	tcase_add_test(t, does_nothing_where_nothing_is);
	tcase_add_test(t, overwrites_nothing);
	tcase_add_test(t, shortens_the_length_in_the_promise);
	tcase_add_test(t, has_it_alone);
	tcase_add_test(t, leaves_another_process_its_file);
	tcase_add_test(t, stops_when_the_block_was_changed);
	suite_add_tcase(suite, t);
	return suite;
}
