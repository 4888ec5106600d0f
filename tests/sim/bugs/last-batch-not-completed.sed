# SPDX-License-Identifier: MIT
# src/main/refill.c: the ledger opens though its last batch is on too few backends.
/^void refill_last_batch(/,/^}/s/!e->last_batch\.first/& || bug_on(BUG_LAST_BATCH_NOT_COMPLETED)/
