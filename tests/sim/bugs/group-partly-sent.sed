# SPDX-License-Identifier: MIT
# src/main/commit.c: the last order of a group goes with the next batch.
s/^		return at(c, c->head)->group;/		return at(c, c->head)->group - (bug_on(BUG_GROUP_PARTLY_SENT) \&\& at(c, c->head)->group > 2 ? 1u : 0u);/
