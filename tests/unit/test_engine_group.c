/* SPDX-License-Identifier: MIT */
/*
 * Groups of orders: all as one batch of its own, or none; once, whoever asks.
 * Ali has 995 coins, Ben 990, Cem 1015, and the last serial is 3.
 */
#include "config.h"

#include <stdio.h>

#include "main/commit.h"
#include "main/engine_internal.h"
#include "test_engine_bench.h"
#include "wire/message.h"

#define GROUPS 8

/* What a group was told. */
static struct told_group {
	unsigned times;
	size_t count;
	struct {
		enum outcome_code code;
		char sentence[512];
		struct outcome o; /* its hash is below */
		uint8_t hash[CHAIN_HASH_SIZE];
	} of[ENGINE_GROUP_MAX];
} told[GROUPS];
static size_t tolds;

static void group_done(void *arg, const struct outcome *o, size_t count)
{
	struct told_group *t = arg;

	ck_assert_uint_le(count, ENGINE_GROUP_MAX);
	t->times++;
	t->count = count;
	for (size_t i = 0; i < count; i++) {
		t->of[i].code = o[i].code;
		t->of[i].o = o[i];
		if (o[i].code != OUTCOME_DONE)
			(void)snprintf(t->of[i].sentence,
				       sizeof(t->of[i].sentence), "%.*s",
				       SLICE_ARG(o[i].sentence));
	}
}

/* Of one that is no dry run the hashes are borrowed during the call. */
static void group_recorded(void *arg, const struct outcome *o, size_t count)
{
	struct told_group *t = arg;

	group_done(arg, o, count);
	for (size_t i = 0; i < count; i++)
		if (o[i].code == OUTCOME_DONE)
			memcpy(t->of[i].hash, o[i].u.receipt.hash,
			       CHAIN_HASH_SIZE);
}

struct ordered {
	const char *sender; /* with a '+' in front unknown users join */
	const char *receiver; /* NULL: an opening */
	const char *amount;
	const char *id;
};

static struct told_group *give(const struct ordered *o, size_t count, bool dry)
{
	struct engine_group_order *order = calloc(count, sizeof(*order));
	struct told_group *t = &told[tolds++];

	ck_assert_ptr_nonnull(order);
	ck_assert_uint_le(tolds, GROUPS);
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < count; i++) {
		order[i].opening = !o[i].receiver;
		order[i].order.join = o[i].sender[0] == '+';
		order[i].order.sender =
			slice_of(o[i].sender + order[i].order.join);
		if (o[i].receiver)
			order[i].order.receiver = slice_of(o[i].receiver);
		if (o[i].amount)
			order[i].order.amount = slice_of(o[i].amount);
		if (o[i].id)
			order[i].order.id = slice_of(o[i].id);
	}
	engine_group(bench.e, order, count, dry,
		     dry ? group_done : group_recorded, t);
	/* What outlives the call was copied. */
	free(order);
	return t;
}

#define GROUP(...)                                                             \
	give((const struct ordered[]){ __VA_ARGS__ },                          \
	     sizeof((const struct ordered[]){ __VA_ARGS__ }) /                 \
		     sizeof(struct ordered),                                   \
	     false)
#define DRY_RUN(...)                                                           \
	give((const struct ordered[]){ __VA_ARGS__ },                          \
	     sizeof((const struct ordered[]){ __VA_ARGS__ }) /                 \
		     sizeof(struct ordered),                                   \
	     true)

static void open_bench(void)
{
	tolds = 0;
	bench_open();
	expect_balance("Ali", 995);
}

static void hold(uint32_t types)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = types;
}

