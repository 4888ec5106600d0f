/* SPDX-License-Identifier: MIT */
/*
 * How transfers become durable: a queue of staged orders, of which the first
 * ones are the batch in flight.  One batch at a time (src/DESIGN.md): the next
 * is closed when the one before it is on disk.
 */
#ifndef MAIN_COMMIT_H
#define MAIN_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "main/engine.h"
#include "main/link.h"
#include "main/outcome.h"
#include "main/shipment.h"
#include "util/buf.h"

/* Orders that may wait for the disk, in all. */
#define COMMIT_QUEUE_MAX 65536
/* An entry is settled: durable, or it may never be. */
typedef void (*commit_settled)(void *arg, bool durable);

/* Somebody else to be told when an entry is settled. */
struct waiter {
	struct waiter *next;
	engine_done done;
	void *arg;
	struct refused *refused; /* what to tell; NULL: the receipt */
	commit_settled settled; /* called instead, if not NULL */
};

struct entry {
	struct staged staged;
	engine_done done;
	void *arg;
	int64_t arrived;
	char *text; /* id, then the encoded memo; NULL: neither */
	uint8_t id_len;
	uint16_t memo_len;
	uint16_t group; /* orders of the group that begins here; 0: none */
	uint32_t pending; /* ids.h's handle, or MAP_NONE */
	struct waiter *waiters;
	uint8_t hash[CHAIN_HASH_SIZE];
};

enum target_state {
	TARGET_UNUSED,
	TARGET_SENT,
	TARGET_DURABLE,
	TARGET_FAILED, /* may hold it all the same */
};

/* The batch in flight on its way to one backend. */
struct target {
	struct shipment shipment;
	struct engine *engine;
	enum target_state state;
	bool touched; /* anything was ever sent */
};

struct commit {
	struct entry *ring;
	uint64_t slots; /* a power of two, at most COMMIT_QUEUE_MAX */
	uint64_t head; /* sequence number of the oldest entry */
	uint64_t tail; /* one past the newest */
	size_t flying; /* entries of the batch in flight; 0: none */
	bool whole; /* it is a group */
	uint64_t first; /* its first serial */
	int64_t time;
	int64_t closed_at;
	struct buf lines;
	/* Link indices: its home, then those that keep copies; -1: to be found. */
	int order[ENGINE_BACKENDS_MAX];
	bool handed_on; /* copies may name others than stand before them */
	bool overdue; /* its clients were told "unknown" */
	struct target target[ENGINE_BACKENDS_MAX];
};

void commit_init(struct engine *e);
void commit_done(struct engine *e);

/* Nothing staged: what is refused now depends on durable things only. */
bool commit_idle(const struct engine *e);
/*
 * Queue what was staged.  @pending: ids.h's handle or MAP_NONE.  -ENOMEM,
 * -EAGAIN if the queue is full: not queued, the caller unstages.
 */
int commit_add(struct engine *e, const struct staged *s, struct slice id,
	       struct slice memo, uint32_t pending, engine_done done, void *arg)
	_must_check_;
/* Tell @refused (copied), or with NULL the receipt, when @sequence is settled. */
int commit_wait(struct engine *e, uint64_t sequence,
		const struct refused *refused, engine_done done, void *arg)
	_must_check_;
/* Call @settled when @sequence is. */
int commit_watch(struct engine *e, uint64_t sequence, commit_settled settled,
		 void *arg) _must_check_;
/* What is queued next will have this number. */
uint64_t commit_next(const struct engine *e);
/*
 * Unstage what was queued as @sequence and behind it, newest first.  Nobody is
 * told, and its ids are the caller's.  Only what no batch was closed with.
 */
void commit_take_back(struct engine *e, uint64_t sequence);
/* What was queued as @sequence and behind it is to be one batch, and no more. */
void commit_bind(struct engine *e, uint64_t sequence);
/* The newest entry, to wait for; only if not commit_idle(). */
uint64_t commit_newest(const struct engine *e);
const struct entry *commit_entry(const struct engine *e, uint64_t sequence);
/* Its clients were told "unknown", and it is still on its way? */
bool commit_given_up(const struct engine *e, uint64_t sequence);
/* What they were told. */
void commit_refused_unknown(struct refused *r);
struct slice entry_id(const struct entry *t);
struct slice entry_memo(const struct entry *t);
/* Why orders cannot be taken just now, or NULL. */
const char *commit_refuses(const struct engine *e);
/* Close and send a batch if none is in flight; find backends for it. */
void commit_flush(struct engine *e);
/* Deadlines.  Returns when next. */
int64_t commit_tick(struct engine *e);

#endif
