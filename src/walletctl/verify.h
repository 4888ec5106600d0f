/* SPDX-License-Identifier: MIT */
/*
 * The command that has the whole history checked.
 */
#ifndef WALLETCTL_VERIFY_H
#define WALLETCTL_VERIFY_H

#include "walletctl/context.h"

enum status verify(struct context *ctx);

#endif
