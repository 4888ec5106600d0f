/* SPDX-License-Identifier: MIT */
/*
 * Orders out of the words of a command line, or a file.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/name.h"
#include "walletctl/answer.h"
#include "walletctl/payfile.h"
#include "walletctl/placing.h"
#include "walletctl/receipt.h"

#include "walletctl/orders.h"

/* How often somebody else may be quicker with a sender's coins. */
#define MAX_ATTEMPTS 8
/* Digits of an int64_t with sign and zero. */
#define NUMBER_SIZE 21

static enum status fail(struct context *ctx, int r)
{
	context_say(ctx, "%s", strerror(-r));
	return STATUS_UNAVAILABLE;
}

/* "$note" of a script may be empty, and then there is none. */
static const char *memo_of(const struct context *ctx)
{
	const char *memo = ctx->options.value[OPTION_MEMO];

	return memo && *memo ? memo : NULL;
}

/* The id that was given, or @made, which gets a new one. */
static const char *id_of(const struct context *ctx, char made[PLACING_ID_SIZE])
{
	const char *given = ctx->options.value[OPTION_ID];

	if (given)
		return given;
	placing_make_id(made);
	return made;
}

static enum status run_words(struct context *ctx, const struct order_words *w)
{
	struct order o = { 0 };
	struct group g;
	enum status status;
	int r;

	r = order_make(w, &o);
	if (r < 0)
		return fail(ctx, r);
	g = group_of(&o);
	status = placing_run(ctx, &g);
	order_done(&o);
	return status;
}

static enum status transfer_one(struct context *ctx)
{
	char made[PLACING_ID_SIZE];
	const struct order_words w = {
		.command = "transfer",
		.server = ctx->server,
		.sender = ctx->arg[0],
		.receiver = ctx->arg[1],
		.amount = ctx->arg[2],
		.id = id_of(ctx, made),
		.memo = memo_of(ctx),
	};

	return run_words(ctx, &w);
}

/* A file of transfers. */

static enum status run_list(struct context *ctx, const struct group *g)
{
	const struct delivery nothing = { .status = STATUS_DONE };

	if (g->count > 0)
		return placing_run(ctx, g);
	context_note(ctx, "%s: there are no payments", g->source);
	if (ctx->form != FORM_TEXT)
		receipt_put(ctx, g, &nothing);
	return STATUS_DONE;
}

static enum status transfer_file(struct context *ctx)
{
	const char *path = ctx->options.value[OPTION_FILE];
	char made[PLACING_ID_SIZE];
	struct group g = { 0 };
	enum status status;

	status = payfile_read(ctx, path, id_of(ctx, made), memo_of(ctx), &g);
	if (status == STATUS_DONE)
		status = run_list(ctx, &g);
	group_done(&g);
	return status;
}

/* All that somebody has. */

