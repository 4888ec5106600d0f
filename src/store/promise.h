/* SPDX-License-Identifier: MIT */
/*
 * The epoch that a block has promised to a main daemon, in a file beside it,
 * BLOCK.promise: one line of text,
 *
 *	epoch nonce length[ open]
 *
 * the nonce in lower-case hex, and the length that the block had then, all of
 * it whole lines.  (So a line that begins behind that length was appended by
 * us, or cut short by a crash.)  The last column is written for refills, whose
 * records tell nothing of where an append begins, and behind a batch that lacks
 * its end: what stands before that offset is durable, what stands there and
 * behind it is one append, which may be torn.  To change it safely: add a column
 * at the end, keep reading the shorter forms.
 */
#ifndef STORE_PROMISE_H
#define STORE_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/fileops.h"

#define PROMISE_SUFFIX ".promise"

struct promise {
	uint64_t epoch; /* 0: none was ever made */
	uint8_t nonce[STORE_NONCE_SIZE];
	uint64_t length;
	bool open; /* is there the last column? */
	uint64_t open_at;
};

/*
 * Read it; a file that is absent is epoch 0.  -EBADMSG: damaged, and @fault
 * says in which file and what was expected.
 */
int promise_read(const struct fileops *ops, const char *path,
		 struct promise *ret, struct buf *fault) _must_check_;

/* Replace it; durable when it returns 0. */
int promise_write(const struct fileops *ops, const char *path,
		  const struct promise *p) _must_check_;

#endif
