/* SPDX-License-Identifier: MIT */
/*
 * A directory of the test's own with files in it, by plain means.
 */
#ifndef TEST_SYS_SCRATCH_H
#define TEST_SYS_SCRATCH_H

#include <check.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/buf.h"

/* Make the directory before the tests of @t and remove it behind them. */
void scratch_use(TCase *t);

/* A path in the directory; good until the fourth call from here. */
const char *scratch_path(const char *name);

/* Write a file anew, with the mode @mode whatever the umask is. */
const char *scratch_put(const char *name, const void *data, size_t len,
			mode_t mode);

/* The same for text that anybody may read. */
const char *scratch_text(const char *name, const char *text);

/* A file of the source tree, to free; fails the test if it is not there. */
char *scratch_source(const char *name, size_t *ret_len);

/*
 * Are the faults those @expected, one a line, without the file's name: ":LINE:
 * MESSAGE"?
 */
void scratch_check_faults(const char *path, const struct buf *faults,
			  const char *expected);

/* Wait for a child of ours; its exit status, or 128 and the signal. */
int scratch_wait(pid_t pid);

#endif
