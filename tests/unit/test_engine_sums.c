/* SPDX-License-Identifier: MIT */
/*
 * Statistics and sums of all backends, and the way out when there are more
 * irregular ranges than a question can name.
 */
#include "config.h"

#include "test_engine_bench.h"

static void chain(unsigned on, const char *sender, const char *receiver,
		  uint64_t amount)
{
	bench_chain(&(struct history){ .on = on,
				       .sender = sender,
				       .receiver = receiver,
				       .amount = amount });
}

START_TEST(partners_stand_by_rank)
{
	struct told *t;

	chain(1, "Ali", "Zoe", 1);
	chain(2, "Zoe", "Ali", 3);
	chain(4, "Ali", "Eva", 4);
	chain(1, "Ali", "Dan", 5);
	chain(1, "Dan", "Dan2", 5);
	bench_open();
	t = order_stats("Ali");
	bench_run();
	/* Most transactions first, then by the bytes of the name. */
	expect_text(t, "Zoe 2 2\nBen 1 -10\nCem 1 5\nDan 1 -5\nEva 1 -4\n");
}
END_TEST

START_TEST(an_opening_has_no_partner)
{
	struct told *t;

	bench_open();
	(void)order_open("Dan", "");
	bench_run();
	t = order_stats("Dan");
	bench_run();
	expect_text(t, "");
}
END_TEST

START_TEST(partners_come_in_pages)
{
	struct question *q;
	struct told *t;

	chain(1, "Ali", "Zoe", 1);
	chain(1, "Ali", "Dan", 2);
	chain(1, "Ali", "Zoe", 1);
	bench.model[0].partners = 1;
	bench_open();
	bench.model[0].hold = HOLD(FRAME_STATS);
	t = order_stats("Ali");
	bench_run();
	q = bench_take(0, FRAME_STATS);
	ck_assert_uint_eq(asked_stats(q).after.len, 0);
	ck_assert_uint_eq(asked_stats(q).upto, 6);
	ck_assert_uint_eq(asked_stats(q).room, 1400);
	reply_model(q);
	/* Twice: the second one is a stray. */
	reply_model(q);
	q = bench_take(0, FRAME_STATS);
	ck_assert(slice_equal(asked_stats(q).after, slice_of("Ben")));
	reply_model(q);
	q = bench_take(0, FRAME_STATS);
	ck_assert(slice_equal(asked_stats(q).after, slice_of("Dan")));
	expect_waiting(t);
	reply_model(q);
	expect_text(t, "Zoe 2 -2\nBen 1 -10\nCem 1 5\nDan 1 -2\n");
	ck_assert_uint_eq(bench_info().datagrams_dropped, 1);
}
END_TEST

START_TEST(statistics_are_as_of_when_they_were_asked_for)
{
	struct told *stats;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_STATS);
	stats = order_stats("Ali");
	bench_run();
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	ck_assert_uint_eq(bench_info().serial, 4);
	bench.model[0].hold = 0;
	bench_run();
	expect_text(stats, "Ben 1 -10\nCem 1 5\n");
}
END_TEST

START_TEST(statistics_need_everybody)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	bench.model[1].hold = HOLD_ALL;
	t = order_stats("Ali");
	bench_run();
	engine_refused(bench.e, 1);
	bench_pass(SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Backend B does not answer, and without it the answer "
		       "would not be complete.");
}
END_TEST

/* So many serials on two backends, and none of them next to another. */
static void irregular(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		chain(i % 2 ? 3 : 6, "Ali", i % 3 ? "Ben" : "Cem", 1);
		chain(4, "Cem", "Ali", 2);
	}
	bench_open();
}

START_TEST(irregular_ranges_are_named)
{
	struct told *t;

	irregular(MESSAGE_RANGES_MAX / 2);
	bench.model[0].hold = HOLD(FRAME_STATS);
	t = order_stats("Ali");
	bench_run();
	ck_assert_uint_eq(asked_stats(bench_peek(0, FRAME_STATS)).filter.ranges,
			  8);
	bench.model[0].hold = 0;
	bench_run();
	/* 16 to Ben or Cem, 16 from Cem, besides 10 and 5 of old. */
	expect_text(t, "Cem 23 31\nBen 11 -20\n");
}
END_TEST

START_TEST(too_many_irregular_ranges_are_summed_up_here)
{
	struct question *q;
	struct message_fetch m;
	struct told *t;

	irregular(2 * MESSAGE_RANGES_MAX + 1);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	bench.model[1].hold = HOLD(FRAME_STATS);
	t = order_stats("Ali");
	bench_run();
	ck_assert_uint_eq(bench_held(1, FRAME_STATS), 0);
	q = bench_peek(0, FRAME_FETCH);
	m = asked_fetch(q);
	ck_assert(m.filter.everything);
	ck_assert(m.columns);
	ck_assert(slice_equal(m.user, slice_of("Ali")));
	bench.model[0].hold = 0;
	bench_run();
	expect_text(t, "Cem 88 113\nBen 44 -53\n");
}
END_TEST

START_TEST(a_history_over_too_many_irregular_ranges)
{
	struct told *t;

	irregular(2 * MESSAGE_RANGES_MAX + 1);
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_SUM);
	t = order_history("Ali", 133, 1);
	bench_run();
	ck_assert_uint_eq(bench_held(-1, FRAME_SUM), 0);
	expect_text(t, "133 Cem Ali 2 =1060\n");
	t = order_list(130, 4);
	bench_run();
	expect_text(t, "130 Ali Cem 1\n131 Cem Ali 2\n132 Ali Ben 1\n"
		       "133 Cem Ali 2\n");
}
END_TEST

START_TEST(ranges_outside_of_a_question_are_not_named)
{
	struct told *t;

	irregular(2 * MESSAGE_RANGES_MAX + 1);
	bench.model[0].hold = HOLD(FRAME_FETCH);
	t = order_list(4, 2);
	bench_run();
	{
		struct message_filter f =
			asked_fetch(bench_peek(0, FRAME_FETCH)).filter;

		ck_assert(!f.everything);
		ck_assert_uint_le(f.ranges, 1);
	}
	bench.model[0].hold = 0;
	bench_run();
	expect_text(t, "4 Ali Cem 1\n5 Cem Ali 2\n");
}
END_TEST

START_TEST(a_sum_of_many_needs_everybody_too)
{
	struct told *t;

	irregular(2 * MESSAGE_RANGES_MAX + 1);
	expect_balance("Ali", 1060);
	bench.model[2].hold = HOLD_ALL;
	engine_refused(bench.e, 2);
	t = order_stats("Ali");
	bench_pass(SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	t = order_history("Ali", 100, 10);
	bench_pass(SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

UNIT_SUITE(test_engine_sums);

Suite *test_engine_sums(void)
{
	Suite *s = suite_create("engine: sums");
	TCase *c = tcase_create("sums");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, partners_stand_by_rank);
	tcase_add_test(c, an_opening_has_no_partner);
	tcase_add_test(c, partners_come_in_pages);
	tcase_add_test(c, statistics_are_as_of_when_they_were_asked_for);
	tcase_add_test(c, statistics_need_everybody);
	tcase_add_test(c, irregular_ranges_are_named);
	tcase_add_test(c, too_many_irregular_ranges_are_summed_up_here);
	tcase_add_test(c, a_history_over_too_many_irregular_ranges);
	tcase_add_test(c, ranges_outside_of_a_question_are_not_named);
	tcase_add_test(c, a_sum_of_many_needs_everybody_too);
	suite_add_tcase(s, c);
	return s;
}
