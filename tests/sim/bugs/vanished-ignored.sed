# SPDX-License-Identifier: MIT
# src/main/recovery.c: the ledger opens over a backend that has lost its block.
/^static bool has_vanished(/,/^}/s/bool empty = /&!bug_on(BUG_VANISHED_IGNORED) \&\& /
