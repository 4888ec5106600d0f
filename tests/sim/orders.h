/* SPDX-License-Identifier: MIT */
/*
 * What simulated clients order and ask, and what they read in the answers.
 */
#ifndef SIM_ORDERS_H
#define SIM_ORDERS_H

#include <stdbool.h>

#include "main/engine.h"
#include "oracle.h"

struct world;

#define SIM_GROUP_MAX 12

enum what {
	DO_TRANSFER,
	DO_IMPORT, /* a transfer by which unknown users join */
	DO_OPEN,
	DO_GROUP, /* several of these, all or none */
	DO_REUSE, /* an id on record, with other contents */
	DO_BALANCE,
	DO_TIP,
	DO_LIST,
	DO_HISTORY,
	DO_STATS,
	DO_SHOW,
	DO_SHOW_ID,
	DO_TXLIST,
	DO_VERIFY,
};

/* An order, and the fact that a good answer makes of it. */
struct order {
	enum what what;
	bool again; /* it is on record already */
	struct fact fact;
	/* Of a group: */
	bool dry; /* it is only asked what it would come to */
	size_t members;
	struct fact member[SIM_GROUP_MAX];
};

/* Orders of one client that were done: to be repeated. */
#define ORDERS_KEPT 32
struct orders {
	struct world *world;
	int client;
	bool watches; /* looks at what changes at a takeover */
	bool audits; /* asks for everything, and changes nothing */
	struct order done[ORDERS_KEPT];
	size_t dones;
};

void orders_draw(struct orders *s, unsigned number, struct order *ret);
void orders_keep(struct orders *s, const struct order *o);
void orders_draw_contents(struct orders *s, unsigned number, struct fact *f);
bool order_changes(const struct order *o);

void order_ask(const struct order *o, struct engine *e, engine_record record,
	       engine_done done, void *arg);
/* What is told, into @answer. */
void order_take_record(struct fact *answer, const struct record *r,
		       const struct amount *balance);
void order_take(const struct order *o, const struct outcome *out,
		const struct buf *statement, struct fact *answer);
/* The fact that a good answer makes; what @answer points to is taken. */
void order_fact(const struct order *o, struct fact *answer, struct fact *ret);
/* The fact that a refusal makes.  False: none. */
bool order_refused(const struct order *o, struct world *w,
		   const struct fact *answer, struct fact *ret);

/* groups.c: the same of groups. */
void group_draw(struct orders *s, unsigned number, struct order *o);
void group_asked(struct order *o, int64_t at);
void group_ask(const struct order *o, struct engine *e, engine_group_done done,
	       void *arg);
/* The members with what is told.  Returns what it comes to for all. */
enum outcome_code group_take(const struct order *o, struct world *w,
			     const struct outcome *out, size_t count,
			     struct fact answer[SIM_GROUP_MAX]);
/* Tell the oracle: all were done; nothing happened; that is why. */
void group_done(const struct order *o, struct world *w);
void group_never(const struct order *o, struct world *w);
void group_refused(const struct order *o, struct world *w);

#endif
