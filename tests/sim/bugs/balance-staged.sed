# SPDX-License-Identifier: MIT
# src/ledger/ledger.c: a balance is told from the batch in the making.
/^int ledger_balance(/,/^}/s/^	\*ret = wallets_balance(l->wallets, user);/	*ret = bug_on(BUG_BALANCE_STAGED) ? wallets_staged_balance(l->wallets, user) : wallets_balance(l->wallets, user);/
