/* SPDX-License-Identifier: MIT */
/*
 * Queues of answers, and the pool that they come from: slabs that are never
 * given back before the end.
 */
#include "config.h"

#include <errno.h>

#include "wire/resp.h"

#include "main/answer.h"

#define SLAB_ANSWERS 64
/* An answer that is used again keeps a buffer up to this size. */
#define ANSWER_KEEP 1024

struct answer {
	struct answer *next;	    /* in its queue, or among the free ones */
	struct answer_queue *queue; /* NULL: its client is gone */
	struct answer_pool *pool;
	struct buf bytes; /* what cannot go out yet */
	size_t elements;  /* in bytes */
	bool list;	  /* the elements make an array */
	bool heavy;
	bool done;
};

struct slab {
	struct slab *next;
	struct answer answers[SLAB_ANSWERS];
};

struct answer_pool {
	struct slab *slabs;
	struct answer *free;
	size_t used;
	size_t most;
};

int answer_pool_new(size_t most, struct answer_pool **ret)
{
	struct answer_pool *pool;

	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;

	pool->most = most;
	*ret = pool;
	return 0;
}

struct answer_pool *answer_pool_free(struct answer_pool *pool)
{
	struct slab *slab;

	if (!pool)
		return NULL;

	while ((slab = pool->slabs)) {
		pool->slabs = slab->next;
		for (size_t i = 0; i < SLAB_ANSWERS; i++)
			buf_done(&slab->answers[i].bytes);
		free(slab);
	}
	free(pool);
	return NULL;
}

size_t answer_pool_used(const struct answer_pool *pool)
{
	return pool->used;
}

static int pool_grow(struct answer_pool *pool)
{
	struct slab *slab;

	slab = calloc(1, sizeof(*slab));
	if (!slab)
		return -ENOMEM;

	slab->next = pool->slabs;
	pool->slabs = slab;
	for (size_t i = 0; i < SLAB_ANSWERS; i++) {
		slab->answers[i].pool = pool;
		slab->answers[i].next = pool->free;
		pool->free = &slab->answers[i];
	}
	return 0;
}

static void release(struct answer *a)
{
	struct answer_pool *pool = a->pool;

	buf_clear(&a->bytes);
	if (a->bytes.cap > ANSWER_KEEP)
		buf_done(&a->bytes);

	a->next = pool->free;
	pool->free = a;
	pool->used--;
}

void answer_queue_init(struct answer_queue *q, struct answer_pool *pool,
		       struct buf *out, void (*woken)(void *arg), void *arg)
{
	*q = (struct answer_queue){
		.pool = pool,
		.out = out,
		.woken = woken,
		.arg = arg,
	};
}

void answer_queue_done(struct answer_queue *q)
{
	struct answer *a;

	while ((a = q->head)) {
		q->head = a->next;
		a->queue = NULL;

		/* The others are released when they come in. */
		if (a->done)
			release(a);
	}
	answer_queue_init(q, q->pool, q->out, q->woken, q->arg);
}

struct answer *answer_new(struct answer_queue *q, bool heavy)
{
	struct answer_pool *pool = q->pool;
	struct answer *a;

	if (pool->used >= pool->most)
		return NULL;
	if (!pool->free && pool_grow(pool) < 0)
		return NULL;

	a = pool->free;
	pool->free = a->next;
	pool->used++;

	a->next = NULL;
	a->queue = q;
	a->elements = 0;
	a->list = false;
	a->heavy = heavy;
	a->done = false;

	if (q->head)
		q->tail->next = a;
	else
		q->head = a;
	q->tail = a;
	q->pending++;
	q->heavy += heavy;
	return a;
}

struct buf *answer_begin(struct answer *a)
{
	if (!a->queue)
		return NULL;

	buf_clear(&a->bytes);
	return a->queue->head == a ? a->queue->out : &a->bytes;
}

struct buf *answer_add(struct answer *a)
{
	if (!a->queue)
		return NULL;

	a->elements++;
	return &a->bytes;
}

void answer_spoil(struct answer *a, int fault)
{
	if (a->queue)
		a->queue->fault = fault;
}

/* It is @a's turn: what it kept goes out. */
static void emit(struct answer_queue *q, const struct answer *a)
{
	int r = 0;

	if (a->list)
		r = resp_put_array(q->out, a->elements);
	if (r == 0 && a->bytes.len > 0)
		r = buf_add(q->out, a->bytes.data, a->bytes.len);
	if (r < 0)
		q->fault = r;
}

/* All that are done up to the first that is not. */
static void deliver(struct answer_queue *q)
{
	struct answer *a;

	while ((a = q->head) && a->done) {
		emit(q, a);
		q->head = a->next;
		q->pending--;
		q->heavy -= a->heavy;
		q->held -= a->bytes.len;
		release(a);
	}
}

void answer_end(struct answer *a, int fault)
{
	struct answer_queue *q = a->queue;

	if (!q) {
		release(a);
		return;
	}

	if (fault < 0)
		q->fault = fault;
	a->done = true;
	q->held += a->bytes.len;
	deliver(q);
	q->woken(q->arg);
}

void answer_end_list(struct answer *a)
{
	a->list = true;
	answer_end(a, 0);
}
