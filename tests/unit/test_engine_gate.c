/* SPDX-License-Identifier: MIT */
/*
 * Orders are let in under a lease, and wait for one in their order.
 */
#include "config.h"

#include "main/gate.h"
#include "main/link.h"

#include "test_engine_bench.h"

static void hold_pings(void)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold |= HOLD(FRAME_PING);
}

static void release(void)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
}

static void grant_none(bool none)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].no_lease = none;
}

START_TEST(orders_wait_for_a_lease)
{
	struct message_ping ping;
	struct question *q;
	struct told *t;

	bench_open();
	hold_pings();
	t = order_balance("Ali");
	bench_run();
	expect_waiting(t);
	q = bench_take(1, FRAME_PING);
	ck_assert_int_eq(message_get_ping(q->f.payload, &ping), 0);
	ck_assert(ping.lease);
	reply_model(q);
	expect_done(t);
}
END_TEST

START_TEST(they_are_let_in_in_their_order)
{
	struct told *t[5];

	bench_open();
	hold_pings();
	t[0] = order_balance("Ali");
	t[1] = order_transfer("Nobody", "Ben", "1");
	t[2] = order_tip();
	t[3] = order_balance("Nobody");
	t[4] = order_transfer("Ali", "Ben", "x");
	reply_model(bench_take(0, FRAME_PING));
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(t[i]->turn, i + 1);
}
END_TEST

START_TEST(what_an_order_says_is_copied)
{
	char text[] = "AliBen1id-1memo";
	struct told *t = bench_told();
	const struct engine_order o = {
		.sender = { text, 3 },
		.receiver = { text + 3, 3 },
		.amount = { text + 6, 1 },
		.id = { text + 7, 4 },
		.memo = { text + 11, 4 },
	};

	bench_open();
	hold_pings();
	engine_transfer(bench.e, &o, bench_done, t);
	memset(text, 'x', sizeof(text));
	release();
	bench_run();
	expect_serial(t, 4);
	ck_assert_uint_eq(t->balance, 994);
	t = order_show_id("id-1");
	bench_run();
	expect_text(t, "4 Ali Ben 1 m=memo\n");
}
END_TEST

START_TEST(a_lease_is_good_for_400_milliseconds)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	hold_pings();
	bench_sleep(LINK_LEASE_RELIED - 1);
	t = order_balance("Ali");
	expect_done(t);
	bench_sleep(1);
	t = order_balance("Ali");
	expect_waiting(t);
}
END_TEST

START_TEST(a_lease_counts_from_the_sending)
{
	struct told *t;

	bench_open();
	hold_pings();
	t = order_balance("Ali");
	bench_run();
	bench_sleep(LINK_LEASE_RELIED - MSEC);
	reply_model(bench_take(0, FRAME_PING));
	expect_done(t);
	bench_sleep(MSEC);
	expect_waiting(order_balance("Ali"));
}
END_TEST

START_TEST(a_lease_that_came_too_late_is_none)
{
	struct told *t;

	bench_open();
	hold_pings();
	t = order_balance("Ali");
	bench_run();
	bench_sleep(LINK_LEASE_RELIED);
	reply_model(bench_take(0, FRAME_PING));
	expect_waiting(t);
}
END_TEST

/* What a repeated request was granted may have been granted to the first. */
START_TEST(a_lease_counts_from_the_first_sending)
{
	struct told *t;

	bench_open();
	hold_pings();
	t = order_balance("Ali");
	bench_pass(LINK_LEASE_RELIED + 50 * MSEC);
	ck_assert_uint_gt(bench_held(0, FRAME_PING), 2);
	reply_model(bench_take(0, FRAME_PING));
	expect_waiting(t);
}
END_TEST

/* The same for a batch: what came in between does not make it younger. */
START_TEST(a_lease_on_a_batch_counts_from_its_sending)
{
	struct question *q;
	struct told *t;
	struct told *b;

	bench_open();
	t = order_transfer("Ali", "Ben", "1");
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	bench_run();
	q = bench_take(-1, FRAME_APPEND);
	hold_pings();
	/* Suspended, while others may have taken over. */
	bench_sleep(LINK_LEASE_RELIED + SEC);
	reply_missing(q, "1");
	reply_appended(q);
	expect_done(t);
	b = order_balance("Ali");
	expect_waiting(b);
}
END_TEST

START_TEST(a_lease_ends_with_the_link)
{
	bench_open();
	expect_balance("Ali", 995);
	hold_pings();
	for (unsigned i = 0; i < BACKENDS; i++)
		engine_refused(bench.e, i);
	expect_waiting(order_balance("Ali"));
}
END_TEST

START_TEST(a_lease_is_renewed_when_it_runs_low)
{
	unsigned pings;

	bench_open();
	expect_balance("Ali", 995);
	pings = bench.model[0].sent[FRAME_PING];
	bench_pass(200 * MSEC);
	expect_done(order_balance("Ali"));
	ck_assert_uint_eq(bench.model[0].sent[FRAME_PING], pings);
	bench_pass(MSEC);
	expect_done(order_balance("Ali"));
	bench_run();
	ck_assert_uint_eq(bench.model[0].sent[FRAME_PING], pings + 1);
	/* And so nobody ever waits. */
	for (int i = 0; i < 20; i++) {
		bench_pass(150 * MSEC);
		expect_done(order_balance("Ali"));
		bench_run();
	}
}
END_TEST

START_TEST(an_idle_ledger_asks_for_none)
{
	bench_open();
	expect_balance("Ali", 995);
	bench_pass(LINK_PING_IDLE - SEC);
	ck_assert_uint_eq(bench.model[0].sent[FRAME_PING], 2);
}
END_TEST

