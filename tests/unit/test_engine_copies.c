/* SPDX-License-Identifier: MIT */
/*
 * Each record on two backends: one is its home, the other keeps a copy.
 */
#include "config.h"

#include "test_engine_bench.h"

static const char *const names[BACKENDS] = { "A", "B", "C" };

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

/* A batch in flight to two; home is the one without of=. */
static struct told *begin(struct question **home, struct question **copy)
{
	struct question *q;
	struct told *t;

	bench_open_copies(2);
	expect_balance("Ali", 990);
	hold_batches();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 2);
	for (int i = 0; i < 2; i++) {
		q = bench_take(-1, FRAME_APPEND);
		*(asked_append(q).of.len ? copy : home) = q;
	}
	return t;
}

static unsigned third(const struct question *home, const struct question *copy)
{
	return 3 - home->backend - copy->backend;
}

START_TEST(a_copy_names_its_home)
{
	struct question *home = NULL;
	struct question *copy = NULL;

	(void)begin(&home, &copy);
	ck_assert_ptr_nonnull(home);
	ck_assert_ptr_nonnull(copy);
	ck_assert_uint_ne(home->backend, copy->backend);
	ck_assert(slice_equal(asked_append(copy).of,
			      slice_of(names[home->backend])));
	ck_assert(slice_equal(asked_append(copy).lines,
			      asked_append(home).lines));
}
END_TEST

START_TEST(both_must_have_it)
{
	struct question *home = NULL;
	struct question *copy = NULL;
	struct told *t = begin(&home, &copy);

	reply_model(home);
	expect_waiting(t);
	ck_assert_uint_eq(bench_info().serial, 1);
	reply_model(copy);
	expect_serial(t, 2);
	ck_assert_str_eq(bench.home, names[home->backend]);
}
END_TEST

START_TEST(the_copy_alone_is_not_enough)
{
	struct question *home = NULL;
	struct question *copy = NULL;
	struct told *t = begin(&home, &copy);

	reply_model(copy);
	reply_model(copy);
	expect_waiting(t);
	reply_model(home);
	expect_serial(t, 2);
}
END_TEST

START_TEST(three_copies_name_all_before_them)
{
	size_t longest = 0;

	bench_open_copies(3);
	hold_batches();
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 3);
	for (int i = 0; i < 3; i++) {
		size_t len = asked_append(bench_take(i, FRAME_APPEND)).of.len;

		longest = len > longest ? len : longest;
	}
	ck_assert_uint_eq(longest, 3); /* "A,B" */
}
END_TEST

START_TEST(a_home_that_fails_is_replaced_by_one_without_of)
{
	struct question *home = NULL;
	struct question *copy = NULL;
	struct told *t = begin(&home, &copy);
	struct question *q;

	reply_model(copy);
	engine_refused(bench.e, home->backend);
	q = bench_take((int)third(home, copy), FRAME_APPEND);
	ck_assert_uint_eq(asked_append(q).of.len, 0);
	reply_model(q);
	expect_serial(t, 2);
	ck_assert_str_eq(bench.home, names[q->backend]);
}
END_TEST

START_TEST(a_copy_that_fails_is_replaced_by_a_copy)
{
	struct question *home = NULL;
	struct question *copy = NULL;
	struct told *t = begin(&home, &copy);
	struct question *q;

	engine_refused(bench.e, copy->backend);
	q = bench_take((int)third(home, copy), FRAME_APPEND);
	ck_assert(slice_equal(asked_append(q).of,
			      slice_of(names[home->backend])));
	reply_model(q);
	reply_model(home);
	expect_serial(t, 2);
}
END_TEST

/* The copy's of= names a home that has it not: only the list says who counts.
 */
START_TEST(questions_know_the_new_home)
{
	struct question *home = NULL;
	struct question *copy = NULL;
	struct told *t = begin(&home, &copy);
	unsigned takes = 0;

	reply_model(copy);
	engine_refused(bench.e, home->backend);
	reply_model(bench_take((int)third(home, copy), FRAME_APPEND));
	expect_done(t);
	release();
	bench_pass(SEC);
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_STATS);
	t = order_stats("Ali");
	bench_run();
	for (unsigned i = 0; i < BACKENDS; i++) {
		struct question *q = bench_take((int)i, FRAME_STATS);
		struct message_stats m = asked_stats(q);

		ck_assert_uint_eq(m.filter.ranges, 1);
		ck_assert_uint_eq(m.filter.range[0].from, 2);
		ck_assert_uint_eq(m.filter.range[0].to, 2);
		takes += m.filter.range[0].take;
		reply_model(q);
	}
	ck_assert_uint_eq(takes, 1);
	bench_run();
	expect_text(t, "Ben 2 -11\n");
}
END_TEST

