/* SPDX-License-Identifier: MIT */
/*
 * A batch between its arrival and its publishing: the lines that the block
 * does not hold yet, and their entries for the catalog.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "store/catalog.h"
#include "store/lines.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"

struct batch {
	struct buf text; /* as it will stand in the file */
	struct index_item *item; /* by serial */
	size_t lower; /* so many of them, the first, go to the lower index */
	size_t count;
	size_t room;
};

/* Begin with { 0 }. */
void batch_done(struct batch *b);

/* Forget the contents, keep the memory. */
void batch_clear(struct batch *b);

/*
 * Take the lines of an append (see struct store_ops) that are not held yet;
 * none of them: all were held.  The text is to stand at @offset.  -EBADMSG,
 * -EEXIST as there; nothing is taken on an error.
 */
int batch_stage(struct batch *b, struct catalog *c, struct lines *held,
		uint64_t offset, uint64_t first, uint32_t records,
		struct slice of, struct slice lines) _must_check_;

/*
 * The same with the lines of a refill.  1: a record that is not held lies
 * below the last one of the lower index; to be tried again when that is empty.
 */
int batch_stage_refill(struct batch *b, struct catalog *c, struct lines *held,
		       uint64_t offset, uint32_t records,
		       struct slice lines) _must_check_;

#endif
