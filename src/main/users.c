/* SPDX-License-Identifier: MIT */
/*
 * Who is part of the network, with how many coins: now, from memory, and one
 * user behind any serial, from what all backends sum up.
 */
#include "config.h"

#include <inttypes.h>

#include "main/query_internal.h"
#include "main/total.h"

/* A page of users. */

/*
 * Users are numbered as they join, those who are only staged behind all
 * others: numbers and places in the order of joining are one.
 */
static size_t gather(const struct ledger *l, uint64_t first, uint64_t most,
		     struct engine_user *ret)
{
	uint64_t members = ledger_members(l);
	size_t n = 0;

	for (uint64_t user = first; n < most && user < members; user++, n++) {
		ret[n].name = ledger_user_name(l, (uint32_t)user);
		if (!ledger_user_balance(l, (uint32_t)user, &ret[n].balance))
			break;
	}
	return n;
}

static void users_run(struct engine *e, const struct slip *s)
{
	struct outcome o = { .code = OUTCOME_DONE };
	_cleanup_(freep) struct engine_user *user = NULL;

	user = calloc((size_t)s->count, sizeof(*user));
	if (!user) {
		outcome_unavailable(e, s->done, s->arg, "Out of memory.");
		return;
	}
	o.u.users.serial = ledger_serial(e->ledger);
	o.u.users.members = ledger_members(e->ledger);
	o.u.users.user = user;
	o.u.users.count = gather(e->ledger, s->from - 1, s->count, user);
	outcome_give(e, s->done, s->arg, &o);
}

void engine_users(struct engine *e, uint64_t from, uint64_t count,
		  engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = users_run,
				     .done = done,
				     .arg = arg,
				     .from = from,
				     .count = count });
}

/* A balance of former times. */

static void refuse_absence(struct query *q)
{
	query_refuse(q, OUTCOME_NOUSER,
		     "Unable to proceed with the request as \"%.*s\" was not "
		     "part of the network at serial %" PRIu64 ".",
		     SLICE_ARG(query_user(q)), q->upto);
}

static void balance_known(void *arg, const char *missing,
			  const struct total_sum *sum)
{
	struct query *q = arg;
	struct engine *e = q->engine;
	struct outcome o = { .code = OUTCOME_DONE };

	if (missing)
		query_unavailable(q, missing);
	else if (!sum->records)
		refuse_absence(q);
	else if (sum_applied(ledger_initial(e->ledger), sum->net,
			     &o.u.balance) < 0)
		engine_stop(e, ENGINE_STOP_INTEGRITY,
			    "\"%.*s\" is overdrawn at serial %" PRIu64 ".",
			    SLICE_ARG(query_user(q)), q->upto);
	else
		query_give(q, &o);
}

static void balance_start(struct query *q)
{
	total_ask(q->engine, query_user(q), 0, q->upto, balance_known, q);
}

static const struct query_kind query_balance = { .start = balance_start };

static void balance_run(struct engine *e, const struct slip *s)
{
	uint64_t tip = ledger_serial(e->ledger);
	struct outcome o = { .code = OUTCOME_DONE };
	struct refused r;
	struct query *q;

	if (s->from > tip) {
		refused_format(&r, OUTCOME_NOTFOUND,
			       "There is no such transaction.");
		outcome_refuse(e, s->done, s->arg, &r);
		return;
	}
	/* Nobody leaves: who is not there now never was. */
	if (!engine_knows(e, s->order.sender, s->done, s->arg))
		return;
	if (s->from == tip &&
	    ledger_balance(e->ledger, s->order.sender, &o.u.balance) == 0) {
		outcome_give(e, s->done, s->arg, &o);
		return;
	}

	q = query_new(e, &query_balance, s);
	if (!q)
		return;
	q->upto = s->from;
	query_enqueue(q);
}

void engine_balance_at(struct engine *e, struct slice user, uint64_t serial,
		       engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = balance_run,
				     .done = done,
				     .arg = arg,
				     .order.sender = user,
				     .from = serial });
}
