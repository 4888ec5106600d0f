/* SPDX-License-Identifier: MIT */
/*
 * Many transfers in memory, in the order in which they are to be made, with
 * where each was read.  An opening is one whose sender is its receiver.
 */
#ifndef WALLETCTL_TRANSFERS_H
#define WALLETCTL_TRANSFERS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "ledger/name.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"

/* The content's hash in hex, a dash, the position, a zero. */
#define TRANSFERS_ID_SIZE (32 + 1 + 20 + 1)

struct transfer {
	uint64_t serial; /* 0 if it had none */
	uint64_t line;
	uint32_t file;
	uint32_t sender; /* by number; see transfers_name() */
	uint32_t receiver;
	struct amount amount;
	size_t memo; /* where it stands, not encoded */
	uint8_t memo_len;
};

struct transfers;

int transfers_new(struct transfers **ret) _must_check_;
struct transfers *transfers_free(struct transfers *t);
DEFINE_CLEANUP(struct transfers, transfers_free);

/*
 * Add one; *item has serial, line, file and amount, the rest is filled in.
 * Names and memo are valid ones.
 */
int transfers_add(struct transfers *t, struct transfer *item,
		  struct slice sender, struct slice receiver,
		  struct slice memo) _must_check_;
/*
 * In the order of serials; equal ones are side by side, in the order in which
 * they were added.
 */
void transfers_sort(struct transfers *t);
/*
 * Of equal serials with equal contents leave the first.  Others are given to
 * @differ, with the one they differ from.
 */
void transfers_unite(struct transfers *t,
		     void (*differ)(void *arg, const struct transfer *first,
				    const struct transfer *other),
		     void *arg);
/* All are there: now each has an id, which depends on all contents. */
void transfers_seal(struct transfers *t);

size_t transfers_count(const struct transfers *t);
const struct transfer *transfers_at(const struct transfers *t, size_t i);
uint32_t transfers_names(const struct transfers *t);
struct slice transfers_name(const struct transfers *t, uint32_t user);
struct slice transfers_memo(const struct transfers *t,
			    const struct transfer *item);
/* The operation id of the one at @i, ended by a zero. */
void transfers_id(const struct transfers *t, size_t i,
		  char out[TRANSFERS_ID_SIZE]);
bool transfer_is_opening(const struct transfer *item);

#endif
