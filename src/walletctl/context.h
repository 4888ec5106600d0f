/* SPDX-License-Identifier: MIT */
/*
 * What a command's handler is given: the command line, taken apart and
 * checked, the server, and where answers and talk go.
 */
#ifndef WALLETCTL_CONTEXT_H
#define WALLETCTL_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "walletctl/client.h"
#include "walletctl/options.h"
#include "walletctl/output.h"
#include "walletctl/status.h"

struct command;
struct opstore;

/* Of an error of the main daemon, with a zero. */
#define CONTEXT_CODE_SIZE 32

struct context {
	const struct command *command;
	struct options options;
	const char *const *arg; /* of the command, ended by NULL */
	enum form form;
	int64_t timeout; /* microseconds */
	const char *server;
	struct client *client;
	FILE *out; /* answers */
	FILE *err; /* talk */
	/* Where a script keeps its orders, from the first on; else NULL. */
	struct opstore **store;
	/* The code of the main daemon's refusal that was told; "" if none was. */
	char code[CONTEXT_CODE_SIZE];
};

/* "walletctl: ", a sentence and its full stop on ctx->err. */
void context_say(struct context *ctx, const char *format, ...) _printf_(2, 3);

/* Is nothing to be said but what is wrong? */
bool context_quiet(const struct context *ctx);

/* context_say() what nobody has to know: not with --quiet. */
void context_note(struct context *ctx, const char *format, ...) _printf_(2, 3);

/*
 * A mistake in the command line: one sentence, and where to read more.
 * Returns STATUS_USAGE.
 */
enum status context_usage(struct context *ctx, const char *format, ...)
	_printf_(2, 3);

/*
 * The number that option @key was given (1 and up), or @otherwise.  Returns
 * STATUS_DONE or STATUS_USAGE.
 */
enum status context_number(struct context *ctx, enum option_key key,
			   int64_t otherwise, int64_t *ret);

/*
 * One round trip.  Failures of the connection are told, STATUS_UNAVAILABLE;
 * errors among the answers are the caller's: context_refused().
 */
enum status context_ask(struct context *ctx, const struct client_request *q,
			size_t count, redisReply **ret);

/* Tell an error of the server; STATUS_DONE if @reply is none. */
enum status context_refused(struct context *ctx, const redisReply *reply);

/* Remember the code of a refusal that the caller tells by itself. */
void context_set_code(struct context *ctx, struct slice code);

/* Say that the server answers with something else; STATUS_UNAVAILABLE. */
enum status context_garbled(struct context *ctx);

/*
 * What the coins are called, by an answer to INFO ledger, which may be an error
 * or NULL.
 */
struct slice context_coin(const redisReply *info);

#endif
