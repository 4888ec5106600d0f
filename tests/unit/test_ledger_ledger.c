/* SPDX-License-Identifier: MIT */
/*
 * The rules: which history is believed, what a transfer is refused for.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/parse.h"
#include "util/random.h"

#include "ledger/ledger.h"

#include "unit.h"

UNIT_SUITE(test_ledger_ledger);

#define INITIAL 1000
#define USERS 10
#define STEPS 30000
#define QUEUE_MAX 64
#define START_TIME INT64_C(1795354620123456)

static const uint8_t test_key[MAP_KEY_SIZE] = { 42 };

static const char *const sample[] = {
	"1 Racheal John 45", "2 Rishil Alice 30",    "3 Oliver Rachit 94",
	"4 Ben Victor 85",   "5 Chinmay Oliver 129", "6 Racheal Alice 49",
	"7 Martin Luke 25",  "8 Rishil Chinmay 10",  "9 Ali Luke 155",
};

static struct amount of(uint64_t n)
{
	struct amount a;

	ck_assert_int_eq(amount_from_u64(n, &a), 0);
	return a;
}

static struct ledger *new_ledger(uint64_t initial)
{
	struct ledger *l;

	ck_assert_int_eq(ledger_new(of(initial), test_key, &l), 0);
	return l;
}

/* Apply @line as it stands; the fault, or NULL. */
static const char *apply(struct ledger *l, const char *line)
{
	const char *fault = NULL;
	struct record r;
	int e;

	ck_assert_msg(record_parse(slice_of(line), &r, &fault) == 0, "%s: %s",
		      line, fault);
	fault = NULL;
	e = ledger_apply(l, &r, &fault);
	ck_assert_int_eq(e, fault ? -EBADMSG : 0);
	return fault;
}

/* Apply @body and a time, with the hash that follows. */
static const char *apply_chained(struct ledger *l, const char *body,
				 const char *time)
{
	char hex[CHAIN_HEX_SIZE + 1] = { 0 };
	uint8_t hash[CHAIN_HASH_SIZE];
	char line[RECORD_LINE_MAX];
	int len;

	len = snprintf(line, sizeof(line), "%s t=2026-11-22T13:37:%sZ", body,
		       time);
	chain_step(ledger_tip(l), (struct slice){ line, (size_t)len }, hash);
	format_hex(hash, sizeof(hash), hex);
	(void)snprintf(line + len, sizeof(line) - (size_t)len, " h=%s", hex);
	return apply(l, line);
}

static struct ledger *sample_ledger(void)
{
	struct ledger *l = new_ledger(INITIAL);

	for (size_t i = 0; i < ELEMENTS(sample); i++)
		ck_assert_ptr_null(apply(l, sample[i]));
	return l;
}

static uint64_t balance(const struct ledger *l, const char *name)
{
	struct amount a;

	ck_assert_int_eq(ledger_balance(l, slice_of(name), &a), 0);
	return amount_to_u64(a);
}

/* The coins of all members. */
static uint64_t coins(const struct ledger *l)
{
	uint64_t sum = 0;
	struct amount a;

	for (uint32_t u = 0; u < ledger_users(l); u++)
		if (ledger_user_balance(l, u, &a))
			sum += amount_to_u64(a);
	return sum;
}

static bool tip_is(const struct ledger *l, const char *expected)
{
	char hex[CHAIN_HEX_SIZE];

	format_hex(ledger_tip(l), CHAIN_HASH_SIZE, hex);
	return slice_equal((struct slice){ hex, sizeof(hex) },
			   slice_of(expected));
}

START_TEST(a_new_ledger_is_empty)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INITIAL);
	struct amount a;

	ck_assert_uint_eq(ledger_serial(l), 0);
	ck_assert_uint_eq(ledger_records(l), 0);
	ck_assert_uint_eq(ledger_members(l), 0);
	ck_assert_uint_eq(ledger_gaps(l), 0);
	ck_assert_uint_eq(ledger_first_gap(l), 0);
	ck_assert_int_eq(ledger_time(l), 0);
	ck_assert_uint_eq(amount_to_u64(ledger_initial(l)), INITIAL);
	ck_assert_mem_eq(ledger_tip(l), chain_origin, CHAIN_HASH_SIZE);
	ck_assert_int_eq(ledger_balance(l, slice_of("Ali"), &a), -ENOENT);
	ck_assert_ptr_null(ledger_free(NULL));
}
END_TEST

START_TEST(the_sample_data_gives_the_known_balances)
{
	static const struct {
		const char *name;
		uint64_t coins;
	} known[] = {
		{ "Ali", 845 },	    { "Alice", 1079 },	{ "Ben", 915 },
		{ "Chinmay", 881 }, { "John", 1045 },	{ "Luke", 1180 },
		{ "Martin", 975 },  { "Oliver", 1035 }, { "Racheal", 906 },
		{ "Rachit", 1094 }, { "Rishil", 960 },	{ "Victor", 1085 },
	};
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	for (size_t i = 0; i < ELEMENTS(known); i++)
		ck_assert_uint_eq(balance(l, known[i].name), known[i].coins);
	ck_assert_uint_eq(ledger_members(l), 12);
	ck_assert_uint_eq(coins(l), 12000);
	ck_assert_uint_eq(ledger_serial(l), 9);
	ck_assert_uint_eq(ledger_records(l), 9);
	ck_assert(tip_is(l, "93726b9472e49fcca157b79470047c18"
			    "ef3efb43a579b8be66830c0d63c601c6"));
}
END_TEST

