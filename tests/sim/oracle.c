/* SPDX-License-Identifier: MIT */
/*
 * The judge: all blocks at the end, against all that clients were told.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "oracle.h"
#include "world.h"

#define HISTORY_MAX 4096
#define INITIAL 1000

/* One transaction of the true history. */
struct truth {
	bool there;
	uint64_t serial;
	char sender[16];
	char receiver[16];
	int64_t amount;
	char id[40];
	char line[RECORD_LINE_MAX];
	uint8_t hash[CHAIN_HASH_SIZE];
	int64_t begun; /* first attempt; INT64_MIN: before all */
};

struct begun {
	char id[40];
	int64_t at;
};

struct oracle {
	struct world *world;
	struct fact *fact;
	size_t facts;
	struct begun *begun;
	size_t begunnen;
	struct truth *history; /* by serial */
	uint64_t last;
	/* Balance of each user behind each serial; -1: no member yet. */
	int64_t (*balance)[SIM_USERS];
};

struct oracle *oracle_new(struct world *w)
{
	struct oracle *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	o->world = w;
	o->history = calloc(HISTORY_MAX, sizeof(*o->history));
	o->balance = calloc(HISTORY_MAX, sizeof(*o->balance));
	if (!o->history || !o->balance)
		abort();
	return o;
}

void oracle_free(struct oracle *o)
{
	for (size_t i = 0; i < o->facts; i++)
		free(o->fact[i].listed);
	free(o->fact);
	free(o->begun);
	free(o->history);
	free(o->balance);
	free(o);
}

void oracle_tell(struct oracle *o, const struct fact *f)
{
	o->fact = reallocarray(o->fact, o->facts + 1, sizeof(*f));
	if (!o->fact)
		abort();
	o->fact[o->facts++] = *f;
}

void oracle_begun(struct oracle *o, const char *id, int64_t at)
{
	for (size_t i = 0; i < o->begunnen; i++)
		if (strcmp(o->begun[i].id, id) == 0)
			return;
	o->begun = reallocarray(o->begun, o->begunnen + 1, sizeof(*o->begun));
	if (!o->begun)
		abort();
	o->begun[o->begunnen].at = at;
	(void)snprintf(o->begun[o->begunnen++].id, 40, "%s", id);
}

static int64_t begun_at(const struct oracle *o, const char *id)
{
	for (size_t i = 0; i < o->begunnen; i++)
		if (strcmp(o->begun[i].id, id) == 0)
			return o->begun[i].at;
	return INT64_MAX;
}

/* The true history, from the blocks. */

static void text(char *to, size_t size, struct slice s)
{
	(void)snprintf(to, size, "%.*s", SLICE_ARG(s));
}

static int user_number(const char *name)
{
	if (name[0] == 'u' && name[1] >= '0' && name[1] < '0' + SIM_USERS &&
	    !name[2])
		return name[1] - '0';
	return -1;
}

static void take_line(struct oracle *o, struct slice line)
{
	struct truth t = { .there = true };
	const char *fault;
	struct record r;

	if (record_parse(line, &r, &fault) < 0) {
		world_fail(o->world, "a block has a bad line: %s", fault);
		return;
	}
	t.serial = r.serial;
	text(t.sender, sizeof(t.sender), r.sender);
	text(t.receiver, sizeof(t.receiver), r.receiver);
	t.amount = (int64_t)amount_to_u64(r.amount);
	text(t.id, sizeof(t.id), r.id);
	text(t.line, sizeof(t.line), r.body);
	if (r.chained)
		memcpy(t.hash, r.hash, sizeof(t.hash));
	t.begun = r.chained ? begun_at(o, t.id) : INT64_MIN;
	if (r.serial >= HISTORY_MAX) {
		world_fail(o->world, "serial %" PRIu64 " is wild", r.serial);
		return;
	}
	if (o->history[r.serial].there &&
	    strcmp(o->history[r.serial].line, t.line) != 0)
		world_fail(o->world, "serial %" PRIu64 " has two contents",
			   r.serial);
	o->history[r.serial] = t;
	if (r.serial > o->last)
		o->last = r.serial;
}

static void read_block(struct oracle *o, const struct backend_node *n)
{
	const struct buf *b = disk_look(n->disk, n->path);
	const char *at = b ? (const char *)b->data : NULL;
	const char *end = b ? at + b->len : NULL;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		size_t text_len = len;

		if (text_len && at[text_len - 1] == '\r')
			text_len--;
		if (text_len)
			take_line(o, (struct slice){ at, text_len });
		at += len + 1;
	}
}

