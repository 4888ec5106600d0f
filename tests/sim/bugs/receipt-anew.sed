# SPDX-License-Identifier: MIT
# src/main/lookup.c: who asks again is told the balance of today.
s/^		total_ask(l->engine, l->record.op.sender, 0, l->serial,/		total_ask(l->engine, l->record.op.sender, 0,\
			  bug_on(BUG_RECEIPT_ANEW) ? ledger_serial(l->engine->ledger) : l->serial,/
