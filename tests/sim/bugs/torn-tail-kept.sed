# SPDX-License-Identifier: MIT
# src/store/load.c: what a crash left of a write is left where it is.
/^static int mend(/,/^}/s/^	if (l->cut)/	if (l->cut \&\& !bug_on(BUG_TORN_TAIL_KEPT))/