static void check_chain(struct oracle *o)
{
	uint8_t hash[CHAIN_HASH_SIZE];

	memcpy(hash, chain_origin, sizeof(hash));
	for (uint64_t i = 1; i <= o->last; i++) {
		struct truth *t = &o->history[i];

		if (!t->there) {
			world_fail(o->world, "serial %" PRIu64 " is missing", i);
			return;
		}
		chain_step(hash, slice_of(t->line), hash);
		if (strchr(t->line, '=') &&
		    memcmp(hash, t->hash, sizeof(hash)) != 0)
			world_fail(o->world, "serial %" PRIu64
				   ": the hash does not follow", i);
		memcpy(t->hash, hash, sizeof(hash));
	}
}

static void check_ids(struct oracle *o)
{
	for (uint64_t i = 1; i <= o->last; i++) {
		const struct truth *t = &o->history[i];

		if (!t->id[0])
			continue;
		if (t->begun == INT64_MAX)
			world_fail(o->world, "serial %" PRIu64
				   " was ordered by nobody", i);
		for (uint64_t j = i + 1; j <= o->last; j++)
			if (strcmp(t->id, o->history[j].id) == 0)
				world_fail(o->world,
					   "id %s is recorded twice, as %" PRIu64
					   " and %" PRIu64, t->id, i, j);
	}
}

static void join(int64_t balance[SIM_USERS], int user)
{
	if (balance[user] < 0)
		balance[user] = INITIAL;
}

static void sum_up(struct oracle *o)
{
	for (int u = 0; u < SIM_USERS; u++)
		o->balance[0][u] = -1;
	for (uint64_t i = 1; i <= o->last; i++) {
		const struct truth *t = &o->history[i];
		int from = user_number(t->sender);
		int to = user_number(t->receiver);

		memcpy(o->balance[i], o->balance[i - 1], sizeof(*o->balance));
		if (from < 0 || to < 0) {
			world_fail(o->world, "serial %" PRIu64
				   " has a strange name", i);
			return;
		}
		join(o->balance[i], from);
		join(o->balance[i], to);
		if (from == to)
			continue;
		o->balance[i][from] -= t->amount;
		o->balance[i][to] += t->amount;
		if (o->balance[i][from] < 0)
			world_fail(o->world, "serial %" PRIu64 " overdraws %s",
				   i, t->sender);
	}
}

/* What was told, fact by fact.  @low: all up to it was told before. */

static void check_transfer(struct oracle *o, const struct fact *f,
			   uint64_t low)
{
	const struct truth *t = &o->history[f->serial];

	if (f->serial > o->last || strcmp(t->id, f->id) != 0 ||
	    strcmp(t->sender, f->user) != 0 ||
	    strcmp(t->receiver, f->receiver) != 0 || t->amount != f->amount) {
		world_fail(o->world, "the transfer acknowledged as serial %" PRIu64
			   " (id %s) is not in the blocks", f->serial, f->id);
		return;
	}
	if (memcmp(t->hash, f->hash, sizeof(t->hash)) != 0)
		world_fail(o->world, "serial %" PRIu64
			   " was acknowledged with another hash", f->serial);
	if (o->balance[f->serial][user_number(f->user)] != f->balance)
		world_fail(o->world, "serial %" PRIu64
			   " was acknowledged with balance %" PRId64
			   ", it is %" PRId64, f->serial, f->balance,
			   o->balance[f->serial][user_number(f->user)]);
	(void)low;
}

static void check_never(struct oracle *o, const struct fact *f)
{
	for (uint64_t i = 1; i <= o->last; i++)
		if (strcmp(o->history[i].id, f->id) == 0)
			world_fail(o->world, "id %s was refused each time and is "
				   "recorded as %" PRIu64, f->id, i);
}

/* Could the state behind serial @p have been seen by what was told at @told? */
static bool begun_by(const struct oracle *o, uint64_t p, int64_t told)
{
	return p == 0 || o->history[p].begun <= told;
}

static uint64_t check_balance(struct oracle *o, const struct fact *f,
			      uint64_t low)
{
	int64_t value = f->kind == FACT_NO_USER ? -1 : f->balance;
	int user = user_number(f->user);

	for (uint64_t p = low; p <= o->last && begun_by(o, p, f->told); p++)
		if (o->balance[p][user] == value)
			return p;
	world_fail(o->world, "the balance of %s was told as %" PRId64
		   ", behind serial %" PRIu64 " it never was", f->user, value,
		   low);
	return low;
}

static uint64_t check_tip(struct oracle *o, const struct fact *f, uint64_t low)
{
	if (f->serial < low || f->serial > o->last)
		world_fail(o->world, "the tip was told as %" PRIu64
			   ", expected %" PRIu64 " to %" PRIu64, f->serial, low,
			   o->last);
	else if (f->serial && memcmp(o->history[f->serial].hash, f->hash,
				     CHAIN_HASH_SIZE) != 0)
		world_fail(o->world, "the tip %" PRIu64
			   " was told with another hash", f->serial);
	return f->serial;
}

