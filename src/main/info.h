/* SPDX-License-Identifier: MIT */
/*
 * How the daemon is, in words: the text of INFO (chain-protocol(7)), the line
 * that the service manager shows, and the one that says it is ready.
 */
#ifndef MAIN_INFO_H
#define MAIN_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "main/clients.h"
#include "main/engine.h"
#include "main/session.h"
#include "util/buf.h"
#include "util/cleanup.h"

/* Refusals are counted by their code: those of the engine, and some more. */
#define INFO_REFUSALS (OUTCOME_CODES + 6)

struct info {
	pid_t pid;
	int64_t uptime;	     /* microseconds */
	struct slice listen; /* addresses, with commas between them */
	struct slice coin; /* what they are called */
	uint64_t initial_balance;
	uint64_t most_clients;
	uint64_t rate; /* transfers in the last second */
	uint64_t request_rate; /* requests in the last one that is over */
	uint64_t memory; /* bytes that are resident; 0: not known */
	uint64_t memory_peak; /* … and the most that ever were */
	uint64_t refused[INFO_REFUSALS]; /* by others than the engine */
	struct clients_counters clients;
	struct sessions_counters sessions;
	struct engine_info engine;
};

/* Where a refusal with @code is counted in struct info. */
size_t info_refusal(const char *code);
/*
 * The sections that chain-main(8) lists: the one that @section names in any
 * case, all if it is empty, "all", "default" or "everything", else nothing.
 */
int info_text(const struct info *i, struct slice section,
	      struct buf *out) _must_check_;
/* Does that tell of backends? */
bool info_tells_backends(struct slice section);
/* "serial 10, tip 1a2b3c4d, 12 users, 3 of 3 backends up, 120 transfers/s" */
int info_status(const struct info *i, struct buf *out) _must_check_;
/* Why it is not open: "waiting for backend B, which is empty" */
int info_waiting(const struct info *i, struct buf *out) _must_check_;
/* "9 transactions, 12 users, backends A B C" */
int info_ready(const struct info *i, struct buf *out) _must_check_;

#endif
