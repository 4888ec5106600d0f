/* SPDX-License-Identifier: MIT */
/*
 * The rules that are not the grammar's.
 */
#include "config.h"

#include <string.h>

#include "util/parse.h"

#include "store/judge.h"

struct slice judge_text(const struct scan_line *line)
{
	struct slice text = line->text;

	if (!line->ended && text.len == line->length && text.len > 1 &&
	    text.p[text.len - 1] == '\0')
		text.len--;
	return text;
}

bool judge_is_blank(struct slice text)
{
	return text.len == 0 || (text.len == 1 && text.p[0] == '\r');
}

const char *judge_record(struct slice text, struct record *ret)
{
	const char *fault;

	if (record_parse(text, ret, &fault) == 0)
		return NULL;
	/* No record has a zero byte; where one is, that is the better reason. */
	if (memchr(text.p, '\0', text.len))
		return "expected text, found a zero byte";
	return fault;
}

uint64_t judge_serial(struct slice text)
{
	const char *space = text.len ? memchr(text.p, ' ', text.len) : NULL;
	uint64_t serial;

	if (!space)
		return 0;
	text.len = (size_t)(space - text.p);
	return parse_u64_range(text, 1, INT64_MAX, &serial) < 0 ? 0 : serial;
}
