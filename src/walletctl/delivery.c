/* SPDX-License-Identifier: MIT */
/*
 * Attempts at one order.  What an attempt that failed means depends on how far
 * it came: before a byte has left, nothing happened; after that, the order may
 * be done, and only an answer to the same operation id can tell.
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

static enum step judge_answer(struct client *c, struct delivery *d)
{
	struct answer_error error;

	if (answer_is_error(d->reply, &error))
		return judge_error(d, &error);
	if (answer_receipt(d->reply, &d->receipt) == 0) {
		d->status = STATUS_DONE;
		return STEP_SETTLED;
	}

	set_reason(d, slice_of(client_server(c)),
		   " does not answer as a main daemon does.");
	d->last_did_nothing = false;
	d->again = true;
	return STEP_GIVE_UP;
}

static enum step judge_failure(struct client *c, struct delivery *d, int r)
{
	set_reason(d, slice_of(client_fault(c)), ".");
	d->last_did_nothing = false;
	if (client_sent(c))
		d->again = true;
	if (r == -EBADMSG || r == -EFBIG)
		return STEP_GIVE_UP;
	/* Nobody there: with nothing at stake, say so at once. */
	return d->again ? STEP_AGAIN : STEP_GIVE_UP;
}

/* The answer that told of the last attempt is not needed any more. */
static void drop_replies(struct delivery *d)
{
	freeReplyObject(d->reply);
	freeReplyObject(d->info);
	d->reply = NULL;
	d->info = NULL;
}

static enum step attempt(struct client *c, const struct order *o,
			 struct delivery *d, int64_t deadline)
{
	const struct client_request q[] = {
		{ 2, { "INFO", "ledger" } },
		order_request(o),
	};
	size_t first = d->ask_coin ? 0 : 1;
	redisReply *reply[ELEMENTS(q)] = { NULL };
	int64_t now = client_now();
	int64_t wait = (deadline - now) / 2;
	int r;

	if (wait < ATTEMPT_MIN)
		wait = deadline - now;
	drop_replies(d);
	r = client_ask(c, q + first, ELEMENTS(q) - first, now + wait,
		       reply + first);
	if (r < 0)
		return judge_failure(c, d, r);

	d->info = reply[0];
	d->reply = reply[1];
	return judge_answer(c, d);
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

void delivery_run(struct client *c, const struct order *o, struct delivery *d)
{
	int64_t deadline = client_now() + d->timeout;
	int64_t pause = BACKOFF_FIRST;
	enum step step;

	step = attempt(c, o, d, deadline);
	if (step == STEP_AGAIN && d->repeating)
		d->repeating(d->arg, d->reason);

	while (step == STEP_AGAIN && back_off(pause, deadline)) {
		step = attempt(c, o, d, deadline);
		pause = pause * 2 < BACKOFF_MAX ? pause * 2 : BACKOFF_MAX;
	}

	if (step != STEP_SETTLED)
		d->status = d->again ? STATUS_UNKNOWN : STATUS_UNAVAILABLE;
}

void delivery_done(struct delivery *d)
{
	drop_replies(d);
	free(d->reason);
	d->reason = NULL;
}
