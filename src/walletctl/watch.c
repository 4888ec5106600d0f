/* SPDX-License-Identifier: MIT */
/*
 * On one connection messages come, on the other one what they leave open is
 * asked for: what was before the first of them, and what was while there was no
 * connection.  The serial of what is to be shown next decides on everything: a
 * transaction below it was shown, one above it has others before it.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "util/timestamp.h"
#include "walletctl/pushed.h"
#include "walletctl/records.h"
#include "walletctl/rolling.h"
#include "walletctl/walk.h"

#include "walletctl/watch.h"

/* A server that was silent for so long is asked whether it is there. */
#define SILENCE_USEC (30 * USEC_PER_SEC)
/* Between attempts: at first, and at most. */
#define PAUSE_FIRST (100 * USEC_PER_MSEC)
#define PAUSE_MOST (5 * USEC_PER_SEC)

struct watch {
	struct context *ctx;
	struct client *feed; /* subscribed; ctx->client asks for the rest */
	struct rolling rows;
	int64_t next; /* the serial to be shown */
	int64_t left; /* to be shown, in all */
	int64_t pause; /* before the next attempt */
	bool asked; /* whether the server is there */
};

/* An interrupt is the way to end it.  What was written is out already. */
static void leave(int number)
{
	(void)number;
	_exit(STATUS_DONE);
}

/* -ENODATA: it cannot be written, which is told at the end. */
static int show(struct watch *w, const struct answer_record *r)
{
	struct value values[RECORD_COLUMNS_MAX];
	int e;

	records_values(r, values);
	e = rolling_row(&w->rows, values);
	if (e < 0)
		return e == -EIO ? -ENODATA : e;
	w->next = r->serial + 1;
	w->left--;
	return 0;
}

static int show_listed(void *arg, const struct answer_record *r)
{
	return show(arg, r);
}

/* Everything from the next serial up to the tip of now. */
static enum status catch_up(struct watch *w)
{
	struct walk walk = {
		.ctx = w->ctx,
		.from = w->next,
		.last = WALK_TO_TIP,
		.left = w->left,
		.arg = w,
		.record = show_listed,
	};

	client_refresh(w->ctx->client);
	return w->left > 0 ? walk_run(&walk) : STATUS_DONE;
}

static bool is_over(const struct watch *w)
{
	return w->left == 0 || ferror(w->rows.out);
}

static enum status lost(struct watch *w)
{
	context_note(w->ctx, "%s", client_fault(w->feed));
	client_drop(w->feed);
	return STATUS_UNAVAILABLE;
}

static enum status take(struct watch *w, const redisReply *reply)
{
	enum status status = context_refused(w->ctx, reply);
	struct pushed p;
	int r;

	if (status != STATUS_DONE)
		return status;
	r = pushed_read(reply, &p);
	if (r <= 0)
		return walk_tell(w->ctx, r);
	/* Only where the server found more when it opened than it has told. */
	if (p.record.serial > w->next)
		status = catch_up(w);
	if (status != STATUS_DONE || p.record.serial < w->next || is_over(w))
		return status;
	r = show(w, &p.record);
	return r == -ENODATA ? STATUS_DONE : walk_tell(w->ctx, r);
}

static int ask_for_life(struct watch *w)
{
	const struct client_request ping = { 1, { "PING" } };

	w->asked = true;
	return client_send(w->feed, &ping, client_now() + w->ctx->timeout);
}

/* One message, or a time of silence. */
static enum status follow_once(struct watch *w)
{
	int64_t patience = w->asked ? w->ctx->timeout : SILENCE_USEC;
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	int r = client_receive(w->feed, client_now() + patience, &reply);

	if (r == -EAGAIN && !w->asked)
		r = ask_for_life(w);
	else
		w->asked = false;
	if (r < 0)
		return lost(w);
	return reply ? take(w, reply) : STATUS_DONE;
}

