/* SPDX-License-Identifier: MIT */
/*
 * An operation id is recorded once, however often and whenever it is sent.
 */
#include "config.h"

#include "main/engine_internal.h"
#include "test_engine_bench.h"

static const char reused[] =
	"The operation id \"id-1\" was used for another transaction.";

static void hold(uint32_t types)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = types;
}

static struct told *order_id(const char *amount)
{
	return order_with("Ali", "Ben", amount, "id-1", "memo");
}

/* The id is on record as serial 4, and two more stand above it. */
static struct told *recorded(void)
{
	struct told *t;

	bench_open();
	t = order_id("7");
	bench_run();
	expect_serial(t, 4);
	(void)order_transfer("Ali", "Ben", "100");
	(void)order_transfer("Cem", "Ali", "50");
	bench_run();
	ck_assert_uint_eq(bench_info().serial, 6);
	return t;
}

static void expect_same_receipt(const struct told *t, const struct told *first)
{
	expect_done(t);
	ck_assert_uint_eq(t->serial, first->serial);
	ck_assert_uint_eq(t->balance, first->balance);
	ck_assert_int_eq(t->time, first->time);
	ck_assert_mem_eq(t->hash, first->hash, CHAIN_HASH_SIZE);
}

START_TEST(in_the_batch_that_is_being_made)
{
	struct told *first;
	struct told *again;

	bench_open();
	expect_balance("Ali", 995);
	hold(HOLD(FRAME_APPEND));
	first = order_id("7");
	again = order_id("7");
	bench_run();
	ck_assert_uint_eq(asked_append(bench_peek(-1, FRAME_APPEND)).records,
			  1);
	expect_waiting(again);
	reply_model(bench_take(-1, FRAME_APPEND));
	expect_serial(first, 4);
	expect_same_receipt(again, first);
	ck_assert_uint_eq(bench_info().serial, 4);
}
END_TEST

START_TEST(in_flight)
{
	struct told *first;
	struct told *again;

	bench_open();
	expect_balance("Ali", 995);
	hold(HOLD(FRAME_APPEND));
	first = order_id("7");
	bench_run();
	again = order_id("7");
	bench_run();
	reply_model(bench_take(-1, FRAME_APPEND));
	expect_same_receipt(again, first);
	bench_run();
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 0);
}
END_TEST

START_TEST(in_flight_with_other_contents)
{
	struct told *t[4];

	bench_open();
	expect_balance("Ali", 995);
	hold(HOLD(FRAME_APPEND));
	(void)order_id("7");
	bench_run();
	t[0] = order_id("8");
	t[1] = order_with("Ali", "Cem", "7", "id-1", "memo");
	t[2] = order_with("Ali", "Ben", "7", "id-1", "omem");
	t[3] = order_open("Dan", "id-1");
	bench_run();
	/* It may yet come to nothing. */
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_waiting(t[i]);
	reply_model(bench_take(-1, FRAME_APPEND));
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_refused(t[i], OUTCOME_IDREUSED, reused);
}
END_TEST

START_TEST(an_id_of_what_was_dropped_is_fresh)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	hold(HOLD(FRAME_APPEND));
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	t = order_id("7");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	hold(0);
	bench_pass(5 * SEC);
	t = order_id("8");
	bench_run();
	expect_serial(t, 5);
}
END_TEST

START_TEST(an_id_of_what_was_refused_is_fresh)
{
	struct told *t;

	bench_open();
	t = order_id("5000");
	bench_run();
	expect_refused(t, OUTCOME_INSUFFICIENT, NULL);
	t = order_id("5");
	bench_run();
	expect_serial(t, 4);
}
END_TEST

START_TEST(on_record)
{
	struct told *first = recorded();
	struct told *again;

	hold(HOLD(FRAME_FETCH) | HOLD(FRAME_SUM));
	again = order_id("7");
	bench_run();
	for (int i = 0; i < BACKENDS; i++) {
		struct question *q = bench_take(i, FRAME_FETCH);
		struct message_fetch m = asked_fetch(q);

		ck_assert(slice_equal(m.id, slice_of("id-1")));
		ck_assert_uint_eq(m.after, 0);
		ck_assert_uint_eq(m.upto, 6);
		ck_assert(m.filter.everything);
		expect_waiting(again);
		reply_model(q);
	}
	bench_run();
	for (int i = 0; i < BACKENDS; i++) {
		struct question *q = bench_take(i, FRAME_SUM);

		ck_assert(slice_equal(asked_sum(q).user, slice_of("Ali")));
		ck_assert_uint_eq(asked_sum(q).upto, first->serial);
		reply_model(q);
	}
	expect_same_receipt(again, first);
	ck_assert_uint_eq(first->balance, 988);
	ck_assert_uint_eq(bench_info().serial, 6);
}
END_TEST

