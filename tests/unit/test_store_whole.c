/* SPDX-License-Identifier: MIT */
/*
 * A batch that stands or falls as one, b=K/N!, at the end of a block (src/store,
 * load.c, tail.c, batch.c): whatever a crash or a copy leaves of it, it is there
 * to its last record or not at all.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/promise.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_whole);

#define SIZE 5
#define HOLE 300

static struct disk disk;
static struct buf whole; /* old records, a batch, and at the end … */
static size_t last; /* … the one that is meant, which begins here */
static struct buf text;

static void add(struct maker *m, uint32_t count, bool is_whole, const char *of)
{
	struct buf lines = { 0 };
	char *line;
	char *save;

	m->whole = is_whole;
	maker_plain(m, count, &lines);
	ck_assert_int_eq(buf_add(&lines, "", 1), 0);
	for (line = strtok_r((char *)lines.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		ck_assert_int_eq(buf_addf(&whole, "%s%s%s\n", line,
					  *of ? " of=" : "", of),
				 0);
	buf_done(&lines);
}

static void setup(void)
{
	struct maker m = { .serial = 10 };

	disk_init(&disk);
	whole = (struct buf){ 0 };
	text = (struct buf){ 0 };
	ck_assert_int_eq(buf_addf(&whole, "%s", SAMPLE), 0);
	add(&m, 3, false, "");
	last = whole.len;
	add(&m, SIZE, true, "");
}

static void teardown(void)
{
	disk_done(&disk);
	buf_done(&whole);
	buf_done(&text);
}

static void copy_whole(void)
{
	buf_clear(&text);
	ck_assert_int_eq(buf_add(&text, whole.data, whole.len), 0);
}

static uint64_t lines_upto(size_t end)
{
	uint64_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += whole.data[i] == '\n';
	return n;
}

/* The block opens with what stands up to @end, durably. */
static void expect_opened(size_t end, struct textstore_report *ret)
{
	struct store_state state;
	struct store *s = NULL;
	int r;

	r = tools_open(&disk, ret, &s);
	if (r < 0)
		ck_abort_msg("%d: %.*s", r, (int)ret->fault.len,
			     (char *)ret->fault.data);
	s->ops->state(s, &state);
	ck_assert_uint_eq(state.records, lines_upto(end));
	s->ops->close(s);
	assert_text(text_of(&disk_find(&disk, BLOCK)->synced),
		    (struct slice){ (char *)whole.data, end });
}

/* @text opens; what stands from @cut on is gone from it, and kept. */
static void expect_cut(size_t cut)
{
	struct textstore_report report;

	disk_put(&disk, BLOCK, text_of(&text));
	expect_opened(cut, &report);
	ck_assert(report.torn);
	ck_assert_uint_eq(report.torn_bytes, text.len - cut);
	assert_text(text_of(&disk_find(&disk, report.torn_path)->synced),
		    (struct slice){ (char *)text.data + cut, text.len - cut });
	/* That was all. */
	expect_opened(cut, &report);
	ck_assert(!report.torn);
	disk_done(&disk);
	disk_init(&disk);
}

static void expect_kept(void)
{
	struct textstore_report report;

	disk_put(&disk, BLOCK, text_of(&text));
	expect_opened(whole.len, &report);
	ck_assert(!report.torn);
}

static void expect_fault(uint64_t line)
{
	struct textstore_report report;
	struct store *s = NULL;
	char start[64];
	int n;

	disk_put(&disk, BLOCK, text_of(&text));
	ck_assert_int_eq(tools_open(&disk, &report, &s), -EBADMSG);
	n = snprintf(start, sizeof(start), BLOCK ":%" PRIu64 ": ", line);
	if (report.fault.len <= (size_t)n ||
	    memcmp(report.fault.data, start, (size_t)n) != 0)
		ck_abort_msg("found %.*s, expected %s", (int)report.fault.len,
			     (char *)report.fault.data, start);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&text));
	buf_done(&report.fault);
}

