/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"

#define LENGTH_MAX (INT64_C(1) << 40)

/* A decimal number with or without a minus, all of @text. */
static bool number_of(struct slice text, int64_t *ret)
{
	bool negative = text.len > 0 && text.p[0] == '-';
	int64_t n = 0;

	if (text.len <= (size_t)negative)
		return false;
	for (size_t i = negative; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' ||
		    __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, text.p[i] - '0', &n))
			return false;
	}

	*ret = negative ? -n : n;
	return true;
}

/* The line at the beginning of @data: its first character and the rest. */
static bool take_line(struct slice *data, struct reply_part *ret)
{
	const char *end = data->len ? memchr(data->p, '\n', data->len) : NULL;
	size_t len;

	if (!end)
		return false;

	len = (size_t)(end - data->p) + 1;
	if (len < 3 || end[-1] != '\r')
		ret->kind = 0;
	else
		*ret = (struct reply_part){
			data->p[0], { data->p + 1, len - 3 }
		};
	data->p += len;
	data->len -= len;
	return true;
}

/* What the line of an element says of what follows it. */
static int read_sizes(const struct reply_part *line, int64_t *ret_bytes,
		      int64_t *ret_elements)
{
	int64_t n = 0;

	*ret_bytes = 0;
	*ret_elements = 0;
	switch (line->kind) {
	case '+':
	case '-':
	case ':':
		return 0;
	case '$':
	case '*':
		if (!number_of(line->text, &n) || n < -1 || n > LENGTH_MAX)
			return -EBADMSG;
		if (line->kind == '*')
			*ret_elements = n < 0 ? 0 : n;
		else
			*ret_bytes = n < 0 ? 0 : n + 2;
		return 0;
	default:
		return -EBADMSG;
	}
}

int reply_scan(struct reply_scan *s, const char *data, size_t len,
	       size_t *ret_len)
{
	struct slice rest;

	*ret_len = 0;
	if (len == s->at)
		return 0;

	rest = (struct slice){ data + s->at, len - s->at };
	if (s->at == 0)
		s->open = 1;
	while (s->open > 0) {
		struct reply_part line;
		int64_t bytes;
		int64_t elements;

		if (!take_line(&rest, &line))
			return 0;
		if (read_sizes(&line, &bytes, &elements) < 0)
			return -EBADMSG;
		if ((uint64_t)bytes > rest.len)
			return 0;

		rest.p += bytes;
		rest.len -= (size_t)bytes;
		s->at = (size_t)(rest.p - data);
		s->open += (uint64_t)elements - 1;
	}

	*ret_len = s->at;
	*s = (struct reply_scan){ 0 };
	return 0;
}

bool reply_next(struct slice *reply, struct reply_part *ret)
{
	int64_t bytes;
	int64_t elements;

	if (!take_line(reply, ret) || read_sizes(ret, &bytes, &elements) < 0 ||
	    (uint64_t)bytes > reply->len)
		return false;

	if (bytes > 0) {
		ret->text = (struct slice){ reply->p, (size_t)bytes - 2 };
		reply->p += bytes;
		reply->len -= (size_t)bytes;
	}
	return true;
}

bool reply_next_number(struct slice *reply, int64_t *ret)
{
	struct reply_part part;

	return reply_next(reply, &part) &&
	       (part.kind == ':' || part.kind == '$') &&
	       number_of(part.text, ret);
}
