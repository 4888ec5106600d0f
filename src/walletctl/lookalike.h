/* SPDX-License-Identifier: MIT */
/*
 * Which user was meant by a name that nobody has.
 */
#ifndef WALLETCTL_LOOKALIKE_H
#define WALLETCTL_LOOKALIKE_H

#include "walletctl/context.h"

/* Users that are looked at, the first ones of the ledger. */
#define LOOKALIKE_USERS_MAX 10000

/*
 * Behind a refusal: where it was for a user that there is not, ask for the users
 * and tell of one whose name is near.  Says nothing if that cannot be told.
 */
void lookalike_tell(struct context *ctx);

#endif
