/* SPDX-License-Identifier: MIT */
/*
 * Groups of orders: all of them as one batch, or none (engine_group()).  An id
 * that may be on record is asked for first; meanwhile the group holds all its
 * ids, and whoever comes with one of them waits for what becomes of it.
 */
#ifndef MAIN_GROUP_H
#define MAIN_GROUP_H

#include <stddef.h>

#include "main/engine.h"
#include "util/list.h"

/* Orders of all groups under way. */
#define GROUPS_ORDERS_MAX 65536
/* Ids of one group that are being asked for at a time. */
#define GROUP_LOOKUPS_MAX 16

struct group;
struct ids_waiter;

struct groups {
	struct list all;
	struct list ready; /* have waited for another, and are to be looked at */
	size_t orders;
};

void groups_init(struct engine *e);
void groups_done(struct engine *e);
/* Look at those again that waited for others. */
void groups_flush(struct engine *e);
/* What those in @blocked have waited for is decided. */
void groups_unblock(struct engine *e, struct list *blocked);

/* Who waits for the ids that @g holds: orders, and groups. */
struct ids_waiter **group_waiters(struct group *g);
struct list *group_blocked(struct group *g);

#endif
