/* SPDX-License-Identifier: MIT */
/*
 * Records of all backends by serial: pages that get lost, LIST, HISTORY, SHOW.
 */
#include "config.h"

#include "main/link.h"
#include "main/query.h"

#include "test_engine_bench.h"

static const char three[] = "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n";

/* Serials 4 to 9 are on A as well. */
static void open_with_more(void)
{
	for (unsigned i = 0; i < 6; i++)
		bench_chain(&(struct history){ .on = 1,
					       .sender = "Ali",
					       .receiver = "Ben",
					       .amount = i + 1 });
	bench.model[0].page = 2;
	bench_open();
	expect_balance("Ali", 974);
}

START_TEST(pages_in_their_order_are_taken)
{
	struct question *q;
	struct told *t;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	t = order_list(1, 10);
	bench_run();
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).upto, 3);
	ck_assert(!asked_fetch(q).columns);
	/* A page that says nothing new, and one behind a lost one. */
	reply_page(q, (struct page){ 0, 0, .lines = "" });
	reply_page(q, (struct page){ 1, 2, .lines = "2 Ben Cem 20\n" });
	reply_page(q, (struct page){ 0, 1, .lines = "1 Ali Ben 10\n" });
	/* The first one again. */
	reply_page(q, (struct page){ 0, 1, .lines = "1 Ali Ben 10\n" });
	expect_waiting(t);
	reply_page(q, (struct page){ 1, 3, .end = true, .last = true,
				     .lines = "" });
	expect_text(t, three);
}
END_TEST

START_TEST(what_is_behind_a_lost_page_is_asked_for_again)
{
	struct question *q;
	struct told *t;

	open_with_more();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	t = order_list(1, 9);
	bench_run();
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).pages, 1);
	reply_page(q, (struct page){ 0, 3, .lines = "1 Ali Ben 10\n" });
	/* The rest is lost. */
	bench_pass(100 * MSEC);
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).after, 3);
	bench.model[0].hold = 0;
	bench_pass(100 * MSEC);
	expect_done(t);
}
END_TEST

START_TEST(the_window_grows_and_shrinks)
{
	struct question *q;
	unsigned pages = 1;

	for (unsigned i = 0; i < 400; i++)
		bench_chain(&(struct history){ .on = 1,
					       .sender = "Ali",
					       .receiver = "Ben",
					       .amount = 1 });
	bench.config.backend[0].window = 10 * (1400 + 1024);
	bench.model[0].page = 1;
	bench_open();
	expect_balance("Ali", 595);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	(void)order_list(1, 10000);
	bench_run();
	for (int i = 0; i < 6; i++) {
		q = bench_take(0, FRAME_FETCH);
		ck_assert_uint_eq(asked_fetch(q).pages, pages);
		/* Twice as many each time, up to what the buffers hold. */
		pages = 2 * pages < 10 ? 2 * pages : 10;
		reply_model(q);
		bench_flush();
	}
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).pages, pages);
	/* Not answered: half as many, and half of it again. */
	bench_pass(SEC);
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).pages, pages / 2);
	q = bench_take(0, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).pages, pages / 4);
}
END_TEST

START_TEST(what_two_hold_is_given_once)
{
	struct told *t;

	bench_chain(&(struct history){
		.on = 7, .sender = "Ali", .receiver = "Ben", .amount = 1 });
	bench_open();
	t = order_list(1, 10);
	bench_run();
	expect_text(t,
		    "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n4 Ali Ben 1\n");
}
END_TEST

START_TEST(a_hole_in_a_list_is_an_integrity_fault)
{
	struct told *t;

	bench_open();
	buf_clear(&bench.model[1].lines);
	t = order_list(1, 10);
	bench_run();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 2 is missing from the blocks.");
	expect_waiting(t);
}
END_TEST

START_TEST(a_hole_at_the_start_of_a_list_is_one)
{
	bench_open();
	buf_clear(&bench.model[1].lines);
	(void)order_list(2, 10);
	bench_run();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 2 is missing from the blocks.");
}
END_TEST

/* An answer is complete or there is none. */
START_TEST(a_hole_at_the_end_of_a_list_is_one)
{
	bench_open();
	buf_clear(&bench.model[2].lines);
	(void)order_list(1, 10);
	bench_run();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 3 is missing from the blocks.");
}
END_TEST

START_TEST(a_record_that_is_gone_is_not_said_never_to_have_been)
{
	bench_open();
	buf_clear(&bench.model[2].lines);
	(void)order_show(3);
	bench_run();
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_INTEGRITY);
}
END_TEST

