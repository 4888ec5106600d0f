/* SPDX-License-Identifier: MIT */
/*
 * Histories and lists: asked for page by page and shown as of one moment, the
 * tip when the first page was asked for.  What comes later is left out.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "walletctl/answer.h"
#include "walletctl/records.h"
#include "walletctl/sheet.h"

#include "walletctl/listing.h"

#define NUMBER_SIZE 21

struct listing {
	struct context *ctx;
	const char *user; /* NULL: of all users */
	int64_t from;	  /* next serial to ask for */
	int64_t left;	  /* records still to show */
	int64_t tip;	  /* no serial past it */
	size_t columns;
	struct sheet *sheet;
};

static int64_t page_size(const struct listing *l)
{
	return l->left < LISTING_PAGE_MAX ? l->left : LISTING_PAGE_MAX;
}

/* TIP first: on one connection it is answered before the page behind it. */
static enum status ask_page(struct listing *l, bool first, redisReply *ret[2])
{
	char from[NUMBER_SIZE];
	char count[NUMBER_SIZE];
	const struct client_request history = {
		6, { "HISTORY", l->user, "FROM", from, "COUNT", count }
	};
	const struct client_request list = {
		5, { "LIST", "FROM", from, "COUNT", count }
	};
	const struct client_request q[] = {
		{ 1, { "TIP" } },
		l->user ? history : list,
	};

	(void)snprintf(from, sizeof(from), "%" PRId64, l->from);
	(void)snprintf(count, sizeof(count), "%" PRId64, page_size(l));
	return first ? context_ask(l->ctx, q, 2, ret)
		     : context_ask(l->ctx, q + 1, 1, ret + 1);
}

static int take_tip(struct listing *l, const redisReply *reply)
{
	struct answer_tip tip;
	int r = answer_tip(reply, &tip);

	if (r == 0)
		l->tip = tip.serial;
	return r;
}

/* One record; -ENODATA if it is past the tip. */
static int take_record(struct listing *l, const redisReply *element)
{
	struct value values[RECORD_COLUMNS_MAX];
	struct answer_record a;
	int r;

	r = answer_record(element, &a);
	if (r < 0)
		return r;
	/* Serials must go up, or the listing would never end. */
	if (a.serial < l->from || a.has_balance != (l->user != NULL))
		return -EBADMSG;
	if (a.serial > l->tip)
		return -ENODATA;

	records_values(&a, values);
	r = sheet_row(l->sheet, values);
	if (r < 0)
		return r;
	l->left--;
	/* The last of all possible serials has none behind it. */
	if (a.serial == INT64_MAX)
		return -ENODATA;
	l->from = a.serial + 1;
	return 0;
}

/* 0: ask for more; -ENODATA: that was all. */
static int take_page(struct listing *l, const redisReply *reply)
{
	int r = answer_list(reply);

	if (r < 0)
		return r;
	if (reply->elements == 0)
		return -ENODATA;
	if (reply->elements > (size_t)page_size(l))
		return -EBADMSG;

	for (size_t i = 0; i < reply->elements && r == 0; i++)
		r = take_record(l, reply->element[i]);
	if (r == 0 && (l->left == 0 || l->from > l->tip))
		return -ENODATA;
	return r;
}

static enum status tell(struct context *ctx, int r)
{
	if (r == -EBADMSG)
		return context_garbled(ctx);
	if (r < 0) {
		context_say(ctx, "%s", strerror(-r));
		return STATUS_UNAVAILABLE;
	}
	return STATUS_DONE;
}

/* Show one page; *ret_more tells whether there is another. */
static enum status run_page(struct listing *l, bool first, bool *ret_more)
{
	_cleanup_(freeReplyObjectp) redisReply *tip = NULL;
	_cleanup_(freeReplyObjectp) redisReply *page = NULL;
	redisReply *reply[2] = { NULL };
	enum status status;
	int r = 0;

	status = ask_page(l, first, reply);
	tip = reply[0];
	page = reply[1];
	if (status == STATUS_DONE && first)
		status = context_refused(l->ctx, tip);
	if (status == STATUS_DONE)
		status = context_refused(l->ctx, page);
	if (status != STATUS_DONE)
		return status;

	if (first)
		r = take_tip(l, tip);
	if (r == 0)
		r = take_page(l, page);
	*ret_more = r == 0;
	return r == -ENODATA ? STATUS_DONE : tell(l->ctx, r);
}

static enum status run_pages(struct listing *l)
{
	enum status status;
	bool more = true;

	status = run_page(l, true, &more);
	while (status == STATUS_DONE && more)
		status = run_page(l, false, &more);
	/* An answer that is not complete is not closed. */
	if (status != STATUS_DONE)
		return status;
	if (l->ctx->form == FORM_TEXT && sheet_rows(l->sheet) == 0)
		context_say(l->ctx, "there are no such transactions");
	return tell(l->ctx, sheet_end(l->sheet));
}

static enum status run_listing(struct context *ctx, const char *user)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	struct listing l = { .ctx = ctx, .user = user };
	enum status status;
	int r;

	status = context_number(ctx, OPTION_FROM, 1, &l.from);
	if (status == STATUS_DONE)
		status = context_number(ctx, OPTION_COUNT, INT64_MAX, &l.left);
	if (status != STATUS_DONE)
		return status;

	r = sheet_new(ctx->out, ctx->form, records_columns,
		      user ? RECORD_COLUMNS_MAX : RECORD_COLUMNS, &sheet);
	if (r < 0)
		return tell(ctx, r);
	l.sheet = sheet;
	return run_pages(&l);
}

enum status listing_history(struct context *ctx)
{
	return run_listing(ctx, ctx->arg[0]);
}

enum status listing_list(struct context *ctx)
{
	return run_listing(ctx, NULL);
}
