/* SPDX-License-Identifier: MIT */
/*
 * Simulated clients: they mix all commands, retry what they do not know with
 * the same id, sometimes give up, and tell the oracle what they were told.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"
#include "world.h"

#define ATTEMPTS_MAX 16
/* How long a client waits for an answer. */
#define PATIENCE (4 * SEC)

enum what {
	DO_TRANSFER,
	DO_OPEN,
	DO_BALANCE,
	DO_TIP,
	DO_LIST,
	DO_HISTORY,
	DO_STATS,
};

/* One sending of an order; lives until answered or its main daemon died. */
struct attempt {
	struct client *client;
	struct main_node *main;
	uint64_t life;
	unsigned order; /* of the client, to tell late answers */
	bool given; /* the engine has it and will call back */
	bool over; /* being answered just now */
	enum outcome_code code;
	struct fact fact;
};

struct client {
	struct world *world;
	int index;
	unsigned orders; /* still to do */
	unsigned order; /* the current one's number */
	bool busy;
	bool retrying; /* the next sending is on its way */
	bool maybe; /* an attempt may have had its effect */
	unsigned tries;
	unsigned resends; /* give up after so many */
	uint64_t wait; /* raised with each attempt: voids older time-outs */
	enum what what;
	struct fact fact; /* what is asked */
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
	c->index = index;
	c->orders = orders;
	return c;
}

static void attempt_free(struct attempt *t)
{
	struct client *c = t->client;

	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (c->attempt[i] == t)
			c->attempt[i] = NULL;
	free(t->fact.listed);
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
	world_at(c->world, (int64_t)rng_below(&c->world->rng, 100 * MSEC),
		 next_order, c, 0);
}

static int64_t pause_between(struct world *w)
{
	/* Mostly at once, now and then late enough to meet every fault. */
	if (world_chance(w, 200))
		return (int64_t)rng_below(&w->rng, 4 * SEC);
	return (int64_t)rng_below(&w->rng, 5 * MSEC);
}

static void finished(struct client *c)
{
	c->busy = false;
	c->order++;
	if (c->orders)
		world_at(c->world, pause_between(c->world), next_order, c, 0);
}

static bool is_change(const struct client *c)
{
	return c->what == DO_TRANSFER || c->what == DO_OPEN;
}

/* Is an earlier sending of this order still on its way? */
static bool outstanding(const struct client *c)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (c->attempt[i] && c->attempt[i]->order == c->order &&
		    !c->attempt[i]->over)
			return true;
	return false;
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
		if (is_change(c) && !c->maybe) {
			struct fact f = c->fact;

			f.kind = FACT_NEVER;
			f.told = w->now;
			oracle_tell(w->oracle, &f);
		}
		finished(c);
		return;
	}
	c->retrying = true;
	world_at(w, 20 * MSEC + (int64_t)rng_below(&w->rng, 300 * MSEC),
		 send_order, c, c->order);
}

/* The answer is in. */
static void settled(struct client *c, struct attempt *t)
{
	struct fact f = c->fact;

	f.told = c->world->now;
	f.serial = c->what == DO_LIST || c->what == DO_HISTORY ?
			   c->fact.serial :
			   t->fact.serial;
	f.balance = t->fact.balance;
	memcpy(f.hash, t->fact.hash, sizeof(f.hash));
	f.listed = t->fact.listed;
	f.listeds = t->fact.listeds;
	t->fact.listed = NULL;
	oracle_tell(c->world->oracle, &f);
	finished(c);
}

static void refused(struct client *c, const struct attempt *t)
{
	struct fact f = c->fact;

	f.told = c->world->now;
	if (t->code == OUTCOME_NOUSER && !is_change(c)) {
		f.kind = FACT_NO_USER;
		oracle_tell(c->world->oracle, &f);
	} else if (is_change(c) && !outstanding(c)) {
		/* Ids are looked at first: what is refused is not recorded. */
		f.kind = FACT_NEVER;
		oracle_tell(c->world->oracle, &f);
	}
	finished(c);
}

