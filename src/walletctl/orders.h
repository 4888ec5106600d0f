/* SPDX-License-Identifier: MIT */
/*
 * The commands that change the ledger.
 */
#ifndef WALLETCTL_ORDERS_H
#define WALLETCTL_ORDERS_H

#include "walletctl/context.h"

/* Bytes of an operation id that we make. */
#define ORDERS_ID_BYTES 16

enum status orders_transfer(struct context *ctx);
enum status orders_open(struct context *ctx);
/* Send each pending order again, with its id, to the server it was made for. */
enum status orders_resume(struct context *ctx);

#endif
