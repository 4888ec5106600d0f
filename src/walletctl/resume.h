/* SPDX-License-Identifier: MIT */
/*
 * The command `resume`.
 */
#ifndef WALLETCTL_RESUME_H
#define WALLETCTL_RESUME_H

#include "walletctl/context.h"

/* Send all that is pending again, each to the server it was made for. */
enum status resume_all(struct context *ctx);

#endif
