/* SPDX-License-Identifier: MIT */
/*
 * The command that takes over transactions from files.
 */
#ifndef WALLETCTL_IMPORT_H
#define WALLETCTL_IMPORT_H

#include "walletctl/context.h"

enum status import_files(struct context *ctx);

#endif
