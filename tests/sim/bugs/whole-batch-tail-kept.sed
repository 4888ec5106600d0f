# SPDX-License-Identifier: MIT
# src/store/load.c: part of a batch that falls as one is left at the end of a block.
s/^	if (tail_is_partial(&l->tail)) {/	if (tail_is_partial(\&l->tail) \&\& !bug_on(BUG_WHOLE_BATCH_TAIL_KEPT)) {/
