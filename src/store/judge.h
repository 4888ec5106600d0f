/* SPDX-License-Identifier: MIT */
/*
 * A line of a block file by itself: blank, a record, or what is wrong with it.
 * The backend, which reads a file at its start, and chain-check(8) go by the
 * same rules.  Knows nothing of the lines before it.
 */
#ifndef STORE_JUDGE_H
#define STORE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/record.h"
#include "store/scan.h"
#include "util/slice.h"

/* What is wrong with a record that no newline ends, if it is not whole. */
#define JUDGE_MAY_BE_CUT "expected a newline: the record may be cut short"

/*
 * What is to be judged.  A crash while a missing newline was mended can leave a
 * zero in its place: the file got longer, and the byte was not written.  So one
 * zero at the very end of the file is a missing newline, and left off here.
 */
struct slice judge_text(const struct scan_line *line);

/* Nothing, or a carriage return. */
bool judge_is_blank(struct slice text);

/*
 * Parse what is not blank.  Returns NULL, or what was expected; that it was a
 * newline behind the line is for the caller to find.
 */
const char *judge_record(struct slice text, struct record *ret);

/* The serial that a faulty line begins with, 0 if none is to be read. */
uint64_t judge_serial(struct slice text);

#endif
