/* SPDX-License-Identifier: MIT */
/*
 * The original system's sentences, an order as a record, and lists of them.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "walletctl/classic.h"
#include "walletctl/records.h"
#include "walletctl/terminal.h"

#include "walletctl/receipt.h"

enum { RESUMED_OUTCOME = RECORD_COLUMNS_MAX, RESUMED_REASON, RESUMED_COLUMNS };

/* A record, and what became of it. */
static const struct column resumed_columns[RESUMED_COLUMNS] = {
	{ "serial", NULL },  { "sender", NULL }, { "receiver", NULL },
	{ "amount", NULL },  { "time", NULL },	 { "id", NULL },
	{ "memo", NULL },    { "hash", NULL },	 { "balance", NULL },
	{ "outcome", NULL }, { "reason", NULL },
};

static struct slice text_or_none(const char *text)
{
	return text ? slice_of(text) : (struct slice){ NULL, 0 };
}

/* The main daemon has taken the amount, so it is a number; else see it. */
static struct value amount_value(const struct order *o)
{
	uint64_t n;

	if (order_is_opening(o))
		return value_amount(0);
	if (parse_u64_range(slice_of(o->amount), 0, INT64_MAX, &n) == 0)
		return value_amount((int64_t)n);
	return value_text(slice_of(o->amount));
}

/* @part is what was said of the order; NULL: nothing good. */
static void order_values(const struct order *o, const redisReply *part,
			 struct value *ret)
{
	struct answer_receipt receipt;
	struct answer_record a = {
		.sender = slice_of(o->sender),
		.receiver =
			slice_of(order_is_opening(o) ? o->sender : o->receiver),
		.id = slice_of(o->id),
		.memo = text_or_none(o->memo),
	};

	if (part && answer_receipt(part, &receipt) == 0) {
		a.serial = receipt.serial;
		a.time = receipt.time;
		a.hash = receipt.hash;
		a.has_balance = true;
		a.balance = receipt.balance;
	} else if (part && answer_integer(part, &a.balance) == 0) {
		a.has_balance = true;
	}
	records_values(&a, ret);
	ret[RECORD_AMOUNT] = amount_value(o);
	if (a.serial == 0)
		ret[RECORD_SERIAL] = value_none();
}

static void put_quoted(FILE *out, const char *name)
{
	putc('"', out);
	output_text(out, slice_of(name));
	putc('"', out);
}

static void put_number(FILE *out, const struct order *o)
{
	struct value amount = amount_value(o);

	if (value_is_number(&amount))
		output_amount(out, amount.number);
	else
		output_text(out, amount.text);
}

static void put_amount(FILE *out, const struct order *o, struct slice coin)
{
	put_number(out, o);
	putc(' ', out);
	output_text(out, coin);
	fputs(" to ", out);
	put_quoted(out, o->receiver);
}

static void put_balance(FILE *out, const struct order *o, const char *verb,
			int64_t balance, struct slice coin)
{
	put_quoted(out, o->sender);
	fprintf(out, " %s : ", verb);
	output_amount(out, balance);
	putc(' ', out);
	output_text(out, coin);
	fputs(".\n", out);
}

static void put_sentences(FILE *out, const struct order *o,
			  const struct delivery *d, int64_t balance)
{
	struct slice coin = context_coin(d->info);

	put_quoted(out, o->sender);
	if (order_is_opening(o)) {
		fputs(" is now part of the network", out);
	} else {
		fputs(" successfully transferred ", out);
		put_amount(out, o, coin);
	}
	fputs(".\nThe current balance of ", out);
	put_balance(out, o, "is", balance, coin);
}

static void put_prospect(FILE *out, const struct order *o,
			 const struct delivery *d, int64_t balance)
{
	struct slice coin = context_coin(d->info);

	put_quoted(out, o->sender);
	if (order_is_opening(o)) {
		fputs(" would be part of the network", out);
	} else {
		fputs(" would transfer ", out);
		put_amount(out, o, coin);
	}
	fputs(".\nThe balance of ", out);
	put_balance(out, o, "would be", balance, coin);
}

