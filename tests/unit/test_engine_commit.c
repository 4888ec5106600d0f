/* SPDX-License-Identifier: MIT */
/*
 * The queue of transfers and the one batch in flight.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "main/commit.h"
#include "util/parse.h"

#include "test_engine_bench.h"

static void hold_batches(void)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold |= HOLD(FRAME_APPEND);
}

static void release(void)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
}

/* Open, with leases, and with a batch of one transfer in flight. */
static struct told *with_a_batch_in_flight(void)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 1);
	return t;
}

START_TEST(nobody_is_answered_before_it_is_durable)
{
	struct told *t = with_a_batch_in_flight();
	struct question *q = bench_take(-1, FRAME_APPEND);

	expect_waiting(t);
	expect_balance("Ali", 995);
	ck_assert_uint_eq(bench_info().serial, 3);
	ck_assert_uint_eq(bench.transferred, 0);
	reply_missing(q, "0");
	expect_waiting(t);
	reply_appended(q);
	expect_serial(t, 4);
	ck_assert_uint_eq(t->balance, 994);
	ck_assert_uint_eq(bench.transferred, 1);
	ck_assert_int_eq(bench.home[0], 'A' + (int)q->backend);
	expect_balance("Ali", 994);
	expect_balance("Ben", 991);
}
END_TEST

START_TEST(one_batch_is_in_flight_and_the_rest_is_the_next)
{
	struct told *first = with_a_batch_in_flight();
	struct told *t[3];
	struct question *q = bench_take(-1, FRAME_APPEND);
	struct message_append m;

	t[0] = order_transfer("Ali", "Ben", "2");
	bench_run();
	t[1] = order_transfer("Ben", "Cem", "3");
	t[2] = order_open("Dan", "");
	bench_run();
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 0);
	reply_appended(q);
	expect_done(first);
	bench_run();

	q = bench_take(-1, FRAME_APPEND);
	m = asked_append(q);
	ck_assert_uint_eq(m.first, 5);
	ck_assert_uint_eq(m.records, 3);
	for (int i = 0; i < 3; i++)
		expect_waiting(t[i]);
	reply_appended(q);
	for (unsigned i = 0; i < 3; i++) {
		expect_serial(t[i], 5 + i);
		ck_assert_uint_eq(t[i]->turn, first->turn + 2 - 1 + i);
	}
	ck_assert_uint_eq(bench_info().batches, 2);
	ck_assert_uint_eq(bench_info().largest_batch, 3);
	ck_assert_uint_eq(bench_info().transfers, 4);
}
END_TEST

/* Should the backend lose its block meanwhile, it is not for what is there then. */
START_TEST(a_batch_says_how_much_the_block_holds)
{
	const struct model *m;
	struct question *q;

	(void)with_a_batch_in_flight();
	q = bench_take(-1, FRAME_APPEND);
	m = &bench.model[q->backend];
	ck_assert_uint_gt(m->records, 0);
	ck_assert_uint_eq(asked_append(q).holds, m->records);
}
END_TEST

START_TEST(a_record_is_written_in_one_form)
{
	static const char body[] =
		"4 Ali Ben 7 t=2026-11-22T13:37:00.000000Z id=id-1 "
		"m=two%20coffees";
	char hex[CHAIN_HEX_SIZE + 1] = "";
	char line[512];
	uint8_t hash[CHAIN_HASH_SIZE];
	struct question *q;
	struct told *t;

	bench_open();
	hold_batches();
	t = order_with("Ali", "Ben", "7", "id-1", "two coffees");
	bench_run();
	q = bench_take(-1, FRAME_APPEND);
	chain_step(bench.tip, slice_of(body), hash);
	format_hex(hash, sizeof(hash), hex);
	(void)snprintf(line, sizeof(line), "%s h=%s\n", body, hex);
	ck_assert(slice_equal(asked_append(q).lines, slice_of(line)));
	ck_assert_uint_eq(asked_append(q).of.len, 0);
	ck_assert_uint_eq(asked_append(q).fragments, 1);
	ck_assert(asked_append(q).acknowledge);
	reply_appended(q);
	expect_serial(t, 4);
	ck_assert_uint_eq(t->balance, 988);
	ck_assert_int_eq(t->time, BENCH_WALL);
	ck_assert_mem_eq(t->hash, hash, CHAIN_HASH_SIZE);
}
END_TEST

