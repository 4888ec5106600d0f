# SPDX-License-Identifier: MIT
# src/main/refill.c: a pass goes on without a backend that is down, as if it were
# empty.
/^static bool all_usable(/,/^{/s/^{/{\
	if (bug_on(BUG_REFILL_WHILE_DOWN))\
		return true;/
/^static void read_on(/,/^}/s/\.all = true/.all = !bug_on(BUG_REFILL_WHILE_DOWN)/
