/* SPDX-License-Identifier: MIT */
/*
 * The start: everybody is asked, an epoch is claimed, the history is loaded
 * and believed only if all of it follows.
 */
#include "config.h"

#include "main/link.h"

#include "test_engine_bench.h"

START_TEST(asks_everybody_before_it_claims)
{
	struct told *t;

	bench.model[1].hold = HOLD(FRAME_PING);
	bench_start();
	ck_assert_uint_eq(bench_held(-1, FRAME_CLAIM), 0);
	ck_assert_str_eq(bench_info().waiting_for, "B");
	expect_state(0, ENGINE_BACKEND_UP);
	expect_state(1, ENGINE_BACKEND_WAITED_FOR);
	t = order_balance("Ali");
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "The ledger is not open yet: waiting for backend B.");

	bench.model[1].hold = 0;
	bench_run();
	ck_assert(bench_info().open);
	ck_assert_ptr_null(bench_info().waiting_for);
}
END_TEST

START_TEST(claims_one_more_than_anybody_promised)
{
	bench.model[0].promised = 3;
	bench.model[1].promised = 9;
	bench.model[2].promised = 4;
	bench_open();
	ck_assert_uint_eq(bench_info().epoch, 10);
	for (int i = 0; i < BACKENDS; i++)
		ck_assert_uint_eq(bench.model[i].promised, 10);
}
END_TEST

START_TEST(waits_for_the_promise_of_everybody)
{
	bench.model[2].hold = HOLD(FRAME_CLAIM);
	bench_start();
	ck_assert_uint_eq(bench_held(-1, FRAME_FETCH), 0);
	expect_refused(order_transfer("Ali", "Ben", "1"), OUTCOME_UNAVAILABLE,
		       "The ledger is not open yet: waiting for backend C.");
	/* Asked as long as it takes. */
	bench_pass(60 * SEC);
	ck_assert_uint_gt(bench_held(2, FRAME_CLAIM), 5);
	bench.model[2].hold = 0;
	bench_pass(10 * SEC);
	ck_assert(bench_info().open);
}
END_TEST

START_TEST(says_that_it_loads)
{
	bench.model[0].hold = HOLD(FRAME_FETCH);
	bench_start();
	expect_refused(order_balance("Ali"), OUTCOME_UNAVAILABLE,
		       "The ledger is not open yet: its history is being "
		       "loaded.");
	expect_refused(order_list(1, 10), OUTCOME_UNAVAILABLE, NULL);
	bench_pass(30 * SEC);
	ck_assert(!bench_info().open);
}
END_TEST

START_TEST(opens_an_empty_ledger)
{
	struct told *t;

	bench_forget_history();
	bench_open();
	ck_assert_uint_eq(bench_info().serial, 0);
	ck_assert_uint_eq(bench_info().users, 0);
	t = order_tip();
	bench_run();
	expect_serial(t, 0);
	ck_assert_mem_eq(t->hash, chain_origin, CHAIN_HASH_SIZE);
}
END_TEST

START_TEST(merges_pages_of_all_backends)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].page = i + 1;
	for (unsigned i = 0; i < 200; i++)
		bench_chain(&(struct history){ .on = 1u << i * 7 % 5 % 3,
					       .sender = "Ali",
					       .receiver = "Cem",
					       .amount = 1 });
	bench_open();
	ck_assert_uint_eq(bench_info().serial, 203);
	ck_assert_mem_eq(bench_info().tip, bench.tip, CHAIN_HASH_SIZE);
	ck_assert_int_eq(bench_info().time, bench.time);
	ck_assert_uint_eq(bench_info().users, 3);
	ck_assert_uint_eq(bench_info().coins, 3000);
	expect_balance("Ali", 795);
	expect_balance("Cem", 1215);
}
END_TEST

