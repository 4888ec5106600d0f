/* SPDX-License-Identifier: MIT */
/*
 * The conversation with one backend: round trips, silence, signs of life.
 */
#include "config.h"

#include "main/link.h"

#include "test_engine_bench.h"

/* A question to all, and what A is asked held back. */
static struct told *ask_history(void)
{
	bench.model[0].hold = HOLD(FRAME_SUM);
	return order_history("Ali", 1, 10);
}

/* A PING of A is answered so much later. */
static void pong_after(int64_t usec)
{
	struct question *q;

	bench.model[0].hold = HOLD(FRAME_PING);
	bench_pass(LINK_PING_IDLE);
	q = bench_take(0, FRAME_PING);
	bench_sleep(q->at + usec - bench.now);
	reply_model(q);
	bench.model[0].hold = 0;
	bench_run();
}

START_TEST(measures_the_round_trip)
{
	bench.model[0].hold = HOLD(FRAME_PING);
	bench_start();
	bench_sleep(3 * MSEC);
	reply_model(bench_take(0, FRAME_PING));
	ck_assert_int_eq(bench_info().backend[0].round_trip, 3000);
}
END_TEST

START_TEST(smooths_the_round_trip)
{
	bench.model[0].hold = HOLD(FRAME_PING);
	bench_start();
	bench_sleep(8 * MSEC);
	/* The history is loaded in no time: an eighth less, once. */
	reply_model(bench_take(0, FRAME_PING));
	bench.model[0].hold = 0;
	bench_run();
	ck_assert(bench_info().open);
	ck_assert_int_eq(bench_info().backend[0].round_trip, 7001);
	pong_after(15 * MSEC);
	ck_assert_int_eq(bench_info().backend[0].round_trip, 8000);
}
END_TEST

START_TEST(an_answer_to_one_of_several_requests_measures_nothing)
{
	int64_t before;

	bench_open();
	before = bench_info().backend[0].round_trip;
	bench.model[0].hold = HOLD(FRAME_PING);
	bench_pass(LINK_PING_IDLE + 100 * MSEC);
	ck_assert_uint_ge(bench_held(0, FRAME_PING), 2);
	reply_model(bench_take(0, FRAME_PING));
	ck_assert_int_eq(bench_info().backend[0].round_trip, before);
}
END_TEST

START_TEST(asks_again_at_growing_intervals)
{
	int64_t at = 0;
	int64_t interval = 0;
	struct question *q;
	uint64_t number;

	bench_open();
	(void)ask_history();
	bench_pass(1900 * MSEC);
	q = bench_take(0, FRAME_SUM);
	number = q->f.request;
	at = q->at;
	ck_assert_uint_ge(bench_held(0, FRAME_SUM), 4);
	while (bench_held(0, FRAME_SUM)) {
		q = bench_take(0, FRAME_SUM);
		ck_assert_uint_eq(q->f.request, number);
		ck_assert_int_gt(q->at - at, interval);
		interval = q->at - at;
		at = q->at;
	}
	ck_assert_uint_gt(bench_info().datagrams_again, 0);
}
END_TEST

START_TEST(pings_an_idle_backend_once_a_minute)
{
	bench_open();
	bench_pass(LINK_PING_IDLE - MSEC);
	ck_assert_uint_eq(bench.model[1].sent[FRAME_PING], 1);
	bench_pass(MSEC);
	ck_assert_uint_eq(bench.model[1].sent[FRAME_PING], 2);
	bench_pass(LINK_PING_IDLE);
	ck_assert_uint_eq(bench.model[1].sent[FRAME_PING], 3);
}
END_TEST

/* The host is to sleep: no turn takes place for a ping that can wait. */
START_TEST(pings_an_idle_backend_by_the_way)
{
	bench_open();
	for (unsigned pings = 1; pings < 4; pings++) {
		bench_sleep(LINK_PING_PASSING - MSEC);
		bench_run();
		ck_assert_uint_eq(bench.model[1].sent[FRAME_PING], pings);
		bench_sleep(MSEC);
		bench_run();
		ck_assert_uint_eq(bench.model[1].sent[FRAME_PING], pings + 1);
		/* Nothing is left of it to be done, either. */
		ck_assert_int_ge(engine_next(bench.e) - bench.now,
				 LINK_PING_IDLE - MSEC);
	}
}
END_TEST

/* Whoever asks how things are is to see it, soon at least. */
START_TEST(looking_pings_who_was_silent_for_a_second)
{
	bench_open();
	bench_pass(LINK_PING_ASKED - MSEC);
	engine_look(bench.e);
	bench_run();
	ck_assert_uint_eq(bench.model[1].sent[FRAME_PING], 1);
	bench_pass(MSEC);
	engine_look(bench.e);
	engine_look(bench.e);
	bench_run();
	for (int i = 0; i < BACKENDS; i++)
		ck_assert_uint_eq(bench.model[i].sent[FRAME_PING], 2);
	/* It was heard of just now. */
	engine_look(bench.e);
	bench_pass(LINK_PING_IDLE - MSEC);
	ck_assert_uint_eq(bench.model[1].sent[FRAME_PING], 2);
}
END_TEST

