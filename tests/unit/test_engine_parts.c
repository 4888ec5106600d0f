/* SPDX-License-Identifier: MIT */
/*
 * The parts of the engine that need no bench: irregular ranges, sentences.
 */
#include "config.h"

#include "ledger/name.h"
#include "main/irregular.h"
#include "main/outcome.h"

#include "unit.h"

static struct irregulars list;

static void setup(void)
{
	list = (struct irregulars){ 0 };
}

static void teardown(void)
{
	irregulars_done(&list);
	ck_assert_ptr_null(list.item);
}

/* On one that counts, and perhaps on others. */
static void add(uint64_t from, uint64_t to, unsigned holder, uint32_t others)
{
	ck_assert_int_eq(irregulars_add(&list, from, to, UINT32_C(1) << holder,
					others), 0);
}

START_TEST(ranges_that_go_on_are_joined)
{
	add(5, 5, 1, 4);
	add(6, 9, 1, 4);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_uint_eq(list.item[0].from, 5);
	ck_assert_uint_eq(list.item[0].to, 9);
	/* A hole, another holder, others. */
	add(11, 11, 1, 4);
	add(12, 12, 0, 4);
	add(13, 13, 0, 2);
	ck_assert_uint_eq(list.count, 4);
}
END_TEST

START_TEST(many_ranges_are_kept)
{
	for (unsigned i = 1; i <= 1000; i++)
		add(2 * i, 2 * i, i % 3, 1u << (i + 1) % 3);
	ck_assert_uint_eq(list.count, 1000);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_uint_eq(list.item[i].from, 2 * i + 2);
}
END_TEST

START_TEST(each_backend_is_told_what_concerns_it)
{
	struct message_filter f[3] = { 0 };

	add(5, 9, 1, 4);
	for (unsigned i = 0; i < 3; i++)
		ck_assert(irregulars_filter(&list, i, 0, 100, 0, &f[i]));
	ck_assert_uint_eq(f[0].ranges, 0);
	ck_assert_uint_eq(f[1].ranges, 1);
	ck_assert(f[1].range[0].take);
	ck_assert_uint_eq(f[1].range[0].from, 5);
	ck_assert_uint_eq(f[1].range[0].to, 9);
	ck_assert_uint_eq(f[2].ranges, 1);
	ck_assert(!f[2].range[0].take);
}
END_TEST

/* Questions are on (after, upto]. */
START_TEST(only_ranges_within_the_question_are_told)
{
	static const struct {
		uint64_t after;
		uint64_t upto;
		size_t ranges;
	} cases[] = {
		{ 0, 4, 0 },  { 0, 5, 1 }, { 4, 5, 1 }, { 8, 9, 1 },
		{ 9, 20, 0 }, { 6, 7, 1 }, { 0, 0, 0 }, { 8, UINT64_MAX, 1 },
	};

	add(5, 9, 1, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message_filter f = { 0 };

		ck_assert(irregulars_filter(&list, 1, cases[i].after,
					    cases[i].upto, 0, &f));
		ck_assert_msg(f.ranges == cases[i].ranges, "case %zu", i);
	}
}
END_TEST

START_TEST(more_than_a_question_can_name)
{
	struct message_filter f = { 0 };

	for (unsigned i = 1; i <= MESSAGE_RANGES_MAX; i++)
		add(2 * i, 2 * i, 1, 4);
	ck_assert(irregulars_filter(&list, 1, 0, 1000, 0, &f));
	ck_assert_uint_eq(f.ranges, MESSAGE_RANGES_MAX);
	add(1000, 1000, 1, 4);
	f = (struct message_filter){ 0 };
	ck_assert(!irregulars_filter(&list, 1, 0, 1000, 0, &f));
	f = (struct message_filter){ 0 };
	ck_assert(irregulars_filter(&list, 1, 0, 999, 0, &f));
	/* Nothing of it concerns the first one. */
	f = (struct message_filter){ 0 };
	ck_assert(irregulars_filter(&list, 0, 0, 1000, 0, &f));
}
END_TEST

/* The lowest holder counts; when it is absent, the next. */
START_TEST(the_first_that_is_not_absent_counts)
{
	static const struct {
		uint32_t absent;
		bool take[3];
	} cases[] = {
		{ 0, { true, false, false } },
		{ 1, { false, true, false } },
		{ 2, { true, false, false } },
		{ 3, { false, false, false } }, /* 2 only may have it */
		{ 4, { true, false, false } },
	};

	ck_assert_int_eq(irregulars_add(&list, 5, 9, 1 | 2, 4), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned b = 0; b < 3; b++) {
			struct message_filter f = { 0 };

			if (cases[i].absent & 1u << b)
				continue;
			ck_assert(irregulars_filter(&list, b, 0, 100,
						    cases[i].absent, &f));
			ck_assert_uint_eq(f.ranges, 1);
			ck_assert_int_eq(f.range[0].take, cases[i].take[b]);
		}
}
END_TEST

static void expect_range(size_t i, uint64_t from, uint64_t to, uint32_t holders)
{
	ck_assert_uint_lt(i, list.count);
	ck_assert_uint_eq(list.item[i].from, from);
	ck_assert_uint_eq(list.item[i].to, to);
	ck_assert_uint_eq(list.item[i].holders, holders);
}