START_TEST(members_are_walked_in_the_order_they_joined)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_uint_eq(ledger_users(l), 12);
	ck_assert(slice_equal(ledger_user_name(l, 0), slice_of("Racheal")));
	ck_assert(slice_equal(ledger_user_name(l, 1), slice_of("John")));
	ck_assert(slice_equal(ledger_user_name(l, 11), slice_of("Ali")));
}
END_TEST

START_TEST(case_counts_and_prefixes_do_not)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert(ledger_is_member(l, slice_of("Ali")));
	ck_assert(!ledger_is_member(l, slice_of("ali")));
	ck_assert(!ledger_is_member(l, slice_of("Al")));
	ck_assert(!ledger_is_member(l, slice_of("")));
}
END_TEST

START_TEST(serials_must_rise)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_str_eq(apply(l, "9 Ali Luke 155"),
			 "it does not stand above the record before it");
	ck_assert_ptr_nonnull(apply(l, "8 Ali Luke 1"));
	ck_assert_uint_eq(ledger_records(l), 9);
}
END_TEST

START_TEST(holes_among_old_records_are_counted)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_uint_eq(ledger_gaps(l), 0);
	ck_assert_ptr_null(apply(l, "12 Ali Luke 1"));
	ck_assert_uint_eq(ledger_gaps(l), 2);
	ck_assert_uint_eq(ledger_first_gap(l), 10);
	ck_assert_ptr_null(apply(l, "13 Ali Luke 1"));
	ck_assert_ptr_null(apply(l, "15 Ali Luke 1"));
	ck_assert_uint_eq(ledger_gaps(l), 3);
	ck_assert_uint_eq(ledger_first_gap(l), 10);
	ck_assert_uint_eq(ledger_records(l), 12);
}
END_TEST

START_TEST(a_hole_before_the_very_first_record_is_counted)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INITIAL);

	ck_assert_ptr_null(apply(l, "3 Ali Luke 1"));
	ck_assert_uint_eq(ledger_gaps(l), 2);
	ck_assert_uint_eq(ledger_first_gap(l), 1);
}
END_TEST

START_TEST(a_hole_before_a_chained_record_is_a_fault)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_str_eq(apply_chained(l, "11 Ali Luke 1", "00.000000"),
			 "records are missing before it");
	ck_assert_uint_eq(ledger_gaps(l), 0);
	ck_assert_uint_eq(ledger_serial(l), 9);
}
END_TEST

START_TEST(a_stored_hash_that_follows_is_believed)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_ptr_null(
		apply(l, "10 Ali Luke 15 t=2026-11-22T13:37:00.123456Z id=7f9c "
			 "m=two%20coffees h=9363c4a9ecde04e35f8da1c7c085afd6"
			 "7ca64a953a9f913f095214c6da9b2f46"));
	ck_assert_int_eq(ledger_time(l), START_TIME);
	ck_assert_uint_eq(balance(l, "Ali"), 830);
}
END_TEST

START_TEST(a_stored_hash_that_does_not_follow_is_a_fault)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_str_eq(
		apply(l, "10 Ali Luke 16 t=2026-11-22T13:37:00.123456Z id=7f9c "
			 "m=two%20coffees h=9363c4a9ecde04e35f8da1c7c085afd6"
			 "7ca64a953a9f913f095214c6da9b2f46"),
		"its hash does not follow from the record before it");
	ck_assert_uint_eq(balance(l, "Ali"), 845);
	ck_assert_uint_eq(ledger_serial(l), 9);
}
END_TEST

/* A coin moved in a record without a hash is found by the next that has one. */
START_TEST(a_changed_old_record_is_found_by_the_chain)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INITIAL);

	for (size_t i = 0; i < ELEMENTS(sample); i++)
		ck_assert_ptr_null(
			apply(l, i == 4 ? "5 Chinmay Oliver 128" : sample[i]));
	ck_assert_str_eq(
		apply(l, "10 Ali Luke 15 t=2026-11-22T13:37:00.123456Z id=7f9c "
			 "m=two%20coffees h=9363c4a9ecde04e35f8da1c7c085afd6"
			 "7ca64a953a9f913f095214c6da9b2f46"),
		"its hash does not follow from the record before it");
}
END_TEST

START_TEST(an_old_record_may_follow_a_chained_one)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_ptr_null(apply_chained(l, "10 Ali Luke 1", "00.000000"));
	ck_assert_ptr_null(apply(l, "11 Ali Luke 1"));
	ck_assert_ptr_null(apply_chained(l, "12 Ali Luke 1", "00.000000"));
	ck_assert_uint_eq(balance(l, "Ali"), 842);
}
END_TEST