START_TEST(looking_finds_who_is_gone)
{
	bench_open();
	bench_pass(3 * SEC);
	bench.model[1].hold = HOLD_ALL;
	engine_look(bench.e);
	ck_assert_int_eq(bench_info().backend[1].owing, 0);
	bench_pass(200 * MSEC);
	ck_assert_int_eq(bench_info().backend[1].owing, 200 * MSEC);
	ck_assert_int_ge(bench_info().backend[1].heard, 3 * SEC);
	expect_state(1, ENGINE_BACKEND_UP);
	bench_pass(LINK_DEAD_AFTER - 200 * MSEC);
	expect_state(1, ENGINE_BACKEND_DOWN);
	expect_state(0, ENGINE_BACKEND_UP);
}
END_TEST

START_TEST(looking_tells_one_that_was_replaced)
{
	bench_open();
	bench_pass(3 * SEC);
	bench.model[1].promised = bench_info().epoch + 1;
	engine_look(bench.e);
	bench_run();
	expect_stopped(ENGINE_STOP_FENCED, NULL);
	engine_look(bench.e);
}
END_TEST

START_TEST(is_down_after_two_seconds_of_silence)
{
	bench_open();
	(void)ask_history();
	bench.model[0].hold = HOLD_ALL;
	bench_pass(LINK_DEAD_AFTER - MSEC);
	expect_state(0, ENGINE_BACKEND_UP);
	bench_pass(2 * MSEC);
	expect_state(0, ENGINE_BACKEND_DOWN);
	ck_assert_str_eq(bench.log, "Backend A does not answer.");
	expect_state(1, ENGINE_BACKEND_UP);
}
END_TEST

START_TEST(is_not_down_while_anything_comes_from_it)
{
	bench_open();
	(void)ask_history();
	for (int i = 0; i < 20; i++) {
		bench_pass(200 * MSEC);
		expect_balance("Ali", 995);
	}
	expect_state(0, ENGINE_BACKEND_UP);
}
END_TEST

START_TEST(is_down_at_once_when_nobody_listens)
{
	unsigned changes;

	bench_open();
	changes = bench.changes;
	bench.model[0].hold = HOLD_ALL;
	engine_refused(bench.e, 0);
	expect_state(0, ENGINE_BACKEND_DOWN);
	ck_assert_uint_eq(bench.changes, changes + 1);
	/* Said once, however often it is. */
	engine_refused(bench.e, 0);
	ck_assert_uint_eq(bench.changes, changes + 1);
}
END_TEST

START_TEST(pings_while_it_is_down)
{
	struct question *q;
	int64_t at;

	bench_open();
	bench.model[0].hold = HOLD_ALL;
	engine_refused(bench.e, 0);
	bench_pass(20 * SEC);
	ck_assert_uint_ge(bench_held(0, FRAME_PING), 20);
	q = bench_take(0, FRAME_PING);
	ck_assert_int_eq(bench_peek(0, FRAME_PING)->at - q->at, LINK_PING_DOWN);
	for (at = q->at; bench_held(0, FRAME_PING); at = q->at) {
		q = bench_take(0, FRAME_PING);
		ck_assert_int_le(q->at - at, 1 * SEC);
		ck_assert_int_ge(q->at - at, 5 * MSEC);
	}
	reply_model(q);
	expect_state(0, ENGINE_BACKEND_UP);
	ck_assert_str_eq(bench.log, "Backend A is back.");
}
END_TEST

START_TEST(asks_what_waited_when_it_is_back)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995); /* and there are leases */
	bench.model[0].hold = HOLD_ALL;
	engine_refused(bench.e, 0);
	t = order_list(1, 10);
	bench_run();
	ck_assert_uint_eq(bench_held(0, FRAME_FETCH), 0);
	bench_pass(300 * MSEC);
	expect_waiting(t);
	bench.model[0].hold = 0;
	bench_run();
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n");
}
END_TEST

