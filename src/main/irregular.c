/* SPDX-License-Identifier: MIT */
/*
 * Serial ranges whose records may lie on more backends than count.
 */
#include "config.h"

#include <string.h>

#include "main/irregular.h"

static bool continues(const struct irregular *last, uint64_t from,
		      unsigned holder, uint32_t others)
{
	return last->to + 1 == from && last->holder == holder &&
	       last->others == others;
}

int irregulars_add(struct irregulars *i, uint64_t from, uint64_t to,
		   unsigned holder, uint32_t others)
{
	if (i->count && continues(&i->item[i->count - 1], from, holder, others)) {
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
		.holder = (uint8_t)holder,
		.others = others,
	};
	return 0;
}

void irregulars_done(struct irregulars *i)
{
	free(i->item);
	*i = (struct irregulars){ 0 };
}

bool irregulars_filter(const struct irregulars *i, unsigned backend,
		       uint64_t after, uint64_t upto,
		       struct message_filter *filter)
{
	uint32_t bit = UINT32_C(1) << backend;

	for (size_t n = 0; n < i->count; n++) {
		const struct irregular *r = &i->item[n];
		bool holds = r->holder == backend;

		if (r->to <= after || r->from > upto)
			continue;
		if (!holds && !(r->others & bit))
			continue;
		if (filter->ranges == MESSAGE_RANGES_MAX)
			return false;
		filter->range[filter->ranges++] = (struct message_range){
			.from = r->from,
			.to = r->to,
			.take = holds,
		};
	}
	return true;
}
