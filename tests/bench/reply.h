/* SPDX-License-Identifier: MIT */
/*
 * Answers of version 2 of the Redis serialization protocol: where one ends, and
 * what is in it.
 */
#ifndef BENCH_REPLY_H
#define BENCH_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/* How much of an answer was looked at; begin with zeros. */
struct reply_scan {
	size_t at; /* bytes of it that were gone through */
	uint64_t open; /* elements still to come, if at is not 0 */
};

/*
 * Go on with the answer that begins at @data, of which @len bytes are there.
 * *ret_len is its length once all of it is there, and *s is zeros again; 0 until
 * then.  -EBADMSG if it is no RESP.
 */
int reply_scan(struct reply_scan *s, const char *data, size_t len,
	       size_t *ret_len);

/* One element: the kind is the character that it begins with. */
struct reply_part {
	char kind;
	struct slice text; /* the rest of its line, or a bulk string's bytes */
};

/* Take the next element out of a whole answer; false behind the last. */
bool reply_next(struct slice *reply, struct reply_part *ret);

/* The next element as a number, be it an integer or a bulk string of digits. */
bool reply_next_number(struct slice *reply, int64_t *ret);

#endif
