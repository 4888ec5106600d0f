/* SPDX-License-Identifier: MIT */
/*
 * Percent-encoding in its canonical form, and a strict UTF-8 decoder.
 */
#include "config.h"

#include <limits.h>
#include <stdint.h>

#include "util/percent.h"

#define SURROGATE_FIRST 0xd800
#define SURROGATE_LAST 0xdfff
#define CODE_POINT_MAX 0x10ffff

static const char upper_hex[] = "0123456789ABCDEF";

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* 0 to 15, or -1 */
static int upper_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int percent_encode(struct slice text, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		size_t need = is_unreserved(c) ? 1 : 3;

		if (need > size - len || len > INT_MAX - need)
			return -ENOBUFS;
		if (need == 1) {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '%';
		out[len++] = upper_hex[c >> 4];
		out[len++] = upper_hex[c & 15];
	}
	return (int)len;
}

/* The byte that %XX at @at stands for, or -EINVAL. */
static int decode_escape(struct slice text, size_t at)
{
	int high;
	int low;

	if (text.len - at < 3)
		return -EINVAL;
	high = upper_hex_value(text.p[at + 1]);
	low = upper_hex_value(text.p[at + 2]);
	if (high < 0 || low < 0)
		return -EINVAL;

	/* There is one way to write each byte, and this is not it. */
	if (is_unreserved((unsigned char)(high << 4 | low)))
		return -EINVAL;
	return high << 4 | low;
}

int percent_decode(struct slice text, char *out, size_t size)
{
	size_t len = 0;
	size_t at = 0;

	while (at < text.len) {
		int c = (unsigned char)text.p[at];

		if (c == '%')
			c = decode_escape(text, at);
		else if (!is_unreserved((unsigned char)c))
			c = -EINVAL;
		if (c < 0)
			return c;

		if (len == size || len == INT_MAX)
			return -ENOBUFS;
		at += text.p[at] == '%' ? 3 : 1;
		out[len++] = (char)c;
	}
	return (int)len;
}

bool utf8_valid(struct slice text)
{
	size_t at = 0;

	while (at < text.len)
		if (utf8_next(text, &at) < 0)
			return false;
	return true;
}

/* How many bytes the sequence has that begins with @lead; 0: none does. */
static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

int utf8_next(struct slice text, size_t *at)
{
	/* The least code point that needs so many bytes. */
	static const int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	/* What of the first byte belongs to the code point. */
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned char lead;
	size_t length;
	int point;

	if (*at >= text.len)
		return -1;
	lead = (unsigned char)text.p[*at];
	length = sequence_length(lead);
	if (length == 0 || length > text.len - *at)
		return -1;

	point = lead & lead_bits[length];
	for (size_t i = 1; i < length; i++) {
		unsigned char c = (unsigned char)text.p[*at + i];

		if ((c & 0xc0) != 0x80)
			return -1;
		point = point << 6 | (c & 0x3f);
	}
	if (point < least[length] || point > CODE_POINT_MAX ||
	    (point >= SURROGATE_FIRST && point <= SURROGATE_LAST))
		return -1;

	*at += length;
	return point;
}
