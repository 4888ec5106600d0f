/* SPDX-License-Identifier: MIT */
/*
 * Every line is parsed a second time, and every answer worked out a second
 * time, record by record.
 */
#include "config.h"

#include "ledger/record.h"
#include "util/parse.h"

#include "answers.h"
#include "fuzz.h"

/* Ask about so many records' users and ids. */
#define ASKED_MAX 8

/* Records: the grammar against the second one, and back to text. */

static void check_body(const struct record *r)
{
	char body[RECORD_LINE_MAX];
	size_t len;

	len = record_format_body(r, body);
	fuzz_check(slice_equal((struct slice){ body, len }, r->body));
}

static void check_record(const struct record *r, const struct reading_line *l)
{
	char hex[CHAIN_HEX_SIZE];

	fuzz_check(r->serial == l->serial);
	fuzz_check(slice_equal(r->sender, l->sender));
	fuzz_check(slice_equal(r->receiver, l->receiver));
	fuzz_check(amount_to_u64(r->amount) == l->amount);
	fuzz_check(slice_equal(r->id, l->id));
	fuzz_check(slice_equal(r->memo, l->memo));
	fuzz_check(slice_equal(r->of, l->of));
	fuzz_check(slice_equal(r->body, l->body));
	fuzz_check(r->chained == l->chained);
	fuzz_check(r->sealed == (l->hash.len > 0));
	fuzz_check((r->batch_size > 1) == (l->batch.len > 0));
	fuzz_check(r->whole == (l->batch.len > 0 &&
				l->batch.p[l->batch.len - 1] == '!'));
	fuzz_check(record_same(r, r));
	if (r->sealed) {
		format_hex(r->hash, sizeof(r->hash), hex);
		fuzz_check(slice_equal((struct slice){ hex, sizeof(hex) },
				       l->hash));
	}
	if (r->chained)
		check_body(r);
}

static void check_line(struct slice line)
{
	struct reading_line l;
	const char *fault = NULL;
	struct record r;
	char *copy = fuzz_copy(line);
	bool good;

	line.p = copy;
	good = record_parse(line, &r, &fault) == 0;
	fuzz_check(good == reading_line(line, &l));
	if (good)
		check_record(&r, &l);
	else
		fuzz_check(fault && *fault);
	free(copy);
}

void answers_check_lines(struct slice text)
{
	struct slice line;

	while (reading_next(&text, &line))
		check_line(line);
}

/* The store. */

struct answer {
	const struct reading *reading;
	const struct store_query *query;
	size_t next;
};

static void skip_unasked(struct answer *a)
{
	while (a->next < a->reading->count &&
	       !reading_matches(&a->reading->line[a->next], a->query))
		a->next++;
}

/* A store_visit. */
static bool compare_line(void *arg, uint64_t serial, struct slice line)
{
	struct answer *a = arg;
	const struct reading_line *l;

	skip_unasked(a);
	fuzz_check(a->next < a->reading->count);
	l = &a->reading->line[a->next++];
	fuzz_check(serial == l->serial);
	fuzz_check(slice_equal(line, l->stored));
	return true;
}

static void check_total(struct store *s, const struct reading *r,
			const struct store_query *q)
{
	struct store_total total;
	uint64_t records = 0;
	__int128 net = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (!reading_matches(&r->line[i], q))
			continue;
		records++;
		if (q->user.len > 0)
			net += reading_net(&r->line[i], q->user);
	}
	fuzz_check(s->ops->total(s, q, &total) == 0);
	fuzz_check(total.records == records);
	fuzz_check(sum_to_i128(total.net) == net);
}

static bool is_between(const struct reading_line *l, struct slice a,
		       struct slice b)
{
	return (slice_equal(l->sender, a) && slice_equal(l->receiver, b)) ||
	       (slice_equal(l->sender, b) && slice_equal(l->receiver, a));
}

static void check_partner(const struct reading *r, const struct store_query *q,
			  const struct store_partner *p)
{
	uint64_t count = 0;
	__int128 net = 0;

	fuzz_check(!slice_equal(p->name, q->user));
	for (size_t i = 0; i < r->count; i++) {
		if (!reading_matches(&r->line[i], q) ||
		    !is_between(&r->line[i], q->user, p->name))
			continue;
		count++;
		net += reading_net(&r->line[i], q->user);
	}
	fuzz_check(p->count > 0 && p->count == count);
	fuzz_check(sum_to_i128(p->net) == net);
}

