/* SPDX-License-Identifier: MIT */
/*
 * Tests of walletctl's questions: each command against a scripted server, what
 * it asks, prints and exits with.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "unit.h"
#include "walletctl/status.h"

#include "test_walletctl_kit.h"

#define INFO_BEANS "$22\r\n# Ledger\r\ncoin:beans\r\n\r\n"
#define TIP9 "*3\r\n:9\r\n$2\r\nab\r\n$-1\r\n"
#define TIME "2026-11-22T13:37:00.123456Z"
#define REST "$-1\r\n$-1\r\n$-1\r\n$-1\r\n"
#define OLD(serial, sender, receiver, amount)                                  \
	"*8\r\n:" serial "\r\n" sender receiver ":" amount "\r\n" REST
#define ALI "$3\r\nAli\r\n"
#define BEN "$3\r\nBen\r\n"
#define NEW                                                                    \
	"*8\r\n:9\r\n" BEN ALI ":2\r\n$27\r\n" TIME                            \
	"\r\n$2\r\nid\r\n$8\r\na \"b\" \xc3\xab\r\n$2\r\nff\r\n"

/* A question, the answers to it, and what comes of them. */
static const struct {
	const char *words[6];
	struct kit_turn turn;
	const char *asked;
	int status;
	const char *out;
	const char *err;
} cases[] = {
	{ { "balance", "Ben" },
	  { 2, ":881\r\n" INFO_BEANS, KIT_CLOSE },
	  "BALANCE Ben\nINFO ledger\n",
	  STATUS_DONE,
	  "The current balance of \"Ben\" is : 881 beans.\n",
	  "" },
	/* What the coins are called is not worth failing for. */
	{ { "balance", "Ben" },
	  { 2, ":881\r\n-ERR no\r\n", KIT_CLOSE },
	  "BALANCE Ben\nINFO ledger\n",
	  STATUS_DONE,
	  "The current balance of \"Ben\" is : 881 alicoins.\n",
	  "" },
	{ { "balance", "Ben", "--raw" },
	  { 1, ":881\r\n", KIT_CLOSE },
	  "BALANCE Ben\n",
	  STATUS_DONE,
	  "881\n",
	  "" },
	{ { "--json", "balance", "Ben" },
	  { 1, ":881\r\n", KIT_CLOSE },
	  "BALANCE Ben\n",
	  STATUS_DONE,
	  "{\"user\":\"Ben\",\"balance\":881}\n",
	  "" },
	{ { "balance", "--", "-x" },
	  { 2, "-NOUSER \"-x\" is not part of the network.\r\n" INFO_BEANS,
	    KIT_CLOSE },
	  "BALANCE -x\nINFO ledger\n",
	  STATUS_REFUSED,
	  "",
	  "\"-x\" is not part of the network.\n" },
	{ { "balance", "A\033[2J" },
	  { 2, "-NOUSER \"A\033[2J\" is not.\r\n" INFO_BEANS, KIT_CLOSE },
	  "BALANCE A\033[2J\nINFO ledger\n",
	  STATUS_REFUSED,
	  "",
	  "\"A\\x1b[2J\" is not.\n" },
	{ { "balance", "Ben", "--raw" },
	  { 1, "-UNAVAILABLE Not now.\r\n", KIT_CLOSE },
	  "BALANCE Ben\n",
	  STATUS_UNAVAILABLE,
	  "",
	  "Not now.\n" },
	{ { "balance", "Ben", "--raw" },
	  { 1, "-INTEGRITY Oh.\r\n", KIT_CLOSE },
	  "BALANCE Ben\n",
	  STATUS_INTEGRITY,
	  "",
	  "Oh.\n" },
	{ { "balance", "Ben", "--raw" },
	  { 1, "-NOPERM Not you.\r\n", KIT_CLOSE },
	  "BALANCE Ben\n",
	  STATUS_NOT_PERMITTED,
	  "",
	  "Not you.\n" },
	{ { "stats", "Ben", "--raw" },
	  { 1, "*2\r\n*3\r\n" ALI ":3\r\n:-7\r\n*3\r\n" BEN ":1\r\n:2\r\n",
	    KIT_CLOSE },
	  "STATS Ben\n",
	  STATUS_DONE,
	  "1\tAli\t3\t-7\n2\tBen\t1\t2\n",
	  "" },
	{ { "stats", "Ben", "--json" },
	  { 1, "*1\r\n*3\r\n" ALI ":3\r\n:-7\r\n", KIT_CLOSE },
	  "STATS Ben\n",
	  STATUS_DONE,
	  "[\n{\"rank\":1,\"user\":\"Ali\",\"transactions\":3,\"net\":-7}\n]\n",
	  "" },
	{ { "stats", "Ben" },
	  { 1, "*1\r\n*3\r\n" ALI ":3\r\n:-7\r\n", KIT_CLOSE },
	  "STATS Ben\n",
	  STATUS_DONE,
	  "Rank Username NumTransactions Total\n"
	  "   1 Ali                    3    -7\n",
	  "" },
	{ { "stats", "Ben" },
	  { 1, "*0\r\n", KIT_CLOSE },
	  "STATS Ben\n",
	  STATUS_DONE,
	  "",
	  "walletctl: \"Ben\" has no transactions with others yet.\n" },
	{ { "txlist" },
	  { 1, "*3\r\n$2\r\n/a\r\n:9\r\n$2\r\nab\r\n", KIT_CLOSE },
	  "TXLIST\n",
	  STATUS_DONE,
	  "The list of all transactions was written to /a: 9 transactions, "
	  "tip ab.\n",
	  "" },
	{ { "txlist", "--json" },
	  { 1, "*3\r\n$2\r\n/a\r\n:9\r\n$2\r\nab\r\n", KIT_CLOSE },
	  "TXLIST\n",
	  STATUS_DONE,
	  "{\"path\":\"/a\",\"transactions\":9,\"hash\":\"ab\"}\n",
	  "" },
	{ { "tip" },
	  { 1, TIP9, KIT_CLOSE },
	  "TIP\n",
	  STATUS_DONE,
	  "The last transaction is number 9, its hash ab.\n",
	  "" },
	{ { "tip" },
	  { 1, "*3\r\n:0\r\n$2\r\n00\r\n$-1\r\n", KIT_CLOSE },
	  "TIP\n",
	  STATUS_DONE,
	  "There are no transactions yet.\n",
	  "" },
	{ { "tip", "--json" },
	  { 1, TIP9, KIT_CLOSE },
	  "TIP\n",
	  STATUS_DONE,
	  "{\"serial\":9,\"hash\":\"ab\",\"time\":null}\n",
	  "" },
	{ { "tip", "--raw" },
	  { 1, TIP9, KIT_CLOSE },
	  "TIP\n",
	  STATUS_DONE,
	  "9\tab\t\n",
	  "" },
	{ { "show", "9", "--raw" },
	  { 1, NEW, KIT_CLOSE },
	  "SHOW 9\n",
	  STATUS_DONE,
	  "9\tBen\tAli\t2\t" TIME "\tid\ta \"b\" \xc3\xab\tff\n",
	  "" },
	{ { "show", "--id=id", "--json" },
	  { 1, NEW, KIT_CLOSE },
	  "SHOW ID id\n",
	  STATUS_DONE,
	  "{\"serial\":9,\"sender\":\"Ben\",\"receiver\":\"Ali\",\"amount\":2,"
	  "\"time\":\"" TIME "\",\"id\":\"id\","
	  "\"memo\":\"a \\\"b\\\" \xc3\xab\",\"hash\":\"ff\"}\n",
	  "" },
	{ { "show", "9" },
	  { 1, "-NOTFOUND There is no transaction 9.\r\n", KIT_CLOSE },
	  "SHOW 9\n",
	  STATUS_REFUSED,
	  "",
	  "There is no transaction 9.\n" },
	/* The tenth came after the tip was taken. */
	{ { "list", "--raw" },
	  { 2, TIP9 "*2\r\n" OLD("9", BEN, ALI, "5") OLD("10", ALI, BEN, "5"),
	    KIT_CLOSE },
	  "TIP\nLIST FROM 1 COUNT 10000\n",
	  STATUS_DONE,
	  "9\tBen\tAli\t5\t\t\t\t\n",
	  "" },
	{ { "list", "--json", "--from=3", "--count=2" },
	  { 2, TIP9 "*2\r\n" OLD("3", BEN, ALI, "5") OLD("4", ALI, BEN, "6"),
	    KIT_CLOSE },
	  "TIP\nLIST FROM 3 COUNT 2\n",
	  STATUS_DONE,
	  "[\n{\"serial\":3,\"sender\":\"Ben\",\"receiver\":\"Ali\","
	  "\"amount\":5,\"time\":null,\"id\":null,\"memo\":null,"
	  "\"hash\":null},\n"
	  "{\"serial\":4,\"sender\":\"Ali\",\"receiver\":\"Ben\","
	  "\"amount\":6,\"time\":null,\"id\":null,\"memo\":null,"
	  "\"hash\":null}\n]\n",
	  "" },
	{ { "list" },
	  { 2, TIP9 "*1\r\n" OLD("9", BEN, ALI, "5"), KIT_CLOSE },
	  "TIP\nLIST FROM 1 COUNT 10000\n",
	  STATUS_DONE,
	  "Serial Sender Receiver Amount Time Memo\n"
	  "     9 Ben    Ali           5      \n",
	  "" },
	{ { "list" },
	  { 2, "*3\r\n:0\r\n$2\r\n00\r\n$-1\r\n*0\r\n", KIT_CLOSE },
	  "TIP\nLIST FROM 1 COUNT 10000\n",
	  STATUS_DONE,
	  "",
	  "walletctl: there are no such transactions.\n" },
	{ { "history", "X" },
	  { 2, TIP9 "-NOUSER \"X\" is not part of the network.\r\n",
	    KIT_CLOSE },
	  "TIP\nHISTORY X FROM 1 COUNT 10000\n",
	  STATUS_REFUSED,
	  "",
	  "\"X\" is not part of the network.\n" },
	{ { "list" },
	  { 2, "-UNAVAILABLE Wait.\r\n-UNAVAILABLE Wait.\r\n", KIT_CLOSE },
	  "TIP\nLIST FROM 1 COUNT 10000\n",
	  STATUS_UNAVAILABLE,
	  "",
	  "Wait.\n" },
};

