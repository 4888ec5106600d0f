/* SPDX-License-Identifier: MIT */
/*
 * Sockets of the daemons: those passed by the service manager win, told apart
 * by name and checked against the configuration; else the daemon binds.  All
 * are non-blocking and close-on-exec.
 */
#ifndef SYS_SOCKETS_H
#define SYS_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/address.h"
#include "util/cleanup.h"

#define SOCKETS_PASSED_MAX 32

/* Descriptors from sd_listen_fds_with_names(); the environment is unset. */
struct sockets_passed {
	int fd[SOCKETS_PASSED_MAX];
	int type[SOCKETS_PASSED_MAX]; /* SOCK_STREAM or SOCK_DGRAM */
	struct address address[SOCKETS_PASSED_MAX];
	char *name[SOCKETS_PASSED_MAX];
	size_t count;
};

/* Take over what was passed.  0 or a negative errno (not sockets, too many). */
int sockets_take_passed(struct sockets_passed *ret) _must_check_;
/* Close what was not taken, free names. */
void sockets_passed_done(struct sockets_passed *p);
/*
 * Take the passed socket of @type bound to @want (or, with @any, any one of the
 * type).  The descriptor, or -ENOENT.
 */
int sockets_claim(struct sockets_passed *p, int type,
		  const struct address *want, bool any,
		  struct address *ret_address) _must_check_;

/* A listening TCP socket; *ret_address is where it really is (port 0). */
int sockets_listen(const struct address *at,
		   struct address *ret_address) _must_check_;
/*
 * A UDP socket bound to @at, with receive and send buffers of @buffer bytes if
 * the system lets us.  What is too large for the path is -EMSGSIZE.
 */
int sockets_bind_datagram(const struct address *at, int buffer,
			  struct address *ret_address) _must_check_;
/*
 * A passed datagram socket at @at, made what sockets_bind_datagram() gives.
 * Buffers that are larger than @buffer stay so.
 */
int sockets_adopt_datagram(int fd, const struct address *at,
			   int buffer) _must_check_;
/*
 * As sockets_bind_datagram(), bound to @source and connected to @to, so that it
 * hears nobody else.  Several may share one source: with port 0 each has its own
 * port, else the kernel tells them apart by their peers.  A peer that is not
 * there shows as -ECONNREFUSED from a later call.
 */
int sockets_connect_datagram(const struct address *source,
			     const struct address *to, int buffer) _must_check_;
/*
 * Whether others may share its port.  Off for all of them after the last: no
 * process of the same user can join them any more (those of others never could),
 * and get their datagrams.
 */
int sockets_set_sharing(int fd, bool on) _must_check_;
/* The largest datagram that the path to a connected peer takes unfragmented. */
int sockets_datagram_room(int fd, uint32_t *ret) _must_check_;
/*
 * The receive buffer that the system really gave, in bytes of datagrams.  It
 * holds them if each is counted as its length and 1,024 bytes more (measured
 * from 64 to 65,507 bytes).
 */
int sockets_receive_buffer(int fd, uint32_t *ret) _must_check_;
/* Allow as many descriptors as the hard limit does. */
void sockets_raise_limit(void);

#endif