static void expect_codes(const struct told_group *t, size_t count,
			 const enum outcome_code *codes)
{
	ck_assert_uint_eq(t->times, 1);
	ck_assert_uint_eq(t->count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(t->of[i].code == codes[i],
			      "order %zu: expected %s, was told %s %s", i,
			      outcome_code_name(codes[i]),
			      outcome_code_name(t->of[i].code),
			      t->of[i].sentence);
}

#define EXPECT(t, ...)                                                         \
	expect_codes(t,                                                        \
		     sizeof((const enum outcome_code[]){ __VA_ARGS__ }) /      \
			     sizeof(enum outcome_code),                        \
		     (const enum outcome_code[]){ __VA_ARGS__ })
#define DONE OUTCOME_DONE
#define ABORTED OUTCOME_ABORTED

static void expect_receipts(const struct told_group *t, size_t count,
			    uint64_t first)
{
	ck_assert_uint_eq(t->times, 1);
	ck_assert_uint_eq(t->count, count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(t->of[i].code == DONE, "order %zu: %s", i,
			      t->of[i].sentence);
		ck_assert_uint_eq(t->of[i].o.u.receipt.serial, first + i);
	}
}

static void expect_same(const struct told_group *t,
			const struct told_group *first)
{
	expect_receipts(t, first->count, first->of[0].o.u.receipt.serial);
	for (size_t i = 0; i < t->count; i++) {
		ck_assert_mem_eq(t->of[i].hash, first->of[i].hash,
				 CHAIN_HASH_SIZE);
		ck_assert_int_eq(t->of[i].o.u.receipt.time,
				 first->of[i].o.u.receipt.time);
		ck_assert_uint_eq(
			amount_to_u64(t->of[i].o.u.receipt.balance),
			amount_to_u64(first->of[i].o.u.receipt.balance));
	}
}

static uint64_t balance_of(const struct told_group *t, size_t i)
{
	return amount_to_u64(t->of[i].o.u.balance);
}

/* Nothing of it is left behind: what is told next is as if it had not been. */
static void expect_no_trace(uint64_t serial)
{
	struct told *t;

	bench_run();
	ck_assert_uint_eq(bench_info().serial, serial);
	expect_balance("Ali", 995);
	expect_balance("Ben", 990);
	ck_assert(commit_idle(bench.e));
	ck_assert_uint_eq(bench.e->groups.orders, 0);
	t = order_transfer("Ali", "Ben", "996");
	bench_run();
	expect_refused(t, OUTCOME_INSUFFICIENT, NULL);
}

START_TEST(each_stands_behind_those_before_it)
{
	struct told_group *t;

	open_bench();
	/* Ben could not pay it alone, and Dan is not there without the third. */
	t = GROUP({ "Ali", "Ben", "900", "a" }, { "Ben", "Cem", "1500", "b" },
		  { "Dan", NULL, NULL, "c" }, { "Dan", "Ali", "1000", "d" });
	ck_assert_uint_eq(t->times, 0);
	bench_run();
	expect_receipts(t, 4, 4);
	ck_assert_uint_eq(amount_to_u64(t->of[1].o.u.receipt.balance), 390);
	expect_balance("Ali", 1095);
	expect_balance("Dan", 0);
	ck_assert_uint_eq(bench.transferred, 4);
	ck_assert_uint_eq(bench_info().batches, 1);
	ck_assert_uint_eq(bench_info().groups, 1);
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_DONE], 1 + 2 + 4);
	ck_assert_uint_eq(bench.e->groups.orders, 0);
}
END_TEST

/* Of ten refusals each is told, and each other one that nothing was done. */
START_TEST(all_are_looked_at_and_none_is_done)
{
	struct told_group *t;

	open_bench();
	t = GROUP({ "Ali", "Ben", "5", NULL }, { "Ali", "Ali", "1", NULL },
		  { "Ali", "Eve", "1", NULL }, { "Ali", "Ben", "x", NULL },
		  { "Ali", "Ben", "991", NULL }, { "Ali", "Ben", "990", NULL },
		  { "Cem", NULL, NULL, NULL }, { "A,b", "Ben", "1", NULL },
		  { "Ben", "Ali", "9223372036854775807", NULL });
	EXPECT(t, ABORTED, OUTCOME_SELF, OUTCOME_NOUSER, OUTCOME_AMOUNT,
	       OUTCOME_INSUFFICIENT, ABORTED, OUTCOME_EXISTS, OUTCOME_NAME,
	       OUTCOME_INSUFFICIENT);
	ck_assert_ptr_nonnull(strstr(t->of[4].sentence, " is : 990 "));
	ck_assert_uint_eq(bench_info().outcomes[ABORTED], 2);
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_NAME], 1);
	expect_no_trace(3);
	ck_assert_uint_eq(bench.transferred, 0);
}
END_TEST

