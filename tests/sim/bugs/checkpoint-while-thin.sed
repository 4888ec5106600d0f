# SPDX-License-Identifier: MIT
# src/main/checkpoint.c: a checkpoint is written while records are on too few.
/^static bool is_sound(/,/^}/s/^	if (e->history.first/	if (bug_on(BUG_CHECKPOINT_WHILE_THIN))\n		return true;\n&/