/* An old record that bears its hash, with the last digit @last if not '\0'. */
static const char *apply_sealed(struct ledger *l, const char *columns,
				char last)
{
	char hex[CHAIN_HEX_SIZE + 1] = { 0 };
	uint8_t hash[CHAIN_HASH_SIZE];
	char line[RECORD_LINE_MAX];

	chain_step(ledger_tip(l), slice_of(columns), hash);
	format_hex(hash, sizeof(hash), hex);
	if (last)
		hex[CHAIN_HEX_SIZE - 1] = hex[CHAIN_HEX_SIZE - 1] == last ? '0'
									  : last;
	(void)snprintf(line, sizeof(line), "%s h=%s of=A", columns, hex);
	return apply(l, line);
}

/* The rules of old ones for holes and times, but its hash must follow. */
START_TEST(a_sealed_old_record_must_follow)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_str_eq(apply_sealed(l, "10 Ali Luke 1", '1'),
			 "its hash does not follow from the record before it");
	ck_assert_uint_eq(ledger_serial(l), 9);
	ck_assert_ptr_null(apply_sealed(l, "10 Ali Luke 1", '\0'));
	ck_assert_ptr_null(apply_chained(l, "11 Ali Luke 1", "05.000000"));
	ck_assert_ptr_null(apply_sealed(l, "12 Ali Luke 1", '\0'));
	ck_assert_ptr_null(apply_sealed(l, "14 Ali Luke 1", '\0'));
	ck_assert_uint_eq(ledger_gaps(l), 1);
	ck_assert_ptr_null(apply_chained(l, "15 Ali Luke 1", "05.000000"));
}
END_TEST

START_TEST(time_must_not_go_back)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_ptr_null(apply_chained(l, "10 Ali Luke 1", "05.000000"));
	ck_assert_ptr_null(apply_chained(l, "11 Ali Luke 1", "05.000000"));
	ck_assert_ptr_null(apply(l, "12 Ali Luke 1"));
	ck_assert_str_eq(apply_chained(l, "13 Ali Luke 1", "04.999999"),
			 "its time lies before that of an earlier record");
	ck_assert_ptr_null(apply_chained(l, "13 Ali Luke 1", "05.000001"));
}
END_TEST

START_TEST(an_overdrawing_record_is_a_fault_and_leaves_no_trace)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_str_eq(apply(l, "10 Zoe Max 1001"),
			 "its sender has too few coins for it");
	ck_assert_uint_eq(ledger_members(l), 12);
	ck_assert_uint_eq(ledger_users(l), 12);
	ck_assert(!ledger_is_member(l, slice_of("Zoe")));
	ck_assert_ptr_null(apply(l, "10 Zoe Max 1000"));
	ck_assert_uint_eq(balance(l, "Zoe"), 0);
	ck_assert_uint_eq(balance(l, "Max"), 2000);
	ck_assert_ptr_nonnull(apply(l, "11 Zoe Max 1"));
	ck_assert_uint_eq(coins(l), 14000);
}
END_TEST

START_TEST(a_record_past_the_limit_is_a_fault)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INT64_MAX);
	const char *fault = apply(l, "1 Ali Luke 1");

	ck_assert_ptr_nonnull(fault);
	ck_assert_ptr_nonnull(strstr(fault, "past its limit"));
	ck_assert_uint_eq(ledger_users(l), 0);
}
END_TEST

START_TEST(an_opening_in_the_history_makes_a_member)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	ck_assert_ptr_null(apply(l, "10 Zoe Zoe 0"));
	ck_assert_uint_eq(balance(l, "Zoe"), INITIAL);
	ck_assert_uint_eq(ledger_members(l), 13);
}
END_TEST

static enum refusal stage(struct ledger *l, const char *sender,
			  const char *receiver, uint64_t amount,
			  struct staged *ret)
{
	enum refusal refusal;

	ck_assert_int_eq(ledger_stage_transfer(l, slice_of(sender),
					       slice_of(receiver), of(amount),
					       ret, &refusal),
			 0);
	return refusal;
}

static enum refusal stage_opening(struct ledger *l, const char *user,
				  struct staged *ret)
{
	enum refusal refusal;

	ck_assert_int_eq(ledger_stage_opening(l, slice_of(user), ret, &refusal),
			 0);
	return refusal;
}

static enum refusal stage_import(struct ledger *l, const char *sender,
				 const char *receiver, uint64_t amount,
				 struct staged *ret)
{
	enum refusal refusal;

	ck_assert_int_eq(ledger_stage_import(l, slice_of(sender),
					     slice_of(receiver), of(amount),
					     ret, &refusal),
			 0);
	return refusal;
}

