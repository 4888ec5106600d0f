/* SPDX-License-Identifier: MIT */
/*
 * The disk of one simulated host.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "disk.h"

#define FILES_MAX 32
#define NAME_SIZE 96
#define FDS_MAX 32
#define RENAMES_MAX 16

struct inode {
	struct buf now; /* what programs read */
	struct buf durable; /* what is there after a power cut */
	size_t settled; /* its length before the last sync that let it grow */
	uint64_t version; /* raised by each write */
	bool dirty;
	bool locked;
	/* After a failed sync: taken for clean, and never written (if forgetful). */
	size_t lost_from;
	size_t lost_to;
};

/* One directory: names, and how it was at its last sync. */
struct entry {
	char name[NAME_SIZE];
	int inode;
};

struct directory {
	struct entry entry[FILES_MAX];
	size_t count;
};

struct fd {
	bool open;
	bool directory;
	bool locked;
	int inode;
};

struct disk {
	struct fileops ops;
	struct rng *rng;
	struct inode inode[FILES_MAX];
	size_t inodes;
	struct directory now;
	/* States that the directory went through since its last sync. */
	struct directory *past;
	size_t pasts;
	struct fd fd[FDS_MAX];
	uint64_t limit;
	unsigned fail_in;
	bool lie;
	bool unlocked;
	bool forgetful;
};

static void copy(struct buf *to, const struct buf *from)
{
	buf_clear(to);
	if (from->len && buf_add(to, from->data, from->len) < 0)
		abort();
}

static struct entry *find(struct directory *d, const char *name)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->entry[i].name, name) == 0)
			return &d->entry[i];
	return NULL;
}

/* The directory changes: remember how it was, for a power cut. */
static void remember(struct disk *d)
{
	if (d->pasts == RENAMES_MAX) {
		memmove(d->past + 1, d->past + 2,
			(RENAMES_MAX - 2) * sizeof(*d->past));
		d->pasts--;
	}
	d->past[d->pasts++] = d->now;
}

static bool fails(struct disk *d)
{
	return d->fail_in && --d->fail_in == 0;
}

static uint64_t used(const struct disk *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < d->inodes; i++)
		sum += d->inode[i].now.len;
	return sum;
}

static struct inode *inode_of(struct disk *d, int fd)
{
	assert(fd >= 0 && fd < FDS_MAX && d->fd[fd].open);
	assert(!d->fd[fd].directory);
	return &d->inode[d->fd[fd].inode];
}

static int new_inode(struct disk *d)
{
	/* Inodes that no name leads to are used again. */
	for (size_t i = 0; i < d->inodes; i++) {
		bool named = false;

		for (size_t j = 0; j < d->now.count; j++)
			named |= d->now.entry[j].inode == (int)i;
		for (size_t k = 0; k < d->pasts; k++)
			for (size_t j = 0; j < d->past[k].count; j++)
				named |= d->past[k].entry[j].inode == (int)i;
		for (size_t j = 0; j < FDS_MAX; j++)
			named |= d->fd[j].open && d->fd[j].inode == (int)i;
		if (named)
			continue;
		buf_clear(&d->inode[i].now);
		buf_clear(&d->inode[i].durable);
		d->inode[i].lost_from = d->inode[i].lost_to = 0;
		d->inode[i].settled = 0;
		d->inode[i].dirty = true;
		d->inode[i].locked = false;
		return (int)i;
	}
	assert(d->inodes < FILES_MAX);
	d->inode[d->inodes].dirty = true;
	return (int)d->inodes++;
}

static int add_entry(struct disk *d, const char *name, int inode)
{
	struct entry *e;

	assert(d->now.count < FILES_MAX && strlen(name) < NAME_SIZE);
	e = &d->now.entry[d->now.count++];
	(void)snprintf(e->name, sizeof(e->name), "%s", name);
	e->inode = inode;
	return 0;
}

