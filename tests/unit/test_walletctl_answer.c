/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/answer.c: the right shapes are taken, all others are
 * refused.
 */
#include "config.h"

#include <check.h>
#include <errno.h>

#include "unit.h"
#include "walletctl/answer.h"

#include "test_walletctl_kit.h"

#define RECORD8                                                                \
	":5\r\n$3\r\nBen\r\n$6\r\nVictor\r\n:85\r\n$-1\r\n$2\r\nid\r\n"        \
	"$4\r\nmemo\r\n$2\r\nab\r\n"

enum shape { INTEGER, RECORD, RECEIPT, PARTNER, STATEMENT, TIP, LIST };

/* Any of the decoders. */
static int decode(enum shape shape, const redisReply *reply)
{
	struct answer_statement statement;
	struct answer_receipt receipt;
	struct answer_partner partner;
	struct answer_record record;
	struct answer_tip tip;
	int64_t n;

	switch (shape) {
	case INTEGER:
		return answer_integer(reply, &n);
	case RECORD:
		return answer_record(reply, &record);
	case RECEIPT:
		return answer_receipt(reply, &receipt);
	case PARTNER:
		return answer_partner(reply, &partner);
	case STATEMENT:
		return answer_statement(reply, &statement);
	case TIP:
		return answer_tip(reply, &tip);
	case LIST:
		return answer_list(reply);
	}
	return -EINVAL;
}

static const struct {
	enum shape shape;
	const char *bytes;
	int expected;
} shapes[] = {
	{ INTEGER, ":881\r\n", 0 },
	{ INTEGER, "$3\r\n881\r\n", -EBADMSG },
	{ INTEGER, "*0\r\n", -EBADMSG },
	{ INTEGER, "$-1\r\n", -EBADMSG },
	{ INTEGER, "+OK\r\n", -EBADMSG },
	{ RECORD, "*8\r\n" RECORD8, 0 },
	{ RECORD, "*9\r\n" RECORD8 ":915\r\n", 0 },
	{ RECORD, "*9\r\n" RECORD8 "$3\r\n915\r\n", -EBADMSG },
	{ RECORD, "*10\r\n" RECORD8 ":915\r\n:1\r\n", -EBADMSG },
	{ RECORD, "*0\r\n", -EBADMSG },
	{ RECORD, ":5\r\n", -EBADMSG },
	{ RECORD,
	  "*7\r\n:5\r\n$1\r\nA\r\n$1\r\nB\r\n:1\r\n$-1\r\n$-1\r\n$-1\r\n",
	  -EBADMSG },
	{ RECORD,
	  "*8\r\n:5\r\n$-1\r\n$1\r\nB\r\n:1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n",
	  -EBADMSG },
	{ RECORD,
	  "*8\r\n:5\r\n$1\r\nA\r\n$1\r\nB\r\n:1\r\n*0\r\n$-1\r\n$-1\r\n$-1\r\n",
	  -EBADMSG },
	{ RECEIPT, "*4\r\n:10\r\n:914\r\n$1\r\nt\r\n$1\r\nh\r\n", 0 },
	{ RECEIPT, "*3\r\n:10\r\n:914\r\n$1\r\nt\r\n", -EBADMSG },
	{ RECEIPT, "*4\r\n:10\r\n:914\r\n$1\r\nt\r\n$-1\r\n", -EBADMSG },
	{ RECEIPT, "*4\r\n$2\r\n10\r\n:914\r\n$1\r\nt\r\n$1\r\nh\r\n",
	  -EBADMSG },
	{ RECEIPT, "$2\r\nOK\r\n", -EBADMSG },
	{ PARTNER, "*3\r\n$3\r\nBen\r\n:2\r\n:-5\r\n", 0 },
	{ PARTNER, "*3\r\n$3\r\nBen\r\n:2\r\n$2\r\n-5\r\n", -EBADMSG },
	{ PARTNER, "*2\r\n$3\r\nBen\r\n:2\r\n", -EBADMSG },
	{ STATEMENT, "*3\r\n$2\r\n/x\r\n:9\r\n$1\r\nh\r\n", 0 },
	{ STATEMENT, "*3\r\n$2\r\n/x\r\n$1\r\n9\r\n$1\r\nh\r\n", -EBADMSG },
	{ TIP, "*3\r\n:9\r\n$1\r\nh\r\n$-1\r\n", 0 },
	{ TIP, "*3\r\n:9\r\n$1\r\nh\r\n$1\r\nt\r\n", 0 },
	{ TIP, "*3\r\n:9\r\n$-1\r\n$-1\r\n", -EBADMSG },
	{ TIP, "*4\r\n:9\r\n$1\r\nh\r\n$-1\r\n:1\r\n", -EBADMSG },
	{ LIST, "*0\r\n", 0 },
	{ LIST, "*-1\r\n", -EBADMSG },
	{ LIST, ":0\r\n", -EBADMSG },
};

