# SPDX-License-Identifier: MIT
# src/store/batch.c: of a batch that stands or falls as one a block takes a part.
/^static int add_item(/,/^}/s/^	if (!whole_take(&s->group, r))/	if (!whole_take(\&s->group, r) \&\& !bug_on(BUG_REFILL_SPLITS_GROUP))/
s/^	if (r == 0 && (lines\.len > 0 || whole_partial(&s\.group)))/	if (r == 0 \&\& (lines.len > 0 || (whole_partial(\&s.group) \&\& !bug_on(BUG_REFILL_SPLITS_GROUP))))/
