/* SPDX-License-Identifier: MIT */
/*
 * Would all transfers be possible, one after the other, as balances are now?
 */
#ifndef WALLETCTL_IMPORT_CHECK_H
#define WALLETCTL_IMPORT_CHECK_H

#include "ledger/amount.h"
#include "walletctl/context.h"
#include "walletctl/mistakes.h"
#include "walletctl/transfers.h"

/* What users have: by number of transfers_name(). */
struct holdings {
	const struct transfers *transfers;
	struct amount initial; /* of those who join */
	redisReply *info;      /* about the ledger */
	struct holding *user;  /* transfers_names() of them */
};

/* What the checked transfers come to. */
struct import_sum {
	uint64_t transfers;
	uint64_t joining; /* users not yet part of the network */
	struct sum coins; /* moved */
};

/* Ask for the balances of all that are named. */
enum status holdings_ask(struct context *ctx, const struct transfers *t,
			 struct holdings *ret);
void holdings_done(struct holdings *h);
/* Make those from @first on, in memory; what cannot be goes to @m. */
void holdings_check(struct holdings *h, struct mistakes *m, size_t first,
		    struct import_sum *ret);

#endif