/* "Nothing was changed" would be a lie: it is done. */
START_TEST(on_record_while_nothing_can_be_taken)
{
	struct told *first = recorded();
	struct told *t;

	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].full = true;
	bench_pass(LINK_PING_IDLE);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	t = order_with("Ali", "Ben", "1", "id-2", "");
	bench_run();
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	t = order_id("7");
	bench_run();
	expect_same_receipt(t, first);
}
END_TEST

START_TEST(on_record_with_other_contents)
{
	struct told *t;

	(void)recorded();
	t = order_id("8");
	bench_run();
	expect_refused(t, OUTCOME_IDREUSED, reused);
	t = order_with("Ali", "Ben", "7", "id-1", "");
	bench_run();
	expect_refused(t, OUTCOME_IDREUSED, reused);
	ck_assert_uint_eq(bench_info().serial, 6);
}
END_TEST

START_TEST(on_record_since_before_the_start)
{
	struct told *t;

	bench_chain(&(struct history){ .on = 2,
				       .sender = "Ali",
				       .receiver = "Ben",
				       .amount = 7,
				       .id = "id-0" });
	bench_open();
	t = order_with("Ali", "Ben", "7", "id-0", "");
	bench_run();
	expect_serial(t, 4);
	ck_assert_uint_eq(t->balance, 988);
	ck_assert_mem_eq(t->hash, bench.tip, CHAIN_HASH_SIZE);
	t = order_with("Ali", "Ben", "8", "id-0", "");
	bench_run();
	expect_refused(t, OUTCOME_IDREUSED, NULL);
}
END_TEST

START_TEST(an_opening_on_record)
{
	struct told *first;
	struct told *again;

	bench_open();
	first = order_open("Dan", "id-1");
	bench_run();
	expect_serial(first, 4);
	again = order_open("Dan", "id-1");
	bench_run();
	expect_same_receipt(again, first);
	again = order_open("Eva", "id-1");
	bench_run();
	expect_refused(again, OUTCOME_IDREUSED, reused);
}
END_TEST

START_TEST(a_false_alarm_is_carried_out)
{
	struct told *t;

	bench_open();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("id-1")), 0);
	hold(HOLD(FRAME_FETCH));
	t = order_id("7");
	bench_run();
	expect_waiting(t);
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 0);
	hold(0);
	bench_run();
	expect_serial(t, 4);
}
END_TEST

static const char misplaced[] =
	"The transaction that it is to stand behind is not the last one; "
	"nothing was changed.";

START_TEST(by_an_import_unknown_users_join)
{
	struct told *t;
	struct told *again;

	bench_open();
	t = order_import("Zoe", "Max", "100", "id-1", "");
	bench_run();
	expect_serial(t, 4);
	expect_balance("Zoe", 900);
	expect_balance("Max", 1100);
	/* Whatever it was to stand behind: it is on record. */
	again = order_import("Zoe", "Max", "100", "id-1", "x");
	bench_run();
	expect_same_receipt(again, t);
}
END_TEST

/* Who was to join by what came to nothing has not joined. */
START_TEST(an_import_that_was_dropped_lets_nobody_join)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	hold(HOLD(FRAME_APPEND));
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	t = order_import("Zoe", "Max", "100", "id-1", "");
	(void)order_import("Max", "Eve", "1100", "id-2", "id-1");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
	hold(0);
	bench_pass(5 * SEC);
	t = order_transfer("Ali", "Zoe", "1");
	bench_run();
	expect_refused(t, OUTCOME_NOUSER, NULL);
	t = order_import("Ali", "Zoe", "1", "id-1", "");
	bench_run();
	expect_serial(t, 5);
	ck_assert_uint_eq(bench_info().users, 4);
}
END_TEST

START_TEST(many_in_a_row_stand_in_their_order)
{
	struct told *t[4];

	bench_open();
	t[0] = order_import("Zoe", "Max", "100", "id-1", "");
	t[1] = order_import("Zoe", "Max", "901", "id-2", "id-1");
	t[2] = order_import("Max", "Zoe", "1", "id-3", "id-2");
	t[3] = order_import("Max", "Zoe", "2", "id-4", "id-1");
	bench_run();
	expect_serial(t[0], 4);
	expect_refused(t[1], OUTCOME_INSUFFICIENT, NULL);
	expect_refused(t[2], OUTCOME_NOTFOUND, misplaced);
	/* Not behind the last one, but behind one that was on its way. */
	expect_serial(t[3], 5);
	/* All of it is history: the newest id is still known. */
	t[0] = order_import("Max", "Zoe", "3", "id-5", "id-4");
	bench_run();
	expect_serial(t[0], 6);
	t[1] = order_import("Max", "Zoe", "4", "id-6", "id-1");
	bench_run();
	expect_refused(t[1], OUTCOME_NOTFOUND, misplaced);
}
END_TEST

