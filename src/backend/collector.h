/* SPDX-License-Identifier: MIT */
/*
 * The fragments of one batch, until it is whole.  Judges numbers and sizes;
 * what the lines say is the store's business.
 */
#ifndef BACKEND_COLLECTOR_H
#define BACKEND_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"
#include "wire/message.h"

/* Bytes of lines in one batch. */
#define COLLECTOR_BYTES_MAX ((size_t)2 << 20)
/* Bytes of the map of missing fragments. */
#define COLLECTOR_MAP_SIZE (MESSAGE_FRAGMENTS_MAX / 8)

struct collector;

enum collector_status {
	COLLECTOR_TAKEN, /* is here, now or since before; others are missing */
	COLLECTOR_WHOLE, /* the batch is whole */
	COLLECTOR_STALE, /* of an older batch; ignored */
	COLLECTOR_CONTRADICTORY, /* says other than what came first; ignored */
	COLLECTOR_MALFORMED, /* no fragment of any batch, or of one too large */
};

/* The batch that is being collected; zeros if there is none. */
struct collector_batch {
	uint64_t request;
	uint64_t first;
	uint32_t records;
	uint16_t fragments;
	struct slice of;
};

int collector_new(struct collector **ret) _must_check_;
struct collector *collector_free(struct collector *c);
DEFINE_CLEANUP(struct collector, collector_free);

/*
 * Take fragment @position of @m, asked for by @request.  Within one epoch
 * requests rise: a fragment with a higher number than the batch that is being
 * collected begins another, one with a lower number is stale.  Returns 0 with
 * *ret, or -ENOMEM and the fragment is not here.
 */
int collector_add(struct collector *c, uint64_t request, uint64_t position,
		  const struct message_append *m, enum collector_status *ret)
	_must_check_;

bool collector_is_whole(const struct collector *c);
/* Slices are borrowed until the next collector_add() or collector_clear(). */
struct collector_batch collector_batch(const struct collector *c);
/* The lines of a whole batch in order; 0 or -ENOMEM. */
int collector_lines(struct collector *c, struct slice *ret) _must_check_;
/* Mark the missing fragments as struct message_appended does; bytes of it. */
size_t collector_missing(const struct collector *c,
			 uint8_t map[COLLECTOR_MAP_SIZE]);

/* Forget everything: a new epoch, or the batch was handed on. */
void collector_clear(struct collector *c);

#endif
