/* SPDX-License-Identifier: MIT */
/*
 * A borrowed run of bytes that is not ended by a zero.
 */
#ifndef UTIL_SLICE_H
#define UTIL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *p;
	size_t len;
};

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Order by bytes, a prefix before what continues it: <0, 0 or >0. */
static inline int slice_compare(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

/*
 * Take what stands before the first @end off *@rest, and @end with it.  False
 * if there is none; nothing is taken then.
 */
static inline bool slice_cut(struct slice *rest, char end, struct slice *ret)
{
	const char *p = rest->len ? memchr(rest->p, end, rest->len) : NULL;

	if (!p)
		return false;
	*ret = (struct slice){ rest->p, (size_t)(p - rest->p) };
	rest->len -= ret->len + 1;
	rest->p = p + 1;
	return true;
}

/* Copy the bytes of *@s to *@at, which ends up behind them; *@s is there then. */
static inline void slice_move(struct slice *s, char **at)
{
	if (s->len)
		memcpy(*at, s->p, s->len);
	s->p = *at;
	*at += s->len;
}

/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).p

#endif
