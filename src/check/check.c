/* SPDX-License-Identifier: MIT */
/*
 * First every file is read by itself, and of each record a few bytes are kept;
 * they are sorted by serial, and the history is walked in their order, its text
 * read again.  So memory goes by the number of records, not by their length.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "check/check_internal.h"
#include "check/cut.h"
#include "check/history.h"
#include "check/reader.h"

int check_new(const struct fileops *ops, const struct check_options *options,
	      struct check **ret)
{
	struct check *c;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->ops = ops;
	c->options = *options;
	c->limit = UINT64_MAX;
	*ret = c;
	return 0;
}

struct check *check_free(struct check *c)
{
	if (!c)
		return NULL;

	for (size_t i = 0; i < c->books; i++)
		(void)book_free(c->book[i]);
	buf_done(&c->entries);
	buf_done(&c->bads);
	free(c);
	return NULL;
}

const struct check_summary *check_summary(const struct check *c)
{
	return &c->summary;
}

const char *check_culprit(const struct check *c)
{
	return c->culprit;
}

int check_fault(struct check *c, const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list args;
	int n;

	if (c->silent)
		return 0;
	c->summary.faults++;
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return c->options.say_fault(c->options.arg, text);
}

static bool has_file(const struct check *c, const char *path)
{
	struct stat st;

	if (c->ops->stat(c->ops->ctx, path, &st) < 0)
		return false;
	for (size_t i = 0; i < c->books; i++)
		if (c->book[i]->st.st_dev == st.st_dev &&
		    c->book[i]->st.st_ino == st.st_ino)
			return true;
	return false;
}

int check_open(struct check *c, const char *path, bool alone)
{
	int r;

	if (c->books == CHECK_FILES_MAX)
		return -E2BIG;
	/* Twice, its own lock would be in the way. */
	if (has_file(c, path))
		return -EEXIST;

	r = book_open(c->ops, path, alone, &c->book[c->books]);
	if (r == 0)
		c->books++;
	return r;
}

/* By serial; lines of one serial by their place. */
static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	if (a->book != b->book)
		return a->book < b->book ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static void sort_entries(struct check *c)
{
	size_t count = check_entry_count(c);
	const struct entry *e = check_entries(c);
	size_t i = 1;

	/* One block of a daemon is in order as it stands. */
	while (i < count && compare_entries(&e[i - 1], &e[i]) < 0)
		i++;
	if (i < count)
		qsort(c->entries.data, count, sizeof(*e), compare_entries);
}

/* Does any record bear @serial? */
static bool has_serial(const struct check *c, uint64_t serial)
{
	const struct entry *e = check_entries(c);
	size_t low = 0;
	size_t high = check_entry_count(c);
	size_t middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (e[middle].serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low < check_entry_count(c) && e[low].serial == serial;
}

/* What a bad line tells, and no other line does, is missing in the history. */
static void find_limit(struct check *c)
{
	const struct bad *bads = (const struct bad *)(const void *)c->bads.data;
	size_t count = c->bads.len / sizeof(*bads);

	for (size_t i = 0; i < count; i++)
		if (bads[i].serial && bads[i].serial < c->limit &&
		    !has_serial(c, bads[i].serial))
			c->limit = bads[i].serial;
}

int check_run(struct check *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->books; i++)
		r = reader_take(c, (uint16_t)i);
	if (r != 0)
		return r;

	sort_entries(c);
	find_limit(c);
	return history_check(c);
}

/* How many lines of each file do not stay. */
static void count_aside(struct check *c)
{
	const struct entry *e = check_entries(c);
	size_t count = check_entry_count(c);

	for (size_t i = 0; i < count; i++)
		if (e[i].serial > c->summary.serial)
			c->book[e[i].book]->aside++;
}

int check_cut(struct check *c, check_own own)
{
	int r = 0;

	count_aside(c);
	for (size_t i = 0; r == 0 && i < c->books; i++) {
		c->culprit = c->book[i]->path;
		if (c->book[i]->aside > 0)
			r = cut_book(c, c->book[i], own);
		if (r == 0)
			c->culprit = NULL;
	}
	return r;
}
