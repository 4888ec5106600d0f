/* SPDX-License-Identifier: MIT */
/*
 * The text of records, read from the file where the index says it stands.
 * Records appended together lie together, so one read serves many.
 */
#ifndef STORE_LINES_H
#define STORE_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/record.h"
#include "store/blockfile.h"
#include "store/index.h"
#include "util/cleanup.h"
#include "util/slice.h"

/* Bytes that one read brings at most. */
#define LINES_WINDOW 65536
/* Bytes behind a line that are given when its newline is gone. */
#define LINES_OVERRUN 24

struct lines {
	struct blockfile *file;
	char *buf; /* LINES_WINDOW bytes; none before the first read */
	uint64_t start; /* of the window in the file */
	size_t len;
};

/* Begin with { .file = … }, which is borrowed. */
void lines_done(struct lines *l);
/* What is asked for next is read from the file. */
void lines_forget(struct lines *l);

/* Is @e in the window already? */
bool lines_has(const struct lines *l, const struct index_entry *e);

/*
 * The line of @e without its newline, good until the next call.  If it must be
 * read, then @span bytes from its beginning and some more, at most
 * LINES_WINDOW.  -ESTALE: the file is shorter than it was.
 */
int lines_get(struct lines *l, const struct index_entry *e, size_t span,
	      struct slice *ret) _must_check_;

/*
 * The same, and if there is no newline behind it any more, with as much of what
 * stands there as makes it no record: with the space behind the next serial.
 */
int lines_get_as_is(struct lines *l, const struct index_entry *e, size_t span,
		    struct slice *ret) _must_check_;

/* The same as lines_get(), parsed.  -ESTALE also if that is no more the record it was. */
int lines_get_record(struct lines *l, const struct index_entry *e,
		     struct slice *ret_line, struct record *ret) _must_check_;

#endif