START_TEST(fetches_from_the_tip_of_the_page_before)
{
	struct question *q;

	bench.model[0].hold = HOLD(FRAME_FETCH);
	bench_start();
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).after, 0);
	ck_assert(asked_fetch(q).filter.everything);
	ck_assert_uint_eq(asked_fetch(q).room, 1400);
	reply_page(q, (struct page){ 0, 1, .last = true,
				     .lines = "1 Ali Ben 10\n" });
	bench_run();
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).after, 1);
	reply_page(q, (struct page){ 1, INT64_MAX, .end = true, .last = true,
				     .lines = "" });
	bench_run();
	ck_assert(bench_info().open);
}
END_TEST

START_TEST(takes_identical_doubles_once)
{
	bench_chain(&(struct history){
		.on = 7, .sender = "Ali", .receiver = "Ben", .amount = 100 });
	bench_open();
	ck_assert_uint_eq(bench_info().serial, 4);
	expect_balance("Ali", 895);
}
END_TEST

START_TEST(refuses_a_chain_that_does_not_follow)
{
	bench.tip[0] ^= 1;
	bench_chain(&(struct history){
		.on = 2, .sender = "Ali", .receiver = "Ben", .amount = 1 });
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 4 (backend B): its hash does not follow from "
		       "the record before it.");
}
END_TEST

START_TEST(refuses_contradicting_doubles)
{
	model_add(2, "2 Ben Cem 21\n", 13);
	bench.model[2].lines.len = 0;
	model_add(2, "2 Ben Cem 21\n3 Cem Ali 5\n", 25);
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 2 has different contents on backends B and C.");
}
END_TEST

START_TEST(refuses_a_history_that_overdraws)
{
	bench_line(1, "4 Ali Ben 5000");
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 4 (backend A): its sender has too few coins for "
		       "it.");
}
END_TEST

START_TEST(refuses_a_hole_among_chained_records)
{
	bench_chain(&(struct history){
		.on = 1, .sender = "Ali", .receiver = "Ben", .amount = 1 });
	bench.serial++;
	bench_chain(&(struct history){
		.on = 4, .sender = "Ali", .receiver = "Ben", .amount = 1 });
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 6 (backend C): records are missing before it; "
		       "serial 5 is on no backend that answers.");
}
END_TEST

START_TEST(refuses_time_that_goes_back)
{
	const struct history h = {
		.on = 1, .sender = "Ali", .receiver = "Ben", .amount = 1
	};

	bench_chain(&h);
	bench.time--;
	bench_chain(&h);
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 5 (backend A): its time lies before that of an "
		       "earlier record.");
}
END_TEST

START_TEST(refuses_what_is_no_record)
{
	bench.model[1].hold = HOLD(FRAME_FETCH);
	bench_start();
	reply_page(bench_take(1, FRAME_FETCH),
		   (struct page){ 0, INT64_MAX, .end = true, .last = true,
				  .lines = "2 Ben Cem\n" });
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_INTEGRITY);
}
END_TEST

START_TEST(tells_nobody_anything_once_stopped)
{
	bench_line(1, "4 Ali Ben 5000");
	bench_start();
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_INTEGRITY);
	bench.now += 100 * SEC;
	engine_time(bench.e, bench.now, bench.wall);
	engine_flush(bench.e);
	engine_refused(bench.e, 0);
	ck_assert_int_eq(engine_next(bench.e), INT64_MAX);
}
END_TEST

START_TEST(is_read_only_over_a_gap)
{
	struct told *t;

	bench_line(1, "6 Ali Ben 1");
	bench_open();
	ck_assert(bench_info().readonly);
	ck_assert_uint_eq(bench_info().gaps, 2);
	expect_balance("Ali", 994);
	t = order_transfer("Ali", "Ben", "1");
	expect_refused(t, OUTCOME_READONLY,
		       "Serial 4 is missing, so the ledger is closed for "
		       "transfers until its administrator accepts the gap.");
	expect_refused(order_open("Dan", ""), OUTCOME_READONLY, NULL);
	t = order_list(1, 10);
	bench_run();
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n"
		       "6 Ali Ben 1\n");
}
END_TEST

