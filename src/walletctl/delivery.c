/* SPDX-License-Identifier: MIT */
/*
 * Attempts at an order or a group.  What an attempt that failed means depends on
 * how far it came: before a byte has left, nothing happened; after that, it may
 * be done, and only an answer to the same operation id can tell.
 *
 * The orders of a group go behind MULTI, and not before that was taken: who does
 * not know it would do them one by one.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/timestamp.h"

#include "walletctl/delivery.h"

#define BACKOFF_FIRST (50 * USEC_PER_MSEC)
#define BACKOFF_MAX USEC_PER_SEC
/* An attempt gets half of the time that is left, but not less than this. */
#define ATTEMPT_MIN USEC_PER_SEC

/* How the loop goes on. */
enum step {
	STEP_SETTLED, /* d->status is final */
	STEP_AGAIN,
	STEP_GIVE_UP, /* another attempt would not do better */
};

static void set_reason(struct delivery *d, struct slice text, const char *end)
{
	free(d->reason);
	if (asprintf(&d->reason, "%.*s%s", SLICE_ARG(text), end) < 0)
		d->reason = NULL;
}

static struct client_request order_request(const struct order *o)
{
	struct client_request q = { .args = 0 };

	q.arg[q.args++] = order_is_opening(o) ? "OPEN" : "TRANSFER";
	q.arg[q.args++] = o->sender;
	if (!order_is_opening(o)) {
		q.arg[q.args++] = o->receiver;
		q.arg[q.args++] = o->amount;
	}
	q.arg[q.args++] = "ID";
	q.arg[q.args++] = o->id;
	if (o->memo) {
		q.arg[q.args++] = "MEMO";
		q.arg[q.args++] = o->memo;
	}
	return q;
}

static enum step judge_error(struct delivery *d, const struct answer_error *e)
{
	set_reason(d, e->sentence, "");
	d->code = e->code;
	d->last_did_nothing = e->status == STATUS_UNAVAILABLE;
	if (d->last_did_nothing)
		return STEP_AGAIN;
	if (e->status == STATUS_UNKNOWN) {
		d->again = true;
		return STEP_AGAIN;
	}
	/* "Closed for transfers" does not say what became of an earlier one. */
	if (d->again && !e->settles)
		return STEP_GIVE_UP;

	d->status = e->status;
	return STEP_SETTLED;
}

/* @at_stake: what was not understood may have been done. */
static enum step judge_garbled(struct client *c, struct delivery *d,
			       bool at_stake)
{
	set_reason(d, slice_of(client_server(c)),
		   " does not answer as a main daemon does.");
	d->last_did_nothing = false;
	d->again |= at_stake;
	/* What else comes is not to be taken for another answer. */
	client_drop(c);
	return STEP_GIVE_UP;
}

static enum step judge_failure(struct client *c, struct delivery *d, int r,
			       bool at_stake)
{
	set_reason(d, slice_of(client_fault(c)), ".");
	d->last_did_nothing = false;
	d->again |= at_stake;
	if (r == -EBADMSG || r == -EFBIG)
		return STEP_GIVE_UP;
	/* Nobody there: with nothing at stake, say so at once. */
	return d->again ? STEP_AGAIN : STEP_GIVE_UP;
}

static void drop_queued(struct delivery *d)
{
	for (size_t i = 0; i < d->queued_count; i++)
		freeReplyObject(d->queued[i]);
	free(d->queued);
	d->queued = NULL;
	d->queued_count = 0;
	d->parts_queued = false;
	d->refuses_parts = false;
	d->code = (struct slice){ NULL, 0 };
}

/* The answer that told of the last attempt is not needed any more. */
static void drop_replies(struct delivery *d)
{
	drop_queued(d);
	freeReplyObject(d->reply);
	freeReplyObject(d->info);
	d->reply = NULL;
	d->info = NULL;
}

/* An order by itself. */

static enum step judge_alone(struct client *c, struct delivery *d)
{
	struct answer_receipt receipt;
	struct answer_error error;

	if (answer_is_error(d->reply, &error))
		return judge_error(d, &error);
	if (answer_receipt(d->reply, &receipt) < 0)
		return judge_garbled(c, d, true);
	d->status = STATUS_DONE;
	return STEP_SETTLED;
}

static enum step attempt_alone(struct client *c, const struct order *o,
			       struct delivery *d, int64_t deadline)
{
	const struct client_request q[] = {
		{ 2, { "INFO", "ledger" } },
		order_request(o),
	};
	size_t first = d->ask_coin ? 0 : 1;
	redisReply *reply[ELEMENTS(q)] = { NULL };
	int r;

	r = client_ask(c, q + first, ELEMENTS(q) - first, deadline,
		       reply + first);
	if (r < 0)
		return judge_failure(c, d, r, client_sent(c));

	d->info = reply[0];
	d->reply = reply[1];
	return judge_alone(c, d);
}

/* Several, all or none; or one that is only asked for. */

/* Is @part what a group is told of an order that is good? */
static bool is_good(const struct delivery *d, const redisReply *part)
{
	struct answer_receipt receipt;
	int64_t balance;

	return d->dry_run ? answer_integer(part, &balance) == 0
			  : answer_receipt(part, &receipt) == 0;
}

/* The first refusal that has a reason of its own. */
static bool find_refusal(redisReply *const *part, size_t count,
			 struct answer_error *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (answer_is_error(part[i], ret) &&
		    !slice_equal(ret->code, slice_of("ABORTED")))
			return true;
	}
	return false;
}

static enum step judge_parts(struct client *c, struct delivery *d, size_t count)
{
	struct answer_error error;
	size_t good = 0;

