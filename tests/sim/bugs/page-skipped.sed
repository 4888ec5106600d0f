# SPDX-License-Identifier: MIT
# src/main/stream.c: a page is taken although the one before it was lost.
/^static void fetch_answer(/,/^}/s/^	if (m.after != b->covered ||/	if ((bug_on(BUG_PAGE_SKIPPED) ? m.after < b->covered : m.after != b->covered) ||/
