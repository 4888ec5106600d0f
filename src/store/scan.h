/* SPDX-License-Identifier: MIT */
/*
 * A text file line by line, in large reads (no mmap: a file cut short by
 * somebody else would be a SIGBUS).  Bounded whatever the file holds: of a
 * line that is longer than any record only the beginning is kept.
 */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/fileops.h"
#include "util/slice.h"

/* Bytes of a line that the visitor gets to see. */
#define SCAN_TEXT_MAX 2048

struct scan_line {
	uint64_t offset; /* of its first byte */
	uint64_t number; /* as editors count */
	uint64_t length; /* without the newline */
	struct slice text; /* the line, or its first SCAN_TEXT_MAX bytes */
	bool ended; /* by a newline, not by the end of the file */
};

/* Return 0 to go on; anything else ends the scan, which returns it. */
typedef int (*scan_visit)(void *arg, const struct scan_line *line);

/*
 * Give each line of the bytes from @from up to @upto to @visit; the first has
 * the number @number.  -EPIPE: the file ends before @upto.
 */
int scan_lines(const struct fileops *ops, int fd, uint64_t from,
	       uint64_t number, uint64_t upto, scan_visit visit,
	       void *arg) _must_check_;

#endif
