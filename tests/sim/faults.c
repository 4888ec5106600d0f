/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong: drawn for each seed, and from moment to moment.
 */
#include "config.h"

#include "world.h"

/* How far the civil clock may jump, either way. */
#define CLOCK_JUMP (30 * SEC)
#define LAG_LASTS (4 * SEC)
#define TAKEOVER_LASTS (20 * MSEC)
/* Of a thousand faults of a main daemon so many are no more than a restart. */
#define STOPS 300
#define ENDS_BEFORE (500 * MSEC)
/* A backend is cut off in four of a thousand records of lists, for longer than
 * main daemons wait for it. */
#define IN_LIST 4
#define IN_LIST_LASTS (3 * SEC)

void faults_draw(struct world *w)
{
	struct faults *f = &w->faults;

	if (world_chance(w, 600))
		f->loss = (unsigned)world_below(w, 300);
	if (world_chance(w, 500))
		f->duplicate = (unsigned)world_below(w, 300);
	if (world_chance(w, 300))
		f->mangle = (unsigned)world_below(w, 50);
	if (world_chance(w, 500))
		f->delay = (int64_t)world_below(w, 400 * MSEC);
	f->crashes = world_chance(w, 700);
	f->power_cuts = world_chance(w, 600);
	f->pauses = world_chance(w, 500);
	f->partitions = world_chance(w, 500);
	f->disk_errors = world_chance(w, 300);
	f->full_disks = world_chance(w, 200);
	f->clock_jumps = world_chance(w, 300);
	f->slow_disks = world_chance(w, 200);
	f->losses = world_chance(w, 600);
}

static void resume_backend(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;

	if (n->life == b)
		n->paused = false;
	(void)w;
}

static void heal_partition(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;

	(void)b;
	n->cut_off = false;
	world_say(w, "backend %s is reachable again", n->name);
}

/* It hears late what it is told, while another takes over. */
static void lag(struct world *w, struct main_node *m)
{
	if (!m->alive || !w->faults.delay || !world_chance(w, 500))
		return;
	world_say(w, "main %d hears late", m->index);
	m->lag = (int64_t)world_below(w, (uint64_t)w->faults.delay);
	m->lags_until = w->now + (int64_t)world_below(w, LAG_LASTS);
}

static void fault_main(struct world *w)
{
	struct main_node *m = &w->main[world_below(w, MAINS)];
	struct main_node *other = &w->main[1 - m->index];
	int64_t wait = (int64_t)world_below(w, 2 * SEC);

	if (m->alive && !m->paused && w->faults.pauses && world_chance(w, 400)) {
		main_pause(m, wait);
		/* Somebody may take it for dead. */
		if (world_chance(w, 500))
			main_start(w, other, other->life);
	} else if (m->alive && !m->paused && world_chance(w, STOPS)) {
		main_stop(m);
		world_at(w, ENDS_BEFORE + wait, main_start, m, m->life + 1);
	} else if (m->alive && w->faults.crashes) {
		main_kill(m);
		world_at(w, wait, main_start, m, m->life);
	} else if (!m->alive) {
		lag(w, other);
		main_start(w, m, m->life);
	}
}

static void cut_off(struct world *w, struct backend_node *n, int64_t a_while)
{
	if (n->cut_off)
		return;
	world_say(w, "backend %s is cut off", n->name);
	n->cut_off = true;
	world_at(w, a_while, heal_partition, n, 0);
}

static void pause_backend(struct world *w, struct backend_node *n,
			  int64_t a_while)
{
	if (!n->alive)
		return;
	world_say(w, "backend %s is paused", n->name);
	n->paused = true;
	world_at(w, a_while, resume_backend, n, n->life);
}

/* No room for the largest batch, or not even for the smallest. */
static void fill_disk(struct world *w, struct backend_node *n)
{
	uint64_t most = world_chance(w, 500) ? 2 << 20 : 16 << 10;

	disk_limit(n->disk, world_chance(w, 500) ? UINT64_MAX :
						   world_below(w, most));
}

