/* SPDX-License-Identifier: MIT */
/*
 * Rows of an answer.  Tables are libsmartcols'; JSON and bare lines are written
 * as they come, so that a long history is never held in memory; a table is
 * printed in parts for the same reason, the later ones without headings and at
 * least as wide as the first.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <libsmartcols/libsmartcols.h>

#include "walletctl/sheet.h"

#define COLUMNS_MAX 12
/* Rows of a table that are laid out together. */
#define TABLE_ROWS_MAX 10000

typedef struct libscols_table scols_table;
DEFINE_CLEANUP(scols_table, scols_unref_table);

struct sheet {
	FILE *out;
	enum form form;
	const struct column *columns;
	size_t count;
	size_t rows;
	struct libscols_table *table; /* the part in the making */
	size_t table_rows;
	size_t width[COLUMNS_MAX]; /* of the parts before */
};

/* On a terminal the memo is folded rather than cut. */
static int new_table(FILE *out, scols_table **ret)
{
	scols_table *t = scols_new_table();

	if (!t)
		return -ENOMEM;
	scols_table_set_stream(t, out);
	scols_table_set_termforce(t, isatty(fileno(out)) == 1
					     ? SCOLS_TERMFORCE_ALWAYS
					     : SCOLS_TERMFORCE_NEVER);
	*ret = t;
	return 0;
}

/* Cells come escaped: their backslashes are not to be escaped once more. */
static int new_column(scols_table *t, const char *heading, size_t width,
		      int flags)
{
	struct libscols_column *c;

	c = scols_table_new_column(t, heading, (double)width, flags);
	return c ? scols_column_set_safechars(c, "\\") : -ENOMEM;
}

/* Numbers stand to the right; what they are is seen in the first row. */
static int add_columns(struct sheet *s, const struct value *values)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct column *c = &s->columns[i];
		int flags = SCOLS_FL_WRAP;

		if (!c->heading)
			continue;
		if (values[i].kind == VALUE_NUMBER)
			flags = SCOLS_FL_RIGHT;
		/* A heading, even one that is not shown, goes before a width.
		 */
		if (new_column(s->table, s->rows ? "" : c->heading, s->width[i],
			       flags) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int begin_part(struct sheet *s, const struct value *values)
{
	int r = new_table(s->out, &s->table);

	if (r < 0)
		return r;
	scols_table_enable_noheadings(s->table, s->rows > 0);
	return add_columns(s, values);
}

static int end_part(struct sheet *s)
{
	size_t shown = 0;
	int r = scols_print_table(s->table);

	for (size_t i = 0; i < s->count; i++) {
		struct libscols_column *c;

		if (!s->columns[i].heading)
			continue;
		c = scols_table_get_column(s->table, shown++);
		if (c && scols_column_get_width(c) > s->width[i])
			s->width[i] = scols_column_get_width(c);
	}

	scols_unref_table(s->table);
	s->table = NULL;
	s->table_rows = 0;
	return r;
}

static int table_row(struct sheet *s, const struct value *values)
{
	struct libscols_line *line;
	struct buf cell = { 0 };
	size_t shown = 0;
	int r = 0;

	line = scols_table_new_line(s->table, NULL);
	if (!line)
		return -ENOMEM;

	for (size_t i = 0; i < s->count && r == 0; i++) {
		if (!s->columns[i].heading)
			continue;
		buf_clear(&cell);
		r = output_cell(&values[i], &cell);
		if (r == 0)
			r = scols_line_set_data(line, shown++,
						(const char *)cell.data);
	}
	buf_done(&cell);
	return r;
}

static int text_row(struct sheet *s, const struct value *values)
{
	int r = 0;

	if (!s->table)
		r = begin_part(s, values);
	if (r == 0)
		r = table_row(s, values);
	if (r < 0)
		return r;

	s->table_rows++;
	return s->table_rows == TABLE_ROWS_MAX ? end_part(s) : 0;
}

int sheet_new(FILE *out, enum form form, const struct column *columns,
	      size_t count, struct sheet **ret)
{
	struct sheet *s = malloc(sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct sheet){
		.out = out,
		.form = form,
		.columns = columns,
		.count = count,
	};
	*ret = s;
	return 0;
}

struct sheet *sheet_free(struct sheet *s)
{
	if (!s)
		return NULL;
	scols_unref_table(s->table);
	free(s);
	return NULL;
}

int sheet_row(struct sheet *s, const struct value *values)
{
	int r = 0;

	switch (s->form) {
	case FORM_TEXT:
		r = text_row(s, values);
		break;
	case FORM_JSON:
		fputs(s->rows ? ",\n" : "[\n", s->out);
		output_json_object(s->out, s->columns, s->count, values);
		break;
	case FORM_RAW:
		output_raw_line(s->out, values, s->count);
		break;
	}
	if (r == 0)
		s->rows++;
	return r;
}

int sheet_end(struct sheet *s)
{
	if (s->form == FORM_JSON)
		fputs(s->rows ? "\n]\n" : "[]\n", s->out);
	return s->table ? end_part(s) : 0;
}

size_t sheet_rows(const struct sheet *s)
{
	return s->rows;
}

int sheet_card(FILE *out, const struct column *columns, size_t count,
	       const struct value *values)
{
	_cleanup_(scols_unref_tablep) scols_table *t = NULL;
	struct buf cell = { 0 };
	int r = new_table(out, &t);

	if (r < 0)
		return r;
	scols_table_enable_noheadings(t, 1);
	if (new_column(t, "name", 0, 0) < 0 ||
	    new_column(t, "value", 0, SCOLS_FL_WRAP) < 0)
		return -ENOMEM;

	for (size_t i = 0; i < count && r == 0; i++) {
		struct libscols_line *line = scols_table_new_line(t, NULL);

		buf_clear(&cell);
		r = line ? output_cell(&values[i], &cell) : -ENOMEM;
		if (r == 0)
			r = scols_line_set_data(line, 0, columns[i].name);
		if (r == 0)
			r = scols_line_set_data(line, 1,
						(const char *)cell.data);
	}
	buf_done(&cell);
	return r < 0 ? r : scols_print_table(t);
}
