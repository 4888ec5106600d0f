/* SPDX-License-Identifier: MIT */
/*
 * A torn tail against rot (src/store/tail.c and load.c): the last batch may be
 * damaged in any way and everything before it is there afterwards; the same
 * damage anywhere else stops the start.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "store/promise.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_torn);

#define LAST 5
#define HOLE 512

/* Old records, a batch of one, one of three, and one of five. */
static struct buf whole;
static size_t last_batch; /* where the batch of five begins */
static size_t middle_batch; /* where the batch of three begins */
static struct disk disk;

static void setup(void)
{
	struct maker m = { .serial = 10 };

	disk_init(&disk);
	whole = (struct buf){ 0 };
	ck_assert_int_eq(buf_addf(&whole, "%s", SAMPLE), 0);
	maker_plain(&m, 1, &whole);
	middle_batch = whole.len;
	maker_plain(&m, 3, &whole);
	last_batch = whole.len;
	maker_plain(&m, LAST, &whole);
}

static void teardown(void)
{
	disk_done(&disk);
	buf_done(&whole);
}

/* Where the line begins that holds the byte at @at. */
static size_t line_start(const struct buf *text, size_t at)
{
	while (at > 0 && text->data[at - 1] != '\n')
		at--;
	return at;
}

static unsigned line_number(const struct buf *text, size_t at)
{
	unsigned n = 1;

	for (size_t i = 0; i < at; i++)
		n += text->data[i] == '\n';
	return n;
}

/* What the undamaged file holds up to @end, by serial. */
static void records_upto(size_t end, struct buf *out)
{
	size_t old = strlen(SAMPLE);

	ck_assert_int_eq(buf_addf(out, "1 Racheal John 45\n"
				       "5 Chinmay Oliver 129\n"
				       "9 Ali Luke 155\n"),
			 0);
	ck_assert_int_eq(buf_add(out, whole.data + old, end - old), 0);
}

/*
 * The file @text opens; what stands from @cut on is gone from it, and kept in
 * the file that the report names.
 */
static void assert_torn(const struct buf *text, size_t cut)
{
	struct textstore_report report;
	struct buf expected = { 0 };
	struct buf found = { 0 };
	struct store *s = NULL;
	struct disk_file *kept;

	disk_put(&disk, BLOCK, text_of(text));
	ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
	ck_assert(report.torn);
	ck_assert_uint_eq(report.torn_bytes, text->len - cut);
	tools_fetch_all(s, &found);
	records_upto(cut, &expected);
	assert_text(text_of(&found), text_of(&expected));
	s->ops->close(s);

	/* Both are on the disk. */
	kept = disk_find(&disk, report.torn_path);
	ck_assert_ptr_nonnull(kept);
	ck_assert_str_eq(kept->synced_name, report.torn_path);
	assert_text(
		text_of(&kept->synced),
		(struct slice){ (char *)text->data + cut, text->len - cut });
	assert_text(text_of(&disk_find(&disk, BLOCK)->synced),
		    (struct slice){ (char *)text->data, cut });
	buf_done(&expected);
	buf_done(&found);
	disk_done(&disk);
	disk_init(&disk);
}

static void assert_rotten(const struct buf *text, size_t at)
{
	char expected[64];
	struct textstore_report report;
	struct store *s = NULL;
	int n;

	n = snprintf(expected, sizeof(expected),
		     BLOCK ":%u: ", line_number(text, at));
	disk_put(&disk, BLOCK, text_of(text));
	ck_assert_int_eq(tools_open(&disk, &report, &s), -EBADMSG);
	ck_assert(!report.torn);
	ck_assert_uint_gt(report.fault.len, (size_t)n);
	if (memcmp(report.fault.data, expected, (size_t)n) != 0)
		ck_abort_msg("damage at %zu: found %.*s, expected %s", at,
			     (int)report.fault.len, (char *)report.fault.data,
			     expected);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(text));
	buf_done(&report.fault);
}

static void copy_whole(struct buf *out)
{
	buf_clear(out);
	ck_assert_int_eq(buf_add(out, whole.data, whole.len), 0);
}

/* Is what is left whole: lines, and perhaps a record without its newline? */
static bool is_whole(size_t len)
{
	return whole.data[len - 1] == '\n' || whole.data[len] == '\n';
}