static void answered(struct world *w, void *a, uint64_t b)
{
	struct attempt *t = a;
	struct client *c = t->client;

	(void)w;
	(void)b;
	t->over = true;
	if (t->order != c->order || !c->busy) {
		attempt_free(t);
		return;
	}
	world_say(w, "client %d order %u: %s", c->index, c->order,
		  t->code == OUTCOME_DONE ? "done" : outcome_code_name(t->code));
	if (t->code == OUTCOME_DONE) {
		settled(c, t);
	} else if (t->code == OUTCOME_UNAVAILABLE) {
		c->wait++;
		try_again(c);
	} else if (t->code == OUTCOME_UNKNOWN) {
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
		if (t->order == c->order && c->busy) {
			c->maybe = true;
			c->wait++;
			try_again(c);
		}
		attempt_free(t);
	}
}

/* The engine's callbacks. */

static void give_back(struct attempt *t)
{
	struct world *w = t->client->world;

	t->given = false;
	world_at(w, 20 + (int64_t)rng_below(&w->rng, 200), answered, t, 0);
}

static struct listed *add_listed(struct attempt *t)
{
	struct fact *f = &t->fact;

	f->listed = reallocarray(f->listed, f->listeds + 1, sizeof(*f->listed));
	if (!f->listed)
		abort();
	memset(&f->listed[f->listeds], 0, sizeof(*f->listed));
	return &f->listed[f->listeds++];
}

static void on_record(void *arg, const struct record *r,
		      const struct amount *balance)
{
	struct listed *l = add_listed(arg);

	l->serial = r->serial;
	(void)snprintf(l->sender, 16, "%.*s", SLICE_ARG(r->sender));
	(void)snprintf(l->receiver, 16, "%.*s", SLICE_ARG(r->receiver));
	l->amount = (int64_t)amount_to_u64(r->amount);
	l->balance = balance ? (int64_t)amount_to_u64(*balance) : 0;
}

static void take_stats(struct attempt *t, const struct outcome *o)
{
	for (size_t i = 0; i < o->u.stats.count; i++) {
		const struct engine_partner *p = &o->u.stats.partner[i];
		struct listed *l = add_listed(t);

		l->serial = p->count;
		(void)snprintf(l->sender, 16, "%.*s", SLICE_ARG(p->name));
		if (sum_to_i64(p->net, &l->amount) < 0)
			abort();
	}
}

static void on_done(void *arg, const struct outcome *o)
{
	struct attempt *t = arg;
	struct client *c = t->client;

	t->code = o->code;
	if (o->code != OUTCOME_DONE)
		world_say(c->world, "client %d order %u is told: %.*s",
			  c->index, t->order, SLICE_ARG(o->sentence));
	if (o->code == OUTCOME_DONE && c->order == t->order) {
		switch (c->what) {
		case DO_TRANSFER:
		case DO_OPEN:
		case DO_TIP:
			t->fact.serial = o->u.receipt.serial;
			memcpy(t->fact.hash, o->u.receipt.hash,
			       CHAIN_HASH_SIZE);
			if (c->what != DO_TIP)
				t->fact.balance = (int64_t)amount_to_u64(
					o->u.receipt.balance);
			break;
		case DO_BALANCE:
			t->fact.balance =
				(int64_t)amount_to_u64(o->u.balance);
			break;
		case DO_STATS:
			take_stats(t, o);
			break;
		case DO_LIST:
		case DO_HISTORY:
			break;
		}
	}
	give_back(t);
}