/* Taken apart by the grammar, each line hangs on the one before. */
START_TEST(the_records_of_a_batch_hang_together)
{
	struct slice rest;
	struct record r;
	const char *fault;
	uint8_t hash[CHAIN_HASH_SIZE];
	struct question *q;

	bench_open();
	hold_batches();
	(void)order_transfer("Ali", "Ben", "1");
	(void)order_open("Dan", "open-1");
	(void)order_transfer("Ali", "Dan", "2");
	bench_run();
	q = bench_take(-1, FRAME_APPEND);
	rest = asked_append(q).lines;
	memcpy(hash, bench.tip, sizeof(hash));
	for (unsigned i = 0; i < 3; i++) {
		const char *end = memchr(rest.p, '\n', rest.len);
		struct slice line = { rest.p, (size_t)(end - rest.p) };

		ck_assert_int_eq(record_parse(line, &r, &fault), 0);
		ck_assert_uint_eq(r.serial, 4 + i);
		ck_assert_uint_eq(r.batch_position, i + 1);
		ck_assert_uint_eq(r.batch_size, 3);
		ck_assert_int_eq(r.time, BENCH_WALL);
		chain_step(hash, r.body, hash);
		ck_assert_mem_eq(r.hash, hash, CHAIN_HASH_SIZE);
		rest.p = end + 1;
		rest.len -= line.len + 1;
	}
	ck_assert_uint_eq(rest.len, 0);
}
END_TEST

START_TEST(time_never_goes_back)
{
	struct told *t;

	bench.time = BENCH_WALL + 50 * SEC;
	bench_chain(&(struct history){
		.on = 1, .sender = "Ali", .receiver = "Ben", .amount = 1 });
	bench_open();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_done(t);
	ck_assert_int_eq(t->time, BENCH_WALL + 50 * SEC);
	bench_pass(60 * SEC);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	ck_assert_int_eq(t->time, BENCH_WALL + 60 * SEC);
}
END_TEST

START_TEST(an_answer_is_for_the_batch_in_flight)
{
	struct told *t = with_a_batch_in_flight();
	struct question *q = bench_take(-1, FRAME_APPEND);

	/* Of another batch, of another epoch, of another kind. */
	message_put_appended(
		reply_payload(),
		&(struct message_appended){ .first = 3, .durable = true });
	reply_send(q, FRAME_APPENDED, 1);
	message_put_appended(
		reply_payload(),
		&(struct message_appended){ .first = 4, .durable = true });
	reply_send(q, FRAME_APPENDED, 2);
	reply_send(q, FRAME_APPENDED, 0);
	reply_send(q, FRAME_TOTAL, 1);
	reply_send(q, FRAME_PONG, 1);
	expect_waiting(t);
	reply_appended(q);
	expect_done(t);
	/* And again: it is a stray one now. */
	reply_appended(q);
	ck_assert_uint_eq(t->times, 1);
	ck_assert_uint_eq(bench_info().datagrams_dropped, 1);
}
END_TEST

static void order_many(unsigned count, const char *memo)
{
	for (unsigned i = 0; i < count; i++) {
		bool even = i % 2 == 0;
		const struct engine_order o = {
			.sender = slice_of(even ? "Ali" : "Ben"),
			.receiver = slice_of(even ? "Ben" : "Ali"),
			.amount = slice_of("1"),
			.memo = slice_of(memo),
		};

		engine_transfer(bench.e, &o, bench_count, NULL);
	}
}

/* The bound of a line is 160 bytes, the names and the memo. */
START_TEST(a_batch_has_so_many_bytes)
{
	const unsigned most = SHIPMENT_BYTES_MAX / (160 + 6);

	(void)with_a_batch_in_flight();
	order_many(most + 5, "");
	release();
	bench_pass(5 * SEC);
	ck_assert_uint_eq(bench_info().largest_batch, most);
	ck_assert_uint_le(most, RECORD_BATCH_MAX);
	ck_assert_uint_eq(bench_info().batches, 3);
	ck_assert_uint_eq(bench.counted[OUTCOME_DONE], most + 5);
	ck_assert_uint_eq(bench_info().serial, 4 + most + 5);
}
END_TEST

