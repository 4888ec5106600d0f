/* SPDX-License-Identifier: MIT */
/*
 * The witness of a responder: see world.h.
 */
#ifndef FUZZ_WITNESS_H
#define FUZZ_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "backend/responder.h"
#include "util/slice.h"

struct world;

/* A datagram is given, or a sync has ended: what is sent now answers it. */
void witness_hears(struct world *w, uint8_t peer, struct slice datagram);
void witness_hears_sync(struct world *w);

/* It was given: is everything said that had to be? */
void witness_closes(struct world *w);

/* A responder_io's send. */
void witness_send(void *ctx, const struct responder_peer *to,
		  const uint8_t *data, size_t len);

#endif
