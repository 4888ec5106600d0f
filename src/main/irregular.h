/* SPDX-License-Identifier: MIT */
/*
 * Serial ranges whose records do not lie where the block files alone would
 * say: a batch that was handed to a second backend because the first did not
 * answer in time may be on both.  Kept so that sums count each record once.
 */
#ifndef MAIN_IRREGULAR_H
#define MAIN_IRREGULAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wire/message.h"

/* Backends as bits, by their index. */
struct irregular {
	uint64_t from;
	uint64_t to;
	uint32_t holders; /* the lowest that is not absent counts */
	uint32_t others; /* those that may hold them too, and do not count */
};

struct irregulars {
	struct irregular *item;
	size_t count;
	size_t cap;
};

/* Ranges come in rising order; one that continues the last is joined to it. */
int irregulars_add(struct irregulars *i, uint64_t from, uint64_t to,
		   uint32_t holders, uint32_t others) _must_check_;
void irregulars_done(struct irregulars *i);
/* What is known of (@after, @upto] is what @by says, and nothing else. */
int irregulars_replace(struct irregulars *i, uint64_t after, uint64_t upto,
		       const struct irregulars *by) _must_check_;
/*
 * What a backend is to be told for a question on (@after, @upto] that those of
 * @absent are not asked.  False: too many for a datagram; ask for everything
 * and sort it out here.
 */
bool irregulars_filter(const struct irregulars *i, unsigned backend,
		       uint64_t after, uint64_t upto, uint32_t absent,
		       struct message_filter *filter) _must_check_;

#endif