/* What was to be done, as the end of a sentence. */
static void put_deed(FILE *out, const struct order *o)
{
	put_quoted(out, o->sender);
	if (order_is_opening(o)) {
		fputs(" is part of the network now", out);
		return;
	}
	fputs(" transferred ", out);
	put_number(out, o);
	fputs(" to ", out);
	put_quoted(out, o->receiver);
}

/* The orders of a list, as the end of a sentence. */
static void put_deeds(FILE *out, const struct group *g)
{
	if (g->count == 1)
		put_deed(out, &g->order[0]);
	else
		fprintf(out,
			"these %zu orders are done (all of them or none)",
			g->count);
}

/* It is not known what happened, or known that nothing did. */
static void put_open_end(FILE *err, const struct group *g,
			 const struct delivery *d)
{
	fputs("walletctl: ", err);
	output_text(err, slice_of(d->reason ? d->reason : ""));
	if (d->status == STATUS_UNAVAILABLE) {
		fputs(" Nothing happened.\n", err);
		return;
	}
	if (d->last_did_nothing)
		fputs(" That is the last attempt; an earlier one may have gone "
		      "through.",
		      err);
	fputs(" It is not known whether ", err);
	put_deeds(err, g);
	fputs(": run \"walletctl resume\", or the same command again with "
	      "--id ",
	      err);
	output_text(err, slice_of(g->id));
	fputs(".\n", err);
}

/* An order of a list, and what the main daemon has against it. */
static void put_refused_order(struct context *ctx, const struct group *g,
			      size_t i, struct slice sentence)
{
	const struct order *o = &g->order[i];
	FILE *err = ctx->err;

	if (g->source) {
		output_text(err, slice_of(g->source));
		fprintf(err, ":%" PRIu64 ": ", g->line[i]);
	}
	put_quoted(err, o->sender);
	if (!order_is_opening(o)) {
		fputs(" to ", err);
		put_quoted(err, o->receiver);
		fputs(", ", err);
		put_number(err, o);
	}
	fputs(": refused: ", err);
	output_text(err, sentence);
	putc('\n', err);
}

/* Each of a list that stood in the way of the others. */
static void put_refused_list(struct context *ctx, const struct group *g,
			     const struct delivery *d)
{
	struct answer_error error;
	size_t refused = 0;

	for (size_t i = 0; i < g->count; i++) {
		const redisReply *part = delivery_part(d, i);

		if (!part || !answer_is_error(part, &error) ||
		    slice_equal(error.code, slice_of("ABORTED")))
			continue;
		put_refused_order(ctx, g, i, error.sentence);
		refused++;
	}
	if (refused > 0)
		context_say(ctx,
			    "%zu of %zu orders cannot be done; nothing was "
			    "changed",
			    refused, g->count);
}

static void put_failure(struct context *ctx, const struct group *g,
			const struct delivery *d)
{
	struct slice reason = slice_of(d->reason ? d->reason : "");

	context_set_code(ctx, d->code);
	if (d->status == STATUS_UNKNOWN || d->status == STATUS_UNAVAILABLE) {
		put_open_end(ctx->err, g, d);
	} else if (d->refuses_parts && !group_is_lone(g)) {
		put_refused_list(ctx, g, d);
	} else {
		/* The main daemon's sentence says it all. */
		terminal_put_refusal(ctx->err, reason);
	}
}

static void put_lone(struct context *ctx, const struct group *g,
		     const struct delivery *d)
{
	struct value values[RECORD_COLUMNS_MAX];
	const struct order *o = &g->order[0];

	order_values(o, delivery_part(d, 0), values);
	if (ctx->form != FORM_TEXT)
		output_values(ctx->out, ctx->form, records_columns,
			      RECORD_COLUMNS_MAX, values);
	else if (d->dry_run)
		put_prospect(ctx->out, o, d, values[RECORD_BALANCE].number);
	else
		put_sentences(ctx->out, o, d, values[RECORD_BALANCE].number);
}

/* What is behind the table, for people. */
static void put_summary(FILE *out, const struct group *g,
			const struct delivery *d)
{
	struct answer_receipt first;
	struct answer_receipt last;

	if (d->dry_run)
		fprintf(out, "All %zu can be done; nothing was changed.\n",
			g->count);
	else if (answer_receipt(delivery_part(d, 0), &first) == 0 &&
		 answer_receipt(delivery_part(d, g->count - 1), &last) == 0)
		fprintf(out, "Done: serials %" PRId64 " to %" PRId64 ".\n",
			first.serial, last.serial);
}

