/* SPDX-License-Identifier: MIT */
/*
 * The disk of one simulated host: files in memory behind the ops table of
 * util/fileops.h, which forget at a power cut what was not synced, tear it at
 * any byte, and fail on demand.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "util/fileops.h"
#include "util/random.h"

struct disk;

struct disk *disk_new(struct rng *rng);
void disk_free(struct disk *d);
const struct fileops *disk_ops(const struct disk *d);

/* The process ends: descriptors and locks go, the page cache stays. */
void disk_close_all(struct disk *d);
/* The power goes: unsynced writes are lost, torn or kept, as it happens. */
void disk_power_cut(struct disk *d);
/* Bytes that files may hold in all; UINT64_MAX: no limit. */
void disk_limit(struct disk *d, uint64_t bytes);
/* The @n-th write, sync or rename from now fails with EIO; 0: none does. */
void disk_fail(struct disk *d, unsigned n);
/*
 * After a sync that failed the data is still to be read, counts as written, and
 * is gone at a power cut, whatever is synced later: as kernels do.
 */
void disk_forgetful(struct disk *d, bool forgetful);
/* Deliberate bugs: syncs do nothing; locks keep nobody out. */
void disk_lie(struct disk *d, bool lie);
void disk_unlock(struct disk *d, bool unlocked);

/* Put a file there, durable; or look at one (NULL if absent). */
void disk_put(struct disk *d, const char *path, struct slice data);
const struct buf *disk_look(const struct disk *d, const char *path);
/* So many bytes of it no power cut can change any more. */
size_t disk_firm(const struct disk *d, const char *path);
/*
 * So many bytes of it were durable before its newest append began; 0 if that is
 * under way still, or not all there.
 */
size_t disk_settled(const struct disk *d, const char *path);

#endif
