/* SPDX-License-Identifier: MIT */
/*
 * A user's net over a range of serials, summed up by all backends.
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

/* @missing names a backend that did not answer, or is NULL and @net is good. */
typedef void (*total_done)(void *arg, const char *missing, struct sum net);

/* @done may be called before this returns.  Serials in (@after, @upto]. */
void total_ask(struct engine *e, struct slice user, uint64_t after,
	       uint64_t upto, total_done done, void *arg);
/* At the engine's end: forget those that are asked for. */
void totals_done(struct engine *e);

#endif
