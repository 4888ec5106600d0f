/* SPDX-License-Identifier: MIT */
/*
 * One client: bytes in, bytes out, no sockets.  Takes requests apart, has them
 * carried out and keeps their answers in order.  What a client can make grow
 * is bounded: a session that has too much to answer, or too much that is not
 * read, is held back, and takes no more input until that has changed.
 */
#ifndef MAIN_SESSION_H
#define MAIN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "main/commands.h"
#include "util/cleanup.h"
#include "util/slice.h"

/* Requests of one client that wait for an answer. */
#define SESSION_PENDING_MAX 1024
/* Bytes that a client has not read: held back at that, until below half. */
#define SESSION_OUTPUT_MAX (1024 * 1024)
/* The same of all clients: no more long answers are begun. */
#define SESSIONS_UNREAD_MAX (256 * 1024 * 1024)
#define SESSIONS_PENDING_MAX (256 * 1024)
/*
 * Bytes that a subscribed client has not read: more, and it is dropped, for
 * nobody waits for it, and nothing may be left out.  One batch, as messages, is
 * about a quarter of it.  While all together have too much, it is
 * SESSION_OUTPUT_MAX.
 */
#define SESSION_FEED_MAX (4 * 1024 * 1024)

struct session;
/* All of them, and what they share. */
struct sessions;

struct sessions_counters {
	uint64_t requests; /* since start */
	size_t pending;	   /* answers that are waited for */
	size_t unread;	   /* bytes of answers in memory */
	size_t queued;	   /* bytes of orders between MULTI and EXEC */
	size_t subscribers;
};

/* @env is copied. */
int sessions_new(const struct commands_env *env,
		 struct sessions **ret) _must_check_;
/* After the last session and after the engine: orders may be outstanding. */
struct sessions *sessions_free(struct sessions *all);
DEFINE_CLEANUP(struct sessions, sessions_free);

/*
 * Take a session off the list of those with something to do: output to be
 * written, input to go on with, or an end to be made.  NULL: no more.
 */
struct session *sessions_next(struct sessions *all);
/* The records of a batch are durable; see feed_publish(). */
void sessions_publish(struct sessions *all, struct slice lines);
/* Begin no more requests: only those begun are still answered. */
void sessions_drain(struct sessions *all);
void sessions_count(const struct sessions *all, struct sessions_counters *ret);

/* @owner is whoever moves its bytes. */
int session_new(struct sessions *all, uint64_t id, void *owner,
		struct session **ret) _must_check_;
/* The client is gone; what it has under way goes on without it. */
struct session *session_free(struct session *s);
DEFINE_CLEANUP(struct session, session_free);
void *session_owner(const struct session *s);

/* How many bytes of input it takes now; 0 while it is held back. */
size_t session_room(const struct session *s);
/* @len of at most session_room() bytes; @data is written to. */
void session_input(struct session *s, char *data, size_t len);
/* There will be no more input. */
void session_input_ends(struct session *s);
/* Go on with input that was held back, if it may; whether it did. */
bool session_resume(struct session *s);

/* What is to be written to the client, and that so much of it has been. */
struct slice session_output(const struct session *s);
void session_written(struct session *s, size_t len);
/* It was subscribed and did not keep up: the connection is to be closed. */
bool session_lags(const struct session *s);
/* All is said and done: the connection can be closed. */
bool session_finished(const struct session *s);

#endif