static enum status subscribe(struct watch *w)
{
	const struct client_request q = { 2, { "SUBSCRIBE", PUSHED_CHANNEL } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	int64_t deadline = client_now() + w->ctx->timeout;
	enum status status;
	struct pushed p;
	int r;

	client_drop(w->feed);
	w->asked = false;
	if (client_ask(w->feed, &q, 1, deadline, &reply) < 0)
		return lost(w);
	status = context_refused(w->ctx, reply);
	if (status != STATUS_DONE)
		return status;
	r = pushed_read(reply, &p);
	return walk_tell(w->ctx, r > 0 ? -EBADMSG : r);
}

/*
 * Until it is over, or a connection is.  What is long is listed before messages
 * begin to pile up; then once more, for what was made meanwhile.
 */
static enum status follow(struct watch *w)
{
	enum status status;

	status = catch_up(w);
	if (status == STATUS_DONE)
		status = subscribe(w);
	if (status == STATUS_DONE)
		status = catch_up(w);
	if (status == STATUS_DONE)
		w->pause = PAUSE_FIRST;
	while (status == STATUS_DONE && !is_over(w))
		status = follow_once(w);
	return status;
}

/* An answer to TIP, for freeReplyObject(), without a word; or NULL. */
static redisReply *try_tip(struct watch *w)
{
	const struct client_request q = { 1, { "TIP" } };
	redisReply *reply = NULL;

	if (client_ask(w->ctx->client, &q, 1, client_now() + w->ctx->timeout,
		       &reply) < 0)
		return NULL;
	return reply;
}

static bool is_back(struct watch *w)
{
	_cleanup_(freeReplyObjectp) redisReply *reply = try_tip(w);
	struct answer_tip tip;

	return reply && answer_tip(reply, &tip) == 0;
}

static void wait_for_server(struct watch *w)
{
	context_note(w->ctx, "trying to reach %s again", w->ctx->server);
	do {
		(void)poll(NULL, 0, (int)(w->pause / USEC_PER_MSEC));
		w->pause *= 2;
		if (w->pause > PAUSE_MOST)
			w->pause = PAUSE_MOST;
		client_refresh(w->ctx->client);
	} while (!is_back(w));
	context_note(w->ctx, "going on with serial %" PRId64, w->next);
}

/* Without --from the past is not shown. */
static enum status begin(struct watch *w)
{
	const struct client_request q = { 1, { "TIP" } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;
	struct answer_tip tip;
	int r;

	status = context_ask(w->ctx, &q, 1, &reply);
	if (status == STATUS_DONE)
		status = context_refused(w->ctx, reply);
	if (status != STATUS_DONE)
		return status;
	r = answer_tip(reply, &tip);
	if (r == 0 && (tip.serial < 0 || tip.serial == INT64_MAX))
		r = -EBADMSG;
	if (r == 0)
		w->next = tip.serial + 1;
	return walk_tell(w->ctx, r);
}

static enum status run(struct watch *w)
{
	enum status status = begin(w);

	if (status == STATUS_DONE)
		status = context_number(w->ctx, OPTION_FROM, w->next, &w->next);
	if (status != STATUS_DONE)
		return status;

	while ((status = follow(w)) == STATUS_UNAVAILABLE && !is_over(w))
		wait_for_server(w);
	return status;
}

enum status watch(struct context *ctx)
{
	_cleanup_(client_freep) struct client *feed = NULL;
	struct sigaction interrupt = { .sa_handler = leave };
	struct sigaction before;
	struct watch w = {
		.ctx = ctx,
		.rows = { .out = ctx->out,
			  .form = ctx->form,
			  .columns = records_columns,
			  .count = RECORD_COLUMNS },
		.pause = PAUSE_FIRST,
	};
	enum status status;

	status = context_number(ctx, OPTION_COUNT, INT64_MAX, &w.left);
	if (status != STATUS_DONE)
		return status;
	if (client_new(ctx->server, &feed) < 0) {
		context_say(ctx, "there is no memory");
		return STATUS_UNAVAILABLE;
	}
	w.feed = feed;

	(void)sigaction(SIGINT, &interrupt, &before);
	status = run(&w);
	(void)sigaction(SIGINT, &before, NULL);
	return status;
}