static int op_open(void *ctx, const char *path, int flags, mode_t mode)
{
	struct disk *d = ctx;
	struct entry *e = find(&d->now, path);
	bool directory = strchr(path + 1, '/') == NULL;
	int inode = -1;

	(void)mode;
	if (!directory) {
		if (e && (flags & O_CREAT) && (flags & O_EXCL))
			return -EEXIST;
		if (!e && !(flags & O_CREAT))
			return -ENOENT;
		if (!e) {
			remember(d);
			inode = new_inode(d);
			add_entry(d, path, inode);
		} else {
			inode = e->inode;
		}
		if (flags & O_TRUNC) {
			buf_clear(&d->inode[inode].now);
			d->inode[inode].dirty = true;
		}
	}
	for (int i = 0; i < FDS_MAX; i++) {
		if (d->fd[i].open)
			continue;
		d->fd[i] = (struct fd){ .open = true,
					.directory = directory,
					.inode = inode };
		return i;
	}
	return -EMFILE;
}

static int op_close(void *ctx, int fd)
{
	struct disk *d = ctx;

	assert(fd >= 0 && fd < FDS_MAX && d->fd[fd].open);
	if (d->fd[fd].locked)
		d->inode[d->fd[fd].inode].locked = false;
	d->fd[fd].open = false;
	return 0;
}

static ssize_t op_pread(void *ctx, int fd, void *out, size_t len, off_t at)
{
	struct inode *i = inode_of(ctx, fd);

	if ((size_t)at >= i->now.len)
		return 0;
	if (len > i->now.len - (size_t)at)
		len = i->now.len - (size_t)at;
	memcpy(out, i->now.data + at, len);
	return (ssize_t)len;
}

static ssize_t op_pwrite(void *ctx, int fd, const void *data, size_t len,
			 off_t at)
{
	struct disk *d = ctx;
	struct inode *i = inode_of(d, fd);
	size_t end = (size_t)at + len;

	if (fails(d))
		return -EIO;
	if (end > i->now.len && used(d) + (end - i->now.len) > d->limit)
		return -ENOSPC;
	/* Now and then less than asked for, as the system may. */
	if (len > 1 && rng_below(d->rng, 16) == 0) {
		len = 1 + rng_below(d->rng, len - 1);
		end = (size_t)at + len;
	}
	if (end > i->now.len) {
		size_t old = i->now.len;

		if (buf_reserve(&i->now, end - old) < 0)
			return -ENOMEM;
		memset(i->now.data + old, 0, end - old);
		i->now.len = end;
	}
	memcpy(i->now.data + at, data, len);
	if ((size_t)at <= i->lost_from && end > i->lost_from)
		i->lost_from = end < i->lost_to ? end : i->lost_to;
	else if ((size_t)at < i->lost_to && end >= i->lost_to)
		i->lost_to = (size_t)at;
	if (i->lost_from >= i->lost_to)
		i->lost_from = i->lost_to = 0;
	i->dirty = true;
	i->version++;
	return (ssize_t)len;
}

/* The kernel takes what it could not write for clean: it will not try again. */
static void forget(struct inode *i)
{
	size_t kept = i->durable.len < i->now.len ? i->durable.len : i->now.len;

	if (i->lost_from == i->lost_to)
		i->lost_from = kept;
	i->lost_to = i->now.len;
}

static void zero_lost(const struct inode *i, struct buf *b)
{
	size_t to = i->lost_to < b->len ? i->lost_to : b->len;

	if (i->lost_from < to)
		memset(b->data + i->lost_from, 0, to - i->lost_from);
}

static int fail_sync(struct disk *d, int fd)
{
	if (d->fd[fd].directory)
		return -EIO;
	inode_of(d, fd)->dirty = true;
	if (d->forgetful)
		forget(inode_of(d, fd));
	return -EIO;
}

static void settle(struct inode *i)
{
	if (i->now.len > i->durable.len)
		i->settled = i->durable.len;
}

