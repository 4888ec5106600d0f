/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes.  Start it as { 0 }; buf_done() frees it.  Growth is
 * bounded by memory only: whoever fills it from a peer keeps the limit.
 */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

/* Make room for @extra more bytes at data + len.  Returns 0 or -ENOMEM. */
int buf_reserve(struct buf *b, size_t extra) _must_check_;

/* Append @len bytes.  Returns 0 or -ENOMEM; nothing is appended on error. */
int buf_add(struct buf *b, const void *data, size_t len) _must_check_;

/* Append formatted text, without a final zero.  Returns 0 or -ENOMEM. */
int buf_addf(struct buf *b, const char *format, ...) _printf_(2, 3) _must_check_;

/* Drop the first @len bytes (at most all). */
void buf_drop(struct buf *b, size_t len);

/* Forget the contents, keep the memory. */
void buf_clear(struct buf *b);

/* Free the memory; @b is { 0 } afterwards. */
void buf_done(struct buf *b);

#endif
