/* SPDX-License-Identifier: MIT */
/*
 * The forms in which transfers can be read: block files, the encrypted form of
 * a sister system, and CSV.
 */
#ifndef WALLETCTL_IMPORT_READ_H
#define WALLETCTL_IMPORT_READ_H

#include "ledger/chain.h"
#include "walletctl/context.h"
#include "walletctl/mistakes.h"
#include "walletctl/transfers.h"

/* The hash of a record; its serial is 0 if there is none. */
struct import_seal {
	uint64_t serial;
	uint8_t hash[CHAIN_HASH_SIZE];
};

/* Of the chained records that were read. */
struct import_seals {
	struct import_seal lowest;
	struct import_seal highest;
};

/*
 * Read all files, in the form that is named, or that they look like if @form is
 * NULL, into @ret, sealed, in the order in which they are to be made.  What is
 * wrong with lines goes to @m.  *ret_seals has hashes that stand there;
 * *ret_ordered says that serials give the order, as they do not in CSV.
 * STATUS_USAGE if a file cannot be read.
 */
enum status import_read(struct mistakes *m, const char *form,
			struct transfers *ret, struct import_seals *ret_seals,
			bool *ret_ordered);

#endif
