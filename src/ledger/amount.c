/* SPDX-License-Identifier: MIT */
/*
 * Checked arithmetic on coins.  The only place that looks into an amount or a
 * sum.
 */
#include "config.h"

#include <string.h>

#include "util/parse.h"

#include "ledger/amount.h"

int amount_parse(struct slice text, struct amount *ret)
{
	uint64_t n;
	int r;

	r = parse_u64(text, &n);
	if (r < 0)
		return r;
	return amount_from_u64(n, ret);
}

size_t amount_format(struct amount a, char out[AMOUNT_TEXT_MAX])
{
	char digits[U64_DIGITS_MAX];
	size_t len = format_u64((uint64_t)a.v, digits);

	memcpy(out, digits, len);
	return len;
}

int amount_from_u64(uint64_t n, struct amount *ret)
{
	if (n > INT64_MAX)
		return -ERANGE;

	ret->v = (int64_t)n;
	return 0;
}

uint64_t amount_to_u64(struct amount a)
{
	return (uint64_t)a.v;
}

bool amount_is_zero(struct amount a)
{
	return a.v == 0;
}

int amount_compare(struct amount a, struct amount b)
{
	return (a.v > b.v) - (a.v < b.v);
}

int amount_add(struct amount a, struct amount b, struct amount *ret)
{
	int64_t v;

	if (__builtin_add_overflow(a.v, b.v, &v))
		return -EOVERFLOW;

	ret->v = v;
	return 0;
}

int amount_sub(struct amount a, struct amount b, struct amount *ret)
{
	if (a.v < b.v)
		return -ERANGE;

	ret->v = a.v - b.v;
	return 0;
}

struct sum sum_from_i128(__int128 n)
{
	return (struct sum){ n };
}

__int128 sum_to_i128(struct sum s)
{
	return s.v;
}

struct sum sum_join(struct sum a, struct sum b)
{
	return sum_of(a.v, b.v);
}

int sum_applied(struct amount start, struct sum s, struct amount *ret)
{
	if (s.v < -(__int128)start.v)
		return -ERANGE;
	if (s.v > INT64_MAX - start.v)
		return -EOVERFLOW;

	ret->v = (int64_t)(start.v + s.v);
	return 0;
}

int sum_to_i64(struct sum s, int64_t *ret)
{
	if (s.v < INT64_MIN || s.v > INT64_MAX)
		return -EOVERFLOW;

	*ret = (int64_t)s.v;
	return 0;
}

void sum_format(struct sum s, char out[SUM_TEXT_SIZE])
{
	unsigned __int128 rest = (unsigned __int128)s.v;
	char text[SUM_TEXT_SIZE];
	size_t at = sizeof(text);

	/* The least sum has no positive twin in its own type. */
	if (s.v < 0)
		rest = -rest;

	text[--at] = '\0';
	do {
		text[--at] = (char)('0' + (int)(rest % 10));
		rest /= 10;
	} while (rest > 0);
	if (s.v < 0)
		text[--at] = '-';
	memcpy(out, text + at, sizeof(text) - at);
}
