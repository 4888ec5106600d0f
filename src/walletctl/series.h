/* SPDX-License-Identifier: MIT */
/*
 * A balance over time or serials, in so many columns: however many changes there
 * are, each column keeps the lowest and the highest, and what it ends with.
 */
#ifndef WALLETCTL_SERIES_H
#define WALLETCTL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

struct series_column {
	bool known; /* else it is before the beginning */
	int64_t low;
	int64_t high;
	int64_t end;
};

struct series {
	int64_t from; /* what the first column begins with … */
	int64_t to;   /* … and the last one ends with */
	size_t columns;
	struct series_column *column;
	size_t at; /* the column that is being filled */
	bool begun;
	int64_t value;
};

/* @to is @from at least, and neither is below 0. */
int series_init(struct series *s, int64_t from, int64_t to,
		size_t columns) _must_check_;
void series_done(struct series *s);

/* What it is to begin with; without this it begins with the first change. */
void series_begin(struct series *s, int64_t value);
/* At @x, not before the one before, @before became @after. */
void series_change(struct series *s, int64_t x, int64_t before, int64_t after);
/* There are no more changes. */
void series_end(struct series *s);

/* Where the column @i begins; for @i of columns where all ends. */
int64_t series_place(const struct series *s, size_t i);
/* The lowest and the highest of all; false if no column is known. */
bool series_range(const struct series *s, int64_t *ret_low, int64_t *ret_high);

#endif
