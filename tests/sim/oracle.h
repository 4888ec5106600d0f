/* SPDX-License-Identifier: MIT */
/*
 * What clients were told, and when; and the judge of it.  The oracle knows
 * nothing of how the ledger works inside: only answers, and the block files at
 * the end.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history.h"
#include "main/engine.h"
#include "util/buf.h"

#define SIM_LISTED_MAX 64

enum fact_kind {
	FACT_TRANSFER, /* told: done */
	FACT_NEVER, /* every attempt was answered with: nothing happened */
	FACT_INSUFFICIENT, /* refused: the sender has so much only */
	FACT_EXISTS, /* refused: is a member already */
	FACT_NO_MEMBER, /* refused: one of the two is none */
	FACT_GROUP_REFUSED, /* each of the orders in listed was told this */
	FACT_REUSED, /* what was said to an id with other contents */
	FACT_BALANCE,
	FACT_NO_USER,
	FACT_TIP,
	FACT_LIST,
	FACT_HISTORY,
	FACT_STATS,
	FACT_SHOW,
	FACT_SHOW_ID,
	FACT_NO_SERIAL, /* no record has it */
	FACT_NO_ID,
	FACT_STATEMENT,
	FACT_VERIFIED, /* all is well, up to a serial */
};

/* A line of a list, a history (with balance), statistics, or a group. */
struct listed {
	uint64_t serial; /* of statistics: the count; of a group: the outcome */
	char sender[16]; /* of statistics: the counterpart */
	char receiver[16];
	char id[SIM_ID_SIZE];
	int64_t amount; /* of statistics: the net */
	int64_t balance; /* of a group: do both join? */
};

struct fact {
	enum fact_kind kind;
	int64_t asked; /* first attempt */
	int64_t told;
	char user[16]; /* sender */
	char receiver[16];
	int64_t amount;
	char id[SIM_ID_SIZE];
	char memo[16];
	bool joins; /* of a transfer: both are members by it */
	unsigned position; /* in a group, from 1 … */
	unsigned of; /* … of so many; 0: in none */
	uint64_t serial; /* of a list: from */
	int64_t balance; /* of a verification: all coins */
	int64_t time;
	uint64_t count; /* asked for; of a statement or verification: told */
	uint64_t members;
	enum outcome_code code;
	uint8_t hash[CHAIN_HASH_SIZE];
	size_t listeds;
	struct listed *listed; /* the oracle frees it */
	struct buf text; /* a statement's; the oracle frees it */
};

struct begun {
	struct fact order;
	int64_t at;
};

struct oracle {
	struct world *world;
	struct fact *fact; /* in the order of being told */
	uint64_t *seen; /* by each: all up to this serial */
	size_t facts;
	struct begun *begun;
	size_t begunnen;
	struct history history;
};

/* @f is copied, what it points to is taken. */
void oracle_tell(struct oracle *o, const struct fact *f);
/* An attempt with this id and these contents is made. */
void oracle_begun(struct oracle *o, const struct fact *f, int64_t at);
/* The first attempt of the order with this id; NULL: there was none. */
const struct begun *oracle_order(const struct oracle *o, const char *id);
/* The highest serial that somebody had seen before @at. */
uint64_t oracle_known(const struct oracle *o, int64_t at);

/* groups.c: was it right to refuse a group so? */
uint64_t judge_group_refused(const struct oracle *o, const struct fact *f,
			     uint64_t low);
/* groups.c: of each group all is in the history, or nothing. */
void groups_check(const struct history *h, const struct oracle *o);
/* orders.c: one more, empty. */
struct listed *fact_add_listed(struct fact *f);

/*
 * judge.c: could @f have been told, if all up to @low had been seen when it was
 * asked?  What was seen by it; 0 if that cannot be said.
 */
uint64_t judge(const struct oracle *o, const struct fact *f, uint64_t low);

/* copies.c: the copies made in the run, against the history. */
void copies_check(const struct oracle *o);

#endif
