/* SPDX-License-Identifier: MIT */
/*
 * What is measured of batches and backends.
 */
#include "config.h"

#include <stdio.h>

#include "main/engine_internal.h"

#include "main/vitals.h"

/* As with round trips (RFC 6298): one eighth of what is new. */
#define SMOOTHING 8

/* The oldest order of a batch waited longest. */
void vitals_committed(struct engine *e, size_t count)
{
	struct engine_info *i = &e->counters;
	int64_t took = e->now - commit_entry(e, e->commit.head)->arrived;

	i->batches++;
	histogram_add(&i->commit, e->now - e->commit.closed_at);
	if (i->latency == 0)
		i->latency = took;
	else
		i->latency += (took - i->latency) / SMOOTHING;
	recent_add(&e->committed, e->now, count, took);
}

void vitals_trouble(struct link *l, const char *sentence)
{
	(void)snprintf(l->error, sizeof(l->error), "%s", sentence);
	l->error_at = l->engine->wall;
}

static uint64_t unacknowledged(const struct link *l)
{
	const struct engine *e = l->engine;
	uint64_t records = 0;

	if (e->commit.flying && e->commit.target[l->index].state == TARGET_SENT)
		records += e->commit.flying;
	if (e->refill.sending & UINT32_C(1) << l->index)
		records += e->refill.parcel[l->index].shipment.records;
	return records;
}

/* Until when do so many backends as must rely on us keep others out? */
static int64_t lease_until(const struct engine *e)
{
	int64_t best = 0;

	for (size_t i = 0; i < e->links; i++) {
		int64_t until = e->link[i].lease_until;
		uint32_t holding = 0;

		for (size_t k = 0; k < e->links; k++)
			holding += !e->link[k].joining &&
				   e->link[k].lease_until >= until;
		if (holding >= e->copies && until > best)
			best = until;
	}
	return best;
}

void vitals_info(const struct engine *e, struct engine_info *ret)
{
	const int64_t until = lease_until(e);

	ret->lease = until > e->now ? until - e->now : 0;
	if (e->checkpoint.stored)
		ret->checkpoint_age = e->now - e->checkpoint.stored_at;
	ret->last_minute = recent_count(&e->committed, e->now);
	ret->latency_most = recent_most(&e->committed, e->now);
}

void vitals_backend(const struct link *l, struct engine_info *ret)
{
	const struct engine *e = l->engine;
	const unsigned i = l->index;

	ret->backend[i].heard = l->seen ? e->now - l->heard_at : -1;
	ret->backend[i].owing = link_owing(l);
	ret->backend[i].unacknowledged = unacknowledged(l);
	ret->backend[i].counters = &l->counters;
	ret->backend[i].dropped_there = l->dropped_there;
	ret->backend[i].error = l->error;
	ret->backend[i].error_time = l->error_at;
}
