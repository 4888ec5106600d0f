/* SPDX-License-Identifier: MIT */
/*
 * Commands of standard input, a line each, over one connection: for scripts and
 * coprocesses, for which starting a process costs more than many transfers.
 */
#ifndef WALLETCTL_SCRIPT_H
#define WALLETCTL_SCRIPT_H

#include "walletctl/context.h"

/* Bytes of a line with its newline, and its words. */
#define SCRIPT_LINE_MAX 65535
#define SCRIPT_WORDS_MAX 64

/*
 * @ctx has the options that hold for all lines, and the server's client.  The
 * status of the first command that was not done.
 */
enum status script_run(struct context *ctx);

#endif
