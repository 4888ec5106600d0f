# SPDX-License-Identifier: MIT
# src/main/engine.c: an answer is taken for complete whoever is absent.
/^bool engine_complete(/,/^}/s/^	if (!missed)$/	if (!missed || bug_on(BUG_ABSENT_INCOMPLETE))/
