/* SPDX-License-Identifier: MIT */
/*
 * A user's records are found by two searches, for the bounds; where a filter
 * leaves nothing out, sums come from the saved ones and cost no walk.
 */
#include "config.h"

#include <string.h>

#include "store/query.h"

/* Records between asking memory for one and looking at it. */
#define PREFETCH_AHEAD 16

static bool is_absent(const struct store_filter *f, struct slice name)
{
	for (size_t i = 0; i < f->absents; i++)
		if (slice_equal(f->absent[i], name))
			return true;
	return false;
}

/* Are all the names in the list @of absent? */
static bool all_absent(const struct store_filter *f, struct slice of)
{
	struct slice name;
	const char *comma;

	for (;;) {
		comma = memchr(of.p, ',', of.len);
		name = of;
		if (comma)
			name.len = (size_t)(comma - of.p);

		if (!is_absent(f, name))
			return false;
		if (!comma)
			return true;
		of.p += name.len + 1;
		of.len -= name.len + 1;
	}
}

static void judge_copies(struct query_cursor *c, const struct store_filter *f)
{
	c->of_counts[0] = true;
	for (uint32_t i = 1; i <= c->index->ofs; i++)
		c->of_counts[i] = all_absent(f, index_of_text(c->index, i));
}

/* How many of the user's records have ordinals below @ordinal? */
static uint32_t postings_below(const struct index_user *u, uint32_t ordinal)
{
	uint32_t low = 0;
	uint32_t high = u->count;
	uint32_t middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (u->ordinal[middle] < ordinal)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void start(struct query_cursor *c, const struct index *x,
		  const struct store_query *q)
{
	const struct index_user *u;

	c->index = x;
	c->user = NAME_NONE;
	c->at = index_upto(x, q->after);
	c->end = index_upto(x, q->upto);
	c->all = q->filter.everything ||
		 (q->filter.ranges == 0 && x->copies == 0);
	if (!c->all)
		judge_copies(c, &q->filter);
	if (q->user.len == 0)
		return;

	c->user = names_find(&x->names, q->user);
	if (c->user == NAME_NONE) {
		c->end = c->at;
		return;
	}
	u = &x->user[c->user];
	c->at = postings_below(u, c->at);
	c->end = postings_below(u, c->end);
}

void query_start(struct query_walk *w, const struct catalog *c,
		 const struct store_query *q)
{
	w->filter = q->filter;
	w->cursors = c->index[CATALOG_LOWER]->count > 0 ? CATALOG_INDEXES : 1;
	for (size_t i = 0; i < w->cursors; i++)
		start(&w->cursor[i], c->index[i], q);
}

static bool counts(const struct query_cursor *c, const struct store_filter *f,
		   const struct index_entry *e)
{
	for (size_t i = 0; i < f->ranges; i++)
		if (e->serial >= f->range[i].from &&
		    e->serial <= f->range[i].to)
			return f->range[i].take;
	return c->of_counts[index_of(e)];
}

/* A user's records lie far apart: ask for one that is looked at soon. */
static inline void prefetch_entry(const struct query_cursor *c, uint32_t at)
{
	const struct index *x = c->index;

	if (at < c->end)
		__builtin_prefetch(&x->entry[x->user[c->user].ordinal[at]]);
}

/* The next one of an index, which the cursor then stands at. */
static inline const struct index_entry *peek(struct query_cursor *c,
					     const struct store_filter *f)
{
	const struct index *x = c->index;
	const struct index_entry *e;
	uint32_t ordinal;

	for (; c->at < c->end; c->at++) {
		ordinal = c->at;
		if (c->user != NAME_NONE)
			ordinal = x->user[c->user].ordinal[c->at];
		e = &x->entry[ordinal];
		if (c->all || counts(c, f, e))
			return e;
	}
	return NULL;
}

/* The cursor that stands at the lowest serial; NULL at the end. */
static struct query_cursor *lowest(struct query_walk *w,
				   const struct index_entry **ret)
{
	const struct index_entry *best = NULL;
	struct query_cursor *found = NULL;
	const struct index_entry *e;

	for (size_t i = 0; i < w->cursors; i++) {
		e = peek(&w->cursor[i], &w->filter);
		if (e && (!best || e->serial < best->serial)) {
			found = &w->cursor[i];
			best = e;
		}
	}
	*ret = best;
	return found;
}

const struct index_entry *query_next(struct query_walk *w)
{
	struct query_cursor *c = &w->cursor[0];
	const struct index_entry *e;

	if (w->cursors > 1)
		c = lowest(w, &e);
	else
		e = peek(c, &w->filter);
	if (e)
		c->at++;
	return e;
}

void query_tell(const struct query_walk *w, struct query_place *ret)
{
	for (size_t i = 0; i < w->cursors; i++)
		ret->at[i] = w->cursor[i].at;
}

void query_seek(struct query_walk *w, const struct query_place *place)
{
	for (size_t i = 0; i < w->cursors; i++)
		w->cursor[i].at = place->at[i];
}

/* Nothing is left out: saved sums do. */
static void add_at_once(const struct query_cursor *c, struct store_total *t)
{
	__int128 net = sum_to_i128(t->net);

	if (c->at >= c->end)
		return;
	t->records += c->end - c->at;
	if (c->user == NAME_NONE)
		return;

	net += sum_to_i128(index_net(c->index, c->user, c->end));
	net -= sum_to_i128(index_net(c->index, c->user, c->at));
	t->net = sum_from_i128(net);
}

static void add_one_by_one(struct query_cursor *c, const struct store_filter *f,
			   struct store_total *t)
{
	const struct index_entry *e;

	for (; (e = peek(c, f)); c->at++) {
		t->records++;
		if (c->user != NAME_NONE)
			t->net = index_apply(t->net, e, c->user);
	}
}

void query_total(const struct catalog *c, const struct store_query *q,
		 struct store_total *ret)
{
	struct query_walk w;

	*ret = (struct store_total){ 0 };
	query_start(&w, c, q);
	for (size_t i = 0; i < w.cursors; i++) {
		if (w.cursor[i].all)
			add_at_once(&w.cursor[i], ret);
		else
			add_one_by_one(&w.cursor[i], &w.filter, ret);
	}
}

/* The counterparts found so far. */
struct partners {
	uint32_t *place; /* by the key: one more than in the list; 0: none */
	struct store_partner *partner;
	uint32_t count;
	uint32_t room;
};

static void partners_done(struct partners *p)
{
	free(p->place);
	free(p->partner);
}

static int grow_partners(struct partners *p)
{
	uint32_t room = p->room + p->room / 2 + 16;
	struct store_partner *partner;

	if (p->count < p->room)
		return 0;

	partner = reallocarray(p->partner, room, sizeof(*partner));
	if (!partner)
		return -ENOMEM;
	p->partner = partner;
	p->room = room;
	return 0;
}

/* Keys are below this. */
static size_t keys_of(const struct query_walk *w)
{
	size_t keys = 0;

	for (size_t i = 0; i < w->cursors; i++)
		keys += w->cursor[i].index->names.count;
	return keys;
}

/*
 * One key for a name in all indexes: its number in the first of them, or above
 * those its number in the second.
 */
static uint64_t key_of(const struct query_walk *w, size_t cursor,
		       uint32_t number)
{
	const struct names *first = &w->cursor[0].index->names;
	const struct names *names = &w->cursor[cursor].index->names;
	uint32_t known;

	if (cursor == 0)
		return number;
	known = names_find(first, names_text(names, number));
	return known != NAME_NONE ? known : (uint64_t)first->count + number;
}

/* The counterpart with this key, found or made. */
static int find_partner(struct partners *p, uint64_t key,
			const struct names *names, uint32_t number,
			struct store_partner **ret)
{
	int r;

	if (p->place[key] == 0) {
		r = grow_partners(p);
		if (r < 0)
			return r;
		p->partner[p->count] = (struct store_partner){
			.name = names_text(names, number),
		};
		p->place[key] = ++p->count;
	}
	*ret = &p->partner[p->place[key] - 1];
	return 0;
}

static int collect(struct partners *p, struct query_walk *w, size_t cursor)
{
	struct query_cursor *c = &w->cursor[cursor];
	const struct names *names = &c->index->names;
	const struct index_entry *e;
	struct store_partner *partner;
	uint32_t other;
	int r;

	for (; (e = peek(c, &w->filter)); c->at++) {
		prefetch_entry(c, c->at + PREFETCH_AHEAD);
		if (e->sender == e->receiver)
			continue;
		other = e->sender == c->user ? e->receiver : e->sender;
		r = find_partner(p, key_of(w, cursor, other), names, other,
				 &partner);
		if (r < 0)
			return r;
		partner->count++;
		partner->net = index_apply(partner->net, e, c->user);
	}
	return 0;
}

static int compare_partners(const void *a, const void *b)
{
	return slice_compare(((const struct store_partner *)a)->name,
			     ((const struct store_partner *)b)->name);
}

int query_partners(const struct catalog *c, const struct store_query *q,
		   struct store_partner **ret, size_t *ret_count)
{
	_cleanup_(partners_done) struct partners p = { 0 };
	struct query_walk w;
	int r = 0;

	query_start(&w, c, q);
	/* Zero pages that nobody touches cost nothing. */
	p.place = calloc(keys_of(&w) + 1, sizeof(*p.place));
	if (!p.place)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < w.cursors; i++)
		if (w.cursor[i].user != NAME_NONE)
			r = collect(&p, &w, i);
	if (r < 0)
		return r;

	if (p.count > 0)
		qsort(p.partner, p.count, sizeof(*p.partner), compare_partners);
	*ret = TAKE_PTR(p.partner);
	*ret_count = p.count;
	return 0;
}
