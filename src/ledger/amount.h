/* SPDX-License-Identifier: MIT */
/*
 * Amounts of coins.  A struct, so that nobody adds one by accident; only this
 * module reaches inside (a test sees to it).  All arithmetic is checked.
 */
#ifndef LEDGER_AMOUNT_H
#define LEDGER_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"

/* 0 to 2^63-1 coins. */
struct amount {
	int64_t v;
};

/*
 * A sum of signed amounts: a net total, a change of balance.  128 bits hold
 * the sum of 2^64 amounts, so it cannot overflow.
 */
struct sum {
	__int128 v;
};

#define AMOUNT_ZERO ((struct amount){ 0 })
#define SUM_ZERO ((struct sum){ 0 })
#define AMOUNT_TEXT_MAX 19
/* Sign, 39 digits, final zero. */
#define SUM_TEXT_SIZE 41

/*
 * Decimal digits, no sign, no leading zero ("0" itself is 0).
 * -EINVAL: not that; -ERANGE: above 2^63-1.
 */
int amount_parse(struct slice text, struct amount *ret) _must_check_;
/* Digits without a final zero; returns how many. */
size_t amount_format(struct amount a, char out[AMOUNT_TEXT_MAX]);
/* From a number of the configuration or the wire; -ERANGE if negative or too large. */
int amount_from_u64(uint64_t n, struct amount *ret) _must_check_;
uint64_t amount_to_u64(struct amount a);
bool amount_is_zero(struct amount a);
/* <0, 0, >0 */
int amount_compare(struct amount a, struct amount b);
/* -EOVERFLOW past 2^63-1, -ERANGE below zero; *ret untouched then. */
int amount_add(struct amount a, struct amount b, struct amount *ret) _must_check_;
int amount_sub(struct amount a, struct amount b, struct amount *ret) _must_check_;

struct sum sum_from_i128(__int128 n);
__int128 sum_to_i128(struct sum s);

/*
 * A number from the wire may be anything, so that even here the edge must be
 * defined: it wraps, and sum_applied() and sum_to_i64() judge what comes out.
 */
static inline struct sum sum_of(__int128 a, __int128 b)
{
	return (struct sum){ (__int128)((unsigned __int128)a +
					(unsigned __int128)b) };
}

/* Inline: a start sums up every record that it reads. */
static inline struct sum sum_plus(struct sum s, struct amount a)
{
	return sum_of(s.v, a.v);
}

static inline struct sum sum_minus(struct sum s, struct amount a)
{
	return sum_of(s.v, -(__int128)a.v);
}

struct sum sum_join(struct sum a, struct sum b);
/* @start plus @s as an amount; -ERANGE below zero, -EOVERFLOW past 2^63-1. */
int sum_applied(struct amount start, struct sum s, struct amount *ret) _must_check_;
/* As int64_t for a RESP integer, else -EOVERFLOW. */
int sum_to_i64(struct sum s, int64_t *ret) _must_check_;
/* Decimal with sign, ended by a zero. */
void sum_format(struct sum s, char out[SUM_TEXT_SIZE]);

#endif
