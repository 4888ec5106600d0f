/* SPDX-License-Identifier: MIT */
/*
 * What the bare ledger makes of requests: arrays of bulk strings only.  Whoever
 * is named has a wallet.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/parse.h"
#include "util/slice.h"

#include "bare.h"
#include "common.h"

#define WORDS_MAX 8
#define WALLETS_MAX 1000000
#define BALANCE 1000000000
#define RECORD_MAX 256
#define ANSWER_MAX 256
#define TIME "2026-11-22T13:37:00.123456Z"
#define ZEROS16 "0000000000000000"

void ledger_start(struct server *s)
{
	static const uint8_t key[MAP_KEY_SIZE];

	map_init(&s->map, key);
	s->wallets = calloc(WALLETS_MAX, sizeof(*s->wallets));
	if (!s->wallets)
		fail("no memory");
}

static struct wallet *wallet_of(struct server *s, struct slice name)
{
	uint64_t hash = map_hash(&s->map, name.p, name.len);
	struct wallet *w;
	size_t at;

	for (uint32_t v = map_first(&s->map, hash, &at); v != MAP_NONE;
	     v = map_next(&s->map, hash, &at)) {
		w = &s->wallets[v];
		if (slice_equal((struct slice){ w->name, w->len }, name))
			return w;
	}

	if (s->wallet_count == WALLETS_MAX || name.len > sizeof(w->name) ||
	    map_insert(&s->map, hash, s->wallet_count) < 0)
		fail("too many wallets");
	w = &s->wallets[s->wallet_count++];
	memcpy(w->name, name.p, name.len);
	w->len = name.len;
	w->balance = BALANCE;
	return w;
}

/* --- Words */

/* A number behind @kind up to the end of the line; false if that is not there. */
static bool take_number(struct slice *in, char kind, uint64_t *ret)
{
	const char *end = in->len ? memchr(in->p, '\n', in->len) : NULL;
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - in->p);
	if (len < 3 || in->p[0] != kind ||
	    parse_u64((struct slice){ in->p + 1, len - 2 }, ret) < 0)
		fail("a request that is no array of bulk strings");
	in->p += len + 1;
	in->len -= len + 1;
	return true;
}

/* Take a whole request off @in; false if it is not all there. */
static bool take_request(struct slice *in, struct slice words[WORDS_MAX],
			 size_t *ret_count)
{
	struct slice rest = *in;
	uint64_t count;

	if (!take_number(&rest, '*', &count))
		return false;
	if (count < 1 || count > WORDS_MAX)
		fail("a request of %ju words", (uintmax_t)count);
	for (size_t i = 0; i < count; i++) {
		uint64_t len;

		if (!take_number(&rest, '$', &len) || rest.len < len + 2)
			return false;
		words[i] = (struct slice){ rest.p, (size_t)len };
		rest.p += len + 2;
		rest.len -= (size_t)len + 2;
	}

	*ret_count = (size_t)count;
	*in = rest;
	return true;
}

/* --- Answers */

static char *put(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

static char *put_slice(char *at, struct slice text)
{
	at = put(at, text.p, text.len);
	*at++ = ' ';
	return at;
}

static char *put_integer(char *at, uint64_t n)
{
	*at++ = ':';
	at += format_u64(n, at);
	return put(at, "\r\n", 2);
}

static void add(struct buf *b, const char *text, const char *end)
{
	if (buf_add(b, text, (size_t)(end - text)) < 0)
		fail("no memory");
}

static void add_text(struct buf *b, const char *text)
{
	add(b, text, text + strlen(text));
}

static void stage(struct server *s, struct peer *p)
{
	if (p->staged)
		return;
	if (s->staged_count == s->staged_room) {
		s->staged_room = s->staged_room ? 2 * s->staged_room : 64;
		s->staged = reallocarray(s->staged, s->staged_room,
					 sizeof(struct peer *));
		if (!s->staged)
			fail("no memory");
	}
	s->staged[s->staged_count++] = p;
	p->staged = true;
}

static void transfer(struct server *s, struct peer *p,
		     const struct slice words[WORDS_MAX])
{
	static const char tail[] = "$27\r\n" TIME "\r\n$64\r\n" ZEROS16
				   ZEROS16 ZEROS16 ZEROS16 "\r\n";
	struct wallet *sender = wallet_of(s, words[1]);
	struct wallet *receiver = wallet_of(s, words[2]);
	char record[RECORD_MAX];
	char answer[ANSWER_MAX];
	uint64_t amount;
	char *at = record;

	if (parse_u64(words[3], &amount) < 0 || amount > INT64_MAX ||
	    sender->balance < (int64_t)amount || words[3].len > 20) {
		add_text(&p->out, "-INSUFFICIENT balance\r\n");
		return;
	}
	sender->balance -= (int64_t)amount;
	receiver->balance += (int64_t)amount;
	s->serial++;

	at += format_u64(s->serial, at);
	*at++ = ' ';
	at = put_slice(at, words[1]);
	at = put_slice(at, words[2]);
	at = put_slice(at, words[3]);
	at[-1] = '\n';
	add(&s->batch, record, at);
	if (s->batch.len > BATCH_BYTES_MAX && !s->storage.local)
		fail("more in flight than a datagram holds");

	at = put(answer, "*4\r\n", 4);
	at = put_integer(at, s->serial);
	at = put_integer(at, (uint64_t)sender->balance);
	at = put(at, tail, sizeof(tail) - 1);
	add(&p->out, answer, at);
	stage(s, p);
}

static void balance(struct server *s, struct peer *p, struct slice name)
{
	char answer[ANSWER_MAX];

	add(&p->out, answer,
	    put_integer(answer, (uint64_t)wallet_of(s, name)->balance));
}

void ledger_take(struct server *s, struct peer *p)
{
	struct slice in = { (const char *)p->in.data, p->in.len };
	struct slice words[WORDS_MAX];
	size_t count;

	while (take_request(&in, words, &count)) {
		if (slice_equal(words[0], slice_of("TRANSFER")) && count == 4)
			transfer(s, p, words);
		else if (slice_equal(words[0], slice_of("BALANCE")) &&
			 count == 2)
			balance(s, p, words[1]);
		else
			add_text(&p->out, "-ERR not known here\r\n");
	}
	buf_drop(&p->in, p->in.len - in.len);
}
