/* SPDX-License-Identifier: MIT */
/*
 * A user's counterparts: each backend sums up its own, in pages by name; here
 * they are joined and ranked.
 */
#include "config.h"

#include <string.h>

#include "main/query_internal.h"

struct part {
	struct call call;
	struct query *query;
	struct message_filter filter;
	char after[USER_NAME_MAX];
	size_t after_len;
};

struct partner {
	uint32_t name_at; /* in names */
	uint8_t name_len;
	uint64_t count;
	struct sum net;
};

struct stats {
	struct map map; /* name to partner */
	struct partner *partner;
	uint32_t count;
	uint32_t cap;
	struct buf names;
	uint32_t absent; /* not asked: copies count in their place */
	size_t waiting; /* for so many parts */
	struct part part[ENGINE_BACKENDS_MAX];
};

static const struct call_ops stats_ops;

static void stats_start(struct query *q);

static struct slice partner_name(const struct stats *s, uint32_t i)
{
	return (struct slice){ (const char *)s->names.data +
				       s->partner[i].name_at,
			       s->partner[i].name_len };
}

static void stats_drop(struct query *q)
{
	struct stats *s = q->stats;

	if (!s)
		return;
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		call_end(&s->part[i].call);
	map_done(&s->map);
	buf_done(&s->names);
	free(s->partner);
	free(s);
	q->stats = NULL;
}

/* Joining. */

