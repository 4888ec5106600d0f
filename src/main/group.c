/* SPDX-License-Identifier: MIT */
/*
 * Groups of orders, from the gate to the answer: kept, staged in one go, and
 * told.  Whether they were ordered before is group_ids.c's.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/group_internal.h"
#include "main/lookup.h"
#include "main/ordertext.h"

static const char aborted[] =
	"Nothing is wrong with it, but with another one of its group; nothing "
	"was changed.";
static const char too_late[] = "Not answered in time; nothing was changed.";
const char group_no_memory[] = "Out of memory; nothing was changed.";

/* Birth and end. */

void groups_init(struct engine *e)
{
	list_init(&e->groups.all);
	list_init(&e->groups.ready);
}

void group_forget_refusals(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		free(g->member[i].refused);
		g->member[i].refused = NULL;
	}
}

static void group_free(struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		lookup_free(g->member[i].lookup);
	group_forget_refusals(g);
	ids_waiters_free(g->waiters);
	list_remove(&g->turn);
	list_remove(&g->node);
	g->engine->groups.orders -= g->count;
	free(g->failed);
	free(g->outcome);
	free(g->text);
	free(g);
}

void groups_done(struct engine *e)
{
	struct list *node;

	while ((node = list_first(&e->groups.all))) {
		struct group *g = list_entry(node, struct group, node);

		/* They are in all, too. */
		while ((node = list_first(&g->blocked)))
			list_remove(node);
		group_free(g);
	}
}

static int copy_orders(struct group *g, const struct engine_group_order *order)
{
	size_t len = 1;
	char *at;

	for (size_t i = 0; i < g->count; i++)
		len += ordertext_len(&order[i].order);
	at = g->text = malloc(len);
	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < g->count; i++) {
		struct engine_order *o = &g->member[i].order.order;

		g->member[i] = (struct member){ .group = g,
						.order = order[i],
						.pending = MAP_NONE };
		o->after = (struct slice){ 0 };
		ordertext_move(o, &at);
	}
	return 0;
}

/* By id, and of the same one the first in front. */
static int compare_ids(const void *a, const void *b)
{
	const struct member *m = *(const struct member *const *)a;
	const struct member *n = *(const struct member *const *)b;
	struct slice x = m->order.order.id;
	struct slice y = n->order.order.id;
	int order;

	if (x.len != y.len)
		return x.len < y.len ? -1 : 1;
	order = memcmp(x.p, y.p, x.len);
	if (order)
		return order;
	return m < n ? -1 : m > n;
}

static int find_twins(struct group *g)
{
	_cleanup_(freep) struct member **sorted = NULL;

	sorted = reallocarray(NULL, g->count, sizeof(struct member *));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < g->count; i++)
		sorted[i] = &g->member[i];
	qsort(sorted, g->count, sizeof(*sorted), compare_ids);
	for (size_t i = 1; i < g->count; i++)
		sorted[i]->twin = sorted[i]->order.order.id.len &&
				  slice_equal(sorted[i]->order.order.id,
					      sorted[i - 1]->order.order.id);
	return 0;
}

static struct group *group_new(struct engine *e,
			       const struct engine_group_order *order,
			       size_t count)
{
	struct group *g;

	if (count > GROUPS_ORDERS_MAX - e->groups.orders)
		return NULL;
	g = calloc(1, sizeof(*g) + count * sizeof(g->member[0]));
	if (!g)
		return NULL;
	g->engine = e;
	g->count = count;
	list_init(&g->turn);
	list_init(&g->blocked);
	list_append(&e->groups.all, &g->node);
	e->groups.orders += count;
	g->outcome = calloc(count, sizeof(g->outcome[0]));
	if (!g->outcome || copy_orders(g, order) < 0 || find_twins(g) < 0) {
		group_free(g);
		return NULL;
	}
	return g;
}

/* Answers. */

/* The first one counts; but what may have happened must be said. */
void group_fail(struct group *g, enum outcome_code code, const char *sentence)
{
	if (g->failed && code != OUTCOME_UNKNOWN)
		return;
	if (!g->failed)
		g->failed = calloc(1, sizeof(*g->failed));
	if (!g->failed) {
		engine_stop(g->engine, ENGINE_STOP_MEMORY, "Out of memory.");
		return;
	}
	refused_format(g->failed, code, "%s", sentence);
}

static void count_outcome(struct group *g, enum outcome_code code, size_t n)
{
	if (!g->counted)
		g->engine->counters.outcomes[code] += n;
}