/* While it is asked whether its id is on record, nothing may overtake it. */
START_TEST(nothing_overtakes_a_false_alarm)
{
	struct told *t[3];

	bench_open();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("id-2")), 0);
	hold(HOLD(FRAME_FETCH));
	t[0] = order_import("Ali", "Ben", "1", "id-1", "");
	t[1] = order_import("Ali", "Ben", "2", "id-2", "id-1");
	t[2] = order_import("Ali", "Ben", "3", "id-3", "id-2");
	bench_run();
	expect_waiting(t[1]);
	expect_refused(t[2], OUTCOME_NOTFOUND, misplaced);
	hold(0);
	bench_run();
	expect_serial(t[0], 4);
	expect_serial(t[1], 5);
}
END_TEST

/* What it was to stand behind was dropped while it was asked for. */
START_TEST(a_false_alarm_is_not_staged_out_of_order)
{
	struct told *t[2];

	bench_open();
	expect_balance("Ali", 995);
	ck_assert_int_eq(ids_remember(bench.e, slice_of("id-2")), 0);
	hold(HOLD(FRAME_APPEND) | HOLD(FRAME_FETCH));
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	t[0] = order_import("Ali", "Ben", "1", "id-1", "");
	bench_pass(BENCH_TIMEOUT - SEC);
	t[1] = order_import("Ali", "Ben", "2", "id-2", "id-1");
	bench_pass(SEC);
	expect_refused(t[0], OUTCOME_UNAVAILABLE, NULL);
	/* First the batch comes through, then the answer to the question. */
	hold(HOLD(FRAME_FETCH));
	bench_pass(2 * SEC);
	ck_assert(!bench_info().stalled);
	expect_waiting(t[1]);
	hold(0);
	bench_pass(SEC);
	expect_refused(t[1], OUTCOME_NOTFOUND, misplaced);
	ck_assert_uint_eq(bench_info().serial, 4);
}
END_TEST

START_TEST(two_at_once_while_it_is_asked_for)
{
	struct told *first = recorded();
	struct told *t[3];

	hold(HOLD(FRAME_FETCH));
	t[0] = order_id("7");
	t[1] = order_id("7");
	t[2] = order_id("8");
	bench_run();
	ck_assert_uint_eq(bench_held(0, FRAME_FETCH), 1);
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_waiting(t[i]);
	hold(0);
	bench_run();
	expect_same_receipt(t[0], first);
	expect_same_receipt(t[1], first);
	expect_refused(t[2], OUTCOME_IDREUSED, reused);
}
END_TEST

START_TEST(two_at_once_on_a_false_alarm)
{
	struct told *t[3];

	bench_open();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("id-1")), 0);
	hold(HOLD(FRAME_FETCH));
	t[0] = order_id("5000");
	t[1] = order_id("7");
	t[2] = order_id("7");
	bench_run();
	hold(0);
	bench_run();
	expect_refused(t[0], OUTCOME_INSUFFICIENT, NULL);
	expect_serial(t[1], 4);
	expect_same_receipt(t[2], t[1]);
	ck_assert_uint_eq(bench_info().serial, 4);
}
END_TEST

START_TEST(without_a_backend_nobody_can_tell)
{
	struct told *t;

	(void)recorded();
	bench.model[1].hold = HOLD_ALL;
	engine_refused(bench.e, 1);
	t = order_id("7");
	bench_pass(SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Not all backends answer, so it cannot be told whether "
		       "this operation id is on record; nothing was changed.");
	/* A fresh id needs nobody. */
	t = order_with("Ali", "Ben", "1", "id-2", "");
	bench_run();
	expect_serial(t, 7);
}
END_TEST

START_TEST(without_the_sum_nobody_can_tell)
{
	struct told *t;

	(void)recorded();
	hold(HOLD(FRAME_SUM));
	t = order_id("7");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/* A batch became overdue meanwhile: who is staged now has no deadline. */
START_TEST(a_false_alarm_is_not_staged_behind_what_is_overdue)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	ck_assert_int_eq(ids_remember(bench.e, slice_of("id-1")), 0);
	hold(HOLD(FRAME_APPEND));
	(void)order_transfer("Ali", "Ben", "1");
	bench_pass(BENCH_TIMEOUT - 500 * MSEC);
	hold(HOLD(FRAME_APPEND) | HOLD(FRAME_FETCH));
	t = order_id("7");
	bench_pass(SEC);
	expect_waiting(t);
	ck_assert(bench_info().stalled);
	hold(HOLD(FRAME_APPEND));
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/*
 * The answers to the search lay about while the process was suspended, and its
 * lease ran out: somebody else may have let in whoever is unknown here.
 */
static void search_past_the_lease(void)
{
	hold(HOLD(FRAME_FETCH) | HOLD(FRAME_PING));
	bench_sleep(LINK_LEASE_RELIED + MSEC);
	for (int i = 0; i < BACKENDS; i++)
		reply_model(bench_take(i, FRAME_FETCH));
	bench_run();
}

static struct told *asked_about(const char *sender, const char *after)
{
	struct told *t;

	bench_open();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("id-1")), 0);
	hold(HOLD(FRAME_FETCH));
	if (after)
		t = order_import(sender, "Ben", "1", "id-1", after);
	else
		t = order_with(sender, "Ben", "1", "id-1", "");
	bench_run();
	return t;
}