static int add_partner(struct stats *s, struct slice name, uint64_t hash,
		       uint32_t *ret)
{
	int r;

	if (s->count == s->cap) {
		uint32_t cap = s->cap ? 2 * s->cap : 64;
		struct partner *p;

		p = reallocarray(s->partner, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		s->partner = p;
		s->cap = cap;
	}
	r = map_insert(&s->map, hash, s->count);
	if (r < 0)
		return r;
	s->partner[s->count] = (struct partner){
		.name_at = (uint32_t)s->names.len,
		.name_len = (uint8_t)name.len,
	};
	r = buf_add(&s->names, name.p, name.len);
	if (r < 0)
		return r;
	*ret = s->count++;
	return 0;
}

static int join(struct stats *s, struct slice name, uint64_t count,
		struct sum net)
{
	uint64_t hash = map_hash(&s->map, name.p, name.len);
	uint32_t v;
	size_t at;
	int r;

	for (v = map_first(&s->map, hash, &at); v != MAP_NONE;
	     v = map_next(&s->map, hash, &at))
		if (slice_equal(partner_name(s, v), name))
			break;
	if (v == MAP_NONE) {
		r = add_partner(s, name, hash, &v);
		if (r < 0)
			return r;
	}
	s->partner[v].count += count;
	s->partner[v].net = sum_join(s->partner[v].net, net);
	return 0;
}

/* Most transactions first, then by the bytes of the name. */
static int by_rank(const void *left, const void *right)
{
	const struct engine_partner *a = left;
	const struct engine_partner *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return slice_compare(a->name, b->name);
}

static void give(struct query *q)
{
	struct stats *s = q->stats;
	_cleanup_(freep) struct engine_partner *ranked = NULL;
	struct outcome o = { .code = OUTCOME_DONE };

	ranked = calloc((size_t)s->count + 1, sizeof(*ranked));
	if (!ranked) {
		query_refuse(q, OUTCOME_UNAVAILABLE, "Out of memory.");
		return;
	}
	for (uint32_t i = 0; i < s->count; i++)
		ranked[i] = (struct engine_partner){
			.name = partner_name(s, i),
			.count = s->partner[i].count,
			.net = s->partner[i].net,
		};
	qsort(ranked, s->count, sizeof(*ranked), by_rank);
	o.u.stats.partner = ranked;
	o.u.stats.count = s->count;
	query_give(q, &o);
}

/* Asking the backends. */

static void stats_transmit(struct call *c)
{
	struct part *p = list_entry(c, struct part, call);
	struct writer w = call_writer(c);

	message_put_stats(&w, &(struct message_stats){
				      .upto = p->query->upto,
				      .room = (uint16_t)c->link->room,
				      .user = query_user(p->query),
				      .after = { p->after, p->after_len },
				      .filter = p->filter,
			      });
	call_send(c, FRAME_STATS, 0, &w);
}

static void ask(struct part *p, struct link *l)
{
	call_start(&p->call, l, &stats_ops, l->engine->request_timeout,
		   LINK_PATIENCE, false);
}

/* Take a page; the name of its last entry is where the next one begins. */
static int take_page(struct part *p, struct slice entries)
{
	struct message_partner m;
	int r;

	while (message_next_partner(&entries, &m)) {
		if (m.name.len > USER_NAME_MAX)
			return -EBADMSG;
		r = join(p->query->stats, m.name, m.count,
			 sum_from_i128(m.net));
		if (r < 0)
			return r;
		memcpy(p->after, m.name.p, m.name.len);
		p->after_len = m.name.len;
	}
	return 0;
}

static void stats_answer(struct call *c, const struct frame *f)
{
	struct part *p = list_entry(c, struct part, call);
	struct query *q = p->query;
	struct message_partners m;

	if (f->type != FRAME_PARTNERS || f->epoch != q->engine->epoch ||
	    message_get_partners(f->payload, &m) < 0 ||
	    (!m.end && !m.entries.len))
		return;
	call_end(c);
	if (take_page(p, m.entries) < 0)
		query_unavailable(q, c->link->name);
	else if (!m.end)
		ask(p, c->link);
	else if (--q->stats->waiting == 0)
		give(q);
}

static void stats_failed(struct call *c)
{
	struct query *q = list_entry(c, struct part, call)->query;
	const struct link *missing;

	/* Without it, if copies of what it has are enough; from the start. */
	if (link_hopeless(c->link) && engine_complete(q->engine, &missing)) {
		stats_drop(q);
		stats_start(q);
	} else {
		query_unavailable(q, c->link->name);
	}
}

static const struct call_ops stats_ops = {
	.transmit = stats_transmit,
	.answer = stats_answer,
	.failed = stats_failed,
};

/* Counting here, when there are too many irregular ranges to name. */

static bool scan_record(void *arg, const struct stream_record *r)
{
	struct query *q = arg;
	bool sent = slice_equal(r->record.sender, query_user(q));
	struct slice other = sent ? r->record.receiver : r->record.sender;
	struct sum net = sent ? sum_minus(SUM_ZERO, r->record.amount) :
				sum_plus(SUM_ZERO, r->record.amount);

	/* An opening has no counterpart. */
	if (slice_equal(r->record.sender, r->record.receiver))
		return true;
	if (join(q->stats, other, 1, net) == 0)
		return true;
	engine_stop(q->engine, ENGINE_STOP_MEMORY, "Out of memory.");
	return false;
}

static void scan_ended(void *arg, enum stream_end how, const char *missing)
{
	struct query *q = arg;

	if (how == STREAM_UNAVAILABLE)
		query_unavailable(q, missing);
	else
		give(q);
}

static const struct stream_ops scan_ops = {
	.record = scan_record,
	.ended = scan_ended,
};

static void scan(struct query *q)
{
	struct stream_query sq = { .upto = q->upto,
				   .user = query_user(q),
				   .columns = true,
				   .everything = true };

	if (stream_new(q->engine, &sq, &scan_ops, q, &q->stream) < 0)
		query_refuse(q, OUTCOME_UNAVAILABLE, "Out of memory.");
	else
		stream_start(q->stream);
}

static bool filters_fit(struct query *q)
{
	for (unsigned i = 0; i < q->engine->links; i++)
		if (!engine_filter(q->engine, i, 0, q->upto, q->stats->absent,
				   &q->stats->part[i].filter))
			return false;
	return true;
}

static void ask_all(struct query *q)
{
	struct engine *e = q->engine;
	struct stats *s = q->stats;
	uint32_t asked = 0;

	for (unsigned i = 0; i < e->links; i++)
		if (!(s->absent & UINT32_C(1) << i))
			asked |= UINT32_C(1) << i;
	s->waiting = (size_t)__builtin_popcount(asked);
	/* None of them fails at once: those are absent. */
	for (; asked; asked &= asked - 1) {
		unsigned i = (unsigned)__builtin_ctz(asked);

		ask(&s->part[i], &e->link[i]);
	}
}

static void stats_start(struct query *q)
{
	const struct link *missing;
	struct stats *s;

	if (!engine_complete(q->engine, &missing)) {
		query_unavailable(q, missing->name);
		return;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		query_refuse(q, OUTCOME_UNAVAILABLE, "Out of memory.");
		return;
	}
	q->stats = s;
	s->absent = engine_absent(q->engine);
	map_init(&s->map, q->engine->hash_key);
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		s->part[i].query = q;
		list_init(&s->part[i].call.node);
	}
	if (filters_fit(q))
		ask_all(q);
	else
		scan(q);
}

const struct query_kind query_stats = { .start = stats_start,
					.drop = stats_drop };
