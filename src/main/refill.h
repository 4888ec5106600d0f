/* SPDX-License-Identifier: MIT */
/*
 * Until each record is on as many backends as there should be: reads where the
 * records are, and sends them to backends that lack them.  At the start the last
 * batch first, which the main daemon before this one may not have finished; then,
 * beside the transfers, everything else.
 */
#ifndef MAIN_REFILL_H
#define MAIN_REFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/chain.h"
#include "ledger/whole.h"
#include "main/irregular.h"
#include "main/shipment.h"
#include "main/survey.h"
#include "util/buf.h"

struct engine;
struct stream;

/* Bytes of lines that one backend is sent at once. */
#define REFILL_BYTES_MAX 262144
/* Before it is tried again when a backend did not answer, or had no room. */
#define REFILL_PAUSE INT64_C(1000000)
#define REFILL_PAUSE_FULL INT64_C(30000000)

/* What one backend lacks. */
struct parcel {
	struct shipment shipment;
	struct buf lines;
	uint64_t last; /* serial in them */
};

/* Of names that stand before a copy, with commas. */
struct refill_names {
	char text[RECORD_OF_MAX];
	size_t len;
};

/* Whom a record is given, and behind whom it stands there. */
struct gift {
	unsigned to;
	struct refill_names of;
};

struct refill {
	bool running;
	bool opening; /* it is the last batch that is missing to open */
	bool wanted; /* there are records to be read */
	uint64_t after; /* all up to here is where it should be */
	uint64_t read; /* … and up to here when the parcels have arrived */
	uint64_t begun; /* where this pass began … */
	uint64_t upto; /* … and where it ends */
	bool paused; /* the parcels are full */
	bool short_of; /* there was no backend for some of them */
	struct stream *stream;
	uint8_t hash[CHAIN_HASH_SIZE]; /* the chain's, behind the one read last */
	/* Of a batch that stands or falls as one each backend gets all or nothing. */
	struct whole group; /* that the record read last stands in */
	struct gift gift[ENGINE_BACKENDS_MAX]; /* of its records */
	size_t gifts;
	struct survey found;
	struct irregulars irregulars;
	struct parcel parcel[ENGINE_BACKENDS_MAX];
	uint32_t sending; /* to these */
	int64_t try_at;
	uint64_t records; /* sent, since the start */
};

void refill_init(struct engine *e);
void refill_done(struct engine *e);
/* The history was read: finish its last batch; recovery_opened() follows. */
void refill_last_batch(struct engine *e);
/* Open: now everything else, as it can be done. */
void refill_rest(struct engine *e);
/* Begin or go on, if it can.  Returns when next to call. */
int64_t refill_tick(struct engine *e);

#endif
