/* SPDX-License-Identifier: MIT */
/*
 * The command that writes all transactions.
 */
#ifndef WALLETCTL_EXPORT_H
#define WALLETCTL_EXPORT_H

#include "walletctl/context.h"

enum status export_all(struct context *ctx);

#endif
