/* SPDX-License-Identifier: MIT */
/*
 * What opstore.c and opstore_entry.c share.
 */
#ifndef WALLETCTL_OPSTORE_INTERNAL_H
#define WALLETCTL_OPSTORE_INTERNAL_H

#include <sys/types.h>

#include "util/buf.h"
#include "walletctl/opstore.h"

struct opstore {
	const struct fileops *ops;
	char *directory;
	bool logs;
	struct opstore_entry *log; /* ours, all in it settled; or NULL */
};

struct opstore_entry {
	const struct fileops *ops;
	int fd; /* locked; -EBADF: somebody else has the lock */
	char *path; /* NULL: in a log of somebody else, who is at it */
	struct opstore *store; /* of a log that we write, else NULL */
	off_t end; /* of that log */
};

/* A file of that name, which is not open yet, and may not be there. */
int opstore_entry_new(const struct opstore *s, const char *name,
		      struct opstore_entry **ret) _must_check_;
/* Open and lock; -EWOULDBLOCK leaves it closed. */
int opstore_entry_lock(struct opstore_entry *e) _must_check_;
/* Unlock it. */
void opstore_entry_close(struct opstore_entry *e);
/* @e is *@other from now on. */
void opstore_entry_become(struct opstore_entry *e,
			  struct opstore_entry **other);

bool opstore_entry_is_log(const struct opstore_entry *e);
/*
 * What is pending in it.  -ENODATA: it is a log, and nothing is; -EBADMSG: it
 * is neither that nor an order.
 */
int opstore_entry_read(const struct opstore_entry *e,
		       struct group *ret) _must_check_;
/*
 * Make the file, whole, locked and durable.  -ENOENT: somebody has taken it for
 * a leftover meanwhile.
 */
int opstore_entry_write(struct opstore_entry *e,
			const struct buf *text) _must_check_;

#endif
