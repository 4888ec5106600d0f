/* SPDX-License-Identifier: MIT */
/*
 * Block files verified together, offline: the grammar of every line, serials,
 * doubles, the chain over all files, times, balances.  Says each fault with
 * its place, and up to which serial the files are whole.  Knows nothing of
 * daemons and configuration.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "ledger/chain.h"
#include "util/cleanup.h"
#include "util/fileops.h"

/* Files in one go. */
#define CHECK_FILES_MAX 1000

/* One sentence, without newline.  Not 0 ends the work, which returns it. */
typedef int (*check_say)(void *arg, const char *sentence);

struct check_options {
	struct amount initial; /* with which each user starts */
	bool tip_given;
	uint64_t tip_serial; /* 0: before the first record */
	uint8_t tip_hash[CHAIN_HASH_SIZE];
	check_say say_fault;
	check_say say_done; /* what check_cut() did */
	void *arg; /* of both */
};

struct check_summary {
	uint64_t serial; /* up to which the files are whole; 0: nothing is */
	uint8_t tip[CHAIN_HASH_SIZE]; /* there */
	uint64_t transactions; /* up to there, and so are these: */
	uint64_t users;
	struct sum coins;
	uint64_t gaps; /* serials missing among old records */
	uint64_t first_gap;
	uint64_t doubles; /* lines that say again what another one says */
	uint64_t beyond; /* transactions past the whole part */
	uint64_t faults;
	uint64_t repeats; /* of them, ids used twice in the whole part */
	bool tip_wrong; /* the files do not lead to the tip that was given */
};

struct check;

/* @ops is borrowed, @options copied. */
int check_new(const struct fileops *ops, const struct check_options *options,
	      struct check **ret) _must_check_;
struct check *check_free(struct check *c);
DEFINE_CLEANUP(struct check, check_free);

/*
 * Add a file; @alone: it is to be cut, so nobody else may have it.  Errors as
 * book_open(); -EEXIST: it was added before, maybe under another name;
 * -E2BIG: too many.
 */
int check_open(struct check *c, const char *path, bool alone) _must_check_;

/*
 * Verify all of them, once.  0, whatever was found; -ESTALE: a file has changed
 * meanwhile; other errors of reading; -ENOMEM; -EFBIG: more lines than can be
 * counted; or what the say functions returned.
 */
int check_run(struct check *c) _must_check_;
const struct check_summary *check_summary(const struct check *c);

/* The file that an error is about; NULL: none. */
const char *check_culprit(const struct check *c);

/* Give a new file the owner and mode of the one that it stands in for. */
typedef int (*check_own)(int fd, const struct stat *as);

/*
 * Behind check_run(), with files opened alone: set aside every line past the
 * whole part, and every line that is no record, into FILE.cut-at-SERIAL, and
 * leave the rest.  Each file is replaced in one step, durably; a line is at
 * any time in the file or beside it.  @own may be NULL.  Errors as check_run()
 * and of writing; files before the culprit are cut then, others untouched.
 */
int check_cut(struct check *c, check_own own) _must_check_;

#endif
