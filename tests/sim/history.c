/* SPDX-License-Identifier: MIT */
/*
 * Reads blocks with the record grammar and nothing else of the daemons.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "oracle.h"
#include "world.h"

void history_init(struct history *h, struct world *w)
{
	h->world = w;
	h->at = calloc(HISTORY_MAX, sizeof(*h->at));
	h->balance = calloc(HISTORY_MAX, sizeof(*h->balance));
	if (!h->at || !h->balance)
		abort();
}

void history_done(struct history *h)
{
	free(h->at);
	free(h->balance);
}

int history_user(const char *name)
{
	if (name[0] == 'u' && name[1] >= '0' && name[1] < '0' + SIM_USERS &&
	    !name[2])
		return name[1] - '0';
	return -1;
}

uint64_t history_find(const struct history *h, const char *id)
{
	for (uint64_t i = 1; i <= h->last; i++)
		if (strcmp(h->at[i].id, id) == 0)
			return i;
	return 0;
}

void history_lines(struct slice block, line_take take, void *arg)
{
	size_t at = 0;

	while (at < block.len) {
		const char *start = block.p + at;
		const char *newline = memchr(start, '\n', block.len - at);
		size_t len = newline ? (size_t)(newline - start) :
				       block.len - at;

		at += len + 1;
		if (len && start[len - 1] == '\r')
			len--;
		if (len)
			take(arg, (struct slice){ start, len }, at);
	}
}

/* Reading. */

struct reading {
	struct history *history;
	const struct oracle *oracle;
	unsigned backend;
};

static void text(char *to, size_t size, struct slice s)
{
	(void)snprintf(to, size, "%.*s", SLICE_ARG(s));
}

static void take_record(struct truth *t, const struct record *r)
{
	t->there = true;
	t->chained = r->chained;
	t->serial = r->serial;
	t->time = r->time;
	text(t->sender, sizeof(t->sender), r->sender);
	text(t->receiver, sizeof(t->receiver), r->receiver);
	t->amount = (int64_t)amount_to_u64(r->amount);
	text(t->id, sizeof(t->id), r->id);
	text(t->memo, sizeof(t->memo), r->memo);
	text(t->line, sizeof(t->line), r->body);
	if (r->chained)
		memcpy(t->hash, r->hash, sizeof(t->hash));
}

static int64_t begun_at(const struct oracle *o, const struct truth *t)
{
	const struct begun *b = oracle_order(o, t->id);

	if (!t->chained)
		return INT64_MIN;
	return b ? b->at : INT64_MAX;
}

static void take_line(void *arg, struct slice line, size_t end)
{
	const struct reading *g = arg;
	struct history *h = g->history;
	struct truth t = { .holders = UINT32_C(1) << g->backend };
	const char *fault;
	struct record r;

	(void)end;
	if (record_parse(line, &r, &fault) < 0) {
		world_fail(h->world, "a block has a bad line: %s", fault);
		return;
	}
	if (r.serial >= HISTORY_MAX) {
		world_fail(h->world, "serial %" PRIu64 " is wild", r.serial);
		return;
	}
	take_record(&t, &r);
	t.begun = begun_at(g->oracle, &t);
	if (h->at[r.serial].there && strcmp(h->at[r.serial].line, t.line) != 0)
		world_fail(h->world, "serial %" PRIu64 " has two contents",
			   r.serial);
	t.holders |= h->at[r.serial].holders;
	h->at[r.serial] = t;
	if (r.serial > h->last)
		h->last = r.serial;
}

static void read_block(struct history *h, const struct oracle *o,
		       const struct backend_node *n)
{
	const struct buf *b = disk_look(n->disk, n->path);
	struct reading g = { h, o, (unsigned)n->index };

	/* What it had is nobody's any more, nor what it never said. */
	if (b && !n->gone)
		history_lines((struct slice){ (const char *)b->data, b->len },
			      take_line, &g);
}

/* Judging. */

