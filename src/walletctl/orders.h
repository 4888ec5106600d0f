/* SPDX-License-Identifier: MIT */
/*
 * The commands that give orders.
 */
#ifndef WALLETCTL_ORDERS_H
#define WALLETCTL_ORDERS_H

#include "walletctl/context.h"

/* One transfer, all that somebody has, or a file of them. */
enum status orders_transfer(struct context *ctx);
/* One user, or several together. */
enum status orders_open(struct context *ctx);

#endif
