/* SPDX-License-Identifier: MIT */
/*
 * Many questions on one connection, a number of them under way at a time, and
 * their answers in order.
 */
#ifndef WALLETCTL_PIPELINE_H
#define WALLETCTL_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "walletctl/context.h"

struct pipeline {
	unsigned window; /* questions under way at most */
	void *arg;
	/*
	 * The next question, its texts valid until the next call.  False:
	 * there is none yet; if none is under way either, that is the end.
	 */
	bool (*ask)(void *arg, struct client_request *ret);
	/* The next answer, maybe an error; else than STATUS_DONE it is the end. */
	enum status (*answer)(void *arg, const redisReply *reply);
};

/*
 * Run @p to its end.  The time-out counts while nothing comes.  Failures of
 * the connection are told, STATUS_UNAVAILABLE.
 */
enum status pipeline_run(struct context *ctx, const struct pipeline *p);

#endif
