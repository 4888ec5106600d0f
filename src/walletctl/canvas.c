/* SPDX-License-Identifier: MIT */
/*
 * Dots are set in a bitmap first, so that the characters of one line can be
 * written from left to right.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/buf.h"
#include "walletctl/axis.h"
#include "walletctl/output.h"

#include "walletctl/canvas.h"

/* Dots of a character of braille. */
#define BRAILLE_WIDTH 2
#define BRAILLE_HEIGHT 4
/* Lines below the plot: the axis, and its labels. */
#define FOOT 2
/* There is a title, and there are axes, from so many lines and columns on. */
#define TITLED_HEIGHT 6
#define FRAMED_HEIGHT 4
#define FRAMED_WIDTH 24
/* Lines from one amount to the next. */
#define TICK_LINES 4

/* How the lines and columns are given away. */
struct layout {
	bool titled;
	bool framed;
	size_t labels; /* columns of the amounts */
	size_t width;  /* of the plot, in characters */
	size_t height;
	struct axis axis;
};

struct drawing {
	const struct canvas *canvas;
	const struct series *series;
	struct layout layout;
	size_t dots_wide;
	size_t dots_high;
	uint8_t *dot; /* a byte each, line by line from the top */
	FILE *out;
};

static size_t dots_wide(const struct canvas *c, size_t width)
{
	return c->braille ? width * BRAILLE_WIDTH : width;
}

/* The labels are not known yet; columns are fitted into what is left of it. */
size_t canvas_columns(const struct canvas *c)
{
	return dots_wide(c, c->width);
}

static size_t label_width(const struct axis *a)
{
	char grouped[OUTPUT_GROUPED_SIZE];

	output_grouped(a->top, grouped);
	return strlen(grouped);
}

static struct layout lay_out(const struct canvas *c, const struct series *s)
{
	struct layout l = { .width = c->width, .height = c->height };
	int64_t low = 0;
	int64_t high = 0;
	size_t labels;

	(void)series_range(s, &low, &high);
	l.titled = c->height >= TITLED_HEIGHT && c->title.len <= c->width;
	l.height -= l.titled;
	l.axis = axis_amounts(low, high, (unsigned)(l.height / TICK_LINES) + 2);
	/* And a space and the line of the axis. */
	labels = label_width(&l.axis);
	l.framed = c->height >= FRAMED_HEIGHT && c->width >= FRAMED_WIDTH &&
		   labels + 2 <= c->width / 2;
	if (!l.framed)
		return l;
	l.labels = labels;
	l.width -= labels + 2;
	l.height -= FOOT;
	return l;
}

/* Dots. */

static void set_dots(struct drawing *d, size_t x, int64_t low, int64_t high)
{
	int64_t top = (int64_t)d->dots_high - 1;
	int64_t from = axis_place(&d->layout.axis, low, top);
	int64_t to = axis_place(&d->layout.axis, high, top);

	for (int64_t y = from; y <= to; y++)
		d->dot[(size_t)(top - y) * d->dots_wide + x] = 1;
}

/* A column of dots may be several of the series. */
static void set_column(struct drawing *d, size_t x)
{
	const struct series *s = d->series;
	size_t first = x * s->columns / d->dots_wide;
	size_t end = (x + 1) * s->columns / d->dots_wide;

	for (size_t i = first; i == first || i < end; i++) {
		const struct series_column *c = &s->column[i];

		if (c->known)
			set_dots(d, x, c->low, c->high);
	}
}

static bool is_set(const struct drawing *d, size_t x, size_t y)
{
	return d->dot[y * d->dots_wide + x];
}

/* U+2800 and a bit for each dot, in UTF-8. */
static void put_braille(const struct drawing *d, size_t column, size_t line)
{
	static const unsigned bit[BRAILLE_HEIGHT][BRAILLE_WIDTH] = {
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 }
	};
	unsigned bits = 0;

	for (size_t y = 0; y < BRAILLE_HEIGHT; y++)
		for (size_t x = 0; x < BRAILLE_WIDTH; x++)
			if (is_set(d, column * BRAILLE_WIDTH + x,
				   line * BRAILLE_HEIGHT + y))
				bits |= bit[y][x];
	if (bits)
		fprintf(d->out, "\xe2%c%c", (char)(0xa0 | bits >> 6),
			(char)(0x80 | (bits & 0x3f)));
	else
		putc(' ', d->out);
}

