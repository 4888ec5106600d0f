# SPDX-License-Identifier: MIT
# src/backend/responder.c: a claim is granted although another has a lease.
s/^	if (same || r->lease_until <= q->now) {/	if (bug_on(BUG_LEASE_IGNORED) || same || r->lease_until <= q->now) {/