	if (answer_list(d->reply) < 0 || d->reply->elements != count)
		return judge_garbled(c, d, !d->dry_run);
	d->refuses_parts = find_refusal(d->reply->element, count, &error);
	if (d->refuses_parts)
		return judge_error(d, &error);
	for (size_t i = 0; i < count; i++)
		good += is_good(d, d->reply->element[i]);
	if (good < count)
		return judge_garbled(c, d, !d->dry_run);
	d->status = STATUS_DONE;
	return STEP_SETTLED;
}

static enum step judge_group(struct client *c, struct delivery *d, size_t count)
{
	struct answer_error error;

	if (!answer_is_error(d->reply, &error))
		return judge_parts(c, d, count);

	/* Of those that were not even queued it was said why. */
	if (slice_equal(error.code, slice_of("EXECABORT")) &&
	    find_refusal(d->queued, d->queued_count, &error))
		d->parts_queued = d->refuses_parts = true;
	return judge_error(d, &error);
}

static int put_group(struct client *c, const struct group *g, bool dry_run)
{
	const struct client_request exec = { dry_run ? 2 : 1,
					     { "EXEC", "DRYRUN" } };
	int r = 0;

	for (size_t i = 0; i < g->count && r == 0; i++) {
		const struct client_request q = order_request(&g->order[i]);

		r = client_put(c, &q);
	}
	return r < 0 ? r : client_put(c, &exec);
}

/* What is said of each order, and the last word. */
static int take_group(struct client *c, size_t count, struct delivery *d,
		      int64_t deadline)
{
	int r = 0;

	d->queued = calloc(count, sizeof(*d->queued));
	if (!d->queued)
		return -ENOMEM;
	while (r == 0 && !d->reply) {
		redisReply *reply = NULL;

		r = client_take(c, &reply);
		if (r == -EAGAIN)
			r = client_pump(c, deadline);
		else if (r == 0 && d->queued_count < count)
			d->queued[d->queued_count++] = reply;
		else if (r == 0)
			d->reply = reply;
	}
	return r;
}

static enum step send_group(struct client *c, const struct group *g,
			    struct delivery *d, int64_t deadline)
{
	int r = put_group(c, g, d->dry_run);

	if (r == 0)
		r = take_group(c, g->count, d, deadline);
	if (r < 0) {
		client_drop(c);
		return judge_failure(c, d, r, !d->dry_run);
	}
	return judge_group(c, d, g->count);
}

static enum step attempt_group(struct client *c, const struct group *g,
			       struct delivery *d, int64_t deadline)
{
	static const struct client_request q[] = {
		{ 2, { "INFO", "ledger" } },
		{ 1, { "MULTI" } },
	};
	size_t first = d->ask_coin ? 0 : 1;
	redisReply *reply[ELEMENTS(q)] = { NULL };
	struct answer_error error;
	int r;

	r = client_ask(c, q + first, ELEMENTS(q) - first, deadline,
		       reply + first);
	if (r < 0)
		return judge_failure(c, d, r, false);

	d->info = reply[0];
	d->reply = reply[1];
	if (answer_is_error(d->reply, &error))
		return judge_error(d, &error);
	if (d->reply->type != REDIS_REPLY_STATUS)
		return judge_garbled(c, d, false);
	freeReplyObject(d->reply);
	d->reply = NULL;
	return send_group(c, g, d, deadline);
}

static enum step attempt(struct client *c, const struct group *g,
			 struct delivery *d, int64_t deadline)
{
	int64_t now = client_now();
	int64_t wait = (deadline - now) / 2;

	if (wait < ATTEMPT_MIN)
		wait = deadline - now;
	drop_replies(d);
	if (g->count == 1 && !d->dry_run)
		return attempt_alone(c, &g->order[0], d, now + wait);
	return attempt_group(c, g, d, now + wait);
}

/* False if the time is up. */
static bool back_off(int64_t usec, int64_t deadline)
{
	int64_t left = deadline - client_now();
	struct timespec t;

	if (left <= 0)
		return false;
	if (usec > left)
		usec = left;
	t.tv_sec = usec / USEC_PER_SEC;
	t.tv_nsec = usec % USEC_PER_SEC * 1000;
	(void)nanosleep(&t, NULL);
	return client_now() < deadline;
}

void delivery_run(struct client *c, const struct group *g, struct delivery *d)
{
	int64_t deadline = client_now() + d->timeout;
	int64_t pause = BACKOFF_FIRST;
	enum step step;

	step = attempt(c, g, d, deadline);
	if (step == STEP_AGAIN && d->repeating)
		d->repeating(d->arg, d->reason);

	while (step == STEP_AGAIN && back_off(pause, deadline)) {
		step = attempt(c, g, d, deadline);
		pause = pause * 2 < BACKOFF_MAX ? pause * 2 : BACKOFF_MAX;
	}

	if (step != STEP_SETTLED)
		d->status = d->again ? STATUS_UNKNOWN : STATUS_UNAVAILABLE;
}

const redisReply *delivery_part(const struct delivery *d, size_t i)
{
	if (d->parts_queued)
		return i < d->queued_count ? d->queued[i] : NULL;
	if (!d->reply)
		return NULL;
	/* A receipt is an array, too; but then nothing was queued before. */
	if (!d->queued)
		return i == 0 ? d->reply : NULL;
	if (d->reply->type != REDIS_REPLY_ARRAY || i >= d->reply->elements)
		return NULL;
	return d->reply->element[i];
}

void delivery_done(struct delivery *d)
{
	drop_replies(d);
	free(d->reason);
	d->reason = NULL;
}
