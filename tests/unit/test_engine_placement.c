/* SPDX-License-Identifier: MIT */
/*
 * Where a batch goes: fragments, repetitions, another backend for one that
 * does not take it, and what questions must say of it afterwards.
 */
#include "config.h"

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

/* One batch of @count transfers with long memos, in datagrams of 1,200. */
static void send_long_batch(unsigned count, uint32_t window)
{
	char memo[161];

	memset(memo, 'm', 160);
	memo[160] = '\0';
	for (size_t i = 0; i < BACKENDS; i++) {
		bench.config.backend[i].room = FRAME_SIZE_MIN;
		bench.config.backend[i].window = window;
	}
	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	for (unsigned i = 0; i < count; i++)
		(void)order_with("Ali", "Ben", "1", "", memo);
	bench_flush();
}

START_TEST(a_batch_goes_in_fragments_of_whole_lines)
{
	struct buf lines = { 0 };
	const char *at;
	unsigned n = 0;

	send_long_batch(20, 212992);
	ck_assert_uint_gt(bench_held(-1, FRAME_APPEND), 5);
	for (unsigned i = 0, count = (unsigned)bench_held(-1, FRAME_APPEND);
	     i < count; i++) {
		struct question *q = bench_take(-1, FRAME_APPEND);
		struct message_append m = asked_append(q);

		ck_assert_uint_eq(q->f.position, i);
		ck_assert_uint_eq(m.fragments, count);
		ck_assert_uint_eq(m.records, 20);
		ck_assert_uint_eq(m.first, 4);
		ck_assert_int_eq(m.acknowledge, i + 1 == count);
		ck_assert_int_eq(buf_add(&lines, m.lines.p, m.lines.len), 0);
	}
	at = (const char *)lines.data;
	for (const char *p = at; p < at + lines.len; p++)
		n += *p == '\n';
	ck_assert_uint_eq(n, 20);
	ck_assert(slice_equal((struct slice){ at, 2 }, slice_of("4 ")));
	buf_done(&lines);
}
END_TEST

START_TEST(only_what_is_missing_is_sent_again)
{
	struct question *q = NULL;
	size_t count;
	char missing[64] = "";

	send_long_batch(20, 212992);
	count = bench_held(-1, FRAME_APPEND);
	ck_assert_uint_lt(count, sizeof(missing));
	memset(missing, '0', count);
	missing[1] = missing[count - 2] = '1';
	for (size_t i = 0; i < count; i++)
		q = bench_take(-1, FRAME_APPEND);
	reply_missing(q, missing);
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 2);
	q = bench_take((int)q->backend, FRAME_APPEND);
	ck_assert_uint_eq(q->f.position, 1);
	ck_assert(!asked_append(q).acknowledge);
	q = bench_take((int)q->backend, FRAME_APPEND);
	ck_assert_uint_eq(q->f.position, count - 2);
	ck_assert(asked_append(q).acknowledge);
	/* A map of another size says nothing. */
	missing[count - 1] = '\0';
	reply_missing(q, missing);
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 0);
}
END_TEST

START_TEST(not_more_is_sent_than_the_window_holds)
{
	struct question *q;
	size_t count;

	/* Three fragments of some 1,100 bytes and what they cost besides. */
	send_long_batch(20, 3 * (1136 + 1024));
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 3);
	(void)bench_take(-1, FRAME_APPEND);
	(void)bench_take(-1, FRAME_APPEND);
	q = bench_take(-1, FRAME_APPEND);
	ck_assert(asked_append(q).acknowledge);
	count = asked_append(q).fragments;
	ck_assert_uint_gt(count, 4);
	release();
	bench_run();
	ck_assert_uint_eq(bench_info().serial, 3);
	hold_batches();
	{
		char missing[64] = "";

		memset(missing, '1', count);
		memset(missing, '0', 3);
		reply_missing(q, missing);
	}
	ck_assert_uint_eq(bench_peek(-1, FRAME_APPEND)->f.position, 3);
}
END_TEST

START_TEST(a_window_of_one_datagram_is_enough)
{
	send_long_batch(20, 1);
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 1);
	release();
	bench_pass(SEC);
	ck_assert_uint_eq(bench_info().serial, 23);
	for (unsigned i = 0; i < 20; i++)
		expect_serial(&bench.told[i + 1], 4 + i);
}
END_TEST

