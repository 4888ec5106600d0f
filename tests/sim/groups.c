/* SPDX-License-Identifier: MIT */
/*
 * Groups of orders, all of which are done or none: drawn, asked for, and held
 * against the history.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "orders.h"
#include "world.h"

/* Drawing. */

static void draw_member(struct orders *s, struct fact *f)
{
	struct world *w = s->world;

	if (world_chance(w, 150)) {
		memcpy(f->receiver, f->user, sizeof(f->user));
		f->amount = 0;
	} else {
		f->joins = world_chance(w, 300);
	}
}

void group_draw(struct orders *s, unsigned number, struct order *o)
{
	o->members = 2 + (size_t)world_below(s->world, SIM_GROUP_MAX - 1);
	o->dry = world_chance(s->world, 100);
	for (size_t i = 0; i < o->members; i++) {
		struct fact *f = &o->member[i];

		orders_draw_contents(s, number, f);
		draw_member(s, f);
		f->kind = FACT_TRANSFER;
		f->position = (unsigned)i + 1;
		f->of = (unsigned)o->members;
		(void)snprintf(f->id, sizeof(f->id), "c%d-%u.%zu", s->client,
			       number, i + 1);
	}
}

void group_asked(struct order *o, int64_t at)
{
	for (size_t i = 0; i < o->members; i++)
		o->member[i].asked = at;
}

/* Asking. */

void group_ask(const struct order *o, struct engine *e, engine_group_done done,
	       void *arg)
{
	struct engine_group_order order[SIM_GROUP_MAX];
	char amount[SIM_GROUP_MAX][24];

	for (size_t i = 0; i < o->members; i++) {
		const struct fact *f = &o->member[i];
		bool opening = strcmp(f->user, f->receiver) == 0 && !f->amount;

		(void)snprintf(amount[i], sizeof(amount[i]), "%" PRId64,
			       f->amount);
		order[i] = (struct engine_group_order){
			.order = { .sender = slice_of(f->user),
				   .receiver = slice_of(f->receiver),
				   .amount = slice_of(amount[i]),
				   .id = slice_of(f->id),
				   .memo = slice_of(f->memo),
				   .join = f->joins },
			.opening = opening,
		};
	}
	engine_group(e, order, o->members, o->dry, done, arg);
}

/* Reading answers. */

static void take_one(const struct order *o, const struct outcome *out,
		     struct fact *f)
{
	f->code = out->code;
	if (out->code != OUTCOME_DONE || o->dry)
		return;
	f->serial = out->u.receipt.serial;
	f->balance = (int64_t)amount_to_u64(out->u.receipt.balance);
	f->time = out->u.receipt.time;
	memcpy(f->hash, out->u.receipt.hash, CHAIN_HASH_SIZE);
}

/* The worst of them stands for all; nobody may be told that a part was done. */
enum outcome_code group_take(const struct order *o, struct world *w,
			     const struct outcome *out, size_t count,
			     struct fact answer[SIM_GROUP_MAX])
{
	enum outcome_code code = OUTCOME_DONE;
	size_t done = 0;
	size_t aborted = 0;

	if (count == 1)
		return out->code;
	if (count != o->members) {
		world_fail(w, "a group of %zu was given %zu answers",
			   o->members, count);
		return OUTCOME_UNKNOWN;
	}
	memcpy(answer, o->member, sizeof(o->member));
	for (size_t i = 0; i < count; i++) {
		take_one(o, &out[i], &answer[i]);
		done += out[i].code == OUTCOME_DONE;
		aborted += out[i].code == OUTCOME_ABORTED;
	}
	if (done < count)
		code = OUTCOME_ABORTED;
	if (done < count && !o->dry && (done || aborted == count))
		world_fail(w, "of a group %zu were done and %zu aborted, out "
			   "of %zu", done, aborted, count);
	return code;
}

void group_done(const struct order *o, struct world *w)
{
	for (size_t i = 0; !o->dry && i < o->members; i++) {
		struct fact f = o->member[i];

		f.told = w->now;
		oracle_tell(w->oracle, &f);
	}
}

