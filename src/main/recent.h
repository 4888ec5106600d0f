/* SPDX-License-Identifier: MIT */
/*
 * What happened in the last minute: how often, and the largest of what was
 * measured.  Needs no timer: a second that is over is forgotten when its place
 * is taken by another, or not counted by whoever looks.
 */
#ifndef MAIN_RECENT_H
#define MAIN_RECENT_H

#include <stdint.h>

#define RECENT_SECONDS 60

/* Begin with { 0 }, and with a clock that has not been below 0. */
struct recent {
	struct {
		int64_t second; /* one more than its number; 0: never used */
		uint64_t count;
		int64_t most;
	} slot[RECENT_SECONDS];
};

/* @count more at @now (microseconds, any steady clock), of which one is @value. */
void recent_add(struct recent *r, int64_t now, uint64_t count, int64_t value);
/* How many in the second that is under way and the 59 before it. */
uint64_t recent_count(const struct recent *r, int64_t now);
/* How many in the last second that is over. */
uint64_t recent_rate(const struct recent *r, int64_t now);
/* The largest value, of the same time as recent_count(); 0: none. */
int64_t recent_most(const struct recent *r, int64_t now);

#endif