static enum status ask_balance(struct context *ctx, int64_t *ret)
{
	const struct client_request q = { 2, { "BALANCE", ctx->arg[0] } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;

	status = context_ask(ctx, &q, 1, &reply);
	if (status == STATUS_DONE)
		status = context_refused(ctx, reply);
	if (status == STATUS_DONE && answer_integer(reply, ret) < 0)
		return context_garbled(ctx);
	return status;
}

/* What was moved under this id before; *ret stays if nothing was. */
static enum status ask_earlier(struct context *ctx, const char *id,
			       int64_t *ret)
{
	const struct client_request q = { 3, { "SHOW", "ID", id } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_record record;
	struct answer_error error;
	enum status status;

	status = context_ask(ctx, &q, 1, &reply);
	if (status != STATUS_DONE)
		return status;
	if (answer_is_error(reply, &error))
		return slice_equal(error.code, slice_of("NOTFOUND"))
			       ? STATUS_DONE
			       : context_refused(ctx, reply);
	if (answer_record(reply, &record) < 0)
		return context_garbled(ctx);
	*ret = record.amount;
	return STATUS_DONE;
}

/* How much it is to be, above 0. */
static enum status find_amount(struct context *ctx, int64_t *ret)
{
	const char *id = ctx->options.value[OPTION_ID];
	enum status status = STATUS_DONE;

	*ret = 0;
	if (id && !operation_id_fault(slice_of(id)))
		status = ask_earlier(ctx, id, ret);
	if (status == STATUS_DONE && *ret == 0)
		status = ask_balance(ctx, ret);
	if (status == STATUS_DONE && *ret == 0) {
		context_say(ctx, "\"%s\" has nothing to transfer", ctx->arg[0]);
		status = STATUS_REFUSED;
	}
	return status;
}

/* *ret_late: somebody else was quicker, and nothing was told. */
static enum status try_max(struct context *ctx, int64_t coins, bool last,
			   bool *ret_late)
{
	char made[PLACING_ID_SIZE];
	char amount[NUMBER_SIZE];
	const struct order_words w = {
		.command = "transfer",
		.server = ctx->server,
		.sender = ctx->arg[0],
		.receiver = ctx->arg[1],
		.amount = amount,
		.id = id_of(ctx, made),
		.memo = memo_of(ctx),
	};
	struct delivery d = {
		.ask_coin = ctx->form == FORM_TEXT,
		.dry_run = ctx->options.value[OPTION_DRY_RUN] != NULL,
	};
	struct order o = { 0 };
	struct group g;
	enum status status;
	int r;

	(void)snprintf(amount, sizeof(amount), "%" PRId64, coins);
	r = order_make(&w, &o);
	if (r < 0)
		return fail(ctx, r);
	g = group_of(&o);
	status = placing_send(ctx, &g, &d);
	if (status == STATUS_DONE) {
		status = d.status;
		*ret_late = !last && status == STATUS_REFUSED &&
			    slice_equal(d.code, slice_of("INSUFFICIENT"));
		if (!*ret_late)
			receipt_put(ctx, &g, &d);
		delivery_done(&d);
	}
	order_done(&o);
	return status;
}

static enum status transfer_max(struct context *ctx)
{
	enum status status = STATUS_DONE;
	bool late = true;

	for (int i = 1; late; i++) {
		int64_t coins;

		late = false;
		status = find_amount(ctx, &coins);
		if (status == STATUS_DONE)
			status = try_max(ctx, coins, i == MAX_ATTEMPTS, &late);
	}
	return status;
}

enum status orders_transfer(struct context *ctx)
{
	if (ctx->options.value[OPTION_FILE])
		return transfer_file(ctx);
	if (ctx->options.value[OPTION_MAX])
		return transfer_max(ctx);
	return transfer_one(ctx);
}

/* New users. */

static enum status open_one(struct context *ctx)
{
	char made[PLACING_ID_SIZE];
	const struct order_words w = {
		.command = "open",
		.server = ctx->server,
		.sender = ctx->arg[0],
		.id = id_of(ctx, made),
		.memo = memo_of(ctx),
	};

	return run_words(ctx, &w);
}

/* The one at @i, with the group's id, a dash and its place for an id. */
static int add_opening(struct context *ctx, struct group *g, size_t i)
{
	_cleanup_(freep) char *id = NULL;
	struct order_words w = {
		.command = "open",
		.server = ctx->server,
		.sender = ctx->arg[i],
		.memo = memo_of(ctx),
	};
	struct order o = { 0 };
	int r;

	if (asprintf(&id, "%s-%zu", g->id, i + 1) < 0) {
		id = NULL;
		return -ENOMEM;
	}
	w.id = id;
	r = order_make(&w, &o);
	if (r == 0)
		r = group_add(g, &o, 0);
	order_done(&o);
	return r;
}

/* Their last id is their longest. */
static enum status check_openings(struct context *ctx, const struct group *g)
{
	const char *id = g->order[g->count - 1].id;
	const char *fault = operation_id_fault(slice_of(id));

	if (!fault)
		return STATUS_DONE;
	return context_usage(ctx,
			     "--id: with a user's place behind it, as in "
			     "\"%s\", it %s",
			     id, fault);
}

static enum status open_several(struct context *ctx, size_t count)
{
	char made[PLACING_ID_SIZE];
	struct group g = { .id = strdup(id_of(ctx, made)) };
	enum status status;
	int r = g.id ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && r == 0; i++)
		r = add_opening(ctx, &g, i);
	status = r < 0 ? fail(ctx, r) : check_openings(ctx, &g);
	if (status == STATUS_DONE)
		status = placing_run(ctx, &g);
	group_done(&g);
	return status;
}

enum status orders_open(struct context *ctx)
{
	size_t count = 0;

	while (ctx->arg[count])
		count++;
	if (count > GROUP_MAX)
		return context_usage(ctx,
				     "open: expected at most %d users at a "
				     "time, not %zu",
				     GROUP_MAX, count);
	return count == 1 ? open_one(ctx) : open_several(ctx, count);
}
