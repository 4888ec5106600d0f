/* SPDX-License-Identifier: MIT */
/*
 * Points in time: microseconds since 1970-01-01T00:00:00Z, and the one form in
 * which records bear them, 2026-11-22T13:37:00.123456Z.
 */
#ifndef UTIL_TIMESTAMP_H
#define UTIL_TIMESTAMP_H

#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"

#define TIMESTAMP_LEN 27
#define USEC_PER_SEC INT64_C(1000000)
#define USEC_PER_MSEC INT64_C(1000)

/* Years 1970 to 9999.  Writes TIMESTAMP_LEN characters and no zero. */
void timestamp_format(int64_t usec, char out[TIMESTAMP_LEN]);

/* Exactly the form above and a real date, else -EINVAL. */
int timestamp_parse(struct slice text, int64_t *ret) _must_check_;

#endif
