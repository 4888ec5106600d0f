/* SPDX-License-Identifier: MIT */
/*
 * Getting an order to the main daemon exactly once: sent again with the same
 * operation id while its fate is open, until it is settled or the time is up.
 */
#ifndef WALLETCTL_DELIVERY_H
#define WALLETCTL_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "walletctl/answer.h"
#include "walletctl/client.h"
#include "walletctl/order.h"
#include "walletctl/status.h"

struct delivery {
	/* Set by the caller. */
	int64_t timeout; /* microseconds for all attempts */
	bool again;	 /* an earlier attempt may have gone through */
	bool ask_coin;	 /* INFO ledger goes with it, in the same round trip */
	/* Told of the first attempt that has to be repeated; may be NULL. */
	void (*repeating)(void *arg, const char *reason);
	void *arg;

	/* Filled by delivery_run(). */
	enum status status;
	bool last_did_nothing; /* as @reason says, but that is not all */
	char *reason; /* a sentence, unless STATUS_DONE; with its full stop */
	struct answer_receipt receipt; /* if STATUS_DONE; borrows from reply */
	redisReply *reply;	       /* NULL if there was none */
	redisReply *info;	       /* NULL if not asked for */
};

/*
 * Send @o.  STATUS_DONE; STATUS_UNAVAILABLE: nothing happened;
 * STATUS_UNKNOWN: it may have; anything else: refused, and nothing happened.
 * Always ends within about the timeout.
 */
void delivery_run(struct client *c, const struct order *o, struct delivery *d);
/* Free what delivery_run() filled in. */
void delivery_done(struct delivery *d);

#endif
