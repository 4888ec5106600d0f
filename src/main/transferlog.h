/* SPDX-License-Identifier: MIT */
/*
 * Transfers and refusals in the journal.  A message costs more than a transfer:
 * a few of either a second are told one by one, and more are summed up once a
 * second.
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

/* What may be told at once. */
struct allowance {
	int64_t saved; /* microseconds of quiet */
	int64_t last;  /* when that was worked out */
};

struct transferlog {
	struct loop_timer *timer; /* when the sum is due */
	struct allowance allowance;
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

struct refusallog {
	struct loop_timer *timer;
	struct allowance allowance;
	uint64_t summed;
};

int refusallog_init(struct refusallog *l, struct loop *loop) _must_check_;
void refusallog_add(struct refusallog *l, int64_t now,
		    const struct engine_refusal_event *event);
void refusallog_flush(struct refusallog *l);

#endif
