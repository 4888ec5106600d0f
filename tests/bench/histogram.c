/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>

#include "histogram.h"

#define SUB (UINT64_C(1) << HISTOGRAM_SUB_BITS)

/* Small values have a bucket each, others SUB buckets to a power of two. */
static size_t bucket_of(uint64_t value)
{
	unsigned int shift;

	if (value < SUB)
		return (size_t)value;

	shift = 63 - (unsigned int)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return (size_t)((shift + 1) * SUB + ((value >> shift) - SUB));
}

/* The largest value that falls into @bucket. */
static uint64_t bucket_end(size_t bucket)
{
	unsigned int shift;

	if (bucket < SUB)
		return bucket;

	shift = (unsigned int)(bucket / SUB) - 1;
	return ((SUB + bucket % SUB + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	h->count++;
	h->buckets[bucket_of(value)]++;
	if (value > h->largest)
		h->largest = value;
}

uint64_t histogram_percentile(const struct histogram *h, double share)
{
	uint64_t wanted = (uint64_t)((double)h->count * share + 0.5);
	uint64_t seen = 0;

	if (wanted < 1)
		wanted = 1;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= wanted && seen > 0)
			return bucket_end(i) < h->largest ? bucket_end(i)
							  : h->largest;
	}
	return h->largest;
}
