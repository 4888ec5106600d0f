# SPDX-License-Identifier: MIT
# src/main/irregular.c: records that two blocks call their own count in both.
/^bool irregulars_filter(/,/^}/s/^	for (size_t n = 0; n < i->count; n++) {/	for (size_t n = 0; n < i->count \&\& !bug_on(BUG_IRREGULAR_NOT_NAMED); n++) {/
