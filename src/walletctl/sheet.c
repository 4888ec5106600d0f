/* SPDX-License-Identifier: MIT */
/*
 * Rows of an answer.  Tables are libsmartcols'; all else is written as it
 * comes, so that a long history is never held in memory; a table is
 * printed in parts for the same reason, the later ones without headings and at
 * least as wide as the first.  On a terminal on which a table cannot be read, for
 * it is too narrow, each row is a card.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <libsmartcols/libsmartcols.h>

#include "walletctl/terminal.h"

#include "walletctl/sheet.h"

#define COLUMNS_MAX 12
/* Rows of a table that are laid out together. */
#define TABLE_ROWS_MAX 10000
/* Columns that text may be folded to: a name, or a day. */
#define FOLD_MIN 10
#define HEADING_COLOUR "bold"
#define NEGATIVE_COLOUR "red"

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
	size_t widest[COLUMNS_MAX]; /* of this part, if nothing is folded */
	bool folds[COLUMNS_MAX];
	bool cards;
};

/* On a terminal text is folded rather than cut; elsewhere it is left alone. */
static int new_table(FILE *out, scols_table **ret)
{
	scols_table *t = scols_new_table();

	if (!t)
		return -ENOMEM;
	scols_table_set_stream(t, out);
	scols_table_set_termforce(t, terminal_is(out) ? SCOLS_TERMFORCE_ALWAYS
						      : SCOLS_TERMFORCE_NEVER);
	scols_table_set_termwidth(t, terminal_columns(out));
	scols_table_enable_colors(t, terminal_has_colour(out));
	*ret = t;
	return 0;
}

/* Cells come escaped: their backslashes are not to be escaped once more. */
static int new_column(scols_table *t, const char *heading, size_t width,
		      int flags)
{
	struct libscols_column *c;

	c = scols_table_new_column(t, heading, (double)width, flags);
	if (!c)
		return -ENOMEM;
	if (scols_cell_set_color(scols_column_get_header(c), HEADING_COLOUR) <
	    0)
		return -ENOMEM;
	return scols_column_set_safechars(c, "\\");
}

/* Numbers stand to the right; what they are is seen in the first row. */
static int add_columns(struct sheet *s, const struct value *values)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct column *c = &s->columns[i];
		int flags = SCOLS_FL_WRAP;

		if (!c->heading)
			continue;
		if (value_is_number(&values[i]))
			flags = SCOLS_FL_RIGHT;
		else if (values[i].kind == VALUE_TIME)
			flags = 0;
		s->folds[i] = flags == SCOLS_FL_WRAP;
		s->widest[i] = strlen(c->heading);
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

/* Can a table be read on what there is of a terminal? */
static bool is_too_wide(const struct sheet *s)
{
	size_t needed = 0;

	if (!terminal_is(s->out))
		return false;
	for (size_t i = 0; i < s->count; i++) {
		if (!s->columns[i].heading)
			continue;
		needed += 1 + (s->folds[i] && s->widest[i] > FOLD_MIN
				       ? FOLD_MIN
				       : s->widest[i]);
	}
	return needed > 1 + terminal_columns(s->out);
}

static void put_coloured(FILE *out, const char *colour, const char *text,
			 int width)
{
	if (colour)
		fputs(colour, out);
	fprintf(out, "%-*s", width, text);
	if (colour)
		fputs("\033[0m", out);
}

static void put_card(struct sheet *s, struct libscols_line *line)
{
	bool colour = terminal_has_colour(s->out);
	int width = 0;
	size_t shown = 0;

	for (size_t i = 0; i < s->count; i++) {
		const char *heading = s->columns[i].heading;

		if (heading && (int)strlen(heading) > width)
			width = (int)strlen(heading);
	}
	for (size_t i = 0; i < s->count; i++) {
		struct libscols_cell *cell;
		const char *text;

		if (!s->columns[i].heading)
			continue;
		cell = scols_line_get_cell(line, shown++);
		text = scols_cell_get_data(cell);
		if (!text || !*text)
			continue;
		put_coloured(s->out, colour ? "\033[1m" : NULL,
			     s->columns[i].heading, width);
		putc(' ', s->out);
		put_coloured(s->out,
			     colour ? scols_cell_get_color(cell) : NULL, text,
			     0);
		putc('\n', s->out);
	}
}

/* With an empty line between two. */
static int put_cards(struct sheet *s)
{
	struct libscols_iter *at = scols_new_iter(SCOLS_ITER_FORWARD);
	bool first = s->rows < TABLE_ROWS_MAX;
	struct libscols_line *line;

	if (!at)
		return -ENOMEM;
	while (scols_table_next_line(s->table, at, &line) == 0) {
		if (!first)
			putc('\n', s->out);
		first = false;
		put_card(s, line);
	}
	scols_free_iter(at);
	return 0;
}

static int end_part(struct sheet *s)
{
	bool first = s->rows < TABLE_ROWS_MAX;
	size_t shown = 0;
	int r;

	if (first)
		s->cards = is_too_wide(s);
	r = s->cards ? put_cards(s) : scols_print_table(s->table);

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

/* @text is in column @i, the @n-th of those that are shown. */
static int set_cell(struct sheet *s, size_t i, struct libscols_line *line,
		    size_t n, const struct value *v, const char *text)
{
	size_t width = output_width(slice_of(text));
	int r = scols_line_set_data(line, n, text);

	if (width > s->widest[i])
		s->widest[i] = width;
	if (r == 0 && v->kind == VALUE_AMOUNT && v->number < 0)
		r = scols_cell_set_color(scols_line_get_cell(line, n),
					 NEGATIVE_COLOUR);
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
			r = set_cell(s, i, line, shown++, &values[i],
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
	case FORM_CSV:
		if (s->rows == 0)
			output_csv_names(s->out, s->columns, s->count);
		output_csv_line(s->out, values, s->count);
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
	if (s->form == FORM_CSV && s->rows == 0)
		output_csv_names(s->out, s->columns, s->count);
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
			r = scols_cell_set_color(scols_line_get_cell(line, 0),
						 HEADING_COLOUR);
		if (r == 0)
			r = scols_line_set_data(line, 1,
						(const char *)cell.data);
	}
	buf_done(&cell);
	return r < 0 ? r : scols_print_table(t);
}
