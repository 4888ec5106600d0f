/* SPDX-License-Identifier: MIT */
/*
 * The rules: what is a lawful next record, what a transfer is refused for,
 * where the chain stands.  No I/O, no clock, no randomness.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "ledger/chain.h"
#include "ledger/record.h"
#include "util/cleanup.h"
#include "util/map.h"

struct ledger;

enum refusal {
	REFUSAL_NONE,
	REFUSAL_NO_SENDER,
	REFUSAL_NO_RECEIVER,
	REFUSAL_NO_SENDER_NOR_RECEIVER,
	REFUSAL_INSUFFICIENT,
	REFUSAL_SELF,
	REFUSAL_AMOUNT, /* zero; text that is no amount is refused before */
	REFUSAL_SENDER_NAME, /* none at all, or none for a new user */
	REFUSAL_RECEIVER_NAME,
	REFUSAL_RECEIVER_OVERFLOW,
	REFUSAL_EXISTS, /* opening a wallet that is open */
};

/* A staged transfer or opening, by user numbers. */
struct staged {
	uint32_t sender;
	uint32_t receiver;
	struct amount amount;
	struct amount sender_after; /* the sender's balance behind it */
	uint32_t joined; /* users who join by it: the newest names, up to two */
};

int ledger_new(struct amount initial, const uint8_t key[MAP_KEY_SIZE],
	       struct ledger **ret) _must_check_;
struct ledger *ledger_free(struct ledger *l);
DEFINE_CLEANUP(struct ledger, ledger_free);

/* The committed tip: last serial (0: none), hash, time of the newest record. */
uint64_t ledger_serial(const struct ledger *l);
const uint8_t *ledger_tip(const struct ledger *l);
int64_t ledger_time(const struct ledger *l);
uint64_t ledger_members(const struct ledger *l);
uint64_t ledger_records(const struct ledger *l);
/* Serials missing among old records: readable, closed for transfers. */
uint64_t ledger_gaps(const struct ledger *l);
/* The first missing serial; 0 if none. */
uint64_t ledger_first_gap(const struct ledger *l);

/* Committed balance; -ENOENT if @name is not part of the network. */
int ledger_balance(const struct ledger *l, struct slice name,
		   struct amount *ret) _must_check_;
bool ledger_is_member(const struct ledger *l, struct slice name);
struct amount ledger_initial(const struct ledger *l);
struct slice ledger_user_name(const struct ledger *l, uint32_t user);

/*
 * Apply the next record of the history while loading it: serial above the
 * last (a hole is counted among old records and a fault before a chained
 * one), the hash follows if it bears one, time does not go back, a batch that
 * stands or falls as one goes on with its next record, nobody overdrawn.  0;
 * -EBADMSG with *ret_fault set (a sentence to put "serial N: " before); -ENOMEM.
 * Old records get their place in the chain computed.
 */
int ledger_apply(struct ledger *l, const struct record *r,
		 const char **ret_fault) _must_check_;
/*
 * The first serial of a batch that stands or falls as one, if the history that
 * was applied ends within it: then that is not whole.  0: it does not.
 */
uint64_t ledger_partial(const struct ledger *l);

/*
 * Check a transfer against the staged balances and stage it.  Returns 0 with
 * *ret_refusal REFUSAL_NONE and *ret filled; 0 with a refusal, nothing staged
 * (for REFUSAL_INSUFFICIENT ret->sender_after is the balance); -ENOMEM.
 */
int ledger_stage_transfer(struct ledger *l, struct slice sender,
			  struct slice receiver, struct amount amount,
			  struct staged *ret, enum refusal *ret_refusal)
	_must_check_;
/*
 * The same for a transfer of an older history, by which users who are not part
 * of the network join, as they do when a history is read.
 */
int ledger_stage_import(struct ledger *l, struct slice sender,
			struct slice receiver, struct amount amount,
			struct staged *ret, enum refusal *ret_refusal)
	_must_check_;
/* The same for an opening: REFUSAL_SENDER_NAME or REFUSAL_EXISTS. */
int ledger_stage_opening(struct ledger *l, struct slice user,
			 struct staged *ret, enum refusal *ret_refusal)
	_must_check_;
/* Take back the newest staged one. */
void ledger_unstage(struct ledger *l, const struct staged *s);

/*
 * The next batch of staged records becomes history: settle each, in order.
 * @hash is the chain's hash behind it, @serial its serial, @time its time.
 */
void ledger_settle(struct ledger *l, const struct staged *s, uint64_t serial,
		   int64_t time, const uint8_t hash[CHAIN_HASH_SIZE]);

/* Where a history stands. */
struct ledger_place {
	uint64_t serial;
	uint64_t records;
	uint64_t first_gap; /* as ledger_first_gap() */
	int64_t time;
	uint8_t tip[CHAIN_HASH_SIZE];
};

/*
 * Put back, into a new ledger, what a history came to: its users in the order
 * in which they joined, and then its place.  -EBADMSG: that can be no user, it
 * is one already, these numbers do not go together, or the balances do not add
 * up.  -ENOMEM.
 */
int ledger_restore_user(struct ledger *l, struct slice name,
			struct amount balance) _must_check_;
int ledger_restore_place(struct ledger *l,
			 const struct ledger_place *p) _must_check_;

/* Walk committed members in the order they joined. */
uint32_t ledger_users(const struct ledger *l); /* numbers below this */
bool ledger_user_balance(const struct ledger *l, uint32_t user,
			 struct amount *ret); /* false: no member */

#endif