static int op_fsync(void *ctx, int fd)
{
	struct disk *d = ctx;

	assert(fd >= 0 && fd < FDS_MAX && d->fd[fd].open);
	if (fails(d))
		return fail_sync(d, fd);
	if (d->lie)
		return 0;
	if (d->fd[fd].directory) {
		d->past[0] = d->now;
		d->pasts = 1;
		return 0;
	}
	settle(inode_of(d, fd));
	copy(&inode_of(d, fd)->durable, &inode_of(d, fd)->now);
	zero_lost(inode_of(d, fd), &inode_of(d, fd)->durable);
	inode_of(d, fd)->dirty = false;
	return 0;
}

static int op_ftruncate(void *ctx, int fd, off_t size)
{
	struct disk *d = ctx;
	struct inode *i = inode_of(d, fd);

	if (fails(d))
		return -EIO;
	if ((size_t)size > i->now.len)
		return -EINVAL;
	i->now.len = (size_t)size;
	if (i->lost_to > i->now.len)
		i->lost_to = i->now.len;
	if (i->lost_from >= i->lost_to)
		i->lost_from = i->lost_to = 0;
	i->dirty = true;
	i->version++;
	return 0;
}

static int op_reserve(void *ctx, int fd, off_t at, off_t len)
{
	struct disk *d = ctx;
	struct inode *i = inode_of(d, fd);
	uint64_t end = (uint64_t)at + (uint64_t)len;

	if (end > i->now.len && used(d) + (end - i->now.len) > d->limit)
		return -ENOSPC;
	return 0;
}

static void fill_stat(const struct disk *d, int inode, struct stat *ret)
{
	const struct inode *i = &d->inode[inode];

	*ret = (struct stat){ 0 };
	ret->st_dev = 1;
	ret->st_ino = (ino_t)inode + 100;
	ret->st_mode = S_IFREG | 0640;
	ret->st_nlink = 1;
	ret->st_size = (off_t)i->now.len;
	ret->st_mtim.tv_sec = (time_t)i->version;
}

static int op_fstat(void *ctx, int fd, struct stat *ret)
{
	struct disk *d = ctx;

	assert(fd >= 0 && fd < FDS_MAX && d->fd[fd].open);
	if (d->fd[fd].directory)
		return -EISDIR;
	fill_stat(d, d->fd[fd].inode, ret);
	return 0;
}

static int op_stat(void *ctx, const char *path, struct stat *ret)
{
	struct disk *d = ctx;
	struct entry *e = find(&d->now, path);

	if (!e)
		return -ENOENT;
	fill_stat(d, e->inode, ret);
	return 0;
}

static int op_rename(void *ctx, const char *from, const char *to)
{
	struct disk *d = ctx;
	struct entry *e = find(&d->now, from);
	struct entry *old;
	int inode;

	if (!e)
		return -ENOENT;
	if (fails(d))
		return -EIO;
	remember(d);
	inode = e->inode;
	*e = d->now.entry[--d->now.count];
	old = find(&d->now, to);
	if (old)
		old->inode = inode;
	else
		add_entry(d, to, inode);
	return 0;
}

static int op_unlink(void *ctx, const char *path)
{
	struct disk *d = ctx;
	struct entry *e = find(&d->now, path);

	if (!e)
		return -ENOENT;
	remember(d);
	*e = d->now.entry[--d->now.count];
	return 0;
}

static int op_lock(void *ctx, int fd)
{
	struct disk *d = ctx;
	struct inode *i = inode_of(d, fd);

	if (i->locked && !d->unlocked)
		return -EWOULDBLOCK;
	i->locked = true;
	d->fd[fd].locked = true;
	return 0;
}

struct disk *disk_new(struct rng *rng)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->past = calloc(RENAMES_MAX, sizeof(*d->past));
	if (!d->past)
		abort();
	d->pasts = 1;
	d->rng = rng;
	d->limit = UINT64_MAX;
	d->ops = (struct fileops){
		.ctx = d,
		.open = op_open,
		.close = op_close,
		.pread = op_pread,
		.pwrite = op_pwrite,
		.fdatasync = op_fsync,
		.fsync = op_fsync,
		.ftruncate = op_ftruncate,
		.reserve = op_reserve,
		.fstat = op_fstat,
		.stat = op_stat,
		.rename = op_rename,
		.unlink = op_unlink,
		.lock = op_lock,
	};
	return d;
}

