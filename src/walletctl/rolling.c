/* SPDX-License-Identifier: MIT */
/*
 * Rows one by one, in each of the forms.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "walletctl/rolling.h"

/* Columns that a name or a memo has from the first row on. */
#define NAME_WIDTH 8
/* The same of numbers. */
#define NUMBER_WIDTH 6
/* Wider than that no column becomes; one row may stand out. */
#define WIDTH_MAX 24

static size_t least_width(const struct column *c, const struct value *v)
{
	size_t least = strlen(c->heading);
	size_t usual = value_is_number(v) ? NUMBER_WIDTH : NAME_WIDTH;

	return least > usual ? least : usual;
}

static void put_blanks(FILE *out, size_t from, size_t to)
{
	if (from < to)
		(void)fprintf(out, "%*s", (int)(to - from), "");
}

/* The last one needs no blanks behind it. */
static void put_cell(struct rolling *r, size_t i, struct slice text,
		     bool right, bool last)
{
	size_t width = output_width(text);

	if (i > 0)
		putc(' ', r->out);
	if (right)
		put_blanks(r->out, width, r->width[i]);
	(void)fwrite(text.p, 1, text.len, r->out);
	if (!right && !last)
		put_blanks(r->out, width, r->width[i]);
}

static size_t last_shown(const struct rolling *r)
{
	size_t last = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->columns[i].heading)
			last = i;
	return last;
}

static void widen(struct rolling *r, size_t i, size_t width)
{
	if (width > WIDTH_MAX)
		width = WIDTH_MAX;
	if (width > r->width[i])
		r->width[i] = width;
}

/* At least as wide as what stands in the first row. */
static int put_headings(struct rolling *r, const struct value *values)
{
	size_t last = last_shown(r);
	struct buf cell = { 0 };
	int e = 0;

	for (size_t i = 0; i < r->count && e == 0; i++) {
		if (!r->columns[i].heading)
			continue;
		buf_clear(&cell);
		e = output_cell(&values[i], &cell);
		if (e < 0)
			break;
		r->width[i] = least_width(&r->columns[i], &values[i]);
		widen(r, i, output_width(slice_of((const char *)cell.data)));
		put_cell(r, i, slice_of(r->columns[i].heading),
			 value_is_number(&values[i]), i == last);
	}
	buf_done(&cell);
	putc('\n', r->out);
	return e;
}

/* Blanks before an end that nothing follows are left out. */
static size_t last_filled(const struct rolling *r, const struct value *values)
{
	size_t last = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->columns[i].heading && values[i].kind != VALUE_NONE)
			last = i;
	return last;
}

static int put_table_row(struct rolling *r, const struct value *values)
{
	size_t last = last_filled(r, values);
	struct buf cell = { 0 };
	int e = 0;

	for (size_t i = 0; i <= last && e == 0; i++) {
		struct slice text;

		if (!r->columns[i].heading)
			continue;
		buf_clear(&cell);
		e = output_cell(&values[i], &cell);
		if (e < 0)
			break;
		text = slice_of((const char *)cell.data);
		widen(r, i, output_width(text));
		put_cell(r, i, text, value_is_number(&values[i]), i == last);
	}
	buf_done(&cell);
	putc('\n', r->out);
	return e;
}

static int put_row(struct rolling *r, const struct value *values)
{
	int e;

	switch (r->form) {
	case FORM_TEXT:
		e = r->begun ? 0 : put_headings(r, values);
		return e < 0 ? e : put_table_row(r, values);
	case FORM_JSON:
		output_json_object(r->out, r->columns, r->count, values);
		putc('\n', r->out);
		return 0;
	case FORM_RAW:
		output_raw_line(r->out, values, r->count);
		return 0;
	case FORM_CSV:
		if (!r->begun)
			output_csv_names(r->out, r->columns, r->count);
		output_csv_line(r->out, values, r->count);
		return 0;
	}
	return 0;
}

int rolling_row(struct rolling *r, const struct value *values)
{
	int e = put_row(r, values);

	r->begun = true;
	if (e == 0 && (fflush(r->out) != 0 || ferror(r->out)))
		e = -EIO;
	return e;
}
