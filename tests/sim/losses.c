/* SPDX-License-Identifier: MIT */
/*
 * Where records are kept more than once, a backend may go for good: its disk
 * with it, or only out of reach.  The main daemon that runs goes on; a person
 * declares the backend lost and restarts the main daemon; later it may return,
 * with an empty disk or with what it had.
 *
 * It may also come back at once, on an empty disk, before anybody has noticed.
 * That is no backend without records: a main daemon that starts must wait.
 *
 * One at a time, and not before every record is on two again: more is not
 * promised to be survived.  But no later than then, and with the power gone
 * elsewhere just before: what was said to be on two must be.
 */
#include "config.h"

#include <stdio.h>

#include "world.h"

/* Until somebody declares it lost, and until it is mended. */
#define NOTICED_AFTER (4 * SEC)
#define MENDED_AFTER (6 * SEC)
/* The worst moment to lose one is so soon after the others have its records. */
#define WORST_WITHIN (20 * MSEC)

static void declare(struct world *w, void *a, uint64_t b);
static void mend(struct world *w, void *a, uint64_t b);

/* The main daemon that claimed last, if it is open and all is well with it. */
static struct main_node *leader(struct world *w, struct engine_info *ret)
{
	uint64_t epoch = 0;

	for (size_t i = 0; i < BACKENDS; i++) {
		struct backend_node *n = &w->backend[i];
		struct store_state s;

		if (!n->alive)
			continue;
		n->store->ops->state(n->store, &s);
		if (s.epoch > epoch)
			epoch = s.epoch;
	}
	for (size_t i = 0; i < MAINS; i++) {
		struct main_node *m = &w->main[i];

		if (!m->alive || m->paused)
			continue;
		engine_info(m->engine, ret);
		if (ret->open && ret->epoch == epoch)
			return m;
	}
	return NULL;
}

bool losses_refilled(struct world *w)
{
	struct engine_info info;

	/* A main daemon does not know that one is gone for good. */
	if (w->gone >= 0 && w->lost < 0)
		return true;
	return leader(w, &info) && !info.thin && !info.refilling;
}

/* A person restarts the main daemon, with what the configuration says now. */
static void restart_main(struct world *w)
{
	for (size_t i = 0; i < MAINS; i++)
		main_kill(&w->main[i]);
	main_start(w, &w->main[0], w->main[0].life);
}

void losses_begin(struct world *w)
{
	struct engine_info info;
	struct backend_node *n;

	if (w->copies != 2 || w->gone >= 0 || !leader(w, &info) || info.thin ||
	    info.refilling)
		return;
	n = &w->backend[world_below(w, BACKENDS)];
	w->gone = n->index;
	w->count.losses++;
	n->gone = true;
	backend_kill(n, false);
	copies_loss(w);
	if (world_chance(w, 500)) {
		backend_new_disk(n);
		w->wiped = world_chance(w, 500);
		w->overlooked = false;
		n->gone = !w->wiped;
	}
	world_say(w, "backend %s is gone for good%s", n->name,
		  w->wiped ? ", and comes back empty" : "");
	world_at(w, (int64_t)world_below(w, NOTICED_AFTER), declare, NULL,
		 w->count.losses);
}

/* It had records, and so had another one: there is a ledger that it was of. */
bool losses_must_wait(const struct world *w)
{
	if (!w->wiped || w->overlooked || !w->roster[w->gone].records)
		return false;
	for (int i = 0; i < BACKENDS; i++)
		if (i != w->gone && w->roster[i].records)
			return true;
	return false;
}

void losses_opened(const struct main_node *m)
{
	struct world *w = m->world;

	if (m->must_wait && w->wiped)
		world_fail(w, "main opens although backend %s has lost its "
			   "block", w->backend[w->gone].name);
	/* It began before, or the last one that opened had seen no records. */
	w->overlooked = w->wiped;
}

bool losses_is_wiped(const struct world *w, struct slice backend)
{
	return w->wiped &&
	       slice_equal(backend, slice_of(w->backend[w->gone].name));
}

static void strike(struct world *w, void *a, uint64_t b)
{
	(void)a;
	(void)b;
	if (w->healing)
		return;
	if (w->faults.power_cuts && world_chance(w, 500))
		backend_kill(&w->backend[world_below(w, BACKENDS)], true);
	losses_begin(w);
}

void losses_told(struct main_node *m, const struct engine_info *info)
{
	struct world *w = m->world;
	bool over = info->refilled > m->refilled && !info->refilling;

	if (over)
		m->refilled = info->refilled;
	if (over && w->faults.losses && !w->healing && world_chance(w, 300))
		world_at(w, (int64_t)world_below(w, WORST_WITHIN), strike, NULL,
			 0);
}

static unsigned blocks_aside(const struct backend_node *n)
{
	char path[sizeof(n->path) + sizeof(".lost-99")];
	const struct buf *b;
	unsigned blocks = 0;
	unsigned i = 1;

	do {
		(void)snprintf(path, sizeof(path), "%s.lost-%u", n->path, i++);
		b = disk_look(n->disk, path);
		/* It is taken before the block is moved there. */
		blocks += b && b->len;
	} while (b && i < 100);
	return blocks;
}

/* Once each time that it was lost, and whenever it came back with something. */
void losses_check(struct world *w)
{
	for (size_t i = 0; i < BACKENDS; i++) {
		const struct backend_node *n = &w->backend[i];

		if (blocks_aside(n) > n->declared)
			world_fail(w, "backend %s has set aside %u blocks, and "
				   "was lost %u times", n->name,
				   blocks_aside(n), n->declared);
		if (blocks_aside(n) < n->returned)
			world_fail(w, "backend %s goes on with what it had "
				   "before it was lost", n->name);
	}
}

static void declare(struct world *w, void *a, uint64_t b)
{
	(void)a;
	if (w->healing || w->count.losses != b || w->lost >= 0)
		return;
	losses_declare(w);
	restart_main(w);
	if (world_chance(w, 700))
		world_at(w, (int64_t)world_below(w, MENDED_AFTER), mend, NULL,
			 b);
}

void losses_declare(struct world *w)
{
	struct backend_node *n = &w->backend[w->gone];

	/* It may have worked since it was struck: that is lost now, too. */
	copies_loss(w);
	world_say(w, "backend %s is declared lost", n->name);
	n->declared++;
	n->gone = true;
	backend_kill(n, false);
	w->wiped = false;
	w->lost = w->gone;
}

static bool has_records(const struct backend_node *n)
{
	struct store_state s;

	n->store->ops->state(n->store, &s);
	return s.records > 0;
}

static void mend(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n;

	(void)a;
	if (w->healing || w->count.losses != b || w->lost < 0)
		return;
	n = &w->backend[w->lost];
	/* Nobody has opened without it yet: it may not return as another. */
	if (!w->roster[w->lost].lost_in) {
		world_at(w, SEC, mend, NULL, b);
		return;
	}
	world_say(w, "backend %s returns", n->name);
	w->lost = -1;
	w->gone = -1;
	n->gone = false;
	backend_start(w, n, n->life);
	if (n->alive && has_records(n))
		n->returned++;
	restart_main(w);
}

void losses_heal(struct world *w)
{
	struct engine_info info;

	if (w->gone < 0 || w->lost >= 0)
		return;
	/* A main daemon that runs needs nobody to go on. */
	if (!w->wiped && leader(w, &info) == &w->main[0] &&
	    world_chance(w, 500))
		return;
	losses_declare(w);
	main_kill(&w->main[0]);
}
