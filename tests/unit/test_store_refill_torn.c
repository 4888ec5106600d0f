/* SPDX-License-Identifier: MIT */
/*
 * A refill torn by a crash, in every way (src/store/load.c): its lines tell
 * nothing of where it began, the promise does.  What stands before it was
 * durable; damage there stops the start.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/promise.h"

#include "test_store_history.h"
#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_refill_torn);

#define HOLE 100

static struct history history;
static struct disk disk;
static struct buf whole; /* an append, a refill, and what is open behind */
static size_t open_at;
static struct buf text;
static struct buf found;

/* One append, one refill that is durable, and one that is not. */
static void setup(void)
{
	disk_init(&disk);
	history_init(&history);
	whole = (struct buf){ 0 };
	text = (struct buf){ 0 };
	found = (struct buf){ 0 };
	history_join(&history, 22, 25, 1, "", &whole);
	history_join(&history, 3, 20, 6, "A", &whole);
	open_at = whole.len;
	history_join(&history, 2, 32, 6, "A,B", &whole);
}

/* The same, and what is open is a batch behind a part of another. */
static void setup_append(void)
{
	setup();
	whole.len = open_at;
	history_join(&history, 26, 29, 1, "", &whole);
}

static void teardown(void)
{
	history_done(&history);
	disk_done(&disk);
	buf_done(&whole);
	buf_done(&text);
	buf_done(&found);
}

static void copy_whole(void)
{
	buf_clear(&text);
	ck_assert_int_eq(buf_add(&text, whole.data, whole.len), 0);
}

static void put(uint64_t open)
{
	const struct promise p = {
		.epoch = 7, .length = 5, .open = true, .open_at = open
	};

	disk_done(&disk);
	disk_init(&disk);
	disk_put(&disk, BLOCK, text_of(&text));
	ck_assert_int_eq(promise_write(&disk.ops, BLOCK PROMISE_SUFFIX, &p), 0);
}

static size_t line_start(size_t at)
{
	while (at > 0 && whole.data[at - 1] != '\n')
		at--;
	return at;
}

/* How many lines does it have up to @end? */
static uint64_t lines_upto(size_t end)
{
	uint64_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += whole.data[i] == '\n';
	return n;
}

/* It opens, without what stands from @cut on, which is kept. */
static void expect_torn(size_t cut)
{
	struct textstore_report report;
	struct store_state state;
	struct store *s = NULL;
	struct promise p;

	put(open_at);
	ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
	ck_assert(report.torn);
	ck_assert_uint_eq(report.torn_bytes, text.len - cut);
	assert_text(text_of(&disk_find(&disk, BLOCK)->synced),
		    (struct slice){ (char *)whole.data, cut });
	assert_text(text_of(&disk_find(&disk, report.torn_path)->synced),
		    (struct slice){ (char *)text.data + cut, text.len - cut });
	s->ops->state(s, &state);
	ck_assert_uint_eq(state.records, lines_upto(cut));
	s->ops->close(s);

	/* Nothing is open any more. */
	ck_assert_int_eq(
		promise_read(&disk.ops, BLOCK PROMISE_SUFFIX, &p, &found), 0);
	ck_assert(p.open);
	ck_assert_uint_eq(p.open_at, cut);
	ck_assert_uint_eq(p.epoch, 7);
}

/* It does not open, and nothing is changed. */
static void expect_fault(uint64_t open, uint64_t line)
{
	struct textstore_report report;
	struct store *s = NULL;
	char start[64];
	int n;

	put(open);
	ck_assert_int_eq(tools_open(&disk, &report, &s), -EBADMSG);
	n = snprintf(start, sizeof(start), BLOCK ":%u: ", (unsigned)line);
	ck_assert_uint_gt(report.fault.len, (size_t)n);
	ck_assert_mem_eq(report.fault.data, start, (size_t)n);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&text));
	buf_done(&report.fault);
}

START_TEST(is_cut_at_every_length)
{
	for (size_t len = open_at + 1; len < whole.len; len++) {
		if (whole.data[len - 1] == '\n')
			continue;
		copy_whole();
		text.len = len;
		expect_torn(line_start(len));
	}
}
END_TEST

START_TEST(is_cut_at_zeros_from_every_byte)
{
	for (size_t at = open_at; at < whole.len; at++) {
		copy_whole();
		memset(text.data + at, 0, text.len - at);
		expect_torn(line_start(at));
	}
}
END_TEST

START_TEST(is_cut_at_a_hole_at_every_byte)
{
	for (size_t at = open_at; at + HOLE < whole.len; at++) {
		copy_whole();
		memset(text.data + at, 0, HOLE);
		expect_torn(line_start(at));
	}
}
END_TEST

