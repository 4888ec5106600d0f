/* SPDX-License-Identifier: MIT */
/*
 * Bounded reading and writing of bytes, big-endian, with a sticky error.
 * Knows nothing of the layouts that are read and written with it.
 */
#include "config.h"

#include <string.h>

#include "util/cursor.h"

#define SHORT_STRING_MAX 255

struct reader reader_of(const void *data, size_t len)
{
	return (struct reader){ .p = data, .left = len };
}

/* The next @len bytes, or NULL, and NULL from then on. */
static const uint8_t *reader_take(struct reader *r, size_t len)
{
	const uint8_t *p = r->p;

	if (r->bad || len > r->left) {
		r->bad = true;
		return NULL;
	}
	/* Nothing may be added to NULL, not even nothing. */
	if (len)
		r->p += len;
	r->left -= len;
	return p;
}

static uint64_t reader_number(struct reader *r, size_t len)
{
	const uint8_t *p = reader_take(r, len);
	uint64_t v = 0;

	if (!p)
		return 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)reader_number(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)reader_number(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)reader_number(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
	return reader_number(r, 8);
}

/* Both halves or nothing: half a number must not look like one. */
__int128 reader_i128(struct reader *r)
{
	struct reader both;
	uint64_t high;
	uint64_t low;
	const uint8_t *p = reader_take(r, 16);

	if (!p)
		return 0;
	both = reader_of(p, 16);
	high = reader_u64(&both);
	low = reader_u64(&both);
	return (__int128)((unsigned __int128)high << 64 | low);
}

struct slice reader_bytes(struct reader *r, size_t len)
{
	const uint8_t *p = reader_take(r, len);

	if (!p)
		return (struct slice){ NULL, 0 };
	return (struct slice){ (const char *)p, len };
}

struct slice reader_short_string(struct reader *r)
{
	return reader_bytes(r, reader_u8(r));
}

struct slice reader_rest(struct reader *r)
{
	return reader_bytes(r, r->left);
}

bool reader_done(const struct reader *r)
{
	return !r->bad && r->left == 0;
}

struct writer writer_of(void *data, size_t size)
{
	return (struct writer){ .start = data, .p = data, .left = size };
}

/* Room for @len bytes, or NULL, and NULL from then on. */
static uint8_t *writer_take(struct writer *w, size_t len)
{
	uint8_t *p = w->p;

	if (w->bad || len > w->left) {
		w->bad = true;
		return NULL;
	}
	if (len)
		w->p += len;
	w->left -= len;
	return p;
}

static void writer_number(struct writer *w, uint64_t v, size_t len)
{
	uint8_t *p = writer_take(w, len);

	if (!p)
		return;
	for (size_t i = len; i > 0; i--) {
		p[i - 1] = (uint8_t)v;
		v >>= 8;
	}
}

void writer_u8(struct writer *w, uint8_t v)
{
	writer_number(w, v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	writer_number(w, v, 2);
}

void writer_u32(struct writer *w, uint32_t v)
{
	writer_number(w, v, 4);
}

void writer_u64(struct writer *w, uint64_t v)
{
	writer_number(w, v, 8);
}

void writer_i128(struct writer *w, __int128 v)
{
	struct writer both;
	uint8_t *p = writer_take(w, 16);

	if (!p)
		return;
	both = writer_of(p, 16);
	writer_u64(&both, (uint64_t)((unsigned __int128)v >> 64));
	writer_u64(&both, (uint64_t)v);
}

void writer_bytes(struct writer *w, const void *data, size_t len)
{
	uint8_t *p = writer_take(w, len);

	if (p && len > 0)
		memcpy(p, data, len);
}

void writer_short_string(struct writer *w, struct slice s)
{
	if (s.len > SHORT_STRING_MAX) {
		w->bad = true;
		return;
	}
	writer_u8(w, (uint8_t)s.len);
	writer_bytes(w, s.p, s.len);
}

size_t writer_len(const struct writer *w)
{
	return (size_t)(w->p - w->start);
}
