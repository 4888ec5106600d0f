# SPDX-License-Identifier: MIT
# src/main/refill.c: each record of a group is given to whoever is drawn for it.
/^static int share_out(/,/^}/s/ && within)/ \&\& within \&\& !bug_on(BUG_REFILL_SPLITS_GROUP))/
