/* SPDX-License-Identifier: MIT */
/*
 * The command that draws a balance over time.
 */
#ifndef WALLETCTL_PLOT_H
#define WALLETCTL_PLOT_H

#include "walletctl/context.h"

enum status plot_draw(struct context *ctx);

#endif