/* In the order in which the original system looks. */
START_TEST(each_refusal_has_its_reason)
{
	static const struct {
		const char *sender;
		const char *receiver;
		uint64_t amount;
		enum refusal refusal;
	} known[] = {
		{ "", "", 0, REFUSAL_SENDER_NAME },
		{ "a=b", "a=b", 0, REFUSAL_SENDER_NAME },
		{ "Ali", "a b", 0, REFUSAL_RECEIVER_NAME },
		{ "Zoe", "", 0, REFUSAL_RECEIVER_NAME },
		{ "Ali", "Ali", 0, REFUSAL_SELF },
		{ "Zoe", "Zoe", 10000, REFUSAL_SELF },
		{ "Zoe", "Max", 0, REFUSAL_NO_SENDER_NOR_RECEIVER },
		{ "Zoe", "Ali", 10000, REFUSAL_NO_SENDER },
		{ "Ali", "Zoe", 10000, REFUSAL_NO_RECEIVER },
		{ "Ali", "Ben", 0, REFUSAL_AMOUNT },
		{ "Ali", "Ben", 846, REFUSAL_INSUFFICIENT },
		{ "Ali", "Ben", INT64_MAX, REFUSAL_INSUFFICIENT },
		{ "Ali", "Ben", 845, REFUSAL_NONE },
		{ "Ben", "Victor", 1, REFUSAL_NONE },
	};
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();

	for (size_t i = 0; i < ELEMENTS(known); i++) {
		struct staged s;
		enum refusal refusal =
			stage(l, known[i].sender, known[i].receiver,
			      known[i].amount, &s);

		ck_assert_msg(refusal == known[i].refusal, "number %zu: %u", i,
			      (unsigned int)refusal);
		if (refusal == REFUSAL_NONE)
			ledger_unstage(l, &s);
		ck_assert_uint_eq(ledger_users(l), 12);
	}
}
END_TEST

START_TEST(too_little_is_refused_with_the_balance)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct staged s;

	ck_assert_int_eq(stage(l, "Ali", "Ben", 846, &s), REFUSAL_INSUFFICIENT);
	ck_assert_uint_eq(amount_to_u64(s.sender_after), 845);
	ck_assert_int_eq(stage(l, "Ali", "Ben", 800, &s), REFUSAL_NONE);
	ck_assert_uint_eq(amount_to_u64(s.sender_after), 45);
	ck_assert_int_eq(stage(l, "Ali", "Ben", 46, &s), REFUSAL_INSUFFICIENT);
	ck_assert_uint_eq(amount_to_u64(s.sender_after), 45);
}
END_TEST

START_TEST(a_receiver_beyond_the_limit_is_refused)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INT64_MAX);
	struct staged s;

	ck_assert_ptr_null(apply(l, "1 Ali Ali 0"));
	ck_assert_ptr_null(apply(l, "2 Ben Ben 0"));
	ck_assert_int_eq(stage(l, "Ali", "Ben", 1, &s),
			 REFUSAL_RECEIVER_OVERFLOW);
}
END_TEST

START_TEST(an_opening_is_refused_for_its_name_or_a_member)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct staged s;

	ck_assert_int_eq(stage_opening(l, "a,b", &s), REFUSAL_SENDER_NAME);
	ck_assert_int_eq(stage_opening(l, "Ali", &s), REFUSAL_EXISTS);
	ck_assert_int_eq(stage_opening(l, "Zoe", &s), REFUSAL_NONE);
	ck_assert_uint_eq(amount_to_u64(s.sender_after), INITIAL);
	ck_assert_int_eq(stage_opening(l, "Zoe", &s), REFUSAL_EXISTS);
}
END_TEST

/* Old blocks name whom they name; who joins has a name of one form. */
START_TEST(a_name_that_is_not_composed_is_kept_but_not_taken)
{
	static const char composed[] = "Zo\xc3\xab";
	static const char apart[] = "Zoe\xcc\x88";
	static const char unseen[] = "Zo\xc2\xad"
				     "e";
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct staged s;

	ck_assert_int_eq(stage_opening(l, apart, &s), REFUSAL_SENDER_NAME);
	ck_assert_int_eq(stage_opening(l, unseen, &s), REFUSAL_SENDER_NAME);
	ck_assert_int_eq(stage(l, "Ali", apart, 1, &s), REFUSAL_RECEIVER_NAME);
	ck_assert_int_eq(stage(l, unseen, apart, 1, &s), REFUSAL_SENDER_NAME);
	ck_assert_int_eq(stage_import(l, "Ali", apart, 1, &s),
			 REFUSAL_RECEIVER_NAME);
	ck_assert_int_eq(stage_import(l, unseen, "Ali", 1, &s),
			 REFUSAL_SENDER_NAME);

	ck_assert_ptr_null(apply(l, "10 Ali Zoe\xcc\x88 1"));
	ck_assert_int_eq(stage(l, "Ali", apart, 1, &s), REFUSAL_NONE);
	ck_assert_int_eq(stage_import(l, apart, "Ali", 1, &s), REFUSAL_NONE);
	ck_assert_int_eq(stage_opening(l, apart, &s), REFUSAL_EXISTS);
	/* Byte for byte another one. */
	ck_assert_int_eq(stage(l, "Ali", composed, 1, &s),
			 REFUSAL_NO_RECEIVER);
	ck_assert_int_eq(stage_opening(l, composed, &s), REFUSAL_NONE);
}
END_TEST

