/* SPDX-License-Identifier: MIT */
/*
 * What the files of the bare servers share.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/map.h"
#include "util/random.h"

#define STORAGES 3
/* Of one datagram, and so of a batch. */
#define BATCH_BYTES_MAX 65000

/* Where batches go. */
struct storage {
	bool local;
	int file; /* if local */
	pid_t processes[STORAGES];
	int sockets[STORAGES]; /* one to each of them */
	size_t count;
	struct rng rng;
};

/* A client. */
struct peer {
	int fd; /* negative: it went, and answers to it are staged */
	struct buf in;
	struct buf out;
	bool staged; /* has answers that wait for the disk */
};

struct wallet {
	char name[64];
	size_t len;
	int64_t balance;
};

struct server {
	bool echo;
	sigset_t waiting; /* signals that are kept off while it waits */
	int epoll;
	int listener;
	struct storage storage;
	struct peer **staged;
	size_t staged_count;
	size_t staged_room;
	struct buf batch; /* the records of this turn */
	struct map map; /* of wallets by name */
	struct wallet *wallets;
	uint32_t wallet_count;
	uint64_t serial;
};

/* --- bare_ledger.c */

void ledger_start(struct server *s);
/* All whole requests in @p->in: answers into its out, records into the batch. */
void ledger_take(struct server *s, struct peer *p);

/* --- bare_storage.c */

/* Three processes and a socket to each; or a file, if local. */
void storage_start(struct storage *s, const char *directory);
void storage_end(struct storage *s);
/* Until it is on a disk. */
void storage_commit(struct storage *s, const struct buf *batch);

#endif
