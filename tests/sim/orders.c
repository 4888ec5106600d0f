/* SPDX-License-Identifier: MIT */
/*
 * Draws orders, gives them to an engine, reads its answers.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orders.h"
#include "world.h"

/* Drawing. */

static void draw_user(struct world *w, char name[16])
{
	(void)snprintf(name, 16, "u%d", (int)world_below(w, SIM_USERS));
}

/* In so many of a hundred orders. */
struct share {
	enum what what;
	enum fact_kind kind;
	unsigned share;
};

static const struct share mix[] = {
	{ DO_TRANSFER, FACT_TRANSFER, 34 }, { DO_IMPORT, FACT_TRANSFER, 8 },
	{ DO_OPEN, FACT_TRANSFER, 6 },	    { DO_GROUP, FACT_TRANSFER, 10 },
	{ DO_BALANCE, FACT_BALANCE, 11 },   { DO_TIP, FACT_TIP, 4 },
	{ DO_LIST, FACT_LIST, 5 },	    { DO_HISTORY, FACT_HISTORY, 6 },
	{ DO_STATS, FACT_STATS, 5 },	    { DO_SHOW, FACT_SHOW, 3 },
	{ DO_SHOW_ID, FACT_SHOW_ID, 3 },    { DO_TXLIST, FACT_STATEMENT, 3 },
	{ DO_VERIFY, FACT_VERIFIED, 2 },
};

static const struct share watchers_mix[] = {
	{ DO_TRANSFER, FACT_TRANSFER, 40 },
	{ DO_BALANCE, FACT_BALANCE, 30 },
	{ DO_TIP, FACT_TIP, 30 },
};

static void draw_what(const struct orders *s, struct order *o)
{
	const struct share *share = s->watches ? watchers_mix : mix;
	uint64_t n = world_below(s->world, 100);

	for (; n >= share->share; share++)
		n -= share->share;
	o->what = share->what;
	o->fact.kind = share->kind;
}

void orders_draw_contents(struct orders *s, unsigned number, struct fact *f)
{
	struct world *w = s->world;

	draw_user(w, f->user);
	draw_user(w, f->receiver);
	(void)snprintf(f->id, sizeof(f->id), "c%d-%u", s->client, number);
	f->amount = 1 + (int64_t)world_below(w, world_chance(w, 100) ? 3000 :
								       200);
	if (world_chance(w, 100))
		(void)snprintf(f->memo, sizeof(f->memo), "note%u", number);
	f->serial = world_chance(w, 500) ? 0 : 1 + world_below(w, 60);
	f->count = 1 + world_below(w, SIM_LISTED_MAX);
}

/* Again, word for word; or the same id with another amount. */
static void draw_repeat(struct orders *s, struct order *ret)
{
	*ret = s->done[world_below(s->world, s->dones)];
	ret->again = true;
	if (world_chance(s->world, 500) || ret->what == DO_GROUP)
		return;
	ret->what = DO_REUSE;
	ret->fact.kind = FACT_REUSED;
	ret->fact.amount++;
}

static void draw(struct orders *s, unsigned number, struct order *ret)
{
	struct world *w = s->world;

	draw_what(s, ret);
	orders_draw_contents(s, number, &ret->fact);
	switch (ret->what) {
	case DO_OPEN:
		memcpy(ret->fact.receiver, ret->fact.user,
		       sizeof(ret->fact.user));
		ret->fact.amount = 0;
		return;
	case DO_SHOW:
		ret->fact.serial = 1 + world_below(w, 80);
		return;
	case DO_SHOW_ID:
		(void)snprintf(ret->fact.id, sizeof(ret->fact.id), "c%d-%u",
			       (int)world_below(w, CLIENTS),
			       (unsigned)world_below(w, 20));
		return;
	case DO_IMPORT:
		ret->fact.joins = true;
		return;
	case DO_GROUP:
		group_draw(s, number, ret);
		return;
	case DO_TRANSFER:
	case DO_REUSE:
	case DO_BALANCE:
	case DO_TIP:
	case DO_LIST:
	case DO_HISTORY:
	case DO_STATS:
	case DO_TXLIST:
	case DO_VERIFY:
		return;
	}
}