START_TEST(takes_transfers_over_an_accepted_gap)
{
	struct told *t;

	bench_line(1, "6 Ali Ben 1");
	bench_open();
	engine_reconfigure(bench.e, BENCH_TIMEOUT, true, &bench.config.key);
	ck_assert(!bench_info().readonly);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 7);
}
END_TEST

START_TEST(ends_when_a_claim_is_fenced)
{
	bench.model[1].hold = HOLD(FRAME_CLAIM);
	bench_start();
	bench.model[1].promised = 8;
	reply_error(bench_take(1, FRAME_CLAIM), MESSAGE_ERROR_FENCED);
	expect_stopped(ENGINE_STOP_FENCED,
		       "Backend B refuses epoch 1: it has promised 8 to "
		       "another main daemon.");
}
END_TEST

START_TEST(ends_when_a_question_is_fenced)
{
	bench_open();
	bench.model[2].hold = HOLD(FRAME_FETCH);
	(void)order_list(1, 10);
	bench_run();
	bench.model[2].promised = 2;
	reply_error(bench_take(2, FRAME_FETCH), MESSAGE_ERROR_FENCED);
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_FENCED);
}
END_TEST

START_TEST(ends_when_a_pong_tells_of_a_higher_epoch)
{
	bench_open();
	bench.model[1].promised = 2;
	bench_pass(LINK_PING_IDLE);
	expect_stopped(ENGINE_STOP_FENCED,
		       "Backend B has promised epoch 2 to another main daemon, "
		       "ours is 1.");
}
END_TEST

START_TEST(claims_again_while_another_has_a_lease)
{
	bench.model[0].hold = HOLD(FRAME_CLAIM);
	bench_start();
	for (int i = 0; i < 3; i++) {
		reply_error(bench_take(0, FRAME_CLAIM), MESSAGE_ERROR_LEASED);
		ck_assert_int_eq(bench.stopped, -1);
		bench_drop_all();
		bench_pass(300 * MSEC);
		ck_assert_uint_ge(bench_held(0, FRAME_CLAIM), 1);
	}
	ck_assert(!bench_info().open);
	bench.model[0].hold = 0;
	bench_run();
	ck_assert(bench_info().open);
}
END_TEST

START_TEST(claims_anew_where_it_was_forgotten)
{
	struct question *q;
	struct told *t;

	bench_open();
	bench.model[2].hold = HOLD(FRAME_FETCH) | HOLD(FRAME_CLAIM);
	t = order_list(1, 10);
	bench_run();
	reply_error(bench_take(2, FRAME_FETCH), MESSAGE_ERROR_UNCLAIMED);
	bench_flush();
	q = bench_take(2, FRAME_CLAIM);
	ck_assert_uint_eq(q->f.epoch, 1);
	reply_model(q);
	bench.model[2].hold = 0;
	bench_pass(SEC);
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n");
}
END_TEST

/* It is up, and will be claimed in a moment: no reason to be unavailable. */
START_TEST(questions_wait_while_it_claims_anew)
{
	struct told *first;
	struct told *second;

	bench_open();
	bench.model[2].hold = HOLD(FRAME_FETCH) | HOLD(FRAME_CLAIM);
	first = order_list(1, 10);
	bench_run();
	reply_error(bench_take(2, FRAME_FETCH), MESSAGE_ERROR_UNCLAIMED);
	second = order_list(1, 10);
	bench_run();
	expect_waiting(second);
	bench.model[2].hold = 0;
	bench_pass(SEC);
	expect_done(first);
	expect_done(second);
}
END_TEST

