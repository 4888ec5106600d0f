/* SPDX-License-Identifier: MIT */
/*
 * However many balances there are, they are as of one serial, and add up.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/amount.h"
#include "walletctl/answer.h"
#include "walletctl/census.h"
#include "walletctl/pipeline.h"
#include "walletctl/sheet.h"
#include "walletctl/span.h"
#include "walletctl/walk.h"

#include "walletctl/balances.h"

#define NUMBER_SIZE 21
/* Balances asked for at a time. */
#define WINDOW 1000

static const struct column columns[] = {
	{ "user", "User" },
	{ "balance", "Balance" },
	{ "serial", NULL },
};

/* One user, as of now. */

static void put_current(struct context *ctx, int64_t balance,
			const redisReply *info)
{
	struct slice user = slice_of(ctx->arg[0]);
	const struct value values[] = {
		value_text(user),
		value_amount(balance),
	};

	switch (ctx->form) {
	case FORM_TEXT:
		fputs("The current balance of \"", ctx->out);
		output_text(ctx->out, user);
		fputs("\" is : ", ctx->out);
		output_amount(ctx->out, balance);
		putc(' ', ctx->out);
		output_text(ctx->out, context_coin(info));
		fputs(".\n", ctx->out);
		return;
	case FORM_JSON:
	case FORM_CSV:
		output_values(ctx->out, ctx->form, columns, ELEMENTS(values),
			      values);
		return;
	case FORM_RAW:
		fprintf(ctx->out, "%" PRId64 "\n", balance);
		return;
	}
}

static enum status show_current(struct context *ctx)
{
	const struct client_request q[] = {
		{ 2, { "BALANCE", ctx->arg[0] } },
		{ 2, { "INFO", "ledger" } },
	};
	_cleanup_(freeReplyObjectp) redisReply *answer = NULL;
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	redisReply *reply[ELEMENTS(q)] = { NULL };
	enum status status;
	int64_t balance;

	/* Only people are told what the coins are called. */
	status = context_ask(ctx, q, ctx->form == FORM_TEXT ? 2 : 1, reply);
	answer = reply[0];
	info = reply[1];
	if (status == STATUS_DONE)
		status = context_refused(ctx, answer);
	if (status != STATUS_DONE)
		return status;

	if (answer_integer(answer, &balance) < 0)
		return context_garbled(ctx);
	put_current(ctx, balance, info);
	return STATUS_DONE;
}

/* Several, or of another moment. */

struct named {
	struct context *ctx;
	int64_t serial;
	char serial_text[NUMBER_SIZE];
	size_t count;
	size_t asked;
	size_t answered;
	int64_t *balance;
	enum status refused; /* a user who was not there */
};

static bool ask_named(void *arg, struct client_request *ret)
{
	struct named *n = arg;

	if (n->asked == n->count)
		return false;
	*ret = (struct client_request){
		4, { "BALANCE", n->ctx->arg[n->asked++], "AT", n->serial_text }
	};
	return true;
}

/* All who were not there are told, not only the first. */
static enum status take_named(void *arg, const redisReply *reply)
{
	struct named *n = arg;
	struct answer_error error;
	size_t i = n->answered++;
	enum status status = context_refused(n->ctx, reply);

	if (status == STATUS_REFUSED && answer_is_error(reply, &error) &&
	    slice_equal(error.code, slice_of("NOUSER"))) {
		n->refused = status;
		return STATUS_DONE;
	}
	if (status != STATUS_DONE)
		return status;
	if (answer_integer(reply, &n->balance[i]) < 0)
		return context_garbled(n->ctx);
	return STATUS_DONE;
}

/* Before the first transaction nobody was there, and nobody is asked. */
static enum status ask_all_named(struct named *n)
{
	const struct pipeline p = {
		.window = WINDOW,
		.arg = n,
		.ask = ask_named,
		.answer = take_named,
	};
	enum status status;

	if (n->serial == 0) {
		for (size_t i = 0; i < n->count; i++)
			context_say(n->ctx, "\"%s\" was not part of the "
				    "network then", n->ctx->arg[i]);
		return STATUS_REFUSED;
	}
	(void)snprintf(n->serial_text, sizeof(n->serial_text), "%" PRId64,
		       n->serial);
	status = pipeline_run(n->ctx, &p);
	return status == STATUS_DONE ? n->refused : status;
}

static int put_row(struct sheet *sheet, struct slice user, int64_t balance,
		   int64_t serial)
{
	const struct value values[] = {
		value_text(user),
		value_amount(balance),
		value_number(serial),
	};

	return sheet_row(sheet, values);
}

static enum status put_sentence(const struct named *n)
{
	const struct client_request q = { 2, { "INFO", "ledger" } };
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	FILE *out = n->ctx->out;
	enum status status = context_ask(n->ctx, &q, 1, &info);

	if (status != STATUS_DONE)
		return status;
	fputs("The balance of \"", out);
	output_text(out, slice_of(n->ctx->arg[0]));
	fprintf(out, "\" behind transaction %" PRId64 " was : %" PRId64 " ",
		n->serial, n->balance[0]);
	output_text(out, context_coin(info));
	fputs(".\n", out);
	return STATUS_DONE;
}

