/* SPDX-License-Identifier: MIT */
/*
 * How the daemon is, in words: the text of INFO (chain-protocol(7)), the line
 * that the service manager shows, and the one that says it is ready.
 */
#ifndef MAIN_INFO_H
#define MAIN_INFO_H

#include <stdint.h>
#include <sys/types.h>

#include "main/clients.h"
#include "main/engine.h"
#include "main/session.h"
#include "util/buf.h"
#include "util/cleanup.h"

struct info {
	pid_t pid;
	int64_t uptime;	     /* microseconds */
	struct slice listen; /* addresses, with commas between them */
	struct slice coin; /* what they are called */
	uint64_t initial_balance;
	uint64_t most_clients;
	uint64_t rate; /* transfers in the last second */
	struct clients_counters clients;
	struct sessions_counters sessions;
	struct engine_info engine;
};

/*
 * The sections "server", "clients", "ledger", "backends", "verify" and
 * "traffic": the one that @section names in any case, all if it is empty or
 * "all", else nothing.
 */
int info_text(const struct info *i, struct slice section,
	      struct buf *out) _must_check_;
/* "serial 10, tip 1a2b3c4d, 12 users, 3 of 3 backends up, 120 transfers/s" */
int info_status(const struct info *i, struct buf *out) _must_check_;
/* Why it is not open: "waiting for backend B, which is empty" */
int info_waiting(const struct info *i, struct buf *out) _must_check_;
/* "9 transactions, 12 users, backends A B C" */
int info_ready(const struct info *i, struct buf *out) _must_check_;

#endif
