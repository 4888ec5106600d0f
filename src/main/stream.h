/* SPDX-License-Identifier: MIT */
/*
 * Records of all backends, merged by serial, identical ones once: fetched in
 * pages as fast as they are taken, never more than some pages in memory.
 */
#ifndef MAIN_STREAM_H
#define MAIN_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/record.h"
#include "main/engine.h"

struct stream;

struct stream_record {
	struct record record;
	uint32_t owners; /* backends that call it their own, as bits */
	uint32_t copies; /* backends that keep it for another */
	const struct slice *of; /* what stands on each of those, by index */
};

enum stream_end {
	STREAM_COMPLETE,
	STREAM_UNAVAILABLE, /* a backend did not answer in time */
};

struct stream_ops {
	/* Serials rise.  False: enough; ended() follows with STREAM_COMPLETE. */
	bool (*record)(void *arg, const struct stream_record *r);
	/* Called once, last; stream_free() is allowed in it. */
	void (*ended)(void *arg, enum stream_end how, const char *missing);
	/*
	 * Instead of ended(), if the records contradict each other or are none;
	 * @serial is 0 if that cannot be said.  NULL: it ends the process.
	 */
	void (*fault)(void *arg, uint64_t serial, const char *sentence);
};

struct stream_query {
	uint64_t after;
	uint64_t upto;
	struct slice user; /* empty: all; copied */
	struct slice id; /* empty: any; copied */
	bool columns; /* only the four */
	bool everything; /* copies and irregular ones too */
	bool all; /* from all that are not lost: copies are not enough */
	bool settle; /* no refill that was sent before is taken any more */
	bool endless; /* wait for backends as long as it takes */
	bool gentle; /* in small bursts: orders are to have their turn */
};

/* Does not call back before stream_start(). */
int stream_new(struct engine *e, const struct stream_query *q,
	       const struct stream_ops *ops, void *arg, struct stream **ret)
	_must_check_;
void stream_start(struct stream *s);
struct stream *stream_free(struct stream *s);
DEFINE_CLEANUP(struct stream, stream_free);

#endif
