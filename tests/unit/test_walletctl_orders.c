/* SPDX-License-Identifier: MIT */
/*
 * Tests of walletctl's orders: what is asked, how often, under which id, what
 * is left in the state directory, and the exit status.
 */
#include "config.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "unit.h"
#include "walletctl/opstore.h"
#include "walletctl/status.h"

#include "test_walletctl_kit.h"

#define RECEIPT                                                                \
	"*4\r\n:10\r\n:914\r\n$27\r\n2026-11-22T13:37:00.123456Z\r\n"          \
	"$2\r\nab\r\n"
#define INFO_BEANS "$22\r\n# Ledger\r\ncoin:beans\r\n\r\n"
#define PAY "TRANSFER Ben Victor 1 ID 7\n"
#define POOR                                                                   \
	"-INSUFFICIENT \"Ben\" was unable to transfer 1 alicoins to "          \
	"\"Victor\" because of insufficient balance.\r\n"

/* "transfer Ben Victor 1 --id 7 --raw" against a script, and its end. */
static const struct {
	struct kit_turn turn[3];
	size_t turns;
	const char *timeout;
	const char *asked;
	int status;
	size_t pending;
	const char *said;
} scripts[] = {
	/* Done, and refused, at the first attempt. */
	{ { { 1, RECEIPT, KIT_CLOSE } }, 1, "8", PAY, STATUS_DONE, 0, "" },
	{ { { 1, POOR, KIT_CLOSE } },
	  1,
	  "8",
	  PAY,
	  STATUS_REFUSED,
	  0,
	  "\"Ben\" was unable to transfer 1 alicoins to \"Victor\" because of "
	  "insufficient balance.\n" },
	{ { { 1, "-READONLY Closed.\r\n", KIT_CLOSE } },
	  1,
	  "8",
	  PAY,
	  STATUS_REFUSED,
	  0,
	  "Closed.\n" },
	{ { { 1, "-NOPERM Not you.\r\n", KIT_CLOSE } },
	  1,
	  "8",
	  PAY,
	  STATUS_NOT_PERMITTED,
	  0,
	  "Not you.\n" },
	/* Not now, and then done, on the same connection. */
	{ { { 1, "-UNAVAILABLE Wait.\r\n", KIT_STAY },
	    { 1, RECEIPT, KIT_CLOSE } },
	  2,
	  "8",
	  PAY PAY,
	  STATUS_DONE,
	  0,
	  "walletctl: Wait. Trying again.\n" },
	/* The answer got lost: the same id again. */
	{ { { 1, "", KIT_RESET }, { 1, RECEIPT, KIT_CLOSE } },
	  2,
	  "8",
	  PAY PAY,
	  STATUS_DONE,
	  0,
	  "Trying again.\n" },
	{ { { 1, "", KIT_CLOSE }, { 1, RECEIPT, KIT_CLOSE } },
	  2,
	  "8",
	  PAY PAY,
	  STATUS_DONE,
	  0,
	  "Trying again.\n" },
	{ { { 1, "*4\r\n:10\r\n", KIT_CLOSE }, { 1, RECEIPT, KIT_CLOSE } },
	  2,
	  "8",
	  PAY PAY,
	  STATUS_DONE,
	  0,
	  "Trying again.\n" },
	{ { { 1, "-UNKNOWN Perhaps.\r\n", KIT_STAY },
	    { 1, RECEIPT, KIT_CLOSE } },
	  2,
	  "8",
	  PAY PAY,
	  STATUS_DONE,
	  0,
	  "walletctl: Perhaps. Trying again.\n" },
	/* A rule of the ledger settles it, for the lost attempt as well. */
	{ { { 1, "", KIT_CLOSE }, { 1, POOR, KIT_CLOSE } },
	  2,
	  "8",
	  PAY PAY,
	  STATUS_REFUSED,
	  0,
	  "insufficient balance.\n" },
	/* A closed ledger says nothing of the attempt before. */
	{ { { 1, "", KIT_CLOSE }, { 1, "-READONLY Closed.\r\n", KIT_CLOSE } },
	  2,
	  "8",
	  PAY PAY,
	  STATUS_UNKNOWN,
	  1,
	  "with --id 7.\n" },
	/* Nobody answers, or answers in time. */
	{ { { 1, "", KIT_HOLD } },
	  1,
	  "0.5",
	  PAY,
	  STATUS_UNKNOWN,
	  1,
	  "It is not known whether \"Ben\" transferred 1 to \"Victor\": run "
	  "\"walletctl resume\"" },
	{ { { 1, "*4\r\n:10\r\n", KIT_HOLD } },
	  1,
	  "0.5",
	  PAY,
	  STATUS_UNKNOWN,
	  1,
	  "did not answer in time" },
	/* No main daemon at all. */
	{ { { 1, "Hello\r\n", KIT_HOLD } },
	  1,
	  "8",
	  PAY,
	  STATUS_UNKNOWN,
	  1,
	  "as reply type byte. It is not known" },
	{ { { 1, "+OK\r\n", KIT_HOLD } },
	  1,
	  "8",
	  PAY,
	  STATUS_UNKNOWN,
	  1,
	  "does not answer as a main daemon does. It is not known" },
	{ { { 1, "*4\r\n:10\r\n$1\r\n9\r\n$1\r\nt\r\n$1\r\nh\r\n", KIT_HOLD } },
	  1,
	  "8",
	  PAY,
	  STATUS_UNKNOWN,
	  1,
	  "does not answer as" },
};