static void fault_backend(struct world *w)
{
	struct backend_node *n = &w->backend[world_below(w, BACKENDS)];
	int64_t a_while = (int64_t)world_below(w, 4 * SEC);

	switch (world_below(w, 5)) {
	case 0:
		if (w->faults.crashes)
			backend_kill(n, w->faults.power_cuts &&
						world_chance(w, 500));
		return;
	case 1:
		if (w->faults.partitions)
			cut_off(w, n, a_while);
		return;
	case 2:
		if (w->faults.pauses)
			pause_backend(w, n, a_while);
		return;
	case 3:
		if (w->faults.disk_errors)
			disk_fail(n->disk, 1 + (unsigned)world_below(w, 6));
		return;
	default:
		if (w->faults.full_disks)
			fill_disk(w, n);
		return;
	}
}

static void restart_backend(struct world *w, void *a, uint64_t b)
{
	(void)b;
	if (!w->healing)
		backend_kill(a, false);
}

void faults_takeover(struct world *w)
{
	if (!w->faults.crashes || !world_chance(w, 300))
		return;
	for (size_t i = 0; i < BACKENDS; i++)
		if (world_chance(w, 700))
			world_at(w, (int64_t)world_below(w, TAKEOVER_LASTS),
				 restart_backend, &w->backend[i], 0);
}

static void end_list(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;

	(void)b;
	if (w->healing)
		return;
	if (w->faults.partitions)
		cut_off(w, n, IN_LIST_LASTS);
	else if (w->faults.crashes)
		backend_kill(n, false);
}

void faults_in_list(struct world *w)
{
	if (w->healing || !world_chance(w, IN_LIST))
		return;
	world_at(w, 0, end_list, &w->backend[world_below(w, BACKENDS)], 0);
}

static void recheck_disks(struct world *w)
{
	for (size_t i = 0; i < BACKENDS; i++) {
		struct backend_node *n = &w->backend[i];
		struct store_state state;

		if (!n->alive || n->paused)
			continue;
		n->store->ops->state(n->store, &state);
		if (state.full && n->store->ops->recheck(n->store) < 0)
			world_say(w, "backend %s is full still", n->name);
	}
}

static void jump(struct world *w)
{
	w->wall_offset += (int64_t)world_below(w, 2 * CLOCK_JUMP) - CLOCK_JUMP;
	world_say(w, "the civil clock jumps");
}

void faults_happen(struct world *w, void *a, uint64_t b)
{
	(void)a;
	(void)b;
	recheck_disks(w);
	if (!w->healing) {
		if (world_chance(w, 400))
			fault_main(w);
		else
			fault_backend(w);
		if (w->faults.clock_jumps && world_chance(w, 200))
			jump(w);
		if (world_chance(w, 100))
			copies_begin(w);
		if (w->faults.losses && world_chance(w, 200))
			losses_begin(w);
	}
	world_at(w, 100 * MSEC + (int64_t)world_below(w, SEC), faults_happen,
		 NULL, 0);
}

void faults_heal(struct world *w, void *a, uint64_t b)
{
	(void)a;
	(void)b;
	world_say(w, "faults end");
	w->healing = true;
	w->faults = (struct faults){ 0 };
	for (size_t i = 0; i < BACKENDS; i++) {
		w->backend[i].cut_off = false;
		w->backend[i].paused = false;
		disk_fail(w->backend[i].disk, 0);
		disk_limit(w->backend[i].disk, UINT64_MAX);
	}
	/* One main daemon is left to work. */
	main_kill(&w->main[1]);
	losses_heal(w);
	if (!w->main[0].alive)
		main_start(w, &w->main[0], w->main[0].life);
	else if (w->main[0].paused)
		main_resume(w, &w->main[0], w->main[0].life);
}
