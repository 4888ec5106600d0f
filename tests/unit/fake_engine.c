/* SPDX-License-Identifier: MIT */
/*
 * An engine that only writes down what it is asked.
 */
#include "config.h"

#include <check.h>

#include "fake_engine.h"

/* 2026-11-22T13:37:00.123456Z */
#define FAKE_TIME INT64_C(1795354620123456)

const uint8_t fake_hash[CHAIN_HASH_SIZE] = { 0xab, 0xcd };

static struct amount coins_of(uint64_t n)
{
	struct amount a;

	ck_assert_int_eq(amount_from_u64(n, &a), 0);
	return a;
}

struct outcome fake_balance(uint64_t coins)
{
	return (struct outcome){ .u.balance = coins_of(coins) };
}

struct outcome fake_receipt(uint64_t serial, uint64_t coins)
{
	return (struct outcome){
		.u.receipt = {
			.serial = serial,
			.balance = coins_of(coins),
			.time = serial ? FAKE_TIME : 0,
			.hash = fake_hash,
		},
	};
}

struct outcome fake_refusal(enum outcome_code code, const char *sentence)
{
	return (struct outcome){ .code = code, .sentence = slice_of(sentence) };
}

struct outcome fake_done(void)
{
	return (struct outcome){ .code = OUTCOME_DONE };
}

void fake_record(const struct engine *e, size_t i, uint64_t serial)
{
	const struct amount balance = coins_of(1000 - serial);
	bool old = serial % 3 == 0;
	struct record r = {
		.serial = serial,
		.sender = slice_of("Ali"),
		.receiver = slice_of("Ben"),
		.amount = coins_of(serial),
		.chained = !old,
		.time = old ? 0 : FAKE_TIME,
		.id = slice_of(old ? "" : "x1"),
		.memo = slice_of(old ? "" : "two%20coffees"),
	};
	bool history = strncmp(e->order[i].text, "history", 7) == 0;

	if (!old)
		r.hash[0] = 0xab;
	e->order[i].record(e->order[i].arg, &r, history ? &balance : NULL);
}

void fake_answer(const struct engine *e, size_t i, struct outcome o)
{
	ck_assert_uint_lt(i, e->orders);
	e->order[i].done(e->order[i].arg, &o);
}

/* Note the order whose text stands in its place already. */
static void note(struct engine *e, engine_record record, engine_done done,
		 void *arg)
{
	size_t i = e->orders++;

	e->order[i].record = record;
	e->order[i].done = done;
	e->order[i].arg = arg;
	if (!e->prompt)
		return;

	for (size_t k = 1; record && k <= e->records; k++)
		fake_record(e, i, k);
	fake_answer(e, i, e->answer);
}

static char *text_of_next(struct engine *e)
{
	ck_assert_uint_lt(e->orders, FAKE_ORDERS_MAX);
	return e->order[e->orders].text;
}

#define NOTE(...)                                                              \
	(void)snprintf(text_of_next(e), sizeof(e->order[0].text), __VA_ARGS__)

void engine_balance(struct engine *e, struct slice user, engine_done done,
		    void *arg)
{
	NOTE("balance %.*s", SLICE_ARG(user));
	note(e, NULL, done, arg);
}

void engine_balance_at(struct engine *e, struct slice user, uint64_t serial,
		       engine_done done, void *arg)
{
	NOTE("balance %.*s at %ju", SLICE_ARG(user), (uintmax_t)serial);
	note(e, NULL, done, arg);
}

void engine_users(struct engine *e, uint64_t from, uint64_t count,
		  engine_done done, void *arg)
{
	NOTE("users %ju %ju", (uintmax_t)from, (uintmax_t)count);
	note(e, NULL, done, arg);
}

void engine_transfer(struct engine *e, const struct engine_order *order,
		     engine_done done, void *arg)
{
	NOTE("%s %.*s %.*s %.*s id=%.*s memo=%.*s%s%.*s",
	     order->join ? "import" : "transfer", SLICE_ARG(order->sender),
	     SLICE_ARG(order->receiver),
	     SLICE_ARG(order->amount), SLICE_ARG(order->id),
	     SLICE_ARG(order->memo), order->after.len ? " after=" : "",
	     SLICE_ARG(order->after));
	note(e, NULL, done, arg);
}

void engine_open(struct engine *e, const struct engine_order *order,
		 engine_done done, void *arg)
{
	NOTE("open %.*s id=%.*s memo=%.*s", SLICE_ARG(order->sender),
	     SLICE_ARG(order->id), SLICE_ARG(order->memo));
	note(e, NULL, done, arg);
}

void fake_group(const struct engine *e, size_t i, const struct outcome *o,
		size_t count)
{
	ck_assert_uint_lt(i, e->orders);
	e->order[i].group_done(e->order[i].arg, o, count);
}

/* As they would be alone, and between them "; "; what does not fit is left out. */
void engine_group(struct engine *e, const struct engine_group_order *order,
		  size_t count, bool dry_run, engine_group_done done, void *arg)
{
	char text[sizeof(e->order[0].text)];
	struct fake_order *o = &e->order[e->orders];

	(void)snprintf(text, sizeof(text), dry_run ? "dry run:" : "group:");
	for (size_t i = 0; i < count; i++) {
		size_t len;

		if (order[i].opening)
			engine_open(e, &order[i].order, NULL, NULL);
		else
			engine_transfer(e, &order[i].order, NULL, NULL);
		e->orders--;
		len = strlen(text);
		(void)snprintf(text + len, sizeof(text) - len, "%s %s",
			       i ? ";" : "", o->text);
	}
	NOTE("%s", text);
	o->group_done = done;
	o->arg = arg;
	e->orders++;
}

void engine_stats(struct engine *e, struct slice user, engine_done done,
		  void *arg)
{
	NOTE("stats %.*s", SLICE_ARG(user));
	note(e, NULL, done, arg);
}

void engine_history(struct engine *e, struct slice user, uint64_t from,
		    uint64_t count, engine_record record, engine_done done,
		    void *arg)
{
	NOTE("history %.*s %ju %ju", SLICE_ARG(user), (uintmax_t)from,
	     (uintmax_t)count);
	note(e, record, done, arg);
}

void engine_list(struct engine *e, uint64_t from, uint64_t count,
		 engine_record record, engine_done done, void *arg)
{
	NOTE("list %ju %ju", (uintmax_t)from, (uintmax_t)count);
	note(e, record, done, arg);
}

void engine_show(struct engine *e, uint64_t serial, engine_record record,
		 engine_done done, void *arg)
{
	NOTE("show %ju", (uintmax_t)serial);
	note(e, record, done, arg);
}

void engine_show_id(struct engine *e, struct slice id, engine_record record,
		    engine_done done, void *arg)
{
	NOTE("show id=%.*s", SLICE_ARG(id));
	note(e, record, done, arg);
}

void engine_txlist(struct engine *e, engine_done done, void *arg)
{
	NOTE("txlist");
	note(e, NULL, done, arg);
}

void engine_tip(struct engine *e, engine_done done, void *arg)
{
	NOTE("tip");
	note(e, NULL, done, arg);
}

/* How many tips, and of the last one its serial and the first byte. */
void engine_verify(struct engine *e, const struct engine_known_tip *tips,
		   size_t count, engine_done done, void *arg)
{
	if (count > 0)
		NOTE("verify %zu %ju:%02x", count,
		     (uintmax_t)tips[count - 1].serial,
		     tips[count - 1].hash[0]);
	else
		NOTE("verify");
	note(e, NULL, done, arg);
}
