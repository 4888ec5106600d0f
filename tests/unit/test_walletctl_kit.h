/* SPDX-License-Identifier: MIT */
/*
 * What the tests of walletctl share: a main daemon that follows a script, a
 * state directory of the test's own, and walletctl's answers as texts.
 */
#ifndef TEST_WALLETCTL_KIT_H
#define TEST_WALLETCTL_KIT_H

#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "util/buf.h"

/* What the scripted server does behind an answer. */
enum kit_end {
	KIT_STAY,   /* the next turn is on this connection */
	KIT_REPEAT, /* this turn again, until the client closes */
	KIT_CLOSE,
	KIT_RESET,
	KIT_HOLD, /* silence, until the client closes */
};

/* Wait for some requests, answer all of them with some bytes, and then. */
struct kit_turn {
	unsigned requests;
	const char *answer;
	enum kit_end end;
};

struct kit_server;

/* A server on a free port of 127.0.0.1, for @count turns.  Borrows @turns. */
struct kit_server *kit_server_start(const struct kit_turn *turns, size_t count);
/* "127.0.0.1:PORT" */
const char *kit_server_name(const struct kit_server *s);
/*
 * Wait for its end; the script's rest is dropped.  Returns all requests that
 * came, arguments between spaces, each ended by a newline; the caller frees.
 */
char *kit_server_stop(struct kit_server *s);

/* A "127.0.0.1:PORT" where nobody listens. */
void kit_free_port(char out[32]);

/* What walletctl did. */
struct kit_run {
	int status;
	char *out;
	char *err;
};

/* walletctl --server @server and the words up to NULL. */
struct kit_run kit_run(const char *server, ...);
void kit_run_done(struct kit_run *r);

/* One reply out of its bytes, for freeReplyObject(). */
redisReply *kit_reply(const char *bytes);

/* For a checked fixture: $XDG_STATE_HOME is empty and the test's own. */
void kit_state_setup(void);
void kit_state_teardown(void);
/* Where pending orders are kept; how many files there are. */
const char *kit_pending(void);
size_t kit_pending_count(void);
/* Write a file there, making the directory. */
void kit_pending_write(const char *name, const char *text);

#endif
