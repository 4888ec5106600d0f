/* SPDX-License-Identifier: MIT */
/*
 * What a user's records in a range of serials come to, summed up by all
 * backends.
 */
#ifndef MAIN_TOTAL_H
#define MAIN_TOTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "util/list.h"
#include "util/slice.h"

struct engine;
struct total;

/* How many records name the user, and what it received less what it sent. */
struct total_sum {
	uint64_t records;
	struct sum net;
};

/* @missing names a backend that did not answer, or is NULL and @sum is good. */
typedef void (*total_done)(void *arg, const char *missing,
			   const struct total_sum *sum);

/* @done may be called before this returns.  Serials in (@after, @upto]. */
void total_ask(struct engine *e, struct slice user, uint64_t after,
	       uint64_t upto, total_done done, void *arg);
/* At the engine's end: forget those that are asked for. */
void totals_done(struct engine *e);

#endif
