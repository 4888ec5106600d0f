/* SPDX-License-Identifier: MIT */
/*
 * Up to the first fault the ledger's own rules decide.  Behind it balances mean
 * nothing, but each link of the chain can still be tried: so a fault is named
 * where it is, and not once for every record above it.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/record.h"
#include "ledger/whole.h"
#include "util/map.h"
#include "util/parse.h"
#include "util/random.h"
#include "check/check_internal.h"
#include "check/history.h"

struct walk {
	struct check *check;
	struct ledger *ledger; /* the whole part */
	struct map ids; /* operation ids so far, by the number of the entry */
	bool broken; /* there was a fault; the whole part has ended */
	bool tip_seen; /* the record of the tip that was given */
	struct whole group; /* that the record before stands in */
	struct entry begun; /* where the last one in the whole part begins */
	/* The record before: */
	uint64_t serial;
	int64_t time;
	uint8_t hash[CHAIN_HASH_SIZE];
	uint32_t batch_position;
	uint32_t batch_size;
	/* Of the serial at hand, the line that counts. */
	const struct entry *entry;
	struct record record;
	char line[RECORD_LINE_MAX];
};

/* "FILE:LINE: serial N: …" */
static int fault_at(struct walk *w, const struct entry *e, const char *text)
{
	const struct check *c = w->check;

	w->broken = true;
	return check_fault(w->check, "%s:%" PRIu32 ": serial %" PRIu64 ": %s",
			   c->book[e->book]->path, e->line, e->serial, text);
}

/* The record at @e; its strings are good until the next call. */
static int read_record(struct walk *w, const struct entry *e,
		       struct record *ret)
{
	struct book *b = w->check->book[e->book];
	const char *fault;
	struct slice text;
	struct record r;
	int error;

	w->check->culprit = b->path;
	error = book_text(b, e->offset, e->length, &text);
	if (error < 0)
		return error;
	/* It was read before: if it reads otherwise now, that is a change. */
	if (record_parse(text, &r, &fault) < 0 || r.serial != e->serial)
		return -ESTALE;

	w->check->culprit = NULL;
	*ret = r;
	return 0;
}

/* Make the record at @e the one that counts, in memory of our own. */
static int choose(struct walk *w, const struct entry *e)
{
	struct record r;
	const char *fault;
	int error;

	error = read_record(w, e, &r);
	if (error < 0)
		return error;
	memcpy(w->line, r.body.p, e->length);
	error = record_parse((struct slice){ w->line, e->length }, &w->record,
			     &fault);
	if (error < 0)
		return error;
	w->entry = e;
	return 0;
}

static bool follows(const struct walk *w, const struct record *r)
{
	uint8_t hash[CHAIN_HASH_SIZE];

	if (!r->sealed || (r->chained && r->serial != w->serial + 1))
		return false;
	chain_step(w->hash, r->body, hash);
	return memcmp(hash, r->hash, sizeof(hash)) == 0;
}

/* Another line for the same serial: the same record, or a contradiction. */
static int compare(struct walk *w, const struct entry *e)
{
	const struct check *c = w->check;
	const struct entry *first = w->entry;
	struct record other;
	int r;

	r = read_record(w, e, &other);
	if (r < 0)
		return r;
	if (record_same(&w->record, &other)) {
		w->check->summary.doubles++;
		/* Of an old record, one that bears its hash, to be tried. */
		return other.sealed && !w->record.sealed ? choose(w, e) : 0;
	}

	/* Go on with the one that the history goes on with, if one does. */
	if (!follows(w, &w->record) && follows(w, &other)) {
		r = choose(w, e);
		if (r < 0)
			return r;
	}
	w->broken = true;
	return check_fault(w->check,
			   "%s:%" PRIu32 ": serial %" PRIu64
			   ": has other contents than in %s:%" PRIu32,
			   c->book[e->book]->path, e->line, e->serial,
			   c->book[first->book]->path, first->line);
}

/* Chained records have all serials below them. */
static int fault_missing(struct walk *w)
{
	char text[128];

	if (w->record.serial == w->serial + 2)
		(void)snprintf(text, sizeof(text),
			       "serial %" PRIu64 " is missing before it",
			       w->serial + 1);
	else
		(void)snprintf(text, sizeof(text),
			       "serials %" PRIu64 " to %" PRIu64
			       " are missing before it",
			       w->serial + 1, w->record.serial - 1);
	return fault_at(w, w->entry, text);
}

