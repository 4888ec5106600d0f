/* SPDX-License-Identifier: MIT */
/*
 * What the table of commands and the handlers of commands share.
 */
#ifndef MAIN_COMMANDS_INTERNAL_H
#define MAIN_COMMANDS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "main/commands.h"
#include "util/slice.h"

/* A command being carried out. */
struct call {
	struct commands_client *client;
	const struct command *command;
	struct answer *answer;
	const struct slice *arg; /* behind the command's name */
	size_t args;
};

struct engine_order;

typedef void (*command_handler)(const struct call *c);

struct command {
	struct slice name; /* in capitals */
	size_t args_min;
	size_t args_max;
	bool heavy; /* its answer may be long */
	bool writes;
	command_handler run;
	const char *usage; /* its arguments */
	const char *summary;
};

/* An option behind the arguments: its name, and where its value goes. */
struct command_option {
	const char *name;
	struct slice *value;
};

/* @text, in any case, is @word (in capitals)? */
bool commands_word(struct slice text, struct slice word);
/*
 * Take "NAME value" pairs from argument @at on.  False: the call has been
 * answered with SYNTAX.
 */
bool commands_options(const struct call *c, size_t at,
		      const struct command_option *options,
		      size_t count) _must_check_;

/* Answer with an error and be done. */
void commands_fail(const struct call *c, const char *code, const char *format,
		   ...) _printf_(3, 4);
/* The same for SYNTAX, with the usage behind the sentence's start. */
void commands_misused(const struct call *c, const char *format, ...)
	_printf_(2, 3);

/* redis.c: what clients of Redis expect of any server. */
void redis_ping(const struct call *c);
void redis_echo(const struct call *c);
void redis_quit(const struct call *c);
void redis_hello(const struct call *c);
void redis_config(const struct call *c);
void redis_command(const struct call *c);
void redis_info(const struct call *c);
void redis_subscribe(const struct call *c);
void redis_unsubscribe(const struct call *c);

/* exec.c: orders that are given as one. */
void orders_multi(const struct call *c);
void orders_exec(const struct call *c);
void orders_discard(const struct call *c);
/* Is it between MULTI and EXEC?  Then the call has been answered. */
bool orders_queued(const struct call *c, const struct engine_order *order,
		   bool opening);

/* orders.c: what the engine is asked. */
void orders_balance(const struct call *c);
void orders_users(const struct call *c);
void orders_transfer(const struct call *c);
void orders_import(const struct call *c);
void orders_open(const struct call *c);
void orders_stats(const struct call *c);
void orders_history(const struct call *c);
void orders_list(const struct call *c);
void orders_show(const struct call *c);
void orders_txlist(const struct call *c);
void orders_tip(const struct call *c);
void orders_verify(const struct call *c);

#endif
