/* SPDX-License-Identifier: MIT */
/*
 * Pages of USERS come one after the other while transfers go on, so each is as
 * of a later serial than the one before it.  What happened between is applied
 * from LIST: a balance knows as of which serial it is.  A balance of the past is
 * reached from the present by taking back what came since; or from the beginning,
 * by doing all again; or by a question for each user.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/name.h"
#include "util/parse.h"
#include "util/random.h"
#include "walletctl/answer.h"
#include "walletctl/pipeline.h"
#include "walletctl/walk.h"

#include "walletctl/census.h"

#define NUMBER_SIZE 21
/* Users asked for at once, the most that the main daemon gives. */
#define PAGE_MAX "10000"
/* Balances asked for at a time. */
#define WINDOW 1000
/* What a balance of the past costs the daemons, in records of a list. */
#define QUESTION_COST 64

size_t census_count(const struct census *c)
{
	return c->users.len / sizeof(struct census_user);
}

struct census_user *census_at(const struct census *c, size_t i)
{
	return (struct census_user *)(void *)c->users.data + i;
}

struct slice census_name(const struct census *c, const struct census_user *u)
{
	return (struct slice){ (const char *)c->names.data + u->name, u->len };
}

static void begin(struct context *ctx, struct census *ret)
{
	uint8_t key[MAP_KEY_SIZE];

	*ret = (struct census){ .ctx = ctx };
	random_bytes(key, sizeof(key));
	map_init(&ret->map, key);
}

void census_done(struct census *c)
{
	buf_done(&c->names);
	buf_done(&c->users);
	map_done(&c->map);
}

static struct census_user *find(const struct census *c, struct slice name)
{
	uint64_t hash = map_hash(&c->map, name.p, name.len);
	size_t at;

	for (uint32_t v = map_first(&c->map, hash, &at); v != MAP_NONE;
	     v = map_next(&c->map, hash, &at)) {
		struct census_user *u = census_at(c, v);

		if (slice_equal(census_name(c, u), name))
			return u;
	}
	return NULL;
}

/* A user twice, or with no user's name, is a broken server's. */
static int add_user(struct census *c, struct slice name, int64_t balance,
		    int64_t serial)
{
	struct census_user u = {
		.name = c->names.len,
		.len = (uint8_t)name.len,
		.member = true,
		.balance = balance,
		.serial = serial,
	};
	int r;

	if (user_name_fault(name) || balance < 0 || find(c, name) ||
	    census_count(c) >= MAP_NONE)
		return -EBADMSG;
	r = buf_add(&c->names, name.p, name.len);
	if (r == 0)
		r = map_insert(&c->map, map_hash(&c->map, name.p, name.len),
			       (uint32_t)census_count(c));
	return r < 0 ? r : buf_add(&c->users, &u, sizeof(u));
}

/* Pages of users. */

static int take_user(struct census *c, const redisReply *element)
{
	struct answer_user a;
	int r = answer_user(element, &a);

	return r < 0 ? r : add_user(c, a.user, a.balance, c->serial);
}

/* *ret_more: there are users behind this page. */
static int take_page(struct census *c, const redisReply *reply, bool *ret_more)
{
	struct answer_users page;
	int r = answer_users(reply, &page);

	if (r < 0)
		return r;
	if (page.serial < c->serial)
		return -EBADMSG;
	c->serial = page.serial;
	for (size_t i = 0; i < page.count && r == 0; i++)
		r = take_user(c, page.element[i]);
	*ret_more = (int64_t)census_count(c) < page.total;
	return r == 0 && *ret_more && page.count == 0 ? -EBADMSG : r;
}

static enum status ask_page(struct census *c, bool *ret_more)
{
	char from[NUMBER_SIZE];
	const struct client_request q = {
		5, { "USERS", "FROM", from, "COUNT", PAGE_MAX }
	};
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	enum status status;

	(void)snprintf(from, sizeof(from), "%zu", census_count(c) + 1);
	status = context_ask(c->ctx, &q, 1, &reply);
	if (status == STATUS_DONE)
		status = context_refused(c->ctx, reply);
	return status == STATUS_DONE
		       ? walk_tell(c->ctx, take_page(c, reply, ret_more))
		       : status;
}

