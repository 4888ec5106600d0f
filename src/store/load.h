/* SPDX-License-Identifier: MIT */
/*
 * Reading a block at the start: strictly, line by line, into the index; a torn
 * tail is cut off and kept, an end without newline mended; anything else that
 * is not as it should be stops it.
 */
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include <stdint.h>

#include "store/blockfile.h"
#include "store/index.h"
#include "store/textstore.h"
#include "util/cleanup.h"

/*
 * Load @file into @index, which is sealed then.  @promised is the length that
 * the block had at the last promise, UINT64_MAX if there was none.  -EBADMSG
 * with report->fault.  All of it is durable when it returns 0.
 */
int load_block(struct blockfile *file, struct index *index, uint64_t promised,
	       struct textstore_report *report) _must_check_;

#endif
