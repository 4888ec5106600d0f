/* SPDX-License-Identifier: MIT */
/*
 * New transactions for those who asked to be told of them: the records of each
 * batch, once they are durable, as messages of the channel "transactions"
 * (chain-protocol(7)).  Knows no sessions and no sockets.
 */
#ifndef MAIN_FEED_H
#define MAIN_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/list.h"
#include "util/slice.h"

#define FEED_CHANNEL "transactions"

struct feed;

struct follower {
	struct list node;
	/*
	 * Whole messages, borrowed, in the order of their serials; nothing is
	 * left out between two calls.  Empty: there was no memory for some, and
	 * who follows must not be left to think that it has all.  It may leave.
	 */
	void (*push)(struct follower *f, struct slice messages);
};

int feed_new(struct feed **ret) _must_check_;
/* After the last follower has left. */
struct feed *feed_free(struct feed *f);
DEFINE_CLEANUP(struct feed, feed_free);

void follower_init(struct follower *f,
		   void (*push)(struct follower *f, struct slice messages));
bool follower_joined(const struct follower *f);
/* From the next batch on; nothing new if it has joined already. */
void feed_join(struct feed *feed, struct follower *f);
/* Nothing if it has not joined. */
void feed_leave(struct feed *feed, struct follower *f);
size_t feed_followers(const struct feed *feed);

/*
 * The records of a batch are durable: @lines as they stand in the block of
 * their home, newlines included.  If nobody follows, that is all.
 */
void feed_publish(struct feed *feed, struct slice lines);

#endif
