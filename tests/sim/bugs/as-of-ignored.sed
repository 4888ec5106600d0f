# SPDX-License-Identifier: MIT
# src/main/query.c: each backend answers as of when the question gets there.
s/^	q->upto = ledger_serial(e->ledger);/	q->upto = bug_on(BUG_AS_OF_IGNORED) ? INT64_MAX : ledger_serial(e->ledger);/
