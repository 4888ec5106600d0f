/* SPDX-License-Identifier: MIT */
/*
 * Questions that the backends answer: statistics, histories, lists, the
 * statement.  Each is as of one serial, the committed tip when it was asked.
 */
#ifndef MAIN_QUERY_H
#define MAIN_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "main/engine.h"
#include "main/link.h"
#include "main/verify.h"
#include "util/list.h"

/* Questions under way at once, and those that may wait for their turn. */
#define QUERIES_ACTIVE_MAX 16
#define QUERIES_WAITING_MAX 65536

struct query;

struct queries {
	struct list active;
	struct list waiting;
	size_t actives;
	size_t waitings;
	struct query *statement; /* one is written at a time … */
	bool committing; /* … is whole, and on its way to the disk … */
	struct list statements; /* … and these are next */
	struct verify verify;
};

void queries_init(struct engine *e);
void queries_done(struct engine *e);
/* Start what waits, if there is room now. */
void queries_flush(struct engine *e);
int64_t queries_tick(struct engine *e);

#endif
