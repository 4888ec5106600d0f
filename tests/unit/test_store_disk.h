/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory behind the table of file operations.  It fails the n-th
 * call, fills up, and crashes: what was not synced is then there, or not, or
 * in part, by the sector.
 */
#ifndef TEST_STORE_DISK_H
#define TEST_STORE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/fileops.h"
#include "util/random.h"
#include "util/slice.h"

#define DISK_FILES 32
#define DISK_OPENS 16
#define DISK_NAME 128

struct disk_file {
	char name[DISK_NAME]; /* empty: no name any more */
	char synced_name[DISK_NAME]; /* what its directory says on the disk */
	struct buf data;
	struct buf synced;
	mode_t mode; /* 0: the place is free */
	int64_t changed;
	bool locked;
};

struct disk_open {
	struct disk_file *file; /* NULL: free, or the directory */
	bool directory;
};

struct disk {
	struct fileops ops;
	struct disk_file file[DISK_FILES];
	struct disk_open open[DISK_OPENS];
	int64_t clock;
	unsigned calls; /* that could fail, so far */
	unsigned fail_at; /* the call that fails; 0: none */
	int fail_with; /* 0: a write is short, and no other call fails */
	uint64_t room; /* bytes that a file can have */
	bool unreservable;
	unsigned reads;
};

/* An empty disk without faults. */
void disk_init(struct disk *d);
void disk_done(struct disk *d);

/* Put a file there, durable, as another program would. */
void disk_put(struct disk *d, const char *path, struct slice data);

/* The file at @path as programs see it; NULL if there is none. */
struct disk_file *disk_find(struct disk *d, const char *path);
struct slice disk_text(const struct disk_file *f);

/* Take the file away, durably. */
void disk_remove(struct disk_file *f);

/* The power fails and comes back. */
void disk_crash(struct disk *d, struct rng *rng);

#endif
