/* SPDX-License-Identifier: MIT */
/*
 * First everything is read and judged, then the file is changed: a fault that
 * a person must look at leaves it as it was.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/chain.h"
#include "ledger/record.h"

#include "store/judge.h"
#include "store/lines.h"
#include "store/load.h"
#include "store/tail.h"

struct load {
	struct blockfile *file;
	struct index *index;
	struct lines lines; /* for comparing records of one serial */
	struct textstore_report *report;
	const struct promise *promise;
	struct tail tail;
	bool opened; /* we are in the append that the promise says is open */
	bool copies; /* there are records with an of= */
	bool ended; /* the last line, by a newline */
	bool zero; /* it ends in a zero where its newline should be */
	bool cut; /* what stands from here on is torn: */
	struct tail_place cut_at;
	struct tail_place newest; /* chained record */
	struct tail_place check; /* the last batch, and the record before it */
	struct tail_place check_before; /* the same before tail.begun */
	struct tail_place open; /* where that append begins, if opened */
	bool open_holds; /* a good record of it: */
	uint64_t open_record; /* its offset */
};

static int fault_at(struct load *l, uint64_t line, const char *reason)
{
	int r;

	r = buf_addf(&l->report->fault, "%s:%" PRIu64 ": %s", l->file->path,
		     line, reason);
	return r < 0 ? r : -EBADMSG;
}

/*
 * A record that parses, but without a newline behind it.  Has it an end?  A
 * sealed one has its hash; but where copies are kept it may lack its of=.  An
 * old one that we may have written the beginning of may lack digits.
 */
static bool may_be_cut(const struct load *l, const struct record *r,
		       uint64_t offset)
{
	if (l->opened)
		return true;
	if (r->sealed)
		return l->copies || r->of.len > 0;
	return l->tail.before.present ||
	       (l->promise->epoch > 0 && offset >= l->promise->length);
}

/* Parse a line; NULL, or what is wrong with it. */
static const char *judge(const struct load *l, const struct scan_line *line,
			 struct record *ret)
{
	const char *fault = judge_record(line->text, ret);

	if (!fault && !line->ended && may_be_cut(l, ret, line->offset))
		return JUDGE_MAY_BE_CUT;
	return fault;
}

/* Note where the last batch begins, and the chained record before it. */
static int note_batch(struct load *l, const struct scan_line *line,
		      const struct record *r)
{
	struct tail_place here = { line->offset, line->number };
	struct tail_mark before = l->tail.before;

	if (!tail_is_partial(&l->tail))
		l->check_before = l->check;
	if (!tail_good(&l->tail, &here, r))
		return fault_at(l, line->number, TAIL_NOT_WHOLE);
	if (!r->chained || l->tail.damaged)
		return 0;

	if (!tail_same_batch(&before, &l->tail.before))
		l->check = before.present ? l->newest : here;
	l->newest = here;
	return 0;
}

static int index_line(struct load *l, const struct scan_line *line,
		      const struct record *r)
{
	/* An old record's line may have a carriage return at its end. */
	size_t length = r->sealed ? line->text.len : r->body.len;
	struct index_item item;
	int error;

	error = index_item_make(l->index, r, line->offset, length, &item);
	if (error < 0)
		return error;
	return index_load(l->index, &item);
}

static int take_record(struct load *l, const struct scan_line *line,
		       const struct record *r)
{
	int error;

	error = note_batch(l, line, r);
	if (error < 0)
		return error;
	/* What stands behind a damage is judged only. */
	if (l->tail.damaged)
		return 0;

	if (l->opened && !l->open_holds) {
		l->open_holds = true;
		l->open_record = line->offset;
	}
	l->copies = l->copies || r->of.len > 0;
	return index_line(l, line, r);
}

/*
 * Does the append that the promise tells of begin here?  Where no line begins
 * the promise is of another file, and tells nothing.
 */
static void note_open(struct load *l, const struct scan_line *line)
{
	if (!l->promise->open || l->promise->open_at != line->offset)
		return;

	l->opened = true;
	l->open = (struct tail_place){ line->offset, line->number };
}

/* A scan_visit. */
static int take_line(void *arg, const struct scan_line *given)
{
	struct scan_line line = *given;
	struct load *l = arg;
	const char *reason;
	struct record r;

	note_open(l, given);
	l->ended = line.ended;
	line.text = judge_text(given);
	l->zero = line.text.len < given->text.len;
	if (judge_is_blank(line.text))
		return 0;

	reason = judge(l, &line, &r);
	if (reason) {
		tail_bad(&l->tail, line.offset, line.number, line.text, reason);
		return 0;
	}
	return take_record(l, &line, &r);
}