/* An opening is nobody's, all others are somebody's. */
static void check_partners(struct store *s, const struct reading *r,
			   const struct store_query *q)
{
	struct store_partner *partner = NULL;
	uint64_t expected = 0;
	uint64_t found = 0;
	size_t count;

	for (size_t i = 0; i < r->count; i++)
		if (reading_matches(&r->line[i], q) && r->line[i].amount > 0)
			expected++;
	fuzz_check(s->ops->partners(s, q, &partner, &count) == 0);
	for (size_t i = 0; i < count; i++) {
		fuzz_check(i == 0 || slice_compare(partner[i - 1].name,
						   partner[i].name) < 0);
		check_partner(r, q, &partner[i]);
		found += partner[i].count;
	}
	fuzz_check(found == expected);
	free(partner);
}

static void check_query(struct store *s, const struct reading *r,
			const struct store_query *q)
{
	struct answer a = { .reading = r, .query = q };

	fuzz_check(s->ops->fetch(s, q, compare_line, &a) == 0);
	skip_unasked(&a);
	fuzz_check(a.next == r->count);
	check_total(s, r, q);
	if (q->user.len > 0)
		check_partners(s, r, q);
}

struct found {
	struct slice id;
	uint64_t upto;
	unsigned int times;
};

/* A store_visit. */
static bool compare_id(void *arg, uint64_t serial, struct slice line)
{
	struct found *f = arg;
	struct reading_line l;

	f->times++;
	fuzz_check(reading_line(line, &l));
	fuzz_check(l.serial == serial && serial <= f->upto);
	fuzz_check(slice_equal(l.id, f->id));
	return true;
}

static void check_id(struct store *s, const struct reading *r,
		     const struct reading_line *l)
{
	struct found f = { .id = l->id, .upto = l->serial };
	bool before = false;

	fuzz_check(s->ops->find_id(s, f.id, f.upto, compare_id, &f) == 0);
	fuzz_check(f.times == 1);

	for (size_t i = 0; &r->line[i] < l; i++)
		before = before || slice_equal(r->line[i].id, l->id);
	f = (struct found){ .id = l->id, .upto = l->serial - 1 };
	fuzz_check(s->ops->find_id(s, f.id, f.upto, compare_id, &f) == 0);
	fuzz_check(f.times == (before ? 1 : 0));
}

/* The names in @of up to the first comma, and behind it; they may be one. */
static size_t split_of(struct slice of, struct slice ret[2])
{
	const char *comma = of.len > 0 ? memchr(of.p, ',', of.len) : NULL;
	size_t len = comma ? (size_t)(comma - of.p) : of.len;

	ret[0] = (struct slice){ of.p, len };
	if (!comma)
		return of.len > 0 ? 1 : 0;
	ret[1] = (struct slice){ comma + 1, of.len - len - 1 };
	return 2;
}

/* All that concerns one record of the block. */
static void check_about(struct store *s, const struct reading *r,
			const struct reading_line *l)
{
	const struct store_range range = { 1, l->serial, l->serial % 2 == 0 };
	struct slice absent[2];
	struct store_query q = { .after = l->serial / 2,
				 .upto = l->serial,
				 .user = l->sender };

	check_query(s, r, &q);
	q.after = 0;
	q.user = l->receiver;
	q.filter.absent = absent;
	q.filter.absents = split_of(l->of, absent);
	check_query(s, r, &q);
	q.upto = UINT64_MAX;
	q.filter.range = &range;
	q.filter.ranges = 1;
	check_query(s, r, &q);
	if (l->id.len > 0)
		check_id(s, r, l);
}

void answers_check(struct store *s, const struct reading *r)
{
	struct store_query q = { .upto = UINT64_MAX };
	size_t step = r->count / ASKED_MAX + 1;
	struct store_state state;

	s->ops->state(s, &state);
	fuzz_check(state.records == r->count);
	fuzz_check(state.last_serial ==
		   (r->count > 0 ? r->line[r->count - 1].serial : 0));
	fuzz_check(!state.full);

	check_query(s, r, &q);
	q.filter.everything = true;
	check_query(s, r, &q);
	q.user = slice_of("nobody at all");
	check_query(s, r, &q);
	for (size_t i = 0; i < r->count; i += step)
		check_about(s, r, &r->line[i]);
}