static void promise(const struct promise *p)
{
	ck_assert_int_eq(promise_write(&disk.ops, BLOCK PROMISE_SUFFIX, p), 0);
}

/* Also where a line ends: so a copy made in the middle of the write looks. */
static void cut_everywhere(bool ends_by_itself)
{
	/* We write there: what may be an old record is the beginning of ours. */
	const struct promise p = { .epoch = 7, .length = last };

	for (size_t len = last + 1; len < whole.len; len++) {
		promise(&p);
		copy_whole();
		text.len = len;
		if (len == whole.len - 1 && ends_by_itself)
			expect_kept();
		else
			expect_cut(last);
	}
	copy_whole();
	expect_kept();
}

START_TEST(is_cut_at_every_length)
{
	cut_everywhere(true);
}
END_TEST

START_TEST(is_cut_at_zeros_from_every_byte)
{
	for (size_t at = last; at < whole.len - 1; at++) {
		copy_whole();
		memset(text.data + at, 0, text.len - at);
		expect_cut(last);
	}
}
END_TEST

START_TEST(is_cut_at_a_hole_at_every_byte)
{
	for (size_t at = last; at + HOLE < whole.len; at++) {
		copy_whole();
		memset(text.data + at, 0, HOLE);
		expect_cut(last);
	}
}
END_TEST

START_TEST(is_cut_at_any_bad_byte)
{
	for (size_t at = last; at < whole.len; at++) {
		copy_whole();
		text.data[at] = '\x01';
		expect_cut(last);
	}
}
END_TEST

/* The first one in an empty block, and behind old records. */
START_TEST(is_cut_where_nothing_is_before)
{
	struct maker m = { .serial = 1 };

	whole.len = 0;
	last = 0;
	add(&m, SIZE, true, "");
	cut_everywhere(true);

	buf_clear(&whole);
	ck_assert_int_eq(buf_addf(&whole, "%s", SAMPLE), 0);
	last = whole.len;
	m = (struct maker){ .serial = 10 };
	add(&m, SIZE, true, "");
	cut_everywhere(true);
}
END_TEST

/* A copy that lacks a name is none, so its last newline is missed. */
START_TEST(is_cut_as_a_copy)
{
	struct maker m = { .serial = 10 };

	whole.len = strlen(SAMPLE);
	add(&m, 2, false, "A");
	last = whole.len;
	add(&m, SIZE, true, "A");
	cut_everywhere(false);
}
END_TEST

/* The batch before it is finished: the next append is like any other. */
START_TEST(leaves_nothing_unfinished)
{
	const struct promise given = { .epoch = 7, .length = last };
	struct textstore_report report;
	struct buf fault = { 0 };
	struct promise p;

	promise(&given);
	copy_whole();
	text.len -= 10;
	disk_put(&disk, BLOCK, text_of(&text));
	expect_opened(last, &report);
	ck_assert(report.torn);
	ck_assert_int_eq(promise_read(&disk.ops, BLOCK PROMISE_SUFFIX, &p,
				      &fault),
			 0);
	ck_assert(!p.open);
}
END_TEST

START_TEST(is_cut_behind_a_whole_one)
{
	struct maker m = { .serial = 10 };

	whole.len = strlen(SAMPLE);
	add(&m, SIZE, true, "");
	last = whole.len;
	add(&m, 2, true, "");
	cut_everywhere(true);
}
END_TEST

static void promise_open(uint64_t at)
{
	const struct promise p = {
		.epoch = 7, .length = 5, .open = true, .open_at = at
	};

	promise(&p);
}

/*
 * In a refill others may stand before it and behind it: what is cut off begins
 * with the batch in which the good lines end.
 */