/* What stands before an open append was durable when that was begun. */
static int judge_beside_open(struct load *l, const struct tail_place *at,
			     const char *reason)
{
	if (at->offset >= l->promise->open_at)
		return 0;
	return fault_at(l, at->line, reason);
}

/* Nothing of the open append may be there yet. */
static bool is_open(const struct load *l)
{
	return l->opened ||
	       (l->promise->open && l->promise->open_at == l->file->end);
}

/* A damage was met: torn, so 0, or a fault. */
static int judge_damage(struct load *l)
{
	uint64_t length = l->file->end - l->tail.offset;
	struct tail_place at = { l->tail.offset, l->tail.line };
	_cleanup_(freep) char *text = NULL;
	size_t have = 0;
	int r;

	l->cut = true;
	l->cut_at = at;
	if (is_open(l))
		return judge_beside_open(l, &at, l->tail.reason);
	if (tail_wants_text(&l->tail) && length <= TAIL_BATCH_MAX) {
		have = (size_t)length;
		text = malloc(have);
		if (!text)
			return -ENOMEM;
		r = blockfile_read(l->file, text, have, l->tail.offset);
		if (r < 0)
			return r;
	}
	if (tail_is_torn(&l->tail, length, (struct slice){ text, have }))
		return 0;
	return fault_at(l, l->tail.line, l->tail.reason);
}

/* All that is good ends within a batch that stands or falls as one. */
static int judge_partial(struct load *l)
{
	l->cut = true;
	l->cut_at = l->tail.begun;
	l->tail.before = l->tail.before_group;
	l->check = l->check_before;
	index_unload(l->index, l->tail.lines);
	if (!is_open(l))
		return 0;
	return judge_beside_open(l, &l->cut_at, TAIL_NOT_WHOLE);
}

/* A walk along the chain. */
struct chain_walk {
	struct load *load;
	bool linked; /* the newest record was sealed, and left these: */
	uint64_t serial;
	uint8_t hash[CHAIN_HASH_SIZE];
};

/* A scan_visit: a stored hash must follow from the one before it, if here. */
static int check_link(void *arg, const struct scan_line *line)
{
	struct chain_walk *w = arg;
	uint8_t expected[CHAIN_HASH_SIZE];
	struct slice text = judge_text(line);
	const char *reason;
	struct record r;

	if (judge_is_blank(text))
		return 0;
	/* It was read before: if it reads otherwise now, that is a change. */
	if (record_parse(text, &r, &reason) < 0)
		return -ESTALE;

	if (w->linked && r.sealed && r.serial == w->serial + 1) {
		chain_step(w->hash, r.body, expected);
		if (memcmp(expected, r.hash, sizeof(expected)) != 0)
			return fault_at(w->load, line->number,
					"h= does not follow from the record "
					"before it");
	}
	w->linked = r.sealed;
	w->serial = r.serial;
	memcpy(w->hash, r.hash, sizeof(w->hash));
	return 0;
}

/* The last append is what a crash could have touched; the rest is main's job. */
static int check_last_append(struct load *l)
{
	uint64_t upto = l->cut ? l->cut_at.offset : l->file->end;
	/* If no record is left of the open append, the one before is the last. */
	bool open = l->open_holds && l->open_record < upto;
	const struct tail_place *from = open ? &l->open : &l->check;
	struct chain_walk w = { .load = l };

	if (!open && !l->tail.before.present)
		return 0;
	return blockfile_scan(l->file, from->offset, from->line, upto,
			      check_link, &w);
}

/* Looks for the numbers of the lines at two offsets, the first one lower. */
struct number_search {
	uint64_t first_offset;
	uint64_t second_offset;
	uint64_t first;
	uint64_t second;
};

/* A scan_visit. */
static int find_numbers(void *arg, const struct scan_line *line)
{
	struct number_search *s = arg;

	if (line->offset == s->first_offset)
		s->first = line->number;
	if (line->offset != s->second_offset)
		return 0;
	s->second = line->number;
	return 1;
}

static int fault_twice(struct load *l, const struct index_entry *a,
		       const struct index_entry *b)
{
	struct number_search s = {
		.first_offset = index_offset(a),
		.second_offset = index_offset(b),
	};
	int r;

	r = blockfile_scan(l->file, 0, 1, l->file->end, find_numbers, &s);
	if (r < 0)
		return r;
	r = buf_addf(&l->report->fault,
		     "%s:%" PRIu64 ": serial %" PRIu64 " is on line %" PRIu64
		     " already, with other contents",
		     l->file->path, s.second, b->serial, s.first);
	return r < 0 ? r : -EBADMSG;
}