/* Who joined by what was taken back has not joined. */
START_TEST(who_joined_leaves_again)
{
	struct told_group *t;

	open_bench();
	t = GROUP({ "+Zoe", "Max", "10", NULL }, { "Eve", NULL, NULL, NULL },
		  { "Zoe", "Eve", "991", NULL });
	EXPECT(t, ABORTED, ABORTED, OUTCOME_INSUFFICIENT);
	expect_no_trace(3);
	expect_refused(order_balance("Zoe"), OUTCOME_NOUSER, NULL);
	t = GROUP({ "+Zoe", "Max", "10", NULL }, { "Eve", NULL, NULL, NULL },
		  { "Zoe", "Eve", "990", NULL });
	bench_run();
	expect_receipts(t, 3, 4);
	expect_balance("Eve", 1990);
	ck_assert_uint_eq(bench_info().users, 6);
}
END_TEST

static void expect_marks(struct question *q, const char *mark)
{
	struct slice lines = asked_append(q).lines;
	char text[4096];

	ck_assert_uint_lt(lines.len, sizeof(text));
	memcpy(text, lines.p, lines.len);
	text[lines.len] = '\0';
	if (!mark)
		ck_assert_ptr_null(strstr(text, " b="));
	else
		ck_assert_ptr_nonnull(strstr(text, mark));
}

/* What came before it, and what comes behind, are other batches. */
START_TEST(a_group_is_a_batch_of_its_own)
{
	struct told *before[3];
	struct told *behind[2];
	struct told_group *t[2];
	struct question *q;

	open_bench();
	hold(HOLD(FRAME_APPEND));
	before[0] = order_transfer("Ali", "Ben", "1");
	bench_run();
	before[1] = order_transfer("Ali", "Ben", "2");
	before[2] = order_transfer("Ali", "Ben", "3");
	t[0] = GROUP({ "Ali", "Ben", "4", NULL }, { "Ali", "Ben", "5", NULL });
	t[1] = GROUP({ "Ali", "Ben", "6", NULL }, { "Ali", "Ben", "7", NULL },
		     { "Ali", "Ben", "8", NULL });
	behind[0] = order_transfer("Ali", "Ben", "9");
	behind[1] = order_transfer("Ali", "Ben", "10");
	bench_run();
	for (unsigned i = 0; i < 5; i++) {
		static const unsigned size[] = { 1, 2, 2, 3, 2 };
		static const char *const mark[] = { NULL, " b=1/2 ",
						    " b=1/2! ", " b=3/3! ",
						    " b=1/2 " };

		q = bench_take(-1, FRAME_APPEND);
		ck_assert_uint_eq(asked_append(q).records, size[i]);
		expect_marks(q, mark[i]);
		ck_assert_uint_eq(t[0]->times, i > 2);
		ck_assert_uint_eq(t[1]->times, i > 3);
		reply_model(q);
		bench_run();
	}
	expect_serial(before[0], 4);
	expect_serial(before[2], 6);
	expect_receipts(t[0], 2, 7);
	expect_receipts(t[1], 3, 9);
	expect_serial(behind[0], 12);
	expect_serial(behind[1], 13);
	ck_assert_uint_eq(bench_info().batches, 5);
	ck_assert_uint_eq(bench_info().groups, 2);
}
END_TEST

/* It shares a batch with others, and its record says nothing of it. */
START_TEST(a_group_of_one_is_an_order_like_any_other)
{
	struct told_group *t;
	struct question *q;

	open_bench();
	hold(HOLD(FRAME_APPEND));
	t = GROUP({ "Ali", "Ben", "4", "a" });
	(void)order_transfer("Ali", "Ben", "5");
	bench_run();
	q = bench_take(-1, FRAME_APPEND);
	ck_assert_uint_eq(asked_append(q).records, 2);
	expect_marks(q, " b=1/2 ");
	reply_model(q);
	expect_receipts(t, 1, 4);
	ck_assert_uint_eq(bench_info().groups, 0);
	t = GROUP({ "Ali", "Ben", "5000", "a1" });
	EXPECT(t, OUTCOME_INSUFFICIENT);
}
END_TEST

