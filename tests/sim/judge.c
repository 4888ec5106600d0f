/* SPDX-License-Identifier: MIT */
/*
 * One rule for each kind of answer.  What somebody was told must have been so
 * behind some serial: no earlier than what had been seen when it was asked, no
 * later than what had been begun when it was told.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"
#include "world.h"

/* Could the state behind serial @p have been seen by what was told at @told? */
static bool begun_by(const struct history *h, uint64_t p, int64_t told)
{
	return p == 0 || h->at[p].begun <= told;
}

/* Orders. */

static bool is_that(const struct truth *t, const struct fact *f)
{
	return strcmp(t->id, f->id) == 0 && strcmp(t->sender, f->user) == 0 &&
	       strcmp(t->receiver, f->receiver) == 0 && t->amount == f->amount;
}

static uint64_t judge_transfer(const struct oracle *o, const struct fact *f,
			       uint64_t low)
{
	const struct history *h = &o->history;
	const struct truth *t = &h->at[f->serial % HISTORY_MAX];
	int64_t balance;

	if (f->serial > h->last || !is_that(t, f)) {
		world_fail(o->world, "the transfer acknowledged as serial %" PRIu64
			   " (id %s) is not in the blocks", f->serial, f->id);
		return 0;
	}
	balance = h->balance[f->serial][history_user(f->user)];
	if (memcmp(t->hash, f->hash, sizeof(t->hash)) != 0 ||
	    t->time != f->time || balance != f->balance)
		world_fail(o->world, "serial %" PRIu64
			   " was acknowledged with balance %" PRId64
			   " (it is %" PRId64 "), another hash or time",
			   f->serial, f->balance, balance);
	/* Unless it is told again: what comes later stands later. */
	if (t->begun == f->asked && f->serial <= low)
		world_fail(o->world, "serial %" PRIu64 " was ordered when %" PRIu64
			   " was known", f->serial, low);
	return f->serial;
}

static uint64_t judge_never(const struct oracle *o, const struct fact *f,
			    uint64_t low)
{
	uint64_t serial = history_find(&o->history, f->id);

	(void)low;
	if (serial)
		world_fail(o->world, "id %s was refused each time and is "
			   "recorded as %" PRIu64, f->id, serial);
	return 0;
}

static uint64_t judge_insufficient(const struct oracle *o, const struct fact *f,
				   uint64_t low)
{
	const struct history *h = &o->history;
	int user = history_user(f->user);

	for (uint64_t p = low; p <= h->last && begun_by(h, p, f->told); p++) {
		int64_t had = h->balance[p][user];

		if (had < 0 && f->joins)
			had = SIM_INITIAL;
		if (had == f->balance && f->balance < f->amount)
			return p;
	}
	world_fail(o->world, "a transfer of %" PRId64 " was refused as %s has %"
		   PRId64 ", behind serial %" PRIu64 " it never was so",
		   f->amount, f->user, f->balance, low);
	return 0;
}

static uint64_t judge_exists(const struct oracle *o, const struct fact *f,
			     uint64_t low)
{
	const struct history *h = &o->history;
	int user = history_user(f->user);

	for (uint64_t p = low; p <= h->last && begun_by(h, p, f->told); p++)
		if (h->balance[p][user] >= 0)
			return p;
	world_fail(o->world, "%s was told to be a member, and was none", f->user);
	return 0;
}

static uint64_t judge_no_member(const struct oracle *o, const struct fact *f,
				uint64_t low)
{
	const int64_t *balance = o->history.balance[low];

	if (f->joins)
		world_fail(o->world, "%s and %s were to join, and were told not "
			   "to be members", f->user, f->receiver);
	if (balance[history_user(f->user)] >= 0 &&
	    balance[history_user(f->receiver)] >= 0)
		world_fail(o->world, "%s and %s were told not to be members, "
			   "behind serial %" PRIu64 " they were", f->user,
			   f->receiver, low);
	return 0;
}