static enum status ask_users(struct census *c)
{
	enum status status;
	bool more = false;

	do {
		status = ask_page(c, &more);
	} while (status == STATUS_DONE && more);
	return status;
}

/* From there to then. */

struct move {
	struct census *census;
	int64_t to;
};

/* Has @u to be moved over the record, and which way? */
static int direction(const struct move *m, const struct census_user *u,
		     int64_t serial)
{
	if (serial <= m->to)
		return serial > u->serial ? 1 : 0;
	return serial <= u->serial ? -1 : 0;
}

static int move_user(const struct move *m, struct slice name, int64_t serial,
		     int64_t change)
{
	struct census_user *u = find(m->census, name);

	/* Whoever joined up to the last page's serial stands on a page. */
	if (!u ||
	    __builtin_add_overflow(u->balance,
				   direction(m, u, serial) * change,
				   &u->balance))
		return -EBADMSG;
	return 0;
}

static int move_over(void *arg, const struct answer_record *r)
{
	const struct move *m = arg;
	int e;

	if (r->amount < 0)
		return -EBADMSG;
	e = move_user(m, r->sender, r->serial, -r->amount);
	return e < 0 ? e : move_user(m, r->receiver, r->serial, r->amount);
}

static enum status check_balances(struct census *c)
{
	for (size_t i = 0; i < census_count(c); i++)
		if (census_at(c, i)->balance < 0)
			return context_garbled(c->ctx);
	return STATUS_DONE;
}

/* All users to the serial @to, over every record that is between. */
static enum status move_to(struct census *c, int64_t to)
{
	struct move m = { .census = c, .to = to };
	struct walk w = {
		.ctx = c->ctx,
		.from = to,
		.last = c->serial,
		.left = INT64_MAX,
		.arg = &m,
		.record = move_over,
	};
	enum status status = STATUS_DONE;

	/* The first page is the oldest. */
	if (census_count(c) > 0 && census_at(c, 0)->serial < to)
		w.from = census_at(c, 0)->serial;
	if (w.from < w.last) {
		w.from++;
		status = walk_run(&w);
	}
	c->serial = to;
	return status == STATUS_DONE ? check_balances(c) : status;
}

/* Questions about the past. */

static enum status take_past(struct context *ctx, const redisReply *reply,
			     struct census_user *u)
{
	struct answer_error error;

	u->member = !answer_is_error(reply, &error);
	if (!u->member)
		return slice_equal(error.code, slice_of("NOUSER"))
			       ? STATUS_DONE
			       : context_refused(ctx, reply);
	if (answer_integer(reply, &u->balance) < 0 || u->balance < 0)
		return context_garbled(ctx);
	return STATUS_DONE;
}

struct past {
	struct census *census;
	size_t asked;
	size_t answered;
	char name[USER_NAME_MAX + 1];
	char serial[NUMBER_SIZE];
};

static void put_question(struct past *p, size_t i, struct client_request *ret)
{
	(void)snprintf(p->name, sizeof(p->name), "%.*s",
		       SLICE_ARG(census_name(p->census,
					     census_at(p->census, i))));
	(void)snprintf(p->serial, sizeof(p->serial), "%" PRId64,
		       p->census->serial);
	*ret = (struct client_request){ 4,
					{ "BALANCE", p->name, "AT",
					  p->serial } };
}

static bool ask_past(void *arg, struct client_request *ret)
{
	struct past *p = arg;

	if (p->asked == census_count(p->census))
		return false;
	put_question(p, p->asked++, ret);
	return true;
}

static enum status answer_past(void *arg, const redisReply *reply)
{
	struct past *p = arg;

	return take_past(p->census->ctx, reply,
			 census_at(p->census, p->answered++));
}

static enum status ask_one(struct past *p, size_t i)
{
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct client_request q;
	enum status status;

	put_question(p, i, &q);
	status = context_ask(p->census->ctx, &q, 1, &reply);
	return status == STATUS_DONE ? take_past(p->census->ctx, reply,
						 census_at(p->census, i))
				     : status;
}

