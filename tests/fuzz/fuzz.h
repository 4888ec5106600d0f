/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzers share: the function that libFuzzer and driver.c call, and
 * how a fuzzer says that something does not hold.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/slice.h"

/* Try @size bytes.  Returns 0; whatever goes wrong ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* This holds whatever the input is. */
#define fuzz_check(condition)                                                  \
	((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn static inline void fuzz_fail(const char *file, int line,
				       const char *condition)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line,
		      condition);
	abort();
}

/*
 * A copy of exactly its size on the heap, where the address sanitizer sees a
 * byte read too far.  The caller's, to be freed.
 */
static inline char *fuzz_copy(struct slice s)
{
	char *copy = malloc(s.len > 0 ? s.len : 1);

	fuzz_check(copy);
	if (s.len > 0)
		memcpy(copy, s.p, s.len);
	return copy;
}

#endif