/* Spaces take three bytes each; in datagrams of 1,200. */
START_TEST(the_longest_lines_fit_the_map_of_fragments)
{
	char memo[161];
	struct message_append m;
	size_t records;

	for (size_t i = 0; i < BACKENDS; i++)
		bench.config.backend[i].room = FRAME_SIZE_MIN;
	memset(memo, ' ', 160);
	memo[160] = '\0';
	(void)with_a_batch_in_flight();
	order_many(2000, memo);
	reply_appended(bench_take(-1, FRAME_APPEND));
	bench_run();
	m = asked_append(bench_peek(-1, FRAME_APPEND));
	records = SHIPMENT_BYTES_MAX / (160 + 6 + 480);
	ck_assert_uint_eq(m.records, records);
	ck_assert_uint_le(m.fragments, MESSAGE_FRAGMENTS_MAX);
	release();
	bench_pass(10 * SEC);
	ck_assert_uint_eq(bench.counted[OUTCOME_DONE], 2000);
}
END_TEST

START_TEST(the_queue_has_an_end)
{
	struct told *t;

	(void)with_a_batch_in_flight();
	order_many(COMMIT_QUEUE_MAX - 1, "");
	t = order_with("Ali", "Ben", "1", "one-too-many", "");
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Too many transfers are waiting; nothing was changed.");
	release();
	bench_pass(4 * SEC);
	ck_assert_uint_eq(bench.counted[OUTCOME_DONE], COMMIT_QUEUE_MAX - 1);
	/* Its id was not kept: it is a fresh one. */
	t = order_with("Ali", "Ben", "1", "one-too-many", "");
	bench_run();
	expect_serial(t, 4 + COMMIT_QUEUE_MAX);
	/* Nor were its coins. */
	ck_assert_uint_eq(t->balance, 992);
}
END_TEST

START_TEST(at_the_deadline_it_is_unknown)
{
	struct told *flying = with_a_batch_in_flight();
	struct told *behind;

	bench_pass(3 * SEC);
	behind = order_transfer("Ali", "Ben", "2");
	bench_pass(2 * SEC - MSEC);
	expect_waiting(flying);
	expect_waiting(behind);
	bench_pass(MSEC);
	expect_refused(flying, OUTCOME_UNKNOWN,
		       "No backend has confirmed it in time; it may be "
		       "recorded all the same. Run it again with the same id.");
	expect_refused(behind, OUTCOME_UNAVAILABLE,
		       "The backends do not answer; nothing was changed.");
	ck_assert(bench_info().stalled);
	ck_assert_uint_gt(bench.changes, 0);
}
END_TEST

START_TEST(while_it_is_overdue_nothing_is_taken)
{
	struct told *t;

	(void)with_a_batch_in_flight();
	bench_pass(BENCH_TIMEOUT);
	t = order_transfer("Ali", "Ben", "2");
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "The backends do not answer; nothing was changed.");
	t = order_open("Dan", "");
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	/* Reading goes on. */
	expect_balance("Ali", 995);
	t = order_list(3, 10);
	bench_run();
	expect_text(t, "3 Cem Ali 5\n");
}
END_TEST

START_TEST(a_batch_that_was_overdue_comes_through)
{
	struct told *t = with_a_batch_in_flight();
	struct told *behind = order_transfer("Ben", "Cem", "400");

	bench_pass(BENCH_TIMEOUT + 30 * SEC);
	expect_refused(t, OUTCOME_UNKNOWN, NULL);
	expect_refused(behind, OUTCOME_UNAVAILABLE, NULL);
	release();
	bench_pass(5 * SEC);
	ck_assert(!bench_info().stalled);
	ck_assert_uint_eq(bench_info().serial, 4);
	ck_assert_uint_eq(t->times, 1);
	expect_balance("Ali", 994);
	expect_balance("Cem", 1015);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 5);
}
END_TEST

