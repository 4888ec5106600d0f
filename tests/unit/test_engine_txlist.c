/* SPDX-License-Identifier: MIT */
/*
 * The statement: written, made durable, or dropped.
 */
#include "config.h"

#include <errno.h>

#include "main/link.h"
#include "main/query.h"

#include "test_engine_bench.h"

static const char three[] = "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n";

static void expect_statement(const char *text)
{
	ck_assert_uint_eq(bench.statement.len, strlen(text));
	ck_assert_mem_eq(bench.statement.data, text, strlen(text));
}

START_TEST(all_transactions_are_written)
{
	struct told *t;

	bench_chain(&(struct history){ .on = 7,
				       .sender = "Ali",
				       .receiver = "Ben",
				       .amount = 1,
				       .id = "id-1" });
	bench_open();
	t = order_txlist();
	bench_run();
	expect_done(t);
	ck_assert_uint_eq(t->balance, 4);
	ck_assert_mem_eq(t->hash, bench.tip, CHAIN_HASH_SIZE);
	ck_assert_uint_eq(bench.committed, 1);
	ck_assert_uint_eq(bench.aborted, 0);
	expect_statement("1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n"
			 "4 Ali Ben 1\n");
	ck_assert_str_eq(bench.log, "Statement written to /tmp/statement: 4 "
				    "transactions.");
}
END_TEST

START_TEST(an_empty_statement_is_one)
{
	struct told *t;

	bench_forget_history();
	bench_open();
	t = order_txlist();
	bench_run();
	expect_done(t);
	ck_assert_uint_eq(t->balance, 0);
	ck_assert_uint_eq(bench.committed, 1);
	ck_assert_uint_eq(bench.statement.len, 0);
}
END_TEST

START_TEST(a_statement_that_cannot_be_begun)
{
	struct told *t;

	bench_open();
	bench.begin_error = -EACCES;
	t = order_txlist();
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "The statement could not be begun: Permission denied.");
	bench.begin_error = 0;
	t = order_txlist();
	bench_run();
	expect_done(t);
}
END_TEST

START_TEST(a_statement_that_cannot_be_written)
{
	bench_open();
	/* Each line is two writes. */
	for (unsigned i = 1; i <= 6; i++) {
		struct told *t;

		bench.writes = 0;
		bench.write_fails_at = i;
		t = order_txlist();
		bench_run();
		expect_refused(t, OUTCOME_UNAVAILABLE,
			       "The statement could not be written: No space "
			       "left on device.");
		ck_assert_uint_eq(bench.aborted, i);
	}
	ck_assert_uint_eq(bench.committed, 0);
}
END_TEST

START_TEST(a_statement_that_cannot_be_made_durable)
{
	struct told *t;

	bench_open();
	bench.commit_error = -EIO;
	t = order_txlist();
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "The statement could not be made durable: Input/output "
		       "error.");
	ck_assert_uint_eq(bench.aborted, 1);
}
END_TEST

START_TEST(a_statement_needs_everybody)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	bench.model[1].hold = HOLD_ALL;
	t = order_txlist();
	bench_run();
	engine_refused(bench.e, 1);
	bench_pass(SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	ck_assert_uint_eq(bench.aborted, 1);
}
END_TEST

START_TEST(a_statement_with_a_hole_is_an_integrity_fault)
{
	bench_open();
	buf_clear(&bench.model[2].lines);
	(void)order_txlist();
	bench_run();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "The blocks hold 2 transactions up to serial 3; 3 were "
		       "loaded.");
	ck_assert_uint_eq(bench.committed, 0);
}
END_TEST

START_TEST(two_are_written_one_after_the_other)
{
	struct told *first;
	struct told *second;

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	first = order_txlist();
	second = order_txlist();
	bench_run();
	ck_assert_uint_eq(bench.begun, 1);
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	reply_model(bench_take(0, FRAME_FETCH));
	expect_done(first);
	bench_run();
	expect_statement("");
	ck_assert_uint_eq(first->balance, 3);
	expect_waiting(second);
	ck_assert_uint_eq(bench.begun, 2);
	bench.model[0].hold = 0;
	bench_run();
	/* As of when its turn came. */
	expect_done(second);
	ck_assert_uint_eq(second->balance, 4);
	ck_assert_uint_eq(bench.committed, 2);
}
END_TEST

START_TEST(one_that_fails_does_not_stop_the_next)
{
	struct told *t[3];

	bench_open();
	expect_balance("Ali", 995);
	bench.write_fails_at = 1;
	for (size_t i = 0; i < ELEMENTS(t); i++)
		t[i] = order_txlist();
	bench_run();
	expect_refused(t[0], OUTCOME_UNAVAILABLE, NULL);
	expect_done(t[1]);
	expect_done(t[2]);
	expect_statement(three);
}
END_TEST

