/* SPDX-License-Identifier: MIT */
/*
 * A block file, read a second time: by what chain-block(5) says, with nothing
 * of src/ledger/record.c and src/store, so that what those say of a block can
 * be compared with something.
 */
#ifndef FUZZ_READING_H
#define FUZZ_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/slice.h"

struct reading_line {
	uint64_t serial;
	struct slice sender;
	struct slice receiver;
	uint64_t amount;
	struct slice batch; /* K/N or K/N!; empty: a batch of one, or an old record */
	struct slice id;
	struct slice memo;
	bool chained;	   /* else an old record */
	struct slice hash; /* hex; empty: an old record as it was typed in */
	struct slice of;
	struct slice body;   /* what the chain seals */
	struct slice stored; /* body, or with a hash the whole line */
};

/* The records of a block by rising serial, identical ones once. */
struct reading {
	struct reading_line *line;
	size_t count;
	bool rising; /* serials do in the file */
};

/* Is @text, without newline, a record? */
bool reading_line(struct slice text, struct reading_line *ret);

/*
 * Read all of @text, which is borrowed.  False if a line is neither a record
 * nor blank, or two tell different things of one serial; free it all the same.
 */
bool reading_take(struct slice text, struct reading *ret);
void reading_done(struct reading *r);

/* The next line of *@rest, without its newline; false at the end. */
bool reading_next(struct slice *rest, struct slice *ret);

/* Is it one of those that @q asks for? */
bool reading_matches(const struct reading_line *l, const struct store_query *q);

/* Received less sent, by @user in @l. */
__int128 reading_net(const struct reading_line *l, struct slice user);

#endif
