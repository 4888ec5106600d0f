/* SPDX-License-Identifier: MIT */
/*
 * The store that keeps a block as a file of text, chain-block(5).
 */
#ifndef STORE_TEXTSTORE_H
#define STORE_TEXTSTORE_H

#include "store/store.h"
#include "util/buf.h"
#include "util/fileops.h"
#include "util/map.h"

/* What the opening wants to tell the administrator. */
struct textstore_report {
	bool torn; /* a torn tail was cut off … */
	uint64_t torn_bytes;
	char torn_path[4096]; /* … and is kept here */
	struct buf fault; /* on -EBADMSG: "file:line: what was expected" */
};

/*
 * Open the block at @path (created empty if absent), lock it, read it
 * strictly, mend its tail, make it durable.  Errors: -EBADMSG with
 * report->fault; -EWOULDBLOCK another process has it; others from the system.
 */
int textstore_open(const struct fileops *ops, const char *path,
		   const uint8_t key[MAP_KEY_SIZE],
		   struct textstore_report *report, struct store **ret)
	_must_check_;

#endif