/*
 * Balances are right already.  Those who had joined by then are the first in the
 * order: by halves to the first who had not.
 */
static enum status find_members(struct census *c)
{
	struct past p = { .census = c };
	size_t low = 0;
	size_t high = census_count(c);
	enum status status = STATUS_DONE;

	while (low < high && status == STATUS_DONE) {
		size_t middle = low + (high - low) / 2;

		status = ask_one(&p, middle);
		if (census_at(c, middle)->member)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i < census_count(c); i++)
		census_at(c, i)->member = false;
	return status;
}

/* The ways to the past. */

static enum status go_back(struct census *c, int64_t serial)
{
	enum status status = ask_users(c);

	if (status == STATUS_DONE)
		status = move_to(c, serial);
	return status == STATUS_DONE ? find_members(c) : status;
}

static enum status ask_each(struct census *c, int64_t serial)
{
	struct past p = { .census = c };
	const struct pipeline pipeline = {
		.window = WINDOW,
		.arg = &p,
		.ask = ask_past,
		.answer = answer_past,
	};
	enum status status = ask_users(c);

	c->serial = serial;
	return status == STATUS_DONE ? pipeline_run(c->ctx, &pipeline) : status;
}

struct replay {
	struct census *census;
	int64_t initial;
};

/* Whoever is named joins. */
static int replay_user(const struct replay *p, struct slice name,
		       int64_t change)
{
	struct census_user *u = find(p->census, name);
	int r = u ? 0 : add_user(p->census, name, p->initial, 0);

	if (r < 0)
		return r;
	u = u ? u : census_at(p->census, census_count(p->census) - 1);
	if (__builtin_add_overflow(u->balance, change, &u->balance) ||
	    u->balance < 0)
		return -EBADMSG;
	return 0;
}

static int replay_record(void *arg, const struct answer_record *r)
{
	const struct replay *p = arg;
	int e;

	if (r->amount < 0)
		return -EBADMSG;
	e = replay_user(p, r->sender, -r->amount);
	return e < 0 ? e : replay_user(p, r->receiver, r->amount);
}

static enum status replay(struct census *c, int64_t serial, int64_t initial)
{
	struct replay p = { .census = c, .initial = initial };
	struct walk w = {
		.ctx = c->ctx,
		.from = 1,
		.last = serial,
		.left = INT64_MAX,
		.arg = &p,
		.record = replay_record,
	};

	c->serial = serial;
	return serial > 0 ? walk_run(&w) : STATUS_DONE;
}

/* The shortest of them, by what INFO says of the ledger. */
static enum status go(struct census *c, int64_t serial, const redisReply *info)
{
	uint64_t initial;
	uint64_t users;
	uint64_t tip;
	uint64_t back;
	uint64_t each;

	if (parse_u64_range(answer_info(info, "initial_balance"), 0, INT64_MAX,
			    &initial) < 0 ||
	    parse_u64_range(answer_info(info, "users"), 0, UINT32_MAX,
			    &users) < 0 ||
	    parse_u64_range(answer_info(info, "serial"), (uint64_t)serial,
			    INT64_MAX, &tip) < 0)
		return context_garbled(c->ctx);

	back = users + tip - (uint64_t)serial;
	each = users + users * QUESTION_COST;
	if ((uint64_t)serial <= back && (uint64_t)serial <= each)
		return replay(c, serial, (int64_t)initial);
	return back <= each ? go_back(c, serial) : ask_each(c, serial);
}

static enum status take_then(struct census *c, int64_t serial)
{
	const struct client_request q = { 2, { "INFO", "ledger" } };
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	enum status status = context_ask(c->ctx, &q, 1, &info);

	if (status == STATUS_DONE)
		status = context_refused(c->ctx, info);
	return status == STATUS_DONE ? go(c, serial, info) : status;
}

static enum status take_now(struct census *c)
{
	enum status status = ask_users(c);

	return status == STATUS_DONE ? move_to(c, c->serial) : status;
}

enum status census_take(struct context *ctx, int64_t serial, struct census *ret)
{
	begin(ctx, ret);
	return serial == CENSUS_NOW ? take_now(ret) : take_then(ret, serial);
}
