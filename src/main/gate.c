/* SPDX-License-Identifier: MIT */
/*
 * Where orders come in: let through under a lease, or kept until there is one.
 */
#include "config.h"

#include <string.h>

#include "main/engine_internal.h"
#include "main/ordertext.h"
#include "main/outcome.h"

/* Renew a lease in use when less than this is left of it. */
#define LEASE_LOW INT64_C(200000)

/* A backend may say no, while another main daemon wants it: ask again. */
#define ASK_AGAIN INT64_C(20000)

struct waiting {
	struct list node;
	int64_t deadline;
	struct slip slip; /* into text, but for … */
	struct refused *refused; /* … its refusal; owned */
	char text[];
};

void gate_init(struct engine *e)
{
	list_init(&e->gate.waiting);
}

static struct waiting *take(struct engine *e)
{
	struct list *node = list_first(&e->gate.waiting);

	if (!node)
		return NULL;
	list_remove(node);
	e->gate.count--;
	return list_entry(node, struct waiting, node);
}

static void waiting_free(struct waiting *w)
{
	free(w->refused);
	free(w);
}

void gate_done(struct engine *e)
{
	struct waiting *w;

	while ((w = take(e)))
		waiting_free(w);
}

static void ask_for_leases(struct engine *e)
{
	e->gate.ask_at = e->now + ASK_AGAIN;
	for (size_t i = 0; i < e->links; i++)
		if (e->link[i].up)
			link_ping(&e->link[i], true);
}

/*
 * Leased by one more backend than another main daemon could start without?
 * Then none can have started.
 */
static bool leased(struct engine *e)
{
	uint32_t holding = 0;
	bool low = false;

	for (size_t i = 0; i < e->links && holding < e->copies; i++) {
		const struct link *l = &e->link[i];

		if (l->lease_until <= e->now || l->joining)
			continue;
		holding++;
		low |= l->lease_until - e->now < LEASE_LOW;
	}
	if ((low || holding < e->copies) && e->now >= e->gate.ask_at)
		ask_for_leases(e);
	return holding >= e->copies;
}

static int keep_refused(struct waiting *w)
{
	w->refused = malloc(sizeof(*w->refused));
	if (!w->refused)
		return -ENOMEM;
	*w->refused = *w->slip.refused;
	w->slip.refused = w->refused;
	return 0;
}

static struct waiting *waiting_new(const struct engine *e,
				   const struct slip *s)
{
	struct waiting *w;
	char *at;

	if (e->gate.count >= GATE_WAITING_MAX)
		return NULL;
	w = malloc(sizeof(*w) + ordertext_len(&s->order) + s->tips.len);
	if (!w)
		return NULL;
	*w = (struct waiting){ .deadline = e->now + e->request_timeout,
			       .slip = *s };
	at = w->text;
	ordertext_move(&w->slip.order, &at);
	slice_move(&w->slip.tips, &at);
	if (s->refused && keep_refused(w) < 0) {
		waiting_free(w);
		return NULL;
	}
	return w;
}

static void wait_for_lease(struct engine *e, const struct slip *s)
{
	struct waiting *w;

	w = waiting_new(e, s);
	if (!w) {
		outcome_unavailable(e, s->done, s->arg,
				    "Too many orders are waiting; nothing was "
				    "changed.");
		return;
	}
	list_append(&e->gate.waiting, &w->node);
	e->gate.count++;
	engine_due(e, w->deadline);
	engine_due(e, e->gate.ask_at);
}

void gate_pass(struct engine *e, const struct slip *s)
{
	if (!engine_serves(e, s->done, s->arg))
		return;
	if (list_empty(&e->gate.waiting) && leased(e))
		s->run(e, s);
	else
		wait_for_lease(e, s);
}

static void tell_refused(struct engine *e, const struct slip *s)
{
	outcome_refuse(e, s->done, s->arg, s->refused);
}

/* Who waits does not stand in its way: it was let in already. */
void gate_refuse(struct engine *e, const struct refused *r, engine_done done,
		 void *arg)
{
	const struct slip s = { .run = tell_refused,
				.done = done,
				.arg = arg,
				.refused = r };

	if (!engine_serves(e, done, arg))
		return;
	if (leased(e))
		s.run(e, &s);
	else
		wait_for_lease(e, &s);
}

void gate_leased(struct engine *e)
{
	while (!list_empty(&e->gate.waiting) && leased(e)) {
		struct waiting *w = take(e);

		if (engine_serves(e, w->slip.done, w->slip.arg))
			w->slip.run(e, &w->slip);
		waiting_free(w);
	}
}

/* Tell those that have waited too long; the deadline of the next one. */
static int64_t expire(struct engine *e)
{
	struct list *first;

	while ((first = list_first(&e->gate.waiting))) {
		struct waiting *w = list_entry(first, struct waiting, node);

		if (e->now < w->deadline)
			return w->deadline;
		(void)take(e);
		outcome_unavailable(e, w->slip.done, w->slip.arg,
				    "No backend answers; nothing was changed, "
				    "and nothing can be told for certain.");
		waiting_free(w);
	}
	return INT64_MAX;
}

int64_t gate_tick(struct engine *e)
{
	int64_t next = expire(e);

	if (list_empty(&e->gate.waiting))
		return INT64_MAX;
	if (e->now >= e->gate.ask_at)
		ask_for_leases(e);
	return next < e->gate.ask_at ? next : e->gate.ask_at;
}
