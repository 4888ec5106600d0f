/* SPDX-License-Identifier: MIT */
/*
 * A datagram of each kind, for the tests of src/wire: what the golden file
 * holds, and what the decoders are tried on cut, bent and lengthened.
 */
#ifndef TEST_WIRE_SAMPLES_H
#define TEST_WIRE_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"
#include "wire/frame.h"

#define WIRE_SAMPLE_MAX FRAME_SIZE_MIN

/* The bytes 0, 1, 2 … 31, as in tests/data/cluster.key. */
extern const struct frame_key wire_sample_key;
extern const struct frame_key wire_sample_no_key;

size_t wire_sample_count(void);
const char *wire_sample_name(size_t i);

/* What sample @i is sealed with: one of them has no key. */
const struct frame_key *wire_sample_seal(size_t i);

/* Write sample @i, a whole datagram; returns its length. */
size_t wire_sample_encode(size_t i, uint8_t out[WIRE_SAMPLE_MAX]);

/*
 * Decode @payload as that of a datagram of @type, and encode what came out.
 * The length, or -EBADMSG; checks that a refused payload leaves the result
 * alone.
 */
int wire_recode(enum frame_type type, struct slice payload,
		uint8_t out[WIRE_SAMPLE_MAX]);

#endif
