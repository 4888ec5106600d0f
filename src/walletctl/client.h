/* SPDX-License-Identifier: MIT */
/*
 * A connection to the main daemon: requests out, answers in, each by a
 * deadline.  hiredis does the protocol, the sockets are ours, so that no wait
 * is without a bound, however slowly a server drips.  Knows nothing of what
 * the requests mean.
 */
#ifndef WALLETCTL_CLIENT_H
#define WALLETCTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "util/cleanup.h"

/* VERIFY with sixteen tips. */
#define CLIENT_ARGS_MAX 49
/* Requests sent before their answers are awaited. */
#define CLIENT_PIPELINE_MAX 4
/* Limits on one answer: its bytes, and the elements of an array in it. */
#define CLIENT_ANSWER_MAX (256 * 1024 * 1024)
#define CLIENT_ELEMENTS_MAX (4 * 1024 * 1024)

DEFINE_CLEANUP(redisReply, freeReplyObject);

struct client;

struct client_request {
	size_t args;
	const char *arg[CLIENT_ARGS_MAX];
};

/*
 * A client of @server, "HOST:PORT" or "[IPv6]:PORT"; connects when it is first
 * asked.  -EINVAL if @server is not that.
 */
int client_new(const char *server, struct client **ret) _must_check_;
/* Closes the connection.  NULL is allowed.  Always returns NULL. */
struct client *client_free(struct client *c);
DEFINE_CLEANUP(struct client, client_free);

/* Microseconds of a clock that only goes forward. */
int64_t client_now(void);

/*
 * Send @count requests at once and wait for their answers until @deadline.
 * Returns 0 and @count answers for freeReplyObject(), errors of the server
 * among them.  On failure the connection is closed (the next call makes a new
 * one) and client_fault() says why: -ETIMEDOUT, -EBADMSG (no RESP), -EFBIG,
 * -ECONNRESET, or why connecting failed.
 */
int client_ask(struct client *c, const struct client_request *request,
	       size_t count, int64_t deadline, redisReply **ret) _must_check_;

/*
 * The same in two steps, for one request whose answer may take long: send it by
 * @deadline; then look until @until whether the answer is there.  -EAGAIN: not
 * yet, look again.  Other errors as client_ask().
 */
int client_send(struct client *c, const struct client_request *request,
		int64_t deadline) _must_check_;
int client_receive(struct client *c, int64_t until,
		   redisReply **ret) _must_check_;

/*
 * Many requests without waiting for each answer: put them, then pump and take
 * by turns.
 */
/* Have a request written by the next pumps.  0 or -ENOMEM. */
int client_put(struct client *c,
	       const struct client_request *request) _must_check_;
/*
 * Write of what was put, and read of what has come, as much as goes at once;
 * connects if need be.  Waits until @until for either.  Errors as client_ask();
 * what was put and not written is forgotten then, and so are the answers.
 */
int client_pump(struct client *c, int64_t until) _must_check_;
/* The next answer that was read; -EAGAIN: none; else as client_ask(). */
int client_take(struct client *c, redisReply **ret) _must_check_;
/* Close the connection; the next call makes a new one. */
void client_drop(struct client *c);

/*
 * Between questions: nothing is to come, so what comes is the connection's end,
 * and it is closed; the next call makes a new one.
 */
void client_refresh(struct client *c);
bool client_connected(const struct client *c);

/* Did any byte of the last requests leave?  If not, nothing happened. */
bool client_sent(const struct client *c);
/* Why the last call failed, as a sentence without its full stop. */
const char *client_fault(const struct client *c);
/* What client_new() was given. */
const char *client_server(const struct client *c);

#endif
