/* SPDX-License-Identifier: MIT */
/*
 * The sockets to the backends: one connected UDP socket each, so the system
 * drops what comes from elsewhere and says when nobody listens there.
 */
#ifndef MAIN_PEERS_H
#define MAIN_PEERS_H

#include <stddef.h>
#include <stdint.h>

#include "sys/main_config.h"
#include "util/cleanup.h"
#include "util/slice.h"

struct loop;
struct peers;

/* Datagrams taken from one backend in one turn. */
#define PEERS_DRAIN_MAX 256
/* What is asked of the system for socket buffers; it may give less. */
#define PEERS_BUFFER (4 * 1024 * 1024)

struct peers_events {
	void *ctx;
	void (*datagram)(void *ctx, unsigned backend, struct slice datagram);
	void (*refused)(void *ctx, unsigned backend);
};

/*
 * Connect to the backends of @config, in its order.  On an error
 * @ret_backend says at which.
 */
int peers_new(const struct main_config *config, struct peers **ret,
	      size_t *ret_backend) _must_check_;
/* One more, watched: the next of @config behind those that there are. */
int peers_add(struct peers *p, const struct main_config *config) _must_check_;
struct peers *peers_free(struct peers *p);
DEFINE_CLEANUP(struct peers, peers_free);

/* The largest datagram that is sent to it, and what its answers may fill. */
uint32_t peers_room(const struct peers *p, unsigned backend);
uint32_t peers_window(const struct peers *p, unsigned backend);

/* Tell @events of what comes; borrows @loop until peers_free(). */
int peers_watch(struct peers *p, struct loop *loop,
		const struct peers_events *events) _must_check_;
/* As engine_io's. */
void peers_send(struct peers *p, unsigned backend, const uint8_t *data,
		size_t len);

#endif
