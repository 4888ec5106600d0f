/* SPDX-License-Identifier: MIT */
/*
 * "status --check": one line and an exit status as monitoring plugins give them.
 */
#ifndef WALLETCTL_PROBE_H
#define WALLETCTL_PROBE_H

#include "walletctl/context.h"

/* A transfer that took so long, or a backend that lags for so long. */
#define PROBE_SLOW_USEC 1000000
/* A backend that lags for so long is not only slow. */
#define PROBE_SILENT_USEC 3000000

/*
 * Returns 0 OK, 1 WARNING, 2 CRITICAL or 3 UNKNOWN, by the numbers, not the names,
 * of enum status; walletctl(1) says what is which.
 */
enum status probe_status(struct context *ctx);

#endif