/* The longest lines, in the smallest datagrams. */
START_TEST(the_largest_group_fits_one_batch)
{
	char name[2][USER_NAME_MAX + 1];
	char id[ENGINE_GROUP_MAX][OPERATION_ID_MAX + 1];
	struct engine_group_order *order =
		calloc(ENGINE_GROUP_MAX, sizeof(*order));
	char memo[MEMO_MAX];
	struct told_group *t = &told[0];

	ck_assert_ptr_nonnull(order);
	memset(name, 'x', sizeof(name));
	name[0][USER_NAME_MAX] = name[1][USER_NAME_MAX] = '\0';
	name[1][0] = 'y';
	/* Each of its bytes is written as three. */
	memset(memo, '%', sizeof(memo));
	for (size_t i = 0; i < BACKENDS; i++)
		bench.config.backend[i].room = FRAME_SIZE_MIN;
	open_bench();
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < ENGINE_GROUP_MAX; i++) {
		(void)snprintf(id[i], sizeof(id[i]), "%064zu", i);
		order[i].order.sender = slice_of(name[0]);
		order[i].order.receiver = slice_of(name[1]);
		order[i].order.join = true;
		order[i].order.amount = slice_of("1");
		order[i].order.id = slice_of(id[i]);
		order[i].order.memo = (struct slice){ memo, sizeof(memo) };
	}
	engine_group(bench.e, order, ENGINE_GROUP_MAX, false, group_recorded, t);
	free(order);
	bench_run();
	expect_receipts(t, ENGINE_GROUP_MAX, 4);
	ck_assert_uint_eq(bench_info().batches, 1);
	ck_assert_uint_eq(bench_info().largest_batch, ENGINE_GROUP_MAX);
	expect_balance(name[0], 0);
}
END_TEST

START_TEST(a_dry_run_leaves_no_trace)
{
	struct told_group *t;

	open_bench();
	hold(HOLD(FRAME_APPEND));
	t = DRY_RUN({ "Ali", "Ben", "5", "a" }, { "Zoe", NULL, NULL, NULL },
		    { "Ben", "Zoe", "995", NULL }, { "Zoe", "Ben", "0", NULL });
	EXPECT(t, DONE, DONE, DONE, OUTCOME_AMOUNT);
	ck_assert_uint_eq(balance_of(t, 0), 990);
	ck_assert_uint_eq(balance_of(t, 1), 1000);
	ck_assert_uint_eq(balance_of(t, 2), 0);
	expect_no_trace(3);
	expect_refused(order_balance("Zoe"), OUTCOME_NOUSER, NULL);
	ck_assert_uint_eq(bench_held(-1, FRAME_APPEND), 0);
	/* Its id is as fresh as before. */
	hold(0);
	t = GROUP({ "Ali", "Ben", "6", "a" }, { "Ali", "Ben", "7", "b" });
	bench_run();
	expect_receipts(t, 2, 4);
}
END_TEST

/* A crash could still undo what it rests on. */
START_TEST(what_rests_on_others_waits_for_them)
{
	struct told_group *t[2];
	struct told *first;

	open_bench();
	hold(HOLD(FRAME_APPEND));
	first = order_transfer("Ali", "Ben", "900");
	bench_run();
	t[0] = GROUP({ "Ali", "Ben", "96", NULL }, { "Cem", "Ben", "1", NULL });
	t[1] = DRY_RUN({ "Ali", "Ben", "95", NULL });
	bench_run();
	ck_assert_uint_eq(t[0]->times, 0);
	ck_assert_uint_eq(t[1]->times, 0);
	reply_model(bench_take(-1, FRAME_APPEND));
	expect_done(first);
	EXPECT(t[0], OUTCOME_INSUFFICIENT, ABORTED);
	EXPECT(t[1], DONE);
	ck_assert_uint_eq(balance_of(t[1], 0), 0);
}
END_TEST

START_TEST(what_rests_on_what_was_dropped_is_not_told)
{
	struct told_group *t[2];

	open_bench();
	hold(HOLD(FRAME_APPEND));
	(void)order_transfer("Ali", "Ben", "900");
	bench_run();
	t[0] = GROUP({ "Ali", "Ben", "96", NULL }, { "Cem", "Ben", "1", NULL });
	t[1] = DRY_RUN({ "Ali", "Ben", "95", NULL });
	bench_pass(BENCH_TIMEOUT);
	EXPECT(t[0], OUTCOME_UNAVAILABLE);
	EXPECT(t[1], OUTCOME_UNAVAILABLE);
	ck_assert_uint_eq(bench.e->groups.orders, 0);
}
END_TEST

