# SPDX-License-Identifier: MIT
# src/main/commit.c: of a batch that is overdue it is told that nothing happened.
/^static void give_up(/,/^}/s/unknown\.code,/bug_on(BUG_OVERDUE_REFUSED) ? OUTCOME_UNAVAILABLE : unknown.code,/
