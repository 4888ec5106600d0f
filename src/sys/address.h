/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses as the configuration writes them: 127.0.0.1:21800,
 * [::1]:21800.  Numbers only; names are for clients.
 */
#ifndef SYS_ADDRESS_H
#define SYS_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/slice.h"

#define ADDRESS_TEXT_SIZE 64

struct address {
	struct sockaddr_storage storage;
	socklen_t len;
};

/* "IP:PORT", port 0 to 65535.  -EINVAL if it is not that. */
int address_parse(struct slice text, struct address *ret) _must_check_;
/* Ended by a zero. */
void address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE]);
bool address_is_loopback(const struct address *a);
bool address_equal(const struct address *a, const struct address *b);
int address_port(const struct address *a);

#endif