START_TEST(an_order_ends_as_it_must)
{
	struct kit_server *s =
		kit_server_start(scripts[_i].turn, scripts[_i].turns);
	struct kit_run r = kit_run(kit_server_name(s), "transfer", "Ben",
				   "Victor", "1", "--id", "7", "--raw",
				   "--timeout", scripts[_i].timeout, NULL);
	char *log = kit_server_stop(s);

	ck_assert_msg(strstr(r.err, scripts[_i].said), "said: %s", r.err);
	ck_assert_int_eq(r.status, scripts[_i].status);
	ck_assert_uint_eq(kit_pending_count(), scripts[_i].pending);
	ck_assert_str_eq(log, scripts[_i].asked);
	ck_assert_str_eq(r.out,
			 r.status == STATUS_DONE
				 ? "10\tBen\tVictor\t1\t"
				   "2026-11-22T13:37:00.123456Z\t7\t\tab\t914\n"
				 : "");
	kit_run_done(&r);
	free(log);
}
END_TEST

/* Asked again and again, until the time is up. */
static const struct {
	const char *answer;
	int status;
	size_t pending;
	const char *said;
} stubborn[] = {
	{ "-UNAVAILABLE Wait.\r\n", STATUS_UNAVAILABLE, 0,
	  "walletctl: Wait. Trying again.\nwalletctl: Wait. Nothing "
	  "happened.\n" },
	{ "-UNKNOWN Perhaps.\r\n", STATUS_UNKNOWN, 1,
	  "walletctl: Perhaps. It is not known" },
};

/* "Nothing was changed" of the last attempt is not the whole story. */
START_TEST(an_earlier_attempt_is_not_forgotten)
{
	const struct kit_turn turn[] = {
		{ 1, "-UNKNOWN Perhaps.\r\n", KIT_CLOSE },
		{ 1, "-UNAVAILABLE Nothing.\r\n", KIT_REPEAT },
	};
	struct kit_server *s = kit_server_start(turn, 2);
	struct kit_run r =
		kit_run(kit_server_name(s), "transfer", "Ben", "Victor", "1",
			"--id", "7", "--raw", "--timeout=1", NULL);

	ck_assert_int_eq(r.status, STATUS_UNKNOWN);
	ck_assert_msg(strstr(r.err, "Nothing. That is the last attempt; an "
				    "earlier one may have gone through. It is "
				    "not known"),
		      "said: %s", r.err);
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

START_TEST(an_answer_that_stays_the_same_is_told)
{
	const struct kit_turn turn = { 1, stubborn[_i].answer, KIT_REPEAT };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r =
		kit_run(kit_server_name(s), "transfer", "Ben", "Victor", "1",
			"--id", "7", "--raw", "--timeout=1", NULL);
	char *log = kit_server_stop(s);

	ck_assert_int_eq(strncmp(log, PAY PAY, strlen(PAY PAY)), 0);
	ck_assert_int_eq(r.status, stubborn[_i].status);
	ck_assert_uint_eq(kit_pending_count(), stubborn[_i].pending);
	ck_assert_msg(strstr(r.err, stubborn[_i].said), "said: %s", r.err);
	kit_run_done(&r);
	free(log);
}
END_TEST

START_TEST(nobody_there_is_told_at_once)
{
	char server[32];
	struct kit_run r;

	kit_free_port(server);
	r = kit_run(server, "transfer", "Ben", "Victor", "1", NULL);
	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(r.err, "Nothing happened.\n"));
	ck_assert_ptr_null(strstr(r.err, "Trying again"));
	ck_assert_uint_eq(kit_pending_count(), 0);
	kit_run_done(&r);
}
END_TEST

