/* SPDX-License-Identifier: MIT */
/*
 * What stands at the edges of a plot: round amounts, and times or serials.
 */
#ifndef WALLETCTL_AXIS_H
#define WALLETCTL_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From bottom to top in steps; both are multiples of the step. */
struct axis {
	uint64_t bottom;
	uint64_t top;
	uint64_t step;
};

/*
 * Room for @low to @high, both 0 or more, with at most @ticks amounts, 2 at
 * least; from 0 on if that does not cost more than half of the height.
 */
struct axis axis_amounts(int64_t low, int64_t high, unsigned ticks);
/* How far up @amount is, 0 for the bottom to @height for the top. */
int64_t axis_place(const struct axis *a, int64_t amount, int64_t height);

/* "2026-11-22 13:37:00" */
#define AXIS_LABEL_SIZE 32
/*
 * The label of @x ended by a zero: a serial, or microseconds as local time, as
 * exact as it needs to be for something that is @span long.
 */
void axis_label(char out[AXIS_LABEL_SIZE], int64_t x, int64_t span,
		bool is_time);

#endif
