# SPDX-License-Identifier: MIT
# src/main/order.c: an id with other contents gets the receipt of the first.
/^bool op_same_op(/,/^}/s/^{/{\
	if (bug_on(BUG_REUSE_UNNOTICED))\
		return true;/