START_TEST(is_cut_in_a_refill)
{
	struct maker m = { .serial = 20 };
	size_t begins = last;
	size_t ends;

	whole.len = begins;
	add(&m, 1, false, "A");
	last = whole.len;
	add(&m, SIZE, true, "A");
	ends = whole.len;
	add(&m, 1, false, "B");
	for (size_t len = begins + 1; len < whole.len; len++) {
		size_t cut = begins;

		if (len >= last)
			cut = last;
		if (len >= ends)
			cut = ends;
		copy_whole();
		text.len = len;
		promise_open(begins);
		if (len == cut)
			continue;
		expect_cut(cut);
	}
}
END_TEST

/* What stands before the last append was durable: nothing cuts it. */
START_TEST(is_a_fault_before_what_is_open)
{
	copy_whole();
	text.len -= 10;
	text.len = (size_t)((uint8_t *)memrchr(text.data, '\n', text.len) -
			    text.data) + 1;
	promise_open(text.len);
	expect_fault(lines_upto(last) + 1);
}
END_TEST

/* Only the last one of a file can be torn; no crash takes records out of it. */
START_TEST(is_a_fault_where_more_follows)
{
	size_t line = (whole.len - last) / SIZE;
	struct maker m = { .serial = 15 };

	/* Without its end. */
	whole.len -= line;
	add(&m, 1, false, "");
	copy_whole();
	expect_fault(lines_upto(last) + SIZE);
	buf_clear(&whole);
	ck_assert_int_eq(buf_addf(&whole, "%s", SAMPLE), 0);

	/* Without its beginning, and without its middle. */
	m = (struct maker){ .serial = 10 };
	add(&m, SIZE, true, "");
	copy_whole();
	memmove(text.data + strlen(SAMPLE), text.data + strlen(SAMPLE) + line,
		text.len - strlen(SAMPLE) - line);
	text.len -= line;
	expect_fault(lines_upto(strlen(SAMPLE)) + 1);
	copy_whole();
	memmove(text.data + strlen(SAMPLE) + line,
		text.data + strlen(SAMPLE) + 2 * line,
		text.len - strlen(SAMPLE) - 2 * line);
	text.len -= line;
	expect_fault(lines_upto(strlen(SAMPLE)) + 2);
}
END_TEST

/* Damage in it when something was appended since is rot, as anywhere. */
START_TEST(is_rotten_where_more_follows)
{
	struct maker m = { .serial = 18 };
	size_t end = whole.len;

	add(&m, 2, false, "");
	for (size_t at = last; at < end; at++) {
		copy_whole();
		text.data[at] = '\x01';
		expect_fault(lines_upto(at) + 1);
	}
}
END_TEST

static int append(struct store *s, uint64_t first, uint32_t count, bool *held)
{
	return s->ops->append(s, first, count, (struct slice){ 0 },
			      text_of(&text), held);
}

/* What was cut off is sent again, and is taken as if it had never been here. */
START_TEST(is_taken_again_behind_the_cut)
{
	const uint8_t nonce[STORE_NONCE_SIZE] = "nonce";
	struct textstore_report report;
	struct store *s = NULL;
	struct promise p;
	struct buf fault = { 0 };
	bool held;

	/* The batch before lacks its end as well: only it is remembered. */
	copy_whole();
	text.len = (size_t)((uint8_t *)memrchr(text.data, '\n', last - 1) -
			    text.data) + 1;
	ck_assert_int_eq(buf_add(&text, whole.data + last, 400), 0);
	disk_put(&disk, BLOCK, text_of(&text));
	ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
	ck_assert(report.torn);
	ck_assert_int_eq(s->ops->promise(s, 1, nonce), 0);
	buf_clear(&text);
	ck_assert_int_eq(buf_add(&text, whole.data + last, whole.len - last),
			 0);
	ck_assert_int_eq(append(s, 13, SIZE, &held), 0);
	ck_assert(!held);
	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_int_eq(s->ops->publish(s), 0);
	ck_assert_int_eq(append(s, 13, SIZE, &held), 0);
	ck_assert(held);
	s->ops->close(s);
	ck_assert_int_eq(promise_read(&disk.ops, BLOCK PROMISE_SUFFIX, &p,
				      &fault),
			 0);
	ck_assert(p.open);
	ck_assert_uint_eq(p.open_at, disk_text(disk_find(&disk, BLOCK)).len -
					     (whole.len - last));
}
END_TEST

