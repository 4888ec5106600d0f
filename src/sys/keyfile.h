/* SPDX-License-Identifier: MIT */
/*
 * The cluster key: a file of 64 hex digits and a newline that only its owner
 * can read.  $CREDENTIALS_DIRECTORY/cluster.key, if there is one, stands in
 * for the configured path.
 */
#ifndef SYS_KEYFILE_H
#define SYS_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/cleanup.h"

#define KEYFILE_KEY_SIZE 32

/*
 * @path may be NULL (none configured).  1: read; 0: there is none; negative
 * errno with a sentence in @fault: unreadable, others can read it, not a key.
 */
int keyfile_read(const char *path, uint8_t key[KEYFILE_KEY_SIZE],
		 struct buf *fault) _must_check_;

/* Is there a key in $CREDENTIALS_DIRECTORY? */
bool keyfile_is_passed(void);

/*
 * For who reads settings on behalf of daemons that will be passed a key: from
 * now on keyfile_is_passed() is true, and keyfile_read() is not to be called.
 */
void keyfile_will_be_passed(void);

#endif
