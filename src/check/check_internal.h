/* SPDX-License-Identifier: MIT */
/*
 * What the files of the check share.
 */
#ifndef CHECK_CHECK_INTERNAL_H
#define CHECK_CHECK_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "check/book.h"
#include "check/check.h"

/* Where a record stands.  There are many of them: 24 bytes. */
struct entry {
	uint64_t serial;
	uint64_t offset;
	uint32_t line;
	uint16_t book;
	uint16_t length; /* of the line, without newline */
};

/* A line that is no record. */
struct bad {
	uint64_t serial; /* with which it begins; 0: none to be read */
	uint64_t line;
	const char *reason;
};

struct check {
	const struct fileops *ops;
	struct check_options options;
	struct check_summary summary;
	struct book *book[CHECK_FILES_MAX];
	size_t books;
	struct buf entries; /* struct entry; by serial once all is read */
	struct buf bads; /* struct bad */
	uint64_t limit; /* behind this serial nothing is whole, as lines show */
	bool silent; /* what is found was said before */
	const char *culprit;
};

/* Count a fault and say it. */
int check_fault(struct check *c, const char *format, ...) _printf_(2, 3)
	_must_check_;

/* The memory of a buffer is aligned for any type. */
static inline const struct entry *check_entries(const struct check *c)
{
	return (const struct entry *)(const void *)c->entries.data;
}

static inline size_t check_entry_count(const struct check *c)
{
	return c->entries.len / sizeof(struct entry);
}

#endif
