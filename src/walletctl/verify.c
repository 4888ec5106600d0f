/* SPDX-License-Identifier: MIT */
/*
 * A verification may take long.  While the answer is awaited, a second
 * connection asks how far it is: that is drawn on a terminal, and it is the
 * sign of life that keeps the time-out away.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/chain.h"
#include "util/parse.h"
#include "util/timestamp.h"
#include "walletctl/answer.h"
#include "walletctl/progress.h"

#include "walletctl/verify.h"

/* As many as the server takes. */
#define TIPS_MAX 16
/* How often is it asked how far it is? */
#define LOOK_EVERY (250 * USEC_PER_MSEC)
/* How long may it take to say so? */
#define LOOK_MAX USEC_PER_SEC
/* What is over sooner needs no bar. */
#define DRAW_AFTER (500 * USEC_PER_MSEC)

_Static_assert(1 + 3 * TIPS_MAX <= CLIENT_ARGS_MAX, "all tips fit");

/* The request, and the texts that it points to. */
struct question {
	struct client_request request;
	char *text[TIPS_MAX];
	size_t texts;
};

static void question_done(struct question *q)
{
	for (size_t i = 0; i < q->texts; i++)
		free(q->text[i]);
}

/* Take SERIAL:HASH apart, in place.  NULL: it is not that. */
static char *split_tip(char *text)
{
	uint8_t hash[CHAIN_HASH_SIZE];
	char *colon = strchr(text, ':');
	uint64_t serial;

	if (!colon)
		return NULL;
	*colon = '\0';
	if (parse_u64_range(slice_of(text), 0, INT64_MAX, &serial) < 0 ||
	    parse_hex(slice_of(colon + 1), hash, sizeof(hash)) < 0)
		return NULL;
	return colon + 1;
}

static enum status add_tip(struct context *ctx, const char *tip,
			   struct question *q)
{
	struct client_request *r = &q->request;
	char *serial = strdup(tip);
	const char *hash;

	if (!serial) {
		context_say(ctx, "%s", strerror(ENOMEM));
		return STATUS_UNAVAILABLE;
	}
	q->text[q->texts++] = serial;
	hash = split_tip(serial);
	if (!hash)
		return context_usage(ctx,
				     "--tip: expected SERIAL:HASH, the hash in "
				     "%d lower-case hexadecimal digits, not "
				     "\"%s\"",
				     CHAIN_HEX_SIZE, tip);
	r->arg[r->args++] = "TIP";
	r->arg[r->args++] = serial;
	r->arg[r->args++] = hash;
	return STATUS_DONE;
}

static enum status make_question(struct context *ctx, struct question *q)
{
	const struct options *o = &ctx->options;
	enum status status = STATUS_DONE;

	q->request.arg[q->request.args++] = "VERIFY";
	if (o->tips > TIPS_MAX)
		return context_usage(ctx, "--tip: at most %d of them",
				     TIPS_MAX);
	for (size_t i = 0; i < o->tips && status == STATUS_DONE; i++)
		status = add_tip(ctx, o->tip[i], q);
	return status;
}

/* Waiting. */

struct watch {
	struct context *ctx;
	struct client *client; /* the second connection */
	struct progress progress;
	bool draws;
	int64_t began;
	int64_t alive; /* when something has moved last */
	struct buf seen; /* what INFO said last */
};

static void watch_done(struct watch *w)
{
	(void)client_free(w->client);
	buf_done(&w->seen);
}

static uint64_t number_of(const redisReply *info, const char *key)
{
	uint64_t n;

	return parse_u64(answer_info(info, key), &n) < 0 ? 0 : n;
}

/* Has anything moved since the last look? */
static bool has_moved(struct watch *w, const redisReply *info)
{
	if (info->type != REDIS_REPLY_STRING)
		return false;
	if (info->len == w->seen.len &&
	    (info->len == 0 || memcmp(info->str, w->seen.data, info->len) == 0))
		return false;
	buf_clear(&w->seen);
	return buf_add(&w->seen, info->str, info->len) == 0;
}

