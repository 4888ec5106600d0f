/* SPDX-License-Identifier: MIT */
/*
 * Tests of what walletctl does with several orders at once, or with one in
 * another way: groups, dry runs, --max, reverse.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "unit.h"
#include "walletctl/group.h"
#include "walletctl/status.h"

#include "test_walletctl_kit.h"

#define RECEIPT_AT(serial, balance)                                            \
	"*4\r\n:" serial "\r\n:" balance                                       \
	"\r\n$27\r\n2026-11-22T13:37:00.123456Z\r\n$2\r\nab\r\n"
#define QUEUED "+QUEUED\r\n"
#define ABORTED "-ABORTED Another order of the group is refused.\r\n"
#define POOR "-INSUFFICIENT Too little.\r\n"
#define TIME "2026-11-22T13:37:00.123456Z"

/* A file below the state directory, for --file. */
static const char *pay_file(const char *text)
{
	static char path[256];

	kit_pending_write("pay.csv", text);
	(void)snprintf(path, sizeof(path), "%s/pay.csv", kit_pending());
	return path;
}

#define TWO_LINES "Ali,Ben,5\nBen,Eve,7,note\n"
#define TWO_ASKED                                                              \
	"TRANSFER Ali Ben 5 ID g-1\n"                                          \
	"TRANSFER Ben Eve 7 ID g-2 MEMO note\n"

/* "transfer --file ... --id g --raw" against a script. */
static const struct {
	struct kit_turn turn[4];
	size_t turns;
	int status;
	size_t pending;
	const char *asked;
	const char *out;
	const char *said;
} scripts[] = {
	{ { { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "*2\r\n" RECEIPT_AT("10", "840")
	      RECEIPT_AT("11", "3"), KIT_CLOSE } },
	  2,
	  STATUS_DONE,
	  0,
	  "MULTI\n" TWO_ASKED "EXEC\n",
	  "10\tAli\tBen\t5\t" TIME "\tg-1\t\tab\t840\n"
	  "11\tBen\tEve\t7\t" TIME "\tg-2\tnote\tab\t3\n",
	  "" },
	/* One stands in the way of the other. */
	{ { { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "*2\r\n" ABORTED POOR, KIT_CLOSE } },
	  2,
	  STATUS_REFUSED,
	  0,
	  "MULTI\n" TWO_ASKED "EXEC\n",
	  "",
	  "pay.csv:2: \"Ben\" to \"Eve\", 7: refused: Too little.\n"
	  "walletctl: 1 of 2 orders cannot be done; nothing was changed.\n" },
	/* Not even queued. */
	{ { { 1, "+OK\r\n", KIT_STAY },
	    { 3, "-NOPERM Not you.\r\n" QUEUED
		 "-EXECABORT Nothing was done.\r\n", KIT_CLOSE } },
	  2,
	  STATUS_NOT_PERMITTED,
	  0,
	  "MULTI\n" TWO_ASKED "EXEC\n",
	  "",
	  "pay.csv:1: \"Ali\" to \"Ben\", 5: refused: Not you.\n" },
	/* One that knows no groups is given no orders. */
	{ { { 1, "-ERR unknown command\r\n", KIT_CLOSE } },
	  1,
	  STATUS_REFUSED,
	  0,
	  "MULTI\n",
	  "",
	  "unknown command\n" },
	{ { { 1, ":1\r\n", KIT_HOLD } },
	  1,
	  STATUS_UNAVAILABLE,
	  0,
	  "MULTI\n",
	  "",
	  "does not answer as a main daemon does. Nothing happened.\n" },
	/* A lost answer: the same ids again, all of them. */
	{ { { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED, KIT_CLOSE },
	    { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "*2\r\n" RECEIPT_AT("10", "840")
	      RECEIPT_AT("11", "3"), KIT_CLOSE } },
	  4,
	  STATUS_DONE,
	  0,
	  "MULTI\n" TWO_ASKED "EXEC\nMULTI\n" TWO_ASKED "EXEC\n",
	  "10\tAli\tBen\t5\t" TIME "\tg-1\t\tab\t840\n"
	  "11\tBen\tEve\t7\t" TIME "\tg-2\tnote\tab\t3\n",
	  "Trying again.\n" },
	{ { { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "-UNKNOWN Perhaps.\r\n", KIT_STAY },
	    { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "-READONLY Closed.\r\n", KIT_CLOSE } },
	  4,
	  STATUS_UNKNOWN,
	  1,
	  "MULTI\n" TWO_ASKED "EXEC\nMULTI\n" TWO_ASKED "EXEC\n",
	  "",
	  "It is not known whether these 2 orders are done (all of them or "
	  "none): run \"walletctl resume\", or the same command again with "
	  "--id g.\n" },
	/* Nonsense: too few, and something else than a receipt. */
	{ { { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "*1\r\n" RECEIPT_AT("10", "840"), KIT_HOLD } },
	  2,
	  STATUS_UNKNOWN,
	  1,
	  "MULTI\n" TWO_ASKED "EXEC\n",
	  "",
	  "does not answer as a main daemon does. It is not known" },
	{ { { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "*2\r\n:1\r\n:2\r\n", KIT_HOLD } },
	  2,
	  STATUS_UNKNOWN,
	  1,
	  "MULTI\n" TWO_ASKED "EXEC\n",
	  "",
	  "does not answer as a main daemon does. It is not known" },
};

