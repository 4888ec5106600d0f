/* SPDX-License-Identifier: MIT */
/*
 * src/store/load.c: what a block may look like, and what stops the start, by
 * file and line.  Torn tails have their own tests.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "store/promise.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_load);

static struct disk disk;
static struct buf made;
static struct buf found;

static void setup(void)
{
	disk_init(&disk);
	made = (struct buf){ 0 };
	found = (struct buf){ 0 };
}

static void teardown(void)
{
	disk_done(&disk);
	buf_done(&made);
	buf_done(&found);
}

/* @text opens, and holds the records @records. */
static void assert_taken(struct slice text, struct slice records)
{
	struct store *s;

	disk_put(&disk, BLOCK, text);
	s = tools_open_well(&disk);
	buf_clear(&found);
	tools_fetch_all(s, &found);
	assert_text(text_of(&found), records);
	s->ops->close(s);
}

/* @text stops the start; the fault begins with "file:LINE: REASON". */
static void assert_fault(struct slice text, unsigned line, const char *reason)
{
	char expected[256];
	struct textstore_report report;
	struct store *s;
	int n;

	n = snprintf(expected, sizeof(expected), BLOCK ":%u: %s", line, reason);
	disk_put(&disk, BLOCK, text);
	ck_assert_int_eq(tools_open(&disk, &report, &s), -EBADMSG);
	ck_assert(!report.torn);
	if (report.fault.len < (size_t)n ||
	    memcmp(report.fault.data, expected, (size_t)n) != 0)
		ck_abort_msg("found: %.*s, expected: %s", (int)report.fault.len,
			     (char *)report.fault.data, expected);
	buf_done(&report.fault);

	/* Nothing was changed, and the lock is gone. */
	assert_text(disk_text(disk_find(&disk, BLOCK)), text);
	ck_assert(!disk_find(&disk, BLOCK)->locked);
}

static void assert_fault_text(const char *text, unsigned line,
			      const char *reason)
{
	assert_fault(slice_of(text), line, reason);
}

START_TEST(takes_blank_lines)
{
	assert_taken(slice_of("\n\n5 A B 1\n\r\n\n2 C D 3\n\n"),
		     slice_of("2 C D 3\n5 A B 1\n"));
}
END_TEST

/* An old record's canonical line is its four columns. */
START_TEST(takes_carriage_returns_of_old_records)
{
	assert_taken(slice_of("5 A B 1\r\n2 C D 3\r\n"),
		     slice_of("2 C D 3\n5 A B 1\n"));
}
END_TEST

/* Mended and durable, so that the next append does not run into it. */
START_TEST(mends_a_missing_newline)
{
	struct maker m = { .serial = 6 };
	struct store *s;

	assert_taken(slice_of("5 A B 1\n2 C D 3"),
		     slice_of("2 C D 3\n5 A B 1\n"));
	assert_text(disk_find(&disk, BLOCK)->synced.len
			    ? text_of(&disk_find(&disk, BLOCK)->synced)
			    : (struct slice){ 0 },
		    slice_of("5 A B 1\n2 C D 3\n"));

	s = tools_open_well(&disk);
	maker_plain(&m, 1, &made);
	tools_commit(s, 6, 1, "", text_of(&made));
	s->ops->close(s);
	s = tools_open_well(&disk);
	s->ops->close(s);
}
END_TEST

START_TEST(mends_a_missing_newline_behind_a_carriage_return)
{
	assert_taken(slice_of("5 A B 1\r"), slice_of("5 A B 1\n"));
	assert_text(disk_text(disk_find(&disk, BLOCK)),
		    slice_of("5 A B 1\r\n"));
	assert_taken(slice_of("5 A B 1\r\n\r"), slice_of("5 A B 1\n"));
	assert_text(disk_text(disk_find(&disk, BLOCK)),
		    slice_of("5 A B 1\r\n\r\n"));
}
END_TEST

/* A chained record has its end when it has its hash. */
START_TEST(mends_a_missing_newline_of_a_chained_record)
{
	struct maker m = { .serial = 1 };

	maker_plain(&m, 3, &made);
	assert_taken((struct slice){ (char *)made.data, made.len - 1 },
		     text_of(&made));
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&made));
}
END_TEST

/* A crash in the mending: the file got longer, its new byte is not there. */
START_TEST(mends_a_zero_in_place_of_the_newline)
{
	static const char text[] = "5 A B 1\n2 C D 3";
	struct maker m = { .serial = 6 };
	struct store *s;

	assert_taken((struct slice){ text, sizeof(text) },
		     slice_of("2 C D 3\n5 A B 1\n"));
	assert_text(text_of(&disk_find(&disk, BLOCK)->synced),
		    slice_of("5 A B 1\n2 C D 3\n"));

	maker_plain(&m, 3, &made);
	buf_clear(&found);
	ck_assert_int_eq(buf_add(&found, made.data, made.len), 0);
	found.data[found.len - 1] = '\0';
	disk_put(&disk, BLOCK, text_of(&found));
	s = tools_open_well(&disk);
	s->ops->close(s);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&made));
}
END_TEST

