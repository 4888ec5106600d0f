/* SPDX-License-Identifier: MIT */
/*
 * Verification: the whole history, read anew from the backends, against what
 * was remembered of it.
 */
#ifndef MAIN_VERIFY_H
#define MAIN_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "main/engine.h"
#include "main/outcome.h"
#include "util/list.h"

/* Verifications that may wait for the one that is running. */
#define VERIFY_WAITING_MAX 1024

struct query;

struct verify {
	struct query *running; /* one at a time … */
	struct list waiting; /* … and these are next */
	size_t waitings;
	/* Of the last one that came to an end: */
	int64_t time; /* civil; 0: there was none */
	uint64_t serial;
	char fault[OUTCOME_SENTENCE_SIZE]; /* empty: all was well */
};

void verify_info(const struct engine *e, struct engine_info *ret);

#endif