/* Whoever sends it, and however. */
START_TEST(is_not_taken_in_part)
{
	const uint8_t nonce[STORE_NONCE_SIZE] = "nonce";
	size_t line = (whole.len - last) / SIZE;
	struct store *s = tools_open_well(&disk);
	bool held;

	ck_assert_int_eq(s->ops->promise(s, 1, nonce), 0);
	for (uint32_t from = 0; from < SIZE; from++) {
		for (uint32_t to = from + 1; to <= SIZE; to++) {
			int expected = from == 0 && to == SIZE ? 0 : -EBADMSG;

			buf_clear(&text);
			ck_assert_int_eq(buf_add(&text,
						 whole.data + last +
							 from * line,
						 (to - from) * line),
					 0);
			if (expected == 0)
				continue;
			ck_assert_int_eq(append(s, 13 + from, to - from, &held),
					 expected);
			ck_assert_int_eq(s->ops->refill(s, to - from,
							text_of(&text), &held),
					 expected);
		}
	}
	ck_assert_uint_eq(disk_text(disk_find(&disk, BLOCK)).len, 0);
	buf_clear(&text);
	ck_assert_int_eq(buf_add(&text, whole.data + last, SIZE * line), 0);
	ck_assert_int_eq(s->ops->refill(s, SIZE, text_of(&text), &held), 0);
	s->ops->close(s);
}
END_TEST

/* The power goes while it is written, and the disk keeps what it likes. */
START_TEST(is_there_or_not_after_a_power_cut)
{
	const uint8_t nonce[STORE_NONCE_SIZE] = "nonce";
	struct textstore_report report;
	size_t end = last;
	struct store *s;
	struct rng rng;
	bool held;

	copy_whole();
	text.len = last;
	disk_put(&disk, BLOCK, text_of(&text));
	s = tools_open_well(&disk);
	ck_assert_int_eq(s->ops->promise(s, 1, nonce), 0);
	buf_clear(&text);
	ck_assert_int_eq(buf_add(&text, whole.data + last, whole.len - last),
			 0);
	ck_assert_int_eq(append(s, 13, SIZE, &held), 0);
	s->ops->close(s);
	rng_seed(&rng, (uint64_t)_i);
	disk_crash(&disk, &rng);
	if (slice_equal(disk_text(disk_find(&disk, BLOCK)), text_of(&whole)))
		end = whole.len;
	expect_opened(end, &report);
}
END_TEST

Suite *test_store_whole(void)
{
	Suite *s = suite_create("store/whole");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, is_cut_at_every_length);
	tcase_add_test(t, is_cut_at_zeros_from_every_byte);
	tcase_add_test(t, is_cut_at_a_hole_at_every_byte);
	tcase_add_test(t, is_cut_at_any_bad_byte);
	tcase_add_test(t, is_cut_where_nothing_is_before);
	tcase_add_test(t, is_cut_as_a_copy);
	tcase_add_test(t, leaves_nothing_unfinished);
	tcase_add_test(t, is_cut_behind_a_whole_one);
	tcase_add_test(t, is_cut_in_a_refill);
	tcase_add_test(t, is_a_fault_before_what_is_open);
	tcase_add_test(t, is_a_fault_where_more_follows);
	tcase_add_test(t, is_rotten_where_more_follows);
	tcase_add_test(t, is_taken_again_behind_the_cut);
	tcase_add_test(t, is_not_taken_in_part);
	tcase_add_loop_test(t, is_there_or_not_after_a_power_cut, 0, 200);
	suite_add_tcase(s, t);
	return s;
}
