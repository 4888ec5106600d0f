/* SPDX-License-Identifier: MIT */
/*
 * Simulated clients: they mix all commands, retry what they do not know with
 * the same id, sometimes give up, and tell the oracle what they were told.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orders.h"
#include "world.h"

#define ATTEMPTS_MAX 16
/* How long a client waits for an answer. */
#define PATIENCE (4 * SEC)
/* What a watcher does at a time. */
#define WATCH_ORDERS 12

/* One sending of an order; lives until answered or its main daemon died. */
struct attempt {
	struct client *client;
	struct main_node *main;
	uint64_t life;
	unsigned order; /* of the client, to tell late answers */
	bool given; /* the engine has it and will call back */
	bool over; /* being answered just now */
	struct fact answer;
	struct fact member[SIM_GROUP_MAX]; /* of a group: each with its answer */
};

struct client {
	struct world *world;
	struct orders source;
	unsigned orders; /* still to do */
	unsigned number; /* the current one's */
	bool busy;
	bool retrying; /* the next sending is on its way */
	bool maybe; /* an attempt may have had its effect */
	unsigned tries;
	unsigned resends; /* give up after so many */
	uint64_t wait; /* raised with each attempt: voids older time-outs */
	struct order order;
	struct attempt *attempt[ATTEMPTS_MAX];
};

static void next_order(struct world *w, void *a, uint64_t b);
static void send_order(struct world *w, void *a, uint64_t b);

struct client *client_new(struct world *w, int index, unsigned orders)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->world = w;
	c->source = (struct orders){ .world = w,
				     .client = index,
				     .watches = index >= CLIENTS,
				     .audits = index >= CLIENTS + WATCHERS };
	c->orders = orders;
	return c;
}

static void attempt_free(struct attempt *t)
{
	struct client *c = t->client;

	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (c->attempt[i] == t)
			c->attempt[i] = NULL;
	free(t->answer.listed);
	buf_done(&t->answer.text);
	free(t);
}

void client_free(struct client *c)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (c->attempt[i])
			attempt_free(c->attempt[i]);
	free(c);
}

bool client_finished(const struct client *c)
{
	return !c->busy && !c->orders;
}

void client_start(struct client *c)
{
	if (c->orders)
		world_at(c->world, (int64_t)world_below(c->world, 100 * MSEC),
			 next_order, c, 0);
}

void client_watch(struct client *c)
{
	if (!c->source.watches || c->source.audits || c->busy || c->orders)
		return;
	c->orders = WATCH_ORDERS;
	world_at(c->world, (int64_t)world_below(c->world, 5 * MSEC), next_order,
		 c, 0);
}

static int64_t pause_between(const struct client *c)
{
	struct world *w = c->world;

	/* Mostly at once, now and then late enough to meet every fault. */
	if (!c->source.watches && world_chance(w, 200))
		return (int64_t)world_below(w, 4 * SEC);
	return (int64_t)world_below(w, 5 * MSEC);
}

static void finished(struct client *c)
{
	c->busy = false;
	c->number++;
	if (c->orders)
		world_at(c->world, pause_between(c), next_order, c, 0);
}

/* Is an earlier sending of this order still on its way? */
static bool outstanding(const struct client *c)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (c->attempt[i] && c->attempt[i]->order == c->number &&
		    !c->attempt[i]->over)
			return true;
	return false;
}

static void tell_never(struct client *c)
{
	struct fact f = c->order.fact;

	if (c->order.what == DO_GROUP) {
		group_never(&c->order, c->world);
		return;
	}
	f.kind = FACT_NEVER;
	f.told = c->world->now;
	oracle_tell(c->world->oracle, &f);
}

/* Not settled: again with the same id, or leave it. */
static void try_again(struct client *c)
{
	struct world *w = c->world;

	if (c->retrying)
		return;
	if (outstanding(c))
		c->maybe = true;
	if (!w->healing && c->tries > c->resends) {
		if (order_changes(&c->order) && !c->order.again && !c->maybe)
			tell_never(c);
		finished(c);
		return;
	}
	c->retrying = true;
	world_at(w, 20 * MSEC + (int64_t)world_below(w, 300 * MSEC), send_order,
		 c, c->number);
}

/* The answer is in. */
static void settled(struct client *c, struct attempt *t)
{
	struct fact f;

	if (c->order.what == DO_GROUP) {
		memcpy(c->order.member, t->member, sizeof(t->member));
		group_done(&c->order, c->world);
	} else {
		order_fact(&c->order, &t->answer, &f);
		f.told = c->world->now;
		oracle_tell(c->world->oracle, &f);
	}
	orders_keep(&c->source, &c->order);
	finished(c);
}

static void refused(struct client *c, const struct attempt *t)
{
	struct fact f;

	if (c->order.what == DO_GROUP && t->answer.code == OUTCOME_ABORTED) {
		memcpy(c->order.member, t->member, sizeof(t->member));
		group_refused(&c->order, c->world);
	} else if (order_refused(&c->order, c->world, &t->answer, &f)) {
		f.told = c->world->now;
		oracle_tell(c->world->oracle, &f);
	}
	/* Ids are looked at first: what is refused is not recorded. */
	if (order_changes(&c->order) && !outstanding(c))
		tell_never(c);
	finished(c);
}