/* An editor may have taken the last newline away after we ran. */
START_TEST(mends_an_old_record_from_before_the_promise)
{
	struct promise p = { .epoch = 1, .length = 16 };

	ck_assert_int_eq(promise_write(&disk.ops, BLOCK PROMISE_SUFFIX, &p), 0);
	assert_taken(slice_of("5 A B 1\n2 C D 3"),
		     slice_of("2 C D 3\n5 A B 1\n"));
}
END_TEST

/* A shorter file was put here: the promise's length goes down with it. */
START_TEST(renews_the_length_in_the_promise)
{
	struct promise p = { .epoch = 1, .length = 1000 };
	struct buf fault = { 0 };

	ck_assert_int_eq(promise_write(&disk.ops, BLOCK PROMISE_SUFFIX, &p), 0);
	assert_taken(slice_of("5 A B 1\n"), slice_of("5 A B 1\n"));
	ck_assert_int_eq(
		promise_read(&disk.ops, BLOCK PROMISE_SUFFIX, &p, &fault), 0);
	ck_assert_uint_eq(p.epoch, 1);
	ck_assert_uint_eq(p.length, 8);
}
END_TEST

/* Records that stand there twice count once. */
START_TEST(takes_identical_records_once)
{
	struct store *s;
	struct store_state state;

	assert_taken(slice_of("5 A B 1\n2 C D 3\n5 A B 1\r\n5 A B 1\n"),
		     slice_of("2 C D 3\n5 A B 1\n"));
	s = tools_open_well(&disk);
	s->ops->state(s, &state);
	ck_assert_uint_eq(state.records, 2);
	s->ops->close(s);
}
END_TEST

/* A record that is a copy and at home here is at home, in either order. */
START_TEST(prefers_home_to_copy)
{
	struct maker m = { .serial = 1 };
	struct slice line;

	maker_plain(&m, 1, &made);
	line = (struct slice){ (char *)made.data, made.len - 1 };
	for (int order = 0; order < 2; order++) {
		struct buf text = { 0 };

		ck_assert_int_eq(buf_addf(&text, "%.*s%s\n%.*s%s\n",
					  SLICE_ARG(line), order ? "" : " of=A",
					  SLICE_ARG(line),
					  order ? " of=A" : ""),
				 0);
		assert_taken(text_of(&text), text_of(&made));
		buf_done(&text);
	}
}
END_TEST

START_TEST(stops_at_what_does_not_parse)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *reason;
	} bad[] = {
		{ "x\n" SAMPLE, 1, "expected four columns" },
		{ "5 Chinmay Oliver\n" SAMPLE, 1, "expected four columns" },
		{ SAMPLE "\n6  A B 1\n7 A B 1\n", 5, "expected single spaces" },
		{ SAMPLE " 6 A B 1\n", 4, "expected single spaces" },
		{ SAMPLE "0 A B 1\n", 4, "serial:" },
		{ SAMPLE "06 A B 1\n", 4, "serial:" },
		{ SAMPLE "-6 A B 1\n", 4, "serial:" },
		{ SAMPLE "9223372036854775808 A B 1\n", 4, "serial:" },
		{ SAMPLE "6 A B abc\n", 4, "amount:" },
		{ SAMPLE "6 A B -5\n", 4, "amount:" },
		{ SAMPLE "6 A B 0\n", 4, "amount:" },
		{ SAMPLE "6 A B 9223372036854775808\n", 4, "amount:" },
		{ SAMPLE "6 A A 1\n", 4, "amount:" },
		{ SAMPLE "6 A,B C 1\n", 4, "expected names" },
		{ SAMPLE "6 A\xff C 1\n", 4, "expected names" },
		{ SAMPLE "6 A B 1 2\n", 4, "" },
		{ SAMPLE "6 A B 1 \n", 4, "" },
		{ SAMPLE "6 A B 1 # paid\n", 4, "" },
		{ "# serial sender receiver amount\n" SAMPLE, 1, "" },
		{ SAMPLE "5 Chinmay Oliver abc", 4, "amount:" },
		{ SAMPLE "Chinmay Oliver 129", 4, "" },
	};

	assert_fault_text(bad[_i].text, bad[_i].line, bad[_i].reason);
}
END_TEST

START_TEST(stops_at_zero_bytes)
{
	static const char text[] = "5 A B 1\n2 C\0D E 3\n4 A B 1\n";
	static const char end[] = "5 A B 1\n2 C D 3\0\n4 A B 1\n";

	assert_fault((struct slice){ text, sizeof(text) - 1 }, 2,
		     "expected text, found a zero byte");
	assert_fault((struct slice){ end, sizeof(end) - 1 }, 2,
		     "expected text, found a zero byte");
}
END_TEST

