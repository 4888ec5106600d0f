/* SPDX-License-Identifier: MIT */
/*
 * A backend that the configuration has only since a reload, and one that comes
 * back with less than it had, before anybody missed it.
 */
#include "config.h"

#include "main/link.h"
#include "test_engine_bench.h"

#define NEW 2

/* Two backends with a record each; the third is not configured yet. */
static void open_two(void)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_line(2, "2 Ben Cem 20");
	bench.config.backends = NEW;
	bench_open();
	ck_assert_uint_eq(bench_info().backends, NEW);
}

static void add_third(void)
{
	engine_add_backend(bench.e, &bench.config.backend[NEW]);
	bench_run();
}

static void fill_the_others(void)
{
	for (size_t i = 0; i < NEW; i++)
		bench.model[i].full = true;
	bench_pass(LINK_PING_IDLE);
}

START_TEST(a_new_backend_takes_its_share)
{
	struct told *t;

	open_two();
	add_third();
	ck_assert_uint_eq(bench_info().backends, 3);
	expect_state(NEW, ENGINE_BACKEND_UP);
	ck_assert_str_eq(bench.log, "Backend C has joined.");
	ck_assert_uint_eq(bench.model[NEW].promised, 1);
	fill_the_others();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 3);
	ck_assert_str_eq(bench.home, "C");
	t = order_list(1, 10);
	bench_run();
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n3 Ali Ben 1\n");
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 2 -11\n");
}
END_TEST

/* Nobody waits for one that was never part of it. */
START_TEST(a_new_backend_that_is_silent_is_not_missed)
{
	struct told *t;

	open_two();
	bench.model[NEW].hold = HOLD_ALL;
	add_third();
	expect_state(NEW, ENGINE_BACKEND_WAITED_FOR);
	bench_pass(10 * SEC);
	ck_assert(bench_info().open);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 1 -10\n");
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 3);
	ck_assert_uint_eq(bench.model[NEW].sent[FRAME_APPEND], 0);
	/* It comes in the end. */
	bench_drop_all();
	bench.model[NEW].hold = 0;
	bench_pass(2 * SEC);
	expect_state(NEW, ENGINE_BACKEND_UP);
}
END_TEST

/* A list that was begun before has nothing to ask it for. */
START_TEST(what_is_under_way_goes_on_without_it)
{
	struct told *t;

	open_two();
	expect_balance("Ali", 990);
	for (size_t i = 0; i < NEW; i++)
		bench.model[i].hold = HOLD(FRAME_FETCH);
	t = order_list(1, 10);
	bench_run();
	add_third();
	expect_state(NEW, ENGINE_BACKEND_UP);
	for (int i = 0; i < NEW; i++)
		reply_model(bench_take(i, FRAME_FETCH));
	bench_run();
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n");
	ck_assert_uint_eq(bench.model[NEW].sent[FRAME_FETCH], 0);
}
END_TEST

/* Its records would have to be read and checked first. */
START_TEST(one_that_holds_records_waits_for_a_restart)
{
	struct told *t;

	open_two();
	model_add(NEW, "3 Cem Ali 5\n", 12);
	add_third();
	expect_state(NEW, ENGINE_BACKEND_WAITED_FOR);
	ck_assert_str_eq(bench.log, "Backend C is new and holds 1 transactions: "
				    "that needs a restart.");
	fill_the_others();
	t = order_transfer("Ali", "Ben", "1");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	t = order_list(1, 10);
	bench_run();
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n");
}
END_TEST

/* That is no sign that we were replaced. */
START_TEST(one_of_another_ledger_does_not_stop_us)
{
	unsigned logs;

	open_two();
	bench.model[NEW].promised = 77;
	add_third();
	ck_assert_int_eq(bench.stopped, -1);
	expect_state(NEW, ENGINE_BACKEND_WAITED_FOR);
	ck_assert_str_eq(bench.log,
			 "Backend C is new and has promised epoch 77 to another "
			 "main daemon: that needs a restart.");
	ck_assert_uint_eq(bench.model[NEW].sent[FRAME_CLAIM], 0);
	logs = bench.logs;
	bench_pass(3 * LINK_PING_IDLE);
	ck_assert_uint_eq(bench.logs, logs);
	expect_balance("Ali", 990);
}
END_TEST

