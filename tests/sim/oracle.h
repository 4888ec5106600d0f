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

#include "ledger/chain.h"

#define SIM_USERS 7
#define SIM_LISTED_MAX 64

enum fact_kind {
	FACT_TRANSFER, /* told: done */
	FACT_NEVER, /* every attempt was answered with: nothing happened */
	FACT_BALANCE,
	FACT_NO_USER,
	FACT_TIP,
	FACT_LIST,
	FACT_HISTORY,
	FACT_STATS,
};

/* A line of a list, a history (with balance) or statistics. */
struct listed {
	uint64_t serial; /* of statistics: the count */
	char sender[16]; /* of statistics: the counterpart */
	char receiver[16];
	int64_t amount; /* of statistics: the net */
	int64_t balance;
};

struct fact {
	enum fact_kind kind;
	int64_t asked; /* first attempt */
	int64_t told;
	char user[16]; /* sender */
	char receiver[16];
	int64_t amount;
	char id[40];
	uint64_t serial; /* of a list: from */
	int64_t balance;
	uint64_t count; /* asked for */
	uint8_t hash[CHAIN_HASH_SIZE];
	size_t listeds;
	struct listed *listed; /* the oracle frees it */
};

struct oracle;

/* @f is copied. */
void oracle_tell(struct oracle *o, const struct fact *f);
/* An attempt with this id is made. */
void oracle_begun(struct oracle *o, const char *id, int64_t at);

#endif
