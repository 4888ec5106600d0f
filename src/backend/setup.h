/* SPDX-License-Identifier: MIT */
/*
 * What a backend needs before it can serve: settings, key, block, socket.  Each
 * step tells the administrator what went wrong and returns 0 or the exit
 * status of the program.
 */
#ifndef BACKEND_SETUP_H
#define BACKEND_SETUP_H

#include <stdint.h>

#include "util/cleanup.h"

struct address;
struct backend_config;
struct frame_key;
struct loading;
struct options;
struct sockets_passed;
struct store;

/* --check-config: mistakes to standard error. */
int setup_check_config(const struct options *o) _must_check_;
int setup_config(const struct options *o, struct backend_config **ret)
	_must_check_;
/* No key is a warning. */
int setup_key(const struct backend_config *c, struct frame_key *ret)
	_must_check_;
int setup_passed(struct sockets_passed *ret) _must_check_;
/* *ret is closed by its ops->close(), and @loading lives until then. */
int setup_store(const struct backend_config *c, struct loading *loading,
		struct store **ret) _must_check_;
/* The passed socket, or one of our own; *ret_address is where it is. */
int setup_socket(const struct backend_config *c, struct sockets_passed *passed,
		 struct address *ret_address, int *ret_fd) _must_check_;
/* The largest datagram to send. */
uint32_t setup_datagram_room(const struct backend_config *c);

#endif
