/* SPDX-License-Identifier: MIT */
/*
 * Changes come in their order and are forgotten at once.
 */
#include "config.h"

#include <errno.h>

#include "walletctl/series.h"

int series_init(struct series *s, int64_t from, int64_t to, size_t columns)
{
	struct series_column *column = calloc(columns, sizeof(*column));

	if (!column)
		return -ENOMEM;
	*s = (struct series){
		.from = from,
		.to = to,
		.columns = columns,
		.column = column,
	};
	return 0;
}

void series_done(struct series *s)
{
	free(s->column);
	*s = (struct series){ .column = NULL };
}

static size_t column_of(const struct series *s, int64_t x)
{
	unsigned __int128 width = (unsigned __int128)(s->to - s->from) + 1;

	if (x <= s->from)
		return 0;
	if (x >= s->to)
		return s->columns - 1;
	return (size_t)((unsigned __int128)(x - s->from) * s->columns / width);
}

int64_t series_place(const struct series *s, size_t i)
{
	unsigned __int128 width = (unsigned __int128)(s->to - s->from) + 1;
	unsigned __int128 offset = (width * i + s->columns - 1) / s->columns;

	return i < s->columns ? s->from + (int64_t)offset : s->to;
}

static void include(struct series *s, int64_t value)
{
	struct series_column *c = &s->column[s->at];

	if (!c->known || value < c->low)
		c->low = value;
	if (!c->known || value > c->high)
		c->high = value;
	c->known = true;
	c->end = value;
}

/* Until then it stayed what it was. */
static void go_on(struct series *s, size_t at)
{
	while (s->at < at) {
		s->at++;
		include(s, s->value);
	}
}

void series_begin(struct series *s, int64_t value)
{
	s->begun = true;
	s->value = value;
	include(s, value);
}

void series_change(struct series *s, int64_t x, int64_t before, int64_t after)
{
	size_t at = column_of(s, x);

	if (!s->begun) {
		s->at = at;
		series_begin(s, before);
	}
	go_on(s, at);
	s->value = after;
	include(s, after);
}

void series_end(struct series *s)
{
	if (s->begun)
		go_on(s, s->columns - 1);
}

bool series_range(const struct series *s, int64_t *ret_low, int64_t *ret_high)
{
	bool known = false;

	for (size_t i = 0; i < s->columns; i++) {
		const struct series_column *c = &s->column[i];

		if (!c->known)
			continue;
		if (!known || c->low < *ret_low)
			*ret_low = c->low;
		if (!known || c->high > *ret_high)
			*ret_high = c->high;
		known = true;
	}
	return known;
}
