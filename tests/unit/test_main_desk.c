/* SPDX-License-Identifier: MIT */
/*
 * The session that tests talk to.
 */
#include "config.h"

#include <check.h>

#include "test_main_session.h"

static int say_info(void *ctx, struct slice section, struct buf *out)
{
	(void)ctx;
	return buf_addf(out, "section %.*s", SLICE_ARG(section));
}

struct desk *desk_open(void)
{
	struct desk *d = calloc(1, sizeof(*d));
	struct commands_env env = { .info = say_info };

	ck_assert_ptr_nonnull(d);
	env.engine = &d->engine;
	ck_assert_int_eq(sessions_new(&env, &d->all), 0);
	ck_assert_int_eq(session_new(d->all, 7, d, &d->session), 0);
	return d;
}

void desk_close(struct desk *d)
{
	session_free(d->session);
	sessions_free(d->all);
	free(d);
}

void desk_send_bytes(struct desk *d, const char *bytes, size_t len)
{
	char *copy;
	size_t n;

	/* On the heap and no longer than it is, so that ASan sees all. */
	for (; len > 0; bytes += n, len -= n) {
		n = session_room(d->session);
		ck_assert_uint_gt(n, 0);
		if (n > len)
			n = len;
		copy = malloc(n);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, bytes, n);
		session_input(d->session, copy, n);
		free(copy);
	}
}

void desk_send(struct desk *d, const char *text)
{
	desk_send_bytes(d, text, strlen(text));
}

const char *desk_read(struct desk *d)
{
	static char text[65536];
	struct slice out = session_output(d->session);

	ck_assert_uint_lt(out.len, sizeof(text));
	if (out.len > 0)
		memcpy(text, out.p, out.len);
	text[out.len] = '\0';
	session_written(d->session, out.len);
	return text;
}

size_t desk_queued(const struct desk *d)
{
	struct sessions_counters counters;

	sessions_count(d->all, &counters);
	return counters.queued;
}

void desk_expect(struct desk *d, const char *text, const char *answer)
{
	desk_send(d, text);
	ck_assert_str_eq(desk_read(d), answer);
}
