# SPDX-License-Identifier: MIT
# src/main/checkpoint.c: a checkpoint is used though backends hold other records.
/^static void compare_counts(/,/^}/s/if (holds == s->backend\[i\].records)/if (holds == s->backend[i].records || bug_on(BUG_CHECKPOINT_COUNTS_IGNORED))/
