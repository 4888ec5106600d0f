# SPDX-License-Identifier: MIT
# src/main/recovery.c: the ids on record are forgotten at a restart.
s/^	if (!error && r->record.id.len)/	if (!error \&\& r->record.id.len \&\& !bug_on(BUG_FILTER_NOT_LOADED))/