/* An index_same. */
static int compare_twice(void *arg, const struct index_entry *a,
			 const struct index_entry *b)
{
	struct load *l = arg;
	char copy[RECORD_LINE_MAX];
	const char *fault;
	struct record first;
	struct record second;
	struct slice line;
	int r;

	/* The window holds one line at a time for sure. */
	r = lines_get(&l->lines, a, 0, &line);
	if (r < 0)
		return r;
	memcpy(copy, line.p, line.len);
	r = record_parse((struct slice){ copy, line.len }, &first, &fault);
	if (r < 0)
		return -ESTALE;

	r = lines_get_record(&l->lines, b, &line, &second);
	if (r < 0)
		return r;
	return record_same(&first, &second) ? 0 : fault_twice(l, a, b);
}

static int cut_tail(struct load *l)
{
	struct textstore_report *report = l->report;
	uint64_t bytes = l->file->end - l->cut_at.offset;
	_cleanup_(buf_done) struct buf kept = { 0 };
	int r;

	r = blockfile_cut(l->file, l->cut_at.offset, &kept);
	if (r < 0)
		return r;
	if (kept.len >= sizeof(report->torn_path))
		return -ENAMETOOLONG;

	memcpy(report->torn_path, kept.data, kept.len);
	report->torn_path[kept.len] = '\0';
	report->torn_bytes = bytes;
	report->torn = true;
	return 0;
}

/* The last record lacks its newline. */
static int end_line(struct load *l)
{
	int r;

	if (l->zero) {
		r = blockfile_shorten(l->file, l->file->end - 1);
		if (r < 0)
			return r;
	}
	return blockfile_append(l->file, slice_of("\n"));
}

/* The last append may be one whose sync failed; and what was mended. */
static int rewrite(struct load *l)
{
	if (l->opened)
		return blockfile_rewrite(l->file, l->open.offset);
	if (!l->tail.before.present)
		return 0;
	return blockfile_rewrite(l->file,
				 l->check.offset ? l->check.offset - 1 : 0);
}

/* Everything is understood: put the end of the file in order. */
static int mend(struct load *l)
{
	int r = 0;

	if (l->cut)
		r = cut_tail(l);
	else if (!l->ended)
		r = end_line(l);
	if (r == 0)
		r = rewrite(l);
	if (r < 0)
		return r;
	return blockfile_settle(l->file);
}

static int load(struct load *l)
{
	int r;

	r = blockfile_scan(l->file, 0, 1, l->file->end, take_line, l);
	if (r < 0)
		return r;
	if (l->tail.damaged) {
		r = judge_damage(l);
		if (r < 0)
			return r;
	}
	if (tail_is_partial(&l->tail)) {
		r = judge_partial(l);
		if (r < 0)
			return r;
	}
	r = check_last_append(l);
	if (r < 0)
		return r;
	r = index_seal(l->index, compare_twice, l);
	if (r < 0)
		return r;
	return mend(l);
}

int load_block(struct blockfile *file, struct index *index,
	       const struct promise *promise, struct textstore_report *report,
	       bool *ret_unfinished)
{
	struct load l = {
		.file = file,
		.index = index,
		.lines = { .file = file },
		.report = report,
		.promise = promise,
		.ended = true,
	};
	int r;

	r = load(&l);
	lines_done(&l.lines);
	if (r == 0)
		*ret_unfinished =
			l.tail.before.position < l.tail.before.size;
	return r;
}

/* A scan_visit: it was judged before. */
static int take_again(void *arg, const struct scan_line *line)
{
	struct load *l = arg;
	const char *fault;
	struct record r;

	if (judge_is_blank(line->text))
		return 0;
	if (record_parse(line->text, &r, &fault) < 0)
		return -ESTALE;
	return index_line(l, line, &r);
}

int load_again(struct blockfile *file, struct index *index)
{
	struct textstore_report report = { 0 };
	struct load l = {
		.file = file,
		.index = index,
		.lines = { .file = file },
		.report = &report,
	};
	int r;

	r = blockfile_scan(file, 0, 1, file->end, take_again, &l);
	if (r == 0)
		r = index_seal(index, compare_twice, &l);
	lines_done(&l.lines);
	buf_done(&report.fault);
	return r < 0 && r != -ENOMEM ? blockfile_break(file, r) : r;
}
