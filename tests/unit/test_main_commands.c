/* SPDX-License-Identifier: MIT */
/*
 * Commands: what is asked of the engine, and each answer byte for byte.
 */
#include "config.h"

#include "test_main_session.h"
#include "unit.h"

UNIT_SUITE(test_main_commands);

#define HEX "abcd000000000000000000000000000000000000000000000000000000000000"
#define HASH "$64\r\n" HEX "\r\n"
#define TIME "$27\r\n2026-11-22T13:37:00.123456Z\r\n"

/* A request, the order that it becomes (NULL: none), and what is answered. */
struct example {
	const char *request;
	const char *order;
	const char *answer;
};

static void check_examples(struct desk *d, const struct example *examples,
			   size_t count)
{
	const struct example *x;

	for (size_t i = 0; i < count; i++) {
		x = &examples[i];
		d->engine.orders = 0;
		desk_send(d, x->request);

		ck_assert_uint_eq(d->engine.orders, x->order ? 1 : 0);
		if (x->order)
			ck_assert_str_eq(d->engine.order[0].text, x->order);
		ck_assert_str_eq(desk_read(d), x->answer);
	}
}

START_TEST(courtesies)
{
	static const struct example examples[] = {
		{ "PING\r\n", NULL, "+PONG\r\n" },
		{ "ping hello\r\n", NULL, "$5\r\nhello\r\n" },
		{ "ECHO \"a b\"\r\n", NULL, "$3\r\na b\r\n" },
		{ "*1\r\n$4\r\nPiNg\r\n", NULL, "+PONG\r\n" },
		{ "\r\n", NULL, "" },
		{ "INFO\r\n", NULL, "$8\r\nsection \r\n" },
		{ "INFO ledger\r\n", NULL, "$14\r\nsection ledger\r\n" },
		{ "CONFIG GET save\r\n", NULL,
		  "*2\r\n$4\r\nsave\r\n$0\r\n\r\n" },
		{ "CONFIG get AppendOnly\r\n", NULL,
		  "*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n" },
		{ "CONFIG GET maxmemory\r\n", NULL, "*0\r\n" },
		{ "HELLO 3\r\n", NULL,
		  "-NOPROTO unsupported protocol version\r\n" },
		{ "HELLO x\r\n", NULL,
		  "-ERR Protocol version is not an integer or out of "
		  "range\r\n" },
		{ "COMMAND COUNT\r\n", NULL, ":24\r\n" },
		{ "COMMAND INFO tip nope\r\n", NULL,
		  "*2\r\n*6\r\n$3\r\ntip\r\n:1\r\n*1\r\n+readonly\r\n"
		  ":0\r\n:0\r\n:0\r\n*-1\r\n" },
		{ "COMMAND INFO transfer\r\n", NULL,
		  "*1\r\n*6\r\n$8\r\ntransfer\r\n:-4\r\n*1\r\n+write\r\n"
		  ":0\r\n:0\r\n:0\r\n" },
		{ "COMMAND DOCS tip nope\r\n", NULL,
		  "*2\r\n$3\r\ntip\r\n*8\r\n$7\r\nsummary\r\n"
		  "$45\r\nThe last transaction's serial, hash and time.\r\n"
		  "$5\r\nsince\r\n$5\r\n0.1.0\r\n$5\r\ngroup\r\n"
		  "$8\r\nalichain\r\n$9\r\narguments\r\n*0\r\n" },
	};
	struct desk *d = desk_open();

	check_examples(d, examples, ELEMENTS(examples));
	desk_close(d);
}
END_TEST

START_TEST(hello)
{
	static const char answer[] =
		"*14\r\n$6\r\nserver\r\n$8\r\nalichain\r\n"
		"$7\r\nversion\r\n$5\r\n" PACKAGE_VERSION "\r\n"
		"$5\r\nproto\r\n:2\r\n$2\r\nid\r\n:7\r\n"
		"$4\r\nmode\r\n$10\r\nstandalone\r\n"
		"$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";
	struct desk *d = desk_open();

	desk_expect(d, "HELLO\r\n", answer);
	desk_expect(d, "hello 2\r\n", answer);
	desk_close(d);
}
END_TEST

