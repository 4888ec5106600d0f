# SPDX-License-Identifier: MIT
# src/backend/responder.c: who was declared lost goes on with what it had.
/^static void promise(/,/^}/s/m->lost_in > 0/!bug_on(BUG_BEGIN_EMPTY_NEVER) \&\& &/
