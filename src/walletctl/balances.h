/* SPDX-License-Identifier: MIT */
/*
 * The command that shows balances: of one user, of several, of all; of now, or
 * as of a serial or a time.
 */
#ifndef WALLETCTL_BALANCES_H
#define WALLETCTL_BALANCES_H

#include "walletctl/context.h"

enum status balances_show(struct context *ctx);

#endif