/* The K-th of N stands behind the one before it, or that was cut off. */
static bool is_in_batch(const struct walk *w)
{
	const struct record *r = &w->record;

	if (r->batch_position == 1)
		return true;
	return w->batch_size == r->batch_size &&
	       w->batch_position == r->batch_position - 1;
}

/* Behind a fault: what can be said of this record and the one before it. */
static int check_link(struct walk *w)
{
	const struct record *r = &w->record;

	if (!r->sealed)
		return 0;
	if (r->chained && r->time < w->time)
		return fault_at(
			w, w->entry,
			"its time lies before that of an earlier record");
	if (!follows(w, r))
		return fault_at(w, w->entry,
				"its hash does not follow from the record "
				"before it");
	return 0;
}

static int apply(struct walk *w)
{
	const char *fault;
	int r;

	if (w->record.whole && w->record.batch_position == 1)
		w->begun = *w->entry;
	r = ledger_apply(w->ledger, &w->record, &fault);
	return r == -EBADMSG ? fault_at(w, w->entry, fault) : r;
}

static int judge(struct walk *w)
{
	const struct record *r = &w->record;
	bool whole = whole_take(&w->group, r);

	if (r->chained && r->serial != w->serial + 1)
		return fault_missing(w);
	if (!whole || (r->chained && !is_in_batch(w)))
		return fault_at(w, w->entry,
				"its b= does not go on from the record "
				"before it");
	return w->broken ? check_link(w) : apply(w);
}

static void advance(struct walk *w)
{
	const struct record *r = &w->record;

	if (r->chained)
		w->time = r->time;
	if (r->sealed) {
		memcpy(w->hash, r->hash, sizeof(w->hash));
	} else if (w->broken) {
		chain_step(w->hash, r->body, w->hash);
	} else {
		memcpy(w->hash, ledger_tip(w->ledger), sizeof(w->hash));
	}
	w->serial = r->serial;
	w->batch_position = r->batch_position;
	w->batch_size = r->chained ? r->batch_size : 0;
}

/* Does the record at @e have the operation id of the one at hand? */
static int has_same_id(struct walk *w, const struct entry *e, bool *ret)
{
	struct record r;
	int error;

	error = read_record(w, e, &r);
	if (error < 0)
		return error;
	*ret = slice_equal(r.id, w->record.id);
	return 0;
}

static int fault_repeated(struct walk *w, const struct entry *first)
{
	const struct check *c = w->check;

	w->check->summary.repeats += !w->broken;
	return check_fault(w->check,
			   "%s:%" PRIu32 ": serial %" PRIu64
			   ": has the operation id of serial %" PRIu64
			   " in %s:%" PRIu32,
			   c->book[w->entry->book]->path, w->entry->line,
			   w->entry->serial, first->serial,
			   c->book[first->book]->path, first->line);
}

/*
 * An operation is recorded once.  The chain holds all the same if it is not, so
 * the whole part goes on.
 */
static int check_id(struct walk *w)
{
	const struct check *c = w->check;
	const struct entry *entries = check_entries(c);
	struct slice id = w->record.id;
	uint64_t hash;
	bool same;
	size_t at;
	uint32_t i;
	int r;

	if (!id.len)
		return 0;
	if (check_entry_count(c) >= MAP_NONE)
		return -EFBIG;
	hash = map_hash(&w->ids, id.p, id.len);
	for (i = map_first(&w->ids, hash, &at); i != MAP_NONE;
	     i = map_next(&w->ids, hash, &at)) {
		const struct entry *first = &entries[i];

		r = has_same_id(w, first, &same);
		if (r < 0)
			return r;
		if (same)
			return fault_repeated(w, first);
	}
	return map_insert(&w->ids, hash, (uint32_t)(w->entry - entries));
}

