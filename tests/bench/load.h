/* SPDX-License-Identifier: MIT */
/*
 * What the files of bench-load share: what was asked for, what is asked of the
 * peer, and what was heard.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/random.h"
#include "util/slice.h"

#include "histogram.h"
#include "receipt.h"

/* Requests are for single digits, so that all have the same length. */
#define AMOUNT_MAX 9

enum work {
	WORK_OPEN, /* make every user, once */
	WORK_TRANSFER,
	WORK_BALANCE,
	WORK_ECHO, /* a server that sends back what it gets */
	WORK_COMMAND, /* the words of the command line, one after the other */
};

enum dialect {
	DIALECT_ALICHAIN,
	DIALECT_REDIS,
};

struct settings {
	enum work work;
	enum dialect dialect;
	const char *script; /* Redis's name of the script for a transfer */
	const char *receipts; /* file to write them to; NULL: none */
	bool shared; /* others change balances meanwhile */
	uint64_t port;
	uint64_t clients;
	uint64_t depth;
	uint64_t users;
	uint64_t seed;
	uint64_t repeat;
	int64_t balance; /* of each user, to open wallets in Redis */
	int64_t warm_up; /* nanoseconds before it counts */
	int64_t duration; /* nanoseconds that count */
	char **words; /* of the command */
	int word_count;
};

/* A request that is under way. */
struct request {
	int64_t sent;
	uint32_t sender;
	uint32_t receiver;
	uint32_t amount;
};

/* What was known before and what was heard. */
struct account {
	int64_t *balances; /* by user, before the first request */
	struct receipt *receipts;
	size_t count;
	size_t room;
};

/* --- load_requests.c: the bytes of requests */

void request_open(const struct settings *s, uint32_t user, struct buf *out);
void request_balance(const struct settings *s, uint32_t user, struct buf *out);
void request_transfer(const struct settings *s, const struct request *r,
		      struct buf *out);
void request_words(char **words, int count, struct buf *out);
/* Draw what comes next, and append it to @out. */
void request_next(const struct settings *s, struct rng *rng, struct request *r,
		  struct buf *out);

/* --- load_account.c: are the answers right? */

/* Ask for all balances over a connection of its own. */
void account_begin(struct account *a, const struct settings *s);
/* Judge an answer; *last_serial is that of the connection. */
void account_hear(struct account *a, const struct settings *s,
		  const struct request *r, struct slice reply,
		  uint64_t *last_serial);
/*
 * All is over, and nobody else was there: serials without a hole, and every
 * balance that was told, and those of all users now, as the sums say.
 */
void account_end(struct account *a, const struct settings *s);
void account_write(const struct account *a, const char *path);
void account_done(struct account *a);

/* --- load_steps.c: requests without a clock */

/* Open all users. */
void open_users(const struct settings *s);
/* Every user's balance into @balances. */
void ask_balances(const struct settings *s, int64_t *balances);
/* The words, @s->repeat times, and print how long each took. */
void run_command(const struct settings *s);

/* Memory, or fail. */
void *grown(void *old, size_t count, size_t size);

#endif
