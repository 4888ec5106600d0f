/* SPDX-License-Identifier: MIT */
/*
 * Transfers in the journal.  A message costs more than a transfer: a few a
 * second are told one by one, and more are summed up once a second.
 */
#ifndef MAIN_TRANSFERLOG_H
#define MAIN_TRANSFERLOG_H

#include <stdint.h>

#include "main/engine.h"
#include "sys/loop.h"
#include "util/cleanup.h"

/* Told one by one: so many a second, and so many at once. */
#define TRANSFERLOG_RATE 10
#define TRANSFERLOG_BURST 10

struct transferlog {
	struct loop_timer *timer; /* when the sum is due */
	int64_t allowance;	  /* microseconds of quiet saved up */
	int64_t last;		  /* when that was worked out */
	uint64_t summed;	  /* transfers that are not told of yet */
	uint64_t first_serial;	  /* of those */
	uint64_t last_serial;
};

int transferlog_init(struct transferlog *t, struct loop *loop) _must_check_;
/* A transfer at @now of loop_now()'s clock. */
void transferlog_add(struct transferlog *t, int64_t now,
		     const struct engine_transfer_event *event);
/* Tell what was summed up so far. */
void transferlog_flush(struct transferlog *t);

#endif
