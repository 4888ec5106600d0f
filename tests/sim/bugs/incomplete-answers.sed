# SPDX-License-Identifier: MIT
# src/main/stream.c: a backend that is down is taken for one with no records.
/^static bool lowest_head(/,/^}/s/^		if (!b->ended)/		if (!b->ended \&\& !(bug_on(BUG_INCOMPLETE_ANSWERS) \&\& !branch_link(b)->up))/
