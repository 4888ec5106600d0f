/* SPDX-License-Identifier: MIT */
/*
 * The command "metrics": what INFO counts, in the text form of Prometheus.
 */
#ifndef WALLETCTL_METRICS_H
#define WALLETCTL_METRICS_H

#include "walletctl/context.h"

enum status metrics_write(struct context *ctx);

#endif