/* How many files but the list that was paid. */
static size_t pending_count(void)
{
	return kit_pending_count() - 1;
}

START_TEST(a_group_ends_as_it_must)
{
	struct kit_server *s =
		kit_server_start(scripts[_i].turn, scripts[_i].turns);
	struct kit_run r = kit_run(kit_server_name(s), "transfer", "--file",
				   pay_file(TWO_LINES), "--id", "g", "--raw",
				   "--timeout", "2", NULL);
	char *log = kit_server_stop(s);

	ck_assert_msg(strstr(r.err, scripts[_i].said), "said: %s", r.err);
	ck_assert_int_eq(r.status, scripts[_i].status);
	ck_assert_str_eq(log, scripts[_i].asked);
	ck_assert_str_eq(r.out, scripts[_i].out);
	ck_assert_uint_eq(pending_count(), scripts[_i].pending);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* What is pending is sent as it was, and is told order by order. */
START_TEST(a_group_is_resumed)
{
	const struct kit_turn lost = { 1, "+OK\r\n", KIT_HOLD };
	const struct kit_turn found[] = {
		{ 1, "+OK\r\n", KIT_STAY },
		{ 3, QUEUED QUEUED "*2\r\n" ABORTED POOR, KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(&lost, 1);
	char text[1024];
	const char *port;
	struct kit_run r;
	char *log;

	r = kit_run(kit_server_name(s), "transfer", "--file",
		    pay_file(TWO_LINES), "--id", "g", "--timeout", "0.3", NULL);
	free(kit_server_stop(s));
	ck_assert_int_eq(r.status, STATUS_UNKNOWN);
	ck_assert_uint_eq(pending_count(), 1);
	kit_run_done(&r);

	/* It was for a server that is gone: another one takes its place. */
	s = kit_server_start(found, 2);
	port = strchr(kit_server_name(s), ':') + 1;
	(void)snprintf(text, sizeof(text),
		       "alichain-group 1\nid=g\n"
		       "alichain-order 1\ncommand=transfer\n"
		       "server=127.0.0.1%%3A%s\n"
		       "sender=Ali\nreceiver=Ben\namount=5\nid=g-1\nend\n"
		       "alichain-order 1\ncommand=transfer\n"
		       "server=127.0.0.1%%3A%s\n"
		       "sender=Ben\nreceiver=Eve\namount=7\nid=g-2\n"
		       "memo=note\nend\nend\n",
		       port, port);
	kit_pending_write("g", text);
	r = kit_run(kit_server_name(s), "resume", "--raw", NULL);
	log = kit_server_stop(s);
	ck_assert_str_eq(log, "MULTI\n" TWO_ASKED "EXEC\n");
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_str_eq(r.out,
			 "\tAli\tBen\t5\t\tg-1\t\t\t\trefused\tAnother order "
			 "of the group is refused.\n"
			 "\tBen\tEve\t7\t\tg-2\tnote\t\t\trefused\tToo "
			 "little.\n");
	ck_assert_uint_eq(pending_count(), 0);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* Lines by themselves: nothing is sent, so nobody need listen. */
static const struct {
	const char *text;
	const char *said[3];
} wrong[] = {
	{ "Ali,Ben\n\nAli,Ben,05\n",
	  { ":1: expected sender, receiver and amount",
	    ":3: amount: expected digits",
	    "2 lines are wrong; nothing was sent." } },
	{ "Ali,Ben,0\n", { ":1: amount: expected 1 or more." } },
	{ "Ali,Ali,0\n", { ":1: amount: expected 1 or more." } },
	{ "A li,Ben,1\n", { ":1: sender: it contains a space." } },
	{ "Ali,,1\n", { ":1: receiver: it is empty." } },
	{ "Ali,Ben,1,,a b\n", { ":1: id: it contains" } },
	{ "Ali,Ben,1,\x01\n", { ":1: memo: it contains a control" } },
	{ "id,amount,receiver,sender\nx,1,Ben,Ali\n\nx,1,Eve,Ali\n",
	  { ":4: the id x stands in line 2, too.", "1 line is wrong" } },
	{ "Ali,Ben,1,,g-2\nAli,Ben,1\n",
	  { ":2: the id g-2 stands in line 1, too." } },
	{ "Ali,Ben,9223372036854775808\n", { ":1: amount: expected at most" } },
};

START_TEST(wrong_lines_are_all_named)
{
	struct kit_run r = kit_run("127.0.0.1:1", "transfer", "--id=g",
				   "--file", pay_file(wrong[_i].text), NULL);

	for (size_t i = 0; i < ELEMENTS(wrong[_i].said); i++)
		if (wrong[_i].said[i])
			ck_assert_msg(strstr(r.err, wrong[_i].said[i]),
				      "said: %s", r.err);
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_str_eq(r.out, "");
	ck_assert_uint_eq(pending_count(), 0);
	kit_run_done(&r);
}
END_TEST

START_TEST(too_many_lines_are_refused)
{
	char *text = malloc((GROUP_MAX + 1) * 12);
	char *p = text;
	struct kit_run r;

	for (size_t i = 0; i < GROUP_MAX + 1; i++)
		p = stpncpy(p, "Ali,Ben,1\n", 12);
	*p = '\0';
	r = kit_run("127.0.0.1:1", "transfer", "--file", pay_file(text), NULL);
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_ptr_nonnull(strstr(r.err, "there are 1001 payments, and 1000 "
					    "can be done together: split it"));
	ck_assert_uint_eq(pending_count(), 0);
	kit_run_done(&r);
	free(text);
}
END_TEST

START_TEST(no_lines_are_no_payments)
{
	struct kit_run r =
		kit_run("127.0.0.1:1", "transfer", "--json", "--file",
			pay_file("sender,receiver,amount\n\n"), NULL);

	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert_str_eq(r.out, "[]\n");
	ck_assert_ptr_nonnull(strstr(r.err, "there are no payments"));
	kit_run_done(&r);
}
END_TEST

static const struct {
	const char *words[6];
	int status;
	const char *said;
} mistakes[] = {
	{ { "transfer", "--max", "--file", "x" }, STATUS_USAGE,
	  "--max and --file: expected one" },
	{ { "transfer", "--file", "x", "Ali" }, STATUS_USAGE,
	  "\"Ali\" is too much" },
	{ { "transfer", "--max", "Ali" }, STATUS_USAGE,
	  "RECEIVER is missing" },
	{ { "transfer", "--max", "Ali", "Ben", "5" }, STATUS_USAGE,
	  "\"5\" is too much" },
	{ { "transfer", "--file", "/nowhere" }, STATUS_USAGE,
	  "/nowhere: No such file" },
	{ { "open", "--max", "Ali" }, STATUS_USAGE, "takes no option --max" },
	{ { "reverse" }, STATUS_USAGE, "SERIAL is missing" },
	{ { "reverse", "0" }, STATUS_USAGE, "expected a number from 1" },
	{ { "reverse", "7", "--id=x" }, STATUS_USAGE, "takes no option --id" },
	/* 63 bytes leave no room for a dash and a number. */
	{ { "open", "A", "B", "--id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			      "aaaaaaaaaaaaaaaaaaaaaaa" },
	  STATUS_USAGE, "it is longer than 64 bytes" },
};

START_TEST(mistakes_are_told)
{
	const char *const *w = mistakes[_i].words;
	struct kit_run r = kit_run("127.0.0.1:1", w[0], w[1], w[2], w[3], w[4],
				   NULL);

	ck_assert_int_eq(r.status, mistakes[_i].status);
	ck_assert_msg(strstr(r.err, mistakes[_i].said), "said: %s", r.err);
	ck_assert_uint_eq(kit_pending_count(), 0);
	kit_run_done(&r);
}
END_TEST

/* One order, asked for only; one line, done. */
#define RECORD                                                                 \
	"*8\r\n:7\r\n$3\r\nAli\r\n$3\r\nBen\r\n:5\r\n$-1\r\n$-1\r\n$-1\r\n"    \
	"$2\r\nab\r\n"
#define OPENING                                                                \
	"*8\r\n:7\r\n$3\r\nAli\r\n$3\r\nAli\r\n:0\r\n$-1\r\n$-1\r\n$-1\r\n"    \
	"$2\r\nab\r\n"
#define REVERSAL                                                               \
	"*8\r\n:9\r\n$3\r\nBen\r\n$3\r\nAli\r\n:5\r\n$-1\r\n"                  \
	"$9\r\nreverse-7\r\n$15\r\nreverses 7 oops\r\n$2\r\nab\r\n"
#define STRANGER                                                               \
	"*8\r\n:9\r\n$3\r\nBen\r\n$3\r\nAli\r\n:5\r\n$-1\r\n"                  \
	"$9\r\nreverse-7\r\n$11\r\nreverses 70\r\n$2\r\nab\r\n"
#define REUSED "-IDREUSED The operation id stands for another.\r\n"
#define BACK "TRANSFER Ben Ali 5 ID reverse-7 MEMO reverses 7\n"

static const struct {
	const char *words[6];
	struct kit_turn turn[4];
	size_t turns;
	int status;
	const char *asked;
	const char *out;
	const char *said;
} commands[] = {
	{ { "transfer", "Ali", "Ben", "5", "--dry-run", "--id=7" },
	  { { 1, "+OK\r\n", KIT_STAY },
	    { 2, QUEUED "*1\r\n:95\r\n", KIT_CLOSE } },
	  2,
	  STATUS_DONE,
	  "MULTI\nTRANSFER Ali Ben 5 ID 7\nEXEC DRYRUN\n",
	  "\tAli\tBen\t5\t\t7\t\t\t95\n",
	  "" },
	{ { "transfer", "Ali", "Ben", "5", "--dry-run", "--id=7" },
	  { { 1, "+OK\r\n", KIT_STAY },
	    { 2, QUEUED "*1\r\n" POOR, KIT_CLOSE } },
	  2,
	  STATUS_REFUSED,
	  "MULTI\nTRANSFER Ali Ben 5 ID 7\nEXEC DRYRUN\n",
	  "",
	  "Too little.\n" },
	/* Nothing was at stake. */
	{ { "transfer", "Ali", "Ben", "5", "--dry-run", "--id=7" },
	  { { 1, "+OK\r\n", KIT_STAY }, { 2, QUEUED, KIT_CLOSE } },
	  2,
	  STATUS_UNAVAILABLE,
	  "MULTI\nTRANSFER Ali Ben 5 ID 7\nEXEC DRYRUN\n",
	  "",
	  "Nothing happened.\n" },
	{ { "open", "Ann", "Bob", "--id=g" },
	  { { 1, "+OK\r\n", KIT_STAY },
	    { 3, QUEUED QUEUED "*2\r\n" RECEIPT_AT("8", "1000")
	      RECEIPT_AT("9", "1000"), KIT_CLOSE } },
	  2,
	  STATUS_DONE,
	  "MULTI\nOPEN Ann ID g-1\nOPEN Bob ID g-2\nEXEC\n",
	  "8\tAnn\tAnn\t0\t" TIME "\tg-1\t\tab\t1000\n"
	  "9\tBob\tBob\t0\t" TIME "\tg-2\t\tab\t1000\n",
	  "" },
	/* Somebody else was quicker, and then there was nothing. */
	{ { "transfer", "--max", "Ali", "Ben", "--id=7" },
	  { { 1, "-NOTFOUND No.\r\n", KIT_STAY },
	    { 1, ":5\r\n", KIT_STAY },
	    { 1, RECEIPT_AT("8", "0"), KIT_CLOSE } },
	  3,
	  STATUS_DONE,
	  "SHOW ID 7\nBALANCE Ali\nTRANSFER Ali Ben 5 ID 7\n",
	  "8\tAli\tBen\t5\t" TIME "\t7\t\tab\t0\n",
	  "" },
	/* It was done under this id. */
	{ { "transfer", "--max", "Ali", "Ben", "--id=7" },
	  { { 1, RECORD, KIT_STAY }, { 1, RECEIPT_AT("7", "0"), KIT_CLOSE } },
	  2,
	  STATUS_DONE,
	  "SHOW ID 7\nTRANSFER Ali Ben 5 ID 7\n",
	  "7\tAli\tBen\t5\t" TIME "\t7\t\tab\t0\n",
	  "" },
	{ { "transfer", "--max", "Ali", "Ben" },
	  { { 1, ":0\r\n", KIT_CLOSE } },
	  1,
	  STATUS_REFUSED,
	  "BALANCE Ali\n",
	  "",
	  "\"Ali\" has nothing to transfer." },
	{ { "reverse", "7" },
	  { { 1, RECORD, KIT_STAY }, { 1, RECEIPT_AT("8", "0"), KIT_CLOSE } },
	  2,
	  STATUS_DONE,
	  "SHOW 7\n" BACK,
	  "8\tBen\tAli\t5\t" TIME "\treverse-7\treverses 7\tab\t0\n",
	  "" },
	{ { "reverse", "7", "--memo", "typing error" },
	  { { 1, RECORD, KIT_STAY }, { 1, POOR, KIT_CLOSE } },
	  2,
	  STATUS_REFUSED,
	  "SHOW 7\n"
	  "TRANSFER Ben Ali 5 ID reverse-7 MEMO reverses 7 typing error\n",
	  "",
	  "Too little.\n" },
	{ { "reverse", "7" },
	  { { 1, "-NOTFOUND There is none.\r\n", KIT_CLOSE } },
	  1,
	  STATUS_REFUSED,
	  "SHOW 7\n",
	  "",
	  "There is none.\n" },
	{ { "reverse", "7" },
	  { { 1, OPENING, KIT_CLOSE } },
	  1,
	  STATUS_REFUSED,
	  "SHOW 7\n",
	  "",
	  "transaction 7 let \"Ali\" join the network" },
	{ { "reverse", "7" },
	  { { 1, RECORD, KIT_STAY },
	    { 1, REUSED, KIT_STAY },
	    { 1, REVERSAL, KIT_CLOSE } },
	  3,
	  STATUS_REFUSED,
	  "SHOW 7\n" BACK "SHOW ID reverse-7\n",
	  "",
	  "transaction 7 was reversed already, by transaction 9 with the memo "
	  "\"reverses 7 oops\".\n" },
	{ { "reverse", "7" },
	  { { 1, RECORD, KIT_STAY },
	    { 1, REUSED, KIT_STAY },
	    { 1, STRANGER, KIT_CLOSE } },
	  3,
	  STATUS_REFUSED,
	  "SHOW 7\n" BACK "SHOW ID reverse-7\n",
	  "",
	  "reverse-7 stands for transaction 9, which does not reverse 7.\n" },
};

START_TEST(a_command_asks_what_it_must)
{
	const char *const *w = commands[_i].words;
	struct kit_server *s =
		kit_server_start(commands[_i].turn, commands[_i].turns);
	struct kit_run r = kit_run(kit_server_name(s), "--raw", w[0], w[1],
				   w[2], w[3], w[4], w[5], NULL);
	char *log = kit_server_stop(s);

	ck_assert_msg(strstr(r.err, commands[_i].said), "said: %s", r.err);
	ck_assert_int_eq(r.status, commands[_i].status);
	ck_assert_str_eq(log, commands[_i].asked);
	ck_assert_str_eq(r.out, commands[_i].out);
	ck_assert_uint_eq(kit_pending_count(), 0);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* With a new id and what there is by now; not for ever. */
START_TEST(max_asks_again_when_it_was_late)
{
	const struct kit_turn turn[] = {
		{ 1, ":9\r\n", KIT_STAY },
		{ 1, POOR, KIT_STAY },
		{ 1, ":5\r\n", KIT_STAY },
		{ 1, POOR, KIT_REPEAT },
	};
	struct kit_server *s = kit_server_start(turn, 4);
	struct kit_run r = kit_run(kit_server_name(s), "transfer", "--max",
				   "Ali", "Ben", "--raw", NULL);
	char *log = kit_server_stop(s);
	char first[40];
	char second[40];
	const char *at;

	ck_assert_int_eq(strncmp(log, "BALANCE Ali\nTRANSFER Ali Ben 9 ID ", 34),
			 0);
	(void)snprintf(first, sizeof(first), "%.32s", log + 34);
	at = strstr(log, "TRANSFER Ali Ben 5 ID ");
	ck_assert_ptr_nonnull(at);
	(void)snprintf(second, sizeof(second), "%.32s", at + 22);
	ck_assert_str_ne(first, second);
	/* The third answer to BALANCE is an error: that is the end. */
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_str_eq(r.err, "Too little.\n");
	ck_assert_uint_eq(kit_pending_count(), 0);
	kit_run_done(&r);
	free(log);
}
END_TEST

START_TEST(max_is_not_late_for_ever)
{
	struct kit_turn turn[20];
	struct kit_server *s;
	struct kit_run r;
	size_t asked = 0;
	char *log;

	for (size_t i = 0; i < ELEMENTS(turn); i++)
		turn[i] = (struct kit_turn){ 1, i % 2 ? POOR : ":9\r\n",
					     KIT_STAY };
	s = kit_server_start(turn, ELEMENTS(turn));
	r = kit_run(kit_server_name(s), "transfer", "--max", "Ali", "Ben",
		    "--raw", NULL);
	log = kit_server_stop(s);
	for (const char *at = log; (at = strstr(at, "BALANCE")) != NULL; at++)
		asked++;
	ck_assert_uint_eq(asked, 8);
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_str_eq(r.err, "Too little.\n");
	ck_assert_uint_eq(kit_pending_count(), 0);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* People see what would be, and are not told that it is. */
START_TEST(a_dry_run_is_told_as_one)
{
	const struct kit_turn turn[] = {
		{ 2, "$22\r\n# Ledger\r\ncoin:beans\r\n\r\n+OK\r\n", KIT_STAY },
		{ 2, QUEUED "*1\r\n:95\r\n", KIT_CLOSE },
		{ 1, "+OK\r\n", KIT_STAY },
		{ 3, QUEUED QUEUED "*2\r\n:95\r\n:3\r\n", KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turn, 4);
	struct kit_run r = kit_run(kit_server_name(s), "transfer", "Ali", "Ben",
				   "5", "--dry-run", NULL);

	ck_assert_str_eq(r.out,
			 "\"Ali\" would transfer 5 beans to \"Ben\".\n"
			 "The balance of \"Ali\" would be : 95 beans.\n");
	kit_run_done(&r);

	r = kit_run(kit_server_name(s), "transfer", "--dry-run", "--file",
		    pay_file(TWO_LINES), NULL);
	free(kit_server_stop(s));
	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert_str_eq(r.out,
			 "Sender Receiver Amount Memo Balance\n"
			 "Ali    Ben           5           95\n"
			 "Ben    Eve           7 note       3\n"
			 "All 2 can be done; nothing was changed.\n");
	ck_assert_str_eq(r.err, "");
	ck_assert_uint_eq(pending_count(), 0);
	kit_run_done(&r);
}
END_TEST

UNIT_SUITE(test_walletctl_doing);

Suite *test_walletctl_doing(void)
{
	Suite *s = suite_create("walletctl/doing");
	TCase *t = tcase_create("doing");

	tcase_add_checked_fixture(t, kit_state_setup, kit_state_teardown);
	tcase_add_loop_test(t, a_group_ends_as_it_must, 0, ELEMENTS(scripts));
	tcase_add_test(t, a_group_is_resumed);
	tcase_add_loop_test(t, wrong_lines_are_all_named, 0, ELEMENTS(wrong));
	tcase_add_test(t, too_many_lines_are_refused);
	tcase_add_test(t, no_lines_are_no_payments);
	tcase_add_loop_test(t, mistakes_are_told, 0, ELEMENTS(mistakes));
	tcase_add_loop_test(t, a_command_asks_what_it_must, 0,
			    ELEMENTS(commands));
	tcase_add_test(t, max_asks_again_when_it_was_late);
	tcase_add_test(t, max_is_not_late_for_ever);
	tcase_add_test(t, a_dry_run_is_told_as_one);
	suite_add_tcase(s, t);
	return s;
}
