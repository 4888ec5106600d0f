/* SPDX-License-Identifier: MIT */
/*
 * How often something took how long.  A value is kept to one part in 64; the
 * largest one exactly.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/* Begin with zeros. */
struct histogram {
	uint64_t count;
	uint64_t largest;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value);

/* The value that @share of all (0 to 1) do not exceed; 0 if there is none. */
uint64_t histogram_percentile(const struct histogram *h, double share);

#endif
