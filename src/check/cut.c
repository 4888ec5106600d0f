/* SPDX-License-Identifier: MIT */
/*
 * Two new files are written from the old one: what is set aside, and what
 * stays.  The first is durable, with its name, before the second takes the old
 * one's place by a rename.  So at no moment a line is in neither.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "store/scan.h"
#include "util/buf.h"
#include "check/check_internal.h"
#include "check/cut.h"
#include "check/reader.h"

/* Files beside one block that were cut off at one serial. */
#define ASIDE_MAX 1000
#define OUTPUT_SIZE 262144
#define COPY_SIZE 65536

/* A file that is being written. */
struct output {
	const struct fileops *ops;
	char path[PATH_MAX];
	int fd;
	struct buf pending;
	off_t end; /* of what was written */
};

struct cut {
	struct check *check;
	struct book *book;
	struct reader_past past;
	struct output stays;
	struct output aside;
};

static int flush(struct output *o)
{
	int r;

	r = fileops_write_all(o->ops, o->fd, o->pending.data, o->pending.len,
			      o->end);
	if (r < 0)
		return r;
	o->end += (off_t)o->pending.len;
	buf_clear(&o->pending);
	return 0;
}

static int put(struct output *o, const void *data, size_t len)
{
	int r = 0;

	if (o->pending.len + len > OUTPUT_SIZE)
		r = flush(o);
	if (r == 0)
		r = buf_add(&o->pending, data, len);
	return r;
}

/* What of a long line the scan did not show. */
static int put_rest(struct cut *k, const struct scan_line *line,
		    struct output *o)
{
	uint64_t at = line->offset + line->text.len;
	uint64_t end = line->offset + line->length;
	struct slice text;
	size_t n;
	int r = 0;

	while (r == 0 && at < end) {
		n = end - at < COPY_SIZE ? (size_t)(end - at) : COPY_SIZE;
		r = book_text(k->book, at, n, &text);
		if (r == 0)
			r = put(o, text.p, n);
		at += n;
	}
	return r;
}

static bool is_to_stay(struct cut *k, const struct scan_line *line)
{
	const char *fault;
	struct record r;

	if (line->offset >= k->book->upto)
		return false;
	switch (reader_judge(&k->past, line, &r, &fault)) {
	case READER_RECORD:
		return r.serial <= k->check->summary.serial;
	case READER_BLANK:
		return true;
	case READER_FAULT:
		return false;
	}
	return false;
}

/* A scan_visit. */
static int part_line(void *arg, const struct scan_line *line)
{
	struct cut *k = arg;
	struct output *o = is_to_stay(k, line) ? &k->stays : &k->aside;
	int r;

	r = put(o, line->text.p, line->text.len);
	if (r == 0)
		r = put_rest(k, line, o);
	if (r == 0 && line->ended)
		r = put(o, "\n", 1);
	return r;
}

/* A new file, as private as the block until it has the block's mode. */
static int create(const struct cut *k, struct output *o)
{
	o->ops = k->check->ops;
	o->fd = o->ops->open(o->ops->ctx, o->path,
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	return o->fd < 0 ? o->fd : 0;
}

static int check_length(int n)
{
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int create_stays(struct cut *k)
{
	struct output *o = &k->stays;
	int r;

	r = check_length(snprintf(o->path, sizeof(o->path), "%s.cut-tmp",
				  k->book->path));
	if (r < 0)
		return r;
	/* One that a crash has left behind; if it stays, opening fails. */
	(void)k->check->ops->unlink(k->check->ops->ctx, o->path);
	return create(k, o);
}

/* Under a name that is free. */
static int create_aside(struct cut *k)
{
	struct output *o = &k->aside;
	char number[16] = "";
	int r = -EEXIST;

	for (int i = 0; r == -EEXIST && i < ASIDE_MAX; i++) {
		if (i > 0)
			(void)snprintf(number, sizeof(number), "-%d", i);
		r = check_length(snprintf(
			o->path, sizeof(o->path), "%s.cut-at-%" PRIu64 "%s",
			k->book->path, k->check->summary.serial, number));
		if (r == 0)
			r = create(k, o);
	}
	return r;
}

/* Write out what is pending, make it durable, and close. */
static int finish(struct output *o, const struct book *b, check_own own)
{
	int closed;
	int r;

	r = flush(o);
	if (r == 0 && own)
		r = own(o->fd, &b->st);
	if (r == 0)
		r = o->ops->fsync(o->ops->ctx, o->fd);
	closed = o->ops->close(o->ops->ctx, TAKE_FD(o->fd));
	return r < 0 ? r : closed;
}

/* Both files are durable, and so is the name of the one beside. */
static int write_both(struct cut *k, check_own own)
{
	struct book *b = k->book;
	int r;

	r = scan_lines(b->ops, b->fd, 0, 1, b->end, part_line, k);
	if (r != 0)
		return r == -EPIPE ? -ESTALE : r;
	r = finish(&k->aside, b, own);
	if (r == 0)
		r = finish(&k->stays, b, own);
	if (r == 0)
		r = fileops_sync_parent(b->ops, b->path);
	/* Lock or not: not a file that somebody has changed meanwhile. */
	if (r == 0)
		r = book_check_unchanged(b);
	return r;
}

static void discard(struct output *o)
{
	if (o->fd >= 0)
		(void)o->ops->close(o->ops->ctx, TAKE_FD(o->fd));
	(void)o->ops->unlink(o->ops->ctx, o->path);
}

static int prepare(struct cut *k, check_own own)
{
	int r;

	r = create_stays(k);
	if (r < 0)
		return r;
	r = create_aside(k);
	if (r == 0) {
		r = write_both(k, own);
		if (r < 0)
			discard(&k->aside);
	}
	if (r < 0)
		discard(&k->stays);
	return r;
}

static int replace(struct cut *k)
{
	const struct fileops *ops = k->check->ops;
	int r;

	r = ops->rename(ops->ctx, k->stays.path, k->book->path);
	if (r < 0) {
		/* It may have happened all the same: what is aside stays. */
		(void)ops->unlink(ops->ctx, k->stays.path);
		return r;
	}
	return fileops_sync_parent(ops, k->book->path);
}

static int say_cut(const struct cut *k)
{
	const struct check_options *o = &k->check->options;
	_cleanup_(freep) char *text = NULL;

	if (asprintf(&text,
		     "%s: %" PRIu64 " of %" PRIu64 " lines are set aside in %s",
		     k->book->path, k->book->aside, k->book->lines,
		     k->aside.path) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return o->say_done(o->arg, text);
}

int cut_book(struct check *c, struct book *b, check_own own)
{
	struct cut k = {
		.check = c,
		.book = b,
		.stays = { .fd = -EBADF },
		.aside = { .fd = -EBADF },
	};
	int r;

	r = prepare(&k, own);
	if (r == 0)
		r = replace(&k);
	if (r == 0)
		r = say_cut(&k);
	buf_done(&k.stays.pending);
	buf_done(&k.aside.pending);
	return r;
}