START_TEST(all_there_but_not_durable_is_asked_for_again)
{
	struct question *q;

	bench_open();
	hold_batches();
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	q = bench_take(-1, FRAME_APPEND);
	reply_missing(q, "0");
	/* The acknowledgement is lost; something else keeps the link alive. */
	for (int i = 0; i < 12; i++) {
		bench_pass(300 * MSEC);
		expect_balance("Ali", 995);
	}
	ck_assert_uint_gt(bench_held((int)q->backend, FRAME_APPEND), 0);
}
END_TEST

START_TEST(a_batch_is_sent_again_at_growing_intervals)
{
	struct question *q;
	int64_t interval = 0;
	uint64_t number;
	int64_t at;

	bench_open();
	hold_batches();
	(void)order_transfer("Ali", "Ben", "1");
	bench_pass(1900 * MSEC);
	q = bench_take(-1, FRAME_APPEND);
	number = q->f.request;
	at = q->at;
	ck_assert_uint_ge(bench_held((int)q->backend, FRAME_APPEND), 3);
	while (bench_held((int)q->backend, FRAME_APPEND)) {
		q = bench_take((int)q->backend, FRAME_APPEND);
		ck_assert_uint_eq(q->f.request, number);
		ck_assert_int_gt(q->at - at, interval);
		interval = q->at - at;
		at = q->at;
	}
}
END_TEST

START_TEST(batches_go_to_all_backends)
{
	bench_open();
	for (unsigned i = 0; i < 60; i++) {
		struct told *t = order_transfer("Ali", "Ben", "1");

		bench_run();
		expect_done(t);
	}
	for (size_t i = 0; i < BACKENDS; i++)
		ck_assert_uint_gt(bench.model[i].sent[FRAME_APPEND], 5);
}
END_TEST

/* A batch in flight that nobody has answered; who was asked. */
static struct question *begin(struct told **ret)
{
	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	*ret = order_transfer("Ali", "Ben", "1");
	bench_run();
	return bench_take(-1, FRAME_APPEND);
}

START_TEST(another_gets_it_when_one_is_gone)
{
	struct question *first;
	struct question *second;
	struct told *t;

	first = begin(&t);
	engine_refused(bench.e, first->backend);
	second = bench_take(-1, FRAME_APPEND);
	ck_assert_uint_ne(first->backend, second->backend);
	ck_assert_uint_ne(first->f.request, second->f.request);
	ck_assert(slice_equal(asked_append(first).lines,
			      asked_append(second).lines));
	expect_waiting(t);
	reply_appended(second);
	expect_serial(t, 4);
	/* The first one had it after all: too late. */
	reply_appended(first);
	ck_assert_uint_eq(t->times, 1);
	ck_assert_uint_eq(bench_info().datagrams_dropped, 1);
}
END_TEST

START_TEST(another_gets_it_after_a_silence)
{
	struct question *first;
	struct told *t;

	first = begin(&t);
	bench.model[first->backend].hold = HOLD_ALL;
	bench_pass(2 * SEC - MSEC);
	for (unsigned i = 0; i < BACKENDS; i++)
		if (i != first->backend)
			ck_assert_uint_eq(bench.model[i].sent[FRAME_APPEND], 0);
	bench_pass(2 * MSEC);
	expect_state(first->backend, ENGINE_BACKEND_DOWN);
	bench_drop_all();
	release();
	bench.model[first->backend].hold = HOLD_ALL;
	bench_pass(SEC);
	expect_serial(t, 4);
}
END_TEST

/* What a question says of serial 4 to @backend: -1 nothing, 0 leave, 1 take. */
static int says(const struct message_filter *f)
{
	ck_assert(!f->everything);
	if (!f->ranges)
		return -1;
	ck_assert_uint_eq(f->ranges, 1);
	ck_assert_uint_eq(f->range[0].from, 4);
	ck_assert_uint_eq(f->range[0].to, 4);
	return f->range[0].take;
}