/* On its way it is unknown, behind another batch nothing has happened. */
START_TEST(a_deadline_is_one_for_all)
{
	struct told_group *t[3];

	open_bench();
	hold(HOLD(FRAME_APPEND));
	t[0] = GROUP({ "Ali", "Ben", "1", "a" }, { "Ali", "Ben", "2", "b" });
	bench_run();
	t[1] = GROUP({ "Ali", "Ben", "3", "c" }, { "Ali", "Ben", "4", "d" });
	bench_pass(BENCH_TIMEOUT);
	EXPECT(t[0], OUTCOME_UNKNOWN);
	EXPECT(t[1], OUTCOME_UNAVAILABLE);
	/* The same again: it may yet be recorded. */
	t[2] = GROUP({ "Ali", "Ben", "1", "a" }, { "Ali", "Ben", "2", "b" });
	bench_run();
	EXPECT(t[2], OUTCOME_UNKNOWN);
	t[2] = GROUP({ "Ali", "Ben", "3", "c" }, { "Ali", "Ben", "4", "d" });
	bench_run();
	EXPECT(t[2], OUTCOME_UNAVAILABLE);
	hold(0);
	bench_pass(5 * SEC);
	ck_assert_uint_eq(bench_info().serial, 5);
	t[2] = GROUP({ "Ali", "Ben", "1", "a" }, { "Ali", "Ben", "2", "b" });
	bench_run();
	expect_receipts(t[2], 2, 4);
	expect_balance("Ali", 992);
}
END_TEST

START_TEST(a_ledger_that_is_read_only)
{
	struct told_group *t;

	tolds = 0;
	bench_line(1, "5 Ali Ben 1");
	bench_open();
	t = GROUP({ "Ali", "Ben", "1", NULL }, { "Ali", "Ben", "x", NULL });
	bench_run();
	EXPECT(t, OUTCOME_READONLY);
	ck_assert_uint_eq(bench.e->groups.orders, 0);
}
END_TEST

START_TEST(it_waits_for_a_lease)
{
	struct told_group *t[2];

	tolds = 0;
	bench_open();
	hold(HOLD(FRAME_PING));
	bench_pass(SEC);
	t[0] = GROUP({ "Ali", "Ben", "1", "a" }, { "Ali", "Ben", "2", "b" });
	bench_run();
	ck_assert_uint_eq(t[0]->times, 0);
	hold(0);
	bench_run();
	expect_receipts(t[0], 2, 4);
	hold(HOLD(FRAME_PING));
	bench_pass(SEC);
	t[1] = GROUP({ "Ali", "Ben", "x", NULL }, { "Ali", "Ben", "2", NULL });
	bench_pass(BENCH_TIMEOUT);
	EXPECT(t[1], OUTCOME_UNAVAILABLE);
	ck_assert_uint_eq(bench_info().outcomes[OUTCOME_UNAVAILABLE], 2);
	ck_assert_uint_eq(bench.e->groups.orders, 0);
}
END_TEST

/* Ids. */

#define PAIR { "Ali", "Ben", "10", "a" }, { "Ali", "Ben", "20", "b" }

START_TEST(an_id_twice_in_a_group)
{
	struct told_group *t;

	open_bench();
	t = GROUP(PAIR, { "Ali", "Ben", "10", "a" });
	EXPECT(t, ABORTED, ABORTED, OUTCOME_IDREUSED);
	expect_no_trace(3);
}
END_TEST

