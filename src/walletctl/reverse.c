/* SPDX-License-Identifier: MIT */
/*
 * The operation id is made of the serial, so whoever tries, and however often,
 * it is done once; the memo is the link to what was reversed.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "walletctl/answer.h"
#include "walletctl/placing.h"
#include "walletctl/receipt.h"

#include "walletctl/reverse.h"

#define ID_FORMAT "reverse-%" PRId64
#define MEMO_FORMAT "reverses %" PRId64
/* Either with any serial, and a zero. */
#define WORDS_SIZE 32
#define NUMBER_SIZE 21

static enum status fail(struct context *ctx, int r)
{
	context_say(ctx, "%s", strerror(-r));
	return STATUS_UNAVAILABLE;
}

/* @q is for one record; *ret borrows from *ret_reply. */
static enum status ask_record(struct context *ctx,
			      const struct client_request *q,
			      redisReply **ret_reply, struct answer_record *ret)
{
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;

	status = context_ask(ctx, q, 1, &reply);
	if (status == STATUS_DONE)
		status = context_refused(ctx, reply);
	if (status == STATUS_DONE && answer_record(reply, ret) < 0)
		status = context_garbled(ctx);
	if (status == STATUS_DONE)
		*ret_reply = TAKE_PTR(reply);
	return status;
}

static int make_memo(const struct context *ctx, int64_t serial, char **ret)
{
	const char *more = ctx->options.value[OPTION_MEMO];
	int n;

	n = asprintf(ret, MEMO_FORMAT "%s%s", serial, more && *more ? " " : "",
		     more ? more : "");
	if (n < 0)
		*ret = NULL;
	return n < 0 ? -ENOMEM : 0;
}

static int make_order(const struct context *ctx, const struct answer_record *a,
		      struct order *ret)
{
	_cleanup_(freep) char *sender = NULL;
	_cleanup_(freep) char *receiver = NULL;
	_cleanup_(freep) char *memo = NULL;
	char amount[NUMBER_SIZE];
	char id[WORDS_SIZE];
	struct order_words w = {
		.command = "transfer",
		.server = ctx->server,
		.amount = amount,
		.id = id,
	};
	int r;

	(void)snprintf(amount, sizeof(amount), "%" PRId64, a->amount);
	(void)snprintf(id, sizeof(id), ID_FORMAT, a->serial);
	sender = strndup(a->receiver.p, a->receiver.len);
	receiver = strndup(a->sender.p, a->sender.len);
	r = sender && receiver ? make_memo(ctx, a->serial, &memo) : -ENOMEM;
	if (r < 0)
		return r;
	w.sender = sender;
	w.receiver = receiver;
	w.memo = memo;
	return order_make(&w, ret);
}

/* Is @other what reversed @a? */
static bool is_reversal(const struct answer_record *a,
			const struct answer_record *other)
{
	char memo[WORDS_SIZE];
	size_t len;

	len = (size_t)snprintf(memo, sizeof(memo), MEMO_FORMAT, a->serial);
	return slice_equal(a->sender, other->receiver) &&
	       slice_equal(a->receiver, other->sender) &&
	       a->amount == other->amount && other->memo.len >= len &&
	       memcmp(other->memo.p, memo, len) == 0 &&
	       (other->memo.len == len || other->memo.p[len] == ' ');
}

/* The id stands for something else than what was to be written. */
static enum status tell_reversed(struct context *ctx,
				 const struct answer_record *a, const char *id)
{
	const struct client_request q = { 3, { "SHOW", "ID", id } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_record other;
	enum status status;

	status = ask_record(ctx, &q, &reply, &other);
	if (status != STATUS_DONE)
		return status;

	context_set_code(ctx, slice_of("IDREUSED"));
	if (is_reversal(a, &other))
		context_say(ctx,
			    "transaction %" PRId64 " was reversed already, by "
			    "transaction %" PRId64 " with the memo \"%.*s\"",
			    a->serial, other.serial, SLICE_ARG(other.memo));
	else
		context_say(ctx,
			    "the operation id %s stands for transaction "
			    "%" PRId64 ", which does not reverse %" PRId64,
			    id, other.serial, a->serial);
	return STATUS_REFUSED;
}

static enum status send_order(struct context *ctx,
			      const struct answer_record *a, struct order *o)
{
	const struct group g = group_of(o);
	struct delivery d = {
		.ask_coin = ctx->form == FORM_TEXT,
		.dry_run = ctx->options.value[OPTION_DRY_RUN] != NULL,
	};
	enum status status;

	status = placing_send(ctx, &g, &d);
	if (status != STATUS_DONE)
		return status;
	status = d.status;
	if (status == STATUS_REFUSED &&
	    slice_equal(d.code, slice_of("IDREUSED")))
		status = tell_reversed(ctx, a, o->id);
	else
		receipt_put(ctx, &g, &d);
	delivery_done(&d);
	return status;
}

static enum status reverse_record(struct context *ctx,
				  const struct answer_record *a)
{
	struct order o = { 0 };
	enum status status;
	int r;

	if (a->amount == 0) {
		context_say(ctx,
			    "transaction %" PRId64 " let \"%.*s\" join the "
			    "network: no coins were moved, and there is "
			    "nothing to reverse",
			    a->serial, SLICE_ARG(a->sender));
		return STATUS_REFUSED;
	}
	r = make_order(ctx, a, &o);
	if (r < 0)
		return fail(ctx, r);
	status = send_order(ctx, a, &o);
	order_done(&o);
	return status;
}

enum status reverse(struct context *ctx)
{
	const struct client_request q = { 2, { "SHOW", ctx->arg[0] } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_record record;
	enum status status;
	uint64_t n;

	if (parse_u64_range(slice_of(ctx->arg[0]), 1, INT64_MAX, &n) < 0)
		return context_usage(ctx,
				     "reverse: SERIAL: expected a number from "
				     "1 up, not \"%s\"",
				     ctx->arg[0]);
	status = ask_record(ctx, &q, &reply, &record);
	return status == STATUS_DONE ? reverse_record(ctx, &record) : status;
}