static void expect_filters(unsigned failed, unsigned holder)
{
	const uint32_t questions =
		HOLD(FRAME_STATS) | HOLD(FRAME_SUM) | HOLD(FRAME_FETCH);

	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = questions;
	(void)order_stats("Ali");
	(void)order_history("Ali", 5, 10);
	(void)order_list(1, 10);
	bench_run();
	for (unsigned i = 0; i < BACKENDS; i++) {
		int expected = i == failed ? 0 : i == holder ? 1 : -1;
		struct message_fetch f =
			asked_fetch(bench_take((int)i, FRAME_FETCH));
		struct message_stats s =
			asked_stats(bench_take((int)i, FRAME_STATS));
		struct message_sum m = asked_sum(bench_take((int)i, FRAME_SUM));

		ck_assert_int_eq(says(&f.filter), expected);
		ck_assert_int_eq(says(&s.filter), expected);
		ck_assert_int_eq(says(&m.filter), expected);
	}
}

START_TEST(questions_name_what_may_be_on_two)
{
	struct question *first;
	struct question *second;
	struct told *t;

	first = begin(&t);
	engine_refused(bench.e, first->backend);
	second = bench_take(-1, FRAME_APPEND);
	reply_model(second);
	release();
	bench_pass(SEC);
	/* So that a history can begin behind it. */
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 5);
	expect_filters(first->backend, second->backend);
}
END_TEST

START_TEST(what_is_on_two_counts_once)
{
	struct question *first;
	struct told *t;

	first = begin(&t);
	engine_refused(bench.e, first->backend);
	reply_model(bench_take(-1, FRAME_APPEND));
	/* Its disk had it, only the answer was lost. */
	bench.model[first->backend].hold = HOLD_ALL;
	reply_model(first);
	release();
	bench_pass(SEC);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 2 -11\nCem 1 5\n");
	t = order_list(1, 10);
	bench_run();
	expect_text(t,
		    "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n4 Ali Ben 1\n");
	t = order_history("Ali", 4, 10);
	bench_run();
	expect_text(t, "4 Ali Ben 1 =994\n");
}
END_TEST

START_TEST(the_same_one_again_is_nothing_irregular)
{
	struct question *q;
	struct told *t;

	for (unsigned i = 1; i < BACKENDS; i++)
		bench.model[i].full = true;
	q = begin(&t);
	ck_assert_uint_eq(q->backend, 0);
	engine_refused(bench.e, 0);
	bench_pass(100 * MSEC);
	q = bench_take(0, FRAME_APPEND);
	reply_model(q);
	expect_serial(t, 4);
	release();
	bench.model[0].hold = HOLD(FRAME_STATS);
	(void)order_stats("Ali");
	bench_run();
	ck_assert_uint_eq(asked_stats(bench_take(0, FRAME_STATS)).filter.ranges,
			  0);
}
END_TEST

START_TEST(a_full_one_hands_it_on)
{
	struct question *first;
	struct question *second;
	struct told *t;

	first = begin(&t);
	bench.model[first->backend].full = true;
	reply_error(first, MESSAGE_ERROR_FULL);
	expect_state(first->backend, ENGINE_BACKEND_FULL);
	second = bench_take(-1, FRAME_APPEND);
	ck_assert_uint_ne(first->backend, second->backend);
	reply_model(second);
	expect_done(t);
	release();
	for (unsigned i = 0; i < 30; i++) {
		t = order_transfer("Ali", "Ben", "1");
		bench_run();
		expect_done(t);
	}
	ck_assert_uint_eq(bench.model[first->backend].sent[FRAME_APPEND], 1);
	/* It answers questions all the same. */
	t = order_list(1, 3);
	bench_run();
	expect_done(t);
}
END_TEST

START_TEST(a_full_one_takes_batches_when_there_is_room)
{
	struct question *first;
	struct told *t;
	unsigned was;

	first = begin(&t);
	reply_error(first, MESSAGE_ERROR_FULL);
	release();
	bench_pass(2 * SEC);
	expect_state(first->backend, ENGINE_BACKEND_UP);
	was = bench.model[first->backend].sent[FRAME_APPEND];
	for (unsigned i = 0; i < 30; i++) {
		t = order_transfer("Ali", "Ben", "1");
		bench_run();
		expect_done(t);
	}
	ck_assert_uint_gt(bench.model[first->backend].sent[FRAME_APPEND], was);
}
END_TEST