/* Before it opens, all are asked alike. */
START_TEST(a_start_waits_for_it)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench.config.backends = NEW;
	bench.model[1].hold = HOLD(FRAME_PING);
	bench_start();
	bench.model[NEW].hold = HOLD(FRAME_PING);
	add_third();
	reply_model(bench_take(1, FRAME_PING));
	ck_assert(!bench_info().open);
	ck_assert_str_eq(bench_info().waiting_for, "C");
	bench.model[1].hold = 0;
	bench.model[NEW].hold = 0;
	reply_model(bench_take(NEW, FRAME_PING));
	bench_run();
	ck_assert(bench_info().open);
}
END_TEST

/* Killed, its files gone, started again: sooner than it was missed. */
static void forget_everything(unsigned backend)
{
	model_forget(backend);
	bench.model[backend].restarts++;
	bench.model[backend].promised = 0;
}

START_TEST(one_that_forgot_its_promise_too_is_not_believed)
{
	struct told *t;

	bench_open();
	forget_everything(1);
	t = order_stats("Ben");
	bench_run();
	expect_state(1, ENGINE_BACKEND_DOWN);
	ck_assert_str_eq(bench.log,
			 "Backend B has lost records: it had at least 1, up to "
			 "serial 2, and has 0, up to 0; it is not used until "
			 "they are back.");
	expect_waiting(t);
	bench_pass(LINK_PATIENCE);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	for (int i = 0; i < 20; i++) {
		t = order_transfer("Ali", "Ben", "1");
		bench_run();
		expect_done(t);
	}
	ck_assert_uint_eq(bench.model[1].sent[FRAME_APPEND], 0);
	t = order_list(1, 30);
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/* Its promise got lost on the way, and other answers came before the next. */
START_TEST(what_it_says_before_it_has_promised_is_not_believed)
{
	struct question *claim;
	struct question *late;
	struct told *t;

	bench_open();
	expect_balance("Ben", 990);
	bench.model[1].hold = HOLD(FRAME_STATS) | HOLD(FRAME_FETCH) |
			      HOLD(FRAME_CLAIM);
	t = order_stats("Ben");
	bench_run();
	late = bench_take(1, FRAME_STATS);
	forget_everything(1);
	/* Asked for something else, it says that it does not know us. */
	(void)order_list(1, 10);
	bench_run();
	reply_error(bench_take(1, FRAME_FETCH), MESSAGE_ERROR_UNCLAIMED);
	bench_run();
	claim = bench_take(1, FRAME_CLAIM);
	/* From here on it does, but nobody has heard it. */
	bench.model[1].promised = claim->f.epoch;
	reply_model(late);
	bench_run();
	expect_waiting(t);
	ck_assert_uint_eq(bench_held(1, FRAME_STATS), 0);
	reply_model(claim);
	bench_run();
	expect_state(1, ENGINE_BACKEND_DOWN);
	bench_pass(LINK_PATIENCE);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/* It had answered the ping, and lost its block before the claim. */
START_TEST(a_start_does_not_load_without_the_records)
{
	struct question *q;

	bench.model[1].hold = HOLD(FRAME_CLAIM);
	bench_start();
	q = bench_take(1, FRAME_CLAIM);
	forget_everything(1);
	reply_model(q);
	ck_assert(!bench_info().open);
	ck_assert_str_eq(bench_info().waiting_for, "B");
	bench.model[1].hold = 0;
	bench.model[1].restarts++;
	model_add(1, "2 Ben Cem 20\n", 13);
	bench_pass(LINK_PING_IDLE);
	ck_assert(bench_info().open);
	expect_balance("Ali", 995);
}
END_TEST

UNIT_SUITE(test_engine_join);

Suite *test_engine_join(void)
{
	Suite *s = suite_create("engine: join");
	TCase *c = tcase_create("join");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, a_new_backend_takes_its_share);
	tcase_add_test(c, a_new_backend_that_is_silent_is_not_missed);
	tcase_add_test(c, what_is_under_way_goes_on_without_it);
	tcase_add_test(c, one_that_holds_records_waits_for_a_restart);
	tcase_add_test(c, one_of_another_ledger_does_not_stop_us);
	tcase_add_test(c, a_start_waits_for_it);
	tcase_add_test(c, one_that_forgot_its_promise_too_is_not_believed);
	tcase_add_test(c, what_it_says_before_it_has_promised_is_not_believed);
	tcase_add_test(c, a_start_does_not_load_without_the_records);
	suite_add_tcase(s, c);
	return s;
}
