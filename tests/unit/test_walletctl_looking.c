/* SPDX-License-Identifier: MIT */
/*
 * Tests of what walletctl looks at: listings between two times, balances of
 * several users and of the past, and what a plot reads, against a scripted server.
 */
#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "unit.h"
#include "walletctl/status.h"

#include "test_walletctl_kit.h"

#define TURNS_MAX 12

#define DAY "2026-11-22T"
#define OLD_TAIL "$-1\r\n$-1\r\n$-1\r\n$-1\r\n"
#define TIME(hour) "$27\r\n" DAY hour ":00:00.000000Z\r\n"
#define TAIL(hour) TIME(hour) "$-1\r\n$-1\r\n$2\r\nff\r\n"
#define ALI "$3\r\nAli\r\n"
#define BEN "$3\r\nBen\r\n"
#define ZOE "$3\r\nZoe\r\n"
#define RECORD(serial, users, amount, tail)                                    \
	"*8\r\n:" serial "\r\n" users ":" amount "\r\n" tail
#define BALANCED(serial, users, amount, tail, balance)                         \
	"*9\r\n:" serial "\r\n" users ":" amount "\r\n" tail ":" balance "\r\n"
#define TIP(serial, time) "*3\r\n:" serial "\r\n$2\r\nab\r\n" time
#define NONE "*0\r\n"
#define INFO_OF(serial, users)                                                 \
	"$53\r\n# Ledger\r\ninitial_balance:1000\r\nserial:" serial            \
	"\r\nusers:" users "\r\n\r\n"
#define USER(name, balance) "*2\r\n" name ":" balance "\r\n"
#define USERS(serial, total, count) "*3\r\n:" serial "\r\n:" total "\r\n*" count "\r\n"
#define ONE(answer) { 1, answer, KIT_STAY }

