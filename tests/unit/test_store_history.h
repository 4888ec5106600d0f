/* SPDX-License-Identifier: MIT */
/*
 * A made-up history of which tests put parts into a block: first old records,
 * then batches of HISTORY_BATCH.
 */
#ifndef TEST_STORE_HISTORY_H
#define TEST_STORE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

/* Old records are those up to here. */
#define HISTORY_OLD 9
#define HISTORY_BATCH 4
#define HISTORY_MAX 300
#define HISTORY_USERS 7

struct history {
	/* By serial, with h= and without a newline. */
	char *line[HISTORY_MAX + 1];
};

/* Serials 1 to HISTORY_MAX.  Every third chained record has the id "id-SERIAL". */
void history_init(struct history *h);
void history_done(struct history *h);

/* User @i is "user@i"; of the record at @serial: */
unsigned history_sender(uint64_t serial);
unsigned history_receiver(uint64_t serial);
uint64_t history_amount(uint64_t serial);
bool history_has_id(uint64_t serial);

/* Append the line of @serial, kept for @of if not empty, and a newline. */
void history_add(const struct history *h, uint64_t serial, const char *of,
		 struct buf *out);

/* The same with serials @from, @from + @stride and so on; how many? */
uint32_t history_join(const struct history *h, uint64_t from, uint64_t to,
		      uint64_t stride, const char *of, struct buf *out);

#endif
