/* SPDX-License-Identifier: MIT */
/*
 * Text beyond ASCII is normalised by utf8proc, in a buffer on the stack, and
 * compared with what it was.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

#include "ledger/name.h"
#include "util/percent.h"

#include "ledger/newtext.h"

/* No character comes apart into more than this (UAX #15, UTF-32). */
#define PARTS_MAX 4
#define POINTS_MAX (PARTS_MAX * MEMO_MAX)

_Static_assert(USER_NAME_MAX <= MEMO_MAX, "a name fits where a memo does");

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

/* Well-formed text of at most MEMO_MAX bytes. */
static bool is_composed(struct slice text)
{
	utf8proc_int32_t points[POINTS_MAX + 1];
	utf8proc_ssize_t count;
	size_t at = 0;

	count = utf8proc_decompose((const utf8proc_uint8_t *)text.p,
				   (utf8proc_ssize_t)text.len, points,
				   POINTS_MAX, UTF8PROC_DECOMPOSE);
	if (count < 0 || count > POINTS_MAX)
		return false;
	count = utf8proc_normalize_utf32(points, count,
					 UTF8PROC_COMPOSE | UTF8PROC_STABLE);

	for (utf8proc_ssize_t i = 0; i < count; i++)
		if (utf8_next(text, &at) != points[i])
			return false;
	return at == text.len;
}

static bool has_ignorable(struct slice text)
{
	size_t at = 0;
	int point;

	while ((point = utf8_next(text, &at)) >= 0)
		if (utf8proc_get_property(point)->ignorable)
			return true;
	return false;
}

static const char *composed_fault(struct slice text)
{
	return is_composed(text) ? NULL : "is not in composed form (NFC)";
}

const char *new_name_fault(struct slice name)
{
	const char *fault = user_name_fault(name);

	if (fault || is_ascii(name))
		return fault;
	if (has_ignorable(name))
		return "contains an invisible or direction-changing character";
	return composed_fault(name);
}

const char *new_memo_fault(struct slice memo)
{
	const char *fault = memo_fault(memo);

	return fault || is_ascii(memo) ? fault : composed_fault(memo);
}

/* Letters alone, in small ones; -1 if @text is no name. */
static utf8proc_ssize_t letters(struct slice text,
				utf8proc_int32_t points[POINTS_MAX])
{
	utf8proc_ssize_t count;

	if (user_name_fault(text))
		return -1;
	count = utf8proc_decompose((const utf8proc_uint8_t *)text.p,
				   (utf8proc_ssize_t)text.len, points,
				   POINTS_MAX,
				   UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
					   UTF8PROC_CASEFOLD | UTF8PROC_IGNORE |
					   UTF8PROC_STRIPMARK);
	return count > POINTS_MAX ? -1 : count;
}

bool names_look_alike(struct slice a, struct slice b)
{
	utf8proc_int32_t of_a[POINTS_MAX];
	utf8proc_int32_t of_b[POINTS_MAX];
	utf8proc_ssize_t count;

	if (is_ascii(a) && is_ascii(b))
		return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
	count = letters(a, of_a);
	return count >= 0 && letters(b, of_b) == count &&
	       memcmp(of_a, of_b, (size_t)count * sizeof(of_a[0])) == 0;
}
