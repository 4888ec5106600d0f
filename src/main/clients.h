/* SPDX-License-Identifier: MIT */
/*
 * The sockets of clients: listeners, and one connection a session.  Reads what
 * is there, writes what is answered, closes what is over.  Connections stand in
 * an epoll set of their own, which is one descriptor to the event loop: that
 * dispatches one a turn, and would take a turn for each client.
 */
#ifndef MAIN_CLIENTS_H
#define MAIN_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

struct clients;
struct loop;
struct sessions;

/* Bytes taken from one client in one turn, so that none starves another. */
#define CLIENTS_READ_MAX 65536
/* Connections accepted from one listener in one turn. */
#define CLIENTS_ACCEPT_MAX 64
/* A client that has not read a byte for so long is closed. */
#define CLIENTS_STUCK_USEC INT64_C(60000000)
/* How long nobody is accepted when descriptors or memory have run out. */
#define CLIENTS_PAUSE_USEC INT64_C(100000)

struct clients_counters {
	uint64_t connected;
	uint64_t accepted; /* since start */
	uint64_t refused;  /* for want of room */
	uint64_t stuck;	   /* closed, because they did not read */
	uint64_t dropped;  /* closed, subscribed and not reading fast enough */
};

/*
 * @turn is called before a turn's input goes to the sessions.  Borrows @loop
 * and @sessions.
 */
int clients_new(struct loop *loop, struct sessions *sessions, uint32_t most,
		void (*turn)(void *arg), void *arg,
		struct clients **ret) _must_check_;
/* Closes all connections and listeners. */
struct clients *clients_free(struct clients *c);
DEFINE_CLEANUP(struct clients, clients_free);

/* Accept clients from the listening socket @fd, which it owns from now on. */
int clients_listen(struct clients *c, int fd) _must_check_;
/* Accept nobody any more; who comes now waits for the next daemon. */
void clients_stop_listening(struct clients *c);
/*
 * Leave clients to the kernel, whose queue they wait in, until
 * clients_end_hold() or the time @until.  After the last clients_listen().
 */
void clients_hold(struct clients *c, int64_t until);
void clients_end_hold(struct clients *c);
void clients_set_most(struct clients *c, uint32_t most);

/*
 * Write the answers, close what is over.  True if sessions that were held back
 * went on with their input, so that there are orders again.
 */
bool clients_flush(struct clients *c) _must_check_;
void clients_count(const struct clients *c, struct clients_counters *ret);

#endif