/* Nobody is shown what may yet not happen; the next transfer counts on it. */
START_TEST(what_is_staged_is_counted_on_but_not_shown)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct amount none;
	struct staged open;
	struct staged s;

	ck_assert_int_eq(stage_opening(l, "Zoe", &open), REFUSAL_NONE);
	ck_assert_int_eq(stage(l, "Zoe", "Ali", 1000, &s), REFUSAL_NONE);
	ck_assert_int_eq(stage(l, "Ali", "Zoe", 1845, &s), REFUSAL_NONE);
	ck_assert_uint_eq(balance(l, "Ali"), 845);
	ck_assert_int_eq(ledger_balance(l, slice_of("Zoe"), &none), -ENOENT);
	ck_assert(!ledger_is_member(l, slice_of("Zoe")));
	ck_assert(!ledger_user_balance(l, open.sender, &none));
	ck_assert_uint_eq(ledger_members(l), 12);
	ck_assert_uint_eq(ledger_serial(l), 9);
}
END_TEST

START_TEST(an_opening_that_is_taken_back_is_forgotten)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct staged s;

	ck_assert_int_eq(stage_opening(l, "Zoe", &s), REFUSAL_NONE);
	ck_assert_uint_eq(ledger_users(l), 13);
	ledger_unstage(l, &s);
	ck_assert_uint_eq(ledger_users(l), 12);
	ck_assert_int_eq(stage(l, "Ali", "Zoe", 1, &s), REFUSAL_NO_RECEIVER);
	ck_assert_int_eq(stage_opening(l, "Max", &s), REFUSAL_NONE);
	ck_assert(slice_equal(ledger_user_name(l, s.sender), slice_of("Max")));
}
END_TEST

/* As in a history: whoever is named is part of the network from then on. */
START_TEST(by_an_import_unknown_users_join)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct staged s;

	ck_assert_int_eq(stage_import(l, "Zoe", "Max", 300, &s), REFUSAL_NONE);
	ck_assert_uint_eq(amount_to_u64(s.sender_after), 700);
	ck_assert(!ledger_is_member(l, slice_of("Zoe")));
	ck_assert_int_eq(stage(l, "Max", "Ali", 1300, &s), REFUSAL_NONE);
	ck_assert_int_eq(stage_opening(l, "Zoe", &s), REFUSAL_EXISTS);
	ck_assert_int_eq(stage_import(l, "Ali", "Eve", 1, &s), REFUSAL_NONE);
	ck_assert_int_eq(stage_import(l, "Eve", "Ben", 1001, &s), REFUSAL_NONE);
	/* Between members it is a transfer like any other. */
	ck_assert_int_eq(stage_import(l, "Ali", "Ben", 2145, &s),
			 REFUSAL_INSUFFICIENT);
	ck_assert_uint_eq(amount_to_u64(s.sender_after), 2144);
}
END_TEST

START_TEST(an_import_that_is_refused_lets_nobody_join)
{
	static const char longest[] =
		"a234567890a234567890a234567890a234567890a234567890a23456789012345";
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct staged s;

	ck_assert_int_eq(stage_import(l, "a,b", "Ali", 1, &s),
			 REFUSAL_SENDER_NAME);
	ck_assert_int_eq(stage_import(l, "Zoe", longest, 1, &s),
			 REFUSAL_RECEIVER_NAME);
	ck_assert_int_eq(stage_import(l, "Zoe", "Zoe", 1, &s), REFUSAL_SELF);
	ck_assert_int_eq(stage_import(l, "Zoe", "Max", 0, &s), REFUSAL_AMOUNT);
	ck_assert_int_eq(stage_import(l, "Zoe", "Max", 1001, &s),
			 REFUSAL_INSUFFICIENT);
	ck_assert_uint_eq(amount_to_u64(s.sender_after), INITIAL);
	ck_assert_int_eq(stage_import(l, "Ali", "Max", 846, &s),
			 REFUSAL_INSUFFICIENT);
	ck_assert_uint_eq(ledger_users(l), 12);
	ck_assert_int_eq(stage(l, "Ali", "Max", 1, &s), REFUSAL_NO_RECEIVER);
}
END_TEST

START_TEST(an_import_that_is_taken_back_is_forgotten)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	struct staged both;
	struct staged one;
	struct staged none;

	ck_assert_int_eq(stage_import(l, "Zoe", "Max", 5, &both), REFUSAL_NONE);
	ck_assert_int_eq(stage_import(l, "Eve", "Zoe", 5, &one), REFUSAL_NONE);
	ck_assert_int_eq(stage_import(l, "Max", "Eve", 5, &none), REFUSAL_NONE);
	ck_assert_uint_eq(ledger_users(l), 15);
	ledger_unstage(l, &none);
	ck_assert_uint_eq(ledger_users(l), 15);
	ledger_unstage(l, &one);
	ck_assert_uint_eq(ledger_users(l), 14);
	ledger_unstage(l, &both);
	ck_assert_uint_eq(ledger_users(l), 12);
	ck_assert_int_eq(stage_opening(l, "Max", &one), REFUSAL_NONE);
	ck_assert_int_eq(stage(l, "Max", "Zoe", 1, &none), REFUSAL_NO_RECEIVER);
}
END_TEST

