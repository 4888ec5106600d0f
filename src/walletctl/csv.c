/* SPDX-License-Identifier: MIT */
/*
 * A field is what stands between commas.  One that begins with a quote ends at
 * the next quote that is not doubled, and must end there.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "walletctl/csv.h"

struct rest {
	const char *p;
	const char *end;
	char *room; /* for what is not in @p as it is meant */
};

/* Behind the opening quote; the closing one is taken too. */
static const char *take_quoted(struct rest *s, struct slice *ret)
{
	char *start = s->room;

	for (;; s->p++) {
		if (s->p == s->end)
			return "a quote is not closed on its line";
		if (*s->p == '"') {
			s->p++;
			if (s->p == s->end || *s->p != '"')
				break;
		}
		*s->room++ = *s->p;
	}
	*ret = (struct slice){ start, (size_t)(s->room - start) };
	return NULL;
}

static const char *take_plain(struct rest *s, struct slice *ret)
{
	const char *start = s->p;

	for (; s->p < s->end && *s->p != ','; s->p++)
		if (*s->p == '"')
			return "a quote in a field that does not begin with "
			       "one";
	*ret = (struct slice){ start, (size_t)(s->p - start) };
	return NULL;
}

static const char *take_field(struct rest *s, struct slice *ret)
{
	const char *fault;

	if (s->p == s->end || *s->p != '"')
		return take_plain(s, ret);
	s->p++;
	fault = take_quoted(s, ret);
	if (!fault && s->p < s->end && *s->p != ',')
		fault = "expected a comma behind a closing quote";
	return fault;
}

static const char *read_fields(struct rest *s, struct csv_line *l)
{
	for (;;) {
		const char *fault;

		if (l->fields == CSV_FIELDS_MAX)
			return "there are more than 64 fields";
		fault = take_field(s, &l->field[l->fields++]);
		if (fault || s->p == s->end)
			return fault;
		s->p++;
	}
}

int csv_read(struct slice line, char *room, struct csv_line *ret,
	     const char **ret_fault)
{
	struct rest s = { line.p, line.p + line.len, room };
	const char *fault;

	ret->fields = 0;
	fault = read_fields(&s, ret);
	if (!fault)
		return 0;
	*ret_fault = fault;
	return -EBADMSG;
}

static bool needs_quotes(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(",\"\r\n", text.p[i]))
			return true;
	return false;
}

void csv_write(FILE *out, struct slice text)
{
	if (!needs_quotes(text)) {
		(void)fwrite(text.p, 1, text.len, out);
		return;
	}
	putc('"', out);
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '"')
			putc('"', out);
		putc(text.p[i], out);
	}
	putc('"', out);
}