START_TEST(a_refusal_behind_the_search_waits_for_a_lease)
{
	struct told *t = asked_about("Nobody", NULL);

	search_past_the_lease();
	expect_waiting(t);
	reply_model(bench_take(0, FRAME_PING));
	expect_refused(t, OUTCOME_NOUSER, NULL);
}
END_TEST

START_TEST(a_place_that_is_taken_is_told_under_a_lease)
{
	struct told *t = asked_about("Ali", "id-0");

	search_past_the_lease();
	expect_waiting(t);
	reply_model(bench_take(0, FRAME_PING));
	expect_refused(t, OUTCOME_NOTFOUND, misplaced);
}
END_TEST

START_TEST(a_refusal_behind_the_search_is_no_word_of_one_replaced)
{
	struct told *t = asked_about("Nobody", NULL);

	search_past_the_lease();
	reply_pong(bench_take(0, FRAME_PING), bench.e->epoch + 1, false);
	bench_run();
	expect_stopped(ENGINE_STOP_FENCED, NULL);
	bench_pass(2 * BENCH_TIMEOUT);
	expect_waiting(t);
}
END_TEST

START_TEST(a_refusal_that_no_lease_comes_for)
{
	struct told *t = asked_about("Nobody", NULL);

	search_past_the_lease();
	bench_pass(BENCH_TIMEOUT);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "No backend answers; nothing was changed, and nothing "
		       "can be told for certain.");
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_UNAVAILABLE], 1);
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_NOUSER], 0);
}
END_TEST

START_TEST(a_refusal_that_waits_at_the_end_is_forgotten)
{
	struct told *t = asked_about("Nobody", NULL);

	search_past_the_lease();
	bench.e = engine_free(bench.e);
	expect_waiting(t);
}
END_TEST

static TCase *asked_for(void)
{
	TCase *c = tcase_create("asked_for");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, on_record);
	tcase_add_test(c, on_record_while_nothing_can_be_taken);
	tcase_add_test(c, on_record_with_other_contents);
	tcase_add_test(c, on_record_since_before_the_start);
	tcase_add_test(c, an_opening_on_record);
	tcase_add_test(c, a_false_alarm_is_carried_out);
	tcase_add_test(c, by_an_import_unknown_users_join);
	tcase_add_test(c, an_import_that_was_dropped_lets_nobody_join);
	tcase_add_test(c, many_in_a_row_stand_in_their_order);
	tcase_add_test(c, nothing_overtakes_a_false_alarm);
	tcase_add_test(c, a_false_alarm_is_not_staged_out_of_order);
	tcase_add_test(c, two_at_once_while_it_is_asked_for);
	tcase_add_test(c, two_at_once_on_a_false_alarm);
	tcase_add_test(c, without_a_backend_nobody_can_tell);
	tcase_add_test(c, without_the_sum_nobody_can_tell);
	tcase_add_test(c, a_false_alarm_is_not_staged_behind_what_is_overdue);
	tcase_add_test(c, a_refusal_behind_the_search_waits_for_a_lease);
	tcase_add_test(c, a_place_that_is_taken_is_told_under_a_lease);
	tcase_add_test(c, a_refusal_behind_the_search_is_no_word_of_one_replaced);
	tcase_add_test(c, a_refusal_that_no_lease_comes_for);
	tcase_add_test(c, a_refusal_that_waits_at_the_end_is_forgotten);
	return c;
}

UNIT_SUITE(test_engine_ids);

Suite *test_engine_ids(void)
{
	Suite *s = suite_create("engine: ids");
	TCase *c = tcase_create("ids");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, in_the_batch_that_is_being_made);
	tcase_add_test(c, in_flight);
	tcase_add_test(c, in_flight_with_other_contents);
	tcase_add_test(c, an_id_of_what_was_dropped_is_fresh);
	tcase_add_test(c, an_id_of_what_was_refused_is_fresh);
	suite_add_tcase(s, c);
	suite_add_tcase(s, asked_for());
	return s;
}