static void tell_failure(struct group *g)
{
	const struct outcome o = { .code = g->failed->code,
				   .sentence = slice_of(g->failed->sentence) };

	count_outcome(g, o.code, g->count);
	g->done(g->arg, &o, 1);
}

/* Of what is refused here the outcome was not made yet. */
static void make_refusal(struct group *g, size_t i)
{
	const struct member *m = &g->member[i];

	if (m->refused) {
		if (!g->dry_run)
			outcome_journal(g->engine, m->refused);
		g->outcome[i] = (struct outcome){
			.code = m->refused->code,
			.sentence = slice_of(m->refused->sentence),
		};
	} else if (!g->dry_run) {
		g->outcome[i] = (struct outcome){
			.code = OUTCOME_ABORTED,
			.sentence = slice_of(aborted),
		};
	}
}

static bool any_refused(const struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->member[i].refused)
			return true;
	return false;
}

/* The end of it, whatever it is. */
void group_tell(struct group *g)
{
	if (g->engine->phase == PHASE_STOPPED)
		return;
	if (g->failed) {
		tell_failure(g);
		group_free(g);
		return;
	}
	if (any_refused(g))
		for (size_t i = 0; i < g->count; i++)
			make_refusal(g, i);
	for (size_t i = 0; i < g->count; i++)
		count_outcome(g, g->outcome[i].code, 1);
	g->done(g->arg, g->outcome, g->count);
	group_free(g);
}

/* Its ids are free, or queued: whoever has waited for them has a turn. */
static void let_others(struct group *g)
{
	struct ids_waiter *waiters = TAKE_PTR(g->waiters);

	groups_unblock(g->engine, &g->blocked);
	ids_order_again(g->engine, waiters);
	ids_waiters_free(waiters);
}

static void release_ids(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct member *m = &g->member[i];

		if (m->pending != MAP_NONE)
			ids_dropped(g->engine, m->pending);
		m->pending = MAP_NONE;
	}
}

/* Nothing comes of it. */
void group_end(struct group *g, enum outcome_code code, const char *sentence)
{
	group_fail(g, code, sentence);
	release_ids(g);
	let_others(g);
	group_tell(g);
}

static void end_unavailable(struct group *g, const char *sentence)
{
	group_end(g, OUTCOME_UNAVAILABLE, sentence);
}

static void others_settled(void *arg, bool durable)
{
	struct group *g = arg;

	if (!durable)
		group_fail(g, OUTCOME_UNAVAILABLE, too_late);
	group_tell(g);
}

static void turned_away(void *arg, const struct outcome *o)
{
	struct group *g = arg;

	/* It was counted once. */
	count_outcome(g, o->code, g->count - 1);
	g->done(g->arg, o, 1);
	group_free(g);
}

static void tell_slip(struct engine *e, const struct slip *s)
{
	(void)e;
	group_tell(s->arg);
}

/*
 * Nothing was changed; but what is told rests on all that was queued before,
 * and after a crash the client could see the contrary.  Where nothing is queued
 * it rests on the lease, which may be over since the group was let in.
 */
static void tell_when_durable(struct group *g)
{
	struct engine *e = g->engine;

	if (!g->failed && commit_idle(e)) {
		gate_pass(e, &(struct slip){ .run = tell_slip,
					     .done = turned_away,
					     .arg = g });
		return;
	}
	if (!g->failed) {
		if (commit_watch(e, commit_newest(e), others_settled, g) == 0)
			return;
		group_fail(g, OUTCOME_UNAVAILABLE, group_no_memory);
	}
	group_tell(g);
}

/* Outcomes of members. */

/* The receipt of one that was done, or would be. */
void group_member_receipt(struct member *m, const struct outcome *o)
{
	struct group *g = m->group;
	struct outcome *mine = &g->outcome[m - g->member];

	*mine = *o;
	if (g->dry_run) {
		mine->u.balance = o->u.receipt.balance;
		return;
	}
	memcpy(m->hash, o->u.receipt.hash, sizeof(m->hash));
	mine->u.receipt.hash = m->hash;
}

/* One that was queued, by this group or before, is settled. */
void group_member_done(void *arg, const struct outcome *o)
{
	struct member *m = arg;
	struct group *g = m->group;
	char sentence[OUTCOME_SENTENCE_SIZE];

	if (o->code == OUTCOME_DONE) {
		group_member_receipt(m, o);
	} else {
		(void)snprintf(sentence, sizeof(sentence), "%.*s",
			       SLICE_ARG(o->sentence));
		group_fail(g, o->code, sentence);
	}
	if (--g->coming == 0)
		group_tell(g);
}

