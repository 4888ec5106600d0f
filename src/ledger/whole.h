/* SPDX-License-Identifier: MIT */
/*
 * Batches that stand or fall as one, b=K/N!: is each of them there from its
 * first record to its last?  A walk over records tells of one after the other,
 * in the order of a file or of a history.
 */
#ifndef LEDGER_WHOLE_H
#define LEDGER_WHOLE_H

#include <stdbool.h>
#include <stdint.h>

struct record;

/* The whole batch that the walk stands in.  Begin with { 0 }. */
struct whole {
	uint64_t serial; /* of the newest record */
	uint32_t position;
	uint32_t size; /* 0: it stands in none */
};

/*
 * The next record.  False: it does not go on with the batch that the walk
 * stands in, or stands in the middle of one that did not begin.  Then the walk
 * goes on with it as if it did.
 */
bool whole_take(struct whole *g, const struct record *r);

/* The first serial of a batch whose end has not come; 0: there is none. */
uint64_t whole_partial(const struct whole *g);

#endif
