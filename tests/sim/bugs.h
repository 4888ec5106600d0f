/* SPDX-License-Identifier: MIT */
/*
 * Deliberate bugs, to see whether the simulation finds them (README has the
 * table).  One at a time is on, for the whole process: the patched copies of
 * our sources have no other way to ask.
 */
#ifndef SIM_BUGS_H
#define SIM_BUGS_H

#include <stdbool.h>

enum bug {
	BUG_NONE,
	/* Between the responder and its disk. */
	BUG_SYNC_LEFT_OUT,
	BUG_ACK_BEFORE_SYNC,
	BUG_PROMISE_IN_MEMORY,
	BUG_PROMISE_NOT_STORED,
	BUG_APPEND_PART,
	BUG_APPEND_SAYS_HELD,
	BUG_FULL_AS_SUCCESS,
	BUG_PUBLISH_BEFORE_SYNC,
	BUG_FIND_ID_NEVER,
	BUG_FETCH_SKIPS_ONE,
	BUG_TOTAL_UNFILTERED,
	BUG_PARTNERS_COUNT_OPENING,
	/* On the network. */
	BUG_OLD_EPOCH_ACCEPTED,
	BUG_ACK_FORGED,
	BUG_ANSWERS_CROSSED,
	BUG_LEASE_FORGED,
	/* Around the engines. */
	BUG_CLOCK_STOPS,
	BUG_TWO_ON_ONE_BLOCK,
	BUG_ID_RENEWED,
	/* In patched copies of the sources: bugs/NAME.sed. */
	BUG_PATCHED,
	BUG_ANSWER_EARLY = BUG_PATCHED,
	BUG_AS_OF_IGNORED,
	BUG_BALANCE_STAGED,
	BUG_CLAIM_OVER_SYNC,
	BUG_DIRECTORY_NOT_SYNCED,
	BUG_DROP_NOT_UNDONE,
	BUG_FAILOVER_NEW_BATCH,
	BUG_FILTER_NOT_LOADED,
	BUG_ID_NOT_KEPT,
	BUG_INCOMPLETE_ANSWERS,
	BUG_INSUFFICIENT_EARLY,
	BUG_IRREGULAR_NOT_NAMED,
	BUG_LEASE_FROM_ANSWER,
	BUG_LEASE_IGNORED,
	BUG_OVERDUE_REFUSED,
	BUG_PAGE_SKIPPED,
	BUG_RECEIPT_ANEW,
	BUG_REUSE_UNNOTICED,
	BUG_SYNC_ERROR_IGNORED,
	BUG_TIME_GOES_BACK,
	BUG_TORN_TAIL_KEPT,
	BUGS
};

const char *bug_name(enum bug b);
/* BUG_NONE: there is no such bug. */
enum bug bug_find(const char *name);
void bug_switch_on(enum bug b);
bool bug_on(enum bug b);
bool bug_on_any(void);

#endif