/* How far is it?  It does not matter if that cannot be told. */
static void look(struct watch *w)
{
	const struct client_request q = { 2, { "INFO", "verify" } };
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;

	if (!w->client && client_new(w->ctx->server, &w->client) < 0)
		return;
	if (client_ask(w->client, &q, 1, client_now() + LOOK_MAX, &info) < 0)
		return;
	if (has_moved(w, info))
		w->alive = client_now();
	if (w->draws && client_now() - w->began >= DRAW_AFTER)
		progress_draw(&w->progress, number_of(info, "verify_serial"),
			      number_of(info, "verify_upto"));
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The answer; -ETIMEDOUT if nothing moves any more. */
static int await_answer(struct watch *w, redisReply **ret)
{
	int64_t timeout = w->ctx->timeout;
	int64_t every = smaller(LOOK_EVERY, timeout / 4);
	int r;

	w->began = client_now();
	w->alive = w->began;
	for (;;) {
		r = client_receive(w->ctx->client, client_now() + every, ret);
		if (r != -EAGAIN)
			return r;
		if (client_now() - w->alive >= timeout)
			return -ETIMEDOUT;
		look(w);
	}
}

static enum status ask(struct context *ctx, const struct question *q,
		       redisReply **ret)
{
	bool quiet = ctx->options.value[OPTION_QUIET] != NULL;
	_cleanup_(watch_done) struct watch w = {
		.ctx = ctx,
		.progress = { .out = ctx->err, .what = "Verifying" },
		.draws = ctx->form == FORM_TEXT && !quiet &&
			 progress_possible(ctx->err),
	};
	int r;

	r = client_send(ctx->client, &q->request, client_now() + ctx->timeout);
	if (r == 0)
		r = await_answer(&w, ret);
	progress_erase(&w.progress);
	if (r == 0)
		return STATUS_DONE;
	context_say(ctx, "%s", client_fault(ctx->client));
	return STATUS_UNAVAILABLE;
}

/* Telling. */

static struct slice coin_of(struct context *ctx, redisReply **info)
{
	const struct client_request q = { 2, { "INFO", "ledger" } };

	/* What the coins are called is not worth failing for. */
	if (client_ask(ctx->client, &q, 1, client_now() + ctx->timeout, info) <
	    0)
		*info = NULL;
	return context_coin(*info);
}

static void put_count(FILE *out, int64_t n, const char *what)
{
	char digits[OUTPUT_GROUPED_SIZE];

	output_grouped((uint64_t)n, digits);
	fprintf(out, "%s %s%s", digits, what, n == 1 ? "" : "s");
}

static void put_text(struct context *ctx, const struct answer_verified *a)
{
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	struct slice coin = coin_of(ctx, &info);
	char digits[OUTPUT_GROUPED_SIZE];

	fputs("Verified ", ctx->out);
	put_count(ctx->out, a->records, "transaction");
	fprintf(ctx->out, " up to serial %" PRId64 ": ", a->serial);
	put_count(ctx->out, a->users, "member");
	output_grouped(a->has_coins ? (uint64_t)a->coins : INT64_MAX, digits);
	fprintf(ctx->out, ", %s%s ", a->has_coins ? "" : "more than ", digits);
	output_text(ctx->out, coin);
	fputs(".\n", ctx->out);
	if (a->gaps > 0) {
		fputs("Missing among the old records: ", ctx->out);
		put_count(ctx->out, a->gaps, "serial");
		fputs(".\n", ctx->out);
	}
	fprintf(ctx->out, "Tip %" PRId64 ":", a->serial);
	output_text(ctx->out, a->hash);
	putc('\n', ctx->out);
}

static void put_values(struct context *ctx, const struct answer_verified *a)
{
	static const struct column columns[] = {
		{ "serial", NULL }, { "hash", NULL },  { "transactions", NULL },
		{ "users", NULL },  { "coins", NULL }, { "gaps", NULL },
	};
	const struct value values[] = {
		value_number(a->serial),
		value_text(a->hash),
		value_number(a->records),
		value_number(a->users),
		a->has_coins ? value_number(a->coins) : value_none(),
		value_number(a->gaps),
	};

	output_values(ctx->out, ctx->form, columns, ELEMENTS(columns), values);
}

static enum status tell(struct context *ctx, const redisReply *reply)
{
	struct answer_verified a;
	enum status status;

	status = context_refused(ctx, reply);
	if (status == STATUS_INTEGRITY)
		context_say(ctx, "keep a copy of all block files before "
				 "anything else; what to do then is in "
				 "alichain(7), \"A verification fails\"");
	if (status != STATUS_DONE)
		return status;
	if (answer_verified(reply, &a) < 0)
		return context_garbled(ctx);

	if (ctx->options.value[OPTION_QUIET])
		return STATUS_DONE;
	if (ctx->form == FORM_TEXT)
		put_text(ctx, &a);
	else
		put_values(ctx, &a);
	return STATUS_DONE;
}

enum status verify(struct context *ctx)
{
	_cleanup_(question_done) struct question q = { .texts = 0 };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;

	status = make_question(ctx, &q);
	if (status == STATUS_DONE)
		status = ask(ctx, &q, &reply);
	return status == STATUS_DONE ? tell(ctx, reply) : status;
}
