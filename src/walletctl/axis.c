/* SPDX-License-Identifier: MIT */
/*
 * Amounts are exact up to the largest: a multiple of a step is below twice as
 * much, which 64 bits without a sign hold.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "util/timestamp.h"

#include "walletctl/axis.h"

#define DAYS_ONLY (INT64_C(3) * 86400 * USEC_PER_SEC)
#define MINUTES_ONLY (INT64_C(30) * 60 * USEC_PER_SEC)

/* 1, 2, 5, 10, 20, 50 … */
static uint64_t next_step(uint64_t step)
{
	uint64_t digit = step;

	while (digit >= 10)
		digit /= 10;
	return digit == 2 ? step / 2 * 5 : step * 2;
}

static struct axis with_step(uint64_t low, uint64_t high, uint64_t step)
{
	uint64_t over = high % step;

	return (struct axis){
		.bottom = low - low % step,
		.top = over ? high + (step - over) : high,
		.step = step,
	};
}

struct axis axis_amounts(int64_t low, int64_t high, unsigned ticks)
{
	uint64_t bottom = low <= high / 2 ? 0 : (uint64_t)low;
	uint64_t top = (uint64_t)high;
	uint64_t step = 1;
	struct axis a;

	/* What never changed is in the middle. */
	if (top == bottom && bottom > 0)
		bottom--;
	if (top == (uint64_t)low)
		top++;
	a = with_step(bottom, top, step);
	while ((a.top - a.bottom) / a.step + 1 > ticks) {
		step = next_step(step);
		a = with_step(bottom, top, step);
	}
	return a;
}

int64_t axis_place(const struct axis *a, int64_t amount, int64_t height)
{
	unsigned __int128 range = a->top - a->bottom;
	unsigned __int128 above = (uint64_t)amount - a->bottom;

	return (int64_t)((above * (uint64_t)height + range / 2) / range);
}

static size_t local_label(char out[AXIS_LABEL_SIZE], int64_t x, int64_t span)
{
	time_t t = (time_t)(x / USEC_PER_SEC);
	struct tm local;

	if (!localtime_r(&t, &local))
		return 0;
	if (span >= DAYS_ONLY)
		return strftime(out, AXIS_LABEL_SIZE, "%Y-%m-%d", &local);
	if (span >= MINUTES_ONLY)
		return strftime(out, AXIS_LABEL_SIZE, "%Y-%m-%d %H:%M", &local);
	return strftime(out, AXIS_LABEL_SIZE, "%Y-%m-%d %H:%M:%S", &local);
}

void axis_label(char out[AXIS_LABEL_SIZE], int64_t x, int64_t span,
		bool is_time)
{
	if (!is_time || local_label(out, x, span) == 0)
		(void)snprintf(out, AXIS_LABEL_SIZE, "%" PRId64, x);
}
