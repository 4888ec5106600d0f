/* SPDX-License-Identifier: MIT */
/*
 * What the files of groups share.
 */
#ifndef MAIN_GROUP_INTERNAL_H
#define MAIN_GROUP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/chain.h"
#include "main/engine.h"
#include "main/order.h"
#include "main/outcome.h"
#include "util/list.h"

struct ids_waiter;
struct lookup;

enum member_state {
	MEMBER_GOOD, /* nothing is known against it */
	MEMBER_ASKED, /* its id may be on record */
	MEMBER_KNOWN, /* it was ordered before: queued, or on record */
	MEMBER_REFUSED,
};

struct member {
	struct group *group;
	struct engine_group_order order; /* into the group's text */
	enum member_state state;
	bool twin; /* one before it has the same id */
	uint32_t pending; /* the id that it holds, or MAP_NONE */
	uint64_t sequence; /* if it is queued */
	struct lookup *lookup;
	struct refused *refused;
	uint8_t hash[CHAIN_HASH_SIZE]; /* of its receipt */
};

struct group {
	struct list node; /* in groups.all */
	struct list turn; /* in groups.ready, or where it is blocked */
	struct list blocked; /* groups */
	struct ids_waiter *waiters;
	struct engine *engine;
	engine_group_done done;
	void *arg;
	bool dry_run;
	bool asking; /* ask_more() is at work */
	bool counted; /* its outcomes are, where it was queued */
	int64_t deadline;
	size_t count;
	size_t next; /* the member to be asked about next */
	size_t coming; /* lookups or outcomes that have not come yet */
	size_t queued; /* members whose ids are in the queue already */
	struct refused *failed; /* as a whole; or NULL */
	struct outcome *outcome;
	char *text;
	struct member member[];
};

extern const char group_no_memory[];

/* Whether it was ordered before: let in by the gate, or after a wait. */
void group_look(struct group *g);
/* All is known of its ids: it is carried out, or told. */
void group_decide(struct group *g);
/* The end, if nothing comes of it: one error for the whole. */
void group_end(struct group *g, enum outcome_code code, const char *sentence);
/* The end, when all of its outcomes are there. */
void group_tell(struct group *g);
/*
 * It will be told this, whatever else comes.  The first one counts, but that
 * something may have happened must be said.
 */
void group_fail(struct group *g, enum outcome_code code, const char *sentence);
size_t group_count(const struct group *g, enum member_state state);
/* Forget who is refused. */
void group_forget_refusals(struct group *g);

/* The order in the ledger's terms.  False: its form is wrong, and *refused. */
bool group_member_op(const struct member *m, struct op *op, struct refused *refused);
/* Refuse it.  0 or -ENOMEM. */
int group_member_refuse(struct member *m, const struct refused *r) _must_check_;
/* The same for its id, which @what ends a sentence on. */
int group_member_refuse_id(struct member *m, const char *what) _must_check_;
/* The receipt of one that was done, or would be. */
void group_member_receipt(struct member *m, const struct outcome *o);
/* What is queued already, by this group or before, is settled: an engine_done. */
void group_member_done(void *arg, const struct outcome *o);

#endif