/* All are full in the middle of a batch: it goes on when one has room. */
START_TEST(a_batch_that_found_no_room_goes_on_when_there_is_some)
{
	struct question *q;
	struct told *t;

	q = begin(&t);
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].full = true;
	reply_error(q, MESSAGE_ERROR_FULL);
	reply_error(bench_take(-1, FRAME_APPEND), MESSAGE_ERROR_FULL);
	reply_error(bench_take(-1, FRAME_APPEND), MESSAGE_ERROR_FULL);
	bench_run();
	for (unsigned i = 0; i < BACKENDS; i++)
		expect_state(i, ENGINE_BACKEND_FULL);
	expect_waiting(t);
	release();
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].full = false;
	bench_pass(2500 * MSEC);
	expect_serial(t, 4);
}
END_TEST

/* The same for the only one with room, which seemed to have lost its disk. */
START_TEST(a_batch_goes_on_when_the_records_are_back)
{
	struct told *t;

	bench.model[1].full = true;
	bench.model[2].full = true;
	(void)begin(&t);
	bench.model[0].says_less = true;
	bench.model[0].less = 0;
	engine_refused(bench.e, 0);
	release();
	bench_pass(SEC);
	expect_state(0, ENGINE_BACKEND_DOWN);
	ck_assert_uint_eq(bench_info().serial, 3);
	bench.model[0].says_less = false;
	bench.model[0].restarts++;
	bench_pass(15 * SEC);
	expect_state(0, ENGINE_BACKEND_UP);
	ck_assert_uint_eq(bench_info().serial, 4);
}
END_TEST

START_TEST(a_conflict_is_an_integrity_fault)
{
	struct question *q;
	struct told *t;

	q = begin(&t);
	reply_error(q, MESSAGE_ERROR_CONFLICT);
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_INTEGRITY);
	ck_assert_ptr_nonnull(strstr(bench.stop,
				     "holds other records past serial 4: as "
				     "the test wants"));
	expect_waiting(t);
}
END_TEST

START_TEST(an_unclaimed_one_is_claimed_and_gets_it_again)
{
	struct question *q;
	struct told *t;

	q = begin(&t);
	reply_error(q, MESSAGE_ERROR_UNCLAIMED);
	bench_run();
	ck_assert_uint_eq(bench.model[q->backend].sent[FRAME_CLAIM], 2);
	release();
	bench_pass(SEC);
	expect_serial(t, 4);
}
END_TEST

UNIT_SUITE(test_engine_placement);

Suite *test_engine_placement(void)
{
	Suite *s = suite_create("engine: placement");
	TCase *c = tcase_create("placement");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, a_batch_goes_in_fragments_of_whole_lines);
	tcase_add_test(c, only_what_is_missing_is_sent_again);
	tcase_add_test(c, not_more_is_sent_than_the_window_holds);
	tcase_add_test(c, a_window_of_one_datagram_is_enough);
	tcase_add_test(c, all_there_but_not_durable_is_asked_for_again);
	tcase_add_test(c, a_batch_is_sent_again_at_growing_intervals);
	tcase_add_test(c, batches_go_to_all_backends);
	tcase_add_test(c, another_gets_it_when_one_is_gone);
	tcase_add_test(c, another_gets_it_after_a_silence);
	tcase_add_test(c, questions_name_what_may_be_on_two);
	tcase_add_test(c, what_is_on_two_counts_once);
	tcase_add_test(c, the_same_one_again_is_nothing_irregular);
	tcase_add_test(c, a_full_one_hands_it_on);
	tcase_add_test(c, a_full_one_takes_batches_when_there_is_room);
	tcase_add_test(c,
		       a_batch_that_found_no_room_goes_on_when_there_is_some);
	tcase_add_test(c, a_batch_goes_on_when_the_records_are_back);
	tcase_add_test(c, a_conflict_is_an_integrity_fault);
	tcase_add_test(c, an_unclaimed_one_is_claimed_and_gets_it_again);
	suite_add_tcase(s, c);
	return s;
}
