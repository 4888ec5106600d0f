/* SPDX-License-Identifier: MIT */
/*
 * An engine on a bench: three backends that answer by a model unless a test
 * holds their questions back and answers itself, a clock that stands, and what
 * clients, the journal and the statement file were given.
 */
#ifndef TEST_ENGINE_BENCH_H
#define TEST_ENGINE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/chain.h"
#include "main/engine.h"
#include "unit.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "wire/frame.h"
#include "wire/message.h"

#define BACKENDS 3
#define SEC INT64_C(1000000)
#define MSEC INT64_C(1000)
/* Where the clocks begin; the civil one is at 2026-11-22T13:37:00Z. */
#define BENCH_NOW (1000 * SEC)
#define BENCH_WALL INT64_C(1795354620000000)
#define BENCH_TIMEOUT (5 * SEC)

/* Kinds of questions to hold back, as a set. */
#define HOLD(type) (1u << (type))
#define HOLD_ALL UINT32_MAX
/* Of the appends those that are refills, and only those. */
#define HOLD_REFILLS (1u << 31)

/* A datagram of the engine. */
struct question {
	unsigned backend;
	struct frame f;
	uint8_t *bytes;
	size_t len;
	int64_t at;
	bool taken;
};

/* A batch or a refill, put together. */
struct intake {
	uint64_t collecting; /* request of it */
	uint32_t fragments;
	struct buf fragment[MESSAGE_FRAGMENTS_MAX];
	uint64_t durable; /* request of the last one */
};

/* What the model of a backend knows. */
struct model {
	uint64_t promised;
	uint64_t restarts; /* of its process */
	uint32_t hold;
	bool no_lease;
	bool full;
	bool says_less; /* its PONG says last serial and records as below */
	uint64_t less;
	size_t page;	 /* records in a page; 0: all */
	size_t partners; /* in a page; 0: all */
	struct buf lines;
	size_t read; /* bytes of them that are counted below */
	uint64_t last_serial;
	uint64_t records;
	struct intake batch;
	struct intake refill;
	unsigned emptied; /* times it set its records aside */
	/* By the engine, to it; refills are no APPEND here. */
	unsigned sent[FRAME_ERROR + 1];
	unsigned refills; /* different ones */
	uint64_t last_refill; /* request of it */
};

/* What somebody who gave an order was told. */
struct told {
	unsigned times;
	unsigned turn; /* answers are numbered from 1 */
	enum outcome_code code;
	char sentence[512];
	uint64_t balance; /* also that of a receipt, or how many records */
	uint64_t serial;
	int64_t time;
	uint8_t hash[CHAIN_HASH_SIZE];
	struct buf text; /* records, partners: a line each */
};

struct bench {
	struct engine_config config;
	struct engine *e;
	int64_t now;
	int64_t wall;
	struct model model[BACKENDS];

	struct question **queue;
	size_t count;
	size_t first; /* all before it are taken */

	/* The history as it was written down, whoever holds it. */
	uint64_t serial;
	int64_t time;
	uint8_t tip[CHAIN_HASH_SIZE];

	struct told told[64];
	size_t tolds;
	unsigned turns;
	uint64_t counted[OUTCOME_CODES]; /* told to bench_count() */

	int stopped; /* -1: not, else enum engine_stop */
	char stop[512];
	char log[512]; /* the newest sentence */
	struct buf journal; /* all of them, a line each */
	int log_priority;
	enum log_event log_event;
	uint64_t log_serial;
	unsigned logs;
	unsigned changes; /* of the state */
	unsigned openings; /* it was about to open */
	int opening_error;
	unsigned transferred;
	struct buf recorded; /* lines, as they became durable */
	char home[8]; /* of the newest transfer */

	struct buf statement;
	unsigned begun;
	unsigned committed;
	unsigned aborted;
	int begin_error;
	int commit_error;
	unsigned write_fails_at; /* 1: the first one; 0: never */
	unsigned writes;

	struct {
		struct buf file;
		struct buf draft;
		int begin_error;
		int write_error;
		int commit_error; /* -EINPROGRESS: the test ends it */
		unsigned begun;
		unsigned aborted;
		unsigned stored;
		unsigned discarded;
	} checkpoint;
};

extern struct bench bench;

/* Fixture: three backends with three old records, and bench.config to change.
 */
void bench_setup(void);
void bench_teardown(void);
/* The one that was committed is on disk. */
void bench_store_checkpoint(void);
/* Have one written. */
void bench_checkpoint(void);
/* The process ends, and another one starts on what is there. */
void bench_restart(void);
/* Make the engine and start it; models answer as they are told. */
void bench_start(void);
/* … and see it open. */
void bench_open(void);
/* The same, with an empty history and so many @copies. */
void bench_open_copies(uint32_t copies);

