/* SPDX-License-Identifier: MIT */
/*
 * The commands that list transactions, however many there are.
 */
#ifndef WALLETCTL_LISTING_H
#define WALLETCTL_LISTING_H

#include "walletctl/context.h"

enum status listing_history(struct context *ctx);
enum status listing_list(struct context *ctx);

#endif
