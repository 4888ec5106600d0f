# SPDX-License-Identifier: MIT
# src/backend/responder_append.c: a refill is appended while a batch is being synced.
/^static void collect(/,/^}/s/^		if (!r->syncing)/		if (!r->syncing || (bug_on(BUG_REFILL_IN_SYNC) \&\& in->refill))/
