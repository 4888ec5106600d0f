# SPDX-License-Identifier: MIT
# src/main/checkpoint.c: a start from a checkpoint knows no irregular ranges.
/^static int take_irregulars(/,/^}/s/n < s->irregulars.count/& \&\& !bug_on(BUG_CHECKPOINT_IRREGULAR_LEFT_OUT)/
