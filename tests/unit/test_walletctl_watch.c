/* SPDX-License-Identifier: MIT */
/*
 * What "watch" is made of: messages taken apart, and rows that come one by one.
 * The command itself is in tests/scenario/test-watch.py.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "unit.h"
#include "walletctl/pushed.h"
#include "walletctl/rolling.h"

#include "test_walletctl_kit.h"

UNIT_SUITE(test_walletctl_watch);

#define HEX "abcd000000000000000000000000000000000000000000000000000000000000"
#define TIME "2026-11-22T13:37:00.123456Z"
#define MESSAGE(len, line)                                                     \
	"*3\r\n$7\r\nmessage\r\n$12\r\ntransactions\r\n$" len "\r\n" line "\r\n"

static int read_message(const char *bytes, struct pushed *ret)
{
	redisReply *reply = kit_reply(bytes);
	int r = pushed_read(reply, ret);

	freeReplyObject(reply);
	return r;
}

static bool is_text(struct slice s, const char *text)
{
	return s.p && slice_equal(s, slice_of(text));
}

START_TEST(a_message_with_everything)
{
	redisReply *reply = kit_reply(MESSAGE(
		"141", "10 Ali Luke 15 t=" TIME
		       " b=1/3 id=7f9c m=two%20coffees h=" HEX));
	struct pushed p;

	ck_assert_int_eq(pushed_read(reply, &p), 1);
	ck_assert_int_eq(p.record.serial, 10);
	ck_assert(is_text(p.record.sender, "Ali"));
	ck_assert(is_text(p.record.receiver, "Luke"));
	ck_assert_int_eq(p.record.amount, 15);
	ck_assert(is_text(p.record.time, TIME));
	ck_assert(is_text(p.record.id, "7f9c"));
	ck_assert(is_text(p.record.memo, "two coffees"));
	ck_assert(is_text(p.record.hash, HEX));
	ck_assert(!p.record.has_balance);
	freeReplyObject(reply);
}
END_TEST

START_TEST(what_is_missing_is_no_text)
{
	redisReply *reply = kit_reply(
		MESSAGE("111", "10 Ali Luke 15 t=" TIME " h=" HEX));
	struct pushed p;

	ck_assert_int_eq(pushed_read(reply, &p), 1);
	ck_assert_ptr_null(p.record.id.p);
	ck_assert_ptr_null(p.record.memo.p);
	freeReplyObject(reply);
}
END_TEST

START_TEST(signs_of_life_are_no_transactions)
{
	struct pushed p;

	ck_assert_int_eq(
		read_message("*2\r\n$4\r\npong\r\n$0\r\n\r\n", &p), 0);
	ck_assert_int_eq(read_message("*3\r\n$9\r\nsubscribe\r\n$12\r\n"
				      "transactions\r\n:1\r\n", &p), 0);
}
END_TEST

START_TEST(anything_else_is_no_main_daemon)
{
	static const char *const messages[] = {
		"+OK\r\n",
		":1\r\n",
		"$4\r\npong\r\n",
		"*0\r\n",
		"*1\r\n$4\r\npong\r\n",
		"*2\r\n:1\r\n:2\r\n",
		"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n",
		"*3\r\n$7\r\nmessage\r\n$12\r\ntransactions\r\n:1\r\n",
		"*2\r\n$7\r\nmessage\r\n$12\r\ntransactions\r\n",
		"*4\r\n$7\r\nmessage\r\n$12\r\ntransactions\r\n$1\r\nx\r\n:1\r\n",
		"*3\r\n$6\r\nletter\r\n$12\r\ntransactions\r\n$1\r\nx\r\n",
		MESSAGE("0", ""),
		/* An old record is not made now. */
		MESSAGE("14", "10 Ali Luke 15"),
		MESSAGE("112", "10 Ali Luke 15 t=" TIME " h=" HEX "0"),
		MESSAGE("112", "10 Ali Luke 15 t=" TIME " h=" HEX "\n"),
	};
	struct pushed p;

	for (size_t i = 0; i < ELEMENTS(messages); i++)
		ck_assert_int_eq(read_message(messages[i], &p), -EBADMSG);
}
END_TEST

static const struct column columns[] = {
	{ "number", "No" },
	{ "name", "Name" },
	{ "coins", "Coins" },
	{ "hidden", NULL },
	{ "memo", "Memo" },
};

