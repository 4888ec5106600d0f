/* SPDX-License-Identifier: MIT */
/*
 * Staged and committed balances, against a model that replays everything.
 */
#include "config.h"

#include <string.h>

#include "util/random.h"

#include "ledger/wallets.h"

#include "unit.h"

UNIT_SUITE(test_ledger_wallets);

#define INITIAL 100
#define USERS 8
#define STEPS 20000
#define QUEUE_MAX 64

static struct amount of(uint64_t n)
{
	struct amount a;

	ck_assert_int_eq(amount_from_u64(n, &a), 0);
	return a;
}

static struct wallets *new_wallets(uint64_t initial)
{
	struct wallets *w;

	ck_assert_int_eq(wallets_new(of(initial), &w), 0);
	return w;
}

static uint64_t committed(const struct wallets *w, uint32_t user)
{
	return amount_to_u64(wallets_balance(w, user));
}

static uint64_t staged(const struct wallets *w, uint32_t user)
{
	return amount_to_u64(wallets_staged_balance(w, user));
}

START_TEST(nobody_is_a_member_at_first)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert(!wallets_is_member(w, 0));
	ck_assert(!wallets_is_staged_member(w, UINT32_MAX));
	ck_assert_uint_eq(wallets_members(w), 0);
}
END_TEST

START_TEST(history_makes_members_of_both)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 3, 200, of(30)), 0);
	ck_assert_uint_eq(wallets_members(w), 2);
	ck_assert_uint_eq(committed(w, 3), 70);
	ck_assert_uint_eq(committed(w, 200), 130);
	ck_assert_uint_eq(staged(w, 3), 70);
	ck_assert_uint_eq(staged(w, 200), 130);
	ck_assert(!wallets_is_member(w, 4));
}
END_TEST

START_TEST(history_opens_a_wallet_once)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 0, 0, AMOUNT_ZERO), 0);
	ck_assert_uint_eq(wallets_members(w), 1);
	ck_assert_int_eq(wallets_apply(w, 0, 1, of(5)), 0);
	ck_assert_int_eq(wallets_apply(w, 0, 0, AMOUNT_ZERO), 0);
	ck_assert_uint_eq(wallets_members(w), 2);
	ck_assert_uint_eq(committed(w, 0), 95);
}
END_TEST

START_TEST(history_that_overdraws_changes_nothing)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 0, 1, of(101)), -ERANGE);
	ck_assert_uint_eq(wallets_members(w), 0);
	ck_assert(!wallets_is_member(w, 0));
	ck_assert(!wallets_is_staged_member(w, 1));
	ck_assert_int_eq(wallets_apply(w, 0, 1, of(100)), 0);
	ck_assert_int_eq(wallets_apply(w, 0, 1, of(1)), -ERANGE);
	ck_assert_uint_eq(committed(w, 0), 0);
	ck_assert_uint_eq(committed(w, 1), 200);
}
END_TEST

START_TEST(history_that_overflows_changes_nothing)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INT64_MAX);

	ck_assert_int_eq(wallets_apply(w, 0, 1, of(1)), -EOVERFLOW);
	ck_assert_uint_eq(wallets_members(w), 0);
	ck_assert_int_eq(wallets_apply(w, 0, 0, AMOUNT_ZERO), 0);
	ck_assert_int_eq(wallets_apply(w, 0, 1, of(1)), -EOVERFLOW);
	ck_assert_uint_eq(committed(w, 0), INT64_MAX);
	ck_assert_uint_eq(wallets_members(w), 1);
}
END_TEST

/* What is not durable is never shown. */
START_TEST(staging_shows_only_in_the_staged_balance)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 0, 1, of(10)), 0);
	ck_assert_int_eq(wallets_stage(w, 0, 1, of(40)), 0);
	ck_assert_uint_eq(committed(w, 0), 90);
	ck_assert_uint_eq(committed(w, 1), 110);
	ck_assert_uint_eq(staged(w, 0), 50);
	ck_assert_uint_eq(staged(w, 1), 150);
}
END_TEST

START_TEST(settling_shows_it)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 0, 1, of(10)), 0);
	ck_assert_int_eq(wallets_stage(w, 0, 1, of(40)), 0);
	ck_assert_int_eq(wallets_stage(w, 1, 0, of(150)), 0);
	wallets_settle(w, 0, 1, of(40));
	ck_assert_uint_eq(committed(w, 0), 50);
	ck_assert_uint_eq(committed(w, 1), 150);
	ck_assert_uint_eq(staged(w, 0), 200);
	wallets_settle(w, 1, 0, of(150));
	ck_assert_uint_eq(committed(w, 0), 200);
	ck_assert_uint_eq(committed(w, 1), 0);
}
END_TEST

