# SPDX-License-Identifier: MIT
# src/backend/responder.c: a block is set aside also when it has promised since.
/^static void promise(/,/^}/s/q->state->epoch <= m->lost_in/(bug_on(BUG_BEGIN_EMPTY_ALWAYS) || &)/
