/* SPDX-License-Identifier: MIT */
/*
 * All writing happens at the known end, after a look whether the file is what
 * we left.  Space is reserved ahead of the end, so that a full disk shows
 * before a byte is written.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/record.h"

#include "store/blockfile.h"

/* At least the largest batch; room is asked for in steps. */
#define RESERVE_MIN ((uint64_t)RECORD_BATCH_MAX * (RECORD_LINE_MAX + 1))
#define RESERVE_STEP (UINT64_C(1) << 20)
#define BLOCK_MODE 0640
/* Torn tails at one offset: one for each crash there. */
#define KEPT_MAX 1000
/* Blocks that were set aside, of one path. */
#define ASIDE_MAX 1000
#define COPY_SIZE 65536

int blockfile_broken(const struct blockfile *b)
{
	return atomic_load(&b->broken);
}

int blockfile_break(struct blockfile *b, int error)
{
	int none = 0;

	(void)atomic_compare_exchange_strong(&b->broken, &none, error);
	return error;
}

/* Take note of what the file looks like after our own change. */
static int remember(struct blockfile *b)
{
	struct stat st;
	int r;

	r = b->ops->fstat(b->ops->ctx, b->fd, &st);
	if (r < 0)
		return blockfile_break(b, r);
	if ((uint64_t)st.st_size != b->end)
		return blockfile_break(b, -ESTALE);

	b->left = st;
	return 0;
}

/* Both what we hold open and what the path leads to must be what we left. */
static int check_unchanged(struct blockfile *b)
{
	int r;

	r = fileops_check_unchanged(b->ops, b->fd, b->path, &b->left);
	return r < 0 ? blockfile_break(b, r) : 0;
}

/* How large is it, and is it a file at all? */
static int measure(struct blockfile *b)
{
	struct stat st;
	int r;

	r = b->ops->fstat(b->ops->ctx, b->fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;

	b->end = (uint64_t)st.st_size;
	b->reserved = b->end;
	return remember(b);
}

static int open_and_lock(struct blockfile *b)
{
	struct stat st;
	int r;

	/* Opening what is no file may have effects of its own. */
	r = b->ops->stat(b->ops->ctx, b->path, &st);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && !S_ISREG(st.st_mode))
		return -EBADMSG;

	b->fd = b->ops->open(b->ops->ctx, b->path, O_RDWR | O_CREAT,
			     BLOCK_MODE);
	if (b->fd < 0)
		return b->fd;
	r = b->ops->lock(b->ops->ctx, b->fd);
	if (r < 0)
		return r;

	r = measure(b);
	if (r < 0)
		return r;
	/* The path may lead elsewhere since, and somebody else have that. */
	return check_unchanged(b);
}

int blockfile_open(const struct fileops *ops, const char *path,
		   struct blockfile **ret)
{
	_cleanup_(blockfile_freep) struct blockfile *b = NULL;
	int r;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->ops = ops;
	b->fd = -EBADF;
	b->path = strdup(path);
	if (!b->path)
		return -ENOMEM;

	r = open_and_lock(b);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(b);
	return 0;
}

struct blockfile *blockfile_free(struct blockfile *b)
{
	if (!b)
		return NULL;

	if (b->fd >= 0)
		(void)b->ops->close(b->ops->ctx, b->fd);
	free(b->path);
	free(b);
	return NULL;
}

int blockfile_scan(struct blockfile *b, uint64_t from, uint64_t number,
		   uint64_t upto, scan_visit visit, void *arg)
{
	int r;

	r = scan_lines(b->ops, b->fd, from, number, upto, visit, arg);
	return r == -EPIPE ? -ESTALE : r;
}

int blockfile_read(struct blockfile *b, void *out, size_t len, uint64_t at)
{
	int r;

	r = fileops_read_exact(b->ops, b->fd, out, len, (off_t)at);
	if (r == -EPIPE)
		r = -ESTALE;
	return r < 0 ? blockfile_break(b, r) : 0;
}

/* Create the file for a torn tail under a name that is free. */
static int create_kept(struct blockfile *b, uint64_t at, struct buf *name)
{
	size_t start = name->len;
	int fd = -EEXIST;
	int r;

	for (int i = 0; fd == -EEXIST && i < KEPT_MAX; i++) {
		name->len = start;
		r = buf_addf(name, "%s.torn-at-%" PRIu64, b->path, at);
		if (r == 0 && i > 0)
			r = buf_addf(name, "-%d", i);
		if (r == 0)
			r = buf_add(name, "", 1);
		if (r < 0)
			return r;
		fd = b->ops->open(b->ops->ctx, (char *)name->data + start,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
				  BLOCK_MODE);
	}
	/* The final zero was for the call only. */
	name->len--;
	return fd;
}

