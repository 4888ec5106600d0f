/* SPDX-License-Identifier: MIT */
/*
 * A user's records are found by two searches, for the bounds; where a filter
 * leaves nothing out, sums come from the saved ones and cost no walk.
 */
#include "config.h"

#include <string.h>

#include "store/query.h"

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

static void judge_copies(struct query_walk *w)
{
	w->of_counts[0] = true;
	for (uint32_t i = 1; i <= w->index->ofs; i++)
		w->of_counts[i] =
			all_absent(&w->filter, index_of_text(w->index, i));
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

void query_start(struct query_walk *w, const struct index *x,
		 const struct store_query *q)
{
	const struct index_user *u;

	w->index = x;
	w->filter = q->filter;
	w->user = NAME_NONE;
	w->at = index_upto(x, q->after);
	w->end = index_upto(x, q->upto);
	w->all = q->filter.everything ||
		 (q->filter.ranges == 0 && x->copies == 0);
	if (!w->all)
		judge_copies(w);
	if (q->user.len == 0)
		return;

	w->user = names_find(&x->names, q->user);
	if (w->user == NAME_NONE) {
		w->end = w->at;
		return;
	}
	u = &x->user[w->user];
	w->at = postings_below(u, w->at);
	w->end = postings_below(u, w->end);
}

static bool counts(const struct query_walk *w, const struct index_entry *e)
{
	const struct store_range *range = w->filter.range;

	for (size_t i = 0; i < w->filter.ranges; i++)
		if (e->serial >= range[i].from && e->serial <= range[i].to)
			return range[i].take;
	return w->of_counts[index_of(e)];
}

bool query_next(struct query_walk *w, uint32_t *ret)
{
	const struct index *x = w->index;
	uint32_t ordinal;

	while (w->at < w->end) {
		ordinal = w->at;
		if (w->user != NAME_NONE)
			ordinal = x->user[w->user].ordinal[w->at];
		w->at++;
		if (w->all || counts(w, &x->entry[ordinal])) {
			*ret = ordinal;
			return true;
		}
	}
	return false;
}

static void total_at_once(const struct query_walk *w, struct store_total *ret)
{
	__int128 net = 0;

	if (w->at >= w->end)
		return;
	ret->records = w->end - w->at;
	if (w->user == NAME_NONE)
		return;

	net = sum_to_i128(index_net(w->index, w->user, w->end));
	net -= sum_to_i128(index_net(w->index, w->user, w->at));
	ret->net = sum_from_i128(net);
}

void query_total(const struct index *x, const struct store_query *q,
		 struct store_total *ret)
{
	struct query_walk w;
	uint32_t i;

	*ret = (struct store_total){ 0 };
	query_start(&w, x, q);
	if (w.all) {
		total_at_once(&w, ret);
		return;
	}
	while (query_next(&w, &i)) {
		ret->records++;
		if (w.user != NAME_NONE)
			ret->net = index_apply(ret->net, &x->entry[i], w.user);
	}
}

/* The counterparts found so far. */
struct partners {
	struct map map; /* by the hash of the number */
	uint32_t *number; /* of the name */
	struct store_partner *partner;
	uint32_t count;
	uint32_t room;
};

static void partners_done(struct partners *p)
{
	map_done(&p->map);
	free(p->number);
	free(p->partner);
}

static int grow_partners(struct partners *p)
{
	uint32_t room = p->room + p->room / 2 + 16;
	struct store_partner *partner;
	uint32_t *number;

	if (p->count < p->room)
		return 0;

	number = reallocarray(p->number, room, sizeof(*number));
	if (!number)
		return -ENOMEM;
	p->number = number;
	partner = reallocarray(p->partner, room, sizeof(*partner));
	if (!partner)
		return -ENOMEM;
	p->partner = partner;
	p->room = room;
	return 0;
}

/* The place of the counterpart with this number, found or made. */
static int find_partner(struct partners *p, const struct index *x,
			uint32_t number, struct store_partner **ret)
{
	uint64_t hash = map_hash(&p->map, &number, sizeof(number));
	size_t at;
	uint32_t i;
	int r;

	for (i = map_first(&p->map, hash, &at); i != MAP_NONE;
	     i = map_next(&p->map, hash, &at)) {
		if (p->number[i] == number) {
			*ret = &p->partner[i];
			return 0;
		}
	}

	r = grow_partners(p);
	if (r < 0)
		return r;
	r = map_insert(&p->map, hash, p->count);
	if (r < 0)
		return r;
	p->number[p->count] = number;
	*ret = &p->partner[p->count++];
	**ret = (struct store_partner){ .name = names_text(&x->names, number) };
	return 0;
}

static int collect(struct partners *p, struct query_walk *w)
{
	struct store_partner *partner;
	const struct index_entry *e;
	uint32_t i;
	int r;

	while (query_next(w, &i)) {
		e = &w->index->entry[i];
		if (e->sender == e->receiver)
			continue;
		r = find_partner(p, w->index,
				 e->sender == w->user ? e->receiver : e->sender,
				 &partner);
		if (r < 0)
			return r;
		partner->count++;
		partner->net = index_apply(partner->net, e, w->user);
	}
	return 0;
}

static int compare_partners(const void *a, const void *b)
{
	return slice_compare(((const struct store_partner *)a)->name,
			     ((const struct store_partner *)b)->name);
}

int query_partners(const struct index *x, const struct store_query *q,
		   struct store_partner **ret, size_t *ret_count)
{
	_cleanup_(partners_done) struct partners p = { 0 };
	struct query_walk w;
	int r;

	query_start(&w, x, q);
	if (w.user == NAME_NONE) {
		*ret = NULL;
		*ret_count = 0;
		return 0;
	}
	map_init(&p.map, x->ids.key);
	r = collect(&p, &w);
	if (r < 0)
		return r;

	if (p.count > 0)
		qsort(p.partner, p.count, sizeof(*p.partner), compare_partners);
	*ret = TAKE_PTR(p.partner);
	*ret_count = p.count;
	return 0;
}
