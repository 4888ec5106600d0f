# SPDX-License-Identifier: MIT
# src/store/textstore.c: the promise does not tell of a refill that begins.
/^static int open_append(/,/^}/s/is_written(t, &p)/(bug_on(BUG_PROMISE_OPEN_NOT_WRITTEN) \&\& p.open) || &/
