# SPDX-License-Identifier: MIT
# src/store/textstore.c: the promise goes on telling of a refill when batches follow.
/^static int open_append(/,/^}/s/is_written(t, &p)/(bug_on(BUG_PROMISE_OPEN_NOT_CLEARED) \&\& !p.open) || &/
