# SPDX-License-Identifier: MIT
# src/main/refill.c: a refilled copy looks like the record itself.
/^static int put_line(/,/^}/s/of->len ? " of="/!bug_on(BUG_REFILL_WITHOUT_OF) \&\& &/
/^static int put_line(/,/^}/s/(int)\(.*of->len)*\),$/(int)(bug_on(BUG_REFILL_WITHOUT_OF) ? 0 : \1),/