void group_never(const struct order *o, struct world *w)
{
	for (size_t i = 0; !o->dry && i < o->members; i++) {
		struct fact f = o->member[i];

		f.kind = FACT_NEVER;
		f.told = w->now;
		oracle_tell(w->oracle, &f);
	}
}

void group_refused(const struct order *o, struct world *w)
{
	struct fact f = { .kind = FACT_GROUP_REFUSED,
			  .asked = o->member[0].asked,
			  .told = w->now };

	if (o->dry)
		return;
	for (size_t i = 0; i < o->members; i++) {
		const struct fact *m = &o->member[i];
		struct listed *l = fact_add_listed(&f);

		memcpy(l->sender, m->user, sizeof(l->sender));
		memcpy(l->receiver, m->receiver, sizeof(l->receiver));
		l->amount = m->amount;
		l->balance = m->joins;
		l->serial = m->code;
	}
	oracle_tell(w->oracle, &f);
}

/* Judging. */

static void join(int64_t *balance)
{
	if (*balance < 0)
		*balance = SIM_INITIAL;
}

/* What should be said of one; what it leaves. */
static enum outcome_code rule(const struct listed *l, int64_t balance[SIM_USERS])
{
	int from = history_user(l->sender);
	int to = history_user(l->receiver);
	int64_t had = balance[from];

	if (from == to && l->amount)
		return OUTCOME_SELF;
	if (from == to && had >= 0)
		return OUTCOME_EXISTS;
	if (from != to && !l->balance && (had < 0 || balance[to] < 0))
		return OUTCOME_NOUSER;
	join(&had);
	if (had < l->amount)
		return OUTCOME_INSUFFICIENT;
	join(&balance[from]);
	join(&balance[to]);
	balance[from] -= l->amount;
	balance[to] += l->amount;
	return OUTCOME_ABORTED;
}

static bool is_refused_at(const struct fact *f, const int64_t state[SIM_USERS])
{
	int64_t balance[SIM_USERS];

	memcpy(balance, state, sizeof(balance));
	for (size_t i = 0; i < f->listeds; i++)
		if (rule(&f->listed[i], balance) !=
		    (enum outcome_code)f->listed[i].serial)
			return false;
	return true;
}

uint64_t judge_group_refused(const struct oracle *o, const struct fact *f,
			     uint64_t low)
{
	const struct history *h = &o->history;

	for (uint64_t p = low; p <= h->last; p++) {
		if (p > low && h->at[p].begun > f->told)
			break;
		if (is_refused_at(f, h->balance[p]))
			return p;
	}
	world_fail(o->world, "a group was refused as it never would have been "
		   "behind serial %" PRIu64, low);
	return 0;
}

/* All of a group or none, in its order, and marked so. */
static void check_pair(const struct history *h, const struct fact *a,
		       const struct fact *b)
{
	uint64_t first = history_find(h, a->id);
	uint64_t second = history_find(h, b->id);

	if (first ? second != first + 1 : second > 0)
		world_fail(h->world, "of a group id %s is serial %" PRIu64
			   ", and id %s is %" PRIu64, a->id, first, b->id,
			   second);
}

static void check_mark(const struct history *h, const struct fact *f)
{
	uint64_t serial = history_find(h, f->id);
	char mark[48];

	(void)snprintf(mark, sizeof(mark), " b=%u/%u! ", f->position, f->of);
	if (serial && !strstr(h->at[serial].line, mark))
		world_fail(h->world, "serial %" PRIu64 " does not bear%s",
			   serial, mark);
}

void groups_check(const struct history *h, const struct oracle *o)
{
	/* The members of a group were begun one after the other. */
	for (size_t i = 0; i < o->begunnen; i++) {
		const struct fact *f = &o->begun[i].order;

		if (!f->of)
			continue;
		check_mark(h, f);
		if (f->position < f->of)
			check_pair(h, f, &o->begun[i + 1].order);
	}
}