static int copy_tail(struct blockfile *b, uint64_t at, int to)
{
	_cleanup_(freep) char *buf = NULL;
	uint64_t done = 0;
	size_t n;
	int r;

	buf = malloc(COPY_SIZE);
	if (!buf)
		return -ENOMEM;
	while (at + done < b->end) {
		n = COPY_SIZE;
		if (n > b->end - at - done)
			n = (size_t)(b->end - at - done);
		r = blockfile_read(b, buf, n, at + done);
		if (r < 0)
			return r;
		r = fileops_write_all(b->ops, to, buf, n, (off_t)done);
		if (r < 0)
			return r;
		done += n;
	}
	return b->ops->fsync(b->ops->ctx, to);
}

/* Put the tail into a file of its own, for good. */
static int keep_tail(struct blockfile *b, uint64_t at, struct buf *kept)
{
	int closed;
	int fd;
	int r;

	fd = create_kept(b, at, kept);
	if (fd < 0)
		return fd;

	r = copy_tail(b, at, fd);
	closed = b->ops->close(b->ops->ctx, fd);
	if (r < 0)
		return r;
	if (closed < 0)
		return closed;
	return fileops_sync_parent(b->ops, b->path);
}

static int truncate_to(struct blockfile *b, uint64_t end)
{
	int r;

	r = b->ops->ftruncate(b->ops->ctx, b->fd, (off_t)end);
	if (r == 0)
		r = b->ops->fsync(b->ops->ctx, b->fd);
	if (r < 0)
		return blockfile_break(b, r);

	/* What was reserved behind the end may be gone with it. */
	b->end = end;
	b->reserved = end;
	return remember(b);
}

int blockfile_cut(struct blockfile *b, uint64_t at, struct buf *kept)
{
	int r;

	r = check_unchanged(b);
	if (r < 0)
		return r;
	r = keep_tail(b, at, kept);
	if (r < 0)
		return r;
	return truncate_to(b, at);
}

/* An empty file under a name that is free: a rename there destroys nothing. */
static int take_aside(struct blockfile *b, struct buf *name)
{
	size_t start = name->len;
	int fd = -EEXIST;
	int r;

	for (int i = 1; fd == -EEXIST && i <= ASIDE_MAX; i++) {
		name->len = start;
		r = buf_addf(name, "%s.lost-%d", b->path, i);
		if (r == 0)
			r = buf_add(name, "", 1);
		if (r < 0)
			return r;
		fd = b->ops->open(b->ops->ctx, (char *)name->data + start,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
				  BLOCK_MODE);
	}
	return fd < 0 ? fd : b->ops->close(b->ops->ctx, fd);
}

/*
 * The old name first: what has it is durable before the path leads elsewhere.
 * A crash in between leaves no file at the path, which is an empty block.
 * Another process that finds none and creates one meanwhile has an empty block
 * as well, and we end at O_EXCL or at its lock.
 */
static int begin_empty(struct blockfile *b, const char *aside, int *ret)
{
	int fd;
	int r;

	r = b->ops->rename(b->ops->ctx, b->path, aside);
	if (r == 0)
		r = fileops_sync_parent(b->ops, b->path);
	if (r < 0)
		return r;

	fd = b->ops->open(b->ops->ctx, b->path,
			  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, BLOCK_MODE);
	if (fd < 0)
		return fd;
	r = b->ops->lock(b->ops->ctx, fd);
	if (r == 0)
		r = b->ops->fsync(b->ops->ctx, fd);
	if (r == 0)
		r = fileops_sync_parent(b->ops, b->path);
	if (r < 0) {
		(void)b->ops->close(b->ops->ctx, fd);
		return r;
	}
	*ret = fd;
	return 0;
}

/* The old one is closed last: as long as it is open it is locked. */
static int go_on_with(struct blockfile *b, int fd)
{
	int old = b->fd;
	int r;

	b->fd = fd;
	r = measure(b);
	if (r == 0)
		r = b->ops->close(b->ops->ctx, old);
	else
		(void)b->ops->close(b->ops->ctx, old);
	return r;
}

int blockfile_set_aside(struct blockfile *b, struct buf *aside)
{
	size_t start = aside->len;
	int fd = -EBADF;
	int r;

	r = check_unchanged(b);
	if (r == 0)
		r = take_aside(b, aside);
	if (r == 0)
		r = begin_empty(b, (char *)aside->data + start, &fd);
	if (r == 0)
		r = go_on_with(b, fd);
	if (r < 0)
		return blockfile_break(b, r);

	/* The final zero was for the calls only. */
	aside->len--;
	return 0;
}

