/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the store share: records that form a chain, opening and
 * asking a store on a disk in memory.
 */
#ifndef TEST_STORE_TOOLS_H
#define TEST_STORE_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/chain.h"
#include "store/store.h"
#include "store/textstore.h"
#include "util/buf.h"
#include "util/slice.h"

#include "test_store_disk.h"

#define BLOCK "/block.txt"

extern const uint8_t tools_key[MAP_KEY_SIZE];

/* The three records of the original's first block. */
#define SAMPLE "5 Chinmay Oliver 129\n1 Racheal John 45\n9 Ali Luke 155\n"

/* Makes records one after the other; begin with .serial = the first. */
struct maker {
	uint64_t serial; /* of the next record */
	uint8_t hash[CHAIN_HASH_SIZE];
	bool whole; /* the batches stand or fall as one */
};

/* A record to be made; what is empty gets a default. */
struct made {
	const char *sender;
	const char *receiver;
	uint64_t amount;
	const char *id;
	const char *memo;
};

/* Append the lines of a batch of @count records to @out, each with newline. */
void maker_batch(struct maker *m, const struct made *records, uint32_t count,
		 struct buf *out);

/* The same with default records. */
void maker_plain(struct maker *m, uint32_t count, struct buf *out);

struct slice text_of(const struct buf *b);

/* Open; what is wanted is the result. */
int tools_open(struct disk *d, struct textstore_report *report,
	       struct store **ret);

/* Open, which must succeed without a report. */
struct store *tools_open_well(struct disk *d);

/* Append, sync, publish; all must succeed. */
void tools_commit(struct store *s, uint64_t first, uint32_t records,
		  const char *of, struct slice lines);

/* All lines that match, each with a newline. */
void tools_fetch(struct store *s, const struct store_query *q, struct buf *out);

/* All that the block holds. */
void tools_fetch_all(struct store *s, struct buf *out);

/*
 * Memory runs out at this call of reallocarray() from now on, and at those
 * behind it; 0: never.  All of the store's own arrays grow through it.
 */
extern unsigned tools_memory_ends;

/* Fails the test with both texts if they differ. */
void assert_text(struct slice found, struct slice expected);

#endif
