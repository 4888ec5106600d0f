/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the check share: records that form a chain, files on a disk
 * in memory, and what was said of them.
 */
#ifndef TEST_CHECK_KIT_H
#define TEST_CHECK_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/check.h"
#include "ledger/chain.h"
#include "util/buf.h"
#include "util/slice.h"

#include "test_store_disk.h"

#define KIT_A "/a.txt"
#define KIT_B "/b.txt"

/* Makes records one after the other; begin with kit_maker. */
struct maker {
	uint64_t serial; /* of the next record */
	int64_t time; /* of the next record */
	uint64_t amount;
	const char *id;
	bool whole; /* the batch stands or falls as one */
	uint8_t hash[CHAIN_HASH_SIZE];
};
extern const struct maker kit_maker;

/* Append the @position-th record of a batch of @size; @of may be NULL. */
void kit_record(struct maker *m, uint32_t position, uint32_t size,
		const char *of, struct buf *out);
/* Append @count records, each a batch of its own. */
void kit_records(struct maker *m, uint32_t count, struct buf *out);
/* Append an old record. */
void kit_old(struct maker *m, const char *line, struct buf *out);

struct kit {
	struct disk disk;
	struct check_options options;
	struct check *check;
	struct buf said; /* faults, a line each */
	struct buf done; /* what a cut did, a line each */
};

void kit_init(struct kit *k);
void kit_done(struct kit *k);
void kit_put(struct kit *k, const char *path, struct slice text);
/* Forget what was said and open those of KIT_A and KIT_B that there are. */
int kit_open(struct kit *k, bool alone);
/* The same, and verify: must succeed. */
const struct check_summary *kit_run(struct kit *k);
/* Fails the test if other faults were said. */
void kit_expect(const struct kit *k, const char *said);

struct slice kit_text(const struct buf *b);
/* Drop line number @line, counted from 1; returns where it began. */
size_t kit_drop_line(struct buf *b, unsigned line);

#endif
