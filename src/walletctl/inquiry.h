/* SPDX-License-Identifier: MIT */
/*
 * INFO as it is now.  A main daemon that is idle does not know how its backends
 * are until it has asked them, which it does when it is asked; so it is asked
 * again until it has heard of them, or has given them up.
 */
#ifndef WALLETCTL_INQUIRY_H
#define WALLETCTL_INQUIRY_H

#include "walletctl/context.h"

/* Heard of less than so long ago: that is now. */
#define INQUIRY_FRESH_USEC 1000000

/*
 * The answer to INFO, for freeReplyObject(), also if it is none of a main
 * daemon's; NULL if none came.  What is wrong with it was told.
 */
enum status inquiry_ask(struct context *ctx, redisReply **ret);

#endif