static bool concerns(const struct truth *t, const struct fact *f)
{
	return f->kind == FACT_LIST || strcmp(t->sender, f->user) == 0 ||
	       strcmp(t->receiver, f->user) == 0;
}

static bool same_line(const struct oracle *o, const struct truth *t,
		      const struct fact *f, const struct listed *l)
{
	if (t->serial != l->serial || strcmp(t->sender, l->sender) != 0 ||
	    strcmp(t->receiver, l->receiver) != 0 || t->amount != l->amount)
		return false;
	return f->kind == FACT_LIST ||
	       o->balance[t->serial][user_number(f->user)] == l->balance;
}

/* A list: nothing left out up to what was known, nothing made up. */
static uint64_t check_list(struct oracle *o, const struct fact *f, uint64_t low)
{
	uint64_t i = f->serial ? f->serial : 1;
	uint64_t seen = 0;
	size_t n = 0;

	for (; i <= o->last && n < f->count; i++) {
		const struct truth *t = &o->history[i];

		if (!concerns(t, f))
			continue;
		if (n == f->listeds) {
			if (i <= low)
				world_fail(o->world, "a list leaves out serial %" PRIu64
					   " (known up to %" PRIu64 ")", i, low);
			return seen;
		}
		if (!same_line(o, t, f, &f->listed[n])) {
			world_fail(o->world, "a list has serial %" PRIu64
				   " where %" PRIu64 " is due, or tells it "
				   "wrong", f->listed[n].serial, i);
			return seen;
		}
		seen = i;
		n++;
	}
	if (n < f->listeds)
		world_fail(o->world, "a list has more than there is");
	return seen;
}

struct tally {
	uint64_t count[SIM_USERS];
	int64_t net[SIM_USERS];
};

static void tally_up(struct tally *y, const struct truth *t, const char *user)
{
	bool sent = strcmp(t->sender, user) == 0;
	bool received = strcmp(t->receiver, user) == 0;
	int other = user_number(sent ? t->receiver : t->sender);

	if (sent == received)
		return;
	y->count[other]++;
	y->net[other] += sent ? -t->amount : t->amount;
}

static bool tally_matches(const struct tally *y, const struct fact *f)
{
	size_t n = 0;

	for (int u = 0; u < SIM_USERS; u++)
		n += y->count[u] > 0;
	if (n != f->listeds)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct listed *l = &f->listed[i];
		int u = user_number(l->sender);

		if (u < 0 || y->count[u] != l->serial || y->net[u] != l->amount)
			return false;
	}
	return true;
}

static uint64_t check_stats(struct oracle *o, const struct fact *f,
			    uint64_t low)
{
	struct tally y = { 0 };

	for (uint64_t p = 0; p <= o->last && begun_by(o, p, f->told); p++) {
		if (p)
			tally_up(&y, &o->history[p], f->user);
		if (p >= low && tally_matches(&y, f))
			return p;
	}
	world_fail(o->world, "the statistics of %s never were so behind serial "
		   "%" PRIu64, f->user, low);
	return low;
}

/* What was seen at the latest by somebody when this was asked. */
static uint64_t known_before(const struct oracle *o, const uint64_t *seen,
			     const struct fact *f)
{
	uint64_t low = 0;

	for (size_t i = 0; i < o->facts; i++)
		if (o->fact[i].told < f->asked && seen[i] > low)
			low = seen[i];
	return low;
}

static uint64_t check_fact(struct oracle *o, const struct fact *f, uint64_t low)
{
	switch (f->kind) {
	case FACT_TRANSFER:
		check_transfer(o, f, low);
		return f->serial;
	case FACT_NEVER:
		check_never(o, f);
		return 0;
	case FACT_BALANCE:
	case FACT_NO_USER:
		return check_balance(o, f, low);
	case FACT_TIP:
		return check_tip(o, f, low);
	case FACT_LIST:
	case FACT_HISTORY:
		return check_list(o, f, low);
	case FACT_STATS:
		return check_stats(o, f, low);
	}
	return 0;
}

void oracle_check(struct oracle *o)
{
	uint64_t *seen = calloc(o->facts + 1, sizeof(*seen));

	if (!seen)
		abort();
	for (size_t i = 0; i < BACKENDS; i++)
		read_block(o, &o->world->backend[i]);
	check_chain(o);
	check_ids(o);
	if (!o->world->failure)
		sum_up(o);
	/* Facts are in the order of being told. */
	for (size_t i = 0; i < o->facts && !o->world->failure; i++) {
		uint64_t low = known_before(o, seen, &o->fact[i]);

		seen[i] = check_fact(o, &o->fact[i], low);
	}
	free(seen);
}
