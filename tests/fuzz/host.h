/* SPDX-License-Identifier: MIT */
/*
 * A simulated disk with a block on it, and the store that opens it.
 */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "store/textstore.h"
#include "util/random.h"
#include "util/slice.h"

#include "../sim/disk.h"
#include "reading.h"

#define HOST_BLOCK "/b/block.txt"
#define HOST_PROMISE HOST_BLOCK ".promise"

struct host {
	struct rng rng;
	struct disk *disk;
	struct store *store; /* NULL: closed */
	struct textstore_report report;
};

/* An empty disk; @seed decides how writes are cut and what a power cut leaves.
 */
void host_init(struct host *h, uint64_t seed);
void host_done(struct host *h);

/* Open the block, again if it was open.  Returns as textstore_open(). */
int host_open(struct host *h);
void host_power_cut(struct host *h);

/* A file as programs see it, borrowed until it changes; none: p is NULL. */
struct slice host_text(const struct host *h, const char *path);
bool host_has(const struct host *h, const char *path, struct slice text);

/* The block, which must have no fault, as the second reading finds it. */
void host_read(const struct host *h, struct reading *ret);

#endif
