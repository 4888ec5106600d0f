/* SPDX-License-Identifier: MIT */
/*
 * The rules.  Loading a history and making one go through the same wallets;
 * what differs is that a history is believed only if all of it follows.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "ledger/name.h"
#include "ledger/newtext.h"
#include "ledger/users.h"
#include "ledger/wallets.h"
#include "ledger/whole.h"

#include "ledger/ledger.h"

struct ledger {
	struct users *users;
	struct wallets *wallets;
	struct amount initial;
	uint64_t serial;
	uint64_t records;
	uint64_t gaps;
	uint64_t first_gap;
	int64_t time;
	uint8_t tip[CHAIN_HASH_SIZE];
	struct whole group; /* that the history which is applied stands in */
};

int ledger_new(struct amount initial, const uint8_t key[MAP_KEY_SIZE],
	       struct ledger **ret)
{
	_cleanup_(ledger_freep) struct ledger *l = NULL;
	int r;

	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->initial = initial;
	memcpy(l->tip, chain_origin, sizeof(l->tip));

	r = users_new(key, &l->users);
	if (r < 0)
		return r;
	r = wallets_new(initial, &l->wallets);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(l);
	return 0;
}

struct ledger *ledger_free(struct ledger *l)
{
	if (!l)
		return NULL;

	(void)users_free(l->users);
	(void)wallets_free(l->wallets);
	free(l);
	return NULL;
}

uint64_t ledger_serial(const struct ledger *l)
{
	return l->serial;
}

const uint8_t *ledger_tip(const struct ledger *l)
{
	return l->tip;
}

int64_t ledger_time(const struct ledger *l)
{
	return l->time;
}

uint64_t ledger_members(const struct ledger *l)
{
	return wallets_members(l->wallets);
}

uint64_t ledger_records(const struct ledger *l)
{
	return l->records;
}

uint64_t ledger_gaps(const struct ledger *l)
{
	return l->gaps;
}

uint64_t ledger_first_gap(const struct ledger *l)
{
	return l->first_gap;
}

int ledger_balance(const struct ledger *l, struct slice name,
		   struct amount *ret)
{
	uint32_t user = users_find(l->users, name);

	if (user == USER_NONE || !wallets_is_member(l->wallets, user))
		return -ENOENT;

	*ret = wallets_balance(l->wallets, user);
	return 0;
}

bool ledger_is_member(const struct ledger *l, struct slice name)
{
	uint32_t user = users_find(l->users, name);

	return user != USER_NONE && wallets_is_member(l->wallets, user);
}

struct amount ledger_initial(const struct ledger *l)
{
	return l->initial;
}

struct slice ledger_user_name(const struct ledger *l, uint32_t user)
{
	return users_name(l->users, user);
}

/* Its place in the history: serial, time and hash.  NULL: it follows. */
static const char *succession_fault(const struct ledger *l,
				    const struct record *r,
				    const uint8_t hash[CHAIN_HASH_SIZE])
{
	if (r->serial <= l->serial)
		return "it does not stand above the record before it";
	if (r->chained && r->serial != l->serial + 1)
		return "records are missing before it";
	if (r->chained && r->time < l->time)
		return "its time lies before that of an earlier record";
	if (r->sealed && memcmp(r->hash, hash, CHAIN_HASH_SIZE) != 0)
		return "its hash does not follow from the record before it";
	return NULL;
}

/* Names to numbers; unknown ones get theirs. */
static int intern_both(struct ledger *l, const struct record *r,
		       uint32_t *ret_sender, uint32_t *ret_receiver)
{
	uint32_t sender;
	uint32_t receiver;
	int e;

	e = users_intern(l->users, r->sender, &sender);
	if (e < 0)
		return e;
	e = users_intern(l->users, r->receiver, &receiver);
	if (e < 0)
		return e;

	*ret_sender = sender;
	*ret_receiver = receiver;
	return 0;
}

static int apply_to_wallets(struct ledger *l, const struct record *r)
{
	uint32_t count = users_count(l->users);
	uint32_t sender;
	uint32_t receiver;
	int e;

	e = intern_both(l, r, &sender, &receiver);
	if (e == 0)
		e = wallets_apply(l->wallets, sender, receiver, r->amount);

	/* Who was to join by a record that is not taken has not joined. */
	while (e < 0 && users_count(l->users) > count)
		users_pop(l->users);
	return e;
}

static const char *wallets_fault(int error)
{
	if (error == -ERANGE)
		return "its sender has too few coins for it";
	return "it takes a balance or the number of users past its limit";
}

static void advance(struct ledger *l, uint64_t serial,
		    const uint8_t hash[CHAIN_HASH_SIZE])
{
	l->serial = serial;
	l->records++;
	memcpy(l->tip, hash, sizeof(l->tip));
}

