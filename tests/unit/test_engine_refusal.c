/* SPDX-License-Identifier: MIT */
/*
 * What is refused, by which code and in which words, and when it may be told.
 */
#include "config.h"

#include <stdio.h>

#include "test_engine_bench.h"

static const char amount_rule[] =
	"The amount must be a whole number from 1 to 9223372036854775807, in "
	"digits only.";

static void hold_batches(void)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold |= HOLD(FRAME_APPEND);
}

static void refuses(const char *sender, const char *receiver,
		    const char *amount, enum outcome_code code,
		    const char *sentence)
{
	struct told *t = order_transfer(sender, receiver, amount);

	bench_run();
	expect_refused(t, code, sentence);
	ck_assert_uint_eq(bench_info().serial, 3);
	for (size_t i = 0; i < BACKENDS; i++)
		ck_assert_uint_eq(bench.model[i].sent[FRAME_APPEND], 0);
}

START_TEST(who_is_not_part_of_the_network)
{
	bench_open();
	refuses("Xaver", "Ben", "1", OUTCOME_NOUSER,
		"Unable to proceed with the transaction as \"Xaver\" is not "
		"part of the network.");
	refuses("Ali", "Yuri", "1", OUTCOME_NOUSER,
		"Unable to proceed with the transaction as \"Yuri\" is not "
		"part of the network.");
	refuses("Xaver", "Yuri", "1", OUTCOME_NOUSER,
		"Unable to proceed with the transaction as \"Xaver\" and "
		"\"Yuri\" are not part of the network.");
}
END_TEST

START_TEST(too_few_coins)
{
	bench_open();
	refuses("Ali", "Ben", "996", OUTCOME_INSUFFICIENT,
		"\"Ali\" was unable to transfer 996 alicoins to \"Ben\" "
		"because "
		"of insufficient balance. The current balance of \"Ali\" is : "
		"995 alicoins.");
	refuses("Ali", "Ben", "9223372036854775807", OUTCOME_INSUFFICIENT,
		NULL);
}
END_TEST

START_TEST(the_last_coin_may_go)
{
	struct told *t;

	bench_open();
	t = order_transfer("Ali", "Ben", "995");
	bench_run();
	expect_serial(t, 4);
	ck_assert_uint_eq(t->balance, 0);
}
END_TEST

START_TEST(to_oneself)
{
	bench_open();
	refuses("Ali", "Ali", "1", OUTCOME_SELF,
		"\"Ali\" cannot transfer alicoins to oneself.");
}
END_TEST

START_TEST(what_is_no_amount)
{
	static const char *const amounts[] = {
		"0",   "-1",
		"+1",  "01",
		"abc", "9223372036854775808",
		"",    " 1",
		"1 ",  "1.0",
		"1e3", "0x10",
		"00",  "18446744073709551617",
	};

	bench_open();
	for (size_t i = 0; i < ELEMENTS(amounts); i++)
		refuses("Ali", "Ben", amounts[i], OUTCOME_AMOUNT, amount_rule);
	/* Whoever is named. */
	refuses("Nobody", "Ben", "0", OUTCOME_AMOUNT, amount_rule);
}
END_TEST

START_TEST(what_is_no_name)
{
	char name[70];

	bench_open();
	memset(name, 'n', 65);
	name[65] = '\0';
	refuses(name, "Ben", "1", OUTCOME_NAME,
		"The sender's name is longer than 64 bytes: expected 1 to 64 "
		"bytes of UTF-8 without spaces, controls, '=', ',' or '\"'.");
	refuses("Ali", "", "1", OUTCOME_NAME,
		"The receiver's name is empty: expected 1 to 64 bytes of UTF-8 "
		"without spaces, controls, '=', ',' or '\"'.");
	refuses("A li", "Ben", "1", OUTCOME_NAME, NULL);
	refuses("Ali", "B=n", "1", OUTCOME_NAME, NULL);
	refuses("Ali", "\xff", "1", OUTCOME_NAME, NULL);
	/* The names come before the amount. */
	refuses("", "Ben", "x", OUTCOME_NAME, NULL);
}
END_TEST

static void refuses_with(const char *id, const char *memo, const char *sentence)
{
	struct told *t = order_with("Ali", "Ben", "1", id, memo);

	bench_run();
	expect_refused(t, OUTCOME_NAME, sentence);
	ck_assert_uint_eq(bench_info().serial, 3);
}

START_TEST(what_is_no_id)
{
	char id[66];

	bench_open();
	memset(id, 'i', 65);
	id[65] = '\0';
	refuses_with(id, "",
		     "The operation id is longer than 64 bytes: expected 1 to "
		     "64 printable ASCII characters without spaces, '=', ',' "
		     "or '\"'.");
	refuses_with("a b", "", NULL);
	refuses_with("a=b", "", NULL);
	refuses_with("\xc3\xa9", "", NULL);
	id[64] = '\0';
	{
		struct told *t = order_with("Ali", "Ben", "1", id, "");

		bench_run();
		expect_serial(t, 4);
	}
}
END_TEST

START_TEST(what_is_no_memo)
{
	char memo[162];
	struct told *t;

	bench_open();
	memset(memo, 'm', 161);
	memo[161] = '\0';
	refuses_with("", memo, NULL);
	refuses_with("", "a\nb", NULL);
	refuses_with("", "\xff", NULL);
	memset(memo, ' ', 160);
	memo[160] = '\0';
	t = order_with("Ali", "Ben", "1", "", memo);
	bench_run();
	expect_serial(t, 4);
}
END_TEST

