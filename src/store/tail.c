/* SPDX-License-Identifier: MIT */
/*
 * What a crash leaves of the last write: a part of its length, and zeros for
 * the pages that were not written.  So a torn batch may lack its end and have
 * holes, and whatever parses is whole.
 *
 * In a block that our daemons never wrote to there is no b= to go by.  There
 * only what can be the beginning of a record, cut off without a newline or
 * going over into zeros, is taken for torn; all else may be somebody's slip.
 */
#include "config.h"

#include <string.h>

#include "ledger/amount.h"
#include "ledger/name.h"
#include "util/parse.h"

#include "store/judge.h"
#include "store/tail.h"

/* The first byte of a character of several, and how many others it has. */
#define UTF8_LEAD 0xc2
#define UTF8_FOLLOWERS 3

static struct tail_mark mark_of(const struct record *r)
{
	return (struct tail_mark){
		.present = true,
		.serial = r->serial,
		.position = r->batch_position,
		.size = r->batch_size,
		.whole = r->whole,
	};
}

/* May wrap around in a file somebody made up; still tells batches apart. */
static uint64_t first_serial(const struct tail_mark *m)
{
	return m->serial - (m->position - 1);
}

bool tail_same_batch(const struct tail_mark *a, const struct tail_mark *b)
{
	return a->present && b->present && a->size == b->size &&
	       a->whole == b->whole && first_serial(a) == first_serial(b);
}

/* A record before any damage. */
static bool note_good(struct tail *t, const struct tail_place *at,
		      const struct record *r)
{
	if (!whole_partial(&t->group)) {
		t->begun = *at;
		t->lines = 0;
		t->before_group = t->before;
	}
	t->lines++;
	if (r->chained)
		t->before = mark_of(r);
	return whole_take(&t->group, r);
}

bool tail_good(struct tail *t, const struct tail_place *at,
	       const struct record *r)
{
	struct tail_mark m = mark_of(r);

	if (!t->damaged)
		return note_good(t, at, r);

	/* An old record looks like a batch of its own, and that is foreign. */
	if (t->after.present && !tail_same_batch(&t->after, &m))
		t->foreign = true;
	if (!t->after.present)
		t->after = m;
	return true;
}

void tail_bad(struct tail *t, uint64_t offset, uint64_t line, struct slice text,
	      const char *reason)
{
	if (!t->damaged) {
		t->serial = judge_serial(text);
		t->damaged = true;
		t->offset = offset;
		t->line = line;
		t->reason = reason;
	}
	if (!t->after.present)
		t->lost++;
}

/*
 * The good lines behind the damage are of one batch.  Does it hold the damaged
 * lines as well?  It does if they are no more than the records it lacks.
 */
static bool stands_in_batch(const struct tail *t)
{
	uint64_t start = first_serial(&t->after);
	uint32_t lacks = t->after.position - 1;

	if (t->serial && (t->serial < start || t->serial >= t->after.serial))
		return false;
	if (tail_same_batch(&t->before, &t->after)) {
		if (t->before.position > lacks)
			return false;
		return t->lost <= lacks - t->before.position;
	}
	if (t->before.present) {
		if (start <= t->before.serial)
			return false;
		/*
		 * Was the end of that batch cut off before?  Serials tell.  Of
		 * one that stands or falls as one all would have been cut off.
		 */
		if (t->before.position < t->before.size &&
		    (t->before.whole || start != t->before.serial + 1))
			return false;
	}
	return t->lost <= lacks;
}

static bool is_serial(struct slice text)
{
	uint64_t serial;

	return parse_u64_range(text, 1, INT64_MAX, &serial) == 0;
}

static bool is_name(struct slice text)
{
	return !user_name_fault(text);
}

static bool is_amount(struct slice text)
{
	struct amount amount;

	return amount_parse(text, &amount) == 0;
}

/* Without the last character, of which only some bytes may be there. */
static struct slice without_last(struct slice text)
{
	size_t n = 0;

	while (n < text.len && n < UTF8_FOLLOWERS &&
	       ((uint8_t)text.p[text.len - 1 - n] & 0xc0) == 0x80)
		n++;
	if (n < text.len && (uint8_t)text.p[text.len - 1 - n] >= UTF8_LEAD)
		text.len -= n + 1;
	return text;
}

/* "t=…", or what is left of it; what follows was written by our daemons. */
static bool begins_fields(struct slice text)
{
	size_t n = text.len < 2 ? text.len : 2;

	return n == 0 || memcmp(text.p, "t=", n) == 0;
}

/* Can @text, which ends anywhere, be the beginning of a chained record? */
static bool begins_record(struct slice text)
{
	static bool (*const is_column[])(struct slice) = {
		is_serial, is_name, is_name, is_amount
	};
	const char *space;
	struct slice word;

	for (size_t i = 0; i < ELEMENTS(is_column); i++) {
		space = text.len ? memchr(text.p, ' ', text.len) : NULL;
		word = text;
		if (space)
			word.len = (size_t)(space - text.p);
		else if (is_column[i] == is_name)
			word = without_last(word);

		if (!space && word.len == 0)
			return true;
		if (!is_column[i](word))
			return false;
		if (!space)
			return true;
		text.p = space + 1;
		text.len -= word.len + 1;
	}
	return begins_fields(text);
}

/* The first append to a block, or something else? */
static bool is_first_append(struct slice text)
{
	struct slice lead = { text.p, 0 };

	while (lead.len < text.len && text.p[lead.len] != '\0' &&
	       text.p[lead.len] != '\n')
		lead.len++;
	if (!begins_record(lead))
		return false;
	if (lead.len == text.len)
		return true;
	/* Nobody types a zero byte: it stands for what was never written. */
	return text.p[lead.len] == '\0';
}

bool tail_wants_text(const struct tail *t)
{
	return t->damaged && !t->foreign && !t->after.present &&
	       !t->before.present;
}

bool tail_is_partial(const struct tail *t)
{
	return whole_partial(&t->group) > 0;
}

bool tail_is_torn(const struct tail *t, uint64_t length, struct slice text)
{
	if (t->foreign || length > TAIL_BATCH_MAX)
		return false;
	if (t->after.present)
		return stands_in_batch(t);
	if (t->lost > RECORD_BATCH_MAX)
		return false;
	/* What is appended lies above; below, somebody may have typed it. */
	if (t->before.present)
		return !t->serial || t->serial > t->before.serial;
	return is_first_append(text);
}