/* While it is in the queue, in flight, on record, and after a restart. */
START_TEST(again_is_the_same_receipts)
{
	struct told_group *first;
	struct told_group *t[2];

	open_bench();
	hold(HOLD(FRAME_APPEND));
	first = GROUP(PAIR);
	t[0] = GROUP(PAIR);
	bench_run();
	t[1] = GROUP(PAIR);
	bench_run();
	reply_model(bench_take(-1, FRAME_APPEND));
	hold(0);
	bench_run();
	expect_receipts(first, 2, 4);
	ck_assert_uint_eq(amount_to_u64(first->of[0].o.u.receipt.balance), 985);
	expect_same(t[0], first);
	expect_same(t[1], first);
	(void)order_transfer("Ali", "Ben", "1");
	t[0] = GROUP(PAIR);
	bench_run();
	expect_same(t[0], first);
	bench_restart();
	t[0] = GROUP(PAIR);
	bench_run();
	expect_same(t[0], first);
	/* Would it be done?  It was. */
	t[0] = DRY_RUN(PAIR);
	bench_run();
	EXPECT(t[0], DONE, DONE);
	ck_assert_uint_eq(balance_of(t[0], 0), 985);
	ck_assert_uint_eq(bench_info().serial, 6);
	expect_balance("Ali", 964);
}
END_TEST

/* Both ask the backends; the second waits for what becomes of the first. */
START_TEST(two_at_once_of_which_nothing_is_known)
{
	struct told_group *t[2];
	struct told *alone[2];

	open_bench();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("b")), 0);
	hold(HOLD(FRAME_FETCH));
	t[0] = GROUP(PAIR);
	t[1] = GROUP({ "Ali", "Ben", "20", "b" }, { "Ali", "Ben", "10", "a" });
	alone[0] = order_with("Ali", "Ben", "10", "a", "");
	alone[1] = order_with("Ali", "Ben", "11", "a", "");
	bench_run();
	ck_assert_uint_eq(bench_held(0, FRAME_FETCH), 1);
	ck_assert_uint_eq(t[0]->times + t[1]->times, 0);
	expect_waiting(alone[0]);
	hold(0);
	bench_run();
	expect_receipts(t[0], 2, 4);
	EXPECT(t[1], DONE, DONE);
	ck_assert_uint_eq(t[1]->of[0].o.u.receipt.serial, 5);
	ck_assert_uint_eq(t[1]->of[1].o.u.receipt.serial, 4);
	expect_serial(alone[0], 4);
	expect_refused(alone[1], OUTCOME_IDREUSED, NULL);
	ck_assert_uint_eq(bench_info().serial, 5);
}
END_TEST

/* What waited for a group is looked at anew, maybe long after it was let in. */
START_TEST(a_refusal_behind_a_group_waits_for_a_lease)
{
	struct told_group *t;
	struct told *alone;

	open_bench();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("b")), 0);
	hold(HOLD(FRAME_FETCH));
	t = GROUP({ "Ali", "Ben", "5000", "a" }, { "Ali", "Ben", "20", "b" });
	alone = order_with("Nobody", "Ben", "10", "a", "");
	bench_run();
	hold(HOLD(FRAME_FETCH) | HOLD(FRAME_PING));
	bench_sleep(SEC);
	for (int i = 0; i < BACKENDS; i++)
		reply_model(bench_take(i, FRAME_FETCH));
	bench_run();
	ck_assert_uint_eq(t->times, 0);
	expect_waiting(alone);
	reply_model(bench_take(0, FRAME_PING));
	EXPECT(t, OUTCOME_INSUFFICIENT, ABORTED);
	expect_refused(alone, OUTCOME_NOUSER, NULL);
}
END_TEST

/* A single order asks for one of the ids: the group waits, and holds nothing. */
START_TEST(behind_an_order_that_is_being_asked_for)
{
	struct told_group *t;
	struct told *alone;

	open_bench();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("b")), 0);
	hold(HOLD(FRAME_FETCH));
	alone = order_with("Ali", "Ben", "20", "b", "");
	t = GROUP(PAIR);
	bench_run();
	ck_assert_uint_eq(t->times, 0);
	hold(0);
	bench_run();
	expect_serial(alone, 4);
	EXPECT(t, ABORTED, OUTCOME_IDREUSED);
	/* "a" was never taken. */
	alone = order_with("Ali", "Ben", "11", "a", "");
	bench_run();
	expect_serial(alone, 5);
}
END_TEST

