/* SPDX-License-Identifier: MIT */
/*
 * Reading a block at the start: strictly, line by line, into the index; a torn
 * tail is cut off and kept, an end without newline mended; anything else that
 * is not as it should be stops it.
 */
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "store/blockfile.h"
#include "store/index.h"
#include "store/promise.h"
#include "store/textstore.h"
#include "util/cleanup.h"

/*
 * Load @file, for which @promise was made, into @index, which is sealed then.
 * -EBADMSG with report->fault.  All of it is durable when it returns 0, and
 * *ret_unfinished says that its last batch lacks its end: other blocks may have
 * that, and what is appended here next need not go on with it.
 */
int load_block(struct blockfile *file, struct index *index,
	       const struct promise *promise, struct textstore_report *report,
	       bool *ret_unfinished) _must_check_;

/*
 * Load again what load_block() has put in order and what was appended since,
 * into an empty @index, which is sealed then.  Changes nothing in the file.
 * -ENOMEM; all other errors are fatal.
 */
int load_again(struct blockfile *file, struct index *index) _must_check_;

#endif
