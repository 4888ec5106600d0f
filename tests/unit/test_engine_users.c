/* SPDX-License-Identifier: MIT */
/*
 * Who is part of the network, page by page, and what one had behind a serial.
 * The bench begins with three records, by which Ali, Ben and Cem joined.
 */
#include "config.h"

#include <inttypes.h>

#include "test_engine_bench.h"

static void done_users(void *arg, const struct outcome *o)
{
	struct told *t = arg;

	bench_note(t, o);
	if (o->code != OUTCOME_DONE)
		return;
	t->serial = o->u.users.serial;
	t->balance = o->u.users.members;
	for (size_t i = 0; i < o->u.users.count; i++)
		ck_assert_int_eq(
			buf_addf(&t->text, "%.*s %" PRIu64 "\n",
				 SLICE_ARG(o->u.users.user[i].name),
				 amount_to_u64(o->u.users.user[i].balance)),
			0);
}

static struct told *order_users(uint64_t from, uint64_t count)
{
	struct told *t = bench_told();

	engine_users(bench.e, from, count, done_users, t);
	return t;
}

static void done_balance(void *arg, const struct outcome *o)
{
	struct told *t = arg;

	bench_note(t, o);
	if (o->code == OUTCOME_DONE)
		t->balance = amount_to_u64(o->u.balance);
}

static struct told *order_balance_at(const char *user, uint64_t serial)
{
	struct told *t = bench_told();

	engine_balance_at(bench.e, slice_of(user), serial, done_balance, t);
	return t;
}

static void expect_balance_at(const char *user, uint64_t serial,
			      uint64_t balance)
{
	struct told *t = order_balance_at(user, serial);

	bench_run();
	expect_done(t);
	ck_assert_uint_eq(t->balance, balance);
}

static void expect_absent_at(const char *user, uint64_t serial)
{
	struct told *t = order_balance_at(user, serial);

	bench_run();
	expect_refused(t, OUTCOME_NOUSER, NULL);
}

static void chain(unsigned on, const char *sender, const char *receiver,
		  uint64_t amount)
{
	bench_chain(&(struct history){ .on = on,
				       .sender = sender,
				       .receiver = receiver,
				       .amount = amount });
}

/* Serials 4 to 6: Dan opens, has 7 of Ali, and gives them back. */
static void dan_comes(void)
{
	chain(1, "Dan", "Dan", 0);
	chain(2, "Ali", "Dan", 7);
	chain(4, "Dan", "Ali", 7);
}

START_TEST(users_stand_as_they_joined)
{
	struct told *t;

	dan_comes();
	bench_open();
	t = order_users(1, 1000);
	bench_run();
	expect_text(t, "Ali 995\nBen 990\nCem 1015\nDan 1000\n");
	ck_assert_uint_eq(t->serial, 6);
	ck_assert_uint_eq(t->balance, 4);
}
END_TEST

START_TEST(users_come_in_pages)
{
	struct told *t;

	dan_comes();
	bench_open();
	t = order_users(2, 2);
	bench_run();
	expect_text(t, "Ben 990\nCem 1015\n");
	ck_assert_uint_eq(t->balance, 4);
	t = order_users(4, 10000);
	bench_run();
	expect_text(t, "Dan 1000\n");
	t = order_users(5, 1);
	bench_run();
	expect_text(t, "");
	t = order_users(INT64_MAX, 1);
	bench_run();
	expect_text(t, "");
	ck_assert_uint_eq(t->balance, 4);
}
END_TEST

/* What is in the making belongs to no page. */
START_TEST(users_are_committed_ones)
{
	struct told *t;

	bench_open();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	(void)order_open("Dan", "");
	(void)order_transfer("Ali", "Dan", "5");
	(void)order_import("Eva", "Fay", "1", "", "");
	bench_flush();
	t = order_users(1, 1000);
	bench_run();
	expect_text(t, "Ali 995\nBen 990\nCem 1015\n");
	ck_assert_uint_eq(t->serial, 3);
	ck_assert_uint_eq(t->balance, 3);

	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_run();
	t = order_users(1, 1000);
	bench_run();
	expect_text(t, "Ali 990\nBen 990\nCem 1015\nDan 1005\n"
		       "Eva 999\nFay 1001\n");
	ck_assert_uint_eq(t->serial, 6);
}
END_TEST

