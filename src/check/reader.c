/* SPDX-License-Identifier: MIT */
/*
 * Lines are judged as a backend does at its start, but to the end of the file
 * whatever comes.  Whether a damage is a torn tail shows only there; till then
 * the faults of the file are kept.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include "store/judge.h"
#include "store/tail.h"
#include "check/check_internal.h"
#include "check/reader.h"

struct reading {
	struct check *check;
	struct book *book;
	uint16_t number;
	struct reader_past past;
	struct tail tail;
	size_t first_bad; /* of this file, in check->bads */
	/* Between bad lines, which the tail does not look at: */
	struct whole behind;
	uint64_t broken; /* no serial from here on stays; 0: none is lost so */
};

/* A record without a newline behind it: has it an end? */
static bool may_be_cut(const struct reader_past *past, const struct record *r)
{
	if (r->sealed)
		return past->copies || r->of.len > 0;
	return past->chained;
}

static const char *fault_of(const struct reader_past *past,
			    const struct scan_line *line, struct slice text,
			    struct record *ret)
{
	const char *fault = judge_record(text, ret);

	if (!fault && !line->ended && may_be_cut(past, ret))
		return JUDGE_MAY_BE_CUT;
	return fault;
}

enum reader_kind reader_judge(struct reader_past *past,
			      const struct scan_line *line, struct record *ret,
			      const char **ret_fault)
{
	struct slice text = judge_text(line);

	if (judge_is_blank(text))
		return READER_BLANK;

	*ret_fault = fault_of(past, line, text, ret);
	if (*ret_fault)
		return READER_FAULT;
	past->chained = past->chained || ret->chained;
	past->copies = past->copies || ret->of.len > 0;
	return READER_RECORD;
}

/* The batch that begins with @serial (0: there is none) lacks a part. */
static void note_broken(struct reading *g, uint64_t serial)
{
	if (serial && (!g->broken || serial < g->broken))
		g->broken = serial;
}

static int note_bad(struct reading *g, const struct scan_line *line,
		    const char *reason)
{
	const struct bad bad = {
		.serial = judge_serial(line->text),
		.line = line->number,
		.reason = reason,
	};

	g->book->lines++;
	g->book->aside++;
	note_broken(g, whole_partial(g->tail.damaged ? &g->behind :
						       &g->tail.group));
	g->behind = (struct whole){ 0 };
	tail_bad(&g->tail, line->offset, line->number, line->text, reason);
	return buf_add(&g->check->bads, &bad, sizeof(bad));
}

/* No serial from @serial on is in the whole part. */
static void end_before(struct check *c, uint64_t serial)
{
	if (serial - 1 < c->limit)
		c->limit = serial - 1;
}

/* What stands there may be a second copy of what stands elsewhere whole. */
static void take_behind(struct reading *g, const struct record *r)
{
	uint64_t partial = whole_partial(&g->behind);

	if (whole_take(&g->behind, r))
		return;
	note_broken(g, partial);
	if (r->whole && r->batch_position > 1)
		note_broken(g, r->serial);
}

/*
 * No backend takes a file with part of a batch that stands or falls as one, so
 * the whole part ends before it.
 */
static int take_in_group(struct reading *g, const struct tail_place *at,
			 const struct record *r)
{
	uint64_t partial = whole_partial(&g->tail.group);

	if (g->tail.damaged)
		take_behind(g, r);
	if (tail_good(&g->tail, at, r))
		return 0;
	if (partial)
		end_before(g->check, partial);
	if (r->whole && r->batch_position > 1)
		end_before(g->check, r->serial);
	return check_fault(g->check, "%s:%" PRIu64 ": serial %" PRIu64 ": %s",
			   g->book->path, at->line, r->serial, TAIL_NOT_WHOLE);
}