START_TEST(taking_back_restores_the_staged_balance)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 0, 1, of(10)), 0);
	ck_assert_int_eq(wallets_stage(w, 0, 1, of(90)), 0);
	ck_assert_int_eq(wallets_stage(w, 1, 0, of(200)), 0);
	wallets_unstage(w, 1, 0, of(200));
	ck_assert_uint_eq(staged(w, 0), 0);
	ck_assert_uint_eq(staged(w, 1), 200);
	wallets_unstage(w, 0, 1, of(90));
	ck_assert_uint_eq(staged(w, 0), 90);
	ck_assert_uint_eq(staged(w, 1), 110);
	ck_assert_uint_eq(committed(w, 0), 90);
}
END_TEST

START_TEST(staging_more_than_there_is_changes_nothing)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 0, 1, of(10)), 0);
	ck_assert_int_eq(wallets_stage(w, 0, 1, of(91)), -ERANGE);
	ck_assert_uint_eq(staged(w, 0), 90);
	ck_assert_uint_eq(staged(w, 1), 110);

	/* Coins on their way out are gone, those on their way in here. */
	ck_assert_int_eq(wallets_stage(w, 0, 1, of(90)), 0);
	ck_assert_int_eq(wallets_stage(w, 0, 1, of(1)), -ERANGE);
	ck_assert_int_eq(wallets_stage(w, 1, 0, of(200)), 0);
}
END_TEST

START_TEST(staging_past_the_limit_changes_nothing)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INT64_MAX);

	ck_assert_int_eq(wallets_apply(w, 0, 0, AMOUNT_ZERO), 0);
	ck_assert_int_eq(wallets_apply(w, 1, 1, AMOUNT_ZERO), 0);
	ck_assert_int_eq(wallets_stage(w, 0, 1, of(1)), -EOVERFLOW);
	ck_assert_uint_eq(staged(w, 0), INT64_MAX);
	ck_assert_uint_eq(staged(w, 1), INT64_MAX);
}
END_TEST

START_TEST(an_opening_is_a_member_only_when_settled)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_stage(w, 7, 7, AMOUNT_ZERO), 0);
	ck_assert(wallets_is_staged_member(w, 7));
	ck_assert(!wallets_is_member(w, 7));
	ck_assert_uint_eq(wallets_members(w), 0);
	ck_assert_uint_eq(staged(w, 7), INITIAL);
	wallets_settle(w, 7, 7, AMOUNT_ZERO);
	ck_assert(wallets_is_member(w, 7));
	ck_assert_uint_eq(wallets_members(w), 1);
	ck_assert_uint_eq(committed(w, 7), INITIAL);
}
END_TEST

START_TEST(an_opening_that_is_taken_back_leaves_nobody)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_stage(w, 7, 7, AMOUNT_ZERO), 0);
	wallets_unstage(w, 7, 7, AMOUNT_ZERO);
	ck_assert(!wallets_is_staged_member(w, 7));
	ck_assert_int_eq(wallets_stage(w, 7, 7, AMOUNT_ZERO), 0);
	ck_assert_uint_eq(staged(w, 7), INITIAL);
}
END_TEST

START_TEST(who_joins_by_a_transfer_is_a_member_when_it_is_settled)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_join(w, 3), 0);
	ck_assert_int_eq(wallets_join(w, 500), 0);
	ck_assert_int_eq(wallets_stage(w, 3, 500, of(10)), 0);
	ck_assert(!wallets_is_member(w, 3));
	ck_assert_uint_eq(staged(w, 500), INITIAL + 10);
	wallets_settle(w, 3, 500, of(10));
	ck_assert_uint_eq(committed(w, 3), INITIAL - 10);
	ck_assert_uint_eq(committed(w, 500), INITIAL + 10);
	ck_assert_uint_eq(wallets_members(w), 2);
}
END_TEST

START_TEST(who_joined_leaves_behind_the_transfer)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);

	ck_assert_int_eq(wallets_apply(w, 0, 1, of(1)), 0);
	ck_assert_int_eq(wallets_join(w, 2), 0);
	ck_assert_int_eq(wallets_stage(w, 0, 2, of(10)), 0);
	wallets_unstage(w, 0, 2, of(10));
	wallets_leave(w, 2);
	ck_assert(!wallets_is_staged_member(w, 2));
	ck_assert_uint_eq(staged(w, 0), INITIAL - 1);
}
END_TEST

/* The model: what is committed, and the queue of what is staged. */
struct transfer {
	uint32_t sender;
	uint32_t receiver;
	int64_t amount;
};

struct model {
	bool member[USERS];
	int64_t balance[USERS];
	struct transfer queue[QUEUE_MAX];
	size_t queued;
};

