/* SPDX-License-Identifier: MIT */
/*
 * Put what there is to ask, pump, take what was answered.
 */
#include "config.h"

#include <errno.h>

#include "walletctl/pipeline.h"

struct run {
	struct context *ctx;
	const struct pipeline *p;
	unsigned under_way;
};

static int ask_all(struct run *r)
{
	struct client_request q;

	while (r->under_way < r->p->window && r->p->ask(r->p->arg, &q)) {
		int e = client_put(r->ctx->client, &q);

		if (e < 0)
			return e;
		r->under_way++;
	}
	return 0;
}

/* All answers that are there; -EAGAIN when there are no more of them. */
static int take_all(struct run *r, enum status *status)
{
	while (r->under_way > 0) {
		_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
		int e = client_take(r->ctx->client, &reply);

		if (e < 0)
			return e;
		r->under_way--;
		*status = r->p->answer(r->p->arg, reply);
		if (*status != STATUS_DONE)
			return 0;
	}
	return 0;
}

enum status pipeline_run(struct context *ctx, const struct pipeline *p)
{
	struct run r = { .ctx = ctx, .p = p };
	enum status status = STATUS_DONE;
	int e;

	for (;;) {
		e = ask_all(&r);
		if (e < 0 || r.under_way == 0)
			break;
		e = client_pump(ctx->client, client_now() + ctx->timeout);
		if (e == 0)
			e = take_all(&r, &status);
		if ((e < 0 && e != -EAGAIN) || status != STATUS_DONE)
			break;
	}

	/* Answers that nobody takes would be taken for those to come. */
	if (r.under_way > 0)
		client_drop(ctx->client);
	if (e < 0 && e != -EAGAIN && status == STATUS_DONE) {
		context_say(ctx, "%s", client_fault(ctx->client));
		status = STATUS_UNAVAILABLE;
	}
	return status;
}