/* A balance and the two kinds of receipts. */
START_TEST(coins)
{
	static const struct example balances[] = {
		{ "BALANCE Ali\r\n", "balance Ali", ":845\r\n" },
		{ "balance \xc3\x84nne\r\n", "balance \xc3\x84nne",
		  ":845\r\n" },
		{ "BALANCE Ali AT 0\r\n", "balance Ali at 0", ":845\r\n" },
		{ "balance Ali at 9223372036854775807\r\n",
		  "balance Ali at 9223372036854775807", ":845\r\n" },
	};
	static const char receipt[] = "*4\r\n:10\r\n:830\r\n" TIME HASH;
	static const struct example receipts[] = {
		{ "TRANSFER Ali Ben 15\r\n",
		  "transfer Ali Ben 15 id= memo=", receipt },
		{ "transfer Ali Ben 15 id x1\r\n",
		  "transfer Ali Ben 15 id=x1 memo=", receipt },
		{ "Transfer Ali Ben -1 Memo \"two coffees\" ID x1\r\n",
		  "transfer Ali Ben -1 id=x1 memo=two coffees", receipt },
		{ "Transfer Ali Ben 1 after x0 ID x1\r\n",
		  "transfer Ali Ben 1 id=x1 memo= after=x0", receipt },
		{ "IMPORT Eve Joe 15\r\n", "import Eve Joe 15 id= memo=",
		  receipt },
		{ "import Eve Joe 15 MEMO hi AFTER x0 ID x1\r\n",
		  "import Eve Joe 15 id=x1 memo=hi after=x0", receipt },
		{ "OPEN Eve\r\n", "open Eve id= memo=", receipt },
		{ "OPEN Eve MEMO hi ID x\r\n", "open Eve id=x memo=hi",
		  receipt },
	};
	struct desk *d = desk_open();

	d->engine.prompt = true;
	d->engine.answer = fake_balance(845);
	check_examples(d, balances, ELEMENTS(balances));
	d->engine.answer = fake_receipt(10, 830);
	check_examples(d, receipts, ELEMENTS(receipts));
	desk_close(d);
}
END_TEST

START_TEST(tip)
{
	struct desk *d = desk_open();

	d->engine.prompt = true;
	d->engine.answer = fake_receipt(9, 0);
	desk_expect(d, "TIP\r\n", "*3\r\n:9\r\n" HASH TIME);
	d->engine.answer = fake_receipt(0, 0);
	desk_expect(d, "TIP\r\n", "*3\r\n:0\r\n" HASH "$-1\r\n");
	desk_close(d);
}
END_TEST

START_TEST(statement)
{
	struct desk *d = desk_open();

	d->engine.prompt = true;
	d->engine.answer.u.statement.path = slice_of("/x/alichain.txt");
	d->engine.answer.u.statement.records = 9;
	d->engine.answer.u.statement.hash = fake_hash;
	desk_expect(d, "TXLIST\r\n",
		    "*3\r\n$15\r\n/x/alichain.txt\r\n:9\r\n" HASH);
	desk_close(d);
}
END_TEST

#define TIP1 " TIP 1 " HEX
#define TIP4 TIP1 TIP1 TIP1 TIP1

