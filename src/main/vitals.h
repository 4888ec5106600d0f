/* SPDX-License-Identifier: MIT */
/*
 * How the batches and the backends do, for INFO: measured while it happens, at
 * the cost of some additions a batch; looked at only when somebody asks.
 */
#ifndef MAIN_VITALS_H
#define MAIN_VITALS_H

#include <stddef.h>

#include "main/engine.h"

struct link;

/* The batch in flight, of @count records, is durable, and still in the queue. */
void vitals_committed(struct engine *e, size_t count);
/* Keep what is told of a backend. */
void vitals_trouble(struct link *l, const char *sentence);

/* Fill in what is worked out from what was measured: in all, and of a backend. */
void vitals_info(const struct engine *e, struct engine_info *ret);
void vitals_backend(const struct link *l, struct engine_info *ret);

#endif