START_TEST(stops_at_long_lines)
{
	static const size_t lengths[] = { RECORD_LINE_MAX + 1, 5000, 3000000 };
	char *line = malloc(lengths[_i]);

	ck_assert_ptr_nonnull(line);
	memset(line, 'x', lengths[_i]);
	memcpy(line, "7 A B 1 ", 8);
	ck_assert_int_eq(buf_addf(&made, "%s%.*s\n3 A B 1\n", SAMPLE,
				  (int)lengths[_i], line),
			 0);
	free(line);
	assert_fault(text_of(&made), 4, "expected at most 1100 bytes");
}
END_TEST

START_TEST(stops_at_a_serial_twice)
{
	assert_fault_text("5 A B 1\n2 C D 3\n5 A B 2\n", 3,
			  "serial 5 is on line 1 already");
	assert_fault_text("9 A B 1\n\n2 C D 3\n9 A B 1\n2 D C 3\n", 5,
			  "serial 2 is on line 3 already");
}
END_TEST

/* Old and chained of one serial are not the same record. */
START_TEST(stops_at_a_serial_that_is_old_and_chained)
{
	struct maker m = { .serial = 5 };

	ck_assert_int_eq(buf_addf(&made, "5 Ali Luke 5\n"), 0);
	maker_plain(&m, 1, &made);
	assert_fault(text_of(&made), 2, "serial 5 is on line 1 already");
}
END_TEST

/* No crash makes a record of the last batch whose hash does not follow. */
START_TEST(stops_at_a_broken_chain)
{
	struct maker m = { .serial = 1 };
	struct buf text = { 0 };
	char *amount;

	maker_plain(&m, 1, &made);
	maker_plain(&m, 3, &made);
	ck_assert_int_eq(buf_addf(&text, "%s%.*s", SAMPLE, (int)made.len,
				  (char *)made.data),
			 0);
	amount = memmem(text.data, text.len, " 3 t=", 5);
	ck_assert_ptr_nonnull(amount);
	amount[1] = '7';
	/* Line 1 of the sample bears serial 5, so begin with another. */
	text.data[0] = '8';
	memcpy(memmem(text.data, text.len, "\n1 R", 4), "\n6 R", 4);
	assert_fault(text_of(&text), 6, "h= does not follow");
	buf_done(&text);
}
END_TEST

/* … and neither if the last batch does not follow from the one before. */
START_TEST(stops_at_a_chain_broken_between_batches)
{
	struct maker m = { .serial = 1 };
	struct maker other = { .serial = 3 };

	maker_plain(&m, 2, &made);
	maker_plain(&other, 2, &made);
	assert_fault(text_of(&made), 3, "h= does not follow");
}
END_TEST

START_TEST(stops_at_what_is_no_file)
{
	struct textstore_report report;
	struct store *s;

	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	disk_find(&disk, BLOCK)->mode = S_IFIFO | 0600;
	ck_assert_int_eq(tools_open(&disk, &report, &s), -EBADMSG);
	assert_text(text_of(&report.fault),
		    slice_of(BLOCK ": expected a regular file"));
	buf_done(&report.fault);
}
END_TEST

/* Old records in any order, more than one read brings. */
START_TEST(reads_files_larger_than_a_read)
{
	struct store *s;
	struct store_state state;

	for (unsigned i = 150000; i > 0; i--)
		if (buf_addf(&made, "%u Ali Luke %u\n", i, i) < 0)
			ck_abort();
	disk_put(&disk, BLOCK, text_of(&made));
	s = tools_open_well(&disk);
	s->ops->state(s, &state);
	ck_assert_uint_eq(state.records, 150000);
	tools_fetch(s, &(struct store_query){ .after = 70000, .upto = 70002 },
		    &found);
	assert_text(text_of(&found),
		    slice_of("70001 Ali Luke 70001\n70002 Ali Luke 70002\n"));
	s->ops->close(s);
}
END_TEST

Suite *test_store_load(void)
{
	Suite *s = suite_create("store/load");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, takes_blank_lines);
	tcase_add_test(t, takes_carriage_returns_of_old_records);
	tcase_add_test(t, mends_a_missing_newline);
	tcase_add_test(t, mends_a_missing_newline_behind_a_carriage_return);
	tcase_add_test(t, mends_a_missing_newline_of_a_chained_record);
	tcase_add_test(t, mends_a_zero_in_place_of_the_newline);
	tcase_add_test(t, mends_an_old_record_from_before_the_promise);
	tcase_add_test(t, renews_the_length_in_the_promise);
	tcase_add_test(t, takes_identical_records_once);
	tcase_add_test(t, prefers_home_to_copy);
	tcase_add_loop_test(t, stops_at_what_does_not_parse, 0, 21);
	tcase_add_test(t, stops_at_zero_bytes);
	tcase_add_loop_test(t, stops_at_long_lines, 0, 3);
	tcase_add_test(t, stops_at_a_serial_twice);
	tcase_add_test(t, stops_at_a_serial_that_is_old_and_chained);
	tcase_add_test(t, stops_at_a_broken_chain);
	tcase_add_test(t, stops_at_a_chain_broken_between_batches);
	tcase_add_test(t, stops_at_what_is_no_file);
	tcase_add_test(t, reads_files_larger_than_a_read);
	suite_add_tcase(s, t);
	return s;
}