/* "Unavailable" would say that nothing happened. */
START_TEST(the_id_of_an_overdue_order_is_still_unknown)
{
	struct told *t;

	bench_open();
	hold_batches();
	t = order_with("Ali", "Ben", "1", "id-1", "");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNKNOWN, NULL);
	t = order_with("Ali", "Ben", "1", "id-1", "");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNKNOWN, NULL);
}
END_TEST

START_TEST(what_was_behind_can_be_ordered_again)
{
	struct told *t;

	(void)with_a_batch_in_flight();
	t = order_open("Dan", "dan-1");
	(void)order_with("Dan", "Ben", "5", "dan-2", "");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	release();
	bench_pass(5 * SEC);
	t = order_with("Dan", "Ben", "5", "dan-2", "");
	bench_run();
	expect_refused(t, OUTCOME_NOUSER, NULL);
	t = order_open("Dan", "dan-1");
	bench_run();
	expect_serial(t, 5);
	t = order_with("Dan", "Ben", "5", "dan-2", "");
	bench_run();
	expect_serial(t, 6);
	ck_assert_uint_eq(t->balance, 995);
}
END_TEST

START_TEST(nobody_takes_it_is_unavailable)
{
	struct told *t;

	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].full = true;
	bench_open();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "No backend takes transfers; nothing was changed.");
}
END_TEST

/* Two of three answer, and three are needed: it waits, and is never sent. */
START_TEST(what_was_never_sent_is_unavailable)
{
	struct told *t;

	bench.config.copies = 3;
	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_PING);
	t = order_transfer("Ali", "Ben", "1");
	engine_refused(bench.e, 0);
	bench_pass(BENCH_TIMEOUT - MSEC);
	expect_waiting(t);
	bench_pass(MSEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "No backend takes transfers; nothing was changed.");
	ck_assert_uint_eq(bench_info().serial, 3);
	for (size_t i = 0; i < BACKENDS; i++)
		ck_assert_uint_eq(bench.model[i].sent[FRAME_APPEND], 0);
}
END_TEST

START_TEST(each_outcome_is_counted)
{
	struct told *t;

	bench_open();
	t = order_transfer("Ali", "Ben", "1");
	(void)order_transfer("Ali", "Ali", "1");
	(void)order_transfer("Ali", "Ben", "0");
	bench_run();
	expect_done(t);
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_DONE], 1);
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_SELF], 1);
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_AMOUNT], 1);
}
END_TEST

static TCase *deadlines(void)
{
	TCase *c = tcase_create("deadlines");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, at_the_deadline_it_is_unknown);
	tcase_add_test(c, while_it_is_overdue_nothing_is_taken);
	tcase_add_test(c, a_batch_that_was_overdue_comes_through);
	tcase_add_test(c, the_id_of_an_overdue_order_is_still_unknown);
	tcase_add_test(c, what_was_behind_can_be_ordered_again);
	tcase_add_test(c, nobody_takes_it_is_unavailable);
	tcase_add_test(c, what_was_never_sent_is_unavailable);
	return c;
}

UNIT_SUITE(test_engine_commit);

Suite *test_engine_commit(void)
{
	Suite *s = suite_create("engine: commit");
	TCase *c = tcase_create("commit");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, nobody_is_answered_before_it_is_durable);
	tcase_add_test(c, one_batch_is_in_flight_and_the_rest_is_the_next);
	tcase_add_test(c, a_batch_says_how_much_the_block_holds);
	tcase_add_test(c, a_record_is_written_in_one_form);
	tcase_add_test(c, the_records_of_a_batch_hang_together);
	tcase_add_test(c, time_never_goes_back);
	tcase_add_test(c, an_answer_is_for_the_batch_in_flight);
	tcase_add_test(c, a_batch_has_so_many_bytes);
	tcase_add_test(c, the_longest_lines_fit_the_map_of_fragments);
	tcase_add_test(c, the_queue_has_an_end);
	tcase_add_test(c, each_outcome_is_counted);
	suite_add_tcase(s, c);
	suite_add_tcase(s, deadlines());
	return s;
}
