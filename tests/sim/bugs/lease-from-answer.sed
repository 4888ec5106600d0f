# SPDX-License-Identifier: MIT
# src/main/link.c: a lease is counted from its answer, not from its question.
/^static void ping_answer(/,/^}/s/^	int64_t sent_at = c->sent_at;/	int64_t sent_at = bug_on(BUG_LEASE_FROM_ANSWER) ? l->engine->now : c->sent_at;/