START_TEST(a_question_waits_a_second_for_a_backend_that_is_down)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD_ALL;
	engine_refused(bench.e, 0);
	t = order_list(1, 10);
	bench_pass(LINK_PATIENCE - MSEC);
	expect_waiting(t);
	bench_pass(MSEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Backend A does not answer, and without it the answer "
		       "would not be complete.");
	/* The next one need not wait at all. */
	expect_balance("Ali", 995);
	t = order_stats("Ali");
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	t = order_history("Ali", 2, 5);
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/* Its last serial lies below what it acknowledged: it lost its disk. */
START_TEST(does_not_use_a_backend_that_has_forgotten)
{
	unsigned logs;

	bench_open();
	bench.model[1].says_less = true;
	bench.model[1].less = 1;
	bench_pass(LINK_PING_IDLE);
	expect_state(1, ENGINE_BACKEND_DOWN);
	ck_assert_str_eq(bench.log,
			 "Backend B has lost records: it had at least 1, up to "
			 "serial 2, and has 1, up to 1; it is not used until "
			 "they are back.");
	logs = bench.logs;
	bench_pass(5 * LINK_PING_IDLE);
	ck_assert_uint_eq(bench.logs, logs);
	for (int i = 0; i < 20; i++) {
		struct told *t = order_transfer("Ali", "Ben", "1");

		bench_run();
		expect_done(t);
	}
	ck_assert_uint_eq(bench.model[1].sent[FRAME_APPEND], 0);
}
END_TEST

START_TEST(uses_it_again_when_the_records_are_back)
{
	struct told *t;

	bench_open();
	bench.model[1].says_less = true;
	bench.model[1].less = 1;
	bench_pass(LINK_PING_IDLE + LINK_PATIENCE);
	t = order_list(1, 3);
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	/* The same process cannot have found them. */
	bench.model[1].says_less = false;
	bench_pass(LINK_PING_IDLE);
	expect_state(1, ENGINE_BACKEND_DOWN);
	bench.model[1].restarts++;
	bench_pass(LINK_PING_IDLE);
	expect_state(1, ENGINE_BACKEND_UP);
	t = order_list(1, 3);
	bench_run();
	expect_done(t);
}
END_TEST

START_TEST(a_pong_from_before_the_last_batch_is_no_loss)
{
	struct question *q;
	struct told *t;

	bench.model[1].full = true;
	bench.model[2].full = true;
	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_PING);
	bench_pass(250 * MSEC);
	expect_balance("Ali", 995);
	q = bench_take(0, FRAME_PING);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 4);
	bench.model[0].says_less = true;
	bench.model[0].less = 1;
	reply_model(q);
	expect_state(0, ENGINE_BACKEND_UP);
	ck_assert_uint_eq(bench_info().backend[0].last_serial, 4);
}
END_TEST

START_TEST(asks_a_full_backend_each_second_for_room)
{
	bench_open();
	bench.model[2].full = true;
	bench_pass(LINK_PING_IDLE);
	expect_state(2, ENGINE_BACKEND_FULL);
	ck_assert_uint_eq(bench.model[2].sent[FRAME_PING], 2);
	bench_pass(3 * LINK_PING_FULL);
	ck_assert_uint_eq(bench.model[2].sent[FRAME_PING], 5);
	bench.model[2].full = false;
	bench_pass(LINK_PING_FULL);
	expect_state(2, ENGINE_BACKEND_UP);
}
END_TEST

START_TEST(says_that_it_is_not_understood)
{
	bench_open();
	(void)ask_history();
	bench_run();
	reply_error(bench_take(0, FRAME_SUM), MESSAGE_ERROR_MALFORMED);
	ck_assert_str_eq(bench.log,
			 "Backend A does not understand us: as the test "
			 "wants.");
	ck_assert_int_eq(bench.stopped, -1);
}
END_TEST

UNIT_SUITE(test_engine_link);

Suite *test_engine_link(void)
{
	Suite *s = suite_create("engine: link");
	TCase *c = tcase_create("link");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, measures_the_round_trip);
	tcase_add_test(c, smooths_the_round_trip);
	tcase_add_test(c,
		       an_answer_to_one_of_several_requests_measures_nothing);
	tcase_add_test(c, asks_again_at_growing_intervals);
	tcase_add_test(c, pings_an_idle_backend_once_a_minute);
	tcase_add_test(c, pings_an_idle_backend_by_the_way);
	tcase_add_test(c, looking_pings_who_was_silent_for_a_second);
	tcase_add_test(c, looking_finds_who_is_gone);
	tcase_add_test(c, looking_tells_one_that_was_replaced);
	tcase_add_test(c, is_down_after_two_seconds_of_silence);
	tcase_add_test(c, is_not_down_while_anything_comes_from_it);
	tcase_add_test(c, is_down_at_once_when_nobody_listens);
	tcase_add_test(c, pings_while_it_is_down);
	tcase_add_test(c, asks_what_waited_when_it_is_back);
	tcase_add_test(c, a_question_waits_a_second_for_a_backend_that_is_down);
	tcase_add_test(c, does_not_use_a_backend_that_has_forgotten);
	tcase_add_test(c, uses_it_again_when_the_records_are_back);
	tcase_add_test(c, a_pong_from_before_the_last_batch_is_no_loss);
	tcase_add_test(c, asks_a_full_backend_each_second_for_room);
	tcase_add_test(c, says_that_it_is_not_understood);
	suite_add_tcase(s, c);
	return s;
}
