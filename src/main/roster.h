/* SPDX-License-Identifier: MIT */
/*
 * What the main daemon remembers of its backends from one run to the next, in
 * the file "backends" of its state directory, a line for each:
 *
 *	A here 1234
 *	B lost 7
 *
 * name, whether it was declared lost when the ledger opened, and the records it
 * had, or the epoch that was opened without it.  One that was lost must begin
 * empty when it returns; one that had records and has none has lost its block.
 * Deleting the file forgets both, and no more.
 * To change it safely: add a column at the end, keep reading the shorter form.
 */
#ifndef MAIN_ROSTER_H
#define MAIN_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/name.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/fileops.h"
#include "util/slice.h"

#define ROSTER_FILE "backends"
#define ROSTER_MAX 64

struct roster_entry {
	char name[BLOCK_NAME_MAX + 1];
	bool lost;
	uint64_t number; /* records, or the epoch in which it was lost */
};

struct roster {
	struct roster_entry entry[ROSTER_MAX];
	size_t count;
};

/*
 * Read @path; a file that is absent is an empty roster.  -EBADMSG: it is
 * damaged, and @fault says where and what was expected.  On an error the roster
 * is empty.
 */
int roster_read(const struct fileops *ops, const char *path, struct roster *ret,
		struct buf *fault) _must_check_;
/* Replace it; durable when it returns 0. */
int roster_write(const struct fileops *ops, const char *path,
		 const struct roster *r) _must_check_;

/* NULL: it is not in it. */
const struct roster_entry *roster_find(const struct roster *r,
				       struct slice name);
/* Put in, or replace; @name is a block's.  -ENOSPC: no room. */
int roster_set(struct roster *r, struct slice name, bool lost,
	       uint64_t number) _must_check_;

#endif