/* The record of a staged transfer, as the commit engine makes it. */
static void settle(struct ledger *l, const struct staged *s, int64_t time,
		   char line[RECORD_LINE_MAX])
{
	struct record r = { .serial = ledger_serial(l) + 1,
			    .sender = ledger_user_name(l, s->sender),
			    .receiver = ledger_user_name(l, s->receiver),
			    .amount = s->amount,
			    .time = time,
			    .batch_position = 1,
			    .batch_size = 1 };
	uint8_t hash[CHAIN_HASH_SIZE];
	size_t len = record_format_body(&r, line);

	chain_step(ledger_tip(l), (struct slice){ line, len }, hash);
	memcpy(line + len, " h=", 3);
	format_hex(hash, sizeof(hash), line + len + 3);
	line[len + 3 + CHAIN_HEX_SIZE] = '\0';
	ledger_settle(l, s, r.serial, time, hash);
}

START_TEST(settling_makes_it_history)
{
	_cleanup_(ledger_freep) struct ledger *l = sample_ledger();
	char line[RECORD_LINE_MAX];
	struct staged s;

	ck_assert_int_eq(stage(l, "Ali", "Luke", 15, &s), REFUSAL_NONE);
	settle(l, &s, START_TIME, line);
	ck_assert_uint_eq(balance(l, "Ali"), 830);
	ck_assert_uint_eq(balance(l, "Luke"), 1195);
	ck_assert_uint_eq(ledger_serial(l), 10);
	ck_assert_uint_eq(ledger_records(l), 10);
	ck_assert_int_eq(ledger_time(l), START_TIME);
	ck_assert_uint_eq(coins(l), 12000);
}
END_TEST

/*
 * The model: names are user0 to user9, balances an array, and what is staged is
 * a queue that is replayed to know where it leads.
 */
struct entry {
	struct staged staged;
	uint32_t sender; /* the model's own numbers */
	uint32_t receiver;
	int64_t amount;
};

struct model {
	bool member[USERS];
	int64_t balance[USERS];
	struct entry queue[QUEUE_MAX];
	size_t queued;
	uint64_t settled;
};

static void model_join(struct model *m, uint32_t user)
{
	if (!m->member[user])
		m->balance[user] = INITIAL;
	m->member[user] = true;
}

static void model_do(struct model *m, const struct entry *e)
{
	model_join(m, e->sender);
	model_join(m, e->receiver);
	if (e->sender == e->receiver)
		return;
	m->balance[e->sender] -= e->amount;
	m->balance[e->receiver] += e->amount;
}

static struct model model_staged(const struct model *m)
{
	struct model all = *m;

	for (size_t i = 0; i < m->queued; i++)
		model_do(&all, &m->queue[i]);
	return all;
}

static enum refusal model_refusal(const struct model *m, const struct entry *e,
				  bool join)
{
	struct model all = model_staged(m);

	if (e->sender == e->receiver)
		return REFUSAL_SELF;
	if (join) {
		model_join(&all, e->sender);
		model_join(&all, e->receiver);
	}
	if (!all.member[e->sender] && !all.member[e->receiver])
		return REFUSAL_NO_SENDER_NOR_RECEIVER;
	if (!all.member[e->sender])
		return REFUSAL_NO_SENDER;
	if (!all.member[e->receiver])
		return REFUSAL_NO_RECEIVER;
	if (e->amount == 0)
		return REFUSAL_AMOUNT;
	if (e->amount > all.balance[e->sender])
		return REFUSAL_INSUFFICIENT;
	return REFUSAL_NONE;
}

static void name_of(uint32_t user, char out[16])
{
	(void)snprintf(out, 16, "user%u", user);
}

static void try_transfer(struct ledger *l, struct model *m, struct rng *r)
{
	struct entry e = { .sender = (uint32_t)rng_below(r, USERS),
			   .receiver = (uint32_t)rng_below(r, USERS),
			   .amount = (int64_t)rng_below(r, INITIAL / 2) };
	bool join = rng_below(r, 4) == 0;
	enum refusal expected = model_refusal(m, &e, join);
	char sender[16];
	char receiver[16];

	if (m->queued == QUEUE_MAX)
		return;
	name_of(e.sender, sender);
	name_of(e.receiver, receiver);
	ck_assert_int_eq((join ? stage_import : stage)(l, sender, receiver,
						       (uint64_t)e.amount,
						       &e.staged),
			 expected);
	if (expected == REFUSAL_NONE)
		m->queue[m->queued++] = e;
}

static void try_opening(struct ledger *l, struct model *m, struct rng *r)
{
	struct entry e = { .sender = (uint32_t)rng_below(r, USERS) };
	bool exists = model_staged(m).member[e.sender];
	char name[16];

	if (m->queued == QUEUE_MAX)
		return;
	e.receiver = e.sender;
	name_of(e.sender, name);
	ck_assert_int_eq(stage_opening(l, name, &e.staged),
			 exists ? REFUSAL_EXISTS : REFUSAL_NONE);
	if (!exists)
		m->queue[m->queued++] = e;
}