START_TEST(questions_are_asked_and_answered)
{
	struct kit_server *s = kit_server_start(&cases[_i].turn, 1);
	const char *const *w = cases[_i].words;
	struct kit_run r = kit_run(kit_server_name(s), w[0], w[1], w[2], w[3],
				   w[4], w[5], NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(log, cases[_i].asked);
	ck_assert_str_eq(r.err, cases[_i].err);
	ck_assert_str_eq(r.out, cases[_i].out);
	ck_assert_int_eq(r.status, cases[_i].status);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* Answers of the wrong shape: one sentence, and nothing on standard output. */
static const struct {
	const char *words[3];
	unsigned requests;
	const char *answer;
} garbled[] = {
	{ { "balance", "B", "--raw" }, 1, "$3\r\n881\r\n" },
	{ { "balance", "B", "--raw" }, 1, "*1\r\n:881\r\n" },
	{ { "stats", "B" }, 1, ":5\r\n" },
	{ { "stats", "B" }, 1, "*1\r\n*2\r\n" ALI ":3\r\n" },
	{ { "txlist" }, 1, "+OK\r\n" },
	{ { "tip" }, 1, "*0\r\n" },
	{ { "show", "1" }, 1, "*1\r\n" NEW },
	{ { "status" }, 1, ":1\r\n" },
	{ { "status" }, 1, "$3\r\na:b\r\n" },
	{ { "list" }, 2, TIP9 ":1\r\n" },
	{ { "list" }, 2, ":9\r\n*0\r\n" },
	{ { "list" }, 2, TIP9 "*1\r\n:1\r\n" },
	/* A serial twice would be asked for again for ever. */
	{ { "list" },
	  2,
	  TIP9 "*2\r\n" OLD("5", BEN, ALI, "5") OLD("5", BEN, ALI, "5") },
	/* A list has no balances, a history has. */
	{ { "history", "B" }, 2, TIP9 "*1\r\n" OLD("5", BEN, ALI, "5") },
	{ { "list", "--count=1" },
	  2,
	  TIP9 "*2\r\n" OLD("5", BEN, ALI, "5") OLD("6", BEN, ALI, "5") },
};

START_TEST(wrong_shapes_are_told)
{
	const struct kit_turn turn = { garbled[_i].requests, garbled[_i].answer,
				       KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	const char *const *w = garbled[_i].words;
	struct kit_run r = kit_run(kit_server_name(s), w[0], w[1], w[2], NULL);

	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_str_eq(r.out, "");
	ck_assert_msg(strstr(r.err, "does not answer as a main daemon does."),
		      "said: %s", r.err);
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

/* A history goes on behind the last serial, until nothing is left. */
START_TEST(history_is_paged)
{
	static const struct kit_turn turns[] = {
		{ 2, TIP9 "*1\r\n*9\r\n:3\r\n" BEN ALI ":5\r\n" REST ":995\r\n",
		  KIT_STAY },
		{ 1, "*1\r\n*9\r\n:8\r\n" ALI BEN ":1\r\n" REST ":996\r\n",
		  KIT_STAY },
		{ 1, "*0\r\n", KIT_STAY },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	struct kit_run r = kit_run(kit_server_name(s), "history", "Ben",
				   "--raw", "--count=50", NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(log, "TIP\nHISTORY Ben FROM 1 COUNT 50\n"
			      "HISTORY Ben FROM 4 COUNT 6\n"
			      "HISTORY Ben FROM 9 COUNT 1\n");
	ck_assert_str_eq(r.out, "3\tBen\tAli\t5\t\t\t\t\t995\n"
				"8\tAli\tBen\t1\t\t\t\t\t996\n");
	ck_assert_int_eq(r.status, STATUS_DONE);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* A document that is not whole must not look whole. */
START_TEST(a_listing_that_breaks_off_is_not_closed)
{
	static const struct kit_turn turns[] = {
		{ 2, TIP9 "*1\r\n" OLD("1", BEN, ALI, "5"), KIT_STAY },
		{ 1, "", KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	struct kit_run r = kit_run(kit_server_name(s), "list", "--json", NULL);

	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(r.out, "\"serial\":1"));
	ck_assert_ptr_null(strchr(r.out, ']'));
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

#define STATUS_INFO(state, stalled)                                            \
	"# Server\r\nversion:1\r\nstate:" state "\r\nwaiting_for:\r\n\r\n"     \
	"# Ledger\r\nstalled:" stalled "\r\nserial:9\r\ntip:ab\r\ntime:\r\n"   \
	"users:12\r\ncoins:12000\r\n\r\n# Backends\r\nbackends:1\r\n"          \
	"backend_A:state=up,last_serial=9,records=3,round_trip_usec=80\r\n"

/* Run "status" with these words against @info. */
static struct kit_run run_status(const char *info, const char *form)
{
	char answer[1024];
	const struct kit_turn turn = { 1, answer, KIT_CLOSE };
	struct kit_server *s;
	struct kit_run r;

	(void)snprintf(answer, sizeof(answer), "$%zu\r\n%s\r\n", strlen(info),
		       info);
	s = kit_server_start(&turn, 1);
	r = kit_run(kit_server_name(s), "status", form, NULL);
	free(kit_server_stop(s));
	return r;
}

START_TEST(status_is_short)
{
	struct kit_run r = run_status(STATUS_INFO("open", "0"), NULL);

	ck_assert_str_eq(r.out, "State        open\n"
				"Version      1\n"
				"Serial       9\n"
				"Tip          ab\n"
				"Users        12\n"
				"Coins        12,000\n"
				"\n"
				"BACKEND STATE RECORDS SERIAL ROUND TRIP LAG "
				"LAST ERROR AT LAST ERROR\n"
				"A       up          3      9 80 us          "
				"              \n");
	ck_assert_int_eq(r.status, STATUS_DONE);
	kit_run_done(&r);
}
END_TEST

#define REFILLING(thin)                                                        \
	STATUS_INFO("open", "0")                                               \
	"\r\n# More\r\ncopies:2\r\nrefilling:1\r\nthin_records:" thin "\r\n"

START_TEST(status_while_refilling)
{
	struct kit_run thin = run_status(REFILLING("1204"), NULL);
	struct kit_run returning = run_status(REFILLING("0"), NULL);
	struct kit_run json = run_status(REFILLING("1204"), "--json");

	ck_assert_ptr_nonnull(strstr(thin.out,
				     "Coins        12,000\n"
				     "Refilling    1204 transactions on fewer "
				     "than 2 backends\n\nBACKEND "));
	ck_assert_int_eq(thin.status, STATUS_DONE);
	ck_assert_ptr_nonnull(strstr(returning.out,
				     "\nRefilling    a backend that was lost\n"
				     "\nBACKEND "));
	ck_assert_ptr_nonnull(strstr(json.out, "\"copies\":2,\n"
					       "\"refilling\":1,\n"
					       "\"thin_records\":1204,\n"));
	kit_run_done(&thin);
	kit_run_done(&returning);
	kit_run_done(&json);
}
END_TEST

START_TEST(status_for_programs)
{
	struct kit_run json = run_status(STATUS_INFO("open", "0"), "--json");
	struct kit_run raw = run_status(STATUS_INFO("open", "0"), "--raw");

	ck_assert_ptr_nonnull(strstr(json.out, "\"state\":\"open\",\n"));
	ck_assert_ptr_nonnull(strstr(json.out, "\"coins\":12000,\n"));
	ck_assert_ptr_nonnull(strstr(json.out, "\"time\":null,\n"));
	ck_assert_ptr_nonnull(strstr(json.out,
				     "\"backends\":[{\"name\":\"A\",\"state\":"
				     "\"up\",\"last_serial\":9,\"records\":3,"
				     "\"round_trip_usec\":80,\"last_error\":null,"
				     "\"last_error_time\":null}]\n}\n"));
	ck_assert_ptr_nonnull(strstr(raw.out, "users\t12\n"));
	ck_assert_ptr_nonnull(strstr(raw.out, "backend_A\tstate=up,last_"));
	kit_run_done(&json);
	kit_run_done(&raw);
}
END_TEST

START_TEST(status_tells_scripts_by_its_exit)
{
	struct kit_run waiting =
		run_status(STATUS_INFO("waiting", "0"), "--raw");
	struct kit_run stalled = run_status(STATUS_INFO("open", "1"), "--raw");

	ck_assert_int_eq(waiting.status, STATUS_UNAVAILABLE);
	ck_assert_int_eq(stalled.status, STATUS_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(stalled.out, "state\tstalled\n"));
	kit_run_done(&waiting);
	kit_run_done(&stalled);
}
END_TEST

static const struct {
	struct kit_turn turn;
	const char *timeout;
	const char *said;
} silences[] = {
	{ { 1, "", KIT_CLOSE }, "8", "closed the connection without" },
	{ { 1, "", KIT_RESET }, "8", "Connection reset" },
	{ { 1, "", KIT_HOLD }, "0.1", "did not answer in time" },
	{ { 1, ":8", KIT_HOLD }, "0.1", "did not answer in time" },
	{ { 1, "Welcome!\r\n", KIT_HOLD }, "8", "does not answer as" },
};

START_TEST(no_answer_is_unavailable)
{
	struct kit_server *s = kit_server_start(&silences[_i].turn, 1);
	struct kit_run r =
		kit_run(kit_server_name(s), "--raw", "--timeout",
			silences[_i].timeout, "balance", "Ben", NULL);

	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_str_eq(r.out, "");
	ck_assert_msg(strstr(r.err, silences[_i].said), "said: %s", r.err);
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

UNIT_SUITE(test_walletctl_queries);

Suite *test_walletctl_queries(void)
{
	Suite *s = suite_create("walletctl/queries");
	TCase *t = tcase_create("queries");

	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, questions_are_asked_and_answered, 0,
			    ELEMENTS(cases));
	tcase_add_loop_test(t, wrong_shapes_are_told, 0, ELEMENTS(garbled));
	tcase_add_test(t, history_is_paged);
	tcase_add_test(t, a_listing_that_breaks_off_is_not_closed);
	tcase_add_test(t, status_is_short);
	tcase_add_test(t, status_while_refilling);
	tcase_add_test(t, status_for_programs);
	tcase_add_test(t, status_tells_scripts_by_its_exit);
	tcase_add_loop_test(t, no_answer_is_unavailable, 0, ELEMENTS(silences));
	suite_add_tcase(s, t);
	return s;
}
