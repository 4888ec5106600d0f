/* SPDX-License-Identifier: MIT */
/*
 * Only a batch that is not at its end is remembered, so between batches, which
 * is nearly always, there is nothing to compare.
 */
#include "config.h"

#include "ledger/whole.h"
#include "ledger/record.h"

static bool goes_on(const struct whole *g, const struct record *r)
{
	return r->whole && r->batch_size == g->size &&
	       r->batch_position == g->position + 1 &&
	       r->serial == g->serial + 1;
}

bool whole_take(struct whole *g, const struct record *r)
{
	bool good = g->size ? goes_on(g, r) :
			      !r->whole || r->batch_position == 1;

	if (r->whole && r->batch_position < r->batch_size)
		*g = (struct whole){ r->serial, r->batch_position,
				     r->batch_size };
	else
		g->size = 0;
	return good;
}

uint64_t whole_partial(const struct whole *g)
{
	/* In a file that somebody made up it may have no first serial. */
	if (!g->size)
		return 0;
	return g->serial > g->position ? g->serial - g->position + 1 : 1;
}
