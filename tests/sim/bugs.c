/* SPDX-License-Identifier: MIT */
/*
 * The names of the deliberate bugs, and which one is on.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "bugs.h"

static const char *const names[BUGS] = {
	[BUG_NONE] = "none",
	[BUG_SYNC_LEFT_OUT] = "sync-left-out",
	[BUG_ACK_BEFORE_SYNC] = "ack-before-sync",
	[BUG_PROMISE_IN_MEMORY] = "promise-in-memory",
	[BUG_PROMISE_NOT_STORED] = "promise-not-stored",
	[BUG_APPEND_PART] = "append-part",
	[BUG_APPEND_SAYS_HELD] = "append-says-held",
	[BUG_FULL_AS_SUCCESS] = "full-as-success",
	[BUG_PUBLISH_BEFORE_SYNC] = "publish-before-sync",
	[BUG_FIND_ID_NEVER] = "find-id-never",
	[BUG_FETCH_SKIPS_ONE] = "fetch-skips-one",
	[BUG_TOTAL_UNFILTERED] = "total-unfiltered",
	[BUG_PARTNERS_COUNT_OPENING] = "partners-count-opening",
	[BUG_OLD_EPOCH_ACCEPTED] = "old-epoch-accepted",
	[BUG_ACK_FORGED] = "ack-forged",
	[BUG_ANSWERS_CROSSED] = "answers-crossed",
	[BUG_LEASE_FORGED] = "lease-forged",
	[BUG_CLOCK_STOPS] = "clock-stops",
	[BUG_TWO_ON_ONE_BLOCK] = "two-on-one-block",
	[BUG_ID_RENEWED] = "id-renewed",
	[BUG_ABSENT_INCOMPLETE] = "absent-incomplete",
	[BUG_ABSENT_NOT_NAMED] = "absent-not-named",
	[BUG_ANSWER_EARLY] = "answer-early",
	[BUG_AS_OF_IGNORED] = "as-of-ignored",
	[BUG_BALANCE_STAGED] = "balance-staged",
	[BUG_BEGIN_EMPTY_ALWAYS] = "begin-empty-always",
	[BUG_BEGIN_EMPTY_NEVER] = "begin-empty-never",
	[BUG_CHECKPOINT_COUNTS_IGNORED] = "checkpoint-counts-ignored",
	[BUG_CHECKPOINT_IRREGULAR_LEFT_OUT] = "checkpoint-irregular-left-out",
	[BUG_CHECKPOINT_LATE] = "checkpoint-late",
	[BUG_CHECKPOINT_OTHER_TIP] = "checkpoint-other-tip",
	[BUG_CHECKPOINT_WHILE_THIN] = "checkpoint-while-thin",
	[BUG_CHECKPOINT_WITHOUT_FILTER] = "checkpoint-without-filter",
	[BUG_CLAIM_OVER_SYNC] = "claim-over-sync",
	[BUG_DIRECTORY_NOT_SYNCED] = "directory-not-synced",
	[BUG_DROP_NOT_UNDONE] = "drop-not-undone",
	[BUG_FAILOVER_NEW_BATCH] = "failover-new-batch",
	[BUG_FILTER_NOT_LOADED] = "filter-not-loaded",
	[BUG_GROUP_NOT_MARKED] = "group-not-marked",
	[BUG_GROUP_PARTLY_SENT] = "group-partly-sent",
	[BUG_ID_NOT_KEPT] = "id-not-kept",
	[BUG_INCOMPLETE_ANSWERS] = "incomplete-answers",
	[BUG_INSUFFICIENT_EARLY] = "insufficient-early",
	[BUG_IRREGULAR_NOT_NAMED] = "irregular-not-named",
	[BUG_LAST_BATCH_NOT_COMPLETED] = "last-batch-not-completed",
	[BUG_LEASE_FROM_ANSWER] = "lease-from-answer",
	[BUG_LEASE_IGNORED] = "lease-ignored",
	[BUG_OVERDUE_REFUSED] = "overdue-refused",
	[BUG_PAGE_SKIPPED] = "page-skipped",
	[BUG_PROMISE_OPEN_NOT_CLEARED] = "promise-open-not-cleared",
	[BUG_PROMISE_OPEN_NOT_WRITTEN] = "promise-open-not-written",
	[BUG_RECEIPT_ANEW] = "receipt-anew",
	[BUG_REFILL_ACKNOWLEDGED_EARLY] = "refill-acknowledged-early",
	[BUG_REFILL_IN_SYNC] = "refill-in-sync",
	[BUG_REFILL_NAMES_TOO_FEW] = "refill-names-too-few",
	[BUG_REFILL_SPLITS_GROUP] = "refill-splits-group",
	[BUG_REFILL_WHILE_DOWN] = "refill-while-down",
	[BUG_REFILL_WITHOUT_OF] = "refill-without-of",
	[BUG_RESTART_FROM_START] = "restart-from-start",
	[BUG_REUSE_UNNOTICED] = "reuse-unnoticed",
	[BUG_SYNC_ERROR_IGNORED] = "sync-error-ignored",
	[BUG_THIN_FORGOTTEN] = "thin-forgotten",
	[BUG_TIME_GOES_BACK] = "time-goes-back",
	[BUG_TORN_TAIL_KEPT] = "torn-tail-kept",
	[BUG_VANISHED_IGNORED] = "vanished-ignored",
	[BUG_VERIFY_LATE] = "verify-late",
	[BUG_WHOLE_BATCH_TAIL_KEPT] = "whole-batch-tail-kept",
};

static enum bug switched_on;

const char *bug_name(enum bug b)
{
	return names[b];
}

enum bug bug_find(const char *name)
{
	for (size_t i = 1; i < BUGS; i++)
		if (strcmp(names[i], name) == 0)
			return (enum bug)i;
	return BUG_NONE;
}

void bug_switch_on(enum bug b)
{
	switched_on = b;
}

bool bug_on(enum bug b)
{
	return b != BUG_NONE && switched_on == b;
}

bool bug_on_any(void)
{
	return switched_on != BUG_NONE;
}
