/* SPDX-License-Identifier: MIT */
/*
 * The commands MULTI, EXEC and DISCARD: orders that are kept, and given to the
 * engine as one group.
 */
#include "config.h"

#include <errno.h>

#include "main/answer.h"
#include "main/engine.h"
#include "main/reply.h"
#include "wire/resp.h"

#include "main/commands_internal.h"

static void answer_simple(const struct call *c, const char *text)
{
	struct buf *out = answer_begin(c->answer);

	answer_end(c->answer, out ? resp_put_simple(out, text) : 0);
}

void orders_multi(const struct call *c)
{
	struct multi *m = &c->client->multi;

	if (m->open) {
		commands_fail(c, "ERR", "MULTI calls can not be nested");
		return;
	}
	multi_begin(m);
	answer_simple(c, "OK");
}

void orders_discard(const struct call *c)
{
	struct multi *m = &c->client->multi;

	if (!m->open) {
		commands_fail(c, "ERR", "DISCARD without MULTI");
		return;
	}
	multi_end(m);
	answer_simple(c, "OK");
}

/* Why it was not kept. */
static void fail_queued(const struct call *c, int error)
{
	switch (error) {
	case -E2BIG:
		commands_fail(c, "LIMIT", "At most %d orders between MULTI and "
					  "EXEC.", ENGINE_GROUP_MAX);
		return;
	case -EFBIG:
		commands_fail(c, "LIMIT", "At most %zu bytes of orders between "
					  "MULTI and EXEC.", MULTI_BYTES_MAX);
		return;
	case -EAGAIN:
		commands_fail(c, "UNAVAILABLE",
			      "Too many orders of all clients wait for their "
			      "EXEC; try again later.");
		return;
	default:
		commands_fail(c, "UNAVAILABLE", "Out of memory.");
		return;
	}
}

bool orders_queued(const struct call *c, const struct engine_order *order,
		   bool opening)
{
	struct multi *m = &c->client->multi;
	int r;

	if (!m->open)
		return false;
	if (order->after.len > 0) {
		commands_misused(c, "No AFTER between MULTI and EXEC");
		return true;
	}

	r = multi_add(m, &(struct engine_group_order){ .order = *order,
						       .opening = opening });
	if (r < 0)
		fail_queued(c, r);
	else
		answer_simple(c, "QUEUED");
	return true;
}

/* It is said once, of the whole, though the group may be one order. */
static bool is_of_the_whole(const struct outcome *o, size_t count)
{
	return count == 1 && (o->code == OUTCOME_READONLY ||
			      o->code == OUTCOME_UNAVAILABLE ||
			      o->code == OUTCOME_UNKNOWN);
}

static int write_balance(struct buf *out, const struct outcome *o)
{
	return resp_put_integer(out, (int64_t)amount_to_u64(o->u.balance));
}

static int write_group(struct buf *out, const struct outcome *o, size_t count,
		       int (*write)(struct buf *out, const struct outcome *o))
{
	int r;

	if (is_of_the_whole(o, count))
		return reply_refusal(out, o);

	r = resp_put_array(out, count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = o[i].code == OUTCOME_DONE ? write(out, &o[i])
					      : reply_refusal(out, &o[i]);
	return r;
}

static void group_done(void *arg, const struct outcome *o, size_t count)
{
	struct buf *out = answer_begin(arg);

	answer_end(arg, out ? write_group(out, o, count, reply_receipt) : 0);
}

static void dry_run_done(void *arg, const struct outcome *o, size_t count)
{
	struct buf *out = answer_begin(arg);

	answer_end(arg, out ? write_group(out, o, count, write_balance) : 0);
}

static void answer_nothing(const struct call *c)
{
	struct buf *out = answer_begin(c->answer);

	answer_end(c->answer, out ? resp_put_array(out, 0) : 0);
}

/* Carry out what was kept; the engine copies it. */
static void execute(const struct call *c, bool dry_run)
{
	_cleanup_(freep) struct engine_group_order *order = NULL;
	struct multi *m = &c->client->multi;

	if (m->count == 0) {
		answer_nothing(c);
		return;
	}
	if (multi_orders(m, &order) < 0) {
		commands_fail(c, "UNAVAILABLE",
			      "Out of memory; nothing was changed.");
		return;
	}
	engine_group(c->client->env->engine, order, m->count, dry_run,
		     dry_run ? dry_run_done : group_done, c->answer);
}

void orders_exec(const struct call *c)
{
	struct multi *m = &c->client->multi;
	bool dry_run = c->args > 0;

	if (!m->open) {
		commands_fail(c, "ERR", "EXEC without MULTI");
		return;
	}
	if (dry_run && !commands_word(c->arg[0], slice_of("DRYRUN"))) {
		commands_misused(c, "Unknown option");
		return;
	}
	if (m->spoiled) {
		multi_end(m);
		commands_fail(c, "EXECABORT",
			      "Nothing was done because of previous errors.");
		return;
	}
	execute(c, dry_run);
	multi_end(m);
}
