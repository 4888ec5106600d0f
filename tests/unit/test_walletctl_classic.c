/* SPDX-License-Identifier: MIT */
/*
 * The original's screen and the courtesy behind a refusal, against main daemons
 * that are old, slow or broken.  What is right is in tests/scenario.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "unit.h"
#include "util/cleanup.h"
#include "util/timestamp.h"
#include "walletctl/classic.h"
#include "walletctl/client.h"
#include "walletctl/lookalike.h"
#include "walletctl/status.h"

#include "test_walletctl_kit.h"

#define UP "The client A is up and running.\n"
#define ASKED "\"Ben\" sent a balance enquiry request to the main server.\n"
#define INFO "$0\r\n\r\n"
#define NOUSER "-NOUSER \"Bem\" is nobody.\r\n"
#define BEN "*2\r\n$3\r\nBen\r\n:5\r\n"
#define NOBODY_SAID "\"Bem\" is nobody.\n"

static const struct {
	const char *given[5];
	const char *wanted[6];
} calls[] = {
	{ { "Ben" }, { "balance", "Ben" } },
	{ { "stats" }, { "balance", "stats" } },
	{ { "TXLIST" }, { "txlist" } },
	{ { "txlist" }, { "balance", "txlist" } },
	{ { "Ben", "stats" }, { "stats", "Ben" } },
	{ { "TXLIST", "stats" }, { "stats", "TXLIST" } },
	{ { "stats", "Ben" }, { "stats", "Ben" } },
	{ { "Ali", "Ben", "5" }, { "transfer", "Ali", "Ben", "5" } },
	{ { "transfer", "Ali", "Ben", "5" }, { "transfer", "Ali", "Ben", "5" } },
	{ { "balance", "Ben" }, { "balance", "Ben" } },
};

/* As the program does: --classic is a word of the same command line. */
START_TEST(the_originals_words_are_commands)
{
	char program[] = "walletctl";
	char option[] = "--classic";
	char *argv[8] = { program, option };
	struct options o;
	int argc = 2;
	size_t n = 0;

	for (size_t i = 0; calls[_i].given[i]; i++)
		argv[argc++] = strdup(calls[_i].given[i]);
	ck_assert_int_eq(options_parse(argc, argv, stderr, &o), 0);
	classic_words(&o);
	for (; calls[_i].wanted[n]; n++)
		ck_assert_str_eq(o.arg[n], calls[_i].wanted[n]);
	ck_assert_uint_eq(o.args, n);
	ck_assert_ptr_null(o.arg[n]);
	options_done(&o);
	while (argc > 2)
		free(argv[--argc]);
}
END_TEST

/* What is told of answers that the original does not know. */
static const struct {
	const char *words[4];
	struct kit_turn turn;
	int status;
	const char *out;
	const char *err; /* a part of it */
} answers[] = {
	{ { "Ben" },
	  { 2, ":7\r\n-ERR no\r\n", KIT_CLOSE },
	  STATUS_DONE,
	  UP ASKED "The current balance of \"Ben\" is : 7 alicoins.\n",
	  "" },
	{ { "Ben" },
	  { 2, "-UNAVAILABLE Not now.\r\n" INFO, KIT_CLOSE },
	  STATUS_UNAVAILABLE,
	  UP ASKED,
	  "Not now.\n" },
	{ { "Ben" },
	  { 2, "+OK\r\n" INFO, KIT_CLOSE },
	  STATUS_UNAVAILABLE,
	  UP ASKED,
	  "does not answer as a main daemon does" },
	/* Refused in other words than today's: all that was said. */
	{ { "Ben" },
	  { 2, "-NOUSER Who\033[2J?\r\n" INFO, KIT_CLOSE },
	  STATUS_REFUSED,
	  UP ASKED "Who\\x1b[2J?\n",
	  "" },
	{ { "Ben" }, { 2, "", KIT_CLOSE }, STATUS_UNAVAILABLE, UP, "" },
	{ { "Ben", "stats" },
	  { 1, "*1\r\n:5\r\n", KIT_CLOSE },
	  STATUS_UNAVAILABLE,
	  UP "\"Ben\" sent a statistics enquiry request to the main server.\n"
	     "\"Ben\" statistics are the following.:\n"
	     "Rank--Username--NumofTransacions--Total\n",
	  "does not answer as a main daemon does" },
	{ { "TXLIST" },
	  { 1, ":5\r\n", KIT_CLOSE },
	  STATUS_UNAVAILABLE,
	  UP "ClientA sent a sorted list request to the main server.\n",
	  "does not answer as a main daemon does" },
	{ { "Ali", "Ben", "5" },
	  { 2, INFO "-SELF No.\r\n", KIT_CLOSE },
	  STATUS_REFUSED,
	  UP "\"Ali\" has requested to transfer 5 coins to \"Ben\".\n",
	  "No.\n" },
	{ { "Ali", "Ben", "5" },
	  { 2, INFO "-INSUFFICIENT Short. The current balance of x is 1.\r\n",
	    KIT_CLOSE },
	  STATUS_REFUSED,
	  UP "\"Ali\" has requested to transfer 5 coins to \"Ben\".\n"
	     "Short.\nThe current balance of x is 1.\n",
	  "" },
};

