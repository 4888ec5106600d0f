/* SPDX-License-Identifier: MIT */
/*
 * The file beside it bears a name that is nobody's, so that two who write at a
 * time do not meet.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fileops.h"

#include "walletctl/outfile.h"

#define STREAM_BUFFER (256 * 1024)

struct outfile {
	char *path;
	char *tmp; /* beside it; NULL: there is none any more */
	FILE *stream;
};

/* What the process lets others do with new files. */
static mode_t new_file_mode(void)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	return 0666 & ~mask;
}

static int check_place(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

/* A new file with a name of its own, and a stream to it. */
static int open_tmp(struct outfile *f)
{
	_cleanup_(closep) int fd = -EBADF;

	fd = mkostemp(f->tmp, O_CLOEXEC);
	if (fd < 0) {
		int r = -errno;

		free(f->tmp);
		f->tmp = NULL;
		return r;
	}
	if (fchmod(fd, new_file_mode()) < 0)
		return -errno;
	f->stream = fdopen(fd, "w");
	if (!f->stream)
		return -errno;
	(void)TAKE_FD(fd);
	(void)setvbuf(f->stream, NULL, _IOFBF, STREAM_BUFFER);
	(void)__fsetlocking(f->stream, FSETLOCKING_BYCALLER);
	return 0;
}

int outfile_open(const char *path, struct outfile **ret)
{
	_cleanup_(outfile_freep) struct outfile *f = NULL;
	int r;

	r = check_place(path);
	if (r < 0)
		return r;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->path = strdup(path);
	if (!f->path)
		return -ENOMEM;
	if (asprintf(&f->tmp, "%s.XXXXXX", path) < 0) {
		f->tmp = NULL;
		return -ENOMEM;
	}
	r = open_tmp(f);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(f);
	return 0;
}

FILE *outfile_stream(struct outfile *f)
{
	return f->stream;
}

static int put_in_place(struct outfile *f)
{
	FILE *stream;

	if (fflush(f->stream) != 0 || fsync(fileno(f->stream)) < 0)
		return -errno;
	stream = TAKE_PTR(f->stream);
	if (fclose(stream) != 0)
		return -errno;
	if (rename(f->tmp, f->path) < 0)
		return -errno;

	free(f->tmp);
	f->tmp = NULL;
	return fileops_sync_parent(&fileops_kernel, f->path);
}

int outfile_commit(struct outfile *f)
{
	int r = put_in_place(f);

	(void)outfile_free(f);
	return r;
}

struct outfile *outfile_free(struct outfile *f)
{
	if (!f)
		return NULL;

	if (f->stream)
		(void)fclose(f->stream);
	if (f->tmp)
		(void)unlink(f->tmp);
	free(f->tmp);
	free(f->path);
	free(f);
	return NULL;
}
