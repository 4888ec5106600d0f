/* SPDX-License-Identifier: MIT */
/*
 * A ring of seconds, each with its number, so that an old one shows.
 */
#include "config.h"

#include "util/timestamp.h"

#include "main/recent.h"

static int64_t second_of(int64_t now)
{
	return now / USEC_PER_SEC + 1;
}

void recent_add(struct recent *r, int64_t now, uint64_t count, int64_t value)
{
	const int64_t second = second_of(now);
	const int64_t i = second % RECENT_SECONDS;

	if (r->slot[i].second != second) {
		r->slot[i].second = second;
		r->slot[i].count = 0;
		r->slot[i].most = 0;
	}
	r->slot[i].count += count;
	if (value > r->slot[i].most)
		r->slot[i].most = value;
}

uint64_t recent_count(const struct recent *r, int64_t now)
{
	uint64_t sum = 0;

	for (int i = 0; i < RECENT_SECONDS; i++)
		if (r->slot[i].second > second_of(now) - RECENT_SECONDS)
			sum += r->slot[i].count;
	return sum;
}

uint64_t recent_rate(const struct recent *r, int64_t now)
{
	const int64_t second = second_of(now) - 1;
	const int64_t i = second % RECENT_SECONDS;

	return r->slot[i].second == second ? r->slot[i].count : 0;
}

int64_t recent_most(const struct recent *r, int64_t now)
{
	int64_t most = 0;

	for (int i = 0; i < RECENT_SECONDS; i++)
		if (r->slot[i].second > second_of(now) - RECENT_SECONDS &&
		    r->slot[i].most > most)
			most = r->slot[i].most;
	return most;
}
