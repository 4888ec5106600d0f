/* SPDX-License-Identifier: MIT */
/*
 * Operation ids: each is recorded once, however often it is sent.  Those of
 * orders under way are matched here; of old ones a filter says "certainly
 * fresh" or "perhaps known", and then the backends are asked.
 */
#ifndef MAIN_IDS_H
#define MAIN_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/idfilter.h"
#include "ledger/name.h"
#include "main/engine.h"
#include "util/cleanup.h"
#include "util/list.h"
#include "util/map.h"

struct group;
struct op;
struct parked;

/*
 * An id under way: queued at @sequence, or parked while backends are asked, or
 * held by a group while they are asked for others of it.
 */
struct pending {
	char id[OPERATION_ID_MAX];
	uint8_t id_len;
	uint64_t sequence;
	struct parked *parked;
	struct group *group;
	uint32_t next_free;
};

struct ids {
	struct idfilter *filter;
	struct map map;
	struct pending *pool;
	uint32_t pool_size;
	uint32_t pool_free; /* MAP_NONE: none */
	struct list parked;
	size_t parkeds;
	/* The id that has become history last. */
	char newest[OPERATION_ID_MAX];
	uint8_t newest_len;
};

int ids_init(struct engine *e, const uint8_t key[MAP_KEY_SIZE]) _must_check_;
void ids_done(struct engine *e);

/* Is this id under way already?  Then @done is told with the others. */
bool ids_join(struct engine *e, const struct op *op, engine_done done,
	      void *arg);
/* May it be on record?  Else it is certainly fresh. */
bool ids_maybe(const struct engine *e, struct slice id);
/*
 * Is the order with this id queued, or the last one with an id that became
 * history?  Then what is queued now stands behind it.  False may be a mistake.
 */
bool ids_precedes(const struct engine *e, struct slice id);
/* An order with an id that is not under way: staged, or asked about. */
void ids_order(struct engine *e, const struct op *op, engine_done done,
	       void *arg);
/* What is known of an id without asking. */
enum id_state {
	ID_FRESH, /* certainly */
	ID_PERHAPS, /* on record */
	ID_QUEUED, /* at *ret_sequence */
	ID_ASKED, /* the backends are being asked, about it or its group */
};

enum id_state ids_state(const struct engine *e, struct slice id,
			uint64_t *ret_sequence);
/* An id that is not under way is held by @g from now on. */
int ids_hold(struct engine *e, struct slice id, struct group *g,
	     uint32_t *ret) _must_check_;
/* A held one is queued now. */
void ids_queued(struct engine *e, uint32_t pending, uint64_t sequence);
/* Where groups wait until it is known what becomes of an ID_ASKED one. */
struct list *ids_blocked(const struct engine *e, struct slice id);

/* Somebody who sent an id that is being asked for, with whatever contents. */
struct ids_waiter;

int ids_wait(struct ids_waiter **list, const struct op *op, engine_done done,
	     void *arg) _must_check_;
/* They are ordered anew, or only forgotten. */
void ids_order_again(struct engine *e, struct ids_waiter *w);
void ids_waiters_free(struct ids_waiter *w);

/* The entry with this handle is history now, or will never be. */
void ids_settled(struct engine *e, uint32_t pending);
void ids_dropped(struct engine *e, uint32_t pending);
/* A record of the history bears this id. */
int ids_remember(struct engine *e, struct slice id) _must_check_;

#endif
