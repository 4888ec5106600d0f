/* SPDX-License-Identifier: MIT */
/*
 * The lines of a file, each judged for itself: record, blank or fault.
 */
#ifndef CHECK_READER_H
#define CHECK_READER_H

#include <stdbool.h>

#include "ledger/record.h"
#include "store/scan.h"
#include "util/cleanup.h"

struct check;

/* What the lines before tell of the next one.  Begin with { 0 }. */
struct reader_past {
	bool chained; /* there were chained records */
	bool copies; /* there were records with of= */
};

enum reader_kind {
	READER_RECORD,
	READER_BLANK,
	READER_FAULT,
};

/* Judge the next line: fills *@ret, or *@ret_fault with what was expected. */
enum reader_kind reader_judge(struct reader_past *past,
			      const struct scan_line *line, struct record *ret,
			      const char **ret_fault);

/* Note all records and faults of the file number @book, and say the faults. */
int reader_take(struct check *c, uint16_t book) _must_check_;

#endif