START_TEST(more_than_anybody_can_have)
{
	struct told *t;

	bench_forget_history();
	ck_assert_int_eq(
		amount_from_u64(INT64_MAX - 1, &bench.config.initial_balance),
		0);
	bench_line(1, "1 Ali Ben 1");
	bench_open();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_refused(t, OUTCOME_LIMIT,
		       "\"Ben\" cannot receive so much: the balance would pass "
		       "9223372036854775807.");
	ck_assert_uint_eq(bench_info().coins, UINT64_MAX - 3);
}
END_TEST

START_TEST(a_wallet_that_is_open)
{
	struct told *t;

	bench_open();
	t = order_open("Ali", "");
	bench_run();
	expect_refused(t, OUTCOME_EXISTS,
		       "\"Ali\" is already part of the network.");
	t = order_open("no name", "");
	bench_run();
	expect_refused(t, OUTCOME_NAME, NULL);
}
END_TEST

START_TEST(an_opening_has_the_starting_balance)
{
	struct told *t;

	bench_open();
	t = order_open("Dan", "");
	bench_run();
	expect_serial(t, 4);
	ck_assert_uint_eq(t->balance, 1000);
	expect_balance("Dan", 1000);
	ck_assert_uint_eq(bench_info().users, 4);
}
END_TEST

/* The balance that it rests on is not on a disk yet. */
START_TEST(too_few_staged_coins_are_told_when_durable)
{
	struct told *first;
	struct told *second;
	struct told *other;

	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	first = order_transfer("Ali", "Ben", "990");
	bench_run();
	second = order_transfer("Ali", "Ben", "6");
	other = order_transfer("Ali", "Nobody", "1");
	bench_run();
	expect_waiting(second);
	/* That nobody joined does not rest on the batch. */
	expect_refused(other, OUTCOME_NOUSER, NULL);
	reply_model(bench_take(-1, FRAME_APPEND));
	expect_done(first);
	expect_refused(
		second, OUTCOME_INSUFFICIENT,
		"\"Ali\" was unable to transfer 6 alicoins to \"Ben\" "
		"because of insufficient balance. The current balance of "
		"\"Ali\" is : 5 alicoins.");
	ck_assert_uint_gt(second->turn, first->turn);
}
END_TEST

START_TEST(coins_on_their_way_can_be_spent)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	(void)order_transfer("Ben", "Ali", "100");
	t = order_transfer("Ali", "Cem", "1090");
	bench_run();
	reply_model(bench_take(-1, FRAME_APPEND));
	expect_serial(t, 5);
	ck_assert_uint_eq(t->balance, 5);
}
END_TEST

START_TEST(a_refusal_on_what_failed_is_unavailable)
{
	struct told *second;

	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	(void)order_transfer("Ali", "Ben", "990");
	bench_run();
	second = order_transfer("Ali", "Ben", "6");
	bench_pass(BENCH_TIMEOUT);
	expect_refused(second, OUTCOME_UNAVAILABLE,
		       "Not answered in time; nothing was changed.");
}
END_TEST

START_TEST(a_second_opening_is_told_when_the_first_is_durable)
{
	struct told *first;
	struct told *second;

	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	first = order_open("Dan", "");
	second = order_open("Dan", "");
	bench_run();
	expect_waiting(second);
	reply_model(bench_take(-1, FRAME_APPEND));
	expect_done(first);
	expect_refused(second, OUTCOME_EXISTS,
		       "\"Dan\" is already part of the network.");
	ck_assert_uint_eq(bench_info().serial, 4);
}
END_TEST

START_TEST(questions_about_nobody)
{
	static const char sentence[] = "Unable to proceed with the request as "
				       "\"Xaver\" is not part of "
				       "the network.";
	struct told *t[3];

	bench_open();
	t[0] = order_balance("Xaver");
	t[1] = order_stats("Xaver");
	t[2] = order_history("Xaver", 1, 10);
	bench_run();
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_refused(t[i], OUTCOME_NOUSER, sentence);
	t[0] = order_balance("no name");
	t[1] = order_stats("");
	bench_run();
	expect_refused(t[0], OUTCOME_NAME, NULL);
	expect_refused(t[1], OUTCOME_NAME, NULL);
}
END_TEST

/* Who is being opened is no member before it is durable. */
START_TEST(a_staged_member_is_shown_to_nobody)
{
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	hold_batches();
	(void)order_open("Dan", "");
	bench_run();
	t = order_balance("Dan");
	bench_run();
	expect_refused(t, OUTCOME_NOUSER, NULL);
}
END_TEST

static TCase *durable(void)
{
	TCase *c = tcase_create("durable");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, too_few_staged_coins_are_told_when_durable);
	tcase_add_test(c, coins_on_their_way_can_be_spent);
	tcase_add_test(c, a_refusal_on_what_failed_is_unavailable);
	tcase_add_test(c, a_second_opening_is_told_when_the_first_is_durable);
	tcase_add_test(c, a_staged_member_is_shown_to_nobody);
	return c;
}

UNIT_SUITE(test_engine_refusal);

Suite *test_engine_refusal(void)
{
	Suite *s = suite_create("engine: refusal");
	TCase *c = tcase_create("refusal");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, who_is_not_part_of_the_network);
	tcase_add_test(c, too_few_coins);
	tcase_add_test(c, the_last_coin_may_go);
	tcase_add_test(c, to_oneself);
	tcase_add_test(c, what_is_no_amount);
	tcase_add_test(c, what_is_no_name);
	tcase_add_test(c, what_is_no_id);
	tcase_add_test(c, what_is_no_memo);
	tcase_add_test(c, more_than_anybody_can_have);
	tcase_add_test(c, a_wallet_that_is_open);
	tcase_add_test(c, an_opening_has_the_starting_balance);
	tcase_add_test(c, questions_about_nobody);
	suite_add_tcase(s, c);
	suite_add_tcase(s, durable());
	return s;
}