/* Is this where the tip that was given should be? */
static int compare_tip(struct walk *w)
{
	const struct check_options *o = &w->check->options;
	char found[CHAIN_HEX_SIZE];

	if (!o->tip_given || w->broken || w->serial != o->tip_serial)
		return 0;
	w->tip_seen = true;
	if (memcmp(w->hash, o->tip_hash, sizeof(w->hash)) == 0)
		return 0;

	format_hex(w->hash, sizeof(w->hash), found);
	w->check->summary.tip_wrong = true;
	return check_fault(w->check,
			   "serial %" PRIu64 ": the tip is %.*s here, not the "
			   "one given: this is another history",
			   w->serial, CHAIN_HEX_SIZE, found);
}

/* All lines with one serial; @count of them. */
static int take_serial(struct walk *w, const struct entry *e, size_t count)
{
	int r;

	/* What a bad line told is missing; that was said. */
	if (e->serial > w->check->limit)
		w->broken = true;
	r = choose(w, e);
	for (size_t i = 1; r == 0 && i < count; i++)
		r = compare(w, &e[i]);
	if (r == 0)
		r = judge(w);
	if (r != 0)
		return r;

	if (w->broken)
		w->check->summary.beyond++;
	advance(w);
	r = check_id(w);
	return r == 0 ? compare_tip(w) : r;
}

static int take_all(struct walk *w)
{
	const struct entry *e = check_entries(w->check);
	size_t count = check_entry_count(w->check);
	size_t same;
	int r;

	r = compare_tip(w);
	for (size_t i = 0; r == 0 && i < count; i += same) {
		same = 1;
		while (i + same < count && e[i + same].serial == e[i].serial)
			same++;
		r = take_serial(w, &e[i], same);
	}
	return r;
}

/* Was the serial of the tip among those of the whole part? */
static int check_tip_reached(struct walk *w)
{
	const struct check_options *o = &w->check->options;

	if (!o->tip_given || w->tip_seen)
		return 0;
	w->check->summary.tip_wrong = true;
	return check_fault(w->check,
			   "serial %" PRIu64 ": a tip is given for it, but it "
			   "is not in the whole part, up to serial %" PRIu64,
			   o->tip_serial, ledger_serial(w->ledger));
}

static struct sum coins_of(const struct ledger *l)
{
	struct sum sum = SUM_ZERO;
	struct amount balance;

	for (uint32_t user = 0; user < ledger_users(l); user++)
		if (ledger_user_balance(l, user, &balance))
			sum = sum_plus(sum, balance);
	return sum;
}

static void summarize(const struct walk *w)
{
	struct check_summary *s = &w->check->summary;
	const struct ledger *l = w->ledger;

	s->serial = ledger_serial(l);
	memcpy(s->tip, ledger_tip(l), sizeof(s->tip));
	s->transactions = ledger_records(l);
	s->users = ledger_members(l);
	s->coins = coins_of(l);
	s->gaps = ledger_gaps(l);
	s->first_gap = ledger_first_gap(l);
}

static int walk_all(struct walk *w, struct check *c)
{
	uint8_t key[MAP_KEY_SIZE];
	int r;

	*w = (struct walk){ .check = c };
	random_bytes(key, sizeof(key));
	r = ledger_new(c->options.initial, key, &w->ledger);
	if (r < 0)
		return r;

	map_init(&w->ids, key);
	r = take_all(w);
	map_done(&w->ids);
	return r;
}

/*
 * The whole part would end within a batch that stands or falls as one: it ends
 * before it, and what it comes to there is worked out anew.
 */
static int step_back(struct walk *w)
{
	struct check *c = w->check;
	uint64_t first = ledger_partial(w->ledger);
	int r;

	r = fault_at(w, &w->begun,
		     "the batch that begins here stands or falls as one, and is "
		     "not whole");
	if (r != 0)
		return r;
	(void)ledger_free(TAKE_PTR(w->ledger));
	c->limit = first - 1;
	c->summary.doubles = 0;
	c->summary.beyond = 0;
	c->summary.repeats = 0;
	c->silent = true;
	r = walk_all(w, c);
	c->silent = false;
	return r;
}

int history_check(struct check *c)
{
	struct walk w;
	int r;

	r = walk_all(&w, c);
	if (r == 0 && ledger_partial(w.ledger))
		r = step_back(&w);
	if (r == 0)
		r = check_tip_reached(&w);
	if (r == 0)
		summarize(&w);
	(void)ledger_free(w.ledger);
	return r;
}
