/* SPDX-License-Identifier: MIT */
/*
 * A history goes by, page by page, and leaves a line.  It is drawn over time, or
 * over serials where the first record to be drawn is an old one, without a time.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>

#include "util/parse.h"
#include "util/timestamp.h"
#include "walletctl/axis.h"
#include "walletctl/canvas.h"
#include "walletctl/outfile.h"
#include "walletctl/series.h"
#include "walletctl/sheet.h"
#include "walletctl/span.h"
#include "walletctl/svg.h"
#include "walletctl/walk.h"

#include "walletctl/plot.h"

#define NUMBER_SIZE 21
/* Where nobody says how large the picture is, and the largest of all. */
#define WIDTH_DEFAULT 80
#define HEIGHT_DEFAULT 20
#define SIZE_MAX_DRAWN 1000
/* Columns for programs. */
#define COLUMNS 200

struct plot {
	struct context *ctx;
	struct slice user;
	const char *path; /* of the picture; NULL: there is none */
	struct span span;
	bool was_there; /* a member before the span begins … */
	int64_t before; /* … with this balance */
	struct canvas canvas;
	bool is_time;
	struct series series; /* has no columns before the first record */
	int64_t records;
};

/* How large. */

static size_t take_size(const char *name, size_t otherwise)
{
	const char *text = getenv(name);
	uint64_t n;

	if (!text || parse_u64_range(slice_of(text), 1, SIZE_MAX_DRAWN, &n) < 0)
		return otherwise;
	return (size_t)n;
}

static size_t bounded(size_t n)
{
	return n < SIZE_MAX_DRAWN ? n : SIZE_MAX_DRAWN;
}

/*
 * Can whoever looks at it show braille?  The program's own locale is one of UTF-8
 * in any case, because names are; theirs may be another.
 */
static bool has_braille(void)
{
	locale_t theirs = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool yes;

	if (!theirs)
		return true;
	yes = strcmp(nl_langinfo_l(CODESET, theirs), "UTF-8") == 0;
	freelocale(theirs);
	return yes;
}

/* The prompt behind it has to have a line. */
static void measure(struct plot *p)
{
	struct canvas *c = &p->canvas;
	struct winsize size;

	c->width = WIDTH_DEFAULT;
	c->height = HEIGHT_DEFAULT;
	if (ioctl(fileno(p->ctx->out), TIOCGWINSZ, &size) == 0 &&
	    size.ws_col > 0 && size.ws_row > 1) {
		c->width = bounded(size.ws_col);
		c->height = bounded(size.ws_row - 1U);
	}
	c->width = take_size("COLUMNS", c->width);
	c->height = take_size("LINES", c->height);
	c->braille = has_braille();
}

static size_t columns_of(const struct plot *p)
{
	if (p->path)
		return SVG_COLUMNS;
	return p->ctx->form == FORM_TEXT ? canvas_columns(&p->canvas) : COLUMNS;
}

/* The line. */

/* From @from on; what comes before that is the edge. */
static int begin_series(struct plot *p, int64_t from)
{
	int64_t to = p->span.last;
	int r;

	if (p->is_time) {
		to = p->span.tip_time;
		if (p->span.until != SPAN_NO_TIME && p->span.until < to)
			to = p->span.until;
	}
	r = series_init(&p->series, from, to < from ? from : to, columns_of(p));
	if (r == 0 && p->was_there)
		series_begin(&p->series, p->before);
	return r;
}

static int first_record(struct plot *p, const struct answer_record *a,
			int64_t time)
{
	p->is_time = a->time.p != NULL;
	if (p->was_there)
		return begin_series(p, p->span.since);
	return begin_series(p, p->is_time ? time : a->serial);
}

/* What the user had before; less, if it was paid something. */
static int balance_before(const struct plot *p, const struct answer_record *a,
			  int64_t *ret)
{
	bool sent = slice_equal(a->sender, p->user);
	bool received = slice_equal(a->receiver, p->user);
	int64_t change = (received ? a->amount : 0) - (sent ? a->amount : 0);

	if (a->amount < 0 || a->balance < 0 || (!sent && !received) ||
	    __builtin_sub_overflow(a->balance, change, ret) || *ret < 0)
		return -EBADMSG;
	return 0;
}

