/* SPDX-License-Identifier: MIT */
/*
 * The commands that ask one question and show its answer.
 */
#ifndef WALLETCTL_QUERIES_H
#define WALLETCTL_QUERIES_H

#include "walletctl/context.h"

enum status queries_stats(struct context *ctx);
enum status queries_txlist(struct context *ctx);
enum status queries_show(struct context *ctx);
enum status queries_tip(struct context *ctx);

#endif
