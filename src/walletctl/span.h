/* SPDX-License-Identifier: MIT */
/*
 * Which part of the ledger is meant: --since and --until, or --at, as serials.
 *
 * Times never go back as serials go up, and records without a time, old ones,
 * are older than any.  So a time has its place in the ledger, which is looked for
 * by halves, a question a step.
 */
#ifndef WALLETCTL_SPAN_H
#define WALLETCTL_SPAN_H

#include "walletctl/context.h"

/* For a time: there is none. */
#define SPAN_NO_TIME (-1)

/* Both ends are included, of the times and of the serials. */
struct span {
	int64_t since; /* SPAN_NO_TIME: from the first record on */
	int64_t until; /* SPAN_NO_TIME: to the last */

	int64_t tip;	  /* as of which all is */
	int64_t tip_time; /* SPAN_NO_TIME: no record has one */
	int64_t first;	  /* 1 at least */
	int64_t last;	  /* tip at most; below first: there is nothing */
};

/*
 * Take the options of @ctx; asks nothing.  STATUS_USAGE if they make no sense.
 */
enum status span_options(struct context *ctx, struct span *ret);
/* Is there a --since or --until? */
bool span_is_bounded(const struct span *s);
/* Ask where it begins and ends. */
enum status span_find(struct context *ctx, struct span *s);

/*
 * The serial that --at means, which may be a time, or the tip without it; 0: a
 * time before the first record.  One that there is not yet is refused.
 */
enum status span_at(struct context *ctx, int64_t *ret);

#endif
