/* SPDX-License-Identifier: MIT */
/*
 * The commands of clients (chain-protocol(7)): which there are, what arguments
 * they take, who may give them, and how each is answered.  Knows no sockets;
 * what it cannot answer itself it asks the engine.
 */
#ifndef MAIN_COMMANDS_H
#define MAIN_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "main/feed.h"
#include "main/multi.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"
#include "wire/resp.h"

struct answer;
struct command;
struct engine;

/* What commands work on. */
struct commands_env {
	struct engine *engine;
	void *ctx;
	/* The text of INFO; empty for a section that there is not. */
	int (*info)(void *ctx, struct slice section, struct buf *out);
	/* Answered with an error that is not the engine's; may be NULL. */
	void (*refused)(void *ctx, const char *code);
};

/* One client, as far as commands care. */
struct commands_client {
	const struct commands_env *env;
	uint64_t id; /* of its connection, never used again */
	bool quit;   /* it said so: read no further */
	struct feed *feed; /* borrowed */
	struct follower follower; /* of it, if it is subscribed */
	struct multi multi; /* what it has given between MULTI and EXEC */
};

/* The command that @r names, or NULL. */
const struct command *commands_find(const struct resp_request *r);
/* Its answer may be long: it wants to be the only such one of its client. */
bool commands_is_heavy(const struct command *c);
/* May this client give it?  The one place where rights are decided. */
bool commands_permitted(const struct commands_client *client,
			const struct command *c);
/*
 * Carry out @r, at least one argument, and see to it that @a is answered, now
 * or later; @c is what commands_find() found, NULL included.
 */
void commands_run(struct commands_client *client, const struct command *c,
		  const struct resp_request *r, struct answer *a);

/* @c of this client was not carried out, for want of room for its answer. */
void commands_turned_away(struct commands_client *client,
			  const struct command *c);

/* Walk the table: the next after @c, the first after NULL; NULL at the end. */
const struct command *commands_next(const struct command *c);
size_t commands_count(void);

#endif
