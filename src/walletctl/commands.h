/* SPDX-License-Identifier: MIT */
/*
 * The table of commands.  Parsing, checking, help, completion and the check of
 * the manual all go by it: a new command is one row and its handler.
 */
#ifndef WALLETCTL_COMMANDS_H
#define WALLETCTL_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "walletctl/context.h"

struct command {
	const char *name;
	const char *args; /* in capitals; "[X]" may be left out, "X..." again */
	const char *help; /* one line, no full stop */
	unsigned options; /* its own, a set of OPTION_BIT() */
	bool local;	  /* needs no server */
	bool changes;	  /* the ledger: its exit status tells of the order */
	enum status (*run)(struct context *ctx);
};

extern const struct command commands_table[];
extern const size_t commands_count;

/* NULL: there is none of that name. */
const struct command *commands_find(const char *name);

/*
 * Set ctx->command and ctx->arg by the words of ctx->options.  STATUS_DONE, or
 * STATUS_USAGE with one sentence on ctx->err: there is no such command, or what
 * is given does not fit it.
 */
enum status commands_select(struct context *ctx);

/* No command, or one that does not exist; STATUS_USAGE. */
enum status commands_unknown(struct context *ctx, const char *name);

/* All commands and options. */
void commands_overview(FILE *out);
/* One command. */
void commands_describe(FILE *out, const struct command *c);

#endif
