/* SPDX-License-Identifier: MIT */
/*
 * Percent-encoding of memos (RFC 3986, unreserved characters stand for
 * themselves, all other bytes as %XX in upper case), and the UTF-8 check that
 * names and memos share.
 */
#ifndef UTIL_PERCENT_H
#define UTIL_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/slice.h"

/* Encode @text into @out of @size bytes; the length, or -ENOBUFS. */
int percent_encode(struct slice text, char *out, size_t size) _must_check_;

/*
 * Decode.  The length, or -ENOBUFS, or -EINVAL for anything that
 * percent_encode() would not have written (so that encoding is canonical).
 */
int percent_decode(struct slice text, char *out, size_t size) _must_check_;

/* Well-formed UTF-8 (no surrogates, no overlong forms, up to U+10FFFF)? */
bool utf8_valid(struct slice text);

/*
 * The next code point of well-formed text from *@at, which is moved on.
 * -1 at the end or where the text is not well-formed.
 */
int utf8_next(struct slice text, size_t *at);

#endif
