/* SPDX-License-Identifier: MIT */
/*
 * A responder and the real store on a simulated disk, and a witness who looks
 * at each datagram that it sends: authentic, no larger than asked for, of a
 * kind that answers the datagram in hand, true by a second reading of the
 * block, and saying nothing to be durable or promised that a power cut could
 * still undo.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/responder.h"
#include "store/textstore.h"
#include "util/buf.h"
#include "util/random.h"
#include "wire/frame.h"
#include "wire/message.h"

#include "../sim/disk.h"
#include "reading.h"

#define WORLD_BLOCK "A"
#define WORLD_INSTANCE UINT64_C(0x1122334455667788)
/* What a sync is said to have taken. */
#define WORLD_SYNC_TOOK 1234
/* Lines of batches and refills that were sent. */
#define WORLD_LINES_MAX 8192

/* A record that somebody asked to be kept. */
struct asked_line {
	uint64_t request;
	uint64_t first; /* of the request */
	uint64_t serial;
	uint64_t body; /* a digest of it */
};

/* The datagram in hand, and what has come in answer to it. */
struct asked {
	bool synced;	/* no datagram: a sync has ended */
	bool authentic; /* for this block, from somebody with the key */
	uint8_t peer;
	struct frame f;
	uint64_t promised; /* before */
	unsigned int answers;
	bool refused; /* an answer was ERROR */

	/* A question as the store takes it. */
	bool understood;
	struct store_query query;
	struct store_range range[MESSAGE_RANGES_MAX];
	struct message_fetch fetch;
	struct message_stats stats;
	struct message_append append;
	struct message_claim claim;

	/* Of pages. */
	uint64_t covered;
	size_t next; /* of the records shown */
	bool ended;
};

struct world {
	struct rng rng;
	struct disk *disk;
	struct store *store;
	struct responder *r;
	struct frame_key key;
	uint32_t room;
	int64_t now;
	uint64_t dropped;    /* datagrams, since the process began */
	bool syncing;	     /* a sync was asked for */
	int64_t sync_begun;
	bool fatal;	     /* the process would have ended */
	bool faulty;	     /* the disk has faults or a limit */
	bool bent;	     /* lines came that no main daemon would send */
	bool refilled;	     /* serials need not rise any more */
	bool may_empty;	     /* the block may be set aside in this step */
	unsigned int asides; /* as bits: those that were set aside */

	uint64_t epoch;		 /* promised to somebody */
	int64_t leased_until;	 /* to whoever has nonce */
	int64_t contested_until; /* no lease is renewed */
	uint8_t nonce[STORE_NONCE_SIZE];

	struct buf block;     /* the file as it was last */
	size_t firm;	      /* so much of it must never go away */
	struct buf published; /* the file as far as questions see it */
	struct reading shown; /* of that */

	struct asked asked;
	struct asked_line line[WORLD_LINES_MAX];
	size_t lines;
};

/* Begin with a durable block of @text. */
void world_init(struct world *w, uint64_t seed, uint32_t room,
		struct slice text);
void world_done(struct world *w);

/* Datagrams of at most @room from now on. */
void world_reconfigure(struct world *w, uint32_t room);

/* Give a datagram of any bytes. */
void world_give(struct world *w, uint8_t peer, struct slice datagram);

/* The sync that was asked for ends; the disk may fail it. */
void world_sync(struct world *w);

/* See whether there is room again. */
void world_recheck(struct world *w);

/*
 * The process ends, or with @power_cut the machine, and starts again.  False
 * if the block is refused, as it may be once it was bent.
 */
bool world_restart(struct world *w, bool power_cut);

/* What must hold after each step. */
void world_check(struct world *w);

/* If the block was set aside, which only a claim may do: is all of it there? */
void world_notice_aside(struct world *w);

/* For the witness: would the promise survive a power cut? */
bool world_has_promised(const struct world *w, uint64_t epoch);

/* What of the block would, to be freed. */
void world_read_firm(const struct world *w, struct reading *ret);

#endif
