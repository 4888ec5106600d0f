/* SPDX-License-Identifier: MIT */
/*
 * What the files of the responder share: responder.c takes datagrams apart,
 * keeps the epochs and sends; responder_append.c takes batches and refills;
 * responder_query.c answers questions.
 */
#ifndef BACKEND_RESPONDER_INTERNAL_H
#define BACKEND_RESPONDER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/collector.h"
#include "backend/responder.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "wire/frame.h"
#include "wire/message.h"

/* Who is to be answered. */
struct asker {
	struct responder_peer peer;
	uint64_t request;
};

/* A batch by its numbers; request 0 and records 0: none. */
struct batch {
	uint64_t request;
	uint64_t first;
	uint32_t records;
	uint32_t sync_usec; /* once it is durable; 0: it was held already */
};

/*
 * Where batches are taken in, and beside it another for refills: one of each
 * may be under way, and each kind has request numbers that rise.
 */
struct intake {
	bool refill;
	struct collector *collector;
	struct asker collecting_for; /* sent a fragment last */
	struct batch durable; /* the last one */
	uint64_t newest; /* highest request of this epoch */
	uint64_t refused; /* highest that a refusal was logged for */
};

/* An authentic request for this block. */
struct request {
	struct asker from;
	const struct frame *frame;
	const struct store_state *state;
	int64_t now;
};

/*
 * The counterparts of one user as PARTNERS sends them, so that the pages of
 * an answer do not sum up the user's records again and again.
 */
struct partners {
	struct buf key; /* the question without room and page; empty: none */
	struct buf entries;
	size_t *at; /* where each entry begins, and the end of the last */
	size_t count;
	uint64_t upto;
};

struct responder {
	struct responder_io io;
	struct store *store;
	struct frame_key key;
	char block[FRAME_BLOCK_SIZE];
	size_t block_len;
	size_t room; /* bytes of the largest datagram to send */
	uint64_t instance;
	struct responder_counters counters;
	bool dead; /* fatal() was called */

	/* Until when main relies on its lease, on the clock of the driver. */
	int64_t lease_until;
	/* Another main daemon wants the block: no lease is renewed until then. */
	int64_t contested_until;
	uint64_t unpromised; /* highest epoch that there was no room for */

	struct intake batches;
	struct intake refills;
	struct intake *syncing; /* whose batch is being synced; NULL: nobody's */
	struct batch in_sync;
	int64_t sync_begun;
	struct asker syncing_for; /* asked for that batch last */

	struct partners partners;
	uint8_t out[FRAME_SIZE_MAX];
};

/* Where the payload of the next answer goes, in a datagram of @room bytes. */
struct writer responder_payload(struct responder *r, size_t room);
/* Send what @w of responder_payload() has. */
void responder_send(struct responder *r, const struct asker *to,
		    enum frame_type type, uint64_t position,
		    const struct writer *w);
void responder_refuse(struct responder *r, const struct asker *to,
		      enum message_error_code code, const char *sentence);
/* Authentic, but not understood. */
void responder_malformed(struct responder *r, const struct asker *to,
			 const char *sentence);
void responder_fatal(struct responder *r, int error, const char *sentence);
void responder_log(struct responder *r, int priority, const char *format, ...)
	_printf_(3, 4);

/* One function a request; the epoch was looked at where that matters. */
void responder_append(struct responder *r, const struct request *q);
void responder_fetch(struct responder *r, const struct request *q);
void responder_stats(struct responder *r, const struct request *q);
void responder_sum(struct responder *r, const struct request *q);

/*
 * Take no more of the refills that were sent before @request.  False: one is on
 * its way to the disk; whoever asks must ask again.
 */
bool responder_settle_refills(struct responder *r, uint64_t request);
/* Is the disk busy with one sync for longer than others should wait? */
bool responder_is_slow(const struct responder *r, int64_t now);
/* Forget batches and refills: another main daemon begins. */
void responder_forget_batches(struct responder *r);
/* Forget counterparts that records above @last_serial may change. */
void responder_forget_partners(struct responder *r, uint64_t last_serial);

#endif