/* All there is, question by question. */
static void draw_audit(unsigned number, struct order *ret)
{
	static const struct {
		enum what what;
		enum fact_kind kind;
	} of_user[] = {
		{ DO_BALANCE, FACT_BALANCE },
		{ DO_STATS, FACT_STATS },
		{ DO_HISTORY, FACT_HISTORY },
	};
	struct fact *f = &ret->fact;

	f->count = HISTORY_MAX;
	if (number == 0) {
		ret->what = DO_TIP;
		f->kind = FACT_TIP;
	} else if (number <= 3 * SIM_USERS) {
		ret->what = of_user[(number - 1) / SIM_USERS].what;
		f->kind = of_user[(number - 1) / SIM_USERS].kind;
		(void)snprintf(f->user, sizeof(f->user), "u%u",
			       (number - 1) % SIM_USERS);
	} else if (number == 3 * SIM_USERS + 1) {
		ret->what = DO_VERIFY;
		f->kind = FACT_VERIFIED;
	} else if (number % 2) {
		ret->what = DO_LIST;
		f->kind = FACT_LIST;
	} else {
		ret->what = DO_TXLIST;
		f->kind = FACT_STATEMENT;
	}
}

void orders_draw(struct orders *s, unsigned number, struct order *ret)
{
	*ret = (struct order){ 0 };
	if (s->audits)
		draw_audit(number, ret);
	else if (s->dones && world_chance(s->world, 80))
		draw_repeat(s, ret);
	else
		draw(s, number, ret);
}

bool order_changes(const struct order *o)
{
	return o->what == DO_TRANSFER || o->what == DO_IMPORT ||
	       o->what == DO_OPEN || (o->what == DO_GROUP && !o->dry);
}

void orders_keep(struct orders *s, const struct order *o)
{
	if (order_changes(o) && !o->again && s->dones < ORDERS_KEPT)
		s->done[s->dones++] = *o;
}

/* Asking. */

void order_ask(const struct order *o, struct engine *e, engine_record record,
	       engine_done done, void *arg)
{
	const struct fact *f = &o->fact;
	char amount[24];
	struct engine_order order = { .sender = slice_of(f->user),
				      .receiver = slice_of(f->receiver),
				      .id = slice_of(f->id),
				      .memo = slice_of(f->memo) };

	(void)snprintf(amount, sizeof(amount), "%" PRId64, f->amount);
	order.amount = slice_of(amount);
	order.join = f->joins;
	switch (o->what) {
	case DO_TRANSFER:
	case DO_IMPORT:
	case DO_REUSE:
		engine_transfer(e, &order, done, arg);
		return;
	case DO_OPEN:
		engine_open(e, &order, done, arg);
		return;
	case DO_GROUP:
		return; /* group_ask() */
	case DO_BALANCE:
		engine_balance(e, order.sender, done, arg);
		return;
	case DO_TIP:
		engine_tip(e, done, arg);
		return;
	case DO_LIST:
		engine_list(e, f->serial, f->count, record, done, arg);
		return;
	case DO_HISTORY:
		engine_history(e, order.sender, f->serial, f->count, record,
			       done, arg);
		return;
	case DO_STATS:
		engine_stats(e, order.sender, done, arg);
		return;
	case DO_SHOW:
		engine_show(e, f->serial, record, done, arg);
		return;
	case DO_SHOW_ID:
		engine_show_id(e, order.id, record, done, arg);
		return;
	case DO_TXLIST:
		engine_txlist(e, done, arg);
		return;
	case DO_VERIFY:
		engine_verify(e, NULL, 0, done, arg);
		return;
	}
}

/* Reading answers. */

struct listed *fact_add_listed(struct fact *f)
{
	f->listed = reallocarray(f->listed, f->listeds + 1, sizeof(*f->listed));
	if (!f->listed)
		abort();
	memset(&f->listed[f->listeds], 0, sizeof(*f->listed));
	return &f->listed[f->listeds++];
}

void order_take_record(struct fact *answer, const struct record *r,
		       const struct amount *balance)
{
	struct listed *l = fact_add_listed(answer);

	l->serial = r->serial;
	(void)snprintf(l->sender, sizeof(l->sender), "%.*s",
		       SLICE_ARG(r->sender));
	(void)snprintf(l->receiver, sizeof(l->receiver), "%.*s",
		       SLICE_ARG(r->receiver));
	(void)snprintf(l->id, sizeof(l->id), "%.*s", SLICE_ARG(r->id));
	l->amount = (int64_t)amount_to_u64(r->amount);
	l->balance = balance ? (int64_t)amount_to_u64(*balance) : 0;
}

static void take_stats(struct fact *answer, const struct outcome *out)
{
	for (size_t i = 0; i < out->u.stats.count; i++) {
		const struct engine_partner *p = &out->u.stats.partner[i];
		struct listed *l = fact_add_listed(answer);

		l->serial = p->count;
		(void)snprintf(l->sender, sizeof(l->sender), "%.*s",
			       SLICE_ARG(p->name));
		if (sum_to_i64(p->net, &l->amount) < 0)
			abort();
	}
}

static void take_receipt(struct fact *answer, const struct outcome *out)
{
	answer->serial = out->u.receipt.serial;
	answer->time = out->u.receipt.time;
	memcpy(answer->hash, out->u.receipt.hash, CHAIN_HASH_SIZE);
}

