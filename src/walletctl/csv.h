/* SPDX-License-Identifier: MIT */
/*
 * Comma-separated values (RFC 4180), a line at a time: what they mean is not
 * known here.
 */
#ifndef WALLETCTL_CSV_H
#define WALLETCTL_CSV_H

#include <stddef.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "util/slice.h"

/* The end of a line that is written. */
#define CSV_END "\r\n"
/* Fields of one line. */
#define CSV_FIELDS_MAX 64

struct csv_line {
	struct slice field[CSV_FIELDS_MAX];
	size_t fields;
};

/*
 * Take @line, without its end, apart.  Fields point into @line, or into @room,
 * which has to be as long as @line.  -EBADMSG, and *ret_fault says why.
 */
int csv_read(struct slice line, char *room, struct csv_line *ret,
	     const char **ret_fault) _must_check_;

/* Write one field, in quotes if it needs them; nothing around it. */
void csv_write(FILE *out, struct slice text);

#endif