/* Settles in the ledger and the model, and lets @twin read the record. */
static void settle_oldest(struct ledger *l, struct model *m,
			  struct ledger *twin)
{
	char line[RECORD_LINE_MAX];

	if (m->queued == 0)
		return;
	settle(l, &m->queue[0].staged, START_TIME + (int64_t)m->settled, line);
	ck_assert_ptr_null(apply(twin, line));
	model_do(m, &m->queue[0]);
	m->settled++;
	m->queued--;
	memmove(m->queue, m->queue + 1, m->queued * sizeof(m->queue[0]));
}

static void unstage_newest(struct ledger *l, struct model *m)
{
	if (m->queued > 0)
		ledger_unstage(l, &m->queue[--m->queued].staged);
}

static bool matches(const struct ledger *l, const struct model *m)
{
	uint64_t members = 0;
	struct amount a;
	char name[16];

	for (uint32_t u = 0; u < USERS; u++) {
		bool member;

		name_of(u, name);
		member = ledger_balance(l, slice_of(name), &a) == 0;
		if (member != m->member[u] ||
		    (member && amount_to_u64(a) != (uint64_t)m->balance[u]))
			return false;
		members += member;
	}
	return ledger_members(l) == members && coins(l) == members * INITIAL &&
	       ledger_serial(l) == m->settled;
}

static void step(struct ledger *l, struct ledger *twin, struct model *m,
		 struct rng *r)
{
	switch (rng_below(r, 8)) {
	case 0:
	case 1:
		settle_oldest(l, m, twin);
		break;
	case 2:
		unstage_newest(l, m);
		break;
	case 3:
		try_opening(l, m, r);
		break;
	default:
		try_transfer(l, m, r);
		break;
	}
}

/* The twin has only read what was settled: it must know the same. */
START_TEST(any_order_of_things_agrees_with_the_model_and_its_history)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INITIAL);
	_cleanup_(ledger_freep) struct ledger *twin = new_ledger(INITIAL);
	struct model m = { 0 };
	struct rng r;

	rng_seed(&r, 1);
	for (int i = 0; i < STEPS; i++) {
		step(l, twin, &m, &r);
		if (!matches(l, &m) || !matches(twin, &m))
			ck_abort_msg("another state after %d steps", i + 1);
	}
	ck_assert_mem_eq(ledger_tip(l), ledger_tip(twin), CHAIN_HASH_SIZE);
	ck_assert_int_eq(ledger_time(l), ledger_time(twin));
	ck_assert_uint_gt(m.settled, 1000);
}
END_TEST

static TCase *history_case(void)
{
	TCase *c = tcase_create("history");

	tcase_add_test(c, a_new_ledger_is_empty);
	tcase_add_test(c, the_sample_data_gives_the_known_balances);
	tcase_add_test(c, members_are_walked_in_the_order_they_joined);
	tcase_add_test(c, case_counts_and_prefixes_do_not);
	tcase_add_test(c, serials_must_rise);
	tcase_add_test(c, holes_among_old_records_are_counted);
	tcase_add_test(c, a_hole_before_the_very_first_record_is_counted);
	tcase_add_test(c, a_hole_before_a_chained_record_is_a_fault);
	tcase_add_test(c, a_stored_hash_that_follows_is_believed);
	tcase_add_test(c, a_stored_hash_that_does_not_follow_is_a_fault);
	tcase_add_test(c, a_changed_old_record_is_found_by_the_chain);
	tcase_add_test(c, an_old_record_may_follow_a_chained_one);
	tcase_add_test(c, a_sealed_old_record_must_follow);
	tcase_add_test(c, time_must_not_go_back);
	tcase_add_test(c, an_overdrawing_record_is_a_fault_and_leaves_no_trace);
	tcase_add_test(c, a_record_past_the_limit_is_a_fault);
	tcase_add_test(c, an_opening_in_the_history_makes_a_member);
	return c;
}

static TCase *staging_case(void)
{
	TCase *c = tcase_create("staging");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, each_refusal_has_its_reason);
	tcase_add_test(c, too_little_is_refused_with_the_balance);
	tcase_add_test(c, a_receiver_beyond_the_limit_is_refused);
	tcase_add_test(c, an_opening_is_refused_for_its_name_or_a_member);
	tcase_add_test(c, a_name_that_is_not_composed_is_kept_but_not_taken);
	tcase_add_test(c, what_is_staged_is_counted_on_but_not_shown);
	tcase_add_test(c, an_opening_that_is_taken_back_is_forgotten);
	tcase_add_test(c, by_an_import_unknown_users_join);
	tcase_add_test(c, an_import_that_is_refused_lets_nobody_join);
	tcase_add_test(c, an_import_that_is_taken_back_is_forgotten);
	tcase_add_test(c, settling_makes_it_history);
	tcase_add_test(
		c, any_order_of_things_agrees_with_the_model_and_its_history);
	return c;
}

/* Restoring. */