#define HEADINGS "    No Name      Coins Memo\n"

#define JSON(number, name, coins, memo)                                        \
	"{\"number\":" number ",\"name\":\"" name "\",\"coins\":" coins         \
	",\"hidden\":\"h\",\"memo\":" memo "}\n"

struct row {
	int64_t number;
	const char *name;
	int64_t coins;
	const char *memo; /* NULL: none */
};

static void put_row(struct rolling *r, struct row row)
{
	const struct value values[] = {
		value_number(row.number),
		value_text(slice_of(row.name)),
		value_amount(row.coins),
		value_text(slice_of("h")),
		row.memo ? value_text(slice_of(row.memo)) : value_none(),
	};

	ck_assert_int_eq(rolling_row(r, values), 0);
}

/* @text: what is there behind each row, not only at the end. */
static void check_rows(enum form form, const struct row *rows, size_t count,
		       const char *const *text)
{
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);
	struct rolling r = { .out = out,
			     .form = form,
			     .columns = columns,
			     .count = ELEMENTS(columns) };
	size_t at = 0;

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < count; i++) {
		put_row(&r, rows[i]);
		ck_assert_str_eq(got + at, text[i]);
		at = len;
	}
	(void)fclose(out);
	free(got);
}

START_TEST(each_form_a_row_at_a_time)
{
	static const struct row rows[] = {
		{ 1, "Ali", 1500, "two coffees" },
		{ 2, "Anne", -7, NULL },
	};
	static const char *const text[] = {
		HEADINGS
		"     1 Ali       1,500 two coffees\n",
		"     2 Anne         -7\n",
	};
	static const char *const json[] = {
		JSON("1", "Ali", "1500", "\"two coffees\""),
		JSON("2", "Anne", "-7", "null"),
	};
	static const char *const raw[] = {
		"1\tAli\t1500\th\ttwo coffees\n",
		"2\tAnne\t-7\th\t\n",
	};
	static const char *const values[] = {
		"number,name,coins,hidden,memo\r\n1,Ali,1500,h,two coffees\r\n",
		"2,Anne,-7,h,\r\n",
	};

	check_rows(FORM_TEXT, rows, ELEMENTS(rows), text);
	check_rows(FORM_JSON, rows, ELEMENTS(rows), json);
	check_rows(FORM_RAW, rows, ELEMENTS(rows), raw);
	check_rows(FORM_CSV, rows, ELEMENTS(rows), values);
}
END_TEST

/* What was written cannot be moved; what comes stands as wide as the widest. */
START_TEST(columns_become_wider)
{
	static const struct row rows[] = {
		{ 1, "Ali", 1, "a" },
		{ 2, "Bartholomew", 1, "b" },
		{ 3, "Ali", 1234567, "c" },
		{ 4, "Ali", 1, "d" },
		{ 5, "a-name-longer-than-any-column-is", 1, "e" },
		{ 6, "Ali", 1, "f" },
	};
	static const char *const text[] = {
		HEADINGS
		"     1 Ali           1 a\n",
		"     2 Bartholomew      1 b\n",
		"     3 Ali         1,234,567 c\n",
		"     4 Ali                 1 d\n",
		"     5 a-name-longer-than-any-column-is         1 e\n",
		"     6 Ali                              1 f\n",
	};

	check_rows(FORM_TEXT, rows, ELEMENTS(rows), text);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	FILE *out = fopen("/dev/full", "w");
	struct rolling r = { .out = out,
			     .form = FORM_RAW,
			     .columns = columns,
			     .count = 1 };
	const struct value number = value_number(1);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(rolling_row(&r, &number), -EIO);
	(void)fclose(out);
}
END_TEST

Suite *test_walletctl_watch(void)
{
	Suite *s = suite_create("walletctl/watch");
	TCase *t = tcase_create("watch");

	tcase_add_test(t, a_message_with_everything);
	tcase_add_test(t, what_is_missing_is_no_text);
	tcase_add_test(t, signs_of_life_are_no_transactions);
	tcase_add_test(t, anything_else_is_no_main_daemon);
	tcase_add_test(t, each_form_a_row_at_a_time);
	tcase_add_test(t, columns_become_wider);
	tcase_add_test(t, a_full_disk_is_told);
	suite_add_tcase(s, t);
	return s;
}