/* The history, before the start. */
void bench_forget_history(void);
/* A line as it is, old, on the backends in the set @on. */
void bench_line(unsigned on, const char *line);
struct history {
	unsigned on; /* backends as bits */
	const char *sender;
	const char *receiver;
	uint64_t amount;
	const char *id;
	const char *memo; /* encoded */
	const char *of; /* on those in of_on */
	unsigned of_on;
	uint32_t position; /* in its batch; 0: a batch of one */
	uint32_t size;
	bool whole; /* the batch stands or falls as one */
};
/* The next record of the chain. */
void bench_chain(const struct history *h);
/* The record @serial of backend @from on @to as well, with that of=. */
void bench_copy(unsigned from, unsigned to, uint64_t serial, const char *of);
/* Give a backend more lines without looking at them. */
void model_add(unsigned backend, const char *text, size_t len);
/* Its disk is gone. */
void model_forget(unsigned backend);
/* The line with that serial; empty: there is none. */
struct slice model_line(unsigned backend, uint64_t serial);
/* What stands behind of=; NULL: it is not there. */
const char *model_of(unsigned backend, uint64_t serial);

/* Let everybody answer what is not held back, until all is quiet. */
void bench_run(void);
void bench_flush(void);
/* Time goes by; whatever falls due in it happens. */
void bench_pass(int64_t usec);
/* … in one jump, as for a process that was suspended. */
void bench_sleep(int64_t usec);
/* A backend does not answer any more, and nobody listens there; or again. */
void bench_down(unsigned backend);
void bench_up(unsigned backend);
/* How often the journal has that sentence. */
unsigned bench_logged(const char *sentence);

/* Questions that were held back. */
struct question *bench_peek(int backend, enum frame_type type);
/* The oldest one; it must be there.  @backend -1: whoever was asked. */
struct question *bench_take(int backend, enum frame_type type);
/* How many there are. */
size_t bench_held(int backend, enum frame_type type);
void bench_drop_all(void);

struct message_append asked_append(const struct question *q);
struct message_fetch asked_fetch(const struct question *q);
struct message_sum asked_sum(const struct question *q);
struct message_stats asked_stats(const struct question *q);

/* Answers by hand; bench_run() is the test's. */
struct writer *reply_payload(void);
void reply_send(const struct question *q, enum frame_type type, uint64_t epoch);
size_t reply_bytes(const struct question *q, enum frame_type type,
		   uint64_t epoch, uint8_t out[FRAME_SIZE_MAX]);
void reply_give(unsigned backend, const void *data, size_t len);
void reply_model(struct question *q);
void reply_pong(const struct question *q, uint64_t epoch, bool leased);
void reply_error(const struct question *q, enum message_error_code code);
void reply_appended(const struct question *q);
/* A character a fragment: '0' is here, '1' is missing. */
void reply_missing(const struct question *q, const char *missing);
struct page {
	uint64_t after;
	uint64_t covered;
	bool end;
	bool last;
	const char *lines;
};
void reply_page(const struct question *q, struct page page);
void reply_total(const struct question *q, uint64_t records, int64_t net);

/* Orders. */
struct told *bench_told(void);
/* It was told that; its code and sentence. */
struct told *bench_note(void *arg, const struct outcome *o);
void bench_done(void *arg, const struct outcome *o);
void bench_record(void *arg, const struct record *r,
		  const struct amount *balance);
/* Only counts, in bench.counted. */
void bench_count(void *arg, const struct outcome *o);
struct told *order_transfer(const char *sender, const char *receiver,
			    const char *amount);
struct told *order_with(const char *sender, const char *receiver,
			const char *amount, const char *id, const char *memo);
/* Unknown users join by it; @after may be "". */
struct told *order_import(const char *sender, const char *receiver,
			  const char *amount, const char *id,
			  const char *after);
struct told *order_open(const char *user, const char *id);
struct told *order_balance(const char *user);
struct told *order_tip(void);
struct told *order_stats(const char *user);
struct told *order_list(uint64_t from, uint64_t count);
struct told *order_history(const char *user, uint64_t from, uint64_t count);
struct told *order_show(uint64_t serial);
struct told *order_show_id(const char *id);
struct told *order_txlist(void);
struct told *order_verify(const struct engine_known_tip *tips, size_t count);

/* Expectations. */
void expect_waiting(const struct told *t);
void expect_done(const struct told *t);
void expect_refused(const struct told *t, enum outcome_code code,
		    const char *sentence);
void expect_balance(const char *user, uint64_t balance);
void expect_serial(const struct told *t, uint64_t serial);
void expect_text(const struct told *t, const char *text);
void expect_stopped(enum engine_stop why, const char *sentence);
void expect_state(unsigned backend, enum engine_backend_state state);
struct engine_info bench_info(void);

#endif
