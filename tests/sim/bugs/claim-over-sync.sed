# SPDX-License-Identifier: MIT
# src/backend/responder.c: a claim is answered while a batch of the epoch before
# is on its way to the disk.
/^static void on_claim(/,/^}/s/^	if (r->syncing)/	if (r->syncing \&\& !bug_on(BUG_CLAIM_OVER_SYNC))/