int ledger_apply(struct ledger *l, const struct record *r,
		 const char **ret_fault)
{
	struct whole group = l->group;
	uint8_t hash[CHAIN_HASH_SIZE];
	const char *fault;
	int e;

	chain_step(l->tip, r->body, hash);
	fault = succession_fault(l, r, hash);
	if (!fault && !whole_take(&group, r))
		fault = "the batch that stands or falls as one, here or before "
			"it, is not whole";
	if (fault) {
		*ret_fault = fault;
		return -EBADMSG;
	}
	e = apply_to_wallets(l, r);
	if (e == -ENOMEM)
		return e;
	if (e < 0) {
		*ret_fault = wallets_fault(e);
		return -EBADMSG;
	}

	/* Only an old record gets here with a hole before it. */
	if (r->serial != l->serial + 1 && l->first_gap == 0)
		l->first_gap = l->serial + 1;
	l->gaps += r->serial - l->serial - 1;
	if (r->chained)
		l->time = r->time;
	l->group = group;
	advance(l, r->serial, hash);
	return 0;
}

uint64_t ledger_partial(const struct ledger *l)
{
	return whole_partial(&l->group);
}

static enum refusal name_refusal(struct slice sender, struct slice receiver)
{
	if (user_name_fault(sender))
		return REFUSAL_SENDER_NAME;
	if (user_name_fault(receiver))
		return REFUSAL_RECEIVER_NAME;
	if (slice_equal(sender, receiver))
		return REFUSAL_SELF;
	return REFUSAL_NONE;
}

/* USER_NONE for those who do not belong to the network, staged ones do. */
static uint32_t find_member(const struct ledger *l, struct slice name)
{
	uint32_t user = users_find(l->users, name);

	if (user != USER_NONE && !wallets_is_staged_member(l->wallets, user))
		return USER_NONE;
	return user;
}

/* Who is not part of the network yet has to have a name that may become one's. */
static enum refusal newcomer_refusal(const struct ledger *l,
				     struct slice sender, struct slice receiver)
{
	if (new_name_fault(sender) && find_member(l, sender) == USER_NONE)
		return REFUSAL_SENDER_NAME;
	if (new_name_fault(receiver) && find_member(l, receiver) == USER_NONE)
		return REFUSAL_RECEIVER_NAME;
	return REFUSAL_NONE;
}

static enum refusal member_refusal(const struct ledger *l, struct slice sender,
				   uint32_t sender_user, struct slice receiver,
				   uint32_t receiver_user)
{
	enum refusal refusal;

	if (sender_user != USER_NONE && receiver_user != USER_NONE)
		return REFUSAL_NONE;
	refusal = newcomer_refusal(l, sender, receiver);
	if (refusal != REFUSAL_NONE)
		return refusal;
	if (sender_user == receiver_user)
		return REFUSAL_NO_SENDER_NOR_RECEIVER;
	return sender_user == USER_NONE ? REFUSAL_NO_SENDER
					: REFUSAL_NO_RECEIVER;
}

/* The last checks are the wallets' own: is there enough, is there room? */
static enum refusal stage_coins(struct ledger *l, const struct staged *s)
{
	if (amount_is_zero(s->amount))
		return REFUSAL_AMOUNT;

	switch (wallets_stage(l->wallets, s->sender, s->receiver, s->amount)) {
	case 0:
		return REFUSAL_NONE;
	case -ERANGE:
		return REFUSAL_INSUFFICIENT;
	default:
		/* No memory is needed between members. */
		return REFUSAL_RECEIVER_OVERFLOW;
	}
}

int ledger_stage_transfer(struct ledger *l, struct slice sender,
			  struct slice receiver, struct amount amount,
			  struct staged *ret, enum refusal *ret_refusal)
{
	struct staged s = { .amount = amount };
	enum refusal refusal;

	refusal = name_refusal(sender, receiver);
	if (refusal == REFUSAL_NONE) {
		s.sender = find_member(l, sender);
		s.receiver = find_member(l, receiver);
		refusal = member_refusal(l, sender, s.sender, receiver,
					 s.receiver);
	}
	if (refusal == REFUSAL_NONE) {
		refusal = stage_coins(l, &s);
		s.sender_after = wallets_staged_balance(l->wallets, s.sender);
	}

	if (refusal == REFUSAL_NONE || refusal == REFUSAL_INSUFFICIENT)
		*ret = s;
	*ret_refusal = refusal;
	return 0;
}

/* Those who joined by what is taken back: the newest names, newest first. */
static void leave(struct ledger *l, uint32_t joined)
{
	for (; joined > 0; joined--) {
		wallets_leave(l->wallets, users_count(l->users) - 1);
		users_pop(l->users);
	}
}

/* The number of a staged member, who may have become one by this. */
static int find_or_join(struct ledger *l, struct slice name, uint32_t *joined,
			uint32_t *ret)
{
	uint32_t user = find_member(l, name);
	int r = 0;

	if (user == USER_NONE) {
		r = users_intern(l->users, name, &user);
		if (r < 0)
			return r;
		r = wallets_join(l->wallets, user);
		if (r < 0)
			users_pop(l->users);
		else
			(*joined)++;
	}
	*ret = user;
	return r;
}

