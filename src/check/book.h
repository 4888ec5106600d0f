/* SPDX-License-Identifier: MIT */
/*
 * A block file that is only read: its end, its text at any place, and whether
 * it is still what was opened.  Knows bytes, not records.
 */
#ifndef CHECK_BOOK_H
#define CHECK_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/fileops.h"
#include "util/slice.h"

struct book {
	const struct fileops *ops;
	char *path;
	int fd;
	struct stat st; /* when it was opened */
	uint64_t end; /* what is appended later is not looked at */
	char *window; /* BOOK_WINDOW bytes; none before the first read */
	uint64_t start; /* of the window in the file */
	size_t len;
	uint64_t lines; /* neither blank nor behind the end */
	uint64_t aside; /* of them, those that do not stay */
	uint64_t upto; /* a torn batch that falls as one begins here */
};

#define BOOK_WINDOW 262144

/*
 * Open for reading; @alone: writable, and under the lock that a backend takes.
 * -EISDIR, -EINVAL: not a regular file; -EWOULDBLOCK: another process has it.
 */
int book_open(const struct fileops *ops, const char *path, bool alone,
	      struct book **ret) _must_check_;
struct book *book_free(struct book *b);
DEFINE_CLEANUP(struct book, book_free);

/*
 * @len bytes at @at, at most BOOK_WINDOW, good until the next call.  Quick
 * where what is asked for goes up.  -ESTALE: the file is shorter than it was.
 */
int book_text(struct book *b, uint64_t at, size_t len,
	      struct slice *ret) _must_check_;

/* -ESTALE if the file, or where its path leads to, is not as it was opened. */
int book_check_unchanged(const struct book *b) _must_check_;

#endif