START_TEST(cuts_a_tail_cut_short_at_every_byte)
{
	struct buf text = { 0 };

	for (size_t len = last_batch + 1; len < whole.len; len++) {
		if (is_whole(len))
			continue;
		copy_whole(&text);
		text.len = len;
		assert_torn(&text, line_start(&whole, len));
	}
	buf_done(&text);
}
END_TEST

START_TEST(cuts_a_tail_of_zeros_from_every_byte)
{
	struct buf text = { 0 };

	/* A zero for the last newline alone is no damage, but mended. */
	for (size_t at = last_batch; at < whole.len - 1; at++) {
		copy_whole(&text);
		memset(text.data + at, 0, text.len - at);
		assert_torn(&text, line_start(&whole, at));
	}
	buf_done(&text);
}
END_TEST

/* A page that was not written, in the middle of those that were. */
START_TEST(cuts_a_tail_with_a_hole_at_every_byte)
{
	struct buf text = { 0 };

	for (size_t at = last_batch; at + HOLE < whole.len; at++) {
		copy_whole(&text);
		memset(text.data + at, 0, HOLE);
		assert_torn(&text, line_start(&whole, at));
	}
	buf_done(&text);
}
END_TEST

/* A byte that makes no sense anywhere; a newline lost joins two lines. */
START_TEST(cuts_a_tail_with_any_bad_byte)
{
	struct buf text = { 0 };

	for (size_t at = last_batch; at < whole.len; at++) {
		copy_whole(&text);
		text.data[at] = '\x01';
		assert_torn(&text, line_start(&whole, at));
	}
	buf_done(&text);
}
END_TEST

/*
 * The last record of the batch of five is torn off, and another backend has it:
 * so the next batch here does not go on with it.
 */
static void append_behind_unfinished(struct promise *ret)
{
	const uint8_t nonce[STORE_NONCE_SIZE] = "nonce";
	struct maker m = { .serial = 19 };
	struct buf next = { 0 };
	struct buf fault = { 0 };
	struct store *s;

	whole.len = line_start(&whole, whole.len - 1);
	last_batch = whole.len;
	disk_put(&disk, BLOCK, text_of(&whole));
	s = tools_open_well(&disk);
	ck_assert_int_eq(s->ops->promise(s, 1, nonce), 0);
	maker_plain(&m, 3, &next);
	tools_commit(s, 19, 3, "", text_of(&next));
	s->ops->close(s);
	ck_assert_int_eq(buf_add(&whole, next.data, next.len), 0);
	ck_assert_int_eq(promise_read(&disk.ops, BLOCK PROMISE_SUFFIX, ret,
				      &fault),
			 0);
	buf_done(&next);
}

/* Nothing of the batch before it is damaged, and only the promise tells so. */
START_TEST(cuts_a_batch_behind_an_unfinished_one)
{
	struct promise p;
	struct buf text = { 0 };

	append_behind_unfinished(&p);
	for (size_t at = last_batch; at + 16 < whole.len; at++) {
		ck_assert_int_eq(
			promise_write(&disk.ops, BLOCK PROMISE_SUFFIX, &p), 0);
		copy_whole(&text);
		memset(text.data + at, 0, 16);
		assert_torn(&text, line_start(&whole, at));
	}
	buf_done(&text);
}
END_TEST

/* The batch before was synced before this one was written. */
START_TEST(stops_at_damage_one_batch_earlier)
{
	struct buf text = { 0 };

	for (size_t at = 0; at < last_batch; at++) {
		copy_whole(&text);
		text.data[at] = '\x01';
		assert_rotten(&text, at);
	}
	buf_done(&text);
}
END_TEST

START_TEST(stops_at_a_hole_one_batch_earlier)
{
	struct buf text = { 0 };

	for (size_t at = 0; at < last_batch; at++) {
		copy_whole(&text);
		memset(text.data + at, 0, 16);
		/* A hole that begins a line's newline joins the next line. */
		assert_rotten(&text, at);
	}
	buf_done(&text);
}
END_TEST

/*
 * Bytes taken out of the middle, as if cut short there.  The line that this
 * makes still begins with a serial of the batch before.
 */