void disk_free(struct disk *d)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		buf_done(&d->inode[i].now);
		buf_done(&d->inode[i].durable);
	}
	free(d->past);
	free(d);
}

const struct fileops *disk_ops(const struct disk *d)
{
	return &d->ops;
}

void disk_close_all(struct disk *d)
{
	for (int i = 0; i < FDS_MAX; i++)
		if (d->fd[i].open)
			(void)op_close(d, i);
}

/* What was appended and not synced: all of it, a part, or with a hole. */
static void tear(struct disk *d, struct inode *i)
{
	size_t kept = i->durable.len < i->now.len ? i->durable.len : i->now.len;
	size_t tail = i->now.len - kept;
	size_t hole;

	switch (rng_below(d->rng, 4)) {
	case 0:
		copy(&i->now, &i->durable);
		return;
	case 1:
		return;
	case 2:
		i->now.len = kept + (tail ? rng_below(d->rng, tail + 1) : 0);
		return;
	default:
		/* The size went to the disk, some of the bytes did not. */
		if (!tail)
			return;
		hole = rng_below(d->rng, tail);
		memset(i->now.data + kept + hole, 0,
		       1 + rng_below(d->rng, tail - hole));
		return;
	}
}

void disk_power_cut(struct disk *d)
{
	disk_close_all(d);
	/* The directory as it was at some moment since its last sync. */
	if (d->pasts > 1 && rng_below(d->rng, 2))
		d->now = d->past[rng_below(d->rng, d->pasts)];
	for (size_t i = 0; i < d->inodes; i++) {
		zero_lost(&d->inode[i], &d->inode[i].now);
		d->inode[i].lost_from = d->inode[i].lost_to = 0;
		if (d->inode[i].dirty)
			tear(d, &d->inode[i]);
	}
	/* What came through is what is there, synced or not. */
	for (size_t i = 0; i < d->inodes; i++) {
		settle(&d->inode[i]);
		copy(&d->inode[i].durable, &d->inode[i].now);
		d->inode[i].dirty = false;
		d->inode[i].version++;
	}
	d->past[0] = d->now;
	d->pasts = 1;
}

void disk_limit(struct disk *d, uint64_t bytes)
{
	d->limit = bytes;
}

void disk_fail(struct disk *d, unsigned n)
{
	d->fail_in = n;
}

void disk_lie(struct disk *d, bool lie)
{
	d->lie = lie;
}

void disk_forgetful(struct disk *d, bool forgetful)
{
	d->forgetful = forgetful;
}

void disk_unlock(struct disk *d, bool unlocked)
{
	d->unlocked = unlocked;
}

void disk_put(struct disk *d, const char *path, struct slice data)
{
	int inode = new_inode(d);

	add_entry(d, path, inode);
	buf_clear(&d->inode[inode].now);
	if (buf_add(&d->inode[inode].now, data.p, data.len) < 0)
		abort();
	copy(&d->inode[inode].durable, &d->inode[inode].now);
	d->inode[inode].dirty = false;
	d->past[0] = d->now;
	d->pasts = 1;
}

const struct buf *disk_look(const struct disk *d, const char *path)
{
	struct entry *e = find((struct directory *)(uintptr_t)&d->now, path);

	return e ? &d->inode[e->inode].now : NULL;
}

size_t disk_firm(const struct disk *d, const char *path)
{
	struct entry *e = find((struct directory *)(uintptr_t)&d->now, path);
	const struct inode *i;
	size_t n = 0;

	if (!e)
		return 0;
	i = &d->inode[e->inode];
	while (n < i->now.len && n < i->durable.len &&
	       i->now.data[n] == i->durable.data[n])
		n++;
	return n;
}

size_t disk_settled(const struct disk *d, const char *path)
{
	struct entry *e = find((struct directory *)(uintptr_t)&d->now, path);
	const struct inode *i;

	if (!e)
		return 0;
	i = &d->inode[e->inode];
	if (i->now.len != i->durable.len || i->settled >= i->now.len)
		return 0;
	return i->settled;
}
