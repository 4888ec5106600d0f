/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes.  Doubles its memory, so that appending costs the
 * same however long it gets.
 */
#include "config.h"

#include <stdarg.h>
#include <string.h>

#include "util/buf.h"

#define BUF_CAP_MIN 64

int buf_reserve(struct buf *b, size_t extra)
{
	uint8_t *data;
	size_t cap = b->cap;

	if (extra <= b->cap - b->len)
		return 0;
	if (extra > SIZE_MAX / 2 - b->len)
		return -ENOMEM;

	if (cap < BUF_CAP_MIN)
		cap = BUF_CAP_MIN;
	while (cap < b->len + extra)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data)
		return -ENOMEM;

	b->data = data;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	int r;

	if (len == 0)
		return 0;
	r = buf_reserve(b, len);
	if (r < 0)
		return r;

	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

/* vsnprintf() ends its text by a zero: room for it is needed, but not kept. */
static _printf_(3, 0) int add_formatted(struct buf *b, size_t len,
					const char *format, va_list args)
{
	int r;

	r = buf_reserve(b, len + 1);
	if (r < 0)
		return r;

	(void)vsnprintf((char *)b->data + b->len, len + 1, format, args);
	b->len += len;
	return 0;
}

int buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	int len;
	int r;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);

	/* The C library fails for want of memory or past INT_MAX bytes only. */
	if (len < 0)
		return -ENOMEM;

	va_start(args, format);
	r = add_formatted(b, (size_t)len, format, args);
	va_end(args);
	return r;
}

void buf_drop(struct buf *b, size_t len)
{
	if (len >= b->len) {
		b->len = 0;
		return;
	}
	if (len == 0)
		return;

	memmove(b->data, b->data + len, b->len - len);
	b->len -= len;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
