# SPDX-License-Identifier: MIT
# src/main/commit.c: a group is a batch as others, and a crash may leave part of it.
s/^		\.whole = c->whole,/		.whole = c->whole \&\& !bug_on(BUG_GROUP_NOT_MARKED),/
