# SPDX-License-Identifier: MIT
# src/main/verify.c: balances of the end are held against the history of the beginning.
/^static bool compare_balance(/,/^}/s/^	struct amount balance = AMOUNT_ZERO;/&\n\n	if (bug_on(BUG_VERIFY_LATE) \&\& !ledger_user_balance(e->ledger, user, \&v->balance[user]))\n		v->balance[user] = AMOUNT_ZERO;/
