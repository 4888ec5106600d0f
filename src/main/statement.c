/* SPDX-License-Identifier: MIT */
/*
 * Writing of the statement.  After a call that failed there is only abort: a
 * failed write or sync is not tried again.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "util/buf.h"

#include "main/statement.h"

#define STATEMENT_MODE 0644

struct statement {
	const struct fileops *ops;
	char *path;
	char *tmp;	    /* beside it */
	bool begun;	    /* the file beside it is ours */
	int fd;		    /* of that one, or -EBADF */
	off_t at;	    /* bytes written to it */
	struct buf waiting; /* bytes that are not */
};

int statement_new(const struct fileops *ops, const char *path,
		  struct statement **ret)
{
	_cleanup_(statement_freep) struct statement *s = NULL;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->ops = ops;
	s->fd = -EBADF;

	s->path = strdup(path);
	if (!s->path || asprintf(&s->tmp, "%s.tmp", path) < 0)
		return -ENOMEM;

	*ret = TAKE_PTR(s);
	return 0;
}

struct statement *statement_free(struct statement *s)
{
	if (!s)
		return NULL;

	statement_abort(s);
	buf_done(&s->waiting);
	free(s->path);
	free(s->tmp);
	free(s);
	return NULL;
}

int statement_begin(struct statement *s)
{
	statement_abort(s);

	/* One that a crash has left behind; if it stays, opening fails. */
	(void)s->ops->unlink(s->ops->ctx, s->tmp);
	s->fd = s->ops->open(s->ops->ctx, s->tmp,
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
			     STATEMENT_MODE);
	if (s->fd < 0)
		return s->fd;

	s->begun = true;
	s->at = 0;
	return 0;
}

static int write_waiting(struct statement *s)
{
	int r;

	r = fileops_write_all(s->ops, s->fd, s->waiting.data, s->waiting.len,
			      s->at);
	if (r < 0)
		return r;

	s->at += (off_t)s->waiting.len;
	buf_clear(&s->waiting);
	return 0;
}

int statement_write(struct statement *s, const void *data, size_t len)
{
	int r;

	r = buf_add(&s->waiting, data, len);
	if (r < 0)
		return r;
	return s->waiting.len < STATEMENT_BUFFER ? 0 : write_waiting(s);
}

static int close_new(struct statement *s)
{
	return s->ops->close(s->ops->ctx, TAKE_FD(s->fd));
}

int statement_commit(struct statement *s)
{
	int r;

	r = write_waiting(s);
	if (r == 0)
		r = s->ops->fsync(s->ops->ctx, s->fd);
	if (r == 0)
		r = close_new(s);
	if (r == 0)
		r = s->ops->rename(s->ops->ctx, s->tmp, s->path);
	if (r < 0)
		return r;

	s->begun = false;
	return fileops_sync_parent(s->ops, s->path);
}

void statement_abort(struct statement *s)
{
	buf_clear(&s->waiting);
	if (s->fd >= 0)
		(void)close_new(s);
	if (s->begun)
		(void)s->ops->unlink(s->ops->ctx, s->tmp);
	s->begun = false;
}
