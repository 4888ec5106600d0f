/* SPDX-License-Identifier: MIT */
/*
 * A store in memory for the tests of src/backend: does what store.h asks for,
 * slowly and plainly, counts its calls, and fails when told to.
 */
#ifndef TEST_BACKEND_FAKE_H
#define TEST_BACKEND_FAKE_H

#include "ledger/record.h"
#include "store/store.h"

struct fake_record {
	char *line;
	size_t len;
	struct record r; /* into the line */
	bool published;
};

struct fake_store {
	struct store store; /* first: it is one */
	struct fake_record *record;
	size_t records;
	size_t size;
	struct store_state promised; /* epoch and nonce only */
	uint64_t aside_in; /* what was promised when records were set aside */
	bool full;
	bool unsynced; /* written since the last good sync */

	/* What the next calls return instead of doing anything. */
	int append_error;
	int refill_error;
	int begin_empty_error;
	int sync_error;
	int publish_error;
	int promise_error;
	int read_error;

	unsigned int appends;
	unsigned int refills;
	unsigned int asides; /* blocks set aside; the last is in "aside.N" */
	unsigned int syncs;
	unsigned int publishes;
	unsigned int promises;
	unsigned int partners;
	unsigned int rechecks;
};

void fake_store_init(struct fake_store *f);
void fake_store_done(struct fake_store *f);
/* A published record "SERIAL SENDER RECEIVER AMOUNT …". */
void fake_store_add(struct fake_store *f, const char *line);

#endif
