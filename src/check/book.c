/* SPDX-License-Identifier: MIT */
/*
 * One window onto the file.  Records stand mostly in the order of their
 * serials, so what is asked for goes up, and one read serves many; where it
 * does not, no more is read than was asked for.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "check/book.h"

int book_check_unchanged(const struct book *b)
{
	return fileops_check_unchanged(b->ops, b->fd, b->path, &b->st);
}

static int measure(struct book *b)
{
	int r;

	r = fileops_stat_regular(b->ops, b->fd, &b->st);
	if (r < 0)
		return r;
	b->end = (uint64_t)b->st.st_size;
	return 0;
}

static int open_file(struct book *b, bool alone)
{
	int r;

	/* Non-blocking, so that a fifo cannot hold us up before we look. */
	b->fd = b->ops->open(
		b->ops->ctx, b->path,
		(alone ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY, 0);
	if (b->fd < 0)
		return b->fd;
	r = measure(b);
	if (r < 0 || !alone)
		return r;

	r = b->ops->lock(b->ops->ctx, b->fd);
	if (r < 0)
		return r;
	/* Who had the lock may have appended, or put another file there. */
	r = measure(b);
	if (r < 0)
		return r;
	return book_check_unchanged(b);
}

int book_open(const struct fileops *ops, const char *path, bool alone,
	      struct book **ret)
{
	_cleanup_(book_freep) struct book *b = NULL;
	int r;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->ops = ops;
	b->fd = -EBADF;
	b->upto = UINT64_MAX;
	b->path = strdup(path);
	if (!b->path)
		return -ENOMEM;

	r = open_file(b, alone);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(b);
	return 0;
}

struct book *book_free(struct book *b)
{
	if (!b)
		return NULL;

	if (b->fd >= 0)
		(void)b->ops->close(b->ops->ctx, b->fd);
	free(b->window);
	free(b->path);
	free(b);
	return NULL;
}

/* How much to read for @len bytes at @at. */
static size_t span_of(const struct book *b, uint64_t at, size_t len)
{
	uint64_t span = len;

	/* Going up: what follows will be asked for next. */
	if (at >= b->start && at - b->start <= 2 * (uint64_t)BOOK_WINDOW)
		span = BOOK_WINDOW;
	if (span > b->end - at)
		span = b->end - at;
	return (size_t)span;
}

int book_text(struct book *b, uint64_t at, size_t len, struct slice *ret)
{
	size_t span;
	int r;

	if (at > b->end || len > b->end - at)
		return -ESTALE;
	if (!b->window) {
		b->window = malloc(BOOK_WINDOW);
		if (!b->window)
			return -ENOMEM;
	}

	if (at < b->start || at - b->start > b->len ||
	    b->len - (at - b->start) < len) {
		span = span_of(b, at, len);
		b->len = 0;
		r = fileops_read_exact(b->ops, b->fd, b->window, span,
				       (off_t)at);
		if (r < 0)
			return r == -EPIPE ? -ESTALE : r;
		b->start = at;
		b->len = span;
	}
	*ret = (struct slice){ b->window + (at - b->start), len };
	return 0;
}