static int put_list(struct context *ctx, const struct group *g,
		    const struct delivery *d)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	struct column columns[RECORD_COLUMNS_MAX];
	struct value values[RECORD_COLUMNS_MAX];
	int r;

	memcpy(columns, records_columns, sizeof(columns));
	/* There are none yet. */
	if (d->dry_run) {
		columns[RECORD_SERIAL].heading = NULL;
		columns[RECORD_TIME].heading = NULL;
	}
	r = sheet_new(ctx->out, ctx->form, columns, RECORD_COLUMNS_MAX, &sheet);
	for (size_t i = 0; i < g->count && r == 0; i++) {
		order_values(&g->order[i], delivery_part(d, i), values);
		r = sheet_row(sheet, values);
	}
	if (r == 0)
		r = sheet_end(sheet);
	if (r == 0 && ctx->form == FORM_TEXT)
		put_summary(ctx->out, g, d);
	return r;
}

void receipt_put(struct context *ctx, const struct group *g,
		 const struct delivery *d)
{
	if (ctx->options.value[OPTION_CLASSIC] &&
	    classic_receipt(ctx, &g->order[0], delivery_part(d, 0), d->info))
		return;
	if (d->status != STATUS_DONE)
		put_failure(ctx, g, d);
	else if (context_quiet(ctx))
		return;
	else if (group_is_lone(g))
		put_lone(ctx, g, d);
	else if (put_list(ctx, g, d) < 0)
		context_say(ctx, "%s", strerror(ENOMEM));
}

int receipts_begin(struct receipts *list)
{
	if (list->ctx->form == FORM_TEXT || context_quiet(list->ctx))
		return 0;
	return sheet_new(list->ctx->out, list->ctx->form, resumed_columns,
			 RESUMED_COLUMNS, &list->sheet);
}

static const char *outcome_name(enum status status)
{
	switch (status) {
	case STATUS_DONE:
		return "done";
	case STATUS_UNKNOWN:
		return "unknown";
	case STATUS_UNAVAILABLE:
		return "unavailable";
	case STATUS_REFUSED:
	case STATUS_USAGE:
	case STATUS_INTEGRITY:
	case STATUS_NOT_PERMITTED:
		break;
	}
	return "refused";
}

/* Why the order at @i was not done; of a list each has its own reason. */
static struct slice reason_of(const struct delivery *d, size_t i)
{
	const redisReply *part = delivery_part(d, i);
	struct answer_error error;

	if (d->refuses_parts && part && answer_is_error(part, &error))
		return error.sentence;
	return text_or_none(d->reason);
}

static int add_row(struct receipts *list, const struct group *g,
		   const struct delivery *d, size_t i)
{
	struct value values[RESUMED_COLUMNS];
	bool done = d->status == STATUS_DONE;

	order_values(&g->order[i], done ? delivery_part(d, i) : NULL, values);
	values[RESUMED_OUTCOME] = value_text(slice_of(outcome_name(d->status)));
	values[RESUMED_REASON] =
		done ? value_none() : value_text(reason_of(d, i));
	return sheet_row(list->sheet, values);
}

void receipts_add(struct receipts *list, const struct group *g,
		  const struct delivery *d)
{
	int r = 0;

	list->count++;
	if (!list->sheet || d->status != STATUS_DONE)
		receipt_put(list->ctx, g, d);
	if (!list->sheet)
		return;
	for (size_t i = 0; i < g->count && r == 0; i++)
		r = add_row(list, g, d, i);
	if (r < 0)
		context_say(list->ctx, "%s", strerror(ENOMEM));
}

void receipts_end(struct receipts *list)
{
	if (!list->sheet) {
		if (list->count == 0)
			context_note(list->ctx, "no order is pending");
		return;
	}
	if (sheet_end(list->sheet) < 0)
		context_say(list->ctx, "%s", strerror(ENOMEM));
	list->sheet = sheet_free(list->sheet);
}
