/* SPDX-License-Identifier: MIT */
/*
 * Strict text to numbers and back.  Stands on the path of each record that is
 * read or written, hence the tables.
 */
#include "config.h"

#include <string.h>

#include "util/parse.h"

/* Any number of so many digits fits into 64 bits. */
#define SAFE_DIGITS 19

/* Two digits at a time: a division costs more than all the rest. */
static const char decimal_pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

static const char hex_digits[] = "0123456789abcdef";

/* One more than the value of a lower-case hex digit; 0: it is none. */
static const uint8_t hex_values[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* What the long way finds: too large, or not a number at all? */
static int parse_long(struct slice text, uint64_t *ret)
{
	uint64_t v = 0;
	bool fits = true;

	for (size_t i = 0; i < text.len; i++) {
		unsigned int digit =
			(unsigned char)text.p[i] - (unsigned int)'0';

		if (digit > 9)
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			fits = false;
	}
	if (!fits)
		return -ERANGE;

	*ret = v;
	return 0;
}

int parse_u64(struct slice text, uint64_t *ret)
{
	uint64_t v = 0;

	if (text.len == 0 || (text.len > 1 && text.p[0] == '0'))
		return -EINVAL;
	if (text.len > SAFE_DIGITS)
		return parse_long(text, ret);

	for (size_t i = 0; i < text.len; i++) {
		unsigned int digit =
			(unsigned char)text.p[i] - (unsigned int)'0';

		if (digit > 9)
			return -EINVAL;
		v = v * 10 + digit;
	}
	*ret = v;
	return 0;
}

int parse_u64_range(struct slice text, uint64_t min, uint64_t max,
		    uint64_t *ret)
{
	uint64_t v;
	int r;

	r = parse_u64(text, &v);
	if (r < 0)
		return r;
	if (v < min || v > max)
		return -ERANGE;

	*ret = v;
	return 0;
}

size_t format_u64(uint64_t v, char out[U64_DIGITS_MAX])
{
	char digits[U64_DIGITS_MAX];
	size_t at = sizeof(digits);

	while (v >= 100) {
		at -= 2;
		memcpy(digits + at, decimal_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		at -= 2;
		memcpy(digits + at, decimal_pairs + v * 2, 2);
	} else {
		digits[--at] = (char)('0' + v);
	}
	memcpy(out, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

int parse_hex(struct slice text, uint8_t *out, size_t len)
{
	unsigned int wrong = 0;

	if (text.len % 2 != 0 || text.len / 2 != len)
		return -EINVAL;

	for (size_t i = 0; i < text.len; i++)
		wrong |= hex_values[(unsigned char)text.p[i]] == 0;
	if (wrong)
		return -EINVAL;

	for (size_t i = 0; i < len; i++) {
		unsigned int high = hex_values[(unsigned char)text.p[2 * i]];
		unsigned int low = hex_values[(unsigned char)text.p[2 * i + 1]];

		out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return 0;
}

void format_hex(const uint8_t *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex_digits[bytes[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
}
