/* SPDX-License-Identifier: MIT */
/*
 * The file operations that the daemons use, as a table, so that a test can
 * count them, fail the n-th, or put a simulated disk behind them; and the few
 * helpers that get durability right.  All calls return a negative errno on
 * failure; errno itself says nothing.
 */
#ifndef UTIL_FILEOPS_H
#define UTIL_FILEOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/slice.h"

struct fileops {
	void *ctx; /* given to each call */
	/* A descriptor (always close-on-exec). */
	int (*open)(void *ctx, const char *path, int flags, mode_t mode);
	int (*close)(void *ctx, int fd);
	ssize_t (*pread)(void *ctx, int fd, void *out, size_t len, off_t at);
	ssize_t (*pwrite)(void *ctx, int fd, const void *data, size_t len,
			  off_t at);
	int (*fdatasync)(void *ctx, int fd);
	int (*fsync)(void *ctx, int fd);
	int (*ftruncate)(void *ctx, int fd, off_t size);
	/* Reserve disk space past the end, keeping the size. */
	int (*reserve)(void *ctx, int fd, off_t at, off_t len);
	int (*fstat)(void *ctx, int fd, struct stat *ret);
	int (*stat)(void *ctx, const char *path, struct stat *ret);
	int (*rename)(void *ctx, const char *from, const char *to);
	int (*unlink)(void *ctx, const char *path);
	/* An exclusive lock on the open file, -EWOULDBLOCK if another has it. */
	int (*lock)(void *ctx, int fd);
};

/* The kernel's. */
extern const struct fileops fileops_kernel;

/* Write all of it at @at.  0, or the first error; short writes go on. */
int fileops_write_all(const struct fileops *ops, int fd, const void *data,
		      size_t len, off_t at) _must_check_;

/* Read exactly @len bytes; -EPIPE if the file ends before. */
int fileops_read_exact(const struct fileops *ops, int fd, void *out, size_t len,
		       off_t at) _must_check_;

/* fstat() of a regular file; -EISDIR, -EINVAL: it is something else. */
int fileops_stat_regular(const struct fileops *ops, int fd,
			 struct stat *ret) _must_check_;

/*
 * Is the file in @fd, and the one that @path leads to, the one that @was tells
 * of: the same file, of the same size and time of change?  -ESTALE if not.
 */
int fileops_check_unchanged(const struct fileops *ops, int fd, const char *path,
			    const struct stat *was) _must_check_;

/*
 * Append a whole regular file to @out.  -EFBIG above @max bytes, -EISDIR,
 * -EINVAL for other things that are no regular file.
 */
int fileops_read_file(const struct fileops *ops, const char *path, size_t max,
		      struct buf *out) _must_check_;

/* Sync the directory that @path stands in: a new name is durable only then. */
int fileops_sync_parent(const struct fileops *ops, const char *path) _must_check_;

/*
 * Replace @path by @data: a temporary file beside it ("@path.tmp"), written,
 * synced, renamed, directory synced.  Durable when it returns 0; on an error
 * the old file stands, or, if only the directory's sync failed, the whole new
 * one, perhaps not for long.  The temporary file is removed.
 */
int fileops_replace(const struct fileops *ops, const char *path, mode_t mode,
		    struct slice data) _must_check_;

#endif