static int take_record(void *arg, const struct answer_record *a)
{
	struct plot *p = arg;
	int64_t time = 0;
	int64_t before;
	int r;

	r = balance_before(p, a, &before);
	if (r == 0 && a->time.p)
		r = timestamp_parse(a->time, &time) < 0 ? -EBADMSG : 0;
	if (r == 0 && p->records == 0)
		r = first_record(p, a, time);
	if (r < 0)
		return r;
	p->records++;
	/* Behind one with a time all have one. */
	if (p->is_time && !a->time.p)
		return -EBADMSG;
	series_change(&p->series, p->is_time ? time : a->serial, before,
		      a->balance);
	return 0;
}

/* What the user had when the span began, if it was there. */
static enum status ask_before(struct plot *p)
{
	char serial[NUMBER_SIZE];
	const struct client_request q = {
		4, { "BALANCE", p->ctx->arg[0], "AT", serial }
	};
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_error error;
	enum status status;

	if (p->span.first == 1)
		return STATUS_DONE;
	(void)snprintf(serial, sizeof(serial), "%" PRId64, p->span.first - 1);
	status = context_ask(p->ctx, &q, 1, &reply);
	if (status != STATUS_DONE)
		return status;
	/* It may have joined later; if not, its history is refused. */
	if (answer_is_error(reply, &error) &&
	    slice_equal(error.code, slice_of("NOUSER")))
		return STATUS_DONE;
	status = context_refused(p->ctx, reply);
	if (status == STATUS_DONE && answer_integer(reply, &p->before) < 0)
		status = context_garbled(p->ctx);
	p->was_there = status == STATUS_DONE;
	return status;
}

static enum status read_history(struct plot *p)
{
	struct walk w = {
		.ctx = p->ctx,
		.user = p->ctx->arg[0],
		.left = INT64_MAX,
		.arg = p,
		.record = take_record,
	};
	enum status status = span_find(p->ctx, &p->span);

	w.from = p->span.first;
	w.last = p->span.last;
	if (status == STATUS_DONE)
		status = ask_before(p);
	if (status == STATUS_DONE)
		status = walk_run(&w);
	if (status != STATUS_DONE)
		return status;
	/* Nothing happened then: a flat line. */
	if (p->records == 0 && p->was_there) {
		p->is_time = true;
		status = walk_tell(p->ctx, begin_series(p, p->span.since));
	}
	series_end(&p->series);
	return status;
}

/* The forms. */

static const struct column columns[] = {
	{ "time", NULL }, { "serial", NULL }, { "low", NULL },
	{ "high", NULL }, { "balance", NULL },
};

static int put_column(const struct plot *p, size_t i, struct sheet *sheet)
{
	const struct series_column *c = &p->series.column[i];
	int64_t place = series_place(&p->series, i);
	char time[TIMESTAMP_LEN];
	const struct value values[] = {
		p->is_time ? value_time((struct slice){ time, sizeof(time) }) :
			     value_none(),
		p->is_time ? value_none() : value_number(place),
		value_number(c->low),
		value_number(c->high),
		value_number(c->end),
	};

	timestamp_format(p->is_time ? place : 0, time);
	return c->known ? sheet_row(sheet, values) : 0;
}

static int put_columns(const struct plot *p)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	int r;

	r = sheet_new(p->ctx->out, p->ctx->form, columns, ELEMENTS(columns),
		      &sheet);
	for (size_t i = 0; i < p->series.columns && r == 0; i++)
		r = put_column(p, i, sheet);
	return r == 0 ? sheet_end(sheet) : r;
}

