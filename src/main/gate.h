/* SPDX-License-Identifier: MIT */
/*
 * Where orders come in.  Every answer rests on what the main daemon remembers,
 * if only that a user is unknown.  So orders are let in only under a lease of
 * the backends: a main daemon that was paused and replaced meanwhile never
 * tells what is no longer so.  Without a lease they wait here, in their order,
 * until it is renewed.
 */
#ifndef MAIN_GATE_H
#define MAIN_GATE_H

#include <stddef.h>
#include <stdint.h>

#include "main/engine.h"
#include "util/list.h"

/* Orders that may wait for a lease. */
#define GATE_WAITING_MAX 65536

struct refused;

/* An order and who carries it out. */
struct slip {
	void (*run)(struct engine *e, const struct slip *s);
	engine_done done;
	engine_record record;
	void *arg;
	struct engine_order order;
	struct slice tips; /* struct engine_known_tip, one behind the other */
	const struct refused *refused; /* what is to be told; NULL: an order */
	uint64_t from;
	uint64_t count;
};

struct gate {
	struct list waiting;
	size_t count;
	int64_t ask_at; /* for leases again, while orders wait */
};

void gate_init(struct engine *e);
void gate_done(struct engine *e);
/* Run it now, or later from a copy. */
void gate_pass(struct engine *e, const struct slip *s);
/*
 * Tell a refusal now, or a copy of it later.  The lease may be over since its
 * order was let in, if something had to be asked for in between.
 */
void gate_refuse(struct engine *e, const struct refused *r, engine_done done,
		 void *arg);
/* A lease was renewed: let in those that wait. */
void gate_leased(struct engine *e);
int64_t gate_tick(struct engine *e);

#endif
