# SPDX-License-Identifier: MIT
# src/main/refill.c: a refilled copy names the home, not those before it.
/^static int put_line(/i\
static size_t first_name(const struct refill_names *of)\
{\
	const char *comma = memchr(of->text, ',', of->len);\
\
	return comma ? (size_t)(comma - of->text) : of->len;\
}\

/^static int put_line(/,/^}/s/(int)of->len/(int)(bug_on(BUG_REFILL_NAMES_TOO_FEW) ? first_name(of) : of->len)/
