/* SPDX-License-Identifier: MIT */
/*
 * Stands in for src/main/engine.c: writes down each order and answers when the
 * test says so, or at once.
 */
#ifndef TEST_FAKE_ENGINE_H
#define TEST_FAKE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "main/engine.h"

#define FAKE_ORDERS_MAX 4096

struct fake_order {
	char text[160]; /* "transfer Ali Ben 5 id=x memo=y" */
	engine_record record;
	engine_done done;
	engine_group_done group_done;
	void *arg;
};

struct engine {
	bool prompt; /* answer each order at once with ... */
	struct outcome answer;
	size_t records; /* so many of fake_record() before it */
	struct fake_order order[FAKE_ORDERS_MAX];
	size_t orders;
};

/* Outcomes; those with a hash have the one of fake_hash. */
extern const uint8_t fake_hash[CHAIN_HASH_SIZE];
struct outcome fake_balance(uint64_t coins);
struct outcome fake_receipt(uint64_t serial, uint64_t coins);
struct outcome fake_refusal(enum outcome_code code, const char *sentence);
struct outcome fake_done(void);

/* Hand record number @serial to order @i; each third is an old one. */
void fake_record(const struct engine *e, size_t i, uint64_t serial);
/* Answer order @i, a group. */
void fake_group(const struct engine *e, size_t i, const struct outcome *o,
		size_t count);
/* Answer order @i. */
void fake_answer(const struct engine *e, size_t i, struct outcome o);

#endif