START_TEST(stops_at_bytes_missing_one_batch_earlier)
{
	struct buf text = { 0 };

	for (size_t at = middle_batch + 1; at + 40 < last_batch; at++) {
		buf_clear(&text);
		ck_assert_int_eq(buf_add(&text, whole.data, at), 0);
		ck_assert_int_eq(buf_add(&text, whole.data + last_batch,
					 whole.len - last_batch),
				 0);
		/* Cut in the serial, the rest may happen to be a record. */
		if (at - line_start(&whole, at) < strlen("10 A"))
			continue;
		assert_rotten(&text, at - 1);
	}
	buf_done(&text);
}
END_TEST

/* The next start finds nothing to do, and the next batch goes on from there. */
START_TEST(goes_on_behind_the_cut)
{
	struct maker m = { .serial = 14 };
	struct textstore_report report;
	struct buf next = { 0 };
	struct store *s = NULL;

	whole.len -= 30;
	disk_put(&disk, BLOCK, text_of(&whole));
	ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
	ck_assert(report.torn);
	s->ops->close(s);
	s = tools_open_well(&disk);

	/* 14 to 17 are held: this is the batch again, and then more. */
	memcpy(m.hash, (uint8_t[CHAIN_HASH_SIZE]){ 0 }, sizeof(m.hash));
	m.serial = 18;
	maker_plain(&m, 2, &next);
	tools_commit(s, 18, 2, "", text_of(&next));
	s->ops->close(s);
	buf_done(&next);
}
END_TEST

/* Each tail is kept; none is written over. */
START_TEST(keeps_every_tail)
{
	struct textstore_report report;
	struct store *s = NULL;
	char expected[128];

	for (int i = 0; i < 3; i++) {
		struct slice torn = { (char *)whole.data, last_batch + 7 };

		disk_put(&disk, BLOCK, torn);
		ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
		(void)snprintf(expected, sizeof(expected),
			       BLOCK ".torn-at-%zu%s", last_batch,
			       i == 0	? ""
			       : i == 1 ? "-1"
					: "-2");
		ck_assert_str_eq(report.torn_path, expected);
		s->ops->close(s);
	}
}
END_TEST

/* A file with old records only, and something at its end. */
static void assert_first(const char *tail, size_t len, uint64_t promised,
			 bool torn)
{
	struct promise p = { .epoch = 1, .length = promised };
	struct buf text = { 0 };

	if (promised)
		ck_assert_int_eq(
			promise_write(&disk.ops, BLOCK PROMISE_SUFFIX, &p), 0);
	ck_assert_int_eq(buf_addf(&text, "%s", SAMPLE), 0);
	ck_assert_int_eq(buf_add(&text, tail, len), 0);
	if (torn)
		assert_torn(&text, strlen(SAMPLE));
	else
		assert_rotten(&text, strlen(SAMPLE));
	buf_done(&text);
}

/* The first append ever, cut short: there is no b= to go by. */
START_TEST(cuts_a_first_append_at_every_byte)
{
	struct maker m = { .serial = 10 };
	struct made record = { .sender = "\xc3\x84li",
			       .receiver = "Lu\xe2\x82\xac",
			       .amount = 1550,
			       .id = "x",
			       .memo = "y%20z" };
	struct buf text = { 0 };

	maker_batch(&m, &record, 1, &text);
	for (size_t len = 1; len < text.len - 1; len++)
		assert_first((char *)text.data, len, strlen(SAMPLE), true);
	buf_done(&text);
}
END_TEST

/* Without a promise, a whole old record may be one that somebody typed. */
START_TEST(cuts_a_first_append_without_a_promise)
{
	struct maker m = { .serial = 10 };
	struct buf text = { 0 };
	size_t amount = strlen("10 Ali Luke 10");

	maker_plain(&m, 3, &text);
	for (size_t len = 1; len < strlen("10 Ali Luke "); len++)
		assert_first((char *)text.data, len, 0, true);
	for (size_t len = amount + 1; len < amount + 60; len++)
		assert_first((char *)text.data, len, 0, true);
	buf_done(&text);
}
END_TEST

