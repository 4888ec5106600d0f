/* SPDX-License-Identifier: MIT */
/*
 * One file of the state directory.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "util/random.h"
#include "walletctl/orderlog.h"

#include "walletctl/opstore_internal.h"

#define FILE_MODE 0600

void opstore_entry_close(struct opstore_entry *e)
{
	if (e->fd >= 0)
		(void)e->ops->close(e->ops->ctx, e->fd);
	e->fd = -EBADF;
}

struct opstore_entry *opstore_entry_free(struct opstore_entry *e)
{
	if (!e)
		return NULL;
	opstore_entry_close(e);
	free(e->path);
	free(e);
	return NULL;
}

int opstore_entry_new(const struct opstore *s, const char *name,
		      struct opstore_entry **ret)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;

	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct opstore_entry){ .ops = s->ops, .fd = -EBADF };
	if (asprintf(&e->path, "%s/%s", s->directory, name) < 0) {
		e->path = NULL;
		return -ENOMEM;
	}
	*ret = TAKE_PTR(e);
	return 0;
}

int opstore_entry_lock(struct opstore_entry *e)
{
	int fd;
	int r;

	fd = e->ops->open(e->ops->ctx, e->path,
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	r = e->ops->lock(e->ops->ctx, fd);
	if (r < 0) {
		(void)e->ops->close(e->ops->ctx, fd);
		return r;
	}
	e->fd = fd;
	return 0;
}

void opstore_entry_become(struct opstore_entry *e,
			  struct opstore_entry **other)
{
	opstore_entry_close(e);
	free(e->path);
	*e = **other;
	free(*other);
	*other = NULL;
}

bool opstore_entry_is_log(const struct opstore_entry *e)
{
	return orderlog_is_name(strrchr(e->path, '/') + 1);
}

int opstore_entry_read(const struct opstore_entry *e, struct group *ret)
{
	struct buf text = { 0 };
	struct slice all;
	int r;

	r = fileops_read_file(e->ops, e->path, OPSTORE_FILE_MAX, &text);
	all = (struct slice){ (const char *)text.data, text.len };
	if (r == 0)
		r = opstore_entry_is_log(e) ? orderlog_read(all, ret)
					    : group_read(all, ret);
	buf_done(&text);
	return r;
}

/* Write, lock and sync the file under a name of its own. */
static int write_temporary(struct opstore_entry *e, const char *path,
			   const struct buf *text)
{
	const struct fileops *ops = e->ops;
	int r;

	e->fd = ops->open(ops->ctx, path,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
	if (e->fd < 0)
		return e->fd;
	r = ops->lock(ops->ctx, e->fd);
	/* Somebody takes it for a leftover: it goes, and all starts over. */
	if (r == -EWOULDBLOCK)
		return -ENOENT;
	if (r == 0)
		r = fileops_write_all(ops, e->fd, text->data, text->len, 0);
	return r < 0 ? r : ops->fsync(ops->ctx, e->fd);
}

/* An unfinished file goes; what was renamed stays, and is safe to stay. */
static int write_text(struct opstore_entry *e, const char *temporary,
		      const struct buf *text)
{
	const struct fileops *ops = e->ops;
	int r = write_temporary(e, temporary, text);

	if (r == 0)
		r = ops->rename(ops->ctx, temporary, e->path);
	if (r < 0) {
		(void)ops->unlink(ops->ctx, temporary);
		opstore_entry_close(e);
		return r;
	}
	return fileops_sync_parent(ops, e->path);
}

/*
 * fileops_replace() has one temporary name for all who write the same file; here
 * they may be several.
 */
int opstore_entry_write(struct opstore_entry *e, const struct buf *text)
{
	_cleanup_(freep) char *temporary = NULL;
	uint64_t unique;

	random_bytes(&unique, sizeof(unique));
	if (asprintf(&temporary, "%s.%" PRIx64, e->path, unique) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	return write_text(e, temporary, text);
}
