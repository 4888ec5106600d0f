/* SPDX-License-Identifier: MIT */
/*
 * A thousand orders and more are under way at a time, and each says behind
 * which it is to stand: if one comes to nothing, neither do those behind it.
 * So what is on record is always a beginning of the whole, and after any
 * failure it is enough to look how long it is, and to go on from there.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "util/timestamp.h"
#include "walletctl/answer.h"

#include "walletctl/import_send.h"

/* Orders under way: the main daemon looks at a thousand of one client. */
#define WINDOW 4000
#define BACKOFF_FIRST (20 * USEC_PER_MSEC)
#define BACKOFF_MAX USEC_PER_SEC
/* What is over sooner needs no bar; and how often it is drawn. */
#define DRAW_AFTER (500 * USEC_PER_MSEC)
#define DRAW_EVERY (100 * USEC_PER_MSEC)

/* Something else than an answer, or another answer than could be. */
static enum status failed(struct context *ctx, const redisReply *reply,
			  bool quietly)
{
	struct answer_error error;
	bool refused = reply && answer_is_error(reply, &error);

	if (quietly)
		return refused ? error.status : STATUS_UNAVAILABLE;
	if (refused)
		return context_refused(ctx, reply);
	if (reply)
		return context_garbled(ctx);
	context_say(ctx, "%s", client_fault(ctx->client));
	return STATUS_UNAVAILABLE;
}

/* Is the one at @i on record? */
static enum status look(struct context *ctx, const struct transfers *t,
			size_t i, bool quietly, bool *ret)
{
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	char id[TRANSFERS_ID_SIZE];
	const struct client_request q = { 3, { "SHOW", "ID", id } };
	struct answer_error error;
	struct answer_record record;

	transfers_id(t, i, id);
	if (client_ask(ctx->client, &q, 1, client_now() + ctx->timeout,
		       &reply) < 0)
		return failed(ctx, NULL, quietly);

	*ret = answer_record(reply, &record) == 0;
	if (*ret || (answer_is_error(reply, &error) &&
		     slice_equal(error.code, slice_of("NOTFOUND"))))
		return STATUS_DONE;
	return failed(ctx, reply, quietly);
}

enum status import_find(struct context *ctx, const struct transfers *t,
			size_t from, bool quietly, size_t *ret)
{
	size_t count = transfers_count(t);
	size_t low = from; /* so many are there */
	size_t high = count + 1; /* so many are not */
	size_t step = 1;
	enum status status = STATUS_DONE;

	/* Mostly none are, or few: in growing steps first, then by halves. */
	while (high - low > 1 && status == STATUS_DONE) {
		size_t middle = low + (high - low) / 2;
		bool there = false;

		if (step < middle - low)
			middle = low + step;
		status = look(ctx, t, middle - 1, quietly, &there);
		if (there)
			low = middle;
		else
			high = middle;
		step *= 2;
	}
	if (status == STATUS_DONE)
		*ret = low;
	return status;
}

/* One go: from the first that is not known to be recorded. */
struct go {
	struct import_sending *s;
	size_t sent;
	size_t answered;
	/* The first answer that was no receipt: what comes behind it is not. */
	redisReply *failure;
	int64_t drawn;
};

static int put_order(struct go *g, size_t i)
{
	const struct transfers *t = g->s->transfers;
	const struct transfer *item = transfers_at(t, i);
	char sender[USER_NAME_MAX + 1];
	char receiver[USER_NAME_MAX + 1];
	char amount[AMOUNT_TEXT_MAX + 1];
	char memo[MEMO_MAX + 1];
	char id[TRANSFERS_ID_SIZE];
	char after[TRANSFERS_ID_SIZE];
	struct client_request q = { .args = 0 };
	struct slice text = transfers_memo(t, item);

	(void)snprintf(sender, sizeof(sender), "%.*s",
		       SLICE_ARG(transfers_name(t, item->sender)));
	(void)snprintf(receiver, sizeof(receiver), "%.*s",
		       SLICE_ARG(transfers_name(t, item->receiver)));
	amount[amount_format(item->amount, amount)] = '\0';
	transfers_id(t, i, id);

	q.arg[q.args++] = transfer_is_opening(item) ? "OPEN" : "IMPORT";
	q.arg[q.args++] = sender;
	if (!transfer_is_opening(item)) {
		q.arg[q.args++] = receiver;
		q.arg[q.args++] = amount;
	}
	q.arg[q.args++] = "ID";
	q.arg[q.args++] = id;
	if (text.len > 0) {
		(void)snprintf(memo, sizeof(memo), "%.*s", SLICE_ARG(text));
		q.arg[q.args++] = "MEMO";
		q.arg[q.args++] = memo;
	}
	/* The first one's is durable: it need not be the last in the ledger. */
	if (i > g->s->done) {
		transfers_id(t, i - 1, after);
		q.arg[q.args++] = "AFTER";
		q.arg[q.args++] = after;
	}
	return client_put(g->s->ctx->client, &q);
}

static int put_orders(struct go *g)
{
	size_t count = transfers_count(g->s->transfers);
	int r = 0;

	while (r == 0 && !g->failure && g->sent < count &&
	       g->sent - g->answered < WINDOW)
		r = put_order(g, g->sent++);
	return r;
}

/* It is on record. */
static void note_receipt(struct import_sending *s,
			 const struct answer_receipt *a)
{
	if (s->first_serial == 0)
		s->first_serial = a->serial;
	s->last_serial = a->serial;
	s->done++;
}