START_TEST(only_some_are_known)
{
	struct told_group *t[3];
	struct told *alone;

	open_bench();
	alone = order_with("Ali", "Ben", "20", "b", "");
	t[0] = GROUP(PAIR);
	ck_assert_uint_eq(t[0]->times, 0);
	bench_run();
	expect_serial(alone, 4);
	EXPECT(t[0], ABORTED, OUTCOME_IDREUSED);
	t[1] = GROUP(PAIR, { "Ali", "Ben", "0", NULL });
	bench_run();
	EXPECT(t[1], ABORTED, OUTCOME_IDREUSED, OUTCOME_AMOUNT);
	/* All known, but one with other contents. */
	(void)order_with("Ali", "Ben", "11", "a", "");
	bench_run();
	t[2] = GROUP(PAIR);
	bench_run();
	EXPECT(t[2], OUTCOME_IDREUSED, OUTCOME_IDREUSED);
	ck_assert_uint_eq(bench_info().serial, 5);
}
END_TEST

/* One is on record, the other on its way: it is known which when it is there. */
START_TEST(one_on_record_and_one_in_flight)
{
	struct told_group *t;

	open_bench();
	(void)order_with("Ali", "Ben", "10", "a", "");
	bench_run();
	hold(HOLD(FRAME_APPEND));
	(void)order_with("Ali", "Ben", "20", "b", "");
	bench_run();
	t = GROUP(PAIR);
	bench_run();
	ck_assert_uint_eq(t->times, 0);
	hold(0);
	bench_run();
	expect_receipts(t, 2, 4);
	ck_assert_uint_eq(bench_info().serial, 5);
}
END_TEST

START_TEST(backends_that_cannot_say)
{
	struct told_group *t;
	struct told *alone;

	open_bench();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("b")), 0);
	hold(HOLD(FRAME_FETCH));
	t = GROUP(PAIR);
	alone = order_with("Ali", "Ben", "10", "a", "");
	bench_pass(2 * BENCH_TIMEOUT);
	EXPECT(t, OUTCOME_UNAVAILABLE);
	/* Its own id is fresh, and is free now. */
	expect_serial(alone, 4);
	ck_assert_uint_eq(bench.e->groups.orders, 0);
	ck_assert_uint_eq(bench_info().serial, 4);
}
END_TEST

/* More ids than are asked for at a time. */
START_TEST(many_ids_are_asked_for_in_turn)
{
	struct ordered o[3 * GROUP_LOOKUPS_MAX];
	char id[ELEMENTS(o)][8];
	struct told_group *first;
	struct told_group *t;

	open_bench();
	for (size_t i = 0; i < ELEMENTS(o); i++) {
		(void)snprintf(id[i], sizeof(id[i]), "n%zu", i);
		o[i] = (struct ordered){ "Ali", "Ben", "1", id[i] };
	}
	first = give(o, ELEMENTS(o), false);
	bench_run();
	hold(HOLD(FRAME_FETCH));
	t = give(o, ELEMENTS(o), false);
	bench_run();
	ck_assert_uint_eq(bench_held(0, FRAME_FETCH), GROUP_LOOKUPS_MAX);
	hold(0);
	bench_run();
	expect_same(t, first);
}
END_TEST

/* Limits. */

START_TEST(too_many_orders_at_once)
{
	struct ordered o[ENGINE_GROUP_MAX];
	size_t groups = GROUPS_ORDERS_MAX / ENGINE_GROUP_MAX;
	struct told_group *t;

	open_bench();
	for (size_t i = 0; i < ELEMENTS(o); i++)
		o[i] = (struct ordered){ "Ali", "Ben", "0", NULL };
	hold(HOLD(FRAME_PING));
	bench_pass(SEC);
	t = give(o, ELEMENTS(o), false);
	for (size_t i = 1; i < groups; i++) {
		tolds = 0;
		ck_assert_ptr_eq(give(o, ELEMENTS(o), false), t);
	}
	ck_assert_uint_eq(bench.e->groups.orders, groups * ELEMENTS(o));
	tolds = 1;
	t = give(o, ELEMENTS(o), false);
	EXPECT(t, OUTCOME_UNAVAILABLE);
	bench_pass(BENCH_TIMEOUT);
	ck_assert_uint_eq(bench.e->groups.orders, 0);
}
END_TEST