START_TEST(verified)
{
	static const char answer[] =
		"*6\r\n:9\r\n" HASH ":7\r\n:12\r\n:12000\r\n:2\r\n";
	static const struct example examples[] = {
		{ "VERIFY\r\n", "verify", answer },
		{ "verify tip 0 " HEX "\r\n", "verify 1 0:ab", answer },
		{ "VERIFY TIP 9223372036854775807 " HEX "\r\n",
		  "verify 1 9223372036854775807:ab", answer },
		{ "VERIFY" TIP4 TIP4 TIP4 TIP4 "\r\n", "verify 16 1:ab",
		  answer },
	};
	struct desk *d = desk_open();
	struct outcome *o = &d->engine.answer;

	d->engine.prompt = true;
	o->u.verified.serial = 9;
	o->u.verified.hash = fake_hash;
	o->u.verified.records = 7;
	o->u.verified.members = 12;
	o->u.verified.coins = sum_from_i128(12000);
	o->u.verified.gaps = 2;
	check_examples(d, examples, ELEMENTS(examples));

	/* Each balance is an integer of the protocol; their sum may be none. */
	o->u.verified.coins = sum_from_i128((__int128)INT64_MAX + 1);
	desk_expect(d, "VERIFY\r\n",
		    "*6\r\n:9\r\n" HASH ":7\r\n:12\r\n$-1\r\n:2\r\n");
	*o = fake_refusal(OUTCOME_INTEGRITY, "Serial 4 is missing.");
	desk_expect(d, "VERIFY\r\n", "-INTEGRITY Serial 4 is missing.\r\n");
	desk_close(d);
}
END_TEST

START_TEST(stats)
{
	struct engine_partner partners[] = {
		{ slice_of("Ben"), 3, sum_from_i128(-20) },
		{ slice_of("Luke"), 1, sum_from_i128(INT64_MAX) },
	};
	struct desk *d = desk_open();

	d->engine.prompt = true;
	desk_expect(d, "STATS Ali\r\n", "*0\r\n");

	d->engine.answer.u.stats.partner = partners;
	d->engine.answer.u.stats.count = ELEMENTS(partners);
	desk_expect(d, "STATS Ali\r\n",
		    "*2\r\n*3\r\n$3\r\nBen\r\n:3\r\n:-20\r\n"
		    "*3\r\n$4\r\nLuke\r\n:1\r\n:9223372036854775807\r\n");

	/* Not half an answer, and what was before it stands. */
	partners[1].net = sum_from_i128((__int128)INT64_MAX + 1);
	desk_expect(
		d, "PING\r\nSTATS Ali\r\nPING\r\n",
		"+PONG\r\n-LIMIT The net total with one of the users is too "
		"large a number for this protocol.\r\n+PONG\r\n");
	desk_close(d);
}
END_TEST

START_TEST(who_is_there)
{
	struct amount balance;
	struct engine_user user[] = {
		{ .name = slice_of("Ali") },
		{ .name = slice_of("\xc3\x84nne") },
	};
	static const char answer[] =
		"*3\r\n:9\r\n:12\r\n*2\r\n*2\r\n$3\r\nAli\r\n:845\r\n"
		"*2\r\n$5\r\n\xc3\x84nne\r\n:0\r\n";
	static const struct example examples[] = {
		{ "USERS\r\n", "users 1 1000", answer },
		{ "users from 9223372036854775807 count 1\r\n",
		  "users 9223372036854775807 1", answer },
		{ "USERS COUNT 10000\r\n", "users 1 10000", answer },
	};
	struct desk *d = desk_open();
	struct outcome *o = &d->engine.answer;

	ck_assert_int_eq(amount_from_u64(845, &balance), 0);
	user[0].balance = balance;
	d->engine.prompt = true;
	o->u.users.serial = 9;
	o->u.users.members = 12;
	desk_expect(d, "USERS\r\n", "*3\r\n:9\r\n:12\r\n*0\r\n");
	o->u.users.user = user;
	o->u.users.count = ELEMENTS(user);
	check_examples(d, examples, ELEMENTS(examples));
	desk_close(d);
}
END_TEST

#define ALI_TO_BEN "$3\r\nAli\r\n$3\r\nBen\r\n"
#define AB_HASH                                                                \
	"$64\r\nab00000000000000000000000000000000000000000000000000000000"    \
	"000000\r\n"
#define NEW(serial, columns)                                                   \
	"*" columns "\r\n:" serial "\r\n" ALI_TO_BEN ":" serial "\r\n" TIME    \
	"$2\r\nx1\r\n$11\r\ntwo coffees\r\n" AB_HASH
