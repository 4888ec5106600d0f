/* SPDX-License-Identifier: MIT */
/*
 * The true history: what the blocks hold at the end, by serial.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/chain.h"
#include "ledger/record.h"
#include "util/slice.h"

#define SIM_USERS 7
#define SIM_INITIAL 1000
#define SIM_ID_SIZE 40
#define HISTORY_MAX 4096

struct oracle;
struct world;

/* One transaction. */
struct truth {
	bool there;
	bool chained;
	uint64_t serial;
	char sender[16];
	char receiver[16];
	int64_t amount;
	int64_t time;
	char id[SIM_ID_SIZE];
	char memo[16];
	char line[RECORD_LINE_MAX + 1]; /* without h= */
	uint8_t hash[CHAIN_HASH_SIZE];
	int64_t begun; /* first attempt; INT64_MIN: before all */
	uint32_t holders; /* a bit a block */
};

struct history {
	struct world *world;
	struct truth *at; /* by serial */
	uint64_t last;
	/* Balance of each user behind each serial; -1: no member yet. */
	int64_t (*balance)[SIM_USERS];
};

void history_init(struct history *h, struct world *w);
void history_done(struct history *h);
/*
 * Read all blocks and see that they are a history: no hole, no double, a
 * chain, no id twice, nothing that nobody ordered, nobody overdrawn.
 */
void history_read(struct history *h, const struct oracle *o);
/* 0 to SIM_USERS - 1, or -1. */
int history_user(const char *name);
/* The serial of the record with this id, 0 if there is none. */
uint64_t history_find(const struct history *h, const char *id);

/* Give each line of a block that is no blank one to @take. */
typedef void (*line_take)(void *arg, struct slice line, size_t end);
void history_lines(struct slice block, line_take take, void *arg);

#endif
