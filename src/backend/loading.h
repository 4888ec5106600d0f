/* SPDX-License-Identifier: MIT */
/*
 * How far the reading of a block is, told to the service manager, so that the
 * start of a large one is not taken for one that hangs; and since when the block
 * is ours.  It looks over the store's shoulder, by the file operations that it is
 * given.
 */
#ifndef BACKEND_LOADING_H
#define BACKEND_LOADING_H

#include <stdint.h>

#include "util/fileops.h"

/* How long may pass until it is told of again; sorting reads nothing. */
#define LOADING_EXTEND_SECONDS 60

struct loading {
	struct fileops ops; /* for the store: the kernel's, observed */
	const char *name;   /* of the block */
	const char *path;
	uint64_t size; /* of the largest file seen */
	uint64_t read;
	int64_t told; /* when the manager was last told */
	int64_t locked; /* when the block was: no other process has served it since */
	bool over;
};

/* @l, @name and @path live as long as the store that is given &l->ops. */
void loading_begin(struct loading *l, const char *name, const char *path);
/* From now on the operations are the kernel's, and nothing else. */
void loading_end(struct loading *l);

#endif
