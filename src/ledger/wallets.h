/* SPDX-License-Identifier: MIT */
/*
 * Balances.  Each wallet has two: the committed one, which is durable and the
 * only one that is ever shown, and the staged one, which also counts transfers
 * on their way to a disk, and against which new transfers are checked.
 */
#ifndef LEDGER_WALLETS_H
#define LEDGER_WALLETS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "util/cleanup.h"

struct wallets;

int wallets_new(struct amount initial, struct wallets **ret) _must_check_;
struct wallets *wallets_free(struct wallets *w);
DEFINE_CLEANUP(struct wallets, wallets_free);

/* A user's wallet exists for us once it is a member; users are users.h numbers. */
bool wallets_is_member(const struct wallets *w, uint32_t user);
bool wallets_is_staged_member(const struct wallets *w, uint32_t user);
struct amount wallets_balance(const struct wallets *w, uint32_t user);
struct amount wallets_staged_balance(const struct wallets *w, uint32_t user);
/* Members, committed; their coins are members times the initial balance. */
uint64_t wallets_members(const struct wallets *w);

/*
 * Stage a transfer between staged members, or an opening (sender equals
 * receiver, amount 0: makes a staged member).  0; -ERANGE if the sender has
 * too little, -EOVERFLOW if the receiver's balance would overflow, -ENOMEM;
 * nothing changes on error.
 */
int wallets_stage(struct wallets *w, uint32_t sender, uint32_t receiver,
		  struct amount amount) _must_check_;
/*
 * Make @user, who is no member, a staged one: a transfer that names it is
 * staged next, and settling that one makes it a member.  0 or -ENOMEM.
 */
int wallets_join(struct wallets *w, uint32_t user) _must_check_;
/* Take that back, behind the transfer. */
void wallets_leave(struct wallets *w, uint32_t user);
/* Take back what was staged last; in reverse order of staging. */
void wallets_unstage(struct wallets *w, uint32_t sender, uint32_t receiver,
		     struct amount amount);
/* What was staged first is durable now: in the order of staging. */
void wallets_settle(struct wallets *w, uint32_t sender, uint32_t receiver,
		    struct amount amount);
/*
 * A record of the history: stage and settle at once, both users becoming
 * members.  Errors as wallets_stage().  Only while nothing is staged.
 */
int wallets_apply(struct wallets *w, uint32_t sender, uint32_t receiver,
		  struct amount amount) _must_check_;
/* What a history came to: @user, no member yet, becomes one with @balance. */
int wallets_restore(struct wallets *w, uint32_t user,
		    struct amount balance) _must_check_;

#endif