START_TEST(contradicting_records_are_an_integrity_fault)
{
	bench_open();
	bench.model[2].lines.len = 0;
	model_add(2, "2 Ben Cem 21\n3 Cem Ali 5\n", 25);
	(void)order_list(1, 10);
	bench_run();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 2 has different contents on backends B and C.");
}
END_TEST

START_TEST(a_list_has_a_start_and_a_length)
{
	struct question *q;
	struct told *t;

	open_with_more();
	bench.model[1].hold = HOLD(FRAME_FETCH);
	t = order_list(4, 3);
	bench_run();
	q = bench_take(1, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).after, 3);
	ck_assert_uint_eq(asked_fetch(q).upto, 6);
	reply_model(q);
	bench_run();
	expect_text(t, "4 Ali Ben 1\n5 Ali Ben 2\n6 Ali Ben 3\n");
	bench.model[1].hold = 0;
	t = order_list(9, 1);
	bench_run();
	expect_text(t, "9 Ali Ben 6\n");
	t = order_list(8, UINT64_MAX);
	bench_run();
	expect_text(t, "8 Ali Ben 5\n9 Ali Ben 6\n");
	t = order_list(0, 1);
	bench_run();
	expect_text(t, "1 Ali Ben 10\n");
}
END_TEST

START_TEST(an_empty_list_asks_nobody)
{
	unsigned before;
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	before = bench.model[0].sent[FRAME_FETCH];
	t = order_list(4, 10);
	expect_text(t, "");
	t = order_list(UINT64_MAX, 10);
	expect_text(t, "");
	t = order_list(1, 0);
	expect_text(t, "");
	t = order_history("Ali", 4, 10);
	expect_text(t, "");
	ck_assert_uint_eq(bench.model[0].sent[FRAME_FETCH], before);
}
END_TEST

START_TEST(a_list_is_as_of_when_it_was_asked_for)
{
	struct told *list;
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	list = order_list(1, 10);
	bench_run();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 4);
	bench.model[0].hold = 0;
	bench_run();
	expect_text(list, three);
}
END_TEST

START_TEST(a_history_runs_the_balance)
{
	struct told *t;

	open_with_more();
	t = order_history("Ali", 1, 10);
	bench_run();
	expect_text(t,
		    "1 Ali Ben 10 =990\n3 Cem Ali 5 =995\n"
		    "4 Ali Ben 1 =994\n5 Ali Ben 2 =992\n6 Ali Ben 3 =989\n"
		    "7 Ali Ben 4 =985\n8 Ali Ben 5 =980\n9 Ali Ben 6 =974\n");
	t = order_history("Ali", 4, 2);
	bench_run();
	expect_text(t, "4 Ali Ben 1 =994\n5 Ali Ben 2 =992\n");
	t = order_history("Cem", 3, 10);
	bench_run();
	expect_text(t, "3 Cem Ali 5 =1015\n");
}
END_TEST

START_TEST(a_history_asks_for_what_lies_below)
{
	struct question *q;

	open_with_more();
	bench.model[1].hold = HOLD(FRAME_SUM) | HOLD(FRAME_FETCH);
	(void)order_history("Ben", 5, 2);
	bench_run();
	q = bench_take(1, FRAME_SUM);
	ck_assert_uint_eq(asked_sum(q).after, 0);
	ck_assert_uint_eq(asked_sum(q).upto, 4);
	ck_assert(slice_equal(asked_sum(q).user, slice_of("Ben")));
	reply_model(q);
	bench_flush();
	q = bench_take(1, FRAME_FETCH);
	ck_assert_uint_eq(asked_fetch(q).after, 4);
	ck_assert_uint_eq(asked_fetch(q).upto, 9);
	ck_assert(slice_equal(asked_fetch(q).user, slice_of("Ben")));
}
END_TEST

START_TEST(a_history_that_overdraws_is_an_integrity_fault)
{
	bench_open();
	bench.model[0].lines.len = 0;
	model_add(0, "1 Ali Ben 1010\n", 15);
	(void)order_history("Ali", 1, 10);
	bench_run();
	expect_stopped(ENGINE_STOP_INTEGRITY, "Serial 1 overdraws \"Ali\".");
}
END_TEST

START_TEST(a_sum_that_overdraws_is_an_integrity_fault)
{
	bench_open();
	bench.model[0].hold = HOLD(FRAME_SUM);
	(void)order_history("Ali", 3, 10);
	bench_run();
	reply_total(bench_take(0, FRAME_SUM), 1, -1001);
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "\"Ali\" is overdrawn before serial 3.");
}
END_TEST