static int take_answers(struct go *g)
{
	while (g->answered < g->sent) {
		_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
		struct answer_receipt a;
		int r = client_take(g->s->ctx->client, &reply);

		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		g->answered++;
		if (g->failure)
			continue;
		if (answer_receipt(reply, &a) == 0)
			note_receipt(g->s, &a);
		else
			g->failure = TAKE_PTR(reply);
	}
	return 0;
}

static void draw(struct go *g, int64_t began)
{
	int64_t now = client_now();

	if (!g->s->draws || now - began < DRAW_AFTER ||
	    now - g->drawn < DRAW_EVERY)
		return;
	g->drawn = now;
	progress_draw(&g->s->progress, g->s->done,
		      transfers_count(g->s->transfers));
}

/*
 * 0: all is done, or there is a failure and nothing is under way any more.
 * Else the connection failed.
 */
static int run_go(struct go *g, int64_t began)
{
	struct context *ctx = g->s->ctx;
	int r;

	for (;;) {
		r = put_orders(g);
		if (r < 0 || g->answered == g->sent)
			return r;
		r = client_pump(ctx->client, client_now() + ctx->timeout);
		if (r == 0)
			r = take_answers(g);
		if (r < 0)
			return r;
		draw(g, began);
	}
}

static void back_off(int64_t usec)
{
	const struct timespec t = { .tv_sec = usec / USEC_PER_SEC,
				    .tv_nsec = usec % USEC_PER_SEC * 1000 };

	(void)nanosleep(&t, NULL);
}

/* The main daemon will not have the one that is next. */
static enum status refused(struct import_sending *s,
			   const struct answer_error *e)
{
	const struct transfer *item = transfers_at(s->transfers, s->done);

	progress_erase(&s->progress);
	fprintf(s->ctx->err, "%s:%" PRIu64 ": ",
		mistakes_file(s->mistakes, item->file), item->line);
	output_text(s->ctx->err, e->sentence);
	putc('\n', s->ctx->err);
	context_say(s->ctx, "%zu of %zu transactions are recorded, none from "
		    "this line on", s->done, transfers_count(s->transfers));
	return e->status;
}

static enum status give_up(struct import_sending *s, bool sent,
			   struct slice why)
{
	struct context *ctx = s->ctx;

	progress_erase(&s->progress);
	context_say(ctx, "%.*s", SLICE_ARG(why));
	if (!sent)
		return STATUS_UNAVAILABLE;
	context_say(ctx, "at least %zu of %zu transactions are recorded; run "
		    "the same command again to go on", s->done,
		    transfers_count(s->transfers));
	return STATUS_UNKNOWN;
}

/* Without its full stop: one is put behind it. */
static struct slice sentence_of(const struct answer_error *e)
{
	struct slice s = e->sentence;

	if (s.len > 0 && s.p[s.len - 1] == '.')
		s.len--;
	return s;
}

/* What a go has come to, and whether there is to be another. */
struct verdict {
	bool again;
	enum status status;
	bool at_once; /* with no pause before it */
};

static struct verdict judge(struct import_sending *s, const struct go *g, int r,
			    bool patient)
{
	struct slice why = slice_of(client_fault(s->ctx->client));
	struct answer_error e;

	if (r == 0 && !g->failure)
		return (struct verdict){ .status = STATUS_DONE };
	if (r == 0) {
		if (!answer_is_error(g->failure, &e))
			return (struct verdict){
				.status = context_garbled(s->ctx)
			};
		/* It was to stand behind one that was being looked up. */
		if (slice_equal(e.code, slice_of("NOTFOUND")))
			return (struct verdict){ .again = true,
						 .at_once = true };
		if (e.status != STATUS_UNAVAILABLE &&
		    e.status != STATUS_UNKNOWN)
			return (struct verdict){ .status = refused(s, &e) };
		why = sentence_of(&e);
	}
	if (patient && r != -EBADMSG && r != -EFBIG && r != -ENOMEM)
		return (struct verdict){ .again = true };
	return (struct verdict){ .status = give_up(s, true, why) };
}

/* After a failure: how far did it come? */
static enum status find_again(struct import_sending *s)
{
	enum status status;
	size_t done;

	status = import_find(s->ctx, s->transfers, s->done, true, &done);
	if (status == STATUS_DONE)
		s->done = done;
	return status;
}

enum status import_send(struct import_sending *s)
{
	int64_t began = client_now();
	int64_t moved = began;
	int64_t pause = BACKOFF_FIRST;

	for (;;) {
		size_t before = s->done;
		struct go g = { .s = s, .sent = before, .answered = before };
		int r = run_go(&g, began);
		struct verdict v;

		if (s->done > before) {
			moved = client_now();
			pause = BACKOFF_FIRST;
		}
		v = judge(s, &g, r, client_now() - moved < s->ctx->timeout);
		freeReplyObject(g.failure);
		if (!v.again) {
			progress_erase(&s->progress);
			return v.status;
		}
		if (!v.at_once) {
			back_off(pause);
			pause = pause < BACKOFF_MAX / 2 ? 2 * pause :
							  BACKOFF_MAX;
		}
		if (find_again(s) != STATUS_DONE &&
		    client_now() - moved >= s->ctx->timeout)
			return give_up(s, true,
				       slice_of(client_fault(s->ctx->client)));
	}
}