/* One user at another moment: a sentence, an object, a number. */
static enum status put_then(const struct named *n)
{
	struct context *ctx = n->ctx;
	const struct value values[] = {
		value_text(slice_of(ctx->arg[0])),
		value_number(n->balance[0]),
		value_number(n->serial),
	};

	switch (ctx->form) {
	case FORM_TEXT:
		return put_sentence(n);
	case FORM_JSON:
	case FORM_CSV:
		output_values(ctx->out, ctx->form, columns, ELEMENTS(values),
			      values);
		return STATUS_DONE;
	case FORM_RAW:
		fprintf(ctx->out, "%" PRId64 "\n", n->balance[0]);
		return STATUS_DONE;
	}
	return STATUS_DONE;
}

static enum status put_named(const struct named *n)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	struct context *ctx = n->ctx;
	int r;

	if (n->count == 1)
		return put_then(n);
	r = sheet_new(ctx->out, ctx->form, columns, ELEMENTS(columns), &sheet);
	for (size_t i = 0; i < n->count && r == 0; i++)
		r = put_row(sheet, slice_of(ctx->arg[i]), n->balance[i],
			    n->serial);
	if (r == 0)
		r = sheet_end(sheet);
	return walk_tell(ctx, r);
}

static enum status show_named(struct context *ctx)
{
	_cleanup_(freep) int64_t *balance = NULL;
	struct named n = { .ctx = ctx };
	enum status status;

	while (ctx->arg[n.count])
		n.count++;
	balance = calloc(n.count, sizeof(*balance));
	if (!balance)
		return walk_tell(ctx, -ENOMEM);
	n.balance = balance;

	status = span_at(ctx, &n.serial);
	if (status == STATUS_DONE)
		status = ask_all_named(&n);
	return status == STATUS_DONE ? put_named(&n) : status;
}

/* All. */

struct place {
	struct slice name;
	int64_t balance;
};

/* Those who have most first, then by the bytes of the name. */
static int compare(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->balance != y->balance)
		return x->balance < y->balance ? 1 : -1;
	return slice_compare(x->name, y->name);
}

static size_t rank(const struct census *c, struct place *place)
{
	size_t count = 0;

	for (size_t i = 0; i < census_count(c); i++) {
		const struct census_user *u = census_at(c, i);

		if (u->member)
			place[count++] = (struct place){ census_name(c, u),
							 u->balance };
	}
	qsort(place, count, sizeof(*place), compare);
	return count;
}

static void put_total(struct context *ctx, const struct place *place,
		      size_t count, int64_t serial)
{
	char grouped[OUTPUT_GROUPED_SIZE];
	char text[SUM_TEXT_SIZE];
	__int128 coins = 0;
	int64_t few;

	for (size_t i = 0; i < count; i++)
		coins += place[i].balance;
	output_grouped(count, grouped);
	fprintf(ctx->out, "%s user%s with ", grouped, count == 1 ? "" : "s");
	if (sum_to_i64(sum_from_i128(coins), &few) == 0) {
		output_grouped((uint64_t)few, grouped);
		fputs(grouped, ctx->out);
	} else {
		sum_format(sum_from_i128(coins), text);
		fputs(text, ctx->out);
	}
	fprintf(ctx->out, " coins in all, as of serial %" PRId64 ".\n", serial);
}

static enum status put_all(struct context *ctx, const struct census *c)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	_cleanup_(freep) struct place *place = NULL;
	size_t count;
	int r;

	place = calloc(census_count(c) + 1, sizeof(*place));
	if (!place)
		return walk_tell(ctx, -ENOMEM);
	count = rank(c, place);
	r = sheet_new(ctx->out, ctx->form, columns, ELEMENTS(columns), &sheet);
	for (size_t i = 0; i < count && r == 0; i++)
		r = put_row(sheet, place[i].name, place[i].balance, c->serial);
	if (r == 0)
		r = sheet_end(sheet);
	if (r == 0 && ctx->form == FORM_TEXT)
		put_total(ctx, place, count, c->serial);
	return walk_tell(ctx, r);
}

static enum status show_all(struct context *ctx)
{
	struct census census = { .serial = CENSUS_NOW };
	int64_t serial = CENSUS_NOW;
	enum status status = STATUS_DONE;

	if (ctx->options.value[OPTION_AT])
		status = span_at(ctx, &serial);
	if (status != STATUS_DONE)
		return status;
	status = census_take(ctx, serial, &census);
	if (status == STATUS_DONE)
		status = put_all(ctx, &census);
	census_done(&census);
	return status;
}

enum status balances_show(struct context *ctx)
{
	bool all = ctx->options.value[OPTION_ALL] != NULL;

	if (all && ctx->arg[0])
		return context_usage(ctx, "balance: expected either users or "
					  "--all");
	if (all)
		return show_all(ctx);
	if (!ctx->arg[0])
		return context_usage(ctx, "balance: USER is missing: expected "
					  "the name of a user, or --all");
	if (!ctx->arg[1] && !ctx->options.value[OPTION_AT])
		return show_current(ctx);
	return show_named(ctx);
}