START_TEST(people_read_the_original_sentences)
{
	static const struct kit_turn turn = { 2, INFO_BEANS RECEIPT,
					      KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r =
		kit_run(kit_server_name(s), "transfer", "Ben", "Victor", "1",
			"--memo=two coffees", "--id=7", NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(log, "INFO ledger\n"
			      "TRANSFER Ben Victor 1 ID 7 MEMO two coffees\n");
	ck_assert_str_eq(
		r.out,
		"\"Ben\" successfully transferred 1 beans to \"Victor\".\n"
		"The current balance of \"Ben\" is : 914 beans.\n");
	ck_assert_str_eq(r.err, "");
	kit_run_done(&r);
	free(log);
}
END_TEST

START_TEST(programs_read_one_record)
{
	static const struct kit_turn turn = { 1, RECEIPT, KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r =
		kit_run(kit_server_name(s), "transfer", "Ben", "Victor", "1",
			"--memo=a\"b", "--id=7", "--json", NULL);

	ck_assert_str_eq(
		r.out,
		"{\"serial\":10,\"sender\":\"Ben\",\"receiver\":\"Victor\","
		"\"amount\":1,\"time\":\"2026-11-22T13:37:00.123456Z\","
		"\"id\":\"7\",\"memo\":\"a\\\"b\",\"hash\":\"ab\","
		"\"balance\":914}\n");
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

START_TEST(opening_is_an_order_too)
{
	static const struct kit_turn turn = { 2, INFO_BEANS RECEIPT,
					      KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r =
		kit_run(kit_server_name(s), "open", "Zoe", "--id=7", NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(log, "INFO ledger\nOPEN Zoe ID 7\n");
	ck_assert_str_eq(r.out,
			 "\"Zoe\" is now part of the network.\n"
			 "The current balance of \"Zoe\" is : 914 beans.\n");
	ck_assert_uint_eq(kit_pending_count(), 0);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* The main daemon refuses it; it is no option, and not ours to judge. */
START_TEST(a_negative_amount_reaches_the_daemon)
{
	static const struct kit_turn turn = { 1, "-AMOUNT No.\r\n", KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r = kit_run(kit_server_name(s), "--raw", "transfer", "A",
				   "B", "-5", "--id=7", "--memo=", NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(log, "TRANSFER A B -5 ID 7\n");
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_str_eq(r.err, "No.\n");
	kit_run_done(&r);
	free(log);
}
END_TEST

/* 32 hex digits, and new ones for each order. */
START_TEST(orders_have_ids_of_their_own)
{
	static const struct kit_turn turns[] = {
		{ 1, RECEIPT, KIT_CLOSE },
		{ 1, RECEIPT, KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	const char *server = kit_server_name(s);
	struct kit_run a = kit_run(server, "open", "Zoe", "--raw", NULL);
	struct kit_run b = kit_run(server, "open", "Zoe", "--raw", NULL);
	char *log = kit_server_stop(s);
	const char *second = strchr(log, '\n') + 1;

	ck_assert_uint_eq(
		strspn(log + strlen("OPEN Zoe ID "), "0123456789abcdef"), 32);
	ck_assert_uint_eq(strlen(second), strlen("OPEN Zoe ID \n") + 32);
	ck_assert_int_ne(strncmp(log, second, strlen(second)), 0);
	kit_run_done(&a);
	kit_run_done(&b);
	free(log);
}
END_TEST

/* Without a place for it the order goes out all the same. */
START_TEST(no_state_directory_is_a_warning)
{
	static const struct kit_turn turn = { 1, RECEIPT, KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r;

	(void)setenv("XDG_STATE_HOME", "/dev/null", 1);
	r = kit_run(kit_server_name(s), "transfer", "Ben", "Victor", "1",
		    "--raw", NULL);
	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert_ptr_nonnull(strstr(r.err, "walletctl: warning: there is no "
					    "place to keep the order"));
	ck_assert_ptr_nonnull(strstr(r.err, "Not a directory"));
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

/* What an order in the state directory looks like. */
static void write_order(const char *server, const char *id, const char *amount)
{
	struct buf text = { 0 };
	struct order o = { .command = strdup("transfer"),
			   .server = strdup(server),
			   .sender = strdup("Ben"),
			   .receiver = strdup("Victor"),
			   .amount = strdup(amount),
			   .id = strdup(id) };

	ck_assert_int_eq(order_write(&o, &text), 0);
	ck_assert_int_eq(buf_add(&text, "", 1), 0);
	kit_pending_write(id, (const char *)text.data);
	buf_done(&text);
	order_done(&o);
}

/* Sent before, perhaps: "unavailable" does not mean that nothing happened. */
START_TEST(an_id_that_is_pending_is_not_new)
{
	static const struct kit_turn turn = { 1, "-UNAVAILABLE Wait.\r\n",
					      KIT_REPEAT };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r;

	write_order(kit_server_name(s), "7", "1");
	r = kit_run(kit_server_name(s), "transfer", "Ben", "Victor", "1",
		    "--id=7", "--raw", "--timeout=1", NULL);
	ck_assert_int_eq(r.status, STATUS_UNKNOWN);
	ck_assert_uint_eq(kit_pending_count(), 1);
	kit_run_done(&r);

	/* And for another order it is not to be had. */
	r = kit_run(kit_server_name(s), "transfer", "Ben", "Victor", "2",
		    "--id=7", "--raw", NULL);
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_ptr_nonnull(strstr(r.err, "stands for another order"));
	ck_assert_uint_eq(kit_pending_count(), 1);
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

START_TEST(resume_settles_what_it_can)
{
	static const struct kit_turn turns[] = {
		{ 1, RECEIPT, KIT_CLOSE },
		{ 1, POOR, KIT_CLOSE },
		{ 1, "Hello\r\n", KIT_HOLD },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	struct kit_run r;
	char *log;

	write_order(kit_server_name(s), "1", "10");
	write_order(kit_server_name(s), "2", "20");
	write_order(kit_server_name(s), "3", "30");
	write_order("127.0.0.1:1", "4", "40");
	kit_pending_write("5", "junk");
	r = kit_run(kit_server_name(s), "resume", "--raw", NULL);
	log = kit_server_stop(s);

	ck_assert_str_eq(log, "TRANSFER Ben Victor 10 ID 1\n"
			      "TRANSFER Ben Victor 20 ID 2\n"
			      "TRANSFER Ben Victor 30 ID 3\n");
	ck_assert_int_eq(r.status, STATUS_UNKNOWN);
	ck_assert_ptr_nonnull(
		strstr(r.out, "10\tBen\tVictor\t10\t2026-11-22T13:37:00.123456Z"
			      "\t1\t\tab\t914\tdone\t\n"));
	ck_assert_ptr_nonnull(
		strstr(r.out, "\n\tBen\tVictor\t20\t\t2\t\t\t\trefused\t"));
	ck_assert_ptr_nonnull(strstr(r.out, "\t3\t\t\t\tunknown\t"));
	ck_assert_ptr_nonnull(strstr(r.err, "the order 4 is for 127.0.0.1:1"));
	ck_assert_ptr_nonnull(strstr(r.err, "the file 5 is no pending order"));
	ck_assert_uint_eq(kit_pending_count(), 3);
	kit_run_done(&r);
	free(log);
}
END_TEST

START_TEST(resume_has_nothing_to_do)
{
	struct kit_run text = kit_run("127.0.0.1:1", "resume", NULL);
	struct kit_run json = kit_run("127.0.0.1:1", "resume", "--json", NULL);

	ck_assert_int_eq(text.status, STATUS_DONE);
	ck_assert_str_eq(text.err, "walletctl: no order is pending.\n");
	ck_assert_str_eq(json.out, "[]\n");
	kit_run_done(&text);
	kit_run_done(&json);
}
END_TEST

/* What became of an order that is pending is not known while nobody answers. */
START_TEST(resume_keeps_what_it_cannot_settle)
{
	struct kit_run r;
	char server[32];

	kit_free_port(server);
	write_order(server, "1", "10");
	r = kit_run(server, "resume", "--timeout=0.01", NULL);
	ck_assert_int_eq(r.status, STATUS_UNKNOWN);
	ck_assert_uint_eq(kit_pending_count(), 1);
	kit_run_done(&r);
}
END_TEST

UNIT_SUITE(test_walletctl_orders);

Suite *test_walletctl_orders(void)
{
	Suite *s = suite_create("walletctl/orders");
	TCase *t = tcase_create("orders");

	tcase_set_timeout(t, 20);
	tcase_add_checked_fixture(t, kit_state_setup, kit_state_teardown);
	tcase_add_loop_test(t, an_order_ends_as_it_must, 0, ELEMENTS(scripts));
	tcase_add_test(t, an_earlier_attempt_is_not_forgotten);
	tcase_add_loop_test(t, an_answer_that_stays_the_same_is_told, 0,
			    ELEMENTS(stubborn));
	tcase_add_test(t, nobody_there_is_told_at_once);
	tcase_add_test(t, people_read_the_original_sentences);
	tcase_add_test(t, programs_read_one_record);
	tcase_add_test(t, opening_is_an_order_too);
	tcase_add_test(t, a_negative_amount_reaches_the_daemon);
	tcase_add_test(t, orders_have_ids_of_their_own);
	tcase_add_test(t, no_state_directory_is_a_warning);
	tcase_add_test(t, an_id_that_is_pending_is_not_new);
	tcase_add_test(t, resume_settles_what_it_can);
	tcase_add_test(t, resume_has_nothing_to_do);
	tcase_add_test(t, resume_keeps_what_it_cannot_settle);
	suite_add_tcase(s, t);
	return s;
}