#define OLD(serial, columns)                                                   \
	"*" columns "\r\n:" serial "\r\n" ALI_TO_BEN ":" serial "\r\n"         \
	"$-1\r\n$-1\r\n$-1\r\n$-1\r\n"

START_TEST(records)
{
	static const char listed[] =
		"*3\r\n" NEW("1", "8") NEW("2", "8") OLD("3", "8");
	static const char told[] = "*3\r\n" NEW("1", "9") ":999\r\n" NEW(
		"2", "9") ":998\r\n" OLD("3", "9") ":997\r\n";
	static const struct example examples[] = {
		{ "LIST\r\n", "list 1 1000", listed },
		{ "LIST FROM 5\r\n", "list 5 1000", listed },
		{ "list count 10000 from 9223372036854775807\r\n",
		  "list 9223372036854775807 10000", listed },
		{ "HISTORY Ali\r\n", "history Ali 1 1000", told },
		{ "HISTORY Ali COUNT 1\r\n", "history Ali 1 1", told },
	};
	struct desk *d = desk_open();

	d->engine.prompt = true;
	d->engine.records = 3;
	check_examples(d, examples, ELEMENTS(examples));

	d->engine.records = 0;
	desk_expect(d, "LIST\r\n", "*0\r\n");
	desk_close(d);
}
END_TEST

START_TEST(one_record)
{
	static const struct example examples[] = {
		{ "SHOW 1\r\n", "show 1", NEW("1", "8") },
		{ "SHOW id x1\r\n", "show id=x1", NEW("1", "8") },
	};
	struct desk *d = desk_open();

	d->engine.prompt = true;
	d->engine.records = 1;
	check_examples(d, examples, ELEMENTS(examples));
	desk_close(d);
}
END_TEST

/* What the engine refuses is told with its code; nothing gathered is left. */
START_TEST(refusals)
{
	static const char *const requests[] = {
		"BALANCE Zoe\r\n", "TRANSFER a b 1\r\n", "OPEN a\r\n",
		"STATS a\r\n",	   "HISTORY a\r\n",	 "LIST\r\n",
		"SHOW 1\r\n",	   "SHOW ID x\r\n",	 "TXLIST\r\n",
		"TIP\r\n",	   "VERIFY\r\n",	 "USERS\r\n",
		"BALANCE a AT 1\r\n",
	};
	struct desk *d = desk_open();

	d->engine.prompt = true;
	d->engine.records = 2;
	d->engine.answer = fake_refusal(OUTCOME_NOUSER, "No \"Zoe\"\r\nhere.");
	for (size_t i = 0; i < ELEMENTS(requests); i++)
		desk_expect(d, requests[i], "-NOUSER No \"Zoe\"??here.\r\n");
	desk_close(d);
}
END_TEST

#define FROM_FAULT                                                             \
	"-SYNTAX FROM: expected a serial number from 1 to "                    \
	"9223372036854775807; usage: LIST [FROM serial] [COUNT n]\r\n"
#define COUNT_FAULT                                                            \
	"-SYNTAX COUNT: expected a number from 1 to 10000; usage: LIST [FROM " \
	"serial] [COUNT n]\r\n"

#define AT_FAULT                                                               \
	"-SYNTAX AT: expected a serial number from 0 to "                      \
	"9223372036854775807; usage: BALANCE user [AT serial]\r\n"

