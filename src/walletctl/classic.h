/* SPDX-License-Identifier: MIT */
/*
 * The four operations as the original system's clients are called, and word for
 * word what they print: chain-protocol(7), "The original's screen".
 */
#ifndef WALLETCTL_CLASSIC_H
#define WALLETCTL_CLASSIC_H

#include <stdbool.h>

#include "walletctl/context.h"
#include "walletctl/order.h"

/*
 * Make commands of the original's words, in place: USER, USER stats, SENDER
 * RECEIVER AMOUNT and TXLIST.  Anything else is left as it is.
 */
void classic_words(struct options *o);

/* Run ctx->command, one of the four, and print what the original prints. */
enum status classic_run(struct context *ctx);

/*
 * Tell how a transfer ended.  @info is an answer to INFO ledger, or NULL.  False
 * if the original has no words for @reply, which may be NULL.
 */
bool classic_receipt(struct context *ctx, const struct order *o,
		     const redisReply *reply, const redisReply *info);

#endif
