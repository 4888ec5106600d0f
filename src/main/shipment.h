/* SPDX-License-Identifier: MIT */
/*
 * Records on their way to one backend: cut into fragments of whole lines, sent
 * as its socket buffer takes them, repeated where they were lost, until it says
 * that all of them are on its disk.
 */
#ifndef MAIN_SHIPMENT_H
#define MAIN_SHIPMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/record.h"
#include "main/link.h"
#include "util/buf.h"

/* Bytes of lines: at 1,200 bytes a datagram under MESSAGE_FRAGMENTS_MAX. */
#define SHIPMENT_BYTES_MAX 491520

struct shipment;

/* Called at most one of them, when the shipment is over. */
struct shipment_ops {
	void (*durable)(struct shipment *s);
	/* Nothing of it was written. */
	void (*refused)(struct shipment *s, enum message_error_code code,
			struct slice sentence);
	/* Its link went down; it may have it all the same. */
	void (*failed)(struct shipment *s);
};

/* A member of its owner's struct. */
struct shipment {
	struct call call;
	const struct shipment_ops *ops;
	const struct buf *lines; /* borrowed until it is over */
	uint64_t first;
	uint32_t records;
	uint64_t holds; /* as struct message_append has it */
	bool refill;
	char of[RECORD_OF_MAX]; /* of a batch: what its lines are copies for */
	size_t of_len;
	/* Where fragments begin in the lines; one more at the end. */
	uint32_t cut[MESSAGE_FRAGMENTS_MAX + 1];
	uint8_t missing[MESSAGE_FRAGMENTS_MAX / 8]; /* a bit a fragment */
	uint32_t fragments;
};

void shipment_init(struct shipment *s);
/* What is to be sent is filled in; failed() may be called before it returns. */
void shipment_send(struct shipment *s, struct link *l,
		   const struct shipment_ops *ops);
/* No longer under way; harmless if it was not. */
void shipment_end(struct shipment *s);

#endif
