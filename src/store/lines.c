/* SPDX-License-Identifier: MIT */
/*
 * One window onto the file.  What is read never changes, as nothing is written
 * but behind the end; so the window needs no refreshing.
 */
#include "config.h"

#include <string.h>

#include "store/lines.h"

_Static_assert(RECORD_LINE_MAX <= LINES_WINDOW, "a line fits");

void lines_done(struct lines *l)
{
	free(l->buf);
	l->buf = NULL;
	l->len = 0;
}

bool lines_has(const struct lines *l, const struct index_entry *e)
{
	uint64_t at = index_offset(e);

	return at >= l->start && at - l->start <= l->len &&
	       l->len - (at - l->start) >= index_length(e);
}

static int move_window(struct lines *l, uint64_t start, size_t len)
{
	int r;

	if (!l->buf) {
		l->buf = malloc(LINES_WINDOW);
		if (!l->buf)
			return -ENOMEM;
	}

	/* Nothing is in it until it is filled. */
	l->len = 0;
	r = blockfile_read(l->file, l->buf, len, start);
	if (r < 0)
		return r;
	l->start = start;
	l->len = len;
	return 0;
}

int lines_get(struct lines *l, const struct index_entry *e, size_t span,
	      struct slice *ret)
{
	uint64_t at = index_offset(e);
	size_t len = index_length(e);
	int r;

	if (!lines_has(l, e)) {
		if (span < len)
			span = len;
		if (span > LINES_WINDOW)
			span = LINES_WINDOW;
		r = move_window(l, at, span);
		if (r < 0)
			return r;
	}

	*ret = (struct slice){ l->buf + (at - l->start), len };
	return 0;
}

int lines_get_record(struct lines *l, const struct index_entry *e,
		     struct slice *ret_line, struct record *ret)
{
	struct slice line;
	const char *fault;
	struct record r;
	int error;

	error = lines_get(l, e, 0, &line);
	if (error < 0)
		return error;
	error = record_parse(line, &r, &fault);
	if (error < 0 || r.serial != e->serial)
		return blockfile_break(l->file, -ESTALE);

	*ret_line = line;
	*ret = r;
	return 0;
}