static uint64_t judge_reused(const struct oracle *o, const struct fact *f,
			     uint64_t low)
{
	(void)low;
	if (f->code != OUTCOME_IDREUSED)
		world_fail(o->world, "id %s with other contents was answered "
			   "with \"%s\"", f->id, outcome_code_name(f->code));
	return 0;
}

/* Questions. */

static uint64_t judge_balance(const struct oracle *o, const struct fact *f,
			      uint64_t low)
{
	const struct history *h = &o->history;
	int64_t value = f->kind == FACT_NO_USER ? -1 : f->balance;
	int user = history_user(f->user);

	for (uint64_t p = low; p <= h->last && begun_by(h, p, f->told); p++)
		if (h->balance[p][user] == value)
			return p;
	world_fail(o->world, "the balance of %s was told as %" PRId64
		   ", behind serial %" PRIu64 " it never was", f->user, value,
		   low);
	return low;
}

static uint64_t judge_tip(const struct oracle *o, const struct fact *f,
			  uint64_t low)
{
	const struct history *h = &o->history;

	if (f->serial < low || f->serial > h->last ||
	    !begun_by(h, f->serial, f->told))
		world_fail(o->world, "the tip was told as %" PRIu64
			   ", expected %" PRIu64 " to %" PRIu64, f->serial, low,
			   h->last);
	else if (f->serial && memcmp(h->at[f->serial].hash, f->hash,
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

static bool same_record(const struct truth *t, const struct listed *l)
{
	return t->serial == l->serial && strcmp(t->sender, l->sender) == 0 &&
	       strcmp(t->receiver, l->receiver) == 0 &&
	       t->amount == l->amount && strcmp(t->id, l->id) == 0;
}

static bool same_line(const struct history *h, const struct truth *t,
		      const struct fact *f, const struct listed *l)
{
	if (!same_record(t, l))
		return false;
	return f->kind == FACT_LIST ||
	       h->balance[t->serial][history_user(f->user)] == l->balance;
}

/* A list: nothing left out up to what was known, nothing made up. */
static uint64_t judge_list(const struct oracle *o, const struct fact *f,
			   uint64_t low)
{
	const struct history *h = &o->history;
	uint64_t seen = 0;
	size_t n = 0;

	for (uint64_t i = f->serial ? f->serial : 1;
	     i <= h->last && n < f->count; i++) {
		if (!concerns(&h->at[i], f))
			continue;
		if (n == f->listeds && i <= low)
			world_fail(o->world, "a list leaves out serial %" PRIu64
				   " (known up to %" PRIu64 ")", i, low);
		if (n == f->listeds)
			return seen;
		if (!same_line(h, &h->at[i], f, &f->listed[n])) {
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
	int other = history_user(sent ? t->receiver : t->sender);

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
		int u = history_user(l->sender);

		if (u < 0 || y->count[u] != l->serial || y->net[u] != l->amount)
			return false;
	}
	return true;
}

static uint64_t judge_stats(const struct oracle *o, const struct fact *f,
			    uint64_t low)
{
	const struct history *h = &o->history;
	struct tally y = { 0 };

	for (uint64_t p = 0; p <= h->last && begun_by(h, p, f->told); p++) {
		if (p)
			tally_up(&y, &h->at[p], f->user);
		if (p >= low && tally_matches(&y, f))
			return p;
	}
	world_fail(o->world, "the statistics of %s never were so behind serial "
		   "%" PRIu64, f->user, low);
	return low;
}

static uint64_t judge_show(const struct oracle *o, const struct fact *f,
			   uint64_t low)
{
	const struct history *h = &o->history;
	uint64_t serial = f->kind == FACT_SHOW ? f->serial :
						 history_find(h, f->id);

	(void)low;
	if (f->listeds == 1 && serial && serial <= h->last &&
	    same_record(&h->at[serial], &f->listed[0]))
		return serial;
	world_fail(o->world, "serial %" PRIu64 " was shown otherwise than it is",
		   serial);
	return 0;
}

static uint64_t judge_absent(const struct oracle *o, const struct fact *f,
			     uint64_t low)
{
	uint64_t serial = f->kind == FACT_NO_SERIAL ?
				  f->serial :
				  history_find(&o->history, f->id);

	if (serial && serial <= low)
		world_fail(o->world, "serial %" PRIu64 " was told not to be "
			   "there, known up to %" PRIu64, serial, low);
	return 0;
}

/* A statement: four columns of all records up to some serial, no byte else. */
static uint64_t judge_statement(const struct oracle *o, const struct fact *f,
				uint64_t low)
{
	const struct history *h = &o->history;
	char line[80];
	size_t at = 0;

	if (f->count < low || f->count > h->last ||
	    !begun_by(h, f->count, f->told)) {
		world_fail(o->world, "a statement has %" PRIu64 " lines, known "
			   "up to %" PRIu64, f->count, low);
		return low;
	}
	for (uint64_t i = 1; i <= f->count; i++) {
		const struct truth *t = &h->at[i];
		int len = snprintf(line, sizeof(line),
				   "%" PRIu64 " %s %s %" PRId64 "\n", i,
				   t->sender, t->receiver, t->amount);

		if (f->text.len - at < (size_t)len ||
		    memcmp(f->text.data + at, line, (size_t)len) != 0) {
			world_fail(o->world, "a statement has something else as "
				   "serial %" PRIu64, i);
			return low;
		}
		at += (size_t)len;
	}
	if (at != f->text.len ||
	    (f->count && memcmp(h->at[f->count].hash, f->hash,
				CHAIN_HASH_SIZE) != 0))
		world_fail(o->world, "a statement has more than it says, or "
			   "another tip");
	return f->count;
}

/* Nothing in the blocks is rotten here: it has to say so, as of then. */
static uint64_t judge_verified(const struct oracle *o, const struct fact *f,
			       uint64_t low)
{
	const struct history *h = &o->history;
	uint64_t seen = judge_tip(o, f, low);
	uint64_t members = 0;

	if (o->world->failure)
		return seen;
	for (int u = 0; u < SIM_USERS; u++)
		members += h->balance[seen][u] >= 0;
	if (f->count != seen || f->members != members ||
	    f->balance != (int64_t)members * SIM_INITIAL)
		world_fail(o->world, "a verification up to serial %" PRIu64
			   " counts %" PRIu64 " transactions, %" PRIu64
			   " members and %" PRId64 " coins", seen, f->count,
			   f->members, f->balance);
	return seen;
}

static uint64_t (*const rules[])(const struct oracle *o, const struct fact *f,
				 uint64_t low) = {
	[FACT_TRANSFER] = judge_transfer,
	[FACT_NEVER] = judge_never,
	[FACT_INSUFFICIENT] = judge_insufficient,
	[FACT_EXISTS] = judge_exists,
	[FACT_NO_MEMBER] = judge_no_member,
	[FACT_GROUP_REFUSED] = judge_group_refused,
	[FACT_REUSED] = judge_reused,
	[FACT_BALANCE] = judge_balance,
	[FACT_NO_USER] = judge_balance,
	[FACT_TIP] = judge_tip,
	[FACT_LIST] = judge_list,
	[FACT_HISTORY] = judge_list,
	[FACT_STATS] = judge_stats,
	[FACT_SHOW] = judge_show,
	[FACT_SHOW_ID] = judge_show,
	[FACT_NO_SERIAL] = judge_absent,
	[FACT_NO_ID] = judge_absent,
	[FACT_STATEMENT] = judge_statement,
	[FACT_VERIFIED] = judge_verified,
};

uint64_t judge(const struct oracle *o, const struct fact *f, uint64_t low)
{
	return rules[f->kind](o, f, low);
}
