/* SPDX-License-Identifier: MIT */
/*
 * The bytes of requests.  A transfer at Redis is a script that does what ours
 * does: its arguments are the two wallets and the amount.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "common.h"
#include "load.h"
#include "names.h"

#define REQUEST_MAX 256

static void put(struct buf *out, const char *text, size_t len)
{
	memcpy(out->data + out->len, text, len);
	out->len += len;
}

static void put_text(struct buf *out, const char *text)
{
	put(out, text, strlen(text));
}

static void put_user(struct buf *out, uint32_t user)
{
	char name[USER_NAME_LEN];

	user_name(user, name);
	put_text(out, "$14\r\n");
	put(out, name, sizeof(name));
	put_text(out, "\r\n");
}

static void reserve(struct buf *out, size_t extra)
{
	if (buf_reserve(out, extra) < 0)
		fail("no memory");
}

void request_open(const struct settings *s, uint32_t user, struct buf *out)
{
	reserve(out, REQUEST_MAX);
	if (s->dialect == DIALECT_ALICHAIN) {
		put_text(out, "*2\r\n$4\r\nOPEN\r\n");
		put_user(out, user);
		return;
	}

	put_text(out, "*3\r\n$3\r\nSET\r\n");
	put_user(out, user);
	if (buf_addf(out, "$%d\r\n%jd\r\n",
		     snprintf(NULL, 0, "%jd", (intmax_t)s->balance),
		     (intmax_t)s->balance) < 0)
		fail("no memory");
}

void request_balance(const struct settings *s, uint32_t user, struct buf *out)
{
	reserve(out, REQUEST_MAX);
	put_text(out, s->dialect == DIALECT_ALICHAIN
			      ? "*2\r\n$7\r\nBALANCE\r\n"
			      : "*2\r\n$3\r\nGET\r\n");
	put_user(out, user);
}

void request_transfer(const struct settings *s, const struct request *r,
		      struct buf *out)
{
	const char digit = (char)('0' + r->amount);

	reserve(out, REQUEST_MAX);
	if (s->dialect == DIALECT_ALICHAIN) {
		put_text(out, "*4\r\n$8\r\nTRANSFER\r\n");
	} else {
		put_text(out, "*6\r\n$7\r\nEVALSHA\r\n$40\r\n");
		put_text(out, s->script);
		put_text(out, "\r\n$1\r\n2\r\n");
	}
	put_user(out, r->sender);
	put_user(out, r->receiver);
	put_text(out, "$1\r\n");
	put(out, &digit, 1);
	put_text(out, "\r\n");
}

void request_words(char **words, int count, struct buf *out)
{
	if (buf_addf(out, "*%d\r\n", count) < 0)
		fail("no memory");
	for (int i = 0; i < count; i++) {
		if (buf_addf(out, "$%zu\r\n%s\r\n", strlen(words[i]),
			     words[i]) < 0)
			fail("no memory");
	}
}

void request_next(const struct settings *s, struct rng *rng, struct request *r,
		  struct buf *out)
{
	r->sender = (uint32_t)rng_below(rng, s->users);
	if (s->work == WORK_ECHO) {
		reserve(out, REQUEST_MAX);
		put_text(out, ":1\r\n");
		return;
	}
	if (s->work == WORK_BALANCE) {
		request_balance(s, r->sender, out);
		return;
	}

	/* Somebody else, each as likely as the other. */
	r->receiver = (uint32_t)rng_below(rng, s->users - 1);
	r->receiver += r->receiver >= r->sender;
	r->amount = 1 + (uint32_t)rng_below(rng, AMOUNT_MAX);
	request_transfer(s, r, out);
}
