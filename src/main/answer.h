/* SPDX-License-Identifier: MIT */
/*
 * The answers that one client waits for.  They leave in the order of its
 * requests, whatever order and whenever they come in: an answer whose turn it
 * is goes straight to the client's output, any other waits in a buffer of its
 * own.  Knows nothing of commands and sockets.
 */
#ifndef MAIN_ANSWER_H
#define MAIN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/cleanup.h"

struct answer;
/* Answers are used again and again, so a request costs no memory of its own. */
struct answer_pool;

struct answer_queue {
	struct answer_pool *pool; /* borrowed */
	struct buf *out;	  /* where answers go when it is their turn */
	void (*woken)(void *arg); /* an answer has come in */
	void *arg;
	struct answer *head;
	struct answer *tail;
	size_t pending; /* answers that have not gone to @out yet */
	size_t heavy;	/* those of them that may be long */
	size_t held;	/* bytes that wait behind an unfinished answer */
	int fault;	/* no memory: the client cannot be answered any more */
};

/* At most @most answers outstanding, over all queues. */
int answer_pool_new(size_t most, struct answer_pool **ret) _must_check_;
/* Outstanding answers go with it. */
struct answer_pool *answer_pool_free(struct answer_pool *pool);
DEFINE_CLEANUP(struct answer_pool, answer_pool_free);
/* Answers outstanding, those of clients that are gone included. */
size_t answer_pool_used(const struct answer_pool *pool);

/* A queue may be forgotten before its answers have come. */
void answer_queue_init(struct answer_queue *q, struct answer_pool *pool,
		       struct buf *out, void (*woken)(void *arg), void *arg);
void answer_queue_done(struct answer_queue *q);

/*
 * The answer to the client's next request; NULL if there is no memory, or too
 * many are outstanding.  It belongs to whoever works on it, until
 * answer_end() or answer_end_list(), one of which has to be called once.
 */
struct answer *answer_new(struct answer_queue *q, bool heavy) _must_check_;
/*
 * Where to write it; what was gathered is forgotten.  NULL if the client is
 * gone.  Nothing else may be done with its queue before answer_end().
 */
struct buf *answer_begin(struct answer *a);
/* Where to write one more element of it, which is counted; or NULL. */
struct buf *answer_add(struct answer *a);
/* It is whole; @fault is 0, or why it could not be written. */
void answer_end(struct answer *a, int fault);
/* The same for an array of the elements that were added. */
void answer_end_list(struct answer *a);
/* An element could not be written.  Still to be ended. */
void answer_spoil(struct answer *a, int fault);

#endif