START_TEST(other_answers_are_told_as_ever)
{
	const char *const *w = answers[_i].words;
	struct kit_server *s = kit_server_start(&answers[_i].turn, 1);
	struct kit_run r = kit_run(kit_server_name(s), "--timeout=2",
				   "--classic", w[0], w[1], w[2], NULL);

	free(kit_server_stop(s));
	ck_assert_int_eq(r.status, answers[_i].status);
	ck_assert_str_eq(r.out, answers[_i].out);
	ck_assert_msg(strstr(r.err, answers[_i].err), "said: %s", r.err);
	ck_assert_int_eq(*r.err != '\0', r.status != STATUS_DONE &&
					 (*answers[_i].err ||
					  r.status == STATUS_UNAVAILABLE));
	kit_run_done(&r);
}
END_TEST

/* Answers to USERS, and what is said of them behind the refusal. */
static const struct {
	const char *answer;
	enum kit_end end;
	const char *said;
} courtesies[] = {
	{ "*3\r\n:9\r\n:1\r\n*1\r\n" BEN, KIT_CLOSE,
	  "walletctl: did you mean \"Ben\"?\n" },
	{ "*3\r\n:9\r\n:0\r\n*0\r\n", KIT_CLOSE, "" },
	/* From before there were USERS. */
	{ "-ERR unknown command\r\n", KIT_CLOSE, "" },
	{ "-UNAVAILABLE Not now.\r\n", KIT_CLOSE, "" },
	/* Broken in one way or another. */
	{ "+OK\r\n", KIT_CLOSE, "" },
	{ "*3\r\n:9\r\n:1\r\n*1\r\n:5\r\n", KIT_CLOSE, "" },
	{ "*3\r\n:9\r\n:1\r\n*1\r\n*2\r\n:5\r\n:5\r\n", KIT_CLOSE, "" },
	{ "", KIT_CLOSE, "" },
	{ "*3\r\n:9\r\n", KIT_RESET, "" },
	{ "*3\r\n:9\r\n", KIT_HOLD, "" },
};

START_TEST(a_suggestion_is_a_courtesy)
{
	const struct kit_turn turns[] = {
		{ 1, NOUSER, KIT_STAY },
		{ 1, courtesies[_i].answer, courtesies[_i].end },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	int64_t began = client_now();
	struct kit_run r = kit_run(kit_server_name(s), "--timeout=60",
				   "--raw", "balance", "Bem", NULL);
	char expected[128];
	char *log;

	/* It may not be waited for long; a second and what a slow machine adds. */
	ck_assert_int_lt(client_now() - began, 10 * USEC_PER_SEC);
	log = kit_server_stop(s);
	ck_assert_str_eq(log, "BALANCE Bem\nUSERS COUNT 10000\n");
	free(log);
	(void)snprintf(expected, sizeof(expected), "%s%s", NOBODY_SAID,
		       courtesies[_i].said);
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_str_eq(r.out, "");
	ck_assert_str_eq(r.err, expected);
	kit_run_done(&r);
}
END_TEST

/* Nothing is asked for where nothing would be said. */
START_TEST(a_suggestion_can_be_unwanted)
{
	static const struct {
		const char *words[5];
		const char *answer;
		unsigned requests;
	} unwanted[] = {
		{ { "--quiet", "--raw", "balance", "Bem" }, NOUSER, 1 },
		{ { "--classic", "Bem" }, NOUSER INFO, 2 },
		{ { "--raw", "open", "Bem" }, "-NAME No.\r\n", 1 },
		{ { "--raw", "show", "5" }, "-NOTFOUND No.\r\n", 1 },
	};
	const char *const *w = unwanted[_i].words;
	const struct kit_turn turns[] = {
		{ unwanted[_i].requests, unwanted[_i].answer, KIT_STAY },
		{ 1, "-ERR unexpected\r\n", KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	struct kit_run r = kit_run(kit_server_name(s), w[0], w[1], w[2], w[3],
				   NULL);
	char *log = kit_server_stop(s);

	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_ptr_null(strstr(log, "USERS"));
	free(log);
	kit_run_done(&r);
}
END_TEST

UNIT_SUITE(test_walletctl_classic);

Suite *test_walletctl_classic(void)
{
	Suite *s = suite_create("walletctl/classic");
	TCase *t = tcase_create("classic");

	tcase_add_checked_fixture(t, kit_state_setup, kit_state_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, the_originals_words_are_commands, 0,
			    ELEMENTS(calls));
	tcase_add_loop_test(t, other_answers_are_told_as_ever, 0,
			    ELEMENTS(answers));
	tcase_add_loop_test(t, a_suggestion_is_a_courtesy, 0,
			    ELEMENTS(courtesies));
	tcase_add_loop_test(t, a_suggestion_can_be_unwanted, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