static void model_do(struct model *m, const struct transfer *t)
{
	if (t->sender == t->receiver) {
		m->member[t->sender] = true;
		m->balance[t->sender] = INITIAL;
		return;
	}
	m->balance[t->sender] -= t->amount;
	m->balance[t->receiver] += t->amount;
}

/* As if all of the queue had been settled. */
static struct model model_staged(const struct model *m)
{
	struct model all = *m;

	for (size_t i = 0; i < m->queued; i++)
		model_do(&all, &m->queue[i]);
	return all;
}

static bool matches(const struct wallets *w, const struct model *m)
{
	struct model all = model_staged(m);
	uint64_t members = 0;
	uint64_t coins = 0;

	for (uint32_t u = 0; u < USERS; u++) {
		if (wallets_is_member(w, u) != m->member[u] ||
		    wallets_is_staged_member(w, u) != all.member[u])
			return false;
		if (m->member[u] && committed(w, u) != (uint64_t)m->balance[u])
			return false;
		if (all.member[u] && staged(w, u) != (uint64_t)all.balance[u])
			return false;
		members += m->member[u];
		coins += m->member[u] ? committed(w, u) : 0;
	}
	return members == wallets_members(w) && coins == members * INITIAL;
}

static void stage_random(struct wallets *w, struct model *m, struct rng *r)
{
	struct model all = model_staged(m);
	struct transfer t = { .sender = (uint32_t)rng_below(r, USERS),
			      .receiver = (uint32_t)rng_below(r, USERS) };
	bool enough;
	int e;

	if (m->queued == QUEUE_MAX)
		return;
	if (t.sender == t.receiver
		    ? all.member[t.sender]
		    : !all.member[t.sender] || !all.member[t.receiver])
		return;
	if (t.sender != t.receiver)
		t.amount = (int64_t)rng_below(r, INITIAL) + 1;

	enough = t.amount <= all.balance[t.sender] || t.sender == t.receiver;
	e = wallets_stage(w, t.sender, t.receiver, of((uint64_t)t.amount));
	ck_assert_int_eq(e, enough ? 0 : -ERANGE);
	if (enough)
		m->queue[m->queued++] = t;
}

static void settle_oldest(struct wallets *w, struct model *m)
{
	struct transfer t = m->queue[0];

	if (m->queued == 0)
		return;
	wallets_settle(w, t.sender, t.receiver, of((uint64_t)t.amount));
	model_do(m, &t);
	m->queued--;
	memmove(m->queue, m->queue + 1, m->queued * sizeof(t));
}

static void unstage_newest(struct wallets *w, struct model *m)
{
	struct transfer t;

	if (m->queued == 0)
		return;
	t = m->queue[--m->queued];
	wallets_unstage(w, t.sender, t.receiver, of((uint64_t)t.amount));
}

START_TEST(any_order_of_things_agrees_with_the_model)
{
	_cleanup_(wallets_freep) struct wallets *w = new_wallets(INITIAL);
	struct model m = { 0 };
	struct rng r;

	rng_seed(&r, 1);
	for (int i = 0; i < STEPS; i++) {
		switch (rng_below(&r, 5)) {
		case 0:
			settle_oldest(w, &m);
			break;
		case 1:
			unstage_newest(w, &m);
			break;
		default:
			stage_random(w, &m, &r);
			break;
		}
		if (!matches(w, &m))
			ck_abort_msg("another state after %d steps", i + 1);
	}
}
END_TEST

START_TEST(no_wallets_are_freed_harmlessly)
{
	ck_assert_ptr_null(wallets_free(NULL));
}
END_TEST

Suite *test_ledger_wallets(void)
{
	Suite *s = suite_create("ledger/wallets");
	TCase *c = tcase_create("wallets");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, nobody_is_a_member_at_first);
	tcase_add_test(c, history_makes_members_of_both);
	tcase_add_test(c, history_opens_a_wallet_once);
	tcase_add_test(c, history_that_overdraws_changes_nothing);
	tcase_add_test(c, history_that_overflows_changes_nothing);
	tcase_add_test(c, staging_shows_only_in_the_staged_balance);
	tcase_add_test(c, settling_shows_it);
	tcase_add_test(c, taking_back_restores_the_staged_balance);
	tcase_add_test(c, staging_more_than_there_is_changes_nothing);
	tcase_add_test(c, staging_past_the_limit_changes_nothing);
	tcase_add_test(c, an_opening_is_a_member_only_when_settled);
	tcase_add_test(c, an_opening_that_is_taken_back_leaves_nobody);
	tcase_add_test(c, who_joins_by_a_transfer_is_a_member_when_it_is_settled);
	tcase_add_test(c, who_joined_leaves_behind_the_transfer);
	tcase_add_test(c, any_order_of_things_agrees_with_the_model);
	tcase_add_test(c, no_wallets_are_freed_harmlessly);
	suite_add_tcase(s, c);
	return s;
}
