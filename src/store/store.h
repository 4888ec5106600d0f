/* SPDX-License-Identifier: MIT */
/*
 * What a backend needs of the place where its block is kept.  The text file
 * (textstore.h) is the first kind and the default; another kind stands behind
 * the same calls.  A batch goes in two steps, so that the wait for the disk
 * can be anyone's: append writes, sync makes durable, publish shows.  Reads
 * see what is published, and nothing else.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "util/cleanup.h"
#include "util/slice.h"

#define STORE_NONCE_SIZE 16

struct store;

struct store_state {
	uint64_t last_serial; /* highest published, own or copy; 0: none */
	uint64_t records;
	uint64_t epoch; /* promised; 0: none yet */
	uint8_t nonce[STORE_NONCE_SIZE];
	bool full; /* no room for a batch of the largest size */
};

struct store_range {
	uint64_t from;
	uint64_t to;
	bool take;
};

/* Which records count; see struct message_filter, whose twin this is. */
struct store_filter {
	bool everything;
	const struct slice *absent;
	size_t absents;
	const struct store_range *range;
	size_t ranges;
};

/* Records with after < serial <= upto, of @user if not empty. */
struct store_query {
	uint64_t after;
	uint64_t upto;
	struct slice user;
	struct store_filter filter;
};

struct store_total {
	uint64_t records;
	struct sum net; /* the user's: received less sent */
};

struct store_partner {
	struct slice name; /* borrowed from the store */
	uint64_t count;
	struct sum net; /* the user's with this one: received less sent */
};

/*
 * Takes one record's stored line (no newline; an old one as its four columns),
 * serials rising.  False: no more, the one just given counts as not taken.
 */
typedef bool (*store_visit)(void *arg, uint64_t serial, struct slice line);

struct store_ops {
	/* Closes and frees. */
	void (*close)(struct store *s);
	void (*state)(const struct store *s, struct store_state *ret);
	/*
	 * Write a batch: @lines are @records lines of serials @first and up,
	 * each ended by a newline, kept for @of (empty: at home here).  Lines
	 * that the block has already are left out.  0: written, sync it, or, if
	 * *ret_held, all of it was here and durable before.  -ENOSPC: full,
	 * nothing written.  -EEXIST: below the last serial and not here.
	 * -EBADMSG: not records of that range, or part of a batch that stands
	 * or falls as one.  -ENOMEM: nothing written.
	 * -ESTALE: the file was changed behind us.  That, and all others, are
	 * fatal: the process must end.  Not before the last was published.
	 */
	int (*append)(struct store *s, uint64_t first, uint32_t records,
		      struct slice of, struct slice lines, bool *ret_held);
	/*
	 * Write records that the block lacks, for another to be whole again:
	 * @lines are @records lines of rising serials, wherever those lie, as
	 * they are to stand here: each with its h=, an old record too, and of=
	 * unless it is at home here.  Lines that the block has already are left
	 * out.  Returns as append does; -EEXIST: held with other contents.
	 */
	int (*refill)(struct store *s, uint32_t records, struct slice lines,
		      bool *ret_held);
	/* Make what was written durable; may run in a thread.  Errors are fatal. */
	int (*sync)(struct store *s);
	/* After a good sync: show what was written. */
	int (*publish)(struct store *s);
	/*
	 * Promise an epoch; durable when it returns 0.  -ENOSPC: there is no
	 * room, the old one holds.  Other errors are fatal.
	 */
	int (*promise)(struct store *s, uint64_t epoch,
		       const uint8_t nonce[STORE_NONCE_SIZE]);
	/*
	 * Set the records aside, never to be deleted by us, and begin empty;
	 * durable when it returns 0, and nothing but *ret_aside happened if
	 * there were none.  The promise stays.  *ret_aside, the caller's to be
	 * freed, says where they are; NULL: there were none.  Errors are fatal.
	 * Not while a batch is being written.
	 */
	int (*begin_empty)(struct store *s, char **ret_aside);
	int (*fetch)(struct store *s, const struct store_query *q,
		     store_visit visit, void *arg);
	/* The record with this id: visit() is called once or not at all. */
	int (*find_id)(struct store *s, struct slice id, uint64_t upto,
		       store_visit visit, void *arg);
	int (*total)(struct store *s, const struct store_query *q,
		     struct store_total *ret);
	/*
	 * The user's counterparts, by rising bytes of their names; an opening
	 * is nobody's.  *ret is the caller's, to be freed.
	 */
	int (*partners)(struct store *s, const struct store_query *q,
			struct store_partner **ret, size_t *ret_count);
	/* Is there room again?  Called now and then while full. */
	int (*recheck)(struct store *s);
};

/* The first member of each kind's own struct. */
struct store {
	const struct store_ops *ops;
};

#endif
