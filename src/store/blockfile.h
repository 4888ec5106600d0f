/* SPDX-License-Identifier: MIT */
/*
 * The file of a block: its lock, its end, the space reserved behind it, and
 * whether it is still the file that we left.  Knows bytes, not records.
 *
 * A read, a write or a sync that failed breaks it for good: what is on disk is
 * then unknown, and every later call returns that first error.
 */
#ifndef STORE_BLOCKFILE_H
#define STORE_BLOCKFILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "store/scan.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/fileops.h"
#include "util/slice.h"

struct blockfile {
	const struct fileops *ops;
	char *path;
	int fd;
	uint64_t end; /* where the next byte goes */
	uint64_t reserved; /* the file has room on the disk up to here */
	bool full; /* there was no room for a batch of the largest size */
	bool unreservable; /* the file system cannot do it */
	struct stat left; /* what the file looked like when we left it */
	atomic_int broken; /* 0 or the error */
};

/*
 * Open (created empty if absent) and lock.  -EBADMSG: not a regular file;
 * -EWOULDBLOCK: another process has it.
 */
int blockfile_open(const struct fileops *ops, const char *path,
		   struct blockfile **ret) _must_check_;
struct blockfile *blockfile_free(struct blockfile *b);
DEFINE_CLEANUP(struct blockfile, blockfile_free);

/* scan_lines() of the file; -ESTALE if it ends before @upto. */
int blockfile_scan(struct blockfile *b, uint64_t from, uint64_t number,
		   uint64_t upto, scan_visit visit, void *arg) _must_check_;

/* Exactly @len bytes; -ESTALE if the file ends before. */
int blockfile_read(struct blockfile *b, void *out, size_t len,
		   uint64_t at) _must_check_;

/*
 * Keep what stands from @at on in a file beside, "PATH.torn-at-OFFSET", with
 * "-1", "-2" … behind it if there is one; then cut it off.  Its name is
 * appended to @kept.
 */
int blockfile_cut(struct blockfile *b, uint64_t at,
		  struct buf *kept) _must_check_;

/*
 * Rename it to "PATH.lost-N", N the first number that is free, and go on with
 * an empty file at PATH; both are durable then.  The name is appended to
 * @aside.  Every error breaks it.
 */
int blockfile_set_aside(struct blockfile *b, struct buf *aside) _must_check_;

/* Make it @end bytes long, durably, and keep nothing of the rest. */
int blockfile_shorten(struct blockfile *b, uint64_t end) _must_check_;

/*
 * Write again what stands from @from on.  A sync that failed may have left
 * pages that read well, are not on the disk, and that no later sync writes.
 */
int blockfile_rewrite(struct blockfile *b, uint64_t from) _must_check_;

/* Sync the file and its directory entry: nothing read is shown before. */
int blockfile_settle(struct blockfile *b) _must_check_;

/* Reserve room for the largest batch; sets or clears b->full. */
int blockfile_reserve(struct blockfile *b) _must_check_;
/* Give it back: a full disk has room for a small file then. */
int blockfile_unreserve(struct blockfile *b) _must_check_;

/*
 * Write @data at the end.  -ENOSPC: no room, nothing written.  -ESTALE: it is
 * no more the file that we left, nothing written.  All others may have left
 * anything behind.
 */
int blockfile_append(struct blockfile *b, struct slice data) _must_check_;

/* Make it durable.  May run in a thread beside reads. */
int blockfile_sync(struct blockfile *b) _must_check_;

/* 0 or the error that broke it; blockfile_break() returns its @error. */
int blockfile_broken(const struct blockfile *b) _must_check_;
int blockfile_break(struct blockfile *b, int error);

#endif
