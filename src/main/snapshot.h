/* SPDX-License-Identifier: MIT */
/*
 * A checkpoint as text: what a history came to up to one serial, so that a
 * start needs to read only what lies past it.  Lines, ended by a newline, in
 * this order:
 *
 *	alichain checkpoint 1
 *	epoch 7				of the main daemon that wrote it
 *	serial 1234
 *	hash HEX			of the chain, behind that serial
 *	time 2026-11-22T13:37:00.123456Z
 *	records 1234			fewer than serials, where those have gaps
 *	gap 0				the first serial missing; 0: none
 *	old 9				serial of the newest old record; 0: none
 *	initial 1000
 *	copies 1
 *	backends 3			and a line for each:
 *	backend A 411			name, records up to the serial, copies too
 *	strangers 0			and a line for each:
 *	stranger D			a name in of= that is not configured
 *	irregulars 1			and a line for each:
 *	irregular 5 7 A,B C		from, to, holders, others; -: nobody
 *	users 12			and a line for each, as they joined:
 *	user Ali 845
 *	ids 34				operation ids, and the filter over them:
 *	filter 17 BASE64		its pieces that are not zero, by number
 *	seal HEX			BLAKE2b-256 of all before this line
 *
 * To change it safely: change the number in the first line.  A checkpoint of
 * another version is thrown away, which costs time and nothing else.  So do it
 * also when the filter changes (ledger/idfilter.c).
 */
#ifndef MAIN_SNAPSHOT_H
#define MAIN_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#include "ledger/chain.h"
#include "ledger/idfilter.h"
#include "ledger/ledger.h"
#include "main/engine.h"
#include "main/irregular.h"
#include "main/survey.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"

/* Bytes of text that one call makes, or some more. */
#define SNAPSHOT_PIECE 65536

struct snapshot_backend {
	char name[BLOCK_NAME_MAX + 1];
	uint64_t records;
};

struct snapshot {
	uint64_t epoch;
	struct ledger_place place;
	uint64_t newest_old;
	struct amount initial;
	uint32_t copies;
	size_t backends;
	struct snapshot_backend backend[ENGINE_BACKENDS_MAX];
	struct strangers strangers;
	/* Backends are bits by their place in backend[]. */
	struct irregulars irregulars;
	uint64_t users;
	uint64_t ids;

	/* What was read, owned: */
	struct ledger *ledger;
	struct idfilter *filter;
	/* To be written, owned: by user number. */
	struct amount *balance;
};

/* Begin with { 0 }. */
void snapshot_done(struct snapshot *s);

/*
 * Read @text strictly; @key is of the ledger's hashing.  0; -EBADMSG and
 * *ret_fault, the end of a sentence ("line 12 is no \"backend\""); -ENOMEM.
 */
int snapshot_read(struct slice text, const uint8_t key[MAP_KEY_SIZE],
		  struct snapshot *ret, struct buf *fault) _must_check_;

/*
 * Write @s, which is borrowed, piece by piece.  Names come from @ledger, and the
 * filter from @filter, as they are when it is their turn: users who joined since,
 * and ids that were added, do no harm.
 */
struct snapshot_writer {
	const struct snapshot *s;
	const struct ledger *ledger;
	const struct idfilter *filter;
	crypto_generichash_state seal;
	uint64_t user; /* the next one; */
	uint64_t piece; /* the filter's */
	enum {
		SNAPSHOT_HEAD,
		SNAPSHOT_USERS,
		SNAPSHOT_FILTER,
		SNAPSHOT_SEAL,
		SNAPSHOT_WRITTEN,
	} stage;
};

void snapshot_write(struct snapshot_writer *w, const struct snapshot *s,
		    const struct ledger *ledger, const struct idfilter *filter);
/* The next piece into @out, which is cleared.  1: there is more; 0; -ENOMEM. */
int snapshot_next(struct snapshot_writer *w, struct buf *out) _must_check_;

#endif
