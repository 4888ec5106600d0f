/* SPDX-License-Identifier: MIT */
/*
 * Questions with one answer: stats, txlist, show, tip.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "walletctl/answer.h"
#include "walletctl/records.h"
#include "walletctl/sheet.h"

#include "walletctl/queries.h"

/* An answer of one record that is not for people. */
static void put_values(struct context *ctx, const struct column *columns,
		       size_t count, const struct value *values)
{
	output_values(ctx->out, ctx->form, columns, count, values);
}

static enum status out_of_memory(struct context *ctx)
{
	context_say(ctx, "%s", strerror(ENOMEM));
	return STATUS_UNAVAILABLE;
}

/* Ask one thing and take errors off its answer. */
static enum status ask_one(struct context *ctx, const struct client_request *q,
			   redisReply **ret)
{
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;

	status = context_ask(ctx, q, 1, &reply);
	if (status == STATUS_DONE)
		status = context_refused(ctx, reply);
	if (status == STATUS_DONE)
		*ret = TAKE_PTR(reply);
	return status;
}

/* The columns are the original system's. */
static const struct column stats_columns[] = {
	{ "rank", "Rank" },
	{ "user", "Username" },
	{ "transactions", "NumTransactions" },
	{ "net", "Total" },
};

static int stats_row(struct sheet *sheet, size_t rank,
		     const redisReply *element)
{
	struct answer_partner partner;
	int r = answer_partner(element, &partner);
	const struct value values[] = {
		value_number((int64_t)rank),
		value_text(r == 0 ? partner.user : slice_of("")),
		value_number(r == 0 ? partner.count : 0),
		value_amount(r == 0 ? partner.net : 0),
	};

	return r < 0 ? r : sheet_row(sheet, values);
}

static int put_stats(struct context *ctx, const redisReply *reply)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	int r;

	r = answer_list(reply);
	if (r == 0)
		r = sheet_new(ctx->out, ctx->form, stats_columns,
			      ELEMENTS(stats_columns), &sheet);
	if (r < 0)
		return r;

	for (size_t i = 0; i < reply->elements && r == 0; i++)
		r = stats_row(sheet, i + 1, reply->element[i]);
	if (r < 0)
		return r;
	if (ctx->form == FORM_TEXT && reply->elements == 0)
		context_note(ctx, "\"%s\" has no transactions with others yet",
			     ctx->arg[0]);
	return sheet_end(sheet);
}

enum status queries_stats(struct context *ctx)
{
	const struct client_request q = { 2, { "STATS", ctx->arg[0] } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;
	int r;

	status = ask_one(ctx, &q, &reply);
	if (status != STATUS_DONE)
		return status;

	r = put_stats(ctx, reply);
	if (r == -EBADMSG)
		return context_garbled(ctx);
	return r < 0 ? out_of_memory(ctx) : STATUS_DONE;
}

enum status queries_txlist(struct context *ctx)
{
	static const struct column columns[] = {
		{ "path", NULL },
		{ "transactions", NULL },
		{ "hash", NULL },
	};
	const struct client_request q = { 1, { "TXLIST" } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_statement a;
	enum status status;

	status = ask_one(ctx, &q, &reply);
	if (status != STATUS_DONE)
		return status;
	if (answer_statement(reply, &a) < 0)
		return context_garbled(ctx);

	if (ctx->form == FORM_TEXT) {
		fputs("The list of all transactions was written to ", ctx->out);
		output_text(ctx->out, a.path);
		fprintf(ctx->out, ": %" PRId64 " transactions, tip ",
			a.records);
		output_text(ctx->out, a.hash);
		fputs(".\n", ctx->out);
		return STATUS_DONE;
	}
	put_values(ctx, columns, ELEMENTS(columns),
		   (struct value[]){ value_text(a.path),
				     value_number(a.records),
				     value_text(a.hash) });
	return STATUS_DONE;
}

static void put_tip_text(struct context *ctx, const struct answer_tip *a)
{
	struct buf time = { 0 };
	const struct value value = value_time(a->time);

	if (a->serial == 0) {
		fputs("There are no transactions yet.\n", ctx->out);
		return;
	}
	fprintf(ctx->out, "The last transaction is number %" PRId64, a->serial);
	if (a->time.p && output_cell(&value, &time) == 0)
		fprintf(ctx->out, " of %s", (const char *)time.data);
	fputs(", its hash ", ctx->out);
	output_text(ctx->out, a->hash);
	fputs(".\n", ctx->out);
	buf_done(&time);
}

enum status queries_tip(struct context *ctx)
{
	static const struct column columns[] = {
		{ "serial", NULL },
		{ "hash", NULL },
		{ "time", NULL },
	};
	const struct client_request q = { 1, { "TIP" } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;
	struct answer_tip a;

	status = ask_one(ctx, &q, &reply);
	if (status != STATUS_DONE)
		return status;
	if (answer_tip(reply, &a) < 0)
		return context_garbled(ctx);

	if (ctx->form == FORM_TEXT)
		put_tip_text(ctx, &a);
	else
		put_values(ctx, columns, ELEMENTS(columns),
			   (struct value[]){ value_number(a.serial),
					     value_text(a.hash),
					     value_time(a.time) });
	return STATUS_DONE;
}

static enum status put_record(struct context *ctx, const redisReply *reply)
{
	struct value values[RECORD_COLUMNS_MAX];
	struct answer_record a;
	int r;

	if (answer_record(reply, &a) < 0)
		return context_garbled(ctx);
	records_values(&a, values);
	if (ctx->form != FORM_TEXT) {
		put_values(ctx, records_columns, RECORD_COLUMNS, values);
		return STATUS_DONE;
	}
	r = sheet_card(ctx->out, records_columns, RECORD_COLUMNS, values);
	return r < 0 ? out_of_memory(ctx) : STATUS_DONE;
}

enum status queries_show(struct context *ctx)
{
	const char *serial = ctx->arg[0];
	const char *id = ctx->options.value[OPTION_ID];
	const struct client_request by_serial = { 2, { "SHOW", serial } };
	const struct client_request by_id = { 3, { "SHOW", "ID", id } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;
	uint64_t n;

	if (!serial == !id)
		return context_usage(ctx,
				     "show: expected either a serial number "
				     "or --id ID");
	if (serial && parse_u64_range(slice_of(serial), 1, INT64_MAX, &n) < 0)
		return context_usage(ctx,
				     "show: SERIAL: expected a number from "
				     "1 up, not \"%s\"",
				     serial);

	status = ask_one(ctx, serial ? &by_serial : &by_id, &reply);
	return status == STATUS_DONE ? put_record(ctx, reply) : status;
}