static bool is_empty(const struct drawing *d, size_t column, size_t line)
{
	size_t wide = d->dots_wide / d->layout.width;
	size_t high = d->dots_high / d->layout.height;

	for (size_t y = line * high; y < (line + 1) * high; y++)
		for (size_t x = column * wide; x < (column + 1) * wide; x++)
			if (is_set(d, x, y))
				return false;
	return true;
}

/* Up to the last one that is not empty. */
static void put_characters(const struct drawing *d, size_t line)
{
	size_t end = d->layout.width;

	while (end > 0 && is_empty(d, end - 1, line))
		end--;
	for (size_t x = 0; x < end; x++) {
		if (d->canvas->braille)
			put_braille(d, x, line);
		else
			putc(is_set(d, x, line) ? '*' : ' ', d->out);
	}
}

/* The frame. */

/* The amount that stands in this line, if there is one. */
static bool amount_of(const struct layout *l, size_t line, uint64_t *ret)
{
	int64_t top = (int64_t)l->height - 1;
	const struct axis *a = &l->axis;

	for (uint64_t n = 0; n <= (a->top - a->bottom) / a->step; n++) {
		unsigned __int128 above = (unsigned __int128)n * a->step;
		uint64_t range = a->top - a->bottom;
		size_t at = (size_t)((above * (uint64_t)top + range / 2) /
				     range);

		if (at != (size_t)top - line)
			continue;
		*ret = a->bottom + n * a->step;
		return true;
	}
	return false;
}

static void put_amount(const struct drawing *d, size_t line)
{
	char grouped[OUTPUT_GROUPED_SIZE] = "";
	const char *mark = d->canvas->braille ? "│" : "|";
	uint64_t amount;

	if (!d->layout.framed)
		return;
	if (amount_of(&d->layout, line, &amount)) {
		output_grouped(amount, grouped);
		mark = d->canvas->braille ? "┤" : "+";
	}
	fprintf(d->out, "%*s %s", (int)d->layout.labels, grouped, mark);
}

static void put_axis(const struct drawing *d)
{
	bool braille = d->canvas->braille;

	fprintf(d->out, "%*s %s", (int)d->layout.labels, "",
		braille ? "└" : "+");
	for (size_t i = 0; i < d->layout.width; i++)
		fputs(braille ? "─" : "-", d->out);
	putc('\n', d->out);
}

/* To the left where it begins, to the right where it ends. */
static void put_ends(const struct drawing *d)
{
	const struct series *s = d->series;
	int64_t span = s->to - s->from;
	char from[AXIS_LABEL_SIZE];
	char to[AXIS_LABEL_SIZE];
	size_t room = d->layout.width;

	axis_label(from, s->from, span, d->canvas->is_time);
	axis_label(to, s->to, span, d->canvas->is_time);
	if (strlen(from) + 1 + strlen(to) <= room)
		fprintf(d->out, "%*s%s%*s", (int)d->layout.labels + 2, "",
			from, (int)(room - strlen(from)), to);
	else if (strlen(to) <= room)
		fprintf(d->out, "%*s", (int)(d->layout.labels + 2 + room), to);
	putc('\n', d->out);
}

static void put_all(const struct drawing *d)
{
	if (d->layout.titled) {
		output_text(d->out, d->canvas->title);
		putc('\n', d->out);
	}
	for (size_t line = 0; line < d->layout.height; line++) {
		put_amount(d, line);
		put_characters(d, line);
		putc('\n', d->out);
	}
	if (!d->layout.framed)
		return;
	put_axis(d);
	put_ends(d);
}

int canvas_draw(const struct canvas *c, const struct series *s, FILE *out)
{
	struct drawing d = {
		.canvas = c,
		.series = s,
		.layout = lay_out(c, s),
		.out = out,
	};

	d.dots_wide = dots_wide(c, d.layout.width);
	d.dots_high = d.layout.height * (c->braille ? BRAILLE_HEIGHT : 1);
	d.dot = calloc(d.dots_wide, d.dots_high);
	if (!d.dot)
		return -ENOMEM;
	for (size_t x = 0; x < d.dots_wide; x++)
		set_column(&d, x);
	put_all(&d);
	free(d.dot);
	return 0;
}
