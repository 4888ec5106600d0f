/* SPDX-License-Identifier: MIT */
/*
 * The commands that are orders to the engine.  Each is a pair of functions:
 * one that gives the order, and one that writes the answer when the outcome is
 * known, which may be at once or long after the client has gone.
 */
#include "config.h"

#include <errno.h>

#include "main/answer.h"
#include "main/engine.h"
#include "main/reply.h"
#include "util/parse.h"
#include "wire/resp.h"

#include "main/commands_internal.h"

typedef int (*outcome_writer)(struct buf *out, const struct outcome *o);

/* Answer with what @write makes of a good outcome, or with the refusal. */
static void conclude(struct answer *a, const struct outcome *o,
		     outcome_writer write)
{
	struct buf *out = answer_begin(a);
	int r = 0;

	if (out)
		r = o->code == OUTCOME_DONE ? write(out, o)
					    : reply_refusal(out, o);
	answer_end(a, r);
}

static int write_balance(struct buf *out, const struct outcome *o)
{
	return resp_put_integer(out, (int64_t)amount_to_u64(o->u.balance));
}

static void balance_done(void *arg, const struct outcome *o)
{
	conclude(arg, o, write_balance);
}

static void balance_at(const struct call *c)
{
	struct slice at;
	uint64_t serial;
	const struct command_option options[] = { { "AT", &at } };

	if (!commands_options(c, 1, options, ELEMENTS(options)))
		return;
	if (parse_u64_range(at, 0, INT64_MAX, &serial) < 0)
		commands_misused(c,
				 "AT: expected a serial number from 0 to %jd",
				 (intmax_t)INT64_MAX);
	else
		engine_balance_at(c->client->env->engine, c->arg[0], serial,
				  balance_done, c->answer);
}

void orders_balance(const struct call *c)
{
	if (c->args > 1)
		balance_at(c);
	else
		engine_balance(c->client->env->engine, c->arg[0], balance_done,
			       c->answer);
}

static void receipt_done(void *arg, const struct outcome *o)
{
	conclude(arg, o, reply_receipt);
}

/* [ID id] [MEMO text] [AFTER id] */
static bool take_order_options(const struct call *c, size_t at,
			       struct engine_order *order)
{
	const struct command_option options[] = {
		{ "ID", &order->id },
		{ "MEMO", &order->memo },
		{ "AFTER", &order->after },
	};

	return commands_options(c, at, options, ELEMENTS(options));
}

static void transfer(const struct call *c, bool join)
{
	struct engine_order order = {
		.sender = c->arg[0],
		.receiver = c->arg[1],
		.amount = c->arg[2],
		.join = join,
	};

	if (take_order_options(c, 3, &order) &&
	    !orders_queued(c, &order, false))
		engine_transfer(c->client->env->engine, &order, receipt_done,
				c->answer);
}

void orders_transfer(const struct call *c)
{
	transfer(c, false);
}

void orders_import(const struct call *c)
{
	transfer(c, true);
}

void orders_open(const struct call *c)
{
	struct engine_order order = { .sender = c->arg[0] };

	if (take_order_options(c, 1, &order) && !orders_queued(c, &order, true))
		engine_open(c->client->env->engine, &order, receipt_done,
			    c->answer);
}

static void stats_done(void *arg, const struct outcome *o)
{
	conclude(arg, o, reply_stats);
}

void orders_stats(const struct call *c)
{
	engine_stats(c->client->env->engine, c->arg[0], stats_done, c->answer);
}

static void gather_record(void *arg, const struct record *r,
			  const struct amount *balance)
{
	struct buf *out = answer_add(arg);
	int e;

	if (!out)
		return;

	e = reply_record(out, r, balance);
	if (e < 0)
		answer_spoil(arg, e);
}

static void records_done(void *arg, const struct outcome *o)
{
	if (o->code == OUTCOME_DONE)
		answer_end_list(arg);
	else
		conclude(arg, o, NULL);
}

/* Which part of a list is wanted. */
struct range {
	uint64_t from;
	uint64_t count;
};

/* @kind: which number it is to be. */
static bool take_number(const struct call *c, const char *what,
			const char *kind, struct slice text, uint64_t *ret)
{
	if (parse_u64_range(text, 1, INT64_MAX, ret) == 0)
		return true;

	commands_misused(c, "%s: expected a %s from 1 to %jd", what, kind,
			 (intmax_t)INT64_MAX);
	return false;
}