START_TEST(one_that_cannot_be_begun_does_not_stop_the_next)
{
	struct told *t[3];

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	for (size_t i = 0; i < ELEMENTS(t); i++)
		t[i] = order_txlist();
	bench_run();
	bench.begin_error = -EACCES;
	bench.model[0].hold = 0;
	bench_run();
	expect_done(t[0]);
	bench_pass(30 * SEC);
	expect_refused(t[1], OUTCOME_UNAVAILABLE, NULL);
	expect_refused(t[2], OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/* No client can starve another. */
START_TEST(statements_that_wait_keep_no_question_from_its_turn)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	for (size_t i = 0; i < QUERIES_ACTIVE_MAX; i++)
		(void)order_txlist();
	bench_run();
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 1 -10\nCem 1 5\n");
}
END_TEST

START_TEST(at_the_end_it_is_dropped)
{
	bench_open();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	(void)order_txlist();
	(void)order_txlist();
	bench_run();
	bench.e = engine_free(bench.e);
	ck_assert_uint_eq(bench.begun, 1);
	ck_assert_uint_eq(bench.aborted, 1);
	ck_assert_uint_eq(bench.turns, 0);
}
END_TEST

/* --- The disk takes its time */

static void expect_transfer(void)
{
	struct told *t = order_transfer("Ali", "Ben", "1");

	bench_run();
	expect_done(t);
}

START_TEST(others_go_on_while_it_is_made_durable)
{
	struct told *first;
	struct told *second;

	bench_open();
	bench.commit_error = -EINPROGRESS;
	first = order_txlist();
	second = order_txlist();
	bench_run();
	expect_transfer();
	bench_pass(10 * SEC);
	expect_transfer();
	expect_waiting(first);
	ck_assert_uint_eq(bench.begun, 1);

	engine_statement_committed(bench.e, 0);
	expect_done(first);
	ck_assert_uint_eq(first->balance, 3);
	bench.commit_error = 0;
	bench_run();
	expect_done(second);
	ck_assert_uint_eq(second->balance, 5);
	ck_assert_uint_eq(bench.aborted, 0);
}
END_TEST

START_TEST(a_slow_one_that_cannot_be_made_durable)
{
	struct told *t;

	bench_open();
	bench.commit_error = -EINPROGRESS;
	t = order_txlist();
	bench_run();
	ck_assert_uint_eq(bench.aborted, 0);
	engine_statement_committed(bench.e, -EIO);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "The statement could not be made durable: Input/output "
		       "error.");
	ck_assert_uint_eq(bench.aborted, 1);
	bench.commit_error = 0;
	t = order_txlist();
	bench_run();
	expect_done(t);
}
END_TEST

/* It is being synced elsewhere, and whole. */
START_TEST(at_the_end_a_slow_one_is_left_alone)
{
	bench_open();
	bench.commit_error = -EINPROGRESS;
	(void)order_txlist();
	bench_run();
	bench.e = engine_free(bench.e);
	ck_assert_uint_eq(bench.begun, 1);
	ck_assert_uint_eq(bench.aborted, 0);
}
END_TEST

START_TEST(nobody_is_told_of_a_slow_one_after_the_end)
{
	struct told *t;

	bench_open();
	bench.commit_error = -EINPROGRESS;
	t = order_txlist();
	bench_run();
	bench.model[1].promised = 2;
	bench_pass(LINK_PING_IDLE);
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_FENCED);
	engine_statement_committed(bench.e, 0);
	expect_waiting(t);
}
END_TEST

UNIT_SUITE(test_engine_txlist);

Suite *test_engine_txlist(void)
{
	Suite *s = suite_create("engine: txlist");
	TCase *c = tcase_create("txlist");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, all_transactions_are_written);
	tcase_add_test(c, an_empty_statement_is_one);
	tcase_add_test(c, a_statement_that_cannot_be_begun);
	tcase_add_test(c, a_statement_that_cannot_be_written);
	tcase_add_test(c, a_statement_that_cannot_be_made_durable);
	tcase_add_test(c, a_statement_needs_everybody);
	tcase_add_test(c, a_statement_with_a_hole_is_an_integrity_fault);
	tcase_add_test(c, two_are_written_one_after_the_other);
	tcase_add_test(c, one_that_fails_does_not_stop_the_next);
	tcase_add_test(c, one_that_cannot_be_begun_does_not_stop_the_next);
	tcase_add_test(c, statements_that_wait_keep_no_question_from_its_turn);
	tcase_add_test(c, at_the_end_it_is_dropped);
	tcase_add_test(c, others_go_on_while_it_is_made_durable);
	tcase_add_test(c, a_slow_one_that_cannot_be_made_durable);
	tcase_add_test(c, at_the_end_a_slow_one_is_left_alone);
	tcase_add_test(c, nobody_is_told_of_a_slow_one_after_the_end);
	suite_add_tcase(s, c);
	return s;
}