static void take_statement(struct fact *answer, const struct outcome *out,
			   const struct buf *statement)
{
	answer->count = out->u.statement.records;
	memcpy(answer->hash, out->u.statement.hash, CHAIN_HASH_SIZE);
	if (statement->len &&
	    buf_add(&answer->text, statement->data, statement->len) < 0)
		abort();
}

static void take_verified(struct fact *answer, const struct outcome *out)
{
	answer->serial = out->u.verified.serial;
	memcpy(answer->hash, out->u.verified.hash, CHAIN_HASH_SIZE);
	answer->count = out->u.verified.records;
	answer->members = out->u.verified.members;
	if (sum_to_i64(out->u.verified.coins, &answer->balance) < 0)
		abort();
}

/* "... The current balance of "u1" is : 17 alicoins." */
static int64_t balance_in(struct slice sentence)
{
	static const char words[] = "\" is : ";
	char copy[256];
	const char *at;

	(void)snprintf(copy, sizeof(copy), "%.*s", SLICE_ARG(sentence));
	at = strstr(copy, words);
	return at ? strtoll(at + strlen(words), NULL, 10) : -1;
}

void order_take(const struct order *o, const struct outcome *out,
		const struct buf *statement, struct fact *answer)
{
	answer->code = out->code;
	if (out->code == OUTCOME_INSUFFICIENT)
		answer->balance = balance_in(out->sentence);
	if (out->code != OUTCOME_DONE)
		return;
	switch (o->what) {
	case DO_TRANSFER:
	case DO_IMPORT:
	case DO_OPEN:
		answer->balance =
			(int64_t)amount_to_u64(out->u.receipt.balance);
		take_receipt(answer, out);
		return;
	case DO_TIP:
		take_receipt(answer, out);
		return;
	case DO_BALANCE:
		answer->balance = (int64_t)amount_to_u64(out->u.balance);
		return;
	case DO_STATS:
		take_stats(answer, out);
		return;
	case DO_TXLIST:
		take_statement(answer, out, statement);
		return;
	case DO_VERIFY:
		take_verified(answer, out);
		return;
	case DO_GROUP: /* group_take() */
	case DO_REUSE:
	case DO_LIST:
	case DO_HISTORY:
	case DO_SHOW:
	case DO_SHOW_ID:
		return;
	}
}

void order_fact(const struct order *o, struct fact *answer, struct fact *ret)
{
	*ret = o->fact;
	ret->code = answer->code;
	ret->balance = answer->balance;
	ret->time = answer->time;
	memcpy(ret->hash, answer->hash, sizeof(ret->hash));
	ret->members = answer->members;
	if (order_changes(o) || o->what == DO_TIP || o->what == DO_VERIFY)
		ret->serial = answer->serial;
	if (o->what == DO_TXLIST || o->what == DO_VERIFY)
		ret->count = answer->count;
	ret->listed = answer->listed;
	ret->listeds = answer->listeds;
	ret->text = answer->text;
	answer->listed = NULL;
	answer->listeds = 0;
	answer->text = (struct buf){ 0 };
}

/* Refusals that there are, by what was asked. */
static bool refusal_kind(const struct order *o, enum outcome_code code,
			 enum fact_kind *ret)
{
	static const struct {
		bool change;
		enum outcome_code code;
		enum fact_kind kind;
	} kinds[] = {
		{ true, OUTCOME_INSUFFICIENT, FACT_INSUFFICIENT },
		{ true, OUTCOME_EXISTS, FACT_EXISTS },
		{ true, OUTCOME_NOUSER, FACT_NO_MEMBER },
		/* That the two are one needs no judge. */
		{ true, OUTCOME_SELF, FACT_NEVER },
		{ false, OUTCOME_NOUSER, FACT_NO_USER },
	};

	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		if (kinds[i].change != order_changes(o) ||
		    kinds[i].code != code)
			continue;
		*ret = kinds[i].kind;
		return true;
	}
	*ret = o->what == DO_SHOW ? FACT_NO_SERIAL : FACT_NO_ID;
	return code == OUTCOME_NOTFOUND &&
	       (o->what == DO_SHOW || o->what == DO_SHOW_ID);
}

bool order_refused(const struct order *o, struct world *w,
		   const struct fact *answer, struct fact *ret)
{
	*ret = o->fact;
	ret->code = answer->code;
	ret->balance = answer->balance;
	if (o->what == DO_REUSE)
		return true;
	if (!refusal_kind(o, answer->code, &ret->kind)) {
		world_fail(w, "an order was refused with \"%s\"",
			   outcome_code_name(answer->code));
		return false;
	}
	return ret->kind != FACT_NEVER;
}
