/* SPDX-License-Identifier: MIT */
/*
 * Strict text to numbers and back.  Stands on the path of each record that is
 * read or written, hence the tables.
 */
#include "config.h"

#include <endian.h>
#include <string.h>

#include "util/parse.h"
#include "util/swar.h"

/* Any number of so many digits fits into 64 bits. */
#define SAFE_DIGITS 19

/* Two digits at a time: a division costs more than all the rest. */
static const char decimal_pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

static const char hex_digits[] = "0123456789abcdef";

/* Digits and bytes that one register takes. */
#define HEX_AT_ONCE 8
#define HEX_BYTES_AT_ONCE 4

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

/*
 * What eight hex digits stand for, a byte each.  That is written as text again
 * and compared: what had another form was no digit.  No byte carries: a value
 * is 24 at the most, as text 111.
 */
static inline uint64_t hex_values(uint64_t text, uint64_t *wrong)
{
	uint64_t letter = text >> 6 & SWAR_ONES;
	uint64_t value = (text & SWAR_ONES * 15) + letter * 9;
	uint64_t above_9 = (value + SWAR_ONES * 6) >> 4 & SWAR_ONES;

	*wrong |= (value + SWAR_ONES * '0' + above_9 * ('a' - '0' - 10)) ^ text;
	*wrong |= value & SWAR_ONES * 16;
	return value;
}

/* Eight values below 16 to four bytes, the first one lowest. */
static inline uint32_t join_values(uint64_t value)
{
	value = (value << 4 | value >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	value = (value | value >> 8) & UINT64_C(0x0000ffff0000ffff);
	return htole32((uint32_t)(value | value >> 16));
}

/* The last digits, fewer than eight. */
static uint64_t load_short(struct slice text)
{
	char padded[HEX_AT_ONCE];

	memset(padded, '0', sizeof(padded));
	if (text.len > 0)
		memcpy(padded, text.p, text.len);
	return swar_load(padded);
}

int parse_hex(struct slice text, uint8_t *out, size_t len)
{
	size_t whole = text.len / HEX_AT_ONCE;
	uint64_t wrong = 0;
	uint64_t last = 0;
	uint32_t bytes;

	if (text.len % 2 != 0 || text.len / 2 != len)
		return -EINVAL;

	/* First of all: nothing is written unless all of it is right. */
	for (size_t i = 0; i < whole; i++)
		(void)hex_values(swar_load(text.p + i * HEX_AT_ONCE), &wrong);
	if (text.len % HEX_AT_ONCE != 0)
		last = hex_values(load_short((struct slice){
					  text.p + whole * HEX_AT_ONCE,
					  text.len % HEX_AT_ONCE }),
				  &wrong);
	if (wrong)
		return -EINVAL;

	for (size_t i = 0; i < whole; i++) {
		bytes = join_values(hex_values(
			swar_load(text.p + i * HEX_AT_ONCE), &wrong));
		memcpy(out + i * HEX_BYTES_AT_ONCE, &bytes, sizeof(bytes));
	}
	bytes = join_values(last);
	if (len % HEX_BYTES_AT_ONCE != 0)
		memcpy(out + whole * HEX_BYTES_AT_ONCE, &bytes,
		       len % HEX_BYTES_AT_ONCE);
	return 0;
}

/* Four bytes, the first one lowest, as eight digits. */
static inline uint64_t digits_of(uint32_t bytes)
{
	uint64_t value = bytes;
	uint64_t above_9;

	/* The bytes apart, then each one's halves, the upper one first. */
	value = (value | value << 16) & UINT64_C(0x0000ffff0000ffff);
	value = (value | value << 8) & UINT64_C(0x00ff00ff00ff00ff);
	value = (value >> 4 | value << 8) & SWAR_ONES * 15;
	above_9 = (value + SWAR_ONES * 6) >> 4 & SWAR_ONES;
	return value + SWAR_ONES * '0' + above_9 * ('a' - '0' - 10);
}

void format_hex(const uint8_t *bytes, size_t len, char *out)
{
	uint64_t digits;
	uint32_t four;

	for (; len >= HEX_BYTES_AT_ONCE; len -= HEX_BYTES_AT_ONCE) {
		memcpy(&four, bytes, sizeof(four));
		digits = htole64(digits_of(le32toh(four)));
		memcpy(out, &digits, sizeof(digits));
		bytes += HEX_BYTES_AT_ONCE;
		out += HEX_AT_ONCE;
	}
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex_digits[bytes[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
}