/* The queue is full half way through: the half goes out again. */
START_TEST(a_queue_without_room)
{
	struct ordered o[ENGINE_GROUP_MAX];
	const struct engine_order single = { .sender = slice_of("Ali"),
					     .receiver = slice_of("Ben"),
					     .amount = slice_of("1") };
	struct told_group *t;
	uint64_t next;

	open_bench();
	hold(HOLD(FRAME_APPEND));
	for (size_t i = 0; i < ELEMENTS(o); i++)
		o[i] = (struct ordered){ i % 2 ? "Ali" : "Ben",
					 i % 2 ? "Ben" : "Ali", "1", NULL };
	for (size_t i = 0; i < COMMIT_QUEUE_MAX - ELEMENTS(o) / 2; i++) {
		struct engine_order back = single;

		back.sender = i % 2 ? single.receiver : single.sender;
		back.receiver = i % 2 ? single.sender : single.receiver;
		engine_transfer(bench.e, &back, bench_count, NULL);
	}
	bench_run();
	next = commit_next(bench.e);
	t = give(o, ELEMENTS(o), false);
	EXPECT(t, OUTCOME_UNAVAILABLE);
	ck_assert_uint_eq(commit_next(bench.e), next);
	ck_assert_uint_eq(bench.e->groups.orders, 0);
	/* What is there of it is enough for one of half the size. */
	t = give(o, ELEMENTS(o) / 2, false);
	ck_assert_uint_eq(t->times, 0);
	ck_assert_uint_eq(commit_next(bench.e), next + ELEMENTS(o) / 2);
}
END_TEST

/* The end comes in the middle of everything; nothing leaks. */
START_TEST(nobody_is_answered_at_the_end)
{
	struct told_group *t[4];

	open_bench();
	ck_assert_int_eq(ids_remember(bench.e, slice_of("b")), 0);
	hold(HOLD(FRAME_APPEND) | HOLD(FRAME_FETCH));
	t[0] = GROUP({ "Ali", "Ben", "1", "c" }, { "Ali", "Ben", "2", "d" });
	bench_run();
	t[1] = GROUP(PAIR);
	t[2] = GROUP(PAIR);
	t[3] = GROUP({ "Ali", "Ben", "x", NULL });
	(void)order_with("Ali", "Ben", "10", "a", "");
	bench_run();
	for (size_t i = 0; i < ELEMENTS(t); i++)
		ck_assert_uint_eq(t[i]->times, 0);
}
END_TEST

UNIT_SUITE(test_engine_group);

Suite *test_engine_group(void)
{
	Suite *s = suite_create("engine: groups");
	TCase *t = tcase_create("group");

	tcase_add_checked_fixture(t, bench_setup, bench_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, each_stands_behind_those_before_it);
	tcase_add_test(t, all_are_looked_at_and_none_is_done);
	tcase_add_test(t, who_joined_leaves_again);
	tcase_add_test(t, a_group_is_a_batch_of_its_own);
	tcase_add_test(t, a_group_of_one_is_an_order_like_any_other);
	tcase_add_test(t, the_largest_group_fits_one_batch);
	tcase_add_test(t, a_dry_run_leaves_no_trace);
	tcase_add_test(t, what_rests_on_others_waits_for_them);
	tcase_add_test(t, what_rests_on_what_was_dropped_is_not_told);
	tcase_add_test(t, a_deadline_is_one_for_all);
	tcase_add_test(t, a_ledger_that_is_read_only);
	tcase_add_test(t, it_waits_for_a_lease);
	tcase_add_test(t, an_id_twice_in_a_group);
	tcase_add_test(t, again_is_the_same_receipts);
	tcase_add_test(t, two_at_once_of_which_nothing_is_known);
	tcase_add_test(t, a_refusal_behind_a_group_waits_for_a_lease);
	tcase_add_test(t, behind_an_order_that_is_being_asked_for);
	tcase_add_test(t, only_some_are_known);
	tcase_add_test(t, one_on_record_and_one_in_flight);
	tcase_add_test(t, backends_that_cannot_say);
	tcase_add_test(t, many_ids_are_asked_for_in_turn);
	tcase_add_test(t, too_many_orders_at_once);
	tcase_add_test(t, a_queue_without_room);
	tcase_add_test(t, nobody_is_answered_at_the_end);
	suite_add_tcase(s, t);
	return s;
}
