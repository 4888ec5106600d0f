/* SPDX-License-Identifier: MIT */
/*
 * What the files of the engine share.
 */
#ifndef MAIN_ENGINE_INTERNAL_H
#define MAIN_ENGINE_INTERNAL_H

#include "ledger/ledger.h"
#include "ledger/idfilter.h"
#include "main/checkpoint.h"
#include "main/commit.h"
#include "main/engine.h"
#include "main/gate.h"
#include "main/group.h"
#include "main/ids.h"
#include "main/irregular.h"
#include "main/link.h"
#include "main/placement.h"
#include "main/query.h"
#include "main/recent.h"
#include "main/recovery.h"
#include "main/refill.h"
#include "main/survey.h"
#include "util/list.h"
#include "util/random.h"

#define COIN_SIZE 33

struct op;

enum phase {
	PHASE_ASKING, /* which epochs were promised? */
	PHASE_CLAIMING, /* a new one, on every backend */
	PHASE_LOADING, /* the history */
	PHASE_COMPLETING, /* the last batch, on as many as it should be */
	PHASE_OPEN,
	PHASE_STOPPED, /* fenced off, or a fault: nothing goes out any more */
	PHASE_ENDING, /* being freed */
};

struct engine {
	struct engine_io io;
	struct frame_key key;
	char coin[COIN_SIZE];
	uint32_t copies;
	bool accept_gaps;
	int64_t request_timeout;

	int64_t now;
	int64_t wall;
	int64_t due; /* nothing to be done before */
	int64_t passing; /* nothing that can be done by the way */

	struct rng rng;
	uint8_t hash_key[MAP_KEY_SIZE];
	uint64_t request; /* the newest request number */
	enum phase phase;
	uint64_t epoch;
	uint8_t nonce[MESSAGE_NONCE_SIZE];

	struct link link[ENGINE_BACKENDS_MAX];
	size_t links;
	uint8_t frame[FRAME_SIZE_MAX];

	struct ledger *ledger;
	struct irregulars irregulars;
	struct survey history; /* of all but … */
	struct survey last_batch; /* … the last one that was found */
	uint64_t last_batch_first; /* its first serial */
	uint64_t newest_old; /* serial of the newest old record; 0: none */
	struct strangers strangers;
	struct survey_memory memory;
	struct refill refill;
	struct recovery recovery;
	struct checkpoint checkpoint;
	struct commit commit;
	struct ids ids;
	struct groups groups;
	struct queries queries;
	struct list totals; /* being asked for */
	struct gate gate;

	struct engine_info counters; /* only its counters are kept */
	struct recent committed; /* transfers, and how long the longest took */
};

/* Not before @when anything is due: remember the earliest. */
static inline void engine_due(struct engine *e, int64_t when)
{
	if (when < e->due)
		e->due = when;
}

/* Seen: a link came up (claimed or not), went down, got claimed. */
void engine_link_up(struct engine *e, struct link *l);
void engine_link_down(struct engine *e, struct link *l);

/* The end of this process, said once. */
void engine_stop(struct engine *e, enum engine_stop why, const char *format, ...)
	_printf_(3, 4);
/* A sentence for the journal about a backend (or NULL). */
void engine_log(struct engine *e, int priority, enum log_event event,
		const struct link *l, const char *format, ...) _printf_(5, 6);

/* Takes orders?  If not, @done was told. */
bool engine_serves(struct engine *e, engine_done done, void *arg);
/* May the ledger be changed at all?  If not, *refused. */
bool engine_writable(const struct engine *e, struct refused *refused);
/* An order whose form is right, let in by the gate. */
void engine_change(struct engine *e, const struct op *op, engine_done done,
		   void *arg);
/* Is @user part of the network?  If not, @done was told. */
bool engine_knows(struct engine *e, struct slice user, engine_done done,
		  void *arg);
/* Backends whose answers are not waited for: copies count in their place. */
uint32_t engine_absent(const struct engine *e);
/* What a backend is to count on (@after, @upto].  False: too much to name. */
bool engine_filter(const struct engine *e, unsigned backend, uint64_t after,
		   uint64_t upto, uint32_t absent, struct message_filter *ret);
/* False: without *ret_missing the others do not have every record. */
bool engine_complete(const struct engine *e, const struct link **ret_missing);

#endif
