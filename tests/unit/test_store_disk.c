/* SPDX-License-Identifier: MIT */
/*
 * One directory, of whatever path.  Names become durable when the directory is
 * synced, contents when the file is.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_store_disk.h"
#include "unit.h"

#define SECTOR 512
#define FIRST_FD 100

struct disk_file *disk_find(struct disk *d, const char *path)
{
	for (size_t i = 0; i < DISK_FILES; i++)
		if (d->file[i].mode && strcmp(d->file[i].name, path) == 0)
			return &d->file[i];
	return NULL;
}

struct slice disk_text(const struct disk_file *f)
{
	return (struct slice){ (const char *)f->data.data, f->data.len };
}

static void set_name(char name[DISK_NAME], const char *path)
{
	if (strlen(path) >= DISK_NAME)
		ck_abort_msg("%s is too long", path);
	(void)snprintf(name, DISK_NAME, "%s", path);
}

/* No name leads to it, not even after a crash, and nobody has it open. */
static bool is_gone(const struct disk *d, const struct disk_file *f)
{
	if (!f->mode || f->name[0] != '\0' || f->synced_name[0] != '\0')
		return false;
	for (size_t i = 0; i < DISK_OPENS; i++)
		if (d->open[i].file == f)
			return false;
	return true;
}

static struct disk_file *create(struct disk *d, const char *path)
{
	for (size_t i = 0; i < DISK_FILES; i++)
		if (is_gone(d, &d->file[i]))
			disk_remove(&d->file[i]);
	for (size_t i = 0; i < DISK_FILES; i++) {
		if (d->file[i].mode)
			continue;
		d->file[i] = (struct disk_file){ .mode = S_IFREG | 0640,
						 .changed = ++d->clock };
		set_name(d->file[i].name, path);
		return &d->file[i];
	}
	ck_abort_msg("the disk has no room for another file");
	return NULL;
}

static void set(struct buf *b, struct slice data)
{
	buf_clear(b);
	if (buf_add(b, data.p, data.len) < 0)
		ck_abort();
}

void disk_put(struct disk *d, const char *path, struct slice data)
{
	struct disk_file *f = disk_find(d, path);

	if (!f)
		f = create(d, path);
	set(&f->data, data);
	set(&f->synced, data);
	set_name(f->synced_name, path);
	f->changed = ++d->clock;
}

/* Count the call.  Its error if it is to fail, else 0. */
static int step(struct disk *d)
{
	return ++d->calls == d->fail_at ? d->fail_with : 0;
}

static struct disk_open *opened(struct disk *d, int fd)
{
	if (fd < FIRST_FD || fd >= FIRST_FD + DISK_OPENS)
		ck_abort_msg("%d is no descriptor", fd);
	return &d->open[fd - FIRST_FD];
}

static struct disk_file *opened_file(struct disk *d, int fd)
{
	struct disk_file *f = opened(d, fd)->file;

	if (!f)
		ck_abort_msg("%d is not open", fd);
	return f;
}

static int give_fd(struct disk *d, struct disk_file *f)
{
	for (int i = 0; i < DISK_OPENS; i++) {
		if (d->open[i].file || d->open[i].directory)
			continue;
		d->open[i] = (struct disk_open){ f, f == NULL };
		return FIRST_FD + i;
	}
	return -EMFILE;
}

static int disk_open(void *ctx, const char *path, int flags, mode_t mode)
{
	struct disk *d = ctx;
	struct disk_file *f = disk_find(d, path);
	int r = step(d);

	(void)mode;
	if (r < 0)
		return r;
	if (flags & O_DIRECTORY)
		return give_fd(d, NULL);
	if (f && (flags & O_EXCL))
		return -EEXIST;
	if (!f && !(flags & O_CREAT))
		return -ENOENT;
	return give_fd(d, f ? f : create(d, path));
}

static int disk_close(void *ctx, int fd)
{
	struct disk *d = ctx;
	struct disk_open *o = opened(d, fd);

	if (o->file)
		o->file->locked = false;
	*o = (struct disk_open){ 0 };
	return step(d);
}

static ssize_t disk_pread(void *ctx, int fd, void *out, size_t len, off_t at)
{
	struct disk *d = ctx;
	const struct buf *b = &opened_file(d, fd)->data;
	int r = step(d);

	d->reads++;
	if (r < 0)
		return r;
	if ((size_t)at >= b->len)
		return 0;
	if (len > b->len - (size_t)at)
		len = b->len - (size_t)at;
	memcpy(out, b->data + at, len);
	return (ssize_t)len;
}

static void resize(struct buf *b, size_t len)
{
	if (len > b->len) {
		if (buf_reserve(b, len - b->len) < 0)
			ck_abort();
		memset(b->data + b->len, 0, len - b->len);
	}
	b->len = len;
}

static ssize_t disk_pwrite(void *ctx, int fd, const void *data, size_t len,
			   off_t at)
{
	struct disk *d = ctx;
	struct disk_file *f = opened_file(d, fd);
	int r = step(d);
	size_t end;

	/* A write that fails may have written something. */
	if (d->calls == d->fail_at && len > 1)
		len /= 2;
	if ((uint64_t)at >= d->room && len > 0)
		return r < 0 ? r : -ENOSPC;
	if (len > d->room - (uint64_t)at)
		len = (size_t)(d->room - (uint64_t)at);

	end = (size_t)at + len;
	if (end > f->data.len)
		resize(&f->data, end);
	if (len > 0)
		memcpy(f->data.data + at, data, len);
	f->changed = ++d->clock;
	return r < 0 ? r : (ssize_t)len;
}

