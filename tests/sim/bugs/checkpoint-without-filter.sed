# SPDX-License-Identifier: MIT
# src/main/checkpoint.c: a start from a checkpoint knows none of its ids.
/^static void use(/,/^}/{
s/^	idfilter_free(e->ids.filter);/	if (!bug_on(BUG_CHECKPOINT_WITHOUT_FILTER)) {\n&/
s/^	e->ids.filter = .*/&\n	}/
}
