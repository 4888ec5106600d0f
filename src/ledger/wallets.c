/* SPDX-License-Identifier: MIT */
/*
 * Balances, staged and committed, in flat arrays by user number.  Staging
 * decides whether a transfer is possible; settling repeats it on the committed
 * side in the same order, where it therefore cannot fail.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "ledger/wallets.h"

#define SIZE_MIN 64

enum {
	MEMBER_STAGED = 1,
	MEMBER_COMMITTED = 2,
};

struct wallets {
	struct amount initial;
	struct amount *committed;
	struct amount *staged;
	uint8_t *state; /* MEMBER_* of each user */
	size_t size;	/* users in each array */
	uint64_t members;
	uint64_t pending; /* staged, neither settled nor taken back */
};

int wallets_new(struct amount initial, struct wallets **ret)
{
	struct wallets *w;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;

	w->initial = initial;
	*ret = w;
	return 0;
}

struct wallets *wallets_free(struct wallets *w)
{
	if (!w)
		return NULL;

	free(w->committed);
	free(w->staged);
	free(w->state);
	free(w);
	return NULL;
}

static int resize(struct amount **balances, size_t size)
{
	struct amount *p;

	p = realloc(*balances, size * sizeof(*p));
	if (!p)
		return -ENOMEM;
	*balances = p;
	return 0;
}

/* Make the arrays long enough for @user. */
static int reach(struct wallets *w, uint32_t user)
{
	size_t size = w->size < SIZE_MIN ? SIZE_MIN : w->size;
	uint8_t *state;

	if (user < w->size)
		return 0;
	while (size <= user)
		size *= 2;

	/* What grew before another could not is too long: harmless. */
	if (resize(&w->committed, size) < 0 || resize(&w->staged, size) < 0)
		return -ENOMEM;
	state = realloc(w->state, size);
	if (!state)
		return -ENOMEM;

	memset(state + w->size, 0, size - w->size);
	w->state = state;
	w->size = size;
	return 0;
}

static bool has_state(const struct wallets *w, uint32_t user,
		      unsigned int state)
{
	return user < w->size && (w->state[user] & state);
}

bool wallets_is_member(const struct wallets *w, uint32_t user)
{
	return has_state(w, user, MEMBER_COMMITTED);
}

bool wallets_is_staged_member(const struct wallets *w, uint32_t user)
{
	return has_state(w, user, MEMBER_STAGED);
}

struct amount wallets_balance(const struct wallets *w, uint32_t user)
{
	assert(wallets_is_member(w, user));
	return w->committed[user];
}

struct amount wallets_staged_balance(const struct wallets *w, uint32_t user)
{
	assert(wallets_is_staged_member(w, user));
	return w->staged[user];
}

uint64_t wallets_members(const struct wallets *w)
{
	return w->members;
}

static void join_staged(struct wallets *w, uint32_t user)
{
	w->state[user] |= MEMBER_STAGED;
	w->staged[user] = w->initial;
}

static void join_committed(struct wallets *w, uint32_t user)
{
	w->state[user] |= MEMBER_COMMITTED;
	w->committed[user] = w->initial;
	w->members++;
}

/* Move coins between two balances, or change neither. */
static int move(struct amount *from, struct amount *to, struct amount amount)
{
	struct amount less;
	struct amount more;
	int r;

	r = amount_sub(*from, amount, &less);
	if (r < 0)
		return r;
	r = amount_add(*to, amount, &more);
	if (r < 0)
		return r;

	*from = less;
	*to = more;
	return 0;
}

/* The same where it has been possible before. */
static void move_surely(struct amount *from, struct amount *to,
			struct amount amount)
{
	int r = move(from, to, amount);

	assert(r == 0);
	(void)r;
}

int wallets_join(struct wallets *w, uint32_t user)
{
	int r;

	assert(!wallets_is_staged_member(w, user));
	r = reach(w, user);
	if (r == 0)
		join_staged(w, user);
	return r;
}

void wallets_leave(struct wallets *w, uint32_t user)
{
	assert(wallets_is_staged_member(w, user));
	assert(!wallets_is_member(w, user));
	w->state[user] = 0;
}

int wallets_stage(struct wallets *w, uint32_t sender, uint32_t receiver,
		  struct amount amount)
{
	int r;

	if (sender == receiver) {
		r = wallets_join(w, sender);
	} else {
		assert(wallets_is_staged_member(w, sender));
		assert(wallets_is_staged_member(w, receiver));
		r = move(&w->staged[sender], &w->staged[receiver], amount);
	}
	if (r < 0)
		return r;

	w->pending++;
	return 0;
}

void wallets_unstage(struct wallets *w, uint32_t sender, uint32_t receiver,
		     struct amount amount)
{
	assert(w->pending > 0);
	assert(wallets_is_staged_member(w, sender));
	assert(wallets_is_staged_member(w, receiver));
	w->pending--;

	if (sender == receiver) {
		wallets_leave(w, sender);
		return;
	}
	move_surely(&w->staged[receiver], &w->staged[sender], amount);
}

void wallets_settle(struct wallets *w, uint32_t sender, uint32_t receiver,
		    struct amount amount)
{
	assert(w->pending > 0);
	w->pending--;

	assert(wallets_is_staged_member(w, sender));
	assert(wallets_is_staged_member(w, receiver));
	if (sender == receiver) {
		assert(!wallets_is_member(w, sender));
		join_committed(w, sender);
		return;
	}
	if (!wallets_is_member(w, sender))
		join_committed(w, sender);
	if (!wallets_is_member(w, receiver))
		join_committed(w, receiver);
	move_surely(&w->committed[sender], &w->committed[receiver], amount);
}

/* What a user has now, or would begin with. */
static struct amount balance_or_initial(const struct wallets *w, uint32_t user)
{
	return wallets_is_member(w, user) ? w->committed[user] : w->initial;
}

static void set_both(struct wallets *w, uint32_t user, struct amount balance)
{
	if (!wallets_is_member(w, user)) {
		join_staged(w, user);
		join_committed(w, user);
	}
	w->committed[user] = balance;
	w->staged[user] = balance;
}

int wallets_apply(struct wallets *w, uint32_t sender, uint32_t receiver,
		  struct amount amount)
{
	struct amount from = balance_or_initial(w, sender);
	struct amount to = balance_or_initial(w, receiver);
	int r = 0;

	assert(w->pending == 0);
	if (sender != receiver)
		r = move(&from, &to, amount);
	if (r == 0)
		r = reach(w, sender > receiver ? sender : receiver);
	if (r < 0)
		return r;

	set_both(w, sender, from);
	set_both(w, receiver, to);
	return 0;
}

int wallets_restore(struct wallets *w, uint32_t user, struct amount balance)
{
	int r;

	assert(w->pending == 0);
	assert(!wallets_is_member(w, user));
	r = reach(w, user);
	if (r < 0)
		return r;

	set_both(w, user, balance);
	return 0;
}
