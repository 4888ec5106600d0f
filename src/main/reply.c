/* SPDX-License-Identifier: MIT */
/*
 * Outcomes and records of the engine in RESP2.
 */
#include "config.h"

#include "ledger/name.h"
#include "util/parse.h"
#include "util/percent.h"
#include "util/timestamp.h"
#include "wire/resp.h"

#include "main/reply.h"

#define RECORD_COLUMNS 8

static int put_amount(struct buf *out, struct amount a)
{
	return resp_put_integer(out, (int64_t)amount_to_u64(a));
}

static int put_hash(struct buf *out, const uint8_t hash[CHAIN_HASH_SIZE])
{
	char hex[CHAIN_HEX_SIZE];

	format_hex(hash, CHAIN_HASH_SIZE, hex);
	return resp_put_bulk(out, (struct slice){ hex, sizeof(hex) });
}

/* Null for a record that bears no time. */
static int put_time(struct buf *out, int64_t time)
{
	char text[TIMESTAMP_LEN];

	if (time == 0)
		return resp_put_null(out);

	timestamp_format(time, text);
	return resp_put_bulk(out, (struct slice){ text, sizeof(text) });
}

/* Null for what a record does not have. */
static int put_text(struct buf *out, struct slice text)
{
	return text.len == 0 ? resp_put_null(out) : resp_put_bulk(out, text);
}

static int put_memo(struct buf *out, struct slice encoded)
{
	char memo[MEMO_MAX];
	int len;

	if (encoded.len == 0)
		return resp_put_null(out);

	/* A memo that we would have written otherwise stands as it is. */
	len = percent_decode(encoded, memo, sizeof(memo));
	if (len < 0)
		return resp_put_bulk(out, encoded);
	return resp_put_bulk(out, (struct slice){ memo, (size_t)len });
}

int reply_refusal(struct buf *out, const struct outcome *o)
{
	return resp_put_error(out, outcome_code_name(o->code), o->sentence);
}

int reply_receipt(struct buf *out, const struct outcome *o)
{
	int r;

	r = resp_put_array(out, 4);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.receipt.serial);
	if (r == 0)
		r = put_amount(out, o->u.receipt.balance);
	if (r == 0)
		r = put_time(out, o->u.receipt.time);
	if (r == 0)
		r = put_hash(out, o->u.receipt.hash);
	return r;
}

int reply_tip(struct buf *out, const struct outcome *o)
{
	int r;

	r = resp_put_array(out, 3);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.receipt.serial);
	if (r == 0)
		r = put_hash(out, o->u.receipt.hash);
	if (r == 0)
		r = put_time(out, o->u.receipt.time);
	return r;
}

int reply_statement(struct buf *out, const struct outcome *o)
{
	int r;

	r = resp_put_array(out, 3);
	if (r == 0)
		r = resp_put_bulk(out, o->u.statement.path);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.statement.records);
	if (r == 0)
		r = put_hash(out, o->u.statement.hash);
	return r;
}

static int put_coins(struct buf *out, struct sum coins)
{
	int64_t number;

	if (sum_to_i64(coins, &number) < 0)
		return resp_put_null(out);
	return resp_put_integer(out, number);
}

int reply_verified(struct buf *out, const struct outcome *o)
{
	int r;

	r = resp_put_array(out, 6);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.verified.serial);
	if (r == 0)
		r = put_hash(out, o->u.verified.hash);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.verified.records);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.verified.members);
	if (r == 0)
		r = put_coins(out, o->u.verified.coins);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.verified.gaps);
	return r;
}

static int put_partner(struct buf *out, const struct engine_partner *p,
		       int64_t net)
{
	int r;

	r = resp_put_array(out, 3);
	if (r == 0)
		r = resp_put_bulk(out, p->name);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)p->count);
	if (r == 0)
		r = resp_put_integer(out, net);
	return r;
}

static int refuse_net(struct buf *out)
{
	static const char sentence[] =
		"The net total with one of the users is too large a number "
		"for this protocol.";

	return resp_put_error(out, "LIMIT", slice_of(sentence));
}

int reply_stats(struct buf *out, const struct outcome *o)
{
	const struct engine_partner *p = o->u.stats.partner;
	size_t start = out->len;
	int64_t net;
	int r;

	r = resp_put_array(out, o->u.stats.count);
	for (size_t i = 0; r == 0 && i < o->u.stats.count; i++) {
		/* An answer begun is taken back: it is all rows or none. */
		if (sum_to_i64(p[i].net, &net) < 0) {
			out->len = start;
			return refuse_net(out);
		}
		r = put_partner(out, &p[i], net);
	}
	return r;
}

static int put_user(struct buf *out, const struct engine_user *u)
{
	int r;

	r = resp_put_array(out, 2);
	if (r == 0)
		r = resp_put_bulk(out, u->name);
	if (r == 0)
		r = put_amount(out, u->balance);
	return r;
}

int reply_users(struct buf *out, const struct outcome *o)
{
	int r;

	r = resp_put_array(out, 3);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.users.serial);
	if (r == 0)
		r = resp_put_integer(out, (int64_t)o->u.users.members);
	if (r == 0)
		r = resp_put_array(out, o->u.users.count);
	for (size_t i = 0; r == 0 && i < o->u.users.count; i++)
		r = put_user(out, &o->u.users.user[i]);
	return r;
}

int reply_record(struct buf *out, const struct record *r,
		 const struct amount *balance)
{
	int e;

	e = resp_put_array(out, RECORD_COLUMNS + (balance ? 1 : 0));
	if (e == 0)
		e = resp_put_integer(out, (int64_t)r->serial);
	if (e == 0)
		e = resp_put_bulk(out, r->sender);
	if (e == 0)
		e = resp_put_bulk(out, r->receiver);
	if (e == 0)
		e = put_amount(out, r->amount);
	if (e == 0)
		e = put_time(out, r->chained ? r->time : 0);
	if (e == 0)
		e = put_text(out, r->id);
	if (e == 0)
		e = put_memo(out, r->memo);
	if (e == 0)
		e = r->chained ? put_hash(out, r->hash) : resp_put_null(out);
	if (e == 0 && balance)
		e = put_amount(out, *balance);
	return e;
}
