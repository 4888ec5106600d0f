/* SPDX-License-Identifier: MIT */
/*
 * Having transfers made, in order and each once, however often the connection
 * breaks, and whoever was at it before.
 */
#ifndef WALLETCTL_IMPORT_SEND_H
#define WALLETCTL_IMPORT_SEND_H

#include "walletctl/context.h"
#include "walletctl/mistakes.h"
#include "walletctl/progress.h"
#include "walletctl/transfers.h"

/*
 * How many of @t, from the first, are on record from an earlier run, of which
 * the first @from are known to be.  Unless @quietly, failures are told.
 */
enum status import_find(struct context *ctx, const struct transfers *t,
			size_t from, bool quietly, size_t *ret);

struct import_sending {
	struct context *ctx;
	struct mistakes *mistakes; /* for what the main daemon refuses */
	const struct transfers *transfers;
	struct progress progress;
	bool draws;

	size_t done; /* on record; set to where to begin */
	int64_t first_serial; /* of what was recorded by this; 0: nothing */
	int64_t last_serial;
};

/* Send the rest.  What came in between is told if it stops. */
enum status import_send(struct import_sending *s);

#endif
