# SPDX-License-Identifier: MIT
# src/main/order.c: a refusal is told before what it rests on is durable.
s/^	if (!rests_on_staged || commit_idle(e)) {/	if (bug_on(BUG_INSUFFICIENT_EARLY) || !rests_on_staged || commit_idle(e)) {/