/* From memory, but not from that of a daemon that may have been replaced. */
START_TEST(users_are_told_under_a_lease)
{
	struct told *t;

	bench_open();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].no_lease = true;
	bench_sleep(SEC);
	t = order_users(1, 1);
	bench_run();
	expect_waiting(t);
	bench_pass(BENCH_TIMEOUT + SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

START_TEST(balances_behind_each_serial)
{
	static const uint64_t ali[] = { 990, 990, 995, 995, 988, 995 };
	static const uint64_t dan[] = { 1000, 1007, 1000 };

	dan_comes();
	bench_open();
	for (uint64_t i = 0; i < ELEMENTS(ali); i++)
		expect_balance_at("Ali", i + 1, ali[i]);
	for (uint64_t i = 0; i < ELEMENTS(dan); i++)
		expect_balance_at("Dan", i + 4, dan[i]);
}
END_TEST

/* An opening moves nothing, and coins may come back: nets say nothing of it. */
START_TEST(nobody_is_there_before_the_first_record)
{
	struct told *t;

	dan_comes();
	bench_open();
	expect_absent_at("Ali", 0);
	expect_balance_at("Ben", 1, 1010);
	expect_absent_at("Cem", 1);
	expect_balance_at("Cem", 2, 1020);
	expect_absent_at("Dan", 3);
	expect_absent_at("Zoe", 6);
	t = order_balance_at("Dan", 3);
	bench_run();
	expect_refused(t, OUTCOME_NOUSER,
		       "Unable to proceed with the request as \"Dan\" was not "
		       "part of the network at serial 3.");
}
END_TEST

START_TEST(nothing_stands_above_the_tip)
{
	struct told *t;

	bench_open();
	t = order_balance_at("Ali", 4);
	bench_run();
	expect_refused(t, OUTCOME_NOTFOUND, "There is no such transaction.");
}
END_TEST

START_TEST(a_balance_of_now_asks_nobody)
{
	struct told *t;

	bench_open();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_SUM);
	t = order_balance_at("Ali", 3);
	bench_run();
	expect_done(t);
	ck_assert_uint_eq(t->balance, 995);
	t = order_balance_at("Ali", 2);
	bench_run();
	expect_waiting(t);
	ck_assert_uint_eq(bench_held(-1, FRAME_SUM), BACKENDS);
}
END_TEST

START_TEST(a_balance_of_former_times_needs_everybody)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	bench.model[1].hold = HOLD_ALL;
	t = order_balance_at("Ali", 2);
	bench_run();
	engine_refused(bench.e, 1);
	bench_pass(SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Backend B does not answer, and without it the answer "
		       "would not be complete.");
}
END_TEST

/* More irregular ranges than a question names: the records are read here. */
START_TEST(a_balance_over_too_many_irregular_ranges)
{
	for (unsigned i = 0; i <= 2 * MESSAGE_RANGES_MAX; i++) {
		chain(i % 2 ? 3 : 6, "Ali", "Ben", 1);
		chain(4, "Cem", "Ali", 2);
	}
	bench_open();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_SUM);
	expect_balance_at("Ali", 103, 995 + 50);
	expect_balance_at("Ben", 103, 990 + 50);
	ck_assert_uint_eq(bench_held(-1, FRAME_SUM), 0);
}
END_TEST

UNIT_SUITE(test_engine_users);

Suite *test_engine_users(void)
{
	Suite *s = suite_create("engine: users");
	TCase *c = tcase_create("users");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, users_stand_as_they_joined);
	tcase_add_test(c, users_come_in_pages);
	tcase_add_test(c, users_are_committed_ones);
	tcase_add_test(c, users_are_told_under_a_lease);
	tcase_add_test(c, balances_behind_each_serial);
	tcase_add_test(c, nobody_is_there_before_the_first_record);
	tcase_add_test(c, nothing_stands_above_the_tip);
	tcase_add_test(c, a_balance_of_now_asks_nobody);
	tcase_add_test(c, a_balance_of_former_times_needs_everybody);
	tcase_add_test(c, a_balance_over_too_many_irregular_ranges);
	suite_add_tcase(s, c);
	return s;
}
