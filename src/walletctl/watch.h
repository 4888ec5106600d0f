/* SPDX-License-Identifier: MIT */
/*
 * The command "watch": transactions as they are made, none left out and none
 * twice, whatever becomes of connections.
 */
#ifndef WALLETCTL_WATCH_H
#define WALLETCTL_WATCH_H

#include "walletctl/context.h"

enum status watch(struct context *ctx);

#endif
