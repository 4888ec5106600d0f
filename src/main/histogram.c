/* SPDX-License-Identifier: MIT */
/*
 * Buckets in steps of 1, 2.5, 5.  Most of what is counted falls into the first
 * few, which are looked at first.
 */
#include "config.h"

#include <assert.h>

#include "main/histogram.h"

static const uint64_t bounds[HISTOGRAM_BOUNDS] = {
	100,	250,	500,	 1000,	 2500,	 5000,	  10000,   25000,
	50000,	100000, 250000,	 500000, 1000000, 2500000, 5000000, 10000000,
};

uint64_t histogram_bound(int i)
{
	assert(i >= 0 && i < HISTOGRAM_BOUNDS);
	return bounds[i];
}

void histogram_add(struct histogram *h, int64_t usec)
{
	const uint64_t took = usec > 0 ? (uint64_t)usec : 0;
	int i = 0;

	while (i < HISTOGRAM_BOUNDS && took > bounds[i])
		i++;
	h->count[i]++;
	h->sum += took;
}

uint64_t histogram_total(const struct histogram *h)
{
	uint64_t total = 0;

	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		total += h->count[i];
	return total;
}
