/* SPDX-License-Identifier: MIT */
/*
 * The frame of every datagram between the main daemon and a backend: a fixed
 * header, a payload, a MAC over both (chain-protocol(7)).  Knows lengths and
 * keys, not what a payload means.
 *
 *	 0  4  magic "ALCH"
 *	 4  1  version, 1
 *	 5  1  type
 *	 6  2  length of the payload
 *	 8 16  name of the block, padded with zeros
 *	24  8  epoch
 *	32  8  request number; an answer bears that of its request
 *	40  8  position: fragment of a batch, page of an answer
 *	48  n  payload
 *	48+n 16  MAC: BLAKE2b-128 of all before it, keyed if there is a key
 *
 * All numbers are big-endian.  To change it safely: raise the version, keep
 * answering the old one for a release, add the test vector.  (Before the first
 * release there is no old one: until then it stays 1.)
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"

#define FRAME_VERSION 1
#define FRAME_HEADER_SIZE 48
#define FRAME_MAC_SIZE 16
#define FRAME_OVERHEAD (FRAME_HEADER_SIZE + FRAME_MAC_SIZE)
#define FRAME_BLOCK_SIZE 16
/* The largest UDP payload over IPv4, and the smallest that we settle for. */
#define FRAME_SIZE_MAX 65507
#define FRAME_SIZE_MIN 1200
#define FRAME_KEY_SIZE 32

enum frame_type {
	FRAME_PING = 1,
	FRAME_PONG = 2,
	FRAME_CLAIM = 3,
	FRAME_PROMISE = 4,
	FRAME_APPEND = 5,
	FRAME_APPENDED = 6,
	FRAME_FETCH = 7,
	FRAME_RECORDS = 8,
	FRAME_STATS = 9,
	FRAME_PARTNERS = 10,
	FRAME_SUM = 11,
	FRAME_TOTAL = 12,
	FRAME_ERROR = 13,
};

struct frame_key {
	bool present; /* false: an unkeyed hash, which only finds damage */
	uint8_t bytes[FRAME_KEY_SIZE];
};

struct frame {
	enum frame_type type;
	struct slice block; /* without padding */
	uint64_t epoch;
	uint64_t request;
	uint64_t position;
	struct slice payload;
};

/* Why a datagram was not taken, for the counters and the debug log. */
enum frame_fault {
	FRAME_GOOD,
	FRAME_FAULT_SHORT, /* smaller than header and MAC */
	FRAME_FAULT_MAGIC,
	FRAME_FAULT_VERSION,
	FRAME_FAULT_TYPE,
	FRAME_FAULT_LENGTH, /* says another length than it has */
	FRAME_FAULT_NAME, /* bytes behind the padding, empty, no block name */
	FRAME_FAULT_MAC,
};
#define FRAME_FAULTS (FRAME_FAULT_MAC + 1)

/*
 * Judge and take apart @datagram, in the order of the list above; slices of
 * *ret point into it.  The MAC is compared in constant time.
 */
enum frame_fault frame_decode(struct slice datagram,
			      const struct frame_key *key, struct frame *ret) _must_check_;

/*
 * Write header, payload and MAC into @out of @size bytes.  The payload may
 * already stand at out + FRAME_HEADER_SIZE (then it is not copied).  Returns
 * the length; -EMSGSIZE if it does not fit, or is over FRAME_SIZE_MAX.
 */
int frame_encode(const struct frame *f, const struct frame_key *key,
		 uint8_t *out, size_t size) _must_check_;

/* "PING" …; "?" for no type. */
const char *frame_type_name(enum frame_type type);
const char *frame_fault_name(enum frame_fault fault);

#endif
