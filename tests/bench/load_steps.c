/* SPDX-License-Identifier: MIT */
/*
 * Requests that nobody measures, or one by one, over a connection of their own
 * that is waited for.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "load.h"
#include "reply.h"

/* Requests sent in one go; their answers fit in a socket's buffer. */
#define STEP 100
#define READ_SIZE 65536

struct line {
	int fd;
	struct buf in;
	size_t taken; /* bytes of in that were answers before */
	struct reply_scan scan;
};

void *grown(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count ? count : 1, size);

	if (!p)
		fail("no memory");
	return p;
}

/* The next answer; good until the next call. */
static struct slice receive(struct line *l)
{
	size_t len;

	buf_drop(&l->in, l->taken);
	l->taken = 0;
	for (;;) {
		ssize_t n;

		if (reply_scan(&l->scan, (const char *)l->in.data, l->in.len,
			       &len) < 0)
			fail("an answer that is no RESP");
		if (len > 0)
			break;
		if (buf_reserve(&l->in, READ_SIZE) < 0)
			fail("no memory");
		n = read(l->fd, l->in.data + l->in.len, READ_SIZE);
		if (n < 0)
			fail_errno("read");
		if (n == 0)
			fail("the connection ended");
		l->in.len += (size_t)n;
	}

	l->taken = len;
	if (l->in.data[0] == '-')
		fail("refused: %.*s", (int)len - 2, (const char *)l->in.data);
	return (struct slice){ (const char *)l->in.data, len };
}

static void line_done(struct line *l)
{
	(void)close(l->fd);
	buf_done(&l->in);
}

/* @request for every user; the answer's first number, if @ret, into it. */
static void ask_all(const struct settings *s,
		    void (*request)(const struct settings *, uint32_t,
				    struct buf *),
		    int64_t *ret)
{
	struct line l = { .fd = connect_tcp(s->port) };
	struct buf out = { 0 };

	for (uint32_t first = 0; first < s->users; first += STEP) {
		uint32_t end = first + STEP < s->users ? first + STEP
						       : (uint32_t)s->users;

		buf_clear(&out);
		for (uint32_t user = first; user < end; user++)
			request(s, user, &out);
		write_all(l.fd, out.data, out.len);
		for (uint32_t user = first; user < end; user++) {
			struct slice reply = receive(&l);

			if (ret && !reply_next_number(&reply, &ret[user]))
				fail("user %u: no balance", user);
		}
	}
	buf_done(&out);
	line_done(&l);
}

void open_users(const struct settings *s)
{
	ask_all(s, request_open, NULL);
}

void ask_balances(const struct settings *s, int64_t *balances)
{
	ask_all(s, request_balance, balances);
}

void run_command(const struct settings *s)
{
	struct line l = { .fd = connect_tcp(s->port) };
	struct buf out = { 0 };
	size_t bytes = 0;

	request_words(s->words, s->word_count, &out);
	(void)printf("{\"usec\": [");
	for (uint64_t i = 0; i < s->repeat; i++) {
		int64_t begin = now_nsec();

		write_all(l.fd, out.data, out.len);
		bytes = receive(&l).len;
		(void)printf("%s%.1f", i ? ", " : "",
			     (double)(now_nsec() - begin) / 1e3);
	}
	(void)printf("], \"bytes\": %zu}\n", bytes);
	buf_done(&out);
	line_done(&l);
}