static void answered(struct world *w, void *a, uint64_t b)
{
	struct attempt *t = a;
	struct client *c = t->client;

	(void)w;
	(void)b;
	t->over = true;
	if (t->order != c->number || !c->busy) {
		attempt_free(t);
		return;
	}
	world_say(w, "client %d order %u: %s", c->source.client, c->number,
		  t->answer.code == OUTCOME_DONE ?
			  "done" :
			  outcome_code_name(t->answer.code));
	if (t->answer.code == OUTCOME_DONE) {
		settled(c, t);
	} else if (t->answer.code == OUTCOME_UNAVAILABLE &&
		   c->order.what == DO_VERIFY && w->healing && w->gone >= 0) {
		/* It needs every block, also the one that will not return. */
		finished(c);
	} else if (t->answer.code == OUTCOME_UNAVAILABLE) {
		c->wait++;
		try_again(c);
	} else if (t->answer.code == OUTCOME_UNKNOWN) {
		c->maybe = true;
		c->wait++;
		try_again(c);
	} else {
		refused(c, t);
	}
	attempt_free(t);
}

static void timed_out(struct world *w, void *a, uint64_t b)
{
	struct client *c = a;

	(void)w;
	if (!c->busy || c->wait != b)
		return;
	c->maybe = true;
	c->wait++;
	try_again(c);
}

void client_main_died(struct client *c, const struct main_node *m)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		struct attempt *t = c->attempt[i];

		if (!t || t->main != m || !t->given)
			continue;
		/* Its connection breaks: it does not know. */
		t->over = true;
		if (t->order == c->number && c->busy) {
			c->maybe = true;
			c->wait++;
			try_again(c);
		}
		attempt_free(t);
	}
}

/* The engine's callbacks. */

static void on_record(void *arg, const struct record *r,
		      const struct amount *balance)
{
	struct attempt *t = arg;

	order_take_record(&t->answer, r, balance);
	faults_in_list(t->client->world);
}

static void on_done(void *arg, const struct outcome *o)
{
	struct attempt *t = arg;
	struct client *c = t->client;
	struct world *w = c->world;

	if (o->code != OUTCOME_DONE)
		world_say(w, "client %d order %u is told: %.*s",
			  c->source.client, t->order, SLICE_ARG(o->sentence));
	if (c->number == t->order)
		order_take(&c->order, o, &t->main->statement, &t->answer);
	t->given = false;
	world_at(w, 20 + (int64_t)world_below(w, 200), answered, t, 0);
}

/* An engine_group_done. */
static void on_group_done(void *arg, const struct outcome *o, size_t count)
{
	struct attempt *t = arg;
	struct client *c = t->client;
	struct world *w = c->world;

	if (c->number == t->order)
		t->answer.code = group_take(&c->order, w, o, count, t->member);
	t->given = false;
	world_at(w, 20 + (int64_t)world_below(w, 200), answered, t, 0);
}

static void give(struct attempt *t)
{
	const struct order *o = &t->client->order;

	if (o->what == DO_GROUP)
		group_ask(o, t->main->engine, on_group_done, t);
	else
		order_ask(o, t->main->engine, on_record, on_done, t);
}

static void arrives(struct world *w, void *a, uint64_t b)
{
	struct attempt *t = a;
	struct main_node *m = t->main;

	(void)b;
	if (!m->alive || m->life != t->life) {
		/* Connection refused or reset: it did not get there. */
		struct client *c = t->client;

		t->over = true;
		if (c->busy && c->number == t->order) {
			c->wait++;
			try_again(c);
		}
		attempt_free(t);
		return;
	}
	if (m->paused) {
		/* It waits in the socket. */
		world_at(w, m->resumes_at > w->now ? m->resumes_at - w->now :
						     MSEC,
			 arrives, t, 0);
		return;
	}
	/* Nobody waits for it any more. */
	if (t->order != t->client->number) {
		attempt_free(t);
		return;
	}
	t->given = true;
	main_clock(m);
	give(t);
	main_turn_end(m);
}

static void send_once(struct client *c)
{
	struct world *w = c->world;
	struct main_node *m = main_pick(w);
	struct attempt *t;
	size_t slot = 0;

	while (slot < ATTEMPTS_MAX && c->attempt[slot])
		slot++;
	if (!m || slot == ATTEMPTS_MAX)
		return;
	t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	*t = (struct attempt){ .client = c,
			       .main = m,
			       .life = m->life,
			       .order = c->number };
	c->attempt[slot] = t;
	world_at(w, 20 + (int64_t)world_below(w, 200), arrives, t, 0);
}

/* Deliberate bug: the next attempt has an id of its own. */
static void renew_id(struct order *o)
{
	size_t len = strlen(o->fact.id);

	if (order_changes(o) && len < sizeof(o->fact.id) - 1)
		o->fact.id[len] = '+';
}

static void begun(struct client *c)
{
	struct world *w = c->world;

	if (!order_changes(&c->order))
		return;
	for (size_t i = 0; i < c->order.members; i++)
		oracle_begun(w->oracle, &c->order.member[i], w->now);
	if (!c->order.members)
		oracle_begun(w->oracle, &c->order.fact, w->now);
}

static void send_order(struct world *w, void *a, uint64_t b)
{
	struct client *c = a;

	if (!c->busy || c->number != b)
		return;
	c->retrying = false;
	c->tries++;
	if (c->tries > 1 && bug_on(BUG_ID_RENEWED))
		renew_id(&c->order);
	begun(c);
	send_once(c);
	/* Impatient ones send it twice at once. */
	if (world_chance(w, 100))
		send_once(c);
	world_at(w, PATIENCE, timed_out, c, c->wait);
}

static void next_order(struct world *w, void *a, uint64_t b)
{
	struct client *c = a;

	(void)b;
	c->orders--;
	c->busy = true;
	c->maybe = false;
	c->retrying = false;
	c->tries = 0;
	c->resends = (unsigned)world_below(w, 12);
	orders_draw(&c->source, c->number, &c->order);
	c->order.fact.asked = w->now;
	group_asked(&c->order, w->now);
	send_order(w, c, c->number);
}