/*
 * Two copies change places: each may bear the of= of either place, so the list
 * has to say who counts when the home is absent.
 */
START_TEST(copies_that_change_places_are_on_the_list)
{
	struct question *home = NULL;
	struct told *t;

	bench_open_copies(3);
	expect_balance("Ali", 990);
	hold_batches();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	for (int i = 0; i < 3; i++) {
		struct question *q = bench_take(i, FRAME_APPEND);

		if (!asked_append(q).of.len)
			home = q;
	}
	ck_assert_ptr_nonnull(home);
	for (unsigned i = 0; i < BACKENDS; i++)
		if (i != home->backend)
			engine_refused(bench.e, i);
	reply_model(home);
	release();
	bench_pass(SEC);
	expect_serial(t, 2);
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_STATS);
	t = order_stats("Ali");
	bench_run();
	for (unsigned i = 0; i < BACKENDS; i++) {
		struct question *q = bench_take((int)i, FRAME_STATS);

		ck_assert_uint_eq(asked_stats(q).filter.ranges, 1);
		reply_model(q);
	}
	bench_run();
	expect_text(t, "Ben 2 -11\n");
}
END_TEST

START_TEST(a_copy_counts_in_nobodys_sum)
{
	struct question *home = NULL;
	struct question *copy = NULL;
	struct told *t = begin(&home, &copy);

	reply_model(copy);
	reply_model(home);
	release();
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 2 -11\n");
	t = order_list(1, 10);
	bench_run();
	expect_text(t, "1 Ali Ben 10\n2 Ali Ben 1\n");
	t = order_history("Ben", 1, 10);
	bench_run();
	expect_text(t, "1 Ali Ben 10 =1010\n2 Ali Ben 1 =1011\n");
}
END_TEST

START_TEST(with_one_left_it_waits_for_the_second)
{
	struct told *t;

	bench_open_copies(2);
	expect_balance("Ali", 990);
	for (unsigned i = 0; i < 2; i++) {
		bench.model[i].hold = HOLD_ALL;
		engine_refused(bench.e, i);
	}
	/* It was let in before, so it is staged. */
	bench.model[2].hold = HOLD(FRAME_PING);
	t = order_transfer("Ali", "Ben", "1");
	bench_pass(300 * MSEC);
	expect_waiting(t);
	ck_assert_uint_eq(bench.model[2].sent[FRAME_APPEND], 0);
	release();
	bench_pass(2 * SEC);
	expect_serial(t, 2);
}
END_TEST

/* What only copies hold counts at a restart: one of them stands for it. */
START_TEST(a_start_counts_what_only_copies_hold)
{
	struct told *t;

	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_chain(&(struct history){ .of_on = 6,
				       .of = "A",
				       .sender = "Ali",
				       .receiver = "Ben",
				       .amount = 1 });
	bench.config.copies = 2;
	bench_open();
	expect_balance("Ali", 989);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 2 -11\n");
	t = order_history("Ali", 2, 10);
	bench_run();
	expect_text(t, "2 Ali Ben 1 =989\n");
}
END_TEST

UNIT_SUITE(test_engine_copies);

Suite *test_engine_copies(void)
{
	Suite *s = suite_create("engine: copies");
	TCase *c = tcase_create("copies");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, a_copy_names_its_home);
	tcase_add_test(c, both_must_have_it);
	tcase_add_test(c, the_copy_alone_is_not_enough);
	tcase_add_test(c, three_copies_name_all_before_them);
	tcase_add_test(c, a_home_that_fails_is_replaced_by_one_without_of);
	tcase_add_test(c, a_copy_that_fails_is_replaced_by_a_copy);
	tcase_add_test(c, questions_know_the_new_home);
	tcase_add_test(c, copies_that_change_places_are_on_the_list);
	tcase_add_test(c, a_copy_counts_in_nobodys_sum);
	tcase_add_test(c, with_one_left_it_waits_for_the_second);
	tcase_add_test(c, a_start_counts_what_only_copies_hold);
	suite_add_tcase(s, c);
	return s;
}
