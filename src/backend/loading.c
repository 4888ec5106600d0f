/* SPDX-License-Identifier: MIT */
/*
 * Counts the bytes that are read, and says so once a second.
 */
#include "config.h"

#include <inttypes.h>

#include "sys/loop.h"
#include "sys/notify.h"
#include "util/timestamp.h"
#include "backend/loading.h"

static void tell(struct loading *l)
{
	/* What is read twice, for a second look, is not a part of more. */
	uint64_t read = l->read < l->size ? l->read : l->size;

	l->told = loop_now();
	notify_extend(LOADING_EXTEND_SECONDS);
	if (l->size == 0)
		notify_status("block %s: reading %s", l->name, l->path);
	else
		notify_status("block %s: reading %s, %" PRIu64 " of %" PRIu64
			      " bytes",
			      l->name, l->path, read, l->size);
}

static ssize_t observed_pread(void *ctx, int fd, void *out, size_t len,
			      off_t at)
{
	struct loading *l = ctx;
	ssize_t n;

	n = fileops_kernel.pread(fileops_kernel.ctx, fd, out, len, at);
	if (n <= 0 || l->over)
		return n;

	l->read += (uint64_t)n;
	if (loop_now() - l->told >= USEC_PER_SEC)
		tell(l);
	return n;
}

static int observed_fstat(void *ctx, int fd, struct stat *ret)
{
	struct loading *l = ctx;
	int r;

	r = fileops_kernel.fstat(fileops_kernel.ctx, fd, ret);
	if (r == 0 && !l->over && (uint64_t)ret->st_size > l->size)
		l->size = (uint64_t)ret->st_size;
	return r;
}

static int observed_lock(void *ctx, int fd)
{
	struct loading *l = ctx;
	int r;

	r = fileops_kernel.lock(fileops_kernel.ctx, fd);
	if (r == 0 && !l->over)
		l->locked = loop_now();
	return r;
}

void loading_begin(struct loading *l, const char *name, const char *path)
{
	*l = (struct loading){
		.ops = fileops_kernel,
		.name = name,
		.path = path,
	};

	/* The others do not look at their ctx. */
	l->ops.ctx = l;
	l->ops.pread = observed_pread;
	l->ops.fstat = observed_fstat;
	l->ops.lock = observed_lock;
	tell(l);
}

void loading_end(struct loading *l)
{
	l->over = true;
}
