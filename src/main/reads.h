/* SPDX-License-Identifier: MIT */
/*
 * Answers that the main daemon gives from its own memory.  They are given only
 * under a lease of the backends, so that a paused main daemon that was
 * replaced meanwhile never tells an old balance; without one they wait here
 * until it is renewed.
 */
#ifndef MAIN_READS_H
#define MAIN_READS_H

#include <stdint.h>

#include "main/engine.h"
#include "util/list.h"

/* Reads that may wait for a lease. */
#define READS_WAITING_MAX 65536

struct reads {
	struct list waiting;
	size_t count;
};

void reads_init(struct engine *e);
void reads_done(struct engine *e);
/* Balance of @user; empty: the tip. */
void reads_order(struct engine *e, struct slice user, engine_done done, void *arg);
/* A lease was renewed: answer those that wait. */
void reads_leased(struct engine *e);
int64_t reads_tick(struct engine *e);

#endif