int blockfile_shorten(struct blockfile *b, uint64_t end)
{
	int r;

	r = check_unchanged(b);
	if (r < 0)
		return r;
	return truncate_to(b, end);
}

int blockfile_rewrite(struct blockfile *b, uint64_t from)
{
	_cleanup_(freep) char *text = malloc(COPY_SIZE);
	int r = 0;

	if (!text)
		return -ENOMEM;
	for (uint64_t at = from; r == 0 && at < b->end; at += COPY_SIZE) {
		size_t n = b->end - at < COPY_SIZE ? (size_t)(b->end - at) :
						     COPY_SIZE;

		r = blockfile_read(b, text, n, at);
		if (r == 0)
			r = fileops_write_all(b->ops, b->fd, text, n,
					      (off_t)at);
	}
	return r < 0 ? blockfile_break(b, r) : remember(b);
}

int blockfile_settle(struct blockfile *b)
{
	int r;

	r = b->ops->fsync(b->ops->ctx, b->fd);
	if (r == 0)
		r = fileops_sync_parent(b->ops, b->path);
	return r < 0 ? blockfile_break(b, r) : 0;
}

/*
 * If there is not room up to @upto yet, reserve that and @more.  1 if the disk
 * has not so much.
 */
static int reserve_upto(struct blockfile *b, uint64_t upto, uint64_t more)
{
	int r;

	if (upto <= b->reserved || b->unreservable)
		return 0;

	r = b->ops->reserve(b->ops->ctx, b->fd, (off_t)b->end,
			    (off_t)(upto + more - b->end));
	if (r == -EOPNOTSUPP || r == -ENOSYS) {
		b->unreservable = true;
		return 0;
	}
	if (r == -ENOSPC || r == -EDQUOT)
		return 1;
	if (r < 0)
		return blockfile_break(b, r);
	b->reserved = upto + more;
	return 0;
}

/*
 * Room for @len bytes, and for the largest batch behind them if there is.
 * -ENOSPC: not even for the first.
 */
static int reserve_ahead(struct blockfile *b, uint64_t len)
{
	uint64_t need = b->end + len + RESERVE_MIN;
	int lacking;
	int r;

	lacking = reserve_upto(b, need, RESERVE_STEP);
	/* Close to full, the step may be what is too much. */
	if (lacking == 1)
		lacking = reserve_upto(b, need, 0);
	if (lacking < 0)
		return lacking;
	b->full = lacking == 1;
	if (b->full)
		lacking = reserve_upto(b, b->end + len, 0);
	if (lacking < 0)
		return lacking;

	/* Reserving counts as a change, on some file systems. */
	r = remember(b);
	if (r < 0)
		return r;
	return lacking == 1 ? -ENOSPC : 0;
}

/* It may be written to: no call has failed, and nobody else has changed it. */
static int check_usable(struct blockfile *b)
{
	int r;

	r = blockfile_broken(b);
	return r < 0 ? r : check_unchanged(b);
}

int blockfile_reserve(struct blockfile *b)
{
	int r;

	r = check_usable(b);
	if (r < 0)
		return r;
	return reserve_ahead(b, 0);
}

int blockfile_unreserve(struct blockfile *b)
{
	int r;

	r = check_usable(b);
	if (r < 0)
		return r;
	/* To the length that it has: what was reserved behind it goes. */
	r = b->ops->ftruncate(b->ops->ctx, b->fd, (off_t)b->end);
	if (r < 0)
		return blockfile_break(b, r);
	b->reserved = b->end;
	return remember(b);
}

/* The disk was full in spite of all: take back what was written. */
static int undo_append(struct blockfile *b)
{
	int r;

	b->full = true;
	r = truncate_to(b, b->end);
	return r < 0 ? r : -ENOSPC;
}

int blockfile_append(struct blockfile *b, struct slice data)
{
	int r;

	r = check_usable(b);
	if (r < 0)
		return r;
	r = reserve_ahead(b, data.len);
	if (r < 0)
		return r;

	r = fileops_write_all(b->ops, b->fd, data.p, data.len, (off_t)b->end);
	if (r == -ENOSPC || r == -EDQUOT)
		return undo_append(b);
	if (r < 0)
		return blockfile_break(b, r);
	b->end += data.len;
	if (b->reserved < b->end)
		b->reserved = b->end;
	return remember(b);
}

int blockfile_sync(struct blockfile *b)
{
	int r;

	r = blockfile_broken(b);
	if (r < 0)
		return r;
	r = b->ops->fdatasync(b->ops->ctx, b->fd);
	return r < 0 ? blockfile_break(b, r) : 0;
}
