/* SPDX-License-Identifier: MIT */
/*
 * One transaction as a line of text, the grammar of chain-block(5):
 *
 *	serial sender receiver amount
 *	serial sender receiver amount t=TIME[ b=K/N[!]][ id=ID][ m=MEMO] h=HASH[ of=A[,B…]]
 *	serial sender receiver amount h=HASH[ of=A[,B…]]
 *
 * The third is an old record, the first form, as it is refilled.
 *
 * To change it safely: add a field behind the known ones and before h=, keep
 * reading the old form, add a case to the golden file, bump nothing else: old
 * records stand as they are for ever, their hashes cover their text.
 */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "ledger/chain.h"
#include "util/slice.h"

/* Bytes of a line without its newline; the largest legal one is shorter. */
#define RECORD_LINE_MAX 1100
/* Records in one batch, the largest N of b=K/N. */
#define RECORD_BATCH_MAX 8192
/* The same of b=K/N!: each record in a datagram of its own, they fit a batch. */
#define RECORD_WHOLE_MAX 1000
/* Bytes of of=, and block names in it. */
#define RECORD_OF_MAX 255
#define RECORD_OF_NAMES_MAX 15

/* Strings are borrowed from the parsed line. */
struct record {
	uint64_t serial; /* 1 to 2^63-1 */
	struct slice sender;
	struct slice receiver; /* equal to sender only with amount 0: an opening */
	struct amount amount;
	bool chained; /* bears t= and h=: made by our daemons */
	bool sealed; /* bears h=: chained, or a refilled copy of an old one */
	int64_t time; /* microseconds since 1970; 0 on old records */
	uint32_t batch_position; /* 1 to batch_size; 1 of 1 without b= */
	uint32_t batch_size;
	bool whole; /* b=K/N!: the batch is there to its end, or not at all */
	struct slice id; /* empty: none */
	struct slice memo; /* percent-encoded; empty: none */
	uint8_t hash[CHAIN_HASH_SIZE]; /* only if sealed */
	struct slice of; /* names between commas; empty: the record's home */
	struct slice body; /* what the hash covers; of old records the four columns */
};

/*
 * Parse one line (no newline; one final CR is dropped from an old record).
 * Returns 0, or -EBADMSG and then *ret_fault is what is wrong and what was
 * expected, as a sentence without file and line ("amount: expected digits,
 * found \"abc\"" is fine without the quote: a constant string).
 */
int record_parse(struct slice line, struct record *ret, const char **ret_fault)
	_must_check_;

/*
 * Write the part that the hash covers (everything before " h=") of a record
 * to be chained; @r->body, hash, of are not looked at.  Returns its length.
 * @r must be valid, and whole only in a batch of 2 to RECORD_WHOLE_MAX: our own
 * bug otherwise.
 */
size_t record_format_body(const struct record *r, char out[RECORD_LINE_MAX]);

/* Two lines tell of the same transaction: same body, and same hash if both bear one. */
bool record_same(const struct record *a, const struct record *b);

/* Take the next name out of *@of, a record's of=; false at the end. */
bool record_next_of(struct slice *of, struct slice *ret);

/* Is @name one of the names in @of? */
bool record_of_contains(struct slice of, struct slice name);

#endif
