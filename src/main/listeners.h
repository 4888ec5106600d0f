/* SPDX-License-Identifier: MIT */
/*
 * Where clients reach the daemon: sockets that the service manager passed, or
 * else our own at the configured addresses.
 */
#ifndef MAIN_LISTENERS_H
#define MAIN_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/main_config.h"
#include "util/buf.h"
#include "util/cleanup.h"

struct listeners {
	int fd[CONFIG_LISTEN_MAX];
	struct address address[CONFIG_LISTEN_MAX]; /* with real ports */
	size_t count;
	bool passed; /* by the service manager */
};

/*
 * Every passed stream socket is used, whatever the configuration says; where
 * the two differ there is a warning.  Failures are logged.
 */
int listeners_open(const struct main_config *config,
		   struct listeners *ret) _must_check_;
/* Closes those that were not taken. */
void listeners_done(struct listeners *l);

/* "127.0.0.1:25800 and 127.0.0.1:26800"; more with ", " between them. */
int listeners_text(const struct listeners *l, const char *last,
		   struct buf *out) _must_check_;

#endif
