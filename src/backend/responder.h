/* SPDX-License-Identifier: MIT */
/*
 * The backend's protocol engine: takes datagrams and the end of a sync, asks
 * the store, gives datagrams to send.  No I/O of its own, no clock.
 */
#ifndef BACKEND_RESPONDER_H
#define BACKEND_RESPONDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/cleanup.h"
#include "util/slice.h"
#include "wire/frame.h"

/* How long a lease lasts. */
#define LEASE_USEC INT64_C(500000)
/* Whoever claims and must wait for one: so long nobody's is renewed. */
#define LEASE_CONTESTED_USEC INT64_C(2000000)
/* A sync that is under way for so long: others had better take the batches. */
#define SYNC_PATIENCE_USEC INT64_C(1000000)

/* Who sent a datagram, for the answer: a small thing of the driver's. */
struct responder_peer {
	uint8_t bytes[32];
	size_t len;
};

struct responder_io {
	void *ctx;
	void (*send)(void *ctx, const struct responder_peer *to,
		     const uint8_t *data, size_t len);
	/*
	 * Make what was appended durable: call store->ops->sync(), here or in
	 * a thread, then responder_synced().  May do so before it returns.
	 */
	void (*sync)(void *ctx);
	/* Something to tell: a new epoch, a conflict, records that were set
	 * aside.  syslog's @priority. */
	void (*log)(void *ctx, int priority, const char *sentence);
	/* The store failed; the process must end. */
	void (*fatal)(void *ctx, int error, const char *sentence);
};

struct responder_config {
	struct slice block; /* the block's name; copied */
	struct frame_key key;
	uint32_t datagram_room; /* largest datagram to send */
	uint64_t instance; /* drawn at start */
	/*
	 * No other process has served the block since; on the clock of
	 * responder_datagram().
	 */
	int64_t locked;
};

struct responder_counters {
	uint64_t received;
	uint64_t answered; /* datagrams sent */
	uint64_t fault[FRAME_FAULTS]; /* by why it was dropped */
	uint64_t other_block;
	uint64_t unexpected; /* authentic answers, which nobody asked for */
	uint64_t missed; /* dropped by the driver */
	uint64_t malformed; /* authentic, but not understood */
	uint64_t fenced;
	uint64_t batches;
	uint64_t refills;
	uint64_t records; /* of both */
};

struct responder;

/* @store is borrowed. */
int responder_new(const struct responder_config *config,
		  const struct responder_io *io, struct store *store,
		  struct responder **ret) _must_check_;
struct responder *responder_free(struct responder *r);
DEFINE_CLEANUP(struct responder, responder_free);

/* From now on with this key, and datagrams no larger than @datagram_room. */
void responder_reconfigure(struct responder *r, const struct frame_key *key,
			   uint32_t datagram_room);

/*
 * A datagram has come at @now (microseconds, any steady clock).  After fatal()
 * all are dropped: nothing is said that the disk may not know.
 */
void responder_datagram(struct responder *r, const struct responder_peer *from,
			struct slice datagram, int64_t now);
/* The driver has dropped a datagram that the responder was not shown. */
void responder_missed(struct responder *r);
/*
 * The sync that was asked for has ended with 0 or a negative errno; the disk
 * was busy with it for @took microseconds.
 */
void responder_synced(struct responder *r, int error, int64_t took,
		      int64_t now);
const struct responder_counters *responder_counters(const struct responder *r);

#endif
