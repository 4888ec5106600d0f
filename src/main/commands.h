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
};

/* One client, as far as commands care. */
struct commands_client {
	const struct commands_env *env;
	uint64_t id; /* of its connection, never used again */
	bool quit;   /* it said so: read no further */
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

/* Walk the table: the next after @c, the first after NULL; NULL at the end. */
const struct command *commands_next(const struct command *c);
size_t commands_count(void);

#endif
