/* SPDX-License-Identifier: MIT */
/*
 * Strict text to numbers and back.  No signs, no leading zeros, no spaces, no
 * locale: what is not exactly a number is an error.
 */
#ifndef UTIL_PARSE_H
#define UTIL_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"

/* Digits of the largest uint64_t, without a final zero. */
#define U64_DIGITS_MAX 20

/* Decimal digits only.  -EINVAL if it is no number, -ERANGE if too large. */
int parse_u64(struct slice text, uint64_t *ret) _must_check_;

/* The same, and within @min..@max, else -ERANGE. */
int parse_u64_range(struct slice text, uint64_t min, uint64_t max, uint64_t *ret)
	_must_check_;

/* Write @v in decimal without a final zero; returns the number of digits. */
size_t format_u64(uint64_t v, char out[U64_DIGITS_MAX]);

/* Exactly 2 * @len lower-case hex digits to @len bytes, else -EINVAL. */
int parse_hex(struct slice text, uint8_t *out, size_t len) _must_check_;

/* @len bytes to 2 * @len lower-case hex digits, without a final zero. */
void format_hex(const uint8_t *bytes, size_t len, char *out);

#endif
