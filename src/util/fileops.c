/* SPDX-License-Identifier: MIT */
/*
 * The kernel's file operations as a table, and the few helpers above it that
 * get durability right.  A sync that failed is never tried again: the kernel
 * may have dropped what it could not write, and the second call would succeed.
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

#include "util/fileops.h"

#define READ_CHUNK 65536
#define TEMPORARY_SUFFIX ".tmp"

/* What a call returned, or its negative errno. */
static int result_of(int r)
{
	return r < 0 ? -errno : r;
}

static int kernel_open(void *ctx, const char *path, int flags, mode_t mode)
{
	int fd;

	(void)ctx;
	do {
		fd = result_of(open(path, flags | O_CLOEXEC, mode));
	} while (fd == -EINTR);
	return fd;
}

static int kernel_close(void *ctx, int fd)
{
	int r;

	(void)ctx;
	r = result_of(close(fd));

	/* On Linux the descriptor is gone all the same. */
	return r == -EINTR ? 0 : r;
}

static ssize_t kernel_pread(void *ctx, int fd, void *out, size_t len, off_t at)
{
	ssize_t n;

	(void)ctx;
	do {
		n = pread(fd, out, len, at);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t kernel_pwrite(void *ctx, int fd, const void *data, size_t len,
			     off_t at)
{
	ssize_t n;

	(void)ctx;
	do {
		n = pwrite(fd, data, len, at);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int kernel_fdatasync(void *ctx, int fd)
{
	(void)ctx;
	return result_of(fdatasync(fd));
}

static int kernel_fsync(void *ctx, int fd)
{
	(void)ctx;
	return result_of(fsync(fd));
}

static int kernel_ftruncate(void *ctx, int fd, off_t size)
{
	int r;

	(void)ctx;
	do {
		r = result_of(ftruncate(fd, size));
	} while (r == -EINTR);
	return r;
}

static int kernel_reserve(void *ctx, int fd, off_t at, off_t len)
{
	int r;

	(void)ctx;
	do {
		r = result_of(fallocate(fd, FALLOC_FL_KEEP_SIZE, at, len));
	} while (r == -EINTR);

	/* A file system that cannot reserve tells of a full disk by write. */
	return r == -EOPNOTSUPP ? 0 : r;
}

static int kernel_fstat(void *ctx, int fd, struct stat *ret)
{
	struct stat st;
	int r;

	(void)ctx;
	r = result_of(fstat(fd, &st));
	if (r == 0)
		*ret = st;
	return r;
}

static int kernel_stat(void *ctx, const char *path, struct stat *ret)
{
	struct stat st;
	int r;

	(void)ctx;
	r = result_of(stat(path, &st));
	if (r == 0)
		*ret = st;
	return r;
}

static int kernel_rename(void *ctx, const char *from, const char *to)
{
	(void)ctx;
	return result_of(rename(from, to));
}

static int kernel_unlink(void *ctx, const char *path)
{
	(void)ctx;
	return result_of(unlink(path));
}

/* The lock belongs to the open file: it ends with its last descriptor. */
static int kernel_lock(void *ctx, int fd)
{
	(void)ctx;
	return result_of(flock(fd, LOCK_EX | LOCK_NB));
}

const struct fileops fileops_kernel = {
	.open = kernel_open,
	.close = kernel_close,
	.pread = kernel_pread,
	.pwrite = kernel_pwrite,
	.fdatasync = kernel_fdatasync,
	.fsync = kernel_fsync,
	.ftruncate = kernel_ftruncate,
	.reserve = kernel_reserve,
	.fstat = kernel_fstat,
	.stat = kernel_stat,
	.rename = kernel_rename,
	.unlink = kernel_unlink,
	.lock = kernel_lock,
};

int fileops_write_all(const struct fileops *ops, int fd, const void *data,
		      size_t len, off_t at)
{
	const uint8_t *p = data;
	ssize_t n;

	while (len > 0) {
		n = ops->pwrite(ops->ctx, fd, p, len, at);
		if (n < 0)
			return (int)n;

		/* Nothing written and no error: no use in asking again. */
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

int fileops_read_exact(const struct fileops *ops, int fd, void *out, size_t len,
		       off_t at)
{
	uint8_t *p = out;
	ssize_t n;

	while (len > 0) {
		n = ops->pread(ops->ctx, fd, p, len, at);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EPIPE;
		p += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

int fileops_stat_regular(const struct fileops *ops, int fd, struct stat *ret)
{
	struct stat st;
	int r;

	r = ops->fstat(ops->ctx, fd, &st);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;

	*ret = st;
	return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int fileops_check_unchanged(const struct fileops *ops, int fd, const char *path,
			    const struct stat *was)
{
	struct stat st;
	int r;

	r = ops->fstat(ops->ctx, fd, &st);
	if (r < 0)
		return r;
	if (!is_same(&st, was))
		return -ESTALE;

	r = ops->stat(ops->ctx, path, &st);
	if (r == -ENOENT || r == -ENOTDIR)
		return -ESTALE;
	if (r < 0)
		return r;
	return is_same(&st, was) ? 0 : -ESTALE;
}

/* Append the file to its end; its size is only asked of reading it. */
static int read_to_end(const struct fileops *ops, int fd, size_t max,
		       struct buf *out)
{
	size_t start = out->len;
	ssize_t n;
	int r;

	for (;;) {
		r = buf_reserve(out, READ_CHUNK);
		if (r < 0)
			return r;
		n = ops->pread(ops->ctx, fd, out->data + out->len, READ_CHUNK,
			       (off_t)(out->len - start));
		if (n < 0)
			return (int)n;
		if (n == 0)
			return 0;
		if ((size_t)n > max - (out->len - start))
			return -EFBIG;
		out->len += (size_t)n;
	}
}

int fileops_read_file(const struct fileops *ops, const char *path, size_t max,
		      struct buf *out)
{
	size_t start = out->len;
	struct stat st;
	int fd;
	int r;

	/* Non-blocking, so that a fifo cannot hold us up before we look. */
	fd = ops->open(ops->ctx, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return fd;

	r = fileops_stat_regular(ops, fd, &st);
	if (r == 0)
		r = read_to_end(ops, fd, max, out);
	if (r < 0)
		out->len = start;

	(void)ops->close(ops->ctx, fd);
	return r;
}

/* The directory that @path stands in, ended by a zero. */
static int parent_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= PATH_MAX)
		return -ENAMETOOLONG;

	/* A name without a slash is here; one behind the first, in the root. */
	if (len == 0) {
		memcpy(out, slash ? "/" : ".", 2);
		return 0;
	}
	memcpy(out, path, len);
	out[len] = '\0';
	return 0;
}

int fileops_sync_parent(const struct fileops *ops, const char *path)
{
	char parent[PATH_MAX];
	int fd;
	int r;

	r = parent_of(path, parent);
	if (r < 0)
		return r;
	fd = ops->open(ops->ctx, parent, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;

	r = ops->fsync(ops->ctx, fd);
	(void)ops->close(ops->ctx, fd);
	return r;
}

/* Write and sync a new file.  On an error there may be one, in part. */
static int write_new(const struct fileops *ops, const char *path, mode_t mode,
		     struct slice data)
{
	int closed;
	int fd;
	int r;

	fd = ops->open(ops->ctx, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
		       mode);
	if (fd < 0)
		return fd;

	r = fileops_write_all(ops, fd, data.p, data.len, 0);
	if (r == 0)
		r = ops->fsync(ops->ctx, fd);
	closed = ops->close(ops->ctx, fd);
	return r < 0 ? r : closed;
}

int fileops_replace(const struct fileops *ops, const char *path, mode_t mode,
		    struct slice data)
{
	char temporary[PATH_MAX];
	int n;
	int r;

	n = snprintf(temporary, sizeof(temporary), "%s" TEMPORARY_SUFFIX, path);
	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;

	/* One that a crash has left behind; if it stays, opening fails. */
	(void)ops->unlink(ops->ctx, temporary);

	r = write_new(ops, temporary, mode, data);
	if (r == 0)
		r = ops->rename(ops->ctx, temporary, path);
	if (r < 0) {
		(void)ops->unlink(ops->ctx, temporary);
		return r;
	}
	return fileops_sync_parent(ops, path);
}