START_TEST(one_record_is_shown)
{
	struct told *t;

	bench_chain(&(struct history){ .on = 2,
				       .sender = "Ali",
				       .receiver = "Ben",
				       .amount = 1,
				       .id = "id-1" });
	bench_open();
	t = order_show(2);
	bench_run();
	expect_text(t, "2 Ben Cem 20\n");
	t = order_show_id("id-1");
	bench_run();
	expect_text(t, "4 Ali Ben 1\n");
}
END_TEST

START_TEST(what_there_is_not_is_not_found)
{
	struct told *t[5];

	bench_open();
	t[0] = order_show(4);
	t[1] = order_show(0);
	t[2] = order_show_id("id-1");
	t[3] = order_show_id("no id");
	t[4] = order_show_id("");
	bench_run();
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_refused(t[i], OUTCOME_NOTFOUND,
			       "There is no such transaction.");
}
END_TEST

START_TEST(only_so_many_questions_at_once)
{
	struct told *t[QUERIES_ACTIVE_MAX + 1];

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	for (size_t i = 0; i < ELEMENTS(t); i++)
		t[i] = order_list(1, 10);
	bench_run();
	ck_assert_uint_eq(bench_held(0, FRAME_FETCH), QUERIES_ACTIVE_MAX);
	reply_model(bench_take(0, FRAME_FETCH));
	bench_run();
	expect_text(t[0], three);
	ck_assert_uint_eq(bench_held(0, FRAME_FETCH), QUERIES_ACTIVE_MAX);
	bench.model[0].hold = 0;
	bench_run();
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_text(t[i], three);
}
END_TEST

START_TEST(a_question_does_not_wait_for_ever_for_its_turn)
{
	struct told *t[QUERIES_ACTIVE_MAX + 1];

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	for (size_t i = 0; i < ELEMENTS(t); i++)
		t[i] = order_list(1, 10);
	for (int i = 0; i < 60; i++) {
		/* The link lives, only the answers do not come. */
		bench_pass(100 * MSEC);
		(void)order_tip();
		bench.tolds--;
	}
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_refused(t[i], OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

START_TEST(a_bad_line_is_an_integrity_fault)
{
	struct question *q;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	(void)order_list(1, 10);
	bench_run();
	q = bench_take(0, FRAME_FETCH);
	reply_page(q, (struct page){ 0, 3, .end = true, .last = true,
				     .lines = "1 Ali Ben ten\n" });
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_INTEGRITY);
	ck_assert_ptr_nonnull(strstr(bench.stop, "Backend A"));
}
END_TEST

static TCase *lists(void)
{
	TCase *c = tcase_create("lists");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, a_list_has_a_start_and_a_length);
	tcase_add_test(c, an_empty_list_asks_nobody);
	tcase_add_test(c, a_list_is_as_of_when_it_was_asked_for);
	tcase_add_test(c, a_history_runs_the_balance);
	tcase_add_test(c, a_history_asks_for_what_lies_below);
	tcase_add_test(c, a_history_that_overdraws_is_an_integrity_fault);
	tcase_add_test(c, a_sum_that_overdraws_is_an_integrity_fault);
	tcase_add_test(c, one_record_is_shown);
	tcase_add_test(c, what_there_is_not_is_not_found);
	tcase_add_test(c, only_so_many_questions_at_once);
	tcase_add_test(c, a_question_does_not_wait_for_ever_for_its_turn);
	return c;
}

UNIT_SUITE(test_engine_stream);

Suite *test_engine_stream(void)
{
	Suite *s = suite_create("engine: stream");
	TCase *c = tcase_create("stream");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, pages_in_their_order_are_taken);
	tcase_add_test(c, what_is_behind_a_lost_page_is_asked_for_again);
	tcase_add_test(c, the_window_grows_and_shrinks);
	tcase_add_test(c, what_two_hold_is_given_once);
	tcase_add_test(c, a_hole_in_a_list_is_an_integrity_fault);
	tcase_add_test(c, a_hole_at_the_start_of_a_list_is_one);
	tcase_add_test(c, a_hole_at_the_end_of_a_list_is_one);
	tcase_add_test(c, a_record_that_is_gone_is_not_said_never_to_have_been);
	tcase_add_test(c, contradicting_records_are_an_integrity_fault);
	tcase_add_test(c, a_bad_line_is_an_integrity_fault);
	suite_add_tcase(s, c);
	suite_add_tcase(s, lists());
	return s;
}