int ledger_stage_import(struct ledger *l, struct slice sender,
			struct slice receiver, struct amount amount,
			struct staged *ret, enum refusal *ret_refusal)
{
	struct staged s = { .amount = amount };
	enum refusal refusal;
	int r;

	refusal = name_refusal(sender, receiver);
	if (refusal == REFUSAL_NONE)
		refusal = newcomer_refusal(l, sender, receiver);
	if (refusal != REFUSAL_NONE) {
		*ret_refusal = refusal;
		return 0;
	}
	r = find_or_join(l, sender, &s.joined, &s.sender);
	if (r == 0)
		r = find_or_join(l, receiver, &s.joined, &s.receiver);
	if (r < 0) {
		leave(l, s.joined);
		return r;
	}

	refusal = stage_coins(l, &s);
	s.sender_after = wallets_staged_balance(l->wallets, s.sender);
	if (refusal != REFUSAL_NONE)
		leave(l, s.joined);
	*ret = s;
	*ret_refusal = refusal;
	return 0;
}

/* A name that is not a member's becomes a staged one's. */
static int stage_member(struct ledger *l, struct slice name, uint32_t *ret)
{
	uint32_t user;
	int r;

	r = users_intern(l->users, name, &user);
	if (r < 0)
		return r;
	r = wallets_stage(l->wallets, user, user, AMOUNT_ZERO);
	if (r < 0) {
		users_pop(l->users);
		return r;
	}
	*ret = user;
	return 0;
}

int ledger_stage_opening(struct ledger *l, struct slice user,
			 struct staged *ret, enum refusal *ret_refusal)
{
	enum refusal refusal = REFUSAL_NONE;
	uint32_t number;
	int r;

	if (user_name_fault(user))
		refusal = REFUSAL_SENDER_NAME;
	else if (find_member(l, user) != USER_NONE)
		refusal = REFUSAL_EXISTS;
	else if (new_name_fault(user))
		refusal = REFUSAL_SENDER_NAME;
	if (refusal != REFUSAL_NONE) {
		*ret_refusal = refusal;
		return 0;
	}

	r = stage_member(l, user, &number);
	if (r < 0)
		return r;
	*ret = (struct staged){ .sender = number,
				.receiver = number,
				.sender_after = l->initial };
	*ret_refusal = REFUSAL_NONE;
	return 0;
}

void ledger_unstage(struct ledger *l, const struct staged *s)
{
	wallets_unstage(l->wallets, s->sender, s->receiver, s->amount);
	if (s->sender != s->receiver) {
		leave(l, s->joined);
		return;
	}

	/* The newest opening brought the newest name. */
	assert(s->sender == users_count(l->users) - 1);
	users_pop(l->users);
}

void ledger_settle(struct ledger *l, const struct staged *s, uint64_t serial,
		   int64_t time, const uint8_t hash[CHAIN_HASH_SIZE])
{
	assert(serial == l->serial + 1);
	assert(time >= l->time);

	wallets_settle(l->wallets, s->sender, s->receiver, s->amount);
	advance(l, serial, hash);
	l->time = time;
}

int ledger_restore_user(struct ledger *l, struct slice name,
			struct amount balance)
{
	uint32_t user = users_count(l->users);
	uint32_t number;
	int r;

	if (user_name_fault(name))
		return -EBADMSG;
	r = users_intern(l->users, name, &number);
	if (r < 0)
		return r == -EOVERFLOW ? -EBADMSG : r;
	if (number != user)
		return -EBADMSG;

	r = wallets_restore(l->wallets, user, balance);
	if (r < 0)
		users_pop(l->users);
	return r;
}

/* No coin may be made or lost on the way. */
static bool balances_add_up(const struct ledger *l)
{
	uint32_t users = users_count(l->users);
	struct sum coins = SUM_ZERO;

	for (uint32_t user = 0; user < users; user++) {
		coins = sum_plus(coins, wallets_balance(l->wallets, user));
		coins = sum_minus(coins, l->initial);
	}
	return sum_to_i128(coins) == 0;
}

int ledger_restore_place(struct ledger *l, const struct ledger_place *p)
{
	bool gaps = p->records < p->serial;

	if (p->records > p->serial || gaps != (p->first_gap > 0) ||
	    p->first_gap > p->serial || !balances_add_up(l))
		return -EBADMSG;

	l->serial = p->serial;
	l->records = p->records;
	l->gaps = p->serial - p->records;
	l->first_gap = p->first_gap;
	l->time = p->time;
	memcpy(l->tip, p->tip, sizeof(l->tip));
	return 0;
}

uint32_t ledger_users(const struct ledger *l)
{
	return users_count(l->users);
}

bool ledger_user_balance(const struct ledger *l, uint32_t user,
			 struct amount *ret)
{
	if (!wallets_is_member(l->wallets, user))
		return false;

	*ret = wallets_balance(l->wallets, user);
	return true;
}
