/* SPDX-License-Identifier: MIT */
/*
 * A buffer that holds the longest line several times; what is left of it is
 * moved to its beginning before it is filled again.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "walletctl/linefile.h"

#define BUFFER_SIZE (256 * 1024)

struct linefile {
	int fd;
	bool borrowed; /* standard input stays open */
	bool ended;
	uint64_t number;
	size_t at; /* of data: what is before it was given */
	size_t len;
	char data[BUFFER_SIZE];
};

static int open_path(struct linefile *f, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		f->fd = STDIN_FILENO;
		f->borrowed = true;
	} else {
		f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

int linefile_open(const char *path, struct linefile **ret)
{
	_cleanup_(linefile_freep) struct linefile *f = NULL;
	int r;

	f = malloc(sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->fd = -EBADF;
	f->borrowed = false;
	f->ended = false;
	f->number = 0;
	f->at = 0;
	f->len = 0;
	r = open_path(f, path);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(f);
	return 0;
}

struct linefile *linefile_free(struct linefile *f)
{
	if (!f)
		return NULL;
	if (!f->borrowed)
		closep(&f->fd);
	free(f);
	return NULL;
}

/* Until the buffer is full or the file at its end. */
static int fill(struct linefile *f)
{
	memmove(f->data, f->data + f->at, f->len - f->at);
	f->len -= f->at;
	f->at = 0;
	while (!f->ended && f->len < sizeof(f->data)) {
		ssize_t n = read(f->fd, f->data + f->len,
				 sizeof(f->data) - f->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		f->len += (size_t)n;
		f->ended = n == 0;
	}
	return 0;
}

int linefile_peek(struct linefile *f, struct slice *ret)
{
	int r = fill(f);

	*ret = (struct slice){ f->data, f->len };
	return r;
}

/* What is left of a line that is longer than any may be. */
static int skip_line(struct linefile *f)
{
	for (;;) {
		const char *start = f->data + f->at;
		const char *end = memchr(start, '\n', f->len - f->at);
		int r;

		f->at = end ? f->at + (size_t)(end - start) + 1 : f->len;
		if (end || f->ended)
			return -EMSGSIZE;
		r = fill(f);
		if (r < 0)
			return r;
	}
}

int linefile_next(struct linefile *f, struct slice *ret)
{
	const char *start;
	const char *end;
	int r = 0;

	if (f->len - f->at <= LINEFILE_LINE_MAX && !f->ended)
		r = fill(f);
	if (r < 0 || f->at == f->len)
		return r;

	f->number++;
	start = f->data + f->at;
	end = memchr(start, '\n', f->len - f->at);
	if (!end && f->ended)
		end = f->data + f->len;
	if (!end || end - start > LINEFILE_LINE_MAX)
		return skip_line(f);

	*ret = (struct slice){ start, (size_t)(end - start) };
	f->at += ret->len;
	if (f->at < f->len)
		f->at++;
	return 1;
}

uint64_t linefile_number(const struct linefile *f)
{
	return f->number;
}
