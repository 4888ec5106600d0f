/* SPDX-License-Identifier: MIT */
/*
 * Orders that are done together or not at all, and the text in which a pending
 * group is kept.  A lone order is a group of one, with the order's id.
 */
#ifndef WALLETCTL_GROUP_H
#define WALLETCTL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"
#include "walletctl/order.h"

/* So many the main daemon takes together (chain-protocol(7), EXEC). */
#define GROUP_MAX 1000

/* Owns its orders and texts; all orders are for one server. */
struct group {
	char *id; /* of a lone order: the order's */
	struct order *order;
	size_t count;
	/* Where they were read, which is not kept on disk; NULL: nowhere. */
	const char *source; /* borrowed */
	uint64_t *line;
};

/* A lone order as a group that borrows it, and must not be freed. */
struct group group_of(struct order *o);
/* Was it given by itself?  A list may have one order, too. */
bool group_is_lone(const struct group *g);
void group_done(struct group *g);
/* The same orders under the same id? */
bool group_equal(const struct group *a, const struct group *b);

/* Add *@o, which was read on @line, and take what it owns.  0 or -ENOMEM. */
int group_add(struct group *g, struct order *o, uint64_t line) _must_check_;

/* Append the file's text.  Returns 0 or -ENOMEM. */
int group_write(const struct group *g, struct buf *out) _must_check_;
/* -EBADMSG if @text is not wholly what group_write() writes; -ENOMEM. */
int group_read(struct slice text, struct group *ret) _must_check_;

#endif
