/* SPDX-License-Identifier: MIT */
/*
 * Are the transactions to be imported those of the ledger that they are to be
 * imported into?  Nobody wants them twice.
 */
#ifndef WALLETCTL_IMPORT_OWN_H
#define WALLETCTL_IMPORT_OWN_H

#include "walletctl/context.h"
#include "walletctl/import_read.h"
#include "walletctl/transfers.h"

/*
 * They are if a record with a hash has the same in the ledger, which stands for
 * the whole history up to it; or if the first and others all along have the same
 * serials, users and amounts.  Then that is told: STATUS_REFUSED.
 */
enum status import_own(struct context *ctx, const struct transfers *t,
		       const struct import_seals *seals);

#endif
