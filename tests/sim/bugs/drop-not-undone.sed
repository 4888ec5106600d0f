# SPDX-License-Identifier: MIT
# src/main/commit.c: orders are dropped, the coins they staged stay moved.
s/^		ledger_unstage(e->ledger, &dropped\[i\].staged);/		if (!bug_on(BUG_DROP_NOT_UNDONE) || dropped[i].staged.sender == dropped[i].staged.receiver)\
	&/