static void check_chain(struct history *h)
{
	uint8_t hash[CHAIN_HASH_SIZE];

	memcpy(hash, chain_origin, sizeof(hash));
	for (uint64_t i = 1; i <= h->last; i++) {
		struct truth *t = &h->at[i];

		if (!t->there) {
			world_fail(h->world, "serial %" PRIu64 " is missing", i);
			return;
		}
		if ((uint32_t)__builtin_popcount(t->holders) < h->world->copies)
			world_fail(h->world, "serial %" PRIu64
				   " is on too few backends", i);
		chain_step(hash, slice_of(t->line), hash);
		if (t->chained && memcmp(hash, t->hash, sizeof(hash)) != 0)
			world_fail(h->world, "serial %" PRIu64
				   ": the hash does not follow", i);
		if (t->chained && t->time < h->at[i - 1].time)
			world_fail(h->world, "serial %" PRIu64
				   ": time goes back", i);
		memcpy(t->hash, hash, sizeof(hash));
	}
}

static bool as_ordered(const struct truth *t, const struct fact *f)
{
	return strcmp(t->sender, f->user) == 0 &&
	       strcmp(t->receiver, f->receiver) == 0 &&
	       t->amount == f->amount && strcmp(t->memo, f->memo) == 0;
}

/* What is recorded was ordered, in these words. */
static void check_order(const struct history *h, const struct oracle *o,
			const struct truth *t)
{
	const struct begun *b = oracle_order(o, t->id);

	if (!b)
		world_fail(h->world, "serial %" PRIu64 " was ordered by nobody",
			   t->serial);
	else if (!as_ordered(t, &b->order))
		world_fail(h->world, "serial %" PRIu64
			   " is recorded otherwise than ordered", t->serial);
}

/* A client that takes another id for a retry marks it with a plus sign. */
static bool same_order(const char *a, const char *b)
{
	size_t len = strcspn(a, "+");

	return len == strcspn(b, "+") && memcmp(a, b, len) == 0;
}

static void check_ids(const struct history *h, const struct oracle *o)
{
	for (uint64_t i = 1; i <= h->last; i++) {
		const struct truth *t = &h->at[i];

		if (!t->chained)
			continue;
		check_order(h, o, t);
		for (uint64_t j = i + 1; j <= h->last; j++)
			if (same_order(t->id, h->at[j].id))
				world_fail(h->world,
					   "id %s is recorded twice, as %" PRIu64
					   " and %" PRIu64, t->id, i, j);
	}
}

static void join(int64_t balance[SIM_USERS], int user)
{
	if (balance[user] < 0)
		balance[user] = SIM_INITIAL;
}

static void check_coins(const struct history *h, uint64_t serial)
{
	int64_t coins = 0;

	for (int u = 0; u < SIM_USERS; u++)
		if (h->balance[serial][u] >= 0)
			coins += h->balance[serial][u] - SIM_INITIAL;
	if (coins)
		world_fail(h->world, "behind serial %" PRIu64 " there are %" PRId64
			   " coins too many", serial, coins);
}

static void apply(struct history *h, uint64_t i)
{
	const struct truth *t = &h->at[i];
	int from = history_user(t->sender);
	int to = history_user(t->receiver);

	memcpy(h->balance[i], h->balance[i - 1], sizeof(*h->balance));
	if (from < 0 || to < 0) {
		world_fail(h->world, "serial %" PRIu64 " has a strange name", i);
		return;
	}
	join(h->balance[i], from);
	join(h->balance[i], to);
	if (from == to)
		return;
	h->balance[i][from] -= t->amount;
	h->balance[i][to] += t->amount;
	if (h->balance[i][from] < 0)
		world_fail(h->world, "serial %" PRIu64 " overdraws %s", i,
			   t->sender);
}

static void sum_up(struct history *h)
{
	for (int u = 0; u < SIM_USERS; u++)
		h->balance[0][u] = -1;
	for (uint64_t i = 1; i <= h->last && !h->world->failure; i++) {
		apply(h, i);
		check_coins(h, i);
	}
}

void history_read(struct history *h, const struct oracle *o)
{
	for (size_t i = 0; i < BACKENDS; i++)
		read_block(h, o, &h->world->backend[i]);
	check_chain(h);
	check_ids(h, o);
	groups_check(h, o);
	if (!h->world->failure)
		sum_up(h);
}