static int note_record(struct reading *g, const struct scan_line *line,
		       const struct record *r)
{
	const struct tail_place at = { line->offset, line->number };
	const struct entry entry = {
		.serial = r->serial,
		.offset = line->offset,
		.line = (uint32_t)line->number,
		.book = g->number,
		.length = (uint16_t)judge_text(line).len,
	};

	int e;

	if (line->number > UINT32_MAX)
		return -EFBIG;
	g->book->lines++;
	e = buf_add(&g->check->entries, &entry, sizeof(entry));
	if (e < 0)
		return e;
	return take_in_group(g, &at, r);
}

/* A scan_visit. */
static int take_line(void *arg, const struct scan_line *line)
{
	struct reading *g = arg;
	const char *fault;
	struct record r;

	switch (reader_judge(&g->past, line, &r, &fault)) {
	case READER_RECORD:
		return note_record(g, line, &r);
	case READER_BLANK:
		return 0;
	case READER_FAULT:
		return note_bad(g, line, fault);
	}
	return 0;
}

static int judge_damage(struct reading *g, bool *ret_torn)
{
	uint64_t length = g->book->end - g->tail.offset;
	_cleanup_(freep) char *text = NULL;
	size_t have = 0;
	int r;

	if (tail_wants_text(&g->tail) && length <= TAIL_BATCH_MAX) {
		have = (size_t)length;
		text = malloc(have);
		if (!text)
			return -ENOMEM;
		r = fileops_read_exact(g->check->ops, g->book->fd, text, have,
				       (off_t)g->tail.offset);
		if (r < 0)
			return r == -EPIPE ? -ESTALE : r;
	}
	*ret_torn =
		tail_is_torn(&g->tail, length, (struct slice){ text, have });
	return 0;
}

static int say_bad(struct reading *g, const struct bad *b)
{
	if (b->serial)
		return check_fault(
			g->check, "%s:%" PRIu64 ": serial %" PRIu64 ": %s",
			g->book->path, b->line, b->serial, b->reason);
	return check_fault(g->check, "%s:%" PRIu64 ": %s", g->book->path,
			   b->line, b->reason);
}

static int say_torn(struct reading *g, const struct tail_place *at,
		    const char *reason)
{
	return check_fault(g->check,
			   "%s:%" PRIu64 ": a torn tail of %" PRIu64
			   " bytes begins here: %s",
			   g->book->path, at->line, g->book->end - at->offset,
			   reason);
}

/*
 * The file ends within a batch that stands or falls as one: what there is of it
 * are no records, here as for a backend.
 */
static int take_partial(struct reading *g)
{
	g->book->upto = g->tail.begun.offset;
	g->book->aside += g->tail.lines;
	g->check->entries.len -= g->tail.lines * sizeof(struct entry);
	return say_torn(g, &g->tail.begun,
			g->tail.damaged ? g->tail.reason : TAIL_NOT_WHOLE);
}

/* Each bad line of the file, or all of them as one torn tail. */
static int say_damage(struct reading *g)
{
	const struct tail_place at = { g->tail.offset, g->tail.line };
	size_t count = g->check->bads.len / sizeof(struct bad);
	const struct bad *bads =
		(const struct bad *)(const void *)g->check->bads.data;
	bool torn = true;
	int r = 0;

	if (g->tail.damaged)
		r = judge_damage(g, &torn);
	if (r < 0)
		return r;
	if (torn && tail_is_partial(&g->tail))
		return take_partial(g);
	if (torn && g->tail.damaged)
		return say_torn(g, &at, g->tail.reason);

	note_broken(g, whole_partial(&g->behind));
	if (g->broken)
		end_before(g->check, g->broken);
	for (size_t i = g->first_bad; r == 0 && i < count; i++)
		r = say_bad(g, &bads[i]);
	return r;
}

int reader_take(struct check *c, uint16_t book)
{
	struct reading g = {
		.check = c,
		.book = c->book[book],
		.number = book,
		.first_bad = c->bads.len / sizeof(struct bad),
	};
	int r;

	c->culprit = g.book->path;
	r = scan_lines(c->ops, g.book->fd, 0, 1, g.book->end, take_line, &g);
	if (r != 0)
		return r == -EPIPE ? -ESTALE : r;
	r = say_damage(&g);
	if (r == 0)
		c->culprit = NULL;
	return r;
}