START_TEST(two_copies_need_two_leases)
{
	struct told *t;

	bench.config.copies = 2;
	bench_open();
	hold_pings();
	t = order_balance("Ali");
	bench_run();
	reply_model(bench_take(1, FRAME_PING));
	expect_waiting(t);
	reply_model(bench_take(0, FRAME_PING));
	expect_done(t);
}
END_TEST

/* One of the two grants none: the other must not be asked without a pause. */
START_TEST(a_lease_that_is_not_enough_is_asked_for_with_pauses)
{
	struct told *t;

	bench.config.copies = 2;
	bench_open();
	bench.model[1].no_lease = true;
	bench.model[2].no_lease = true;
	t = order_balance("Ali");
	bench_pass(SEC);
	expect_waiting(t);
	for (size_t i = 0; i < BACKENDS; i++)
		ck_assert_uint_le(bench.model[i].sent[FRAME_PING], 100);
}
END_TEST

START_TEST(without_a_lease_it_is_unavailable_in_the_end)
{
	struct told *t;
	struct told *later;

	bench_open();
	grant_none(true);
	t = order_balance("Ali");
	bench_pass(SEC);
	later = order_transfer("Ali", "Ben", "1");
	bench_pass(BENCH_TIMEOUT - SEC - MSEC);
	expect_waiting(t);
	bench_pass(MSEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "No backend answers; nothing was changed, and nothing "
		       "can be told for certain.");
	expect_waiting(later);
	bench_pass(SEC);
	expect_refused(later, OUTCOME_UNAVAILABLE, NULL);
	ck_assert_uint_eq(bench.model[0].sent[FRAME_APPEND], 0);
}
END_TEST

START_TEST(a_lease_that_was_denied_is_asked_for_again)
{
	struct told *t;

	bench_open();
	grant_none(true);
	t = order_balance("Ali");
	bench_pass(500 * MSEC);
	expect_waiting(t);
	grant_none(false);
	bench_pass(3 * SEC);
	expect_done(t);
}
END_TEST

START_TEST(orders_are_let_in_when_the_backends_are_back)
{
	struct told *t;

	bench_open();
	for (unsigned i = 0; i < BACKENDS; i++) {
		bench.model[i].hold = HOLD_ALL;
		engine_refused(bench.e, i);
	}
	t = order_balance("Ali");
	bench_pass(200 * MSEC);
	expect_waiting(t);
	release();
	bench_pass(2 * SEC);
	expect_done(t);
}
END_TEST

/* The same with somebody always waiting: it must not stay shut for ever. */
START_TEST(the_gate_opens_again_under_steady_orders)
{
	bench_open();
	for (unsigned i = 0; i < BACKENDS; i++) {
		bench.model[i].hold = HOLD_ALL;
		engine_refused(bench.e, i);
	}
	engine_balance(bench.e, slice_of("Nobody"), bench_count, NULL);
	bench_pass(200 * MSEC);
	release();
	for (int i = 0; i < 60; i++) {
		bench_pass(500 * MSEC);
		engine_balance(bench.e, slice_of("Nobody"), bench_count, NULL);
	}
	ck_assert_uint_gt(bench.counted[OUTCOME_NOUSER], 40);
}
END_TEST

START_TEST(only_so_many_wait)
{
	struct told *t;

	bench_open();
	hold_pings();
	for (unsigned i = 0; i < GATE_WAITING_MAX; i++)
		engine_balance(bench.e, slice_of("Ali"), bench_count, NULL);
	t = order_balance("Ali");
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Too many orders are waiting; nothing was changed.");
	bench_run();
	reply_model(bench_take(2, FRAME_PING));
	ck_assert_uint_eq(bench.counted[OUTCOME_DONE], GATE_WAITING_MAX);
}
END_TEST

START_TEST(who_waits_at_the_end_is_forgotten_without_a_word)
{
	struct told *t;

	bench_open();
	hold_pings();
	t = order_with("Ali", "Ben", "1", "id", "memo");
	bench.e = engine_free(bench.e);
	expect_waiting(t);
}
END_TEST

UNIT_SUITE(test_engine_gate);

Suite *test_engine_gate(void)
{
	Suite *s = suite_create("engine: gate");
	TCase *c = tcase_create("gate");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, orders_wait_for_a_lease);
	tcase_add_test(c, they_are_let_in_in_their_order);
	tcase_add_test(c, what_an_order_says_is_copied);
	tcase_add_test(c, a_lease_is_good_for_400_milliseconds);
	tcase_add_test(c, a_lease_counts_from_the_sending);
	tcase_add_test(c, a_lease_that_came_too_late_is_none);
	tcase_add_test(c, a_lease_counts_from_the_first_sending);
	tcase_add_test(c, a_lease_on_a_batch_counts_from_its_sending);
	tcase_add_test(c, a_lease_ends_with_the_link);
	tcase_add_test(c, a_lease_is_renewed_when_it_runs_low);
	tcase_add_test(c, an_idle_ledger_asks_for_none);
	tcase_add_test(c, two_copies_need_two_leases);
	tcase_add_test(c, a_lease_that_is_not_enough_is_asked_for_with_pauses);
	tcase_add_test(c, without_a_lease_it_is_unavailable_in_the_end);
	tcase_add_test(c, a_lease_that_was_denied_is_asked_for_again);
	tcase_add_test(c, orders_are_let_in_when_the_backends_are_back);
	tcase_add_test(c, the_gate_opens_again_under_steady_orders);
	tcase_add_test(c, only_so_many_wait);
	tcase_add_test(c, who_waits_at_the_end_is_forgotten_without_a_word);
	suite_add_tcase(s, c);
	return s;
}