static bool take_count(const struct call *c, struct slice text, uint64_t *ret)
{
	int r;

	r = parse_u64_range(text, 1, ENGINE_COUNT_MAX, ret);
	if (r == 0)
		return true;

	/* Zero is out of range too, but nothing that a smaller one mends. */
	if (r == -ERANGE && !slice_equal(text, slice_of("0")))
		commands_fail(c, "LIMIT", "COUNT: at most %d at a time.",
			      ENGINE_COUNT_MAX);
	else
		commands_misused(c, "COUNT: expected a number from 1 to %d",
				 ENGINE_COUNT_MAX);
	return false;
}

/* [FROM n] [COUNT n]; @kind: what is counted from. */
static bool take_range(const struct call *c, size_t at, const char *kind,
		       struct range *ret)
{
	struct slice from;
	struct slice count;
	const struct command_option options[] = {
		{ "FROM", &from },
		{ "COUNT", &count },
	};

	*ret = (struct range){ .from = 1, .count = ENGINE_COUNT_DEFAULT };
	if (!commands_options(c, at, options, ELEMENTS(options)))
		return false;
	if (from.len > 0 && !take_number(c, "FROM", kind, from, &ret->from))
		return false;
	return count.len == 0 || take_count(c, count, &ret->count);
}

static void users_done(void *arg, const struct outcome *o)
{
	conclude(arg, o, reply_users);
}

void orders_users(const struct call *c)
{
	struct range range;

	if (take_range(c, 0, "number", &range))
		engine_users(c->client->env->engine, range.from, range.count,
			     users_done, c->answer);
}

void orders_history(const struct call *c)
{
	struct range range;

	if (take_range(c, 1, "serial number", &range))
		engine_history(c->client->env->engine, c->arg[0], range.from,
			       range.count, gather_record, records_done,
			       c->answer);
}

void orders_list(const struct call *c)
{
	struct range range;

	if (take_range(c, 0, "serial number", &range))
		engine_list(c->client->env->engine, range.from, range.count,
			    gather_record, records_done, c->answer);
}

static void record_done(void *arg, const struct outcome *o)
{
	if (o->code == OUTCOME_DONE)
		answer_end(arg, 0);
	else
		conclude(arg, o, NULL);
}

static void show_id(const struct call *c)
{
	if (!commands_word(c->arg[0], slice_of("ID")))
		commands_misused(c, "Wrong number of arguments");
	else if (c->arg[1].len == 0)
		commands_misused(c, "Option ID needs a value");
	else
		engine_show_id(c->client->env->engine, c->arg[1], gather_record,
			       record_done, c->answer);
}

void orders_show(const struct call *c)
{
	uint64_t serial;

	if (c->args == 2)
		show_id(c);
	else if (take_number(c, "serial", "serial number", c->arg[0],
			     &serial))
		engine_show(c->client->env->engine, serial, gather_record,
			    record_done, c->answer);
}

static void statement_done(void *arg, const struct outcome *o)
{
	conclude(arg, o, reply_statement);
}

void orders_txlist(const struct call *c)
{
	engine_txlist(c->client->env->engine, statement_done, c->answer);
}

static void tip_done(void *arg, const struct outcome *o)
{
	conclude(arg, o, reply_tip);
}

void orders_tip(const struct call *c)
{
	engine_tip(c->client->env->engine, tip_done, c->answer);
}

static void verify_done(void *arg, const struct outcome *o)
{
	conclude(arg, o, reply_verified);
}

/* The serial and hash behind argument @at. */
static bool take_tip(const struct call *c, size_t at,
		     struct engine_known_tip *ret)
{
	if (!commands_word(c->arg[at], slice_of("TIP")) || at + 2 >= c->args) {
		commands_misused(c, "Expected TIP, a serial and a hash");
		return false;
	}
	if (parse_u64_range(c->arg[at + 1], 0, INT64_MAX, &ret->serial) < 0) {
		commands_misused(c,
				 "TIP: expected a serial number from 0 to %jd",
				 (intmax_t)INT64_MAX);
		return false;
	}
	if (parse_hex(c->arg[at + 2], ret->hash, sizeof(ret->hash)) < 0) {
		commands_misused(c, "TIP: expected a hash of %d lower-case "
				    "hexadecimal digits", CHAIN_HEX_SIZE);
		return false;
	}
	return true;
}

void orders_verify(const struct call *c)
{
	struct engine_known_tip tip[ENGINE_TIPS_MAX];
	size_t tips = 0;

	for (size_t at = 0; at < c->args; at += 3)
		if (!take_tip(c, at, &tip[tips++]))
			return;
	engine_verify(c->client->env->engine, tip, tips, verify_done,
		      c->answer);
}
