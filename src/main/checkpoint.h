/* SPDX-License-Identifier: MIT */
/*
 * The checkpoint: when what the history came to is saved, and whether what was
 * saved may stand for the history up to its serial.  It may while nobody has
 * claimed the backends since it was written, each holds as many records up to
 * that serial as then, and the record there has the hash that was its tip.  Else
 * it is thrown away, and the whole history is read.
 */
#ifndef MAIN_CHECKPOINT_H
#define MAIN_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "main/engine.h"
#include "main/link.h"
#include "main/snapshot.h"
#include "util/buf.h"

struct record;

struct checkpoint {
	/* At a start: what was saved, until it is used or thrown away. */
	struct snapshot saved;
	enum {
		CHECKPOINT_NONE,
		CHECKPOINT_UNREADABLE,
		CHECKPOINT_OFFERED, /* it may fit */
		CHECKPOINT_USED,
		CHECKPOINT_REFUSED, /* while its record was being read */
	} start;
	char fault[128]; /* why it is unreadable */

	/* How many records up to the committed serial each backend holds … */
	uint64_t held[ENGINE_BACKENDS_MAX];
	bool sure; /* … and not perhaps more */
	struct call count[ENGINE_BACKENDS_MAX]; /* asking them for that */
	uint64_t upto;
	size_t counting; /* so many are being asked */
	uint64_t counted[ENGINE_BACKENDS_MAX];
	/* All have said it; or, if @missing is not NULL, not all. */
	void (*all_counted)(struct engine *e, const struct link *missing);

	/* What is being written. */
	enum {
		CHECKPOINT_IDLE,
		CHECKPOINT_COUNTING,
		CHECKPOINT_WRITING,
		CHECKPOINT_STORING,
	} state;
	struct snapshot taken;
	struct snapshot_writer writer;
	struct buf piece;
	uint64_t every; /* records; 0: only when asked to */
	int64_t pause; /* and not more often */
	uint64_t tried; /* serial of the newest one that was begun */
	uint64_t stored; /* … and of the one on file that a start can use */
	int64_t stored_at;
	int64_t next_at; /* no other before */
	bool wanted;
};

int checkpoint_init(struct engine *e,
		    const struct engine_config *config) _must_check_;
void checkpoint_done(struct engine *e);

/* All backends are claimed: load the history, from the checkpoint if it fits. */
void checkpoint_load(struct engine *e);
/*
 * Loading has come to this record.  True: it is the checkpoint's, and counted;
 * or the checkpoint is refused, and checkpoint_settled() will say so.
 */
bool checkpoint_takes(struct engine *e, const struct record *r);
/* Loading is over.  False: everything is to be loaded. */
bool checkpoint_settled(struct engine *e);

/* @records more are committed, on the backends of the set @holders. */
void checkpoint_held(struct engine *e, uint32_t holders, uint64_t records);
/* Some backends may hold more than we know. */
void checkpoint_unsure(struct engine *e);

/* Open: begin one if it is time, go on with one. */
void checkpoint_flush(struct engine *e);

#endif
