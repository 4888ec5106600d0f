/* SPDX-License-Identifier: MIT */
/*
 * Torn or rotten?  A batch is written with one write and synced before the
 * next, so a crash can only damage the last batch of a block.  This module is
 * told of each line in the order of the file and judges, by the b=K/N that
 * each record bears, whether a damage lies there.  It does no I/O.  Where both
 * is possible it says "rotten": then a person decides, and nothing is cut.
 *
 * Of a batch that stands or falls as one, b=K/N!, nothing is kept if its end is
 * torn, or if the file just ends in it: a copy of it was made meanwhile.
 */
#ifndef STORE_TAIL_H
#define STORE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/record.h"
#include "ledger/whole.h"
#include "util/slice.h"

/* Bytes of the largest batch. */
#define TAIL_BATCH_MAX ((uint64_t)RECORD_BATCH_MAX * (RECORD_LINE_MAX + 1))

/* What is wrong where a batch that stands or falls as one is not whole. */
#define TAIL_NOT_WHOLE                                           \
	"expected b=K/N! to go on from 1 to N, each on the line " \
	"behind the one before it"

/* A record's place in its batch. */
struct tail_mark {
	bool present;
	uint64_t serial;
	uint32_t position;
	uint32_t size;
	bool whole;
};

/* A line's place. */
struct tail_place {
	uint64_t offset;
	uint64_t line;
};

/* Begin with { 0 }. */
struct tail {
	struct tail_mark before; /* newest chained record before the damage */
	bool damaged;
	uint64_t offset; /* of the first damaged line */
	uint64_t line;
	const char *reason;
	uint64_t serial; /* with which that line begins; 0: none to be read */
	uint64_t lost; /* damaged lines in front of the next good one */
	struct tail_mark after; /* the first good one behind the damage */
	bool foreign; /* good lines behind it that are not all of one batch */
	struct whole group; /* that the line before the damage stands in … */
	struct tail_place begun; /* … its first line … */
	uint64_t lines; /* … how many there are of it … */
	struct tail_mark before_group; /* … and what tail.before was then */
};

/*
 * The next line, at @at, is the record @r.  False: a batch that stands or falls
 * as one is not whole here or in the line before, and no crash leaves it so.
 */
bool tail_good(struct tail *t, const struct tail_place *at,
	       const struct record *r) _must_check_;

/*
 * The next line, number @line at @offset, is none; @reason is a constant.
 * @text is its beginning.
 */
void tail_bad(struct tail *t, uint64_t offset, uint64_t line, struct slice text,
	      const char *reason);

/* Do these two stand in the same batch? */
bool tail_same_batch(const struct tail_mark *a, const struct tail_mark *b);

/* Must tail_is_torn() see the bytes from the damage to the end of the file? */
bool tail_wants_text(const struct tail *t);

/*
 * Can the damage be a torn append?  @length bytes are behind t->offset; @text
 * is all of them if tail_wants_text() and they are at most TAIL_BATCH_MAX.
 */
bool tail_is_torn(const struct tail *t, uint64_t length, struct slice text);

/*
 * At the end of the file, what damage there is being torn: does all that is good
 * end within a batch that stands or falls as one?  That was the last append, and
 * is torn as well: t->lines records from t->begun on.
 */
bool tail_is_partial(const struct tail *t);

#endif
