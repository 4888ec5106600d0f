/* SPDX-License-Identifier: MIT */
/*
 * A responder on a bench: a store, a network that keeps what was sent, a disk
 * that syncs when told to, a clock that stands.
 */
#ifndef TEST_BACKEND_BENCH_H
#define TEST_BACKEND_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/responder.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "wire/frame.h"
#include "wire/message.h"

#include "test_backend_fake.h"

#define BENCH_BLOCK "A"
#define BENCH_INSTANCE UINT64_C(0x1122334455667788)
/* Where the clock begins. */
#define BENCH_START INT64_C(1000000000)
/* Who asks, unless a test says other. */
#define BENCH_PEER 1

struct bench_datagram {
	size_t at; /* in bench.bytes */
	size_t len;
	uint8_t peer;
};

struct bench {
	struct fake_store fake;
	struct responder *r;
	struct frame_key key;
	int64_t now;

	/* What was sent and not looked at yet. */
	struct buf bytes;
	struct bench_datagram *sent;
	size_t count;
	size_t taken;

	bool hold_sync; /* the disk is slow: bench_sync() ends the sync */
	int64_t sync_took; /* what the disk is said to take */
	unsigned int syncs_asked;
	unsigned int logged;
	char last_log[256];
	int last_priority;
	int fatal; /* its error; 0: all is well */
};

/* The bench of the test that runs; made anew for each. */
extern struct bench bench;
void bench_setup(void);
void bench_teardown(void);

/* Serve from @store instead, with datagrams of at most @room. */
void bench_use(struct store *store, uint32_t room);
/* End the sync that is held, with 0 or an error. */
void bench_sync(int error);

/* One datagram as main sends it; its payload goes through bench_payload(). */
struct writer *bench_payload(void);
size_t bench_datagram(enum frame_type type, uint64_t epoch, uint64_t request,
		      uint64_t position, uint8_t out[FRAME_SIZE_MAX]);
/* Give the responder bytes from @peer. */
void bench_give(uint8_t peer, const void *data, size_t len);
/* bench_datagram() and bench_give() from BENCH_PEER. */
void bench_ask(enum frame_type type, uint64_t epoch, uint64_t request,
	       uint64_t position);

void bench_ping(uint64_t epoch, bool lease);
/* The nonce is 16 times @nonce. */
void bench_claim(uint64_t epoch, uint8_t nonce);
void bench_claim_with(uint64_t epoch, uint8_t nonce, uint64_t lost_in);
/* Epoch 1 is ours, and the answer was looked at. */
void bench_begin(void);

struct bench_fragment {
	uint64_t epoch;
	uint64_t request;
	uint64_t position;
	uint64_t first;
	uint32_t records;
	uint16_t fragments;
	bool acknowledge;
	bool refill;
	uint64_t holds;
	const char *of;
	const char *lines;
	uint8_t peer;
};
/* A batch of one record in one datagram, from which tests differ. */
struct bench_fragment bench_single(uint64_t request, uint64_t serial,
				   const char *line);
void bench_append(const struct bench_fragment *f);

/* The next datagram that was sent, which must be there and of @type. */
struct frame bench_answer(enum frame_type type);
/* … from @peer's point of view; any peer with 0. */
struct frame bench_answer_to(enum frame_type type, uint8_t peer);
struct message_state bench_state(enum frame_type type);
void bench_expect_error(enum message_error_code code);
void bench_expect_appended(uint64_t first);
/* … and so many microseconds of a sync. */
void bench_expect_synced(uint64_t first, uint32_t sync_usec);
/* In part: a text of '0' (here) and '1' (missing), one a fragment. */
void bench_expect_missing(uint64_t first, const char *missing);
void bench_expect_silence(void);

#endif