static void copy_place(const struct ledger *l, struct ledger_place *ret)
{
	*ret = (struct ledger_place){ .serial = ledger_serial(l),
				      .records = ledger_records(l),
				      .first_gap = ledger_first_gap(l),
				      .time = ledger_time(l) };
	memcpy(ret->tip, ledger_tip(l), sizeof(ret->tip));
}

static struct ledger *with_users_of(const struct ledger *l)
{
	struct ledger *copy = new_ledger(INITIAL);

	for (uint32_t user = 0; user < ledger_users(l); user++) {
		struct amount balance;

		ck_assert(ledger_user_balance(l, user, &balance));
		ck_assert_int_eq(ledger_restore_user(copy,
						     ledger_user_name(l, user),
						     balance),
				 0);
	}
	return copy;
}

START_TEST(what_was_restored_goes_on_as_what_was_loaded)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INITIAL);
	_cleanup_(ledger_freep) struct ledger *copy = NULL;
	struct ledger_place place;

	/* Serials 1 and 5 to 6 are missing. */
	ck_assert_ptr_null(apply(l, "2 Rishil Alice 30"));
	ck_assert_ptr_null(apply(l, "3 Oliver Rachit 94"));
	ck_assert_ptr_null(apply(l, "4 Ben Victor 85"));
	ck_assert_ptr_null(apply(l, "7 Martin Luke 25"));
	ck_assert_ptr_null(apply_chained(l, "8 Ben Luke 15", "00.000001"));
	copy = with_users_of(l);
	copy_place(l, &place);
	ck_assert_int_eq(ledger_restore_place(copy, &place), 0);

	for (int i = 0; i < 2; i++) {
		struct ledger *x = i ? copy : l;

		ck_assert_uint_eq(ledger_gaps(x), 3);
		ck_assert_uint_eq(ledger_first_gap(x), 1);
		ck_assert_uint_eq(ledger_records(x), 5);
		ck_assert_ptr_nonnull(
			apply_chained(x, "9 Ben Luke 1", "00.000000"));
		ck_assert_ptr_nonnull(
			apply_chained(x, "10 Ben Luke 1", "00.000001"));
		ck_assert_ptr_nonnull(
			apply_chained(x, "9 Ben Luke 901", "00.000001"));
		ck_assert_ptr_null(
			apply_chained(x, "9 Ben Zoe 900", "00.000001"));
		ck_assert_uint_eq(ledger_members(x), 9);
		ck_assert(slice_equal(ledger_user_name(x, 8), slice_of("Zoe")));
	}
	ck_assert_mem_eq(ledger_tip(l), ledger_tip(copy), CHAIN_HASH_SIZE);
}
END_TEST

START_TEST(no_user_is_restored_twice_or_without_a_name)
{
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INITIAL);

	ck_assert_int_eq(ledger_restore_user(l, slice_of("Ali"), of(5)), 0);
	ck_assert_int_eq(ledger_restore_user(l, slice_of("Ali"), of(5)),
			 -EBADMSG);
	ck_assert_int_eq(ledger_restore_user(l, slice_of(""), of(5)), -EBADMSG);
	ck_assert_int_eq(ledger_restore_user(l, slice_of("a=b"), of(5)),
			 -EBADMSG);
	ck_assert_uint_eq(ledger_users(l), 1);
	ck_assert_uint_eq(ledger_members(l), 1);
}
END_TEST

START_TEST(a_place_must_be_possible)
{
	static const struct ledger_place good = { .serial = 9, .records = 9 };
	static const struct ledger_place bad[] = {
		{ .serial = 9, .records = 10 },
		{ .serial = 9, .records = 8 },
		{ .serial = 9, .records = 9, .first_gap = 1 },
		{ .serial = 9, .records = 8, .first_gap = 10 },
	};
	_cleanup_(ledger_freep) struct ledger *l = new_ledger(INITIAL);

	ck_assert_int_eq(ledger_restore_user(l, slice_of("Ali"), of(1001)), 0);
	/* A coin too many, or too few. */
	ck_assert_int_eq(ledger_restore_place(l, &good), -EBADMSG);
	ck_assert_int_eq(ledger_restore_user(l, slice_of("Ben"), of(999)), 0);
	for (size_t i = 0; i < ELEMENTS(bad); i++)
		ck_assert_int_eq(ledger_restore_place(l, &bad[i]), -EBADMSG);
	ck_assert_uint_eq(ledger_serial(l), 0);
	ck_assert_int_eq(ledger_restore_place(l, &good), 0);
	ck_assert_uint_eq(ledger_serial(l), 9);
}
END_TEST

static TCase *restoring_case(void)
{
	TCase *c = tcase_create("restoring");

	tcase_add_test(c, what_was_restored_goes_on_as_what_was_loaded);
	tcase_add_test(c, no_user_is_restored_twice_or_without_a_name);
	tcase_add_test(c, a_place_must_be_possible);
	return c;
}

Suite *test_ledger_ledger(void)
{
	Suite *s = suite_create("ledger/ledger");

	suite_add_tcase(s, history_case());
	suite_add_tcase(s, staging_case());
	suite_add_tcase(s, restoring_case());
	return s;
}
