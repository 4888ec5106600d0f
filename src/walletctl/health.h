/* SPDX-License-Identifier: MIT */
/*
 * The command "status": how the main daemon and its backends are.
 */
#ifndef WALLETCTL_HEALTH_H
#define WALLETCTL_HEALTH_H

#include "walletctl/context.h"

/* STATUS_DONE if the ledger is open for everything, else STATUS_UNAVAILABLE. */
enum status health_status(struct context *ctx);

#endif
