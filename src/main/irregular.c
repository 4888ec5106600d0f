/* SPDX-License-Identifier: MIT */
/*
 * Serial ranges whose records may lie on more backends than count.
 */
#include "config.h"

#include <string.h>

#include "main/irregular.h"

static bool continues(const struct irregular *last, uint64_t from,
		      uint32_t holders, uint32_t others)
{
	return last->to + 1 == from && last->holders == holders &&
	       last->others == others;
}

int irregulars_add(struct irregulars *i, uint64_t from, uint64_t to,
		   uint32_t holders, uint32_t others)
{
	if (i->count &&
	    continues(&i->item[i->count - 1], from, holders, others)) {
		i->item[i->count - 1].to = to;
		return 0;
	}
	if (i->count == i->cap) {
		size_t cap = i->cap ? 2 * i->cap : 16;
		struct irregular *item;

		item = reallocarray(i->item, cap, sizeof(*item));
		if (!item)
			return -ENOMEM;
		i->item = item;
		i->cap = cap;
	}
	i->item[i->count++] = (struct irregular){
		.from = from,
		.to = to,
		.holders = holders,
		.others = others,
	};
	return 0;
}

void irregulars_done(struct irregulars *i)
{
	free(i->item);
	*i = (struct irregulars){ 0 };
}

static int add_part(struct irregulars *to, const struct irregular *r,
		    uint64_t after, uint64_t upto)
{
	if (r->to <= after || r->from > upto)
		return 0;
	return irregulars_add(to, r->from > after ? r->from : after + 1,
			      r->to < upto ? r->to : upto, r->holders,
			      r->others);
}

static int add_parts(struct irregulars *to, const struct irregulars *of,
		     uint64_t after, uint64_t upto)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < of->count; n++)
		r = add_part(to, &of->item[n], after, upto);
	return r;
}

int irregulars_replace(struct irregulars *i, uint64_t after, uint64_t upto,
		       const struct irregulars *by)
{
	_cleanup_(irregulars_done) struct irregulars new = { 0 };
	struct irregulars old = *i;
	int r;

	r = add_parts(&new, i, 0, after);
	if (r == 0)
		r = add_parts(&new, by, after, upto);
	if (r == 0)
		r = add_parts(&new, i, upto, UINT64_MAX);
	if (r < 0)
		return r;
	*i = new;
	new = old;
	return 0;
}

bool irregulars_filter(const struct irregulars *i, unsigned backend,
		       uint64_t after, uint64_t upto, uint32_t absent,
		       struct message_filter *filter)
{
	uint32_t bit = UINT32_C(1) << backend;

	for (size_t n = 0; n < i->count; n++) {
		const struct irregular *r = &i->item[n];
		uint32_t holders = r->holders & ~absent;

		if (r->to <= after || r->from > upto)
			continue;
		if (!((r->holders | r->others) & bit))
			continue;
		if (filter->ranges == MESSAGE_RANGES_MAX)
			return false;
		filter->range[filter->ranges++] = (struct message_range){
			.from = r->from,
			.to = r->to,
			/* The lowest of them. */
			.take = holders & bit && !(holders & (bit - 1)),
		};
	}
	return true;
}