START_TEST(a_late_pong_of_an_older_epoch_does_no_harm)
{
	struct question *q;
	struct told *t;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_PING);
	bench.model[1].no_lease = true;
	bench.model[2].no_lease = true;
	t = order_balance("Ali");
	bench_run();
	reply_pong(bench_take(0, FRAME_PING), 0, true);
	bench_flush();
	ck_assert_int_eq(bench.stopped, -1);
	/* A lease of another epoch is none of ours. */
	expect_waiting(t);
	bench.model[0].hold = 0;
	bench.model[1].no_lease = false;
	bench_run();
	q = bench_peek(0, FRAME_CLAIM);
	ck_assert_ptr_null(q);
	expect_state(0, ENGINE_BACKEND_UP);
	t = order_transfer("Ali", "Ben", "1");
	bench_pass(6 * SEC);
	ck_assert_int_eq(bench.stopped, -1);
	ck_assert_uint_eq(bench.model[0].sent[FRAME_CLAIM], 2);
	ck_assert_uint_eq(t->times, 1);
}
END_TEST

START_TEST(does_without_a_lost_backend)
{
	struct question *q;
	struct told *t;

	/* Serial 3 is at home on C, and B keeps a copy. */
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_line(2, "2 Ben Cem 20");
	bench_chain(&(struct history){ .on = 4,
				       .of_on = 2,
				       .of = "C",
				       .sender = "Cem",
				       .receiver = "Ali",
				       .amount = 5 });
	bench.config.backend[2].lost = true;
	bench.config.copies = 2;
	bench_open();
	expect_state(2, ENGINE_BACKEND_LOST);
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_STATS);
	t = order_stats("Ali");
	bench_run();
	q = bench_take(0, FRAME_STATS);
	ck_assert_uint_eq(asked_stats(q).filter.absents, 1);
	ck_assert(slice_equal(asked_stats(q).filter.absent[0], slice_of("C")));
	reply_model(q);
	bench_run();
	expect_text(t, "Ben 1 -10\nCem 1 5\n");
	for (unsigned type = 0; type <= FRAME_ERROR; type++)
		ck_assert_uint_eq(bench.model[2].sent[type], 0);
}
END_TEST

static TCase *faults(void)
{
	TCase *c = tcase_create("faults");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, refuses_a_chain_that_does_not_follow);
	tcase_add_test(c, refuses_contradicting_doubles);
	tcase_add_test(c, refuses_a_history_that_overdraws);
	tcase_add_test(c, refuses_a_hole_among_chained_records);
	tcase_add_test(c, refuses_time_that_goes_back);
	tcase_add_test(c, refuses_what_is_no_record);
	tcase_add_test(c, tells_nobody_anything_once_stopped);
	tcase_add_test(c, is_read_only_over_a_gap);
	tcase_add_test(c, takes_transfers_over_an_accepted_gap);
	return c;
}

UNIT_SUITE(test_engine_start);

Suite *test_engine_start(void)
{
	Suite *s = suite_create("engine: start");
	TCase *c = tcase_create("start");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, asks_everybody_before_it_claims);
	tcase_add_test(c, claims_one_more_than_anybody_promised);
	tcase_add_test(c, waits_for_the_promise_of_everybody);
	tcase_add_test(c, says_that_it_loads);
	tcase_add_test(c, opens_an_empty_ledger);
	tcase_add_test(c, merges_pages_of_all_backends);
	tcase_add_test(c, fetches_from_the_tip_of_the_page_before);
	tcase_add_test(c, takes_identical_doubles_once);
	tcase_add_test(c, ends_when_a_claim_is_fenced);
	tcase_add_test(c, ends_when_a_question_is_fenced);
	tcase_add_test(c, ends_when_a_pong_tells_of_a_higher_epoch);
	tcase_add_test(c, claims_again_while_another_has_a_lease);
	tcase_add_test(c, claims_anew_where_it_was_forgotten);
	tcase_add_test(c, questions_wait_while_it_claims_anew);
	tcase_add_test(c, a_late_pong_of_an_older_epoch_does_no_harm);
	tcase_add_test(c, does_without_a_lost_backend);
	suite_add_tcase(s, c);
	suite_add_tcase(s, faults());
	return s;
}
