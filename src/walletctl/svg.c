/* SPDX-License-Identifier: MIT */
/*
 * All coordinates are whole numbers: what printf() makes of others depends on
 * the locale.  A viewer that knows no style sheets takes the attributes, which
 * are for light.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/percent.h"
#include "walletctl/axis.h"
#include "walletctl/output.h"

#include "walletctl/svg.h"

/* To the right of the plot, and to its left, where amounts stand, at least. */
#define MARGIN 20
#define LEFT_MIN 100
#define DIGIT_WIDTH 9
#define HEIGHT 400
/* The plot in it. */
#define TOP 50
#define BOTTOM 350
#define TICKS 7
#define LABELS 4

struct picture {
	const struct svg *svg;
	const struct series *series;
	struct axis axis;
	int left; /* of the plot */
	FILE *out;
};

static void put_text(FILE *out, struct slice text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t begin = at;
		int code = utf8_next(text, &at);

		if (code < 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) ||
		    code == 0xfffe || code == 0xffff) {
			fputs("\xef\xbf\xbd", out);
			at = code < 0 ? begin + 1 : at;
		} else if (strchr("<>&\"", code) && code < 0x80) {
			fprintf(out, "&#%d;", code);
		} else {
			(void)fwrite(text.p + begin, 1, at - begin, out);
		}
	}
}

static void put_head(const struct picture *p)
{
	int width = p->left + SVG_COLUMNS + MARGIN;
	FILE *out = p->out;

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
		"width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n<title>",
		width, HEIGHT, width, HEIGHT);
	put_text(out, p->svg->title);
	fputs("</title>\n<desc>", out);
	put_text(out, p->svg->description);
	fputs("</desc>\n"
	      "<style type=\"text/css\"><![CDATA[\n"
	      "text { font-family: sans-serif; font-size: 14px }\n"
	      "@media (prefers-color-scheme: dark) {\n"
	      "\t.paper { fill: #0d1117 }\n"
	      "\ttext { fill: #e6edf3 }\n"
	      "\t.grid { stroke: #30363d }\n"
	      "\t.line { stroke: #58a6ff }\n"
	      "}\n"
	      "]]></style>\n",
	      out);
	fprintf(out,
		"<rect class=\"paper\" width=\"%d\" height=\"%d\" "
		"fill=\"#ffffff\"/>\n",
		width, HEIGHT);
	fprintf(out, "<text x=\"%d\" y=\"30\" fill=\"#1f2328\">", p->left);
	put_text(out, p->svg->title);
	fputs("</text>\n", out);
}

static int64_t height_of(const struct axis *a, int64_t amount)
{
	return BOTTOM - axis_place(a, amount, BOTTOM - TOP);
}

static void put_amounts(const struct picture *p)
{
	const struct axis *a = &p->axis;
	uint64_t steps = (a->top - a->bottom) / a->step;

	for (uint64_t n = 0; n <= steps; n++) {
		int y = BOTTOM - (int)((BOTTOM - TOP) * n / steps);
		char grouped[OUTPUT_GROUPED_SIZE];

		output_grouped(a->bottom + n * a->step, grouped);
		fprintf(p->out,
			"<path class=\"grid\" d=\"M%d %dH%d\" "
			"stroke=\"#d0d7de\"/>\n"
			"<text x=\"%d\" y=\"%d\" text-anchor=\"end\" "
			"fill=\"#1f2328\">%s</text>\n",
			p->left, y, p->left + SVG_COLUMNS, p->left - 8, y + 5,
			grouped);
	}
}

/* From the left edge to the right one. */
static void put_places(const struct picture *p)
{
	const struct series *s = p->series;
	int64_t span = s->to - s->from;

	for (int n = 0; n < LABELS; n++) {
		int x = p->left + SVG_COLUMNS * n / (LABELS - 1);
		__int128 along = (__int128)span * n / (LABELS - 1);
		const char *anchor = "middle";
		char label[AXIS_LABEL_SIZE];

		if (n == 0)
			anchor = "start";
		if (n == LABELS - 1)
			anchor = "end";
		axis_label(label, s->from + (int64_t)along, span,
			   p->svg->is_time);
		fprintf(p->out,
			"<path class=\"grid\" d=\"M%d %dV%d\" "
			"stroke=\"#d0d7de\"/>\n"
			"<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" "
			"fill=\"#1f2328\">%s</text>\n",
			x, BOTTOM, BOTTOM + 6, x, BOTTOM + 24, anchor, label);
	}
}

/* On to the next column, all the way up and down there, and to its end. */
static void put_column(const struct picture *p, size_t i, int64_t *y)
{
	const struct series_column *c = &p->series->column[i];
	const struct axis *a = &p->axis;
	int64_t end = height_of(a, c->end);

	fprintf(p->out, "H%zu", (size_t)p->left + i);
	if (c->low < c->high)
		fprintf(p->out, "V%" PRId64 "V%" PRId64, height_of(a, c->low),
			height_of(a, c->high));
	if (c->low < c->high || end != *y)
		fprintf(p->out, "V%" PRId64, end);
	*y = end;
}

static void put_line(const struct picture *p)
{
	const struct series *s = p->series;
	FILE *out = p->out;
	bool begun = false;
	int64_t y = 0;

	fputs("<path class=\"line\" fill=\"none\" stroke=\"#0969da\" "
	      "stroke-width=\"2\" stroke-linejoin=\"round\" d=\"",
	      out);
	for (size_t i = 0; i < s->columns; i++) {
		const struct series_column *c = &s->column[i];

		if (!c->known)
			continue;
		if (!begun) {
			y = height_of(&p->axis, c->end);
			fprintf(out, "M%zu %" PRId64, (size_t)p->left + i, y);
		}
		begun = true;
		/* A flat stretch is one line. */
		if (i + 1 == s->columns || c->low < c->high ||
		    height_of(&p->axis, c->end) != y)
			put_column(p, i, &y);
	}
	fprintf(out, "H%d\"/>\n", p->left + SVG_COLUMNS);
}

/* The widest amount is the one on top. */
static int left_of(const struct axis *a)
{
	char grouped[OUTPUT_GROUPED_SIZE];
	int left;

	output_grouped(a->top, grouped);
	left = MARGIN + DIGIT_WIDTH * (int)strlen(grouped);
	return left < LEFT_MIN ? LEFT_MIN : left;
}

void svg_draw(const struct svg *g, const struct series *s, FILE *out)
{
	struct picture p = { .svg = g, .series = s, .out = out };
	int64_t low = 0;
	int64_t high = 0;

	(void)series_range(s, &low, &high);
	p.axis = axis_amounts(low, high, TICKS);
	p.left = left_of(&p.axis);
	put_head(&p);
	put_amounts(&p);
	put_places(&p);
	put_line(&p);
	fputs("</svg>\n", out);
}
