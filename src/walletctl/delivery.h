/* SPDX-License-Identifier: MIT */
/*
 * Getting orders to the main daemon exactly once: sent again with the same
 * operation ids while their fate is open, until it is settled or the time is up.
 * Several are done together or not at all.
 */
#ifndef WALLETCTL_DELIVERY_H
#define WALLETCTL_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "walletctl/answer.h"
#include "walletctl/client.h"
#include "walletctl/group.h"
#include "walletctl/status.h"

struct delivery {
	/* Set by the caller. */
	int64_t timeout; /* microseconds for all attempts */
	bool again;	 /* an earlier attempt may have gone through */
	bool ask_coin;	 /* INFO ledger goes with it, in the same round trip */
	bool dry_run;	 /* only ask what would be */
	/* Told of the first attempt that has to be repeated; may be NULL. */
	void (*repeating)(void *arg, const char *reason);
	void *arg;

	/* Filled by delivery_run(). */
	enum status status;
	bool last_did_nothing; /* as @reason says, but that is not all */
	char *reason; /* a sentence, unless STATUS_DONE; with its full stop */
	struct slice code; /* of the error that settled it; borrows from them */
	redisReply *reply;	/* NULL if there was none */
	redisReply *info;	/* NULL if not asked for */
	/* Of several, or of a dry run, what was said before the last word. */
	redisReply **queued;
	size_t queued_count;
	bool parts_queued; /* refusals stand there, not in @reply */
	bool refuses_parts; /* some orders are refused, each with a reason */
};

/*
 * Send @g.  STATUS_DONE; STATUS_UNAVAILABLE: nothing happened;
 * STATUS_UNKNOWN: it may have; anything else: refused, and nothing happened.
 * Always ends within about the timeout.
 */
void delivery_run(struct client *c, const struct group *g, struct delivery *d);
/*
 * What was said of the order at @i: a receipt, a balance after a dry run, or an
 * error; of a group also something else.  NULL if nothing was.
 */
const redisReply *delivery_part(const struct delivery *d, size_t i);
/* Free what delivery_run() filled in. */
void delivery_done(struct delivery *d);

#endif
