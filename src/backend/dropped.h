/* SPDX-License-Identifier: MIT */
/*
 * Forged and damaged datagrams: none of them is worth a line of the log, all
 * of them together are.
 */
#ifndef BACKEND_DROPPED_H
#define BACKEND_DROPPED_H

#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"
#include "util/timestamp.h"

struct address;
struct dropped;
struct loop;
struct responder_counters;
struct server_counters;

/* How often a daemon warns, in microseconds. */
#define DROPPED_INTERVAL (10 * USEC_PER_SEC)

/*
 * One warning each @interval at most; @block is the name that it bears,
 * borrowed, as @loop is.
 */
int dropped_new(struct loop *loop, struct slice block, int64_t interval,
		struct dropped **ret) _must_check_;
struct dropped *dropped_free(struct dropped *d);
DEFINE_CLEANUP(struct dropped, dropped_free);

/* Behind a datagram from @from: look whether it was dropped. */
void dropped_look(struct dropped *d, const struct responder_counters *responder,
		  const struct server_counters *server,
		  const struct address *from);
/*
 * Warn of what was not told yet: at once if it is the first for a while, else
 * when the interval is over.
 */
void dropped_tell(struct dropped *d);

#endif
