# SPDX-License-Identifier: MIT
# src/main/snapshot.c: a checkpoint has balances of a later serial than it says.
/^static int put_users(/,/^}/s/amount_to_u64(s->balance\[user\])/amount_to_u64(({ struct amount now = s->balance[user]; if (bug_on(BUG_CHECKPOINT_LATE) \&\& !ledger_user_balance(w->ledger, user, \&now)) now = s->balance[user]; now; }))/
