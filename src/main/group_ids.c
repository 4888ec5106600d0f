/* SPDX-License-Identifier: MIT */
/*
 * Whether a group was ordered before.  It is looked at, perhaps more than once:
 * it waits, without holding anything, while one of its ids is in other hands.
 * Then it holds those that it brings, and asks the backends for those that may
 * be on record.
 */
#include "config.h"

#include "main/engine_internal.h"
#include "main/group_internal.h"
#include "main/lookup.h"

static const char too_late[] = "Not answered in time; nothing was changed.";

static void end_unavailable(struct group *g, const char *sentence)
{
	group_end(g, OUTCOME_UNAVAILABLE, sentence);
}

/* Asking for ids. */

static void ask_more(struct group *g);

static void looked_up(void *arg, enum lookup_end how, const struct op *op,
		      const struct outcome *receipt)
{
	struct member *m = arg;
	struct group *g = m->group;
	struct refused r;
	struct op ordered;
	bool same;

	m->state = MEMBER_GOOD;
	switch (how) {
	case LOOKUP_FRESH:
		break;
	case LOOKUP_UNAVAILABLE:
		group_fail(g, OUTCOME_UNAVAILABLE, lookup_unanswered);
		break;
	case LOOKUP_RECORDED:
		same = group_member_op(m, &ordered, &r) && op_same_op(&ordered, op);
		if (same) {
			m->state = MEMBER_KNOWN;
			group_member_receipt(m, receipt);
			break;
		}
		op_refuse_reuse(&ordered, &r);
		if (group_member_refuse(m, &r) < 0)
			group_fail(g, OUTCOME_UNAVAILABLE, group_no_memory);
		break;
	}
	m->lookup = lookup_free(m->lookup);
	g->coming--;
	ask_more(g);
}

/* Begin with the next that is to be asked for.  False: there is none. */
static bool ask_next(struct group *g)
{
	struct engine *e = g->engine;
	struct member *m;

	while (g->next < g->count &&
	       g->member[g->next].state != MEMBER_ASKED)
		g->next++;
	if (g->next == g->count)
		return false;
	m = &g->member[g->next++];
	if (lookup_new(e, m->order.order.id, looked_up, m, &m->lookup) < 0) {
		group_fail(g, OUTCOME_UNAVAILABLE, group_no_memory);
		return false;
	}
	g->coming++;
	lookup_start(m->lookup);
	return true;
}

/* A few at a time.  A lookup that ends at once comes back here, in vain. */
static void ask_more(struct group *g)
{
	if (g->asking)
		return;
	g->asking = true;
	while (!g->failed && g->coming < GROUP_LOOKUPS_MAX) {
		if (g->engine->now >= g->deadline)
			group_fail(g, OUTCOME_UNAVAILABLE, lookup_unanswered);
		else if (!ask_next(g))
			break;
	}
	g->asking = false;
	if (g->coming == 0)
		group_decide(g);
}

/* Looking at it. */

static void look_again(void *arg, bool durable)
{
	struct group *g = arg;

	(void)durable;
	list_append(&g->engine->groups.ready, &g->turn);
}

/* All were ordered before, and are under way: the group is with them. */
static void join(struct group *g)
{
	struct engine *e = g->engine;
	struct refused unknown;

	commit_refused_unknown(&unknown);
	g->counted = true;
	g->coming = 1;
	for (size_t i = 0; i < g->count; i++) {
		struct member *m = &g->member[i];

		if (commit_given_up(e, m->sequence))
			group_fail(g, unknown.code, unknown.sentence);
		else if (commit_wait(e, m->sequence, NULL, group_member_done, m) < 0)
			group_fail(g, OUTCOME_UNAVAILABLE, group_no_memory);
		else
			g->coming++;
	}
	if (--g->coming == 0)
		group_tell(g);
}

/* One whose form is right and that has an id. */
static int judge_id(struct member *m, const struct op *op)
{
	struct engine *e = m->group->engine;
	struct refused r;

	switch (ids_state(e, op->id, &m->sequence)) {
	case ID_FRESH:
		return 0;
	case ID_PERHAPS:
		m->state = MEMBER_ASKED;
		return 0;
	case ID_ASKED:
		return -EAGAIN;
	case ID_QUEUED:
		break;
	}
	m->group->queued++;
	m->state = MEMBER_KNOWN;
	if (op_same_entry(e, op, commit_entry(e, m->sequence)))
		return 0;
	op_refuse_reuse(op, &r);
	return group_member_refuse(m, &r);
}

/* -EAGAIN: its id is in other hands, and it was put where it waits for that. */
static int judge(struct member *m)
{
	struct group *g = m->group;
	struct refused refused;
	struct op op;
	int r;

	m->state = MEMBER_GOOD;
	if (!group_member_op(m, &op, &refused))
		return group_member_refuse(m, &refused);
	if (m->twin)
		return group_member_refuse_id(m, "was given to another order of the "
				       "group");
	if (!op.id.len)
		return 0;
	r = judge_id(m, &op);
	if (r == -EAGAIN)
		list_append(ids_blocked(g->engine, op.id), &g->turn);
	return r;
}

static int hold_ids(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct member *m = &g->member[i];
		struct slice id = m->order.order.id;
		int r;

		if (!id.len || (m->state != MEMBER_GOOD &&
				m->state != MEMBER_ASKED))
			continue;
		r = ids_hold(g->engine, id, g, &m->pending);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Some are under way, others may be on record: first the former. */
static void wait_for_queued(struct group *g)
{
	struct engine *e = g->engine;
	const char *why = commit_refuses(e);

	if (why)
		end_unavailable(g, why);
	else if (commit_watch(e, commit_newest(e), look_again, g) < 0)
		end_unavailable(g, group_no_memory);
}

static int judge_all(struct group *g)
{
	group_forget_refusals(g);
	g->queued = 0;
	for (size_t i = 0; i < g->count; i++) {
		int r = judge(&g->member[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

void group_look(struct group *g)
{
	struct engine *e = g->engine;
	struct refused readonly;
	int r;

	if (e->now >= g->deadline) {
		end_unavailable(g, too_late);
		return;
	}
	r = judge_all(g);
	if (r == -EAGAIN)
		return;
	if (r < 0) {
		end_unavailable(g, group_no_memory);
	} else if (group_count(g, MEMBER_KNOWN) == g->count) {
		join(g);
	} else if (!engine_writable(e, &readonly)) {
		group_end(g, readonly.code, readonly.sentence);
	} else if (g->queued && group_count(g, MEMBER_ASKED)) {
		wait_for_queued(g);
	} else if (hold_ids(g) < 0) {
		end_unavailable(g, group_no_memory);
	} else {
		g->next = 0;
		ask_more(g);
	}
}

void groups_unblock(struct engine *e, struct list *blocked)
{
	struct list *node;

	while ((node = list_first(blocked))) {
		list_remove(node);
		list_append(&e->groups.ready, node);
	}
}

void groups_flush(struct engine *e)
{
	struct list *node;

	while ((node = list_first(&e->groups.ready))) {
		list_remove(node);
		group_look(list_entry(node, struct group, turn));
	}
}

struct ids_waiter **group_waiters(struct group *g)
{
	return &g->waiters;
}

struct list *group_blocked(struct group *g)
{
	return &g->blocked;
}
