/* SPDX-License-Identifier: MIT */
/*
 * Bounded reading and writing of bytes, big-endian, with a sticky error:
 * decode everything, check once.  The only way bytes get into or out of a
 * stored or sent layout.
 */
#ifndef UTIL_CURSOR_H
#define UTIL_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct reader {
	const uint8_t *p;
	size_t left;
	bool bad; /* read past the end; everything since is zero */
};

struct reader reader_of(const void *data, size_t len);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
__int128 reader_i128(struct reader *r);
/* @len bytes in place, valid as long as the source; empty on error. */
struct slice reader_bytes(struct reader *r, size_t len);
/* One length byte and that many bytes. */
struct slice reader_short_string(struct reader *r);
/* All that is left. */
struct slice reader_rest(struct reader *r);
/* True if nothing went wrong and nothing is left. */
bool reader_done(const struct reader *r);

struct writer {
	uint8_t *start;
	uint8_t *p;
	size_t left;
	bool bad; /* would have written past the end */
};

struct writer writer_of(void *data, size_t size);
void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_i128(struct writer *w, __int128 v);
void writer_bytes(struct writer *w, const void *data, size_t len);
/* Sets the error for strings over 255 bytes. */
void writer_short_string(struct writer *w, struct slice s);
/* Bytes written so far. */
size_t writer_len(const struct writer *w);

#endif
