/* SPDX-License-Identifier: MIT */
/*
 * What a user's records in a range of serials come to, summed up by all
 * backends.
 */
#include "config.h"

#include <string.h>

#include "ledger/name.h"
#include "main/engine_internal.h"
#include "main/stream.h"
#include "main/total.h"

struct part {
	struct call call;
	struct total *total;
	struct message_filter filter;
};

struct total {
	struct list node;
	struct engine *engine;
	total_done done;
	void *arg;
	char user[USER_NAME_MAX];
	size_t user_len;
	uint64_t after;
	uint64_t upto;
	struct total_sum sum;
	uint32_t absent; /* not asked: copies count in their place */
	size_t waiting; /* for so many parts */
	struct stream *stream;
	struct part part[ENGINE_BACKENDS_MAX];
};

static const struct call_ops sum_ops;

static void begin(struct total *t);

static struct slice total_user(const struct total *t)
{
	return (struct slice){ t->user, t->user_len };
}

static void total_free(struct total *t)
{
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		call_end(&t->part[i].call);
	stream_free(t->stream);
	list_remove(&t->node);
	free(t);
}

void totals_done(struct engine *e)
{
	struct list *node;

	while ((node = list_first(&e->totals)))
		total_free(list_entry(node, struct total, node));
}

static void finish(struct total *t, const char *missing)
{
	total_done done = t->done;
	void *arg = t->arg;
	struct total_sum sum = t->sum;

	total_free(t);
	done(arg, missing, &sum);
}

/* Asking the backends to sum up. */

static void sum_transmit(struct call *c)
{
	struct part *p = list_entry(c, struct part, call);
	struct writer w = call_writer(c);

	message_put_sum(&w, &(struct message_sum){
				    .after = p->total->after,
				    .upto = p->total->upto,
				    .user = total_user(p->total),
				    .filter = p->filter,
			    });
	call_send(c, FRAME_SUM, 0, &w);
}

static void sum_answer(struct call *c, const struct frame *f)
{
	struct part *p = list_entry(c, struct part, call);
	struct total *t = p->total;
	struct message_total m;

	if (f->type != FRAME_TOTAL || f->epoch != t->engine->epoch ||
	    message_get_total(f->payload, &m) < 0)
		return;
	call_end(c);
	t->sum.records += m.records;
	t->sum.net = sum_join(t->sum.net, sum_from_i128(m.net));
	if (--t->waiting == 0)
		finish(t, NULL);
}

static void sum_failed(struct call *c)
{
	struct total *t = list_entry(c, struct part, call)->total;
	const struct link *missing;

	/* Without it, if copies of what it has are enough; from the start. */
	if (link_hopeless(c->link) && engine_complete(t->engine, &missing))
		begin(t);
	else
		finish(t, c->link->name);
}

static const struct call_ops sum_ops = {
	.transmit = sum_transmit,
	.answer = sum_answer,
	.failed = sum_failed,
};

/* Doing the sum here, when there are too many irregular ranges to name. */

static bool scan_record(void *arg, const struct stream_record *r)
{
	struct total *t = arg;

	t->sum.records++;
	if (slice_equal(r->record.receiver, total_user(t)))
		t->sum.net = sum_plus(t->sum.net, r->record.amount);
	if (slice_equal(r->record.sender, total_user(t)))
		t->sum.net = sum_minus(t->sum.net, r->record.amount);
	return true;
}

static void scan_ended(void *arg, enum stream_end how, const char *missing)
{
	finish(arg, how == STREAM_COMPLETE ? NULL : missing);
}

static const struct stream_ops scan_ops = {
	.record = scan_record,
	.ended = scan_ended,
};

static void scan(struct total *t)
{
	struct stream_query q = {
		.after = t->after,
		.upto = t->upto,
		.user = total_user(t),
		.columns = true,
		.everything = true,
	};

	if (stream_new(t->engine, &q, &scan_ops, t, &t->stream) < 0)
		finish(t, "memory");
	else
		stream_start(t->stream);
}

static bool filters_fit(struct total *t)
{
	struct engine *e = t->engine;

	for (unsigned i = 0; i < e->links; i++)
		if (!engine_filter(e, i, t->after, t->upto, t->absent,
				   &t->part[i].filter))
			return false;
	return true;
}

static void ask_all(struct total *t)
{
	struct engine *e = t->engine;
	uint32_t asked = 0;

	for (unsigned i = 0; i < e->links; i++)
		if (!(t->absent & UINT32_C(1) << i))
			asked |= UINT32_C(1) << i;
	t->waiting = (size_t)__builtin_popcount(asked);
	/* None of them fails at once: those are absent. */
	for (; asked; asked &= asked - 1) {
		unsigned i = (unsigned)__builtin_ctz(asked);

		call_start(&t->part[i].call, &e->link[i], &sum_ops,
			   e->request_timeout, LINK_PATIENCE, false);
	}
}

static void begin(struct total *t)
{
	const struct link *missing;

	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		call_end(&t->part[i].call);
	t->sum = (struct total_sum){ .net = SUM_ZERO };
	if (!engine_complete(t->engine, &missing)) {
		finish(t, missing->name);
		return;
	}
	t->absent = engine_absent(t->engine);
	if (filters_fit(t))
		ask_all(t);
	else
		scan(t);
}

void total_ask(struct engine *e, struct slice user, uint64_t after,
	       uint64_t upto, total_done done, void *arg)
{
	struct total *t;

	t = calloc(1, sizeof(*t));
	if (!t) {
		done(arg, "memory", NULL);
		return;
	}
	t->engine = e;
	t->done = done;
	t->arg = arg;
	t->after = after;
	t->upto = upto;
	t->user_len = user.len;
	memcpy(t->user, user.p, user.len);
	list_append(&e->totals, &t->node);
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		t->part[i].total = t;
		list_init(&t->part[i].call.node);
	}
	begin(t);
}
