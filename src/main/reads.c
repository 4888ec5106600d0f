/* SPDX-License-Identifier: MIT */
/*
 * Answers from the main daemon's own memory, given only under a lease.
 */
#include "config.h"

#include <string.h>

#include "ledger/name.h"
#include "main/engine_internal.h"
#include "main/outcome.h"

/* Renew a lease in use when less than this is left of it. */
#define LEASE_LOW INT64_C(200000)

struct read {
	struct list node;
	engine_done done;
	void *arg;
	int64_t deadline;
	size_t user_len; /* 0: the tip */
	char user[USER_NAME_MAX];
};

void reads_init(struct engine *e)
{
	list_init(&e->reads.waiting);
}

static struct read *read_take(struct engine *e)
{
	struct list *node = list_first(&e->reads.waiting);

	if (!node)
		return NULL;
	list_remove(node);
	e->reads.count--;
	return list_entry(node, struct read, node);
}

void reads_done(struct engine *e)
{
	struct read *r;

	while ((r = read_take(e)))
		free(r);
}

/* Leased by as many backends as could at most be missing in another's start? */
static bool leased(struct engine *e)
{
	uint32_t holding = 0;
	bool low = false;

	for (size_t i = 0; i < e->links && holding < e->copies; i++) {
		struct link *l = &e->link[i];

		if (l->lease_until <= e->now)
			continue;
		holding++;
		low |= l->lease_until - e->now < LEASE_LOW;
	}
	if (low || holding < e->copies)
		for (size_t i = 0; i < e->links; i++)
			if (e->link[i].up)
				link_ping(&e->link[i], true);
	return holding >= e->copies;
}

static void answer_tip(struct engine *e, engine_done done, void *arg)
{
	struct outcome o = { .code = OUTCOME_DONE };

	o.u.receipt.serial = ledger_serial(e->ledger);
	o.u.receipt.time = ledger_time(e->ledger);
	o.u.receipt.hash = ledger_tip(e->ledger);
	outcome_give(e, done, arg, &o);
}

static void answer(struct engine *e, struct slice user, engine_done done,
		   void *arg)
{
	struct outcome o = { .code = OUTCOME_DONE };
	struct refused r;

	if (!user.len) {
		answer_tip(e, done, arg);
		return;
	}
	if (ledger_balance(e->ledger, user, &o.u.balance) == 0) {
		outcome_give(e, done, arg, &o);
		return;
	}
	refused_format(&r, OUTCOME_NOUSER,
		       "Unable to proceed with the request as \"%.*s\" is not "
		       "part of the network.",
		       SLICE_ARG(user));
	outcome_refuse(e, done, arg, &r);
}

static void wait_for_lease(struct engine *e, struct slice user,
			   engine_done done, void *arg)
{
	struct read *r;

	r = e->reads.count < READS_WAITING_MAX ? malloc(sizeof(*r)) : NULL;
	if (!r) {
		outcome_unavailable(e, done, arg,
				    "Too many questions are waiting.");
		return;
	}
	*r = (struct read){
		.done = done,
		.arg = arg,
		.deadline = e->now + e->request_timeout,
		.user_len = user.len,
	};
	if (user.len)
		memcpy(r->user, user.p, user.len);
	list_append(&e->reads.waiting, &r->node);
	e->reads.count++;
	engine_due(e, r->deadline);
}

void reads_order(struct engine *e, struct slice user, engine_done done,
		 void *arg)
{
	/* No such user can exist, whoever is asked; and it may be of any length. */
	if (user.len > USER_NAME_MAX) {
		struct refused r;

		refused_by_rule(&r, REFUSAL_SENDER_NAME, e->coin, user, user,
				user, AMOUNT_ZERO);
		outcome_refuse(e, done, arg, &r);
		return;
	}
	if (list_empty(&e->reads.waiting) && leased(e)) {
		answer(e, user, done, arg);
		return;
	}
	wait_for_lease(e, user, done, arg);
}

void reads_leased(struct engine *e)
{
	while (!list_empty(&e->reads.waiting) && leased(e)) {
		struct read *r = read_take(e);

		answer(e, (struct slice){ r->user, r->user_len }, r->done,
		       r->arg);
		free(r);
	}
}

int64_t reads_tick(struct engine *e)
{
	struct list *first;

	while ((first = list_first(&e->reads.waiting))) {
		struct read *r = list_entry(first, struct read, node);

		if (e->now < r->deadline)
			return r->deadline;
		(void)read_take(e);
		outcome_unavailable(e, r->done, r->arg,
				    "No backend answers; nothing can be said "
				    "for certain.");
		free(r);
	}
	return INT64_MAX;
}