static int disk_fsync(void *ctx, int fd)
{
	struct disk *d = ctx;
	struct disk_open *o = opened(d, fd);
	int r = step(d);

	if (r < 0)
		return r;
	if (o->file) {
		set(&o->file->synced, disk_text(o->file));
		return 0;
	}
	for (size_t i = 0; i < DISK_FILES; i++)
		if (d->file[i].mode)
			set_name(d->file[i].synced_name, d->file[i].name);
	return 0;
}

static int disk_ftruncate(void *ctx, int fd, off_t size)
{
	struct disk *d = ctx;
	struct disk_file *f = opened_file(d, fd);
	int r = step(d);

	if (r < 0)
		return r;
	resize(&f->data, (size_t)size);
	f->changed = ++d->clock;
	return 0;
}

static int disk_reserve(void *ctx, int fd, off_t at, off_t len)
{
	struct disk *d = ctx;
	struct disk_file *f = opened_file(d, fd);
	int r = step(d);

	if (r < 0)
		return r;
	if (d->unreservable)
		return -EOPNOTSUPP;
	if ((uint64_t)(at + len) > d->room)
		return -ENOSPC;
	f->changed = ++d->clock;
	return 0;
}

static void fill_stat(const struct disk *d, const struct disk_file *f,
		      struct stat *ret)
{
	*ret = (struct stat){ .st_mode = f->mode,
			      .st_ino = (ino_t)(f - d->file + 1),
			      .st_size = (off_t)f->data.len,
			      .st_mtim.tv_sec = f->changed };
}

static int disk_fstat(void *ctx, int fd, struct stat *ret)
{
	struct disk *d = ctx;
	int r = step(d);

	if (r < 0)
		return r;
	fill_stat(d, opened_file(d, fd), ret);
	return 0;
}

static int disk_stat(void *ctx, const char *path, struct stat *ret)
{
	struct disk *d = ctx;
	const struct disk_file *f = disk_find(d, path);
	int r = step(d);

	if (r < 0)
		return r;
	if (!f)
		return -ENOENT;
	fill_stat(d, f, ret);
	return 0;
}

static int disk_unlink(void *ctx, const char *path)
{
	struct disk *d = ctx;
	struct disk_file *f = disk_find(d, path);
	int r = step(d);

	if (r < 0)
		return r;
	if (!f)
		return -ENOENT;
	f->name[0] = '\0';
	return 0;
}

static int disk_rename(void *ctx, const char *from, const char *to)
{
	struct disk *d = ctx;
	struct disk_file *f = disk_find(d, from);
	struct disk_file *old = disk_find(d, to);
	int r = step(d);

	if (r < 0)
		return r;
	if (!f)
		return -ENOENT;
	if (old)
		old->name[0] = '\0';
	set_name(f->name, to);
	return 0;
}

static int disk_lock(void *ctx, int fd)
{
	struct disk *d = ctx;
	struct disk_file *f = opened_file(d, fd);
	int r = step(d);

	if (r < 0)
		return r;
	if (f->locked)
		return -EWOULDBLOCK;
	f->locked = true;
	return 0;
}

void disk_init(struct disk *d)
{
	*d = (struct disk){ .room = UINT64_MAX };
	d->ops = (struct fileops){
		.ctx = d,
		.open = disk_open,
		.close = disk_close,
		.pread = disk_pread,
		.pwrite = disk_pwrite,
		.fdatasync = disk_fsync,
		.fsync = disk_fsync,
		.ftruncate = disk_ftruncate,
		.reserve = disk_reserve,
		.fstat = disk_fstat,
		.stat = disk_stat,
		.rename = disk_rename,
		.unlink = disk_unlink,
		.lock = disk_lock,
	};
}

void disk_done(struct disk *d)
{
	for (size_t i = 0; i < DISK_FILES; i++) {
		buf_done(&d->file[i].data);
		buf_done(&d->file[i].synced);
	}
}

void disk_remove(struct disk_file *f)
{
	buf_done(&f->data);
	buf_done(&f->synced);
	f->mode = 0;
}

/* Of what is not synced, keep some length and, of that, some sectors. */
static void tear(struct disk_file *f, struct rng *rng)
{
	size_t low = f->synced.len;
	size_t high = f->data.len;
	size_t len = low + (high > low ? rng_below(rng, high - low + 1) : 0);
	struct buf torn = { 0 };

	/* Cut off, and not synced: it may have happened or not. */
	if (high < low && rng_below(rng, 2) == 0)
		len = high;
	set(&torn,
	    (struct slice){ (char *)f->synced.data, len < low ? len : low });
	resize(&torn, len);
	for (size_t at = low; at < len; at = (at / SECTOR + 1) * SECTOR) {
		size_t end = (at / SECTOR + 1) * SECTOR;

		if (end > len)
			end = len;
		if (rng_below(rng, 4) > 0)
			memcpy(torn.data + at, f->data.data + at, end - at);
	}
	set(&f->data, (struct slice){ (char *)torn.data, torn.len });
	set(&f->synced, disk_text(f));
	buf_done(&torn);
}

void disk_crash(struct disk *d, struct rng *rng)
{
	bool names_kept = rng_below(rng, 2) == 0;

	memset(d->open, 0, sizeof(d->open));
	for (size_t i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &d->file[i];

		if (!f->mode)
			continue;
		tear(f, rng);
		f->locked = false;
		if (names_kept)
			set_name(f->synced_name, f->name);
		else
			set_name(f->name, f->synced_name);
		if (f->name[0] == '\0')
			disk_remove(f);
	}
	d->fail_at = 0;
}