/* What is asked, and what comes of it. */
static const struct {
	const char *words[7];
	struct kit_turn turn[TURNS_MAX];
	const char *asked;
	int status;
	const char *out;
	const char *err; /* has to be in it */
} cases[] = {
	/* By halves to the first that is not earlier. */
	{ { "list", "--raw", "--since", DAY "13:00Z" },
	  { ONE(TIP("4", TIME("14"))),
	    ONE("*1\r\n" RECORD("3", ALI BEN, "1", TAIL("12"))),
	    ONE("*1\r\n" RECORD("4", ALI BEN, "2", TAIL("14"))),
	    ONE("*1\r\n" RECORD("4", ALI BEN, "2", TAIL("14"))) },
	  "TIP\nLIST FROM 3 COUNT 1\nLIST FROM 4 COUNT 1\n"
	  "LIST FROM 4 COUNT 1\n",
	  STATUS_DONE, "4\tAli\tBen\t2\t" DAY "14:00:00.000000Z\t\t\tff\n", "" },
	/* Serials are missing, and old records have no time. */
	{ { "list", "--raw", "--since", DAY "13:00Z" },
	  { ONE(TIP("4", TIME("14"))),
	    ONE("*1\r\n" RECORD("4", ALI BEN, "2", TAIL("14"))),
	    ONE("*1\r\n" RECORD("4", ALI BEN, "2", TAIL("14"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "1", OLD_TAIL)),
	    ONE("*1\r\n" RECORD("4", ALI BEN, "2", TAIL("14"))) },
	  "TIP\nLIST FROM 3 COUNT 1\nLIST FROM 2 COUNT 1\n"
	  "LIST FROM 1 COUNT 1\nLIST FROM 2 COUNT 3\n",
	  STATUS_DONE, "4\tAli\tBen\t2\t" DAY "14:00:00.000000Z\t\t\tff\n", "" },
	/* Both ends are included, and nothing is asked for behind the last. */
	{ { "list", "--raw", "--since=" DAY "12:00Z", "--until=" DAY "13:00Z" },
	  { ONE(TIP("3", TIME("14"))),
	    ONE("*1\r\n" RECORD("2", ALI BEN, "2", TAIL("13"))),
	    ONE("*1\r\n" RECORD("3", ALI BEN, "3", TAIL("14"))),
	    ONE("*1\r\n" RECORD("2", ALI BEN, "2", TAIL("13"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "1", TAIL("12"))),
	    ONE("*2\r\n" RECORD("1", ALI BEN, "1", TAIL("12"))
			RECORD("2", ALI BEN, "2", TAIL("13"))) },
	  "TIP\nLIST FROM 2 COUNT 1\nLIST FROM 3 COUNT 1\n"
	  "LIST FROM 2 COUNT 1\nLIST FROM 1 COUNT 1\nLIST FROM 1 COUNT 2\n",
	  STATUS_DONE,
	  "1\tAli\tBen\t1\t" DAY "12:00:00.000000Z\t\t\tff\n"
	  "2\tAli\tBen\t2\t" DAY "13:00:00.000000Z\t\t\tff\n",
	  "" },
	/* The tip tells enough.  Whether there is the user is to be told. */
	{ { "history", "Zoe", "--since=" DAY "15:00Z" },
	  { ONE(TIP("4", TIME("14"))), ONE("-NOUSER no Zoe.\r\n") },
	  "TIP\nHISTORY Zoe FROM 5 COUNT 1\n", STATUS_REFUSED, "",
	  "no Zoe.\n" },
	{ { "history", "Ali", "--until=now", "--from=3", "--count=7" },
	  { ONE(TIP("4", "$-1\r\n")), ONE(NONE) },
	  "TIP\nHISTORY Ali FROM 3 COUNT 2\n", STATUS_DONE, "",
	  "there are no such transactions" },
	/* What comes is not of then. */
	{ { "list", "--json", "--until=2020-01-01" },
	  { ONE(TIP("1", TIME("14"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "2", TAIL("14"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "2", TAIL("14"))) },
	  "TIP\nLIST FROM 1 COUNT 1\nLIST FROM 1 COUNT 1\n", STATUS_DONE,
	  "[]\n", "" },
	/* Nothing is behind serial 1, says a server that has 2 of them. */
	{ { "list", "--raw", "--until=" DAY "13:00Z" },
	  { ONE(TIP("2", TIME("14"))), ONE(NONE),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "1", TAIL("12"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "1", TAIL("12"))) },
	  "TIP\nLIST FROM 2 COUNT 1\nLIST FROM 1 COUNT 1\n"
	  "LIST FROM 1 COUNT 1\n",
	  STATUS_DONE, "1\tAli\tBen\t1\t" DAY "12:00:00.000000Z\t\t\tff\n", "" },
	{ { "list", "--since=-1d" },
	  { ONE(TIP("4", "$1\r\nx\r\n")) },
	  "TIP\n", STATUS_UNAVAILABLE, "", "does not answer as" },
	{ { "list", "--since=2020-01-01" },
	  { ONE(TIP("4", TIME("14"))), ONE("-UNAVAILABLE Wait.\r\n") },
	  "TIP\nLIST FROM 3 COUNT 1\n", STATUS_UNAVAILABLE, "", "Wait.\n" },

	/* Several users are as of one serial. */
	{ { "balance", "Ben", "Ali", "--raw" },
	  { ONE(TIP("4", "$-1\r\n")), { 2, ":5\r\n:6\r\n", KIT_STAY } },
	  "TIP\nBALANCE Ben AT 4\nBALANCE Ali AT 4\n", STATUS_DONE,
	  "Ben\t5\t4\nAli\t6\t4\n", "" },
	{ { "balance", "Ben", "Ali" },
	  { ONE(TIP("4", "$-1\r\n")), { 2, ":5\r\n:6\r\n", KIT_STAY } },
	  "TIP\nBALANCE Ben AT 4\nBALANCE Ali AT 4\n", STATUS_DONE,
	  "User Balance\nBen        5\nAli        6\n", "" },
	{ { "balance", "Ben", "--at=3", "--json" },
	  { ONE(TIP("4", "$-1\r\n")), ONE(":5\r\n") },
	  "TIP\nBALANCE Ben AT 3\n", STATUS_DONE,
	  "{\"user\":\"Ben\",\"balance\":5,\"serial\":3}\n", "" },
	{ { "balance", "Ben", "--at=3", "--raw" },
	  { ONE(TIP("4", "$-1\r\n")), ONE(":5\r\n") },
	  "TIP\nBALANCE Ben AT 3\n", STATUS_DONE, "5\n", "" },
	{ { "balance", "Ben", "--at=3" },
	  { ONE(TIP("4", "$-1\r\n")), ONE(":5\r\n"),
	    ONE("$12\r\ncoin:beans\r\n\r\n") },
	  "TIP\nBALANCE Ben AT 3\nINFO ledger\n", STATUS_DONE,
	  "The balance of \"Ben\" behind transaction 3 was : 5 beans.\n", "" },
	{ { "balance", "Ben", "--raw", "--at=" DAY "13:00Z" },
	  { ONE(TIP("2", TIME("14"))),
	    ONE("*1\r\n" RECORD("2", ALI BEN, "2", TAIL("14"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "2", TAIL("13"))),
	    ONE(":5\r\n") },
	  "TIP\nLIST FROM 2 COUNT 1\nLIST FROM 1 COUNT 1\nBALANCE Ben AT 1\n",
	  STATUS_DONE, "5\n", "" },
	/* Before the first there is nothing to ask. */
	{ { "balance", "Ben", "--at=2020-01-01" },
	  { ONE(TIP("1", TIME("14"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "2", TAIL("14"))) },
	  "TIP\nLIST FROM 1 COUNT 1\n", STATUS_REFUSED, "",
	  "\"Ben\" was not part of the network then.\n" },
	{ { "balance", "Ben", "--at=5" },
	  { ONE(TIP("4", "$-1\r\n")) },
	  "TIP\n", STATUS_REFUSED, "",
	  "there is no transaction 5 yet, the last one is 4.\n" },
	/* Each who was not there is told, and nothing is shown. */
	{ { "balance", "Ben", "Ali", "Zoe", "--raw" },
	  { ONE(TIP("4", "$-1\r\n")),
	    { 3, "-NOUSER no Ben.\r\n:6\r\n-NOUSER no Zoe.\r\n", KIT_STAY } },
	  "TIP\nBALANCE Ben AT 4\nBALANCE Ali AT 4\nBALANCE Zoe AT 4\n",
	  STATUS_REFUSED, "", "no Ben.\nno Zoe.\n" },
	{ { "balance", "Ben", "Ali", "--raw" },
	  { ONE(TIP("4", "$-1\r\n")),
	    { 2, ":5\r\n-UNAVAILABLE Wait.\r\n", KIT_STAY } },
	  "TIP\nBALANCE Ben AT 4\nBALANCE Ali AT 4\n", STATUS_UNAVAILABLE, "",
	  "Wait.\n" },

	/* All. */
	{ { "balance", "--all", "--raw" },
	  { ONE(USERS("4", "3", "3") USER(ZOE, "990") USER(BEN, "1020")
		USER(ALI, "990")) },
	  "USERS FROM 1 COUNT 10000\n", STATUS_DONE,
	  "Ben\t1020\t4\nAli\t990\t4\nZoe\t990\t4\n", "" },
	{ { "balance", "--all" },
	  { ONE(USERS("4", "2", "2") USER(ZOE, "990") USER(BEN, "1010")) },
	  "USERS FROM 1 COUNT 10000\n", STATUS_DONE,
	  "User Balance\nBen    1,010\nZoe      990\n"
	  "2 users with 2,000 coins in all, as of serial 4.\n",
	  "" },
	{ { "balance", "--all", "--json" },
	  { ONE(USERS("0", "0", "0")) },
	  "USERS FROM 1 COUNT 10000\n", STATUS_DONE, "[]\n", "" },
	/* Ali's page is older than Ben's, who has 7 already. */
	{ { "balance", "--all", "--raw" },
	  { ONE(USERS("4", "2", "1") USER(ALI, "1000")),
	    ONE(USERS("6", "3", "1") USER(BEN, "1007")),
	    ONE(USERS("7", "3", "1") USER(ZOE, "1003")),
	    ONE("*3\r\n" RECORD("5", ALI BEN, "7", OLD_TAIL)
			RECORD("6", ZOE ZOE, "0", OLD_TAIL)
			RECORD("7", BEN ZOE, "3", OLD_TAIL)) },
	  "USERS FROM 1 COUNT 10000\nUSERS FROM 2 COUNT 10000\n"
	  "USERS FROM 3 COUNT 10000\nLIST FROM 5 COUNT 3\n",
	  STATUS_DONE, "Ben\t1004\t7\nZoe\t1003\t7\nAli\t993\t7\n", "" },
	/* Once more from the beginning … */
	{ { "balance", "--all", "--raw", "--at=2" },
	  { ONE(TIP("999", "$-1\r\n")), ONE(INFO_OF("999", "3")),
	    ONE("*2\r\n" RECORD("1", ALI BEN, "5", OLD_TAIL)
			RECORD("2", BEN ALI, "7", OLD_TAIL)) },
	  "TIP\nINFO ledger\nLIST FROM 1 COUNT 2\n", STATUS_DONE,
	  "Ali\t1002\t2\nBen\t998\t2\n", "" },
	/* … back from the end, for Zoe joined later … */
	{ { "balance", "--all", "--raw", "--at=900" },
	  { ONE(TIP("903", "$-1\r\n")), ONE(INFO_OF("903", "3")),
	    ONE(USERS("902", "4", "2") USER(ALI, "600") USER(BEN, "1390")),
	    ONE(USERS("903", "3", "1") USER(ZOE, "1009")),
	    ONE("*3\r\n" RECORD("901", ALI BEN, "5", OLD_TAIL)
			RECORD("902", BEN ZOE, "10", OLD_TAIL)
			RECORD("903", ZOE ALI, "1", OLD_TAIL)),
	    ONE(":1395\r\n"), ONE("-NOUSER no Zoe.\r\n") },
	  "TIP\nINFO ledger\nUSERS FROM 1 COUNT 10000\n"
	  "USERS FROM 3 COUNT 10000\nLIST FROM 901 COUNT 3\n"
	  "BALANCE Ben AT 900\nBALANCE Zoe AT 900\n",
	  STATUS_DONE, "Ben\t1395\t900\nAli\t605\t900\n", "" },
	/* … or a question for each. */
	{ { "balance", "--all", "--raw", "--at=400" },
	  { ONE(TIP("903", "$-1\r\n")), ONE(INFO_OF("903", "3")),
	    ONE(USERS("903", "3", "3") USER(ALI, "1") USER(BEN, "2")
		USER(ZOE, "3")),
	    { 3, ":1100\r\n:900\r\n-NOUSER no Zoe.\r\n", KIT_STAY } },
	  "TIP\nINFO ledger\nUSERS FROM 1 COUNT 10000\nBALANCE Ali AT 400\n"
	  "BALANCE Ben AT 400\nBALANCE Zoe AT 400\n",
	  STATUS_DONE, "Ali\t1100\t400\nBen\t900\t400\n", "" },
	{ { "balance", "--all", "--json", "--at=2020-01-01" },
	  { ONE(TIP("1", TIME("14"))),
	    ONE("*1\r\n" RECORD("1", ALI BEN, "2", TAIL("14"))),
	    ONE(INFO_OF("001", "2")) },
	  "TIP\nLIST FROM 1 COUNT 1\nINFO ledger\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
	/* Broken servers. */
	{ { "balance", "--all" },
	  { ONE(USERS("4", "2", "0")) },
	  "USERS FROM 1 COUNT 10000\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
	{ { "balance", "--all" },
	  { ONE(USERS("4", "2", "2") USER(ALI, "1") USER(ALI, "1")) },
	  "USERS FROM 1 COUNT 10000\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
	{ { "balance", "--all" },
	  { ONE(USERS("4", "1", "1") USER(ALI, "-1")) },
	  "USERS FROM 1 COUNT 10000\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
	{ { "balance", "--all" },
	  { ONE(USERS("4", "1", "1") USER("$1\r\n \r\n", "1")) },
	  "USERS FROM 1 COUNT 10000\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
	{ { "balance", "--all" },
	  { ONE(USERS("4", "2", "1") USER(ALI, "1")),
	    ONE(USERS("3", "2", "1") USER(BEN, "1")) },
	  "USERS FROM 1 COUNT 10000\nUSERS FROM 2 COUNT 10000\n",
	  STATUS_UNAVAILABLE, "", "does not answer as" },
	/* Somebody who joined by then, and stands on no page. */
	{ { "balance", "--all" },
	  { ONE(USERS("4", "2", "1") USER(ALI, "1000")),
	    ONE(USERS("5", "2", "1") USER(BEN, "1000")),
	    ONE("*1\r\n" RECORD("5", ALI ZOE, "7", OLD_TAIL)) },
	  "USERS FROM 1 COUNT 10000\nUSERS FROM 2 COUNT 10000\n"
	  "LIST FROM 5 COUNT 1\n",
	  STATUS_UNAVAILABLE, "", "does not answer as" },

	/* A plot goes over serials if the records are old … */
	{ { "plot", "Zoe" },
	  { ONE(TIP("4", "$-1\r\n")), ONE("-NOUSER no Zoe.\r\n") },
	  "TIP\nHISTORY Zoe FROM 1 COUNT 4\n", STATUS_REFUSED, "", "no Zoe." },
	{ { "plot", "Ali" },
	  { ONE(TIP("4", "$-1\r\n")), ONE(NONE) },
	  "TIP\nHISTORY Ali FROM 1 COUNT 4\n", STATUS_DONE, "",
	  "there are no such transactions" },
	/* … must get what adds up, of the user … */
	{ { "plot", "Ali" },
	  { ONE(TIP("4", "$-1\r\n")),
	    ONE("*1\r\n" BALANCED("1", BEN ZOE, "1", OLD_TAIL, "5")) },
	  "TIP\nHISTORY Ali FROM 1 COUNT 4\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
	{ { "plot", "Ali" },
	  { ONE(TIP("4", "$-1\r\n")),
	    ONE("*1\r\n" BALANCED("1", BEN ALI, "9", OLD_TAIL, "5")) },
	  "TIP\nHISTORY Ali FROM 1 COUNT 4\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
	/* … and with times never goes back to none. */
	{ { "plot", "Ali" },
	  { ONE(TIP("4", TIME("14"))),
	    ONE("*2\r\n" BALANCED("1", BEN ALI, "1", TAIL("13"), "5")
			BALANCED("2", BEN ALI, "1", OLD_TAIL, "6")) },
	  "TIP\nHISTORY Ali FROM 1 COUNT 4\n", STATUS_UNAVAILABLE, "",
	  "does not answer as" },
};

static size_t count_turns(const struct kit_turn *turn)
{
	size_t count = 0;

	while (count < TURNS_MAX && turn[count].answer)
		count++;
	return count;
}

START_TEST(it_is_asked_and_shown)
{
	const struct kit_turn *turn = cases[_i].turn;
	struct kit_server *s = kit_server_start(turn, count_turns(turn));
	const char *const *w = cases[_i].words;
	struct kit_run r = kit_run(kit_server_name(s), w[0], w[1], w[2], w[3],
				   w[4], w[5], NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(log, cases[_i].asked);
	ck_assert_str_eq(r.out, cases[_i].out);
	ck_assert_msg(strstr(r.err, cases[_i].err), "said: %s", r.err);
	ck_assert_int_eq(r.status, cases[_i].status);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* A line of what a plot says to programs. */
static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at && (at == text || at[-1] == '\n') &&
	       at[strlen(line)] == '\n';
}

START_TEST(a_plot_goes_over_serials)
{
	static const struct kit_turn turns[] = {
		ONE(TIP("401", "$-1\r\n")),
		ONE("*2\r\n" BALANCED("2", ALI BEN, "100", OLD_TAIL, "900")
			    BALANCED("201", BEN ALI, "7", OLD_TAIL, "907")),
		ONE(NONE),
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	struct kit_run r = kit_run(kit_server_name(s), "plot", "Ali", "--raw",
				   NULL);

	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert(has_line(r.out, "\t2\t900\t1000\t900"));
	ck_assert(has_line(r.out, "\t4\t900\t900\t900"));
	ck_assert(has_line(r.out, "\t200\t900\t907\t907"));
	ck_assert(has_line(r.out, "\t400\t907\t907\t907"));
	kit_run_done(&r);
	free(kit_server_stop(s));
}
END_TEST

/* From --since on, with what there was before; and to the tip. */
START_TEST(a_plot_goes_over_time)
{
	static const struct kit_turn turns[] = {
		ONE(TIP("2", TIME("20"))),
		ONE("*1\r\n" RECORD("2", ALI BEN, "2", TAIL("15"))),
		ONE("*1\r\n" RECORD("1", ALI BEN, "2", TAIL("09"))),
		ONE(":500\r\n"),
		ONE("*1\r\n" BALANCED("2", ALI BEN, "2", TAIL("15"), "498")),
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	struct kit_run r = kit_run(kit_server_name(s), "plot", "Ali", "--raw",
				   "--since", DAY "10:00Z", NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(log, "TIP\nLIST FROM 2 COUNT 1\nLIST FROM 1 COUNT 1\n"
			      "BALANCE Ali AT 1\nHISTORY Ali FROM 2 COUNT 1\n");
	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert(has_line(r.out, DAY "10:00:00.000000Z\t\t500\t500\t500"));
	ck_assert_ptr_nonnull(strstr(r.out, "\t\t498\t500\t498\n"));
	kit_run_done(&r);
	free(log);
}
END_TEST

UNIT_SUITE(test_walletctl_looking);

Suite *test_walletctl_looking(void)
{
	Suite *s = suite_create("walletctl/looking");
	TCase *t = tcase_create("looking");

	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, it_is_asked_and_shown, 0, ELEMENTS(cases));
	tcase_add_test(t, a_plot_goes_over_serials);
	tcase_add_test(t, a_plot_goes_over_time);
	suite_add_tcase(s, t);
	return s;
}
