/* SPDX-License-Identifier: MIT */
/*
 * Asking the backends whether an operation id is on record, and what the
 * receipt was.
 */
#ifndef MAIN_LOOKUP_H
#define MAIN_LOOKUP_H

#include "main/engine.h"
#include "util/cleanup.h"
#include "util/slice.h"

struct lookup;
struct op;

enum lookup_end {
	LOOKUP_FRESH, /* no record bears it */
	LOOKUP_RECORDED,
	LOOKUP_UNAVAILABLE, /* not all that are needed have answered */
};

/*
 * Called once; lookup_free() is allowed in it.  If it is RECORDED, @op is what
 * was ordered with it and @receipt what was told then; both are borrowed.
 */
typedef void (*lookup_done)(void *arg, enum lookup_end how, const struct op *op,
			    const struct outcome *receipt);

/* What clients are told who cannot be told more. */
extern const char lookup_unanswered[];

/* Up to what is committed now.  Does not call back before lookup_start(). */
int lookup_new(struct engine *e, struct slice id, lookup_done done, void *arg,
	       struct lookup **ret) _must_check_;
void lookup_start(struct lookup *l);
/* Not while it is under way, but for the engine's end. */
struct lookup *lookup_free(struct lookup *l);
DEFINE_CLEANUP(struct lookup, lookup_free);

#endif