static int put_canvas(struct plot *p)
{
	_cleanup_(buf_done) struct buf title = { 0 };
	int r;

	r = buf_addf(&title, "Balance of \"");
	if (r == 0)
		r = output_text_buf(&title, p->user);
	if (r == 0)
		r = buf_addf(&title, "\"");
	if (r < 0)
		return r;
	p->canvas.is_time = p->is_time;
	p->canvas.title =
		(struct slice){ (const char *)title.data, title.len };
	return canvas_draw(&p->canvas, &p->series, p->ctx->out);
}

/* The picture. */

static int draw_picture(const struct plot *p, FILE *out)
{
	const struct series *s = &p->series;
	_cleanup_(freep) char *title = NULL;
	_cleanup_(freep) char *description = NULL;
	struct svg g = { .is_time = p->is_time };
	char from[AXIS_LABEL_SIZE];
	char to[AXIS_LABEL_SIZE];
	int64_t high = 0;
	int64_t low = 0;

	(void)series_range(s, &low, &high);
	axis_label(from, s->from, s->to - s->from, p->is_time);
	axis_label(to, s->to, s->to - s->from, p->is_time);
	if (asprintf(&title, "Balance of \"%.*s\"", SLICE_ARG(p->user)) < 0) {
		title = NULL;
		return -ENOMEM;
	}
	if (asprintf(&description,
		     "%s %s to %s: lowest %" PRId64 ", highest %" PRId64
		     ", at the end %" PRId64 " coins.",
		     p->is_time ? "From" : "From serial", from, to, low, high,
		     s->value) < 0) {
		description = NULL;
		return -ENOMEM;
	}
	g.title = slice_of(title);
	g.description = slice_of(description);
	svg_draw(&g, s, out);
	return ferror(out) ? -EIO : 0;
}

static void report(const struct plot *p)
{
	static const struct column names[] = {
		{ "path", NULL },
		{ "user", NULL },
		{ "transactions", NULL },
	};
	struct context *ctx = p->ctx;
	const struct value values[] = {
		value_text(slice_of(p->path)),
		value_text(p->user),
		value_number(p->records),
	};

	if (context_quiet(ctx))
		return;
	if (ctx->form != FORM_TEXT) {
		output_values(ctx->out, ctx->form, names, ELEMENTS(names),
			      values);
		return;
	}
	fputs("The balance of \"", ctx->out);
	output_text(ctx->out, p->user);
	fprintf(ctx->out, "\" over %" PRId64 " transaction%s is drawn in ",
		p->records, p->records == 1 ? "" : "s");
	output_text(ctx->out, slice_of(p->path));
	fputs(".\n", ctx->out);
}

static enum status put_picture(const struct plot *p)
{
	_cleanup_(outfile_freep) struct outfile *file = NULL;
	int r = outfile_open(p->path, &file);

	if (r == 0)
		r = draw_picture(p, outfile_stream(file));
	if (r == 0)
		r = outfile_commit(TAKE_PTR(file));
	if (r < 0) {
		context_say(p->ctx, "%s: %s", p->path,
			    r == -EEXIST ? "is no regular file" : strerror(-r));
		return STATUS_UNAVAILABLE;
	}
	report(p);
	return STATUS_DONE;
}

static enum status put(struct plot *p)
{
	if (p->series.columns == 0 && (p->path || p->ctx->form == FORM_TEXT)) {
		context_note(p->ctx, "there are no such transactions");
		return STATUS_DONE;
	}
	if (p->path)
		return put_picture(p);
	return walk_tell(p->ctx, p->ctx->form == FORM_TEXT ? put_canvas(p)
							   : put_columns(p));
}

enum status plot_draw(struct context *ctx)
{
	struct plot p = {
		.ctx = ctx,
		.user = slice_of(ctx->arg[0]),
		.path = ctx->options.value[OPTION_SVG],
	};
	enum status status = span_options(ctx, &p.span);

	if (status != STATUS_DONE)
		return status;
	measure(&p);
	status = read_history(&p);
	if (status == STATUS_DONE)
		status = put(&p);
	series_done(&p.series);
	return status;
}
