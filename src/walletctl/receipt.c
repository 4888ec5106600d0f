/* SPDX-License-Identifier: MIT */
/*
 * The original system's sentences, and an order as a record.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "walletctl/records.h"

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
		return value_number(0);
	if (parse_u64_range(slice_of(o->amount), 0, INT64_MAX, &n) == 0)
		return value_number((int64_t)n);
	return value_text(slice_of(o->amount));
}

static void order_values(const struct order *o, const struct delivery *d,
			 struct value *ret)
{
	struct answer_record a = {
		.sender = slice_of(o->sender),
		.receiver =
			slice_of(order_is_opening(o) ? o->sender : o->receiver),
		.id = slice_of(o->id),
		.memo = text_or_none(o->memo),
	};

	if (d->status == STATUS_DONE) {
		a.serial = d->receipt.serial;
		a.time = d->receipt.time;
		a.hash = d->receipt.hash;
		a.has_balance = true;
		a.balance = d->receipt.balance;
	}
	records_values(&a, ret);
	ret[RECORD_AMOUNT] = amount_value(o);
	if (d->status != STATUS_DONE)
		ret[RECORD_SERIAL] = value_none();
}

static void put_quoted(FILE *out, const char *name)
{
	putc('"', out);
	output_text(out, slice_of(name));
	putc('"', out);
}

static void put_sentences(FILE *out, const struct order *o,
			  const struct delivery *d)
{
	struct slice coin = context_coin(d->info);

	put_quoted(out, o->sender);
	if (order_is_opening(o)) {
		fputs(" is now part of the network", out);
	} else {
		fputs(" successfully transferred ", out);
		output_text(out, slice_of(o->amount));
		putc(' ', out);
		output_text(out, coin);
		fputs(" to ", out);
		put_quoted(out, o->receiver);
	}
	fputs(".\nThe current balance of ", out);
	put_quoted(out, o->sender);
	fprintf(out, " is : %" PRId64 " ", d->receipt.balance);
	output_text(out, coin);
	fputs(".\n", out);
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
	output_text(out, slice_of(o->amount));
	fputs(" to ", out);
	put_quoted(out, o->receiver);
}

static void put_failure(FILE *err, const struct order *o,
			const struct delivery *d)
{
	struct slice reason = slice_of(d->reason ? d->reason : "");

	/* Of a refusal the main daemon's sentence says it all. */
	if (d->status != STATUS_UNKNOWN && d->status != STATUS_UNAVAILABLE) {
		output_text(err, reason);
		putc('\n', err);
		return;
	}

	fputs("walletctl: ", err);
	output_text(err, reason);
	if (d->status == STATUS_UNAVAILABLE) {
		fputs(" Nothing happened.\n", err);
		return;
	}
	if (d->last_did_nothing)
		fputs(" That is the last attempt; an earlier one may have gone "
		      "through.",
		      err);
	fputs(" It is not known whether ", err);
	put_deed(err, o);
	fputs(": run \"walletctl resume\", or the same command again with "
	      "--id ",
	      err);
	output_text(err, slice_of(o->id));
	fputs(".\n", err);
}

void receipt_put(struct context *ctx, const struct order *o,
		 const struct delivery *d)
{
	struct value values[RECORD_COLUMNS_MAX];

	if (d->status != STATUS_DONE) {
		put_failure(ctx->err, o, d);
		return;
	}

	order_values(o, d, values);
	switch (ctx->form) {
	case FORM_TEXT:
		put_sentences(ctx->out, o, d);
		return;
	case FORM_JSON:
		output_json_object(ctx->out, records_columns,
				   RECORD_COLUMNS_MAX, values);
		putc('\n', ctx->out);
		return;
	case FORM_RAW:
		output_raw_line(ctx->out, values, RECORD_COLUMNS_MAX);
		return;
	}
}

int receipts_begin(struct receipts *list)
{
	if (list->ctx->form == FORM_TEXT)
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

void receipts_add(struct receipts *list, const struct order *o,
		  const struct delivery *d)
{
	struct value values[RESUMED_COLUMNS];

	list->count++;
	if (!list->sheet || d->status != STATUS_DONE)
		receipt_put(list->ctx, o, d);
	if (!list->sheet)
		return;

	order_values(o, d, values);
	values[RESUMED_OUTCOME] = value_text(slice_of(outcome_name(d->status)));
	values[RESUMED_REASON] = d->status == STATUS_DONE
					 ? value_none()
					 : value_text(text_or_none(d->reason));
	if (sheet_row(list->sheet, values) < 0)
		context_say(list->ctx, "%s", strerror(ENOMEM));
}

void receipts_end(struct receipts *list)
{
	if (!list->sheet) {
		if (list->count == 0)
			context_say(list->ctx, "no order is pending");
		return;
	}
	if (sheet_end(list->sheet) < 0)
		context_say(list->ctx, "%s", strerror(ENOMEM));
	list->sheet = sheet_free(list->sheet);
}
