/* SPDX-License-Identifier: MIT */
/*
 * The buffer begins where the current line begins.  When a line outgrows
 * SCAN_TEXT_MAX its beginning stays and what follows is skipped and counted,
 * so a gigabyte without a newline takes no more memory than a record.
 */
#include "config.h"

#include <string.h>

#include "store/scan.h"

#define READ_SIZE (1024 * 1024)

struct scanner {
	const struct fileops *ops;
	int fd;
	uint64_t upto;
	scan_visit visit;
	void *arg;
	char *buf; /* READ_SIZE + SCAN_TEXT_MAX bytes */
	size_t have;
	uint64_t skipped; /* bytes of the line between its kept part and here */
	uint64_t offset; /* of the line */
	uint64_t number; /* of the line */
};

/* Add what the file has next.  1, or 0 at the end, or an error. */
static int refill(struct scanner *s)
{
	uint64_t at = s->offset + s->have + s->skipped;
	size_t want = READ_SIZE;
	ssize_t n;

	if (at >= s->upto)
		return 0;
	if (want > s->upto - at)
		want = (size_t)(s->upto - at);

	n = s->ops->pread(s->ops->ctx, s->fd, s->buf + s->have, want,
			  (off_t)at);
	if (n < 0)
		return (int)n;
	if (n == 0)
		return -EPIPE;

	s->have += (size_t)n;
	return 1;
}

/* Hand over the line that starts the buffer at @start and has @kept bytes. */
static int emit(struct scanner *s, size_t start, size_t kept, bool ended)
{
	struct scan_line line = {
		.offset = s->offset,
		.number = s->number,
		.length = kept + s->skipped,
		.text = { s->buf + start, kept },
		.ended = ended,
	};

	if (line.text.len > SCAN_TEXT_MAX)
		line.text.len = SCAN_TEXT_MAX;
	s->offset += line.length + 1;
	s->number++;
	s->skipped = 0;
	return s->visit(s->arg, &line);
}

/* Hand over the whole lines; the rest moves to the front. */
static int consume(struct scanner *s, size_t searched)
{
	size_t start = 0;
	const char *end;
	int r;

	while ((end = memchr(s->buf + searched, '\n', s->have - searched))) {
		r = emit(s, start, (size_t)(end - s->buf) - start, true);
		if (r != 0)
			return r;
		start = (size_t)(end - s->buf) + 1;
		searched = start;
	}

	s->have -= start;
	memmove(s->buf, s->buf + start, s->have);
	if (s->have > SCAN_TEXT_MAX) {
		s->skipped += s->have - SCAN_TEXT_MAX;
		s->have = SCAN_TEXT_MAX;
	}
	return 0;
}

static int scan(struct scanner *s)
{
	size_t searched;
	int r;

	for (;;) {
		searched = s->have;
		r = refill(s);
		if (r <= 0)
			break;
		r = consume(s, searched);
		if (r != 0)
			return r;
	}
	if (r == 0 && s->have > 0)
		r = emit(s, 0, s->have, false);
	return r;
}

int scan_lines(const struct fileops *ops, int fd, uint64_t from,
	       uint64_t number, uint64_t upto, scan_visit visit, void *arg)
{
	_cleanup_(freep) char *buf = NULL;
	struct scanner s = {
		.ops = ops,
		.fd = fd,
		.upto = upto,
		.visit = visit,
		.arg = arg,
		.offset = from,
		.number = number,
	};

	buf = malloc(READ_SIZE + SCAN_TEXT_MAX);
	if (!buf)
		return -ENOMEM;

	s.buf = buf;
	return scan(&s);
}