START_TEST(a_part_is_known_anew)
{
	struct irregulars by = { 0 };

	add(5, 9, 0, 2);
	add(20, 30, 1, 4);
	ck_assert_int_eq(irregulars_add(&by, 8, 8, 4, 0), 0);
	/* (6, 24]: what was known of 7 to 24 goes. */
	ck_assert_int_eq(irregulars_replace(&list, 6, 24, &by), 0);
	ck_assert_uint_eq(list.count, 3);
	expect_range(0, 5, 6, 1);
	expect_range(1, 8, 8, 4);
	expect_range(2, 25, 30, 2);
	irregulars_done(&by);
	ck_assert_int_eq(irregulars_replace(&list, 0, UINT64_MAX, &by), 0);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(each_outcome_has_a_name)
{
	static const struct {
		enum outcome_code code;
		const char *name;
	} names[] = {
		{ OUTCOME_DONE, "" },
		{ OUTCOME_NOUSER, "NOUSER" },
		{ OUTCOME_INSUFFICIENT, "INSUFFICIENT" },
		{ OUTCOME_SELF, "SELF" },
		{ OUTCOME_AMOUNT, "AMOUNT" },
		{ OUTCOME_NAME, "NAME" },
		{ OUTCOME_EXISTS, "EXISTS" },
		{ OUTCOME_IDREUSED, "IDREUSED" },
		{ OUTCOME_LIMIT, "LIMIT" },
		{ OUTCOME_READONLY, "READONLY" },
		{ OUTCOME_NOTFOUND, "NOTFOUND" },
		{ OUTCOME_INTEGRITY, "INTEGRITY" },
		{ OUTCOME_ABORTED, "ABORTED" },
		{ OUTCOME_UNAVAILABLE, "UNAVAILABLE" },
		{ OUTCOME_UNKNOWN, "UNKNOWN" },
	};

	ck_assert_uint_eq(sizeof(names) / sizeof(names[0]), OUTCOME_CODES);
	for (size_t i = 0; i < OUTCOME_CODES; i++)
		ck_assert_str_eq(outcome_code_name(names[i].code),
				 names[i].name);
}
END_TEST

static struct refused by_rule(enum refusal refusal)
{
	struct refused r = { .code = OUTCOME_DONE };
	struct amount balance;

	ck_assert_int_eq(amount_from_u64(5, &balance), 0);
	refused_by_rule(&r, refusal, "beans", slice_of("Ali"), slice_of("Ben"),
			slice_of("77"), balance);
	ck_assert_uint_gt(strlen(r.sentence), 0);
	return r;
}

START_TEST(each_refusal_has_its_code)
{
	static const struct {
		enum refusal refusal;
		enum outcome_code code;
	} codes[] = {
		{ REFUSAL_NO_SENDER, OUTCOME_NOUSER },
		{ REFUSAL_NO_RECEIVER, OUTCOME_NOUSER },
		{ REFUSAL_NO_SENDER_NOR_RECEIVER, OUTCOME_NOUSER },
		{ REFUSAL_INSUFFICIENT, OUTCOME_INSUFFICIENT },
		{ REFUSAL_SELF, OUTCOME_SELF },
		{ REFUSAL_AMOUNT, OUTCOME_AMOUNT },
		{ REFUSAL_SENDER_NAME, OUTCOME_NAME },
		{ REFUSAL_RECEIVER_NAME, OUTCOME_NAME },
		{ REFUSAL_RECEIVER_OVERFLOW, OUTCOME_LIMIT },
		{ REFUSAL_EXISTS, OUTCOME_EXISTS },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		ck_assert_str_eq(
			outcome_code_name(by_rule(codes[i].refusal).code),
			outcome_code_name(codes[i].code));
	ck_assert_str_eq(by_rule(REFUSAL_INSUFFICIENT).sentence,
			 "\"Ali\" was unable to transfer 77 beans to \"Ben\" "
			 "because of insufficient balance. The current balance "
			 "of \"Ali\" is : 5 beans.");
	ck_assert_str_eq(by_rule(REFUSAL_NO_RECEIVER).sentence,
			 "Unable to proceed with the transaction as \"Ben\" is "
			 "not part of the network.");
}
END_TEST

/* Three names and a coin of the longest fit. */
START_TEST(the_longest_sentence_is_not_cut)
{
	struct refused r;
	char name[USER_NAME_MAX + 1];
	char coin[33];
	struct amount most;

	memset(name, 'n', USER_NAME_MAX);
	name[USER_NAME_MAX] = '\0';
	memset(coin, 'c', 32);
	coin[32] = '\0';
	ck_assert_int_eq(amount_from_u64(INT64_MAX, &most), 0);
	refused_by_rule(&r, REFUSAL_INSUFFICIENT, coin, slice_of(name),
			slice_of(name), slice_of("9223372036854775807"), most);
	ck_assert_int_eq(r.sentence[strlen(r.sentence) - 1], '.');
	ck_assert_uint_lt(strlen(r.sentence), sizeof(r.sentence) - 1);
}
END_TEST

UNIT_SUITE(test_engine_parts);

Suite *test_engine_parts(void)
{
	Suite *s = suite_create("engine: parts");
	TCase *c = tcase_create("parts");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, ranges_that_go_on_are_joined);
	tcase_add_test(c, many_ranges_are_kept);
	tcase_add_test(c, each_backend_is_told_what_concerns_it);
	tcase_add_test(c, only_ranges_within_the_question_are_told);
	tcase_add_test(c, more_than_a_question_can_name);
	tcase_add_test(c, the_first_that_is_not_absent_counts);
	tcase_add_test(c, a_part_is_known_anew);
	tcase_add_test(c, each_outcome_has_a_name);
	tcase_add_test(c, each_refusal_has_its_code);
	tcase_add_test(c, the_longest_sentence_is_not_cut);
	suite_add_tcase(s, c);
	return s;
}
