# SPDX-License-Identifier: MIT
# src/main/ids.c: who asks again is told the balance of today.
s/^		total_ask(p->engine, p->record.op.sender, 0, p->serial,/		total_ask(p->engine, p->record.op.sender, 0,\
			  bug_on(BUG_RECEIPT_ANEW) ? ledger_serial(p->engine->ledger) : p->serial,/