START_TEST(cuts_a_first_append_of_zeros)
{
	struct maker m = { .serial = 10 };
	struct buf text = { 0 };

	maker_plain(&m, 3, &text);
	for (size_t at = 0; at < text.len; at++) {
		struct buf zeros = { 0 };
		size_t first = line_start(&text, at);

		ck_assert_int_eq(buf_add(&zeros, text.data, text.len), 0);
		memset(zeros.data + at, 0, zeros.len - at);
		if (first == 0)
			assert_first((char *)zeros.data, zeros.len, 0, true);
		buf_done(&zeros);
	}
	/* A hole in the first record, and all behind it, or nothing. */
	memset(text.data + 5, 0, 20);
	assert_first((char *)text.data, text.len, 0, true);
	text.len = (size_t)((uint8_t *)memchr(text.data, '\n', text.len) -
			    text.data) +
		   1;
	assert_first((char *)text.data, text.len, 0, true);
	/* A hole, and cut behind it: nothing tells that it was chained. */
	for (size_t len = 26; len < text.len; len++)
		assert_first((char *)text.data, len, 0, true);
	buf_done(&text);
}
END_TEST

/* What somebody may have typed: a person must look. */
START_TEST(stops_at_a_slip_of_the_hand)
{
	static const char *const slips[] = {
		"10 Ali Luke abc",
		"10 Ali Luke abc\n",
		"10 Ali Lu\n",
		"10 Ali Luke 15 16",
		"10 Ali  Luke 15",
		"10 Ali Luke -15",
		"10 Ali Luke 15 # paid",
		"10 A=i Lu",
		"010 Ali",
		"ten Ali Luke 10",
		"10 Ali Luke 15 t=2026\n",
		"10 Ali Lu\n11 Ali Luke 5 t=2026 h=0\n",
	};

	assert_first(slips[_i], strlen(slips[_i]), 0, false);
	assert_first(slips[_i], strlen(slips[_i]), strlen(SAMPLE), false);
}
END_TEST

/* An old record behind the damage was not written by us: no torn append. */
START_TEST(stops_before_an_old_record)
{
	struct buf text = { 0 };
	size_t at;

	copy_whole(&text);
	at = text.len;
	ck_assert_int_eq(buf_addf(&text, "20 Ali Lu\n21 Ali Luke 5\n"), 0);
	assert_rotten(&text, at);
	buf_done(&text);
}
END_TEST

/* Below what is there nothing is appended: that was typed in. */
START_TEST(stops_at_a_low_serial)
{
	struct buf text = { 0 };
	size_t at;

	copy_whole(&text);
	at = text.len;
	ck_assert_int_eq(buf_addf(&text, "7 Ali Luke abc\n"), 0);
	assert_rotten(&text, at);
	buf_done(&text);
}
END_TEST

/* More bad lines than the batch lacks records: some were of another batch. */
START_TEST(stops_at_more_damage_than_a_batch_holds)
{
	struct buf text = { 0 };
	char *line;

	/* The last of the batch before, and the first of this. */
	copy_whole(&text);
	text.data[last_batch - 5] = '\x01';
	text.data[last_batch + 5] = '\x01';
	assert_rotten(&text, last_batch - 5);

	/* A line between two records of one batch that follow each other. */
	buf_clear(&text);
	line = memmem(whole.data, whole.len, "\n16 ", 4);
	ck_assert_ptr_nonnull(line);
	line++;
	ck_assert_int_eq(
		buf_add(&text, whole.data, (size_t)(line - (char *)whole.data)),
		0);
	ck_assert_int_eq(buf_addf(&text, "hello\n"), 0);
	ck_assert_int_eq(
		buf_addf(&text, "%.*s",
			 (int)(whole.len - (size_t)(line - (char *)whole.data)),
			 line),
		0);
	assert_rotten(&text, (size_t)(line - (char *)whole.data));
	buf_done(&text);
}
END_TEST