/* Nothing of this gets to the engine. */
START_TEST(misuse)
{
	static const struct example examples[] = {
		{ "nope 1\r\n", NULL, "-ERR unknown command 'nope'\r\n" },
		{ "BALANCE\r\n", NULL,
		  "-SYNTAX Wrong number of arguments; usage: BALANCE "
		  "user [AT serial]\r\n" },
		{ "TIP x\r\n", NULL,
		  "-SYNTAX Wrong number of arguments; usage: TIP\r\n" },
		{ "OPEN a IDX b\r\n", NULL,
		  "-SYNTAX Unknown option \"IDX\"; usage: OPEN user [ID id] "
		  "[MEMO text] [AFTER id]\r\n" },
		{ "OPEN a ID\r\n", NULL,
		  "-SYNTAX Option ID needs a value; usage: OPEN user [ID id] "
		  "[MEMO text] [AFTER id]\r\n" },
		{ "OPEN a ID \"\"\r\n", NULL,
		  "-SYNTAX Option ID needs a value; usage: OPEN user [ID id] "
		  "[MEMO text] [AFTER id]\r\n" },
		{ "OPEN a ID x id y\r\n", NULL,
		  "-SYNTAX Option ID is given twice; usage: OPEN user [ID id] "
		  "[MEMO text] [AFTER id]\r\n" },
		{ "LIST FROM 0\r\n", NULL, FROM_FAULT },
		{ "LIST FROM 9223372036854775808\r\n", NULL, FROM_FAULT },
		{ "LIST FROM 01\r\n", NULL, FROM_FAULT },
		{ "LIST COUNT 0\r\n", NULL, COUNT_FAULT },
		{ "LIST COUNT -1\r\n", NULL, COUNT_FAULT },
		{ "LIST COUNT ten\r\n", NULL, COUNT_FAULT },
		{ "LIST COUNT 10001\r\n", NULL,
		  "-LIMIT COUNT: at most 10000 at a time.\r\n" },
		{ "LIST COUNT 99999999999999999999999\r\n", NULL,
		  "-LIMIT COUNT: at most 10000 at a time.\r\n" },
		{ "SHOW x\r\n", NULL,
		  "-SYNTAX serial: expected a serial number from 1 to "
		  "9223372036854775807; usage: SHOW serial | ID id\r\n" },
		{ "SHOW X y\r\n", NULL,
		  "-SYNTAX Wrong number of arguments; usage: SHOW serial | ID "
		  "id\r\n" },
		{ "SHOW ID \"\"\r\n", NULL,
		  "-SYNTAX Option ID needs a value; usage: SHOW serial | ID "
		  "id\r\n" },
		{ "CONFIG SET save x\r\n", NULL,
		  "-SYNTAX There is no such subcommand; usage: CONFIG GET "
		  "name\r\n" },
	};
	struct desk *d = desk_open();

	check_examples(d, examples, ELEMENTS(examples));
	desk_close(d);
}
END_TEST

/* The balances of one and of all. */
START_TEST(misused_balances)
{
	static const struct example examples[] = {
		{ "BALANCE a b\r\n", NULL,
		  "-SYNTAX Unknown option \"b\"; usage: BALANCE user [AT "
		  "serial]\r\n" },
		{ "BALANCE a AT\r\n", NULL,
		  "-SYNTAX Option AT needs a value; usage: BALANCE user [AT "
		  "serial]\r\n" },
		{ "BALANCE a AT 01\r\n", NULL, AT_FAULT },
		{ "BALANCE a AT -1\r\n", NULL, AT_FAULT },
		{ "BALANCE a AT 9223372036854775808\r\n", NULL, AT_FAULT },
		{ "USERS Ali\r\n", NULL,
		  "-SYNTAX Unknown option \"Ali\"; usage: USERS [FROM n] "
		  "[COUNT n]\r\n" },
		{ "USERS FROM 0\r\n", NULL,
		  "-SYNTAX FROM: expected a number from 1 to "
		  "9223372036854775807; usage: USERS [FROM n] [COUNT n]\r\n" },
		{ "USERS COUNT 10001\r\n", NULL,
		  "-LIMIT COUNT: at most 10000 at a time.\r\n" },
	};
	struct desk *d = desk_open();

	check_examples(d, examples, ELEMENTS(examples));
	desk_close(d);
}
END_TEST

#define TIP_FAULT(what)                                                        \
	"-SYNTAX " what "; usage: VERIFY [TIP serial hash] ...\r\n"