START_TEST(only_the_right_shape_is_taken)
{
	redisReply *reply = kit_reply(shapes[_i].bytes);

	ck_assert_int_eq(decode(shapes[_i].shape, reply), shapes[_i].expected);
	freeReplyObject(reply);
}
END_TEST

START_TEST(record_is_taken_apart)
{
	redisReply *reply = kit_reply("*9\r\n" RECORD8 ":-1\r\n");
	struct answer_record a;

	ck_assert_int_eq(answer_record(reply, &a), 0);
	ck_assert_int_eq(a.serial, 5);
	ck_assert(slice_equal(a.sender, slice_of("Ben")));
	ck_assert(slice_equal(a.receiver, slice_of("Victor")));
	ck_assert_int_eq(a.amount, 85);
	ck_assert_ptr_null(a.time.p);
	ck_assert(slice_equal(a.id, slice_of("id")));
	ck_assert(slice_equal(a.memo, slice_of("memo")));
	ck_assert(slice_equal(a.hash, slice_of("ab")));
	ck_assert(a.has_balance);
	ck_assert_int_eq(a.balance, -1);
	freeReplyObject(reply);
}
END_TEST

static const struct {
	const char *bytes;
	const char *sentence;
	enum status status;
	bool settles;
} errors[] = {
	{ "-NOUSER \"X\" is not part of the network.\r\n",
	  "\"X\" is not part of the network.", STATUS_REFUSED, true },
	{ "-INSUFFICIENT a\r\n", "a", STATUS_REFUSED, true },
	{ "-SELF a\r\n", "a", STATUS_REFUSED, true },
	{ "-AMOUNT a\r\n", "a", STATUS_REFUSED, true },
	{ "-NAME a\r\n", "a", STATUS_REFUSED, true },
	{ "-EXISTS a\r\n", "a", STATUS_REFUSED, true },
	{ "-IDREUSED a\r\n", "a", STATUS_REFUSED, true },
	{ "-LIMIT a\r\n", "a", STATUS_REFUSED, true },
	{ "-READONLY a\r\n", "a", STATUS_REFUSED, false },
	{ "-NOTFOUND a\r\n", "a", STATUS_REFUSED, false },
	{ "-UNAVAILABLE a b\r\n", "a b", STATUS_UNAVAILABLE, false },
	{ "-UNKNOWN a\r\n", "a", STATUS_UNKNOWN, false },
	{ "-SYNTAX a\r\n", "a", STATUS_REFUSED, false },
	{ "-ERR a\r\n", "a", STATUS_REFUSED, false },
	{ "-INTEGRITY a\r\n", "a", STATUS_INTEGRITY, false },
	{ "-NOPERM a\r\n", "a", STATUS_NOT_PERMITTED, false },
	{ "-NOAUTH a\r\n", "a", STATUS_NOT_PERMITTED, false },
	{ "-NEWFANGLED\r\n", "NEWFANGLED", STATUS_REFUSED, false },
	{ "-\r\n", "", STATUS_REFUSED, false },
};

START_TEST(errors_have_a_code_and_a_sentence)
{
	redisReply *reply = kit_reply(errors[_i].bytes);
	struct answer_error e;

	ck_assert(answer_is_error(reply, &e));
	ck_assert(slice_equal(e.sentence, slice_of(errors[_i].sentence)));
	ck_assert_int_eq(e.status, errors[_i].status);
	ck_assert_int_eq(e.settles, errors[_i].settles);
	freeReplyObject(reply);
}
END_TEST

START_TEST(info_is_looked_up_by_key)
{
	redisReply *reply = kit_reply("$40\r\n# Ledger\r\ncoin:beans\r\nserial:"
				      "9\r\nbare\r\nx:\r\n");
	struct slice serial = answer_info(reply, "serial");

	ck_assert(slice_equal(answer_info(reply, "coin"), slice_of("beans")));
	ck_assert(slice_equal(serial, slice_of("9")));
	ck_assert_ptr_nonnull(answer_info(reply, "x").p);
	ck_assert_uint_eq(answer_info(reply, "x").len, 0);
	ck_assert_ptr_null(answer_info(reply, "bare").p);
	ck_assert_ptr_null(answer_info(reply, "coi").p);
	freeReplyObject(reply);

	reply = kit_reply(":5\r\n");
	ck_assert_ptr_null(answer_info(reply, "coin").p);
	freeReplyObject(reply);
}
END_TEST

UNIT_SUITE(test_walletctl_answer);

Suite *test_walletctl_answer(void)
{
	Suite *s = suite_create("walletctl/answer");
	TCase *t = tcase_create("answer");

	tcase_add_loop_test(t, only_the_right_shape_is_taken, 0,
			    ELEMENTS(shapes));
	tcase_add_test(t, record_is_taken_apart);
	tcase_add_loop_test(t, errors_have_a_code_and_a_sentence, 0,
			    ELEMENTS(errors));
	tcase_add_test(t, info_is_looked_up_by_key);
	suite_add_tcase(s, t);
	return s;
}