START_TEST(is_cut_at_any_bad_byte)
{
	for (size_t at = open_at; at < whole.len; at++) {
		copy_whole();
		text.data[at] = '\x01';
		expect_torn(line_start(at));
	}
}
END_TEST

/* It, and all before it, is there. */
START_TEST(is_taken_when_it_is_whole)
{
	struct store_state state;
	struct store *s;

	for (int part = 0; part < 2; part++) {
		copy_whole();
		if (part)
			text.len = line_start(text.len - 1);
		put(open_at);
		s = tools_open_well(&disk);
		s->ops->state(s, &state);
		ck_assert_uint_eq(state.records, lines_upto(text.len));
		s->ops->close(s);
	}
}
END_TEST

static struct fileops plain;
static bool rewritten;

/* In the place of the disk's. */
static ssize_t pwrite_with_a_look(void *ctx, int fd, const void *data,
				  size_t len, off_t at)
{
	if ((size_t)at == open_at && len == whole.len - open_at)
		rewritten = memcmp(data, whole.data + open_at, len) == 0;
	return plain.pwrite(ctx, fd, data, len, at);
}

/* Its sync may have failed, and the kernel shows what is not on the disk. */
START_TEST(is_written_again_before_it_is_shown)
{
	struct store *s;

	copy_whole();
	put(open_at);
	plain = disk.ops;
	disk.ops.pwrite = pwrite_with_a_look;
	rewritten = false;
	s = tools_open_well(&disk);
	ck_assert(rewritten);
	s->ops->close(s);
}
END_TEST

/* What was durable cannot be torn. */
START_TEST(damage_before_it_stops_the_start)
{
	for (size_t at = 0; at < open_at; at++) {
		copy_whole();
		text.data[at] = '\x01';
		expect_fault(open_at, lines_upto(at) + 1);
		/* Nothing of it was written yet. */
		text.len = open_at;
		expect_fault(open_at, lines_upto(at) + 1);
	}
}
END_TEST

/* Somebody put another file here: its lines are judged as without the column. */
START_TEST(tells_nothing_where_no_line_begins)
{
	for (uint64_t open = open_at - 20; open < open_at + 20; open++) {
		copy_whole();
		text.data[open_at + 5] = '\x01';
		if (open != open_at)
			expect_fault(open, lines_upto(open_at) + 1);
	}
	expect_torn(open_at);
}
END_TEST

/* Serials @from to @to are open, and the amount in @serial is another one. */
static void expect_broken(uint64_t from, uint64_t to, uint64_t serial)
{
	char was[16];
	char *amount;

	copy_whole();
	text.len = open_at;
	history_join(&history, from, to, 1, "A", &text);
	(void)snprintf(was, sizeof(was), " %u ", (unsigned)serial);
	amount = memmem(text.data + open_at, text.len - open_at, was,
			strlen(was));
	ck_assert_ptr_nonnull(amount);
	amount[1]++;
	expect_fault(open_at, lines_upto(open_at) + serial - from + 1);
}

/* A hash that does not follow is not what a crash makes, in any batch of it. */
START_TEST(a_broken_chain_in_it_stops_the_start)
{
	expect_broken(4, 7, 6);
	expect_broken(30, 37, 31);
	expect_broken(30, 37, 37);
}
END_TEST

/* The first copy of a block, without its of=: it would count as at home. */
START_TEST(a_lost_newline_is_damage)
{
	open_at = 0;
	buf_clear(&whole);
	history_add(&history, 3, "A", &whole);
	for (size_t less = 1; less <= strlen(" of=A\n"); less++) {
		copy_whole();
		text.len -= less;
		expect_torn(0);
	}
}
END_TEST

static void add_case(Suite *suite, const char *name, void (*start)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, start, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, is_cut_at_every_length);
	tcase_add_test(t, is_cut_at_zeros_from_every_byte);
	tcase_add_test(t, is_cut_at_a_hole_at_every_byte);
	tcase_add_test(t, is_cut_at_any_bad_byte);
	tcase_add_test(t, is_taken_when_it_is_whole);
	tcase_add_test(t, is_written_again_before_it_is_shown);
	tcase_add_test(t, damage_before_it_stops_the_start);
	tcase_add_test(t, a_broken_chain_in_it_stops_the_start);
	if (start == setup) {
		tcase_add_test(t, tells_nothing_where_no_line_begins);
		tcase_add_test(t, a_lost_newline_is_damage);
	}
	suite_add_tcase(suite, t);
}

Suite *test_store_refill_torn(void)
{
	Suite *suite = suite_create("store/refill torn");

	add_case(suite, "a refill", setup);
	add_case(suite, "an append behind one", setup_append);
	return suite;
}