static void ask(struct attempt *t, struct engine *e)
{
	struct client *c = t->client;
	const struct fact *f = &c->fact;
	char amount[24];
	struct engine_order order = { .sender = slice_of(f->user),
				      .receiver = slice_of(f->receiver),
				      .id = slice_of(f->id) };

	(void)snprintf(amount, sizeof(amount), "%" PRId64, f->amount);
	order.amount = slice_of(amount);
	switch (c->what) {
	case DO_TRANSFER:
		engine_transfer(e, &order, on_done, t);
		return;
	case DO_OPEN:
		engine_open(e, &order, on_done, t);
		return;
	case DO_BALANCE:
		engine_balance(e, order.sender, on_done, t);
		return;
	case DO_TIP:
		engine_tip(e, on_done, t);
		return;
	case DO_LIST:
		engine_list(e, f->serial, f->count, on_record, on_done, t);
		return;
	case DO_HISTORY:
		engine_history(e, order.sender, f->serial, f->count, on_record,
			       on_done, t);
		return;
	case DO_STATS:
		engine_stats(e, order.sender, on_done, t);
		return;
	}
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
		if (c->busy && c->order == t->order) {
			c->wait++;
			try_again(c);
		}
		attempt_free(t);
		return;
	}
	if (m->paused) {
		world_at(w, 5 * MSEC, arrives, t, 0);
		return;
	}
	/* Nobody waits for it any more. */
	if (t->order != t->client->order) {
		attempt_free(t);
		return;
	}
	t->given = true;
	engine_time(m->engine, w->now, w->now + w->wall_offset);
	ask(t, m->engine);
	world_turn_end(m);
}

static void send_once(struct client *c)
{
	struct world *w = c->world;
	struct main_node *m = world_pick_main(w);
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
			       .order = c->order };
	c->attempt[slot] = t;
	world_at(w, 20 + (int64_t)rng_below(&w->rng, 200), arrives, t, 0);
}

static void send_order(struct world *w, void *a, uint64_t b)
{
	struct client *c = a;

	if (!c->busy || c->order != b)
		return;
	c->retrying = false;
	c->tries++;
	if (is_change(c))
		oracle_begun(w->oracle, c->fact.id, w->now);
	send_once(c);
	/* Impatient ones send it twice at once. */
	if (world_chance(w, 100))
		send_once(c);
	world_at(w, PATIENCE, timed_out, c, c->wait);
}

static void draw_user(struct world *w, char name[16])
{
	(void)snprintf(name, 16, "u%d", (int)rng_below(&w->rng, SIM_USERS));
}

static void draw_order(struct client *c)
{
	struct world *w = c->world;
	struct fact *f = &c->fact;
	uint64_t n = rng_below(&w->rng, 100);

	*f = (struct fact){ 0 };
	draw_user(w, f->user);
	draw_user(w, f->receiver);
	(void)snprintf(f->id, sizeof(f->id), "c%d-%u", c->index, c->order);
	f->amount = 1 + (int64_t)rng_below(&w->rng, world_chance(w, 100) ?
							    3000 : 200);
	f->serial = world_chance(w, 500) ? 0 : 1 + rng_below(&w->rng, 60);
	f->count = 1 + rng_below(&w->rng, SIM_LISTED_MAX);
	c->what = n < 55 ? DO_TRANSFER :
		  n < 62 ? DO_OPEN :
		  n < 75 ? DO_BALANCE :
		  n < 80 ? DO_TIP :
		  n < 87 ? DO_LIST :
		  n < 94 ? DO_HISTORY :
			   DO_STATS;
	f->kind = c->what == DO_BALANCE ? FACT_BALANCE :
		  c->what == DO_TIP	? FACT_TIP :
		  c->what == DO_LIST	? FACT_LIST :
		  c->what == DO_HISTORY ? FACT_HISTORY :
		  c->what == DO_STATS	? FACT_STATS :
					  FACT_TRANSFER;
	if (c->what == DO_OPEN) {
		memcpy(f->receiver, f->user, sizeof(f->user));
		f->amount = 0;
	}
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
	c->resends = (unsigned)rng_below(&w->rng, 12);
	draw_order(c);
	c->fact.asked = w->now;
	send_order(w, c, c->order);
}
