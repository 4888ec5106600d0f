/* SPDX-License-Identifier: MIT */
/*
 * Messages of the channel, taken apart.
 */
#include "config.h"

#include <errno.h>

#include "ledger/record.h"
#include "util/parse.h"
#include "util/percent.h"

#include "walletctl/pushed.h"

/* Of anything else no p. */
static struct slice text_of(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING)
		return (struct slice){ 0 };
	return (struct slice){ reply->str, reply->len };
}

static struct slice memo_of(const struct record *r, struct pushed *p)
{
	int len;

	if (r->memo.len == 0)
		return (struct slice){ 0 };
	/* As the main daemon tells it: what is encoded otherwise stands as is. */
	len = percent_decode(r->memo, p->memo, sizeof(p->memo));
	return len < 0 ? r->memo : (struct slice){ p->memo, (size_t)len };
}

static void fill(const struct record *r, struct pushed *p)
{
	timestamp_format(r->time, p->time);
	format_hex(r->hash, CHAIN_HASH_SIZE, p->hash);
	p->record = (struct answer_record){
		.serial = (int64_t)r->serial,
		.sender = r->sender,
		.receiver = r->receiver,
		.amount = (int64_t)amount_to_u64(r->amount),
		.time = { p->time, sizeof(p->time) },
		.id = r->id.len ? r->id : (struct slice){ 0 },
		.memo = memo_of(r, p),
		.hash = { p->hash, sizeof(p->hash) },
	};
}

static int read_line(struct slice line, struct pushed *ret)
{
	const char *fault;
	struct record r;

	if (!line.p || record_parse(line, &r, &fault) < 0 || !r.chained)
		return -EBADMSG;
	fill(&r, ret);
	return 1;
}

int pushed_read(const redisReply *reply, struct pushed *ret)
{
	struct slice kind;

	if (answer_list(reply) < 0 || reply->elements < 2)
		return -EBADMSG;
	kind = text_of(reply->element[0]);
	if (slice_equal(kind, slice_of("pong")) ||
	    slice_equal(kind, slice_of("subscribe")))
		return 0;
	if (!slice_equal(kind, slice_of("message")) || reply->elements != 3 ||
	    !slice_equal(text_of(reply->element[1]), slice_of(PUSHED_CHANNEL)))
		return -EBADMSG;
	return read_line(text_of(reply->element[2]), ret);
}
