/* SPDX-License-Identifier: MIT */
/*
 * The responder's driver: one UDP socket, the clock, the disk, the log.  Knows
 * nothing of what the datagrams say.
 */
#ifndef BACKEND_SERVER_H
#define BACKEND_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"
#include "util/timestamp.h"
#include "wire/frame.h"

struct loop;
struct server;
struct store;
struct worker;

/* Datagrams taken in one turn of the loop, before others have theirs. */
#define SERVER_DATAGRAMS_PER_TURN 64
/* A sync that takes longer is worth a warning. */
#define SERVER_SLOW_SYNC (1 * USEC_PER_SEC)
/* How often a full disk is looked at again, and the status may change. */
#define SERVER_RECHECK_INTERVAL (1 * USEC_PER_SEC)
#define SERVER_STATUS_INTERVAL (1 * USEC_PER_SEC)

struct server_options {
	int fd; /* a bound, non-blocking UDP socket; borrowed */
	struct slice block; /* the block's name; copied */
	struct frame_key key; /* none: loopback addresses only */
	uint32_t datagram_room; /* largest datagram to send */
	uint64_t instance; /* drawn at start */
	int64_t locked; /* when the block was, on loop_now()'s clock */
};

/* What the responder does not see. */
struct server_counters {
	uint64_t too_long; /* cut off by the system */
	uint64_t not_loopback; /* and there is no key */
	uint64_t unsent; /* answers that the system did not take */
};

/*
 * Serve @store from @loop, syncing by @worker.  All are borrowed.  If the store
 * fails, the loop ends with EXIT_STATUS_IO.
 */
int server_new(const struct server_options *options, struct loop *loop,
	       struct worker *worker, struct store *store,
	       struct server **ret) _must_check_;
/* Not while worker_run() runs. */
struct server *server_free(struct server *s);
DEFINE_CLEANUP(struct server, server_free);

/*
 * Take no more datagrams, and end the loop with EXIT_STATUS_OK: at once, or, if
 * a batch is on its way to the disk, when it is there and acknowledged.
 */
void server_stop(struct server *s);

/* From now on with this key, and datagrams no larger than @datagram_room. */
void server_reconfigure(struct server *s, const struct frame_key *key,
			uint32_t datagram_room);

const struct server_counters *server_counters(const struct server *s);

#endif
