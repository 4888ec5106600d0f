/* SPDX-License-Identifier: MIT */
/*
 * The main daemon's end of the conversation with one backend: requests that
 * are outstanding, their retransmission from the measured round trip, and
 * whether the backend answers at all.  Knows frames, not what a request is for.
 */
#ifndef MAIN_LINK_H
#define MAIN_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/name.h"
#include "main/histogram.h"
#include "util/list.h"
#include "util/slice.h"
#include "wire/frame.h"
#include "wire/message.h"

struct call;
struct engine;
struct link;

/*
 * Silence of this length while a request is outstanding, or of half the time
 * that an order may take: it is down, and another one is given the batch.
 */
#define LINK_DEAD_AFTER INT64_C(2000000)
/* How long questions wait for a backend that just went down. */
#define LINK_PATIENCE INT64_C(1000000)
/* Before the first ping to a backend that went down, while one is full, idle. */
#define LINK_PING_DOWN INT64_C(50000)
#define LINK_PING_FULL INT64_C(1000000)
#define LINK_PING_IDLE INT64_C(60000000)
/*
 * An idle one is pinged so soon in a turn that takes place anyway, such as the
 * one in which the watchdog is fed; a turn of its own it is not worth.
 */
#define LINK_PING_PASSING INT64_C(10000000)
/* … and so soon when somebody asks how things are. */
#define LINK_PING_ASKED INT64_C(1000000)
/* Of a lease of LEASE_USEC the main daemon relies on this much. */
#define LINK_LEASE_RELIED INT64_C(400000)

#define PATIENCE_ENDLESS INT64_MAX

struct call_ops {
	/* Send the request's datagrams, again if need be. */
	void (*transmit)(struct call *c);
	/* An answer has come; call_end() if it was the last one. */
	void (*answer)(struct call *c, const struct frame *f);
	/* Given up; the call has ended already. */
	void (*failed)(struct call *c);
};

/* One outstanding request; a member of its owner's struct. */
struct call {
	struct list node; /* in its link; alone: not outstanding */
	struct link *link;
	const struct call_ops *ops;
	uint64_t number;
	int64_t sent_at;
	int64_t retry_at;
	int64_t deadline; /* INT64_MAX: none */
	int64_t patience; /* after the link went down */
	unsigned tries;
	bool slow; /* the answer waits for a disk */
	bool unmeasured; /* its round trip tells nothing */
};

/* Smoothed round trip (RFC 6298), microseconds. */
struct round_trip {
	int64_t smoothed; /* 0: none measured yet */
	int64_t variation;
};

/* Why a datagram is dropped: a fault of its frame, or one of these. */
#define LINK_DROP_BLOCK FRAME_FAULTS /* that of another block */
#define LINK_DROP_STRAY (FRAME_FAULTS + 1) /* nobody waits for it any more */
#define LINK_DROPS (FRAME_FAULTS + 2)
/* Of a sentence about a backend that is kept. */
#define LINK_ERROR_SIZE 256

/* Since the start. */
struct link_counters {
	uint64_t sent;
	uint64_t received;
	uint64_t again; /* requests that were sent once more */
	uint64_t dropped[LINK_DROPS];
	struct histogram sync; /* that the backend did for us */
};

/* What a backend cannot fall behind without having lost something. */
struct link_floor {
	uint64_t serial;
	uint64_t records;
};

struct link {
	struct engine *engine;
	unsigned index;
	char name[BLOCK_NAME_MAX + 1];
	uint32_t room;
	uint32_t window;
	bool lost; /* declared so: never asked */
	bool joining; /* new, and not part of the ledger yet */
	bool seen; /* has answered since the start */
	bool up;
	bool full; /* takes no batches */
	bool claimed; /* has promised our epoch */
	bool faulty; /* has lost what it acknowledged */
	uint64_t lost_in; /* an epoch opened without it; 0: none, or it is back */
	bool vanished; /* is empty, and was not */
	uint64_t known; /* records it had when we last knew */
	uint64_t promised; /* epoch of its last answer */
	uint64_t instance;
	uint64_t last_serial; /* acknowledged */
	uint64_t records;
	int64_t heard_at;
	int64_t stated_at; /* it last said how full it is */
	int64_t down_since;
	int64_t lease_until;
	struct round_trip quick;
	struct round_trip slow;
	struct list calls;
	struct call ping;
	bool ping_lease; /* it asks for a lease */
	/* It had so much when it was asked, and when it was claimed. */
	struct link_floor ping_floor;
	struct link_floor claim_floor;
	struct link_floor stated; /* what it said itself, the last time */
	uint64_t fault_instance; /* of the process that had lost records */
	struct link_counters counters;
	uint64_t dropped_there; /* datagrams, by the backend since its start */
	char error[LINK_ERROR_SIZE]; /* what was told of it last; may be empty */
	int64_t error_at; /* … on the civil clock */
};

void link_init(struct link *l, struct engine *e, unsigned index);
struct slice link_name(const struct link *l);

/* A datagram that claims to come from this backend. */
void link_datagram(struct link *l, struct slice datagram);
/* The system says that nobody listens there. */
void link_refused(struct link *l);
/* Retransmissions, deadlines, pings that are due.  Returns when next to call. */
int64_t link_tick(struct link *l);
/* From when on a turn that takes place anyway should call link_tick(). */
int64_t link_passing(const struct link *l);
/* It has promised our epoch: what waited for that goes out. */
void link_claimed(struct link *l);
/* It takes no batches any more, until a PONG says otherwise, and says why. */
void link_full(struct link *l, struct slice why);
/* Ask for a sign of life now, and with @lease for a lease, if not asked yet. */
void link_ping(struct link *l, bool lease);
/* … unless it was heard of just now. */
void link_look(struct link *l);
/* Answers questions, in our epoch? */
bool link_usable(const struct link *l);
/* Not usable, and for longer than questions wait. */
bool link_hopeless(const struct link *l);
/* What it has acknowledged, or said that it has. */
struct link_floor link_floor(const struct link *l);
/* It has synced what we sent; microseconds, 0 if there was no need to. */
void link_synced(struct link *l, uint32_t usec);
/* How long it has owed an answer without a sign of life; 0: it owes none. */
int64_t link_owing(const struct link *l);
/* It granted a lease on what was sent at @sent_at. */
void link_leased(struct link *l, int64_t sent_at);
/* What it says of itself in a PONG or PROMISE. */
void link_state(struct link *l, const struct frame *f,
		const struct message_state *m);

/* Start a request; ops->failed() may be called before it returns. */
void call_start(struct call *c, struct link *l, const struct call_ops *ops,
		int64_t timeout, int64_t patience, bool slow);
/* No longer outstanding; harmless if it was not. */
void call_end(struct call *c);
bool call_outstanding(const struct call *c);
/* Something came, but not all: do not take the rest as lost yet. */
void call_progress(struct call *c);
/* Where a payload is to be written: the room of a datagram on this link. */
struct writer call_writer(struct call *c);
/* Put what was written to call_writer() into a frame of this call and send it. */
void call_send(struct call *c, enum frame_type type, uint64_t position,
	       const struct writer *payload);

#endif
