# SPDX-License-Identifier: MIT
# src/store/load.c: what a crash left of a write is left where it is.
/^static int mend(/,/^}/s/^	if (l->tail.damaged)/	if (l->tail.damaged \&\& !bug_on(BUG_TORN_TAIL_KEPT))/