START_TEST(misused_tips)
{
	static const struct example examples[] = {
		{ "VERIFY TIP\r\n", NULL,
		  TIP_FAULT("Expected TIP, a serial and a hash") },
		{ "VERIFY TIP 1\r\n", NULL,
		  TIP_FAULT("Expected TIP, a serial and a hash") },
		{ "VERIFY TOP 1 " HEX "\r\n", NULL,
		  TIP_FAULT("Expected TIP, a serial and a hash") },
		{ "VERIFY" TIP1 " TIP 2\r\n", NULL,
		  TIP_FAULT("Expected TIP, a serial and a hash") },
		{ "VERIFY TIP -1 " HEX "\r\n", NULL,
		  TIP_FAULT("TIP: expected a serial number from 0 to "
			    "9223372036854775807") },
		{ "VERIFY TIP 1 " HEX "0\r\n", NULL,
		  TIP_FAULT("TIP: expected a hash of 64 lower-case hexadecimal "
			    "digits") },
		{ "VERIFY TIP 1 ABCD\r\n", NULL,
		  TIP_FAULT("TIP: expected a hash of 64 lower-case hexadecimal "
			    "digits") },
		{ "VERIFY" TIP4 TIP4 TIP4 TIP4 TIP1 "\r\n", NULL,
		  TIP_FAULT("Wrong number of arguments") },
	};
	struct desk *d = desk_open();

	check_examples(d, examples, ELEMENTS(examples));
	desk_close(d);
}
END_TEST

/* A client's own words in an error are cut short. */
START_TEST(long_words)
{
	char request[1024];
	struct desk *d = desk_open();

	memset(request, 'x', 1000);
	memcpy(request + 1000, "\r\n", 3);
	desk_send(d, request);
	ck_assert_uint_eq(strlen(desk_read(d)),
			  strlen("-ERR unknown command ''\r\n") + 128);
	desk_close(d);
}
END_TEST

/* Every command with every number of arguments is answered just once. */
START_TEST(any_arity)
{
	const struct command *command = NULL;
	const char *start;
	char request[1024];
	struct desk *d = desk_open();
	int len;

	d->engine.prompt = true;
	d->engine.answer = fake_refusal(OUTCOME_UNAVAILABLE, "x");
	desk_send(d, "COMMAND LIST\r\n");
	start = strdup(desk_read(d));
	ck_assert_ptr_nonnull(start);

	for (const char *p = start; (command = commands_next(command));) {
		p = strstr(p, "\r\n") + 2;
		p = strstr(p, "\r\n") + 2;
		if (strncmp(p, "quit", 4) == 0)
			continue;

		for (int args = 0; args < RESP_ARGS_MAX; args++) {
			d->engine.orders = 0;
			len = (int)strcspn(p, "\r");
			len = snprintf(request, sizeof(request), "%.*s", len,
				       p);
			for (int i = 0; i < args; i++) {
				memcpy(request + len, " 1", 2);
				len += 2;
			}
			memcpy(request + len, "\r\n", 2);
			desk_send_bytes(d, request, (size_t)len + 2);
			ck_assert_str_ne(desk_read(d), "");
		}
	}
	free((void *)(uintptr_t)start);
	desk_close(d);
}
END_TEST

Suite *test_main_commands(void)
{
	Suite *suite = suite_create("main/commands");
	TCase *t = tcase_create("all");

	tcase_add_test(t, courtesies);
	tcase_add_test(t, hello);
	tcase_add_test(t, coins);
	tcase_add_test(t, tip);
	tcase_add_test(t, statement);
	tcase_add_test(t, verified);
	tcase_add_test(t, stats);
	tcase_add_test(t, who_is_there);
	tcase_add_test(t, records);
	tcase_add_test(t, one_record);
	tcase_add_test(t, refusals);
	tcase_add_test(t, misuse);
	tcase_add_test(t, misused_balances);
	tcase_add_test(t, misused_tips);
	tcase_add_test(t, long_words);
	tcase_add_test(t, any_arity);
	suite_add_tcase(suite, t);
	return suite;
}
