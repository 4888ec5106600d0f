/* SPDX-License-Identifier: MIT */
/*
 * One window onto the file.  We write nothing but behind the end, so what was
 * read stays true as far as we know.  Whoever wants to see what the disk holds
 * now forgets it first.
 */
#include "config.h"

#include <string.h>

#include "store/lines.h"

_Static_assert(RECORD_LINE_MAX + LINES_OVERRUN <= LINES_WINDOW, "a line fits");

void lines_done(struct lines *l)
{
	free(l->buf);
	l->buf = NULL;
	l->len = 0;
}

void lines_forget(struct lines *l)
{
	l->len = 0;
}

/* A line with what is looked at behind it; not beyond the end of the file. */
static size_t reach_of(const struct lines *l, const struct index_entry *e)
{
	size_t length = index_length(e);
	uint64_t left = l->file->end - index_offset(e) - length;

	return length + (left < LINES_OVERRUN ? (size_t)left : LINES_OVERRUN);
}

bool lines_has(const struct lines *l, const struct index_entry *e)
{
	uint64_t at = index_offset(e);

	return at >= l->start && at - l->start <= l->len &&
	       l->len - (at - l->start) >= reach_of(l, e);
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
		span = (span > len ? span : len) + LINES_OVERRUN;
		if (span > LINES_WINDOW)
			span = LINES_WINDOW;
		if (span > l->file->end - at)
			span = (size_t)(l->file->end - at);
		r = move_window(l, at, span);
		if (r < 0)
			return r;
	}

	*ret = (struct slice){ l->buf + (at - l->start), len };
	return 0;
}

/* A newline, or the carriage return of an old record and a newline. */
static bool is_end(const char *p, size_t len)
{
	return len == 0 || p[0] == '\n' ||
	       (p[0] == '\r' && len > 1 && p[1] == '\n');
}

int lines_get_as_is(struct lines *l, const struct index_entry *e, size_t span,
		    struct slice *ret)
{
	size_t more = reach_of(l, e) - index_length(e);
	int r;

	r = lines_get(l, e, span, ret);
	if (r < 0 || is_end(ret->p + ret->len, more))
		return r;
	ret->len += more;
	/* So much is no record, whatever it says; and a page takes it. */
	if (ret->len > RECORD_LINE_MAX)
		ret->len = RECORD_LINE_MAX + 1;
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