bool group_member_op(const struct member *m, struct op *op,
		    struct refused *refused)
{
	return op_make(&m->order.order, m->order.opening,
		       m->group->engine->coin, op, refused) == 0;
}

int group_member_refuse(struct member *m, const struct refused *r)
{
	m->refused = malloc(sizeof(*r));
	if (!m->refused)
		return -ENOMEM;
	*m->refused = *r;
	m->state = MEMBER_REFUSED;
	return 0;
}

int group_member_refuse_id(struct member *m, const char *format)
{
	struct slice id = m->order.order.id;
	struct refused r;
	struct op op;

	if (!group_member_op(m, &op, &r))
		return group_member_refuse(m, &r);
	refused_format(&r, OUTCOME_IDREUSED,
		       "The operation id \"%.*s\" %s.", SLICE_ARG(id), format);
	op_refused(&op, &r);
	return group_member_refuse(m, &r);
}

/* Deciding. */

static int stage_member(struct member *m)
{
	struct group *g = m->group;
	struct engine *e = g->engine;
	struct refused r;
	struct staged s;
	struct op op;
	bool rests;
	int error;

	if (!group_member_op(m, &op, &r))
		return group_member_refuse(m, &r);
	error = op_try(e, &op, &s, &r, &rests);
	if (error == -EINVAL)
		return group_member_refuse(m, &r);
	if (error < 0)
		return error;
	error = commit_add(e, &s, op.id, op.memo, m->pending, group_member_done, m);
	if (error < 0) {
		ledger_unstage(e->ledger, &s);
		return error;
	}
	m->sequence = commit_newest(e);
	g->outcome[m - g->member].u.balance = s.sender_after;
	return 0;
}

/* Each behind the good ones before it. */
static int stage_all(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct member *m = &g->member[i];
		int r = 0;

		if (m->state == MEMBER_KNOWN)
			r = group_member_refuse_id(m, "is on record, but not those of "
					    "all orders of the group");
		else if (m->state != MEMBER_REFUSED)
			r = stage_member(m);
		if (r < 0)
			return r;
	}
	return 0;
}

/* All are good: they are on their way. */
static void let_go(struct group *g, uint64_t first)
{
	struct engine *e = g->engine;

	commit_bind(e, first);
	g->counted = true;
	g->coming = g->count;
	for (size_t i = 0; i < g->count; i++) {
		struct member *m = &g->member[i];

		if (m->pending != MAP_NONE)
			ids_queued(e, m->pending, m->sequence);
		m->pending = MAP_NONE;
	}
	let_others(g);
}

static void stage(struct group *g)
{
	struct engine *e = g->engine;
	uint64_t first = commit_next(e);
	int r;

	r = stage_all(g);
	if (r == 0 && !g->dry_run && !any_refused(g)) {
		let_go(g, first);
		return;
	}
	commit_take_back(e, first);
	release_ids(g);
	if (r < 0)
		group_fail(g, OUTCOME_UNAVAILABLE,
		     "Too many transfers are waiting; nothing was changed.");
	let_others(g);
	tell_when_durable(g);
}

size_t group_count(const struct group *g, enum member_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < g->count; i++)
		n += g->member[i].state == state;
	return n;
}

/* All is known of its ids. */
void group_decide(struct group *g)
{
	struct engine *e = g->engine;
	const char *why = commit_refuses(e);

	if (g->failed || group_count(g, MEMBER_KNOWN) == g->count) {
		release_ids(g);
		let_others(g);
		group_tell(g);
	} else if (why && !g->dry_run) {
		end_unavailable(g, why);
	} else {
		stage(g);
	}
}

/* Coming in. */

static void let_in(struct engine *e, const struct slip *s)
{
	struct group *g = s->arg;

	g->deadline = e->now + e->request_timeout;
	group_look(g);
}

void engine_group(struct engine *e, const struct engine_group_order *order,
		  size_t count, bool dry_run, engine_group_done done, void *arg)
{
	const struct outcome full = {
		.code = OUTCOME_UNAVAILABLE,
		.sentence = slice_of("Too many groups are waiting; nothing was "
				     "changed."),
	};
	struct group *g;

	assert(count >= 1 && count <= ENGINE_GROUP_MAX);
	g = group_new(e, order, count);
	if (!g) {
		e->counters.outcomes[full.code] += count;
		done(arg, &full, 1);
		return;
	}
	g->dry_run = dry_run;
	g->done = done;
	g->arg = arg;
	gate_pass(e, &(struct slip){ .run = let_in,
				     .done = turned_away,
				     .arg = g });
}
