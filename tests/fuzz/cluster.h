/* SPDX-License-Identifier: MIT */
/*
 * The main daemon's engine and two backends, real ones on simulated disks, with
 * a network between them that keeps what is sent until somebody delivers it.
 * What the engine sends must be understood; it may stop only if it was lied to.
 */
#ifndef FUZZ_CLUSTER_H
#define FUZZ_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/responder.h"
#include "main/engine.h"
#include "store/textstore.h"
#include "util/random.h"
#include "util/slice.h"
#include "wire/frame.h"

#include "../sim/disk.h"

/* How it is: the blocks begin with old records. */
#define CLUSTER_OLD 1u
/* Each record is kept on both. */
#define CLUSTER_COPIES 2u
/* The second is declared lost, and each main daemon says so in its claims. */
#define CLUSTER_LOST 4u

#define CLUSTER_BACKENDS 2
#define CLUSTER_QUEUE_MAX 64
#define CLUSTER_QUESTIONS_MAX 8
#define CLUSTER_SEC INT64_C(1000000)

/* Datagrams on their way. */
struct queue {
	struct slice datagram[CLUSTER_QUEUE_MAX]; /* owned */
	size_t count;
};

struct cluster;

struct backend {
	struct cluster *cluster;
	unsigned int number;
	struct rng rng;
	struct disk *disk;
	struct store *store;
	struct responder *r;
	bool syncing;
	struct queue asked;
	struct queue answered;
};

struct cluster {
	unsigned int how;
	struct frame_key key;
	int64_t now;
	int64_t wall;
	struct engine *e;
	struct backend backend[CLUSTER_BACKENDS];
	struct frame question[CLUSTER_QUESTIONS_MAX]; /* newest; no payloads */
	size_t questions;
	uint64_t mains; /* main daemons that were started */
	bool bent;	/* an answer was not what the backend said */
	bool stopped;
	bool deaf; /* what the engine sends gets nowhere */
};

extern const char *const cluster_name[CLUSTER_BACKENDS];

/* Two backends, and a main daemon that begins. */
void cluster_init(struct cluster *c, unsigned int how, uint8_t seed);
void cluster_done(struct cluster *c);

/* Another main daemon in the place of this one, if there is one. */
void cluster_begin(struct cluster *c);

/* Time goes by. */
void cluster_pass(struct cluster *c, int64_t usec);
/* The end of a turn of the main daemon. */
void cluster_flush(struct cluster *c);
/* The oldest answer of backend @i gets there. */
void cluster_hear(struct cluster *c, unsigned int i);
/* Everybody answers until all is quiet, as it must be in the end. */
void cluster_run(struct cluster *c);

/* The oldest question gets there. */
void backend_hear(struct backend *b);
/* Its disk has done what it was asked for. */
void backend_sync(struct backend *b);
/* The process ends; what was sent to it is lost. */
void backend_stop(struct backend *b);
void backend_start(struct backend *b);

/* A copy of @data; lost if the queue is full. */
void queue_add(struct queue *q, const void *data, size_t len);
/* The @i-th datagram; free it with queue_let_go(). */
struct slice queue_take(struct queue *q, size_t i);
void queue_let_go(struct slice d);

#endif
