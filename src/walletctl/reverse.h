/* SPDX-License-Identifier: MIT */
/*
 * The command `reverse`: the opposite of a transfer, once.
 */
#ifndef WALLETCTL_REVERSE_H
#define WALLETCTL_REVERSE_H

#include "walletctl/context.h"

enum status reverse(struct context *ctx);

#endif
