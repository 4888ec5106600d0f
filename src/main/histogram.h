/* SPDX-License-Identifier: MIT */
/*
 * How long something took, counted in buckets whose bounds are the same for all:
 * wide enough apart to be few, and fixed, so that what was counted by several
 * daemons can be added up.
 */
#ifndef MAIN_HISTOGRAM_H
#define MAIN_HISTOGRAM_H

#include <stdint.h>

/* Bounds from 100 microseconds to 10 seconds; what is above has a bucket too. */
#define HISTOGRAM_BOUNDS 16

struct histogram {
	uint64_t count[HISTOGRAM_BOUNDS + 1]; /* each by itself */
	uint64_t sum; /* microseconds */
};

/* The largest number of microseconds that bucket @i, not the last, takes. */
uint64_t histogram_bound(int i);
/* Less than none counts as none. */
void histogram_add(struct histogram *h, int64_t usec);
/* All that were counted. */
uint64_t histogram_total(const struct histogram *h);

#endif
