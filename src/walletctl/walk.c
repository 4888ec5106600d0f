/* SPDX-License-Identifier: MIT */
/*
 * Pages of LIST or HISTORY.  All is as of one moment: what comes behind the last
 * serial is left out, and that is the tip of the beginning if nobody says else.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "walletctl/walk.h"

#define NUMBER_SIZE 21

/* One record at least: whether there is the user is in the answer. */
static int64_t page_size(const struct walk *w)
{
	int64_t size = w->left < WALK_PAGE_MAX ? w->left : WALK_PAGE_MAX;
	int64_t before_end = w->last - w->from;

	if (w->last != WALK_TO_TIP && before_end < size)
		size = before_end < 0 ? 1 : before_end + 1;
	return size > 0 ? size : 1;
}

/* TIP first: on one connection it is answered before the page behind it. */
static enum status ask_page(struct walk *w, redisReply *ret[2])
{
	char from[NUMBER_SIZE];
	char count[NUMBER_SIZE];
	const struct client_request history = {
		6, { "HISTORY", w->user, "FROM", from, "COUNT", count }
	};
	const struct client_request list = {
		5, { "LIST", "FROM", from, "COUNT", count }
	};
	const struct client_request q[] = {
		{ 1, { "TIP" } },
		w->user ? history : list,
	};

	(void)snprintf(from, sizeof(from), "%" PRId64, w->from);
	(void)snprintf(count, sizeof(count), "%" PRId64, page_size(w));
	return w->last == WALK_TO_TIP ? context_ask(w->ctx, q, 2, ret)
				      : context_ask(w->ctx, q + 1, 1, ret + 1);
}

static int take_tip(struct walk *w, const redisReply *reply)
{
	struct answer_tip tip;
	int r = answer_tip(reply, &tip);

	if (r == 0 && tip.serial < 0)
		r = -EBADMSG;
	if (r == 0)
		w->last = tip.serial;
	return r;
}

/* One record; -ENODATA if it is past the last. */
static int take_record(struct walk *w, const redisReply *element)
{
	struct answer_record a;
	int r;

	r = answer_record(element, &a);
	if (r < 0)
		return r;
	/* Serials must go up, or there would be no end. */
	if (a.serial < w->from || a.has_balance != (w->user != NULL))
		return -EBADMSG;
	if (a.serial > w->last)
		return -ENODATA;

	r = w->record(w->arg, &a);
	if (r < 0)
		return r;
	w->left--;
	/* The last of all possible serials has none behind it. */
	if (a.serial == INT64_MAX)
		return -ENODATA;
	w->from = a.serial + 1;
	return 0;
}

/* 0: ask for more; -ENODATA: that was all. */
static int take_page(struct walk *w, int64_t size, const redisReply *reply)
{
	int r = answer_list(reply);

	if (r < 0)
		return r;
	if (reply->elements == 0)
		return -ENODATA;
	if (reply->elements > (size_t)size)
		return -EBADMSG;

	for (size_t i = 0; i < reply->elements && r == 0; i++)
		r = take_record(w, reply->element[i]);
	if (r == 0 && (w->left == 0 || w->from > w->last))
		return -ENODATA;
	return r;
}

enum status walk_tell(struct context *ctx, int r)
{
	if (r == -EBADMSG)
		return context_garbled(ctx);
	if (r < 0) {
		context_say(ctx, "%s", strerror(-r));
		return STATUS_UNAVAILABLE;
	}
	return STATUS_DONE;
}

/* One page; *ret_more tells whether there is another. */
static enum status run_page(struct walk *w, bool *ret_more)
{
	_cleanup_(freeReplyObjectp) redisReply *tip = NULL;
	_cleanup_(freeReplyObjectp) redisReply *page = NULL;
	redisReply *reply[2] = { NULL };
	int64_t size = page_size(w);
	enum status status;
	int r = 0;

	status = ask_page(w, reply);
	tip = reply[0];
	page = reply[1];
	if (status == STATUS_DONE && tip)
		status = context_refused(w->ctx, tip);
	if (status == STATUS_DONE)
		status = context_refused(w->ctx, page);
	if (status != STATUS_DONE)
		return status;

	if (tip)
		r = take_tip(w, tip);
	if (r == 0)
		r = take_page(w, size, page);
	*ret_more = r == 0;
	return r == -ENODATA ? STATUS_DONE : walk_tell(w->ctx, r);
}

enum status walk_run(struct walk *w)
{
	enum status status;
	bool more = false;

	do {
		status = run_page(w, &more);
	} while (status == STATUS_DONE && more);
	return status;
}
