/* SPDX-License-Identifier: MIT */
/*
 * Orders are kept on disk, delivered, forgotten when settled, and told of.
 */
#ifndef WALLETCTL_PLACING_H
#define WALLETCTL_PLACING_H

#include "walletctl/context.h"
#include "walletctl/delivery.h"
#include "walletctl/group.h"
#include "walletctl/opstore.h"

/* Bytes of an operation id that we make, and its text with a zero. */
#define PLACING_ID_BYTES 16
#define PLACING_ID_SIZE (2 * PLACING_ID_BYTES + 1)

/* An operation id that nobody else has. */
void placing_make_id(char out[PLACING_ID_SIZE]);

/* The state directory of this user.  A negative errno. */
int placing_open_store(struct opstore **ret) _must_check_;

/*
 * Keep @g, which has orders, and deliver it; or only ask, if d->dry_run is set,
 * which with ask_coin is for the caller.  STATUS_DONE: *d was filled in, for
 * delivery_done(), whatever has come of it.  Else why not was told.
 */
enum status placing_send(struct context *ctx, const struct group *g,
			 struct delivery *d);

/* The same of what was kept before, with @client; @entry is given away. */
void placing_resume(struct context *ctx, struct client *client,
		    const struct group *g, struct opstore_entry *entry,
		    struct delivery *d);

/* Send @g and tell of it; what has come of it. */
enum status placing_run(struct context *ctx, const struct group *g);

#endif