/* A batch that was cut before, and the next one torn in its first record. */
START_TEST(cuts_behind_a_shortened_batch)
{
	struct maker m = { .serial = 10 };
	struct buf text = { 0 };
	size_t cut;

	buf_clear(&whole);
	ck_assert_int_eq(buf_addf(&whole, "%s", SAMPLE), 0);
	maker_plain(&m, 4, &whole);
	/* Of four records, two are left. */
	whole.len =
		(size_t)((uint8_t *)memmem(whole.data, whole.len, "\n12 ", 4) -
			 whole.data) +
		1;
	cut = whole.len;
	m.serial = 12;
	maker_plain(&m, 3, &text);
	ck_assert_int_eq(buf_add(&whole, text.data, text.len), 0);
	buf_clear(&text);

	copy_whole(&text);
	text.data[cut + 1] = '\x01';
	assert_torn(&text, cut);

	/* Serials are missing: the end of the first may be in the damage. */
	memcpy(memmem(whole.data, whole.len, "b=3/3", 5), "b=9/9", 5);
	memcpy(memmem(whole.data, whole.len, "b=2/3", 5), "b=8/9", 5);
	memcpy(memmem(whole.data, whole.len, "\n13 ", 4), "\n23 ", 4);
	memcpy(memmem(whole.data, whole.len, "\n14 ", 4), "\n24 ", 4);
	copy_whole(&text);
	text.data[cut + 1] = '\x01';
	assert_rotten(&text, cut);
	buf_done(&text);
}
END_TEST

/* A copy without the end of its line may have lost its of=, or a part of it. */
START_TEST(cuts_copies_without_an_end)
{
	struct maker m = { .serial = 10 };
	struct buf text = { 0 };
	struct store *s;

	maker_plain(&m, 2, &text);
	s = tools_open_well(&disk);
	tools_commit(s, 10, 2, "A,B", text_of(&text));
	s->ops->close(s);
	buf_clear(&text);
	ck_assert_int_eq(buf_add(&text, disk_find(&disk, BLOCK)->data.data,
				 disk_find(&disk, BLOCK)->data.len),
			 0);

	for (size_t less = 1; less < strlen(" of=A,B\n") + 1; less++) {
		struct textstore_report report;
		struct store_state state;

		disk_put(&disk, BLOCK,
			 (struct slice){ (char *)text.data, text.len - less });
		ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
		ck_assert(report.torn);
		s->ops->state(s, &state);
		ck_assert_uint_eq(state.last_serial, 10);
		s->ops->close(s);
	}
	buf_done(&text);
}
END_TEST

/* Zeros without end cannot be one batch. */
START_TEST(stops_at_a_tail_larger_than_a_batch)
{
	struct buf text = { 0 };
	size_t at = whole.len;
	size_t zeros = (size_t)RECORD_BATCH_MAX * (RECORD_LINE_MAX + 1);

	copy_whole(&text);
	ck_assert_int_eq(buf_reserve(&text, zeros + 1), 0);
	memset(text.data + at, 0, zeros + 1);
	text.len = at + zeros;
	assert_torn(&text, at);
	text.len++;
	assert_rotten(&text, at);
	buf_done(&text);
}
END_TEST

Suite *test_store_torn(void)
{
	Suite *s = suite_create("store/torn");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, cuts_a_tail_cut_short_at_every_byte);
	tcase_add_test(t, cuts_a_tail_of_zeros_from_every_byte);
	tcase_add_test(t, cuts_a_tail_with_a_hole_at_every_byte);
	tcase_add_test(t, cuts_a_tail_with_any_bad_byte);
	tcase_add_test(t, cuts_a_batch_behind_an_unfinished_one);
	tcase_add_test(t, stops_at_damage_one_batch_earlier);
	tcase_add_test(t, stops_at_a_hole_one_batch_earlier);
	tcase_add_test(t, stops_at_bytes_missing_one_batch_earlier);
	tcase_add_test(t, goes_on_behind_the_cut);
	tcase_add_test(t, keeps_every_tail);
	tcase_add_test(t, cuts_a_first_append_at_every_byte);
	tcase_add_test(t, cuts_a_first_append_without_a_promise);
	tcase_add_test(t, cuts_a_first_append_of_zeros);
	tcase_add_loop_test(t, stops_at_a_slip_of_the_hand, 0, 12);
	tcase_add_test(t, stops_before_an_old_record);
	tcase_add_test(t, stops_at_a_low_serial);
	tcase_add_test(t, stops_at_more_damage_than_a_batch_holds);
	tcase_add_test(t, cuts_behind_a_shortened_batch);
	tcase_add_test(t, cuts_copies_without_an_end);
	tcase_add_test(t, stops_at_a_tail_larger_than_a_batch);
	suite_add_tcase(s, t);
	return s;
}
