/* SPDX-License-Identifier: MIT */
/*
 * The calls of store.h, handed on; all but the one that is wrong.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bugs.h"
#include "ledger/record.h"
#include "proxy.h"

struct proxy {
	struct store base; /* first: a struct store is one of these */
	struct store *real;
	bool published; /* before its sync */
	uint64_t epoch; /* promised in memory only; 0: none */
	uint8_t nonce[STORE_NONCE_SIZE];
};

static struct proxy *of_store(const struct store *s)
{
	return (struct proxy *)(uintptr_t)s;
}

static struct store *real_of(const struct store *s)
{
	return of_store(s)->real;
}

static void proxy_close(struct store *s)
{
	real_of(s)->ops->close(real_of(s));
	free(of_store(s));
}

static void proxy_state(const struct store *s, struct store_state *ret)
{
	const struct proxy *p = of_store(s);

	p->real->ops->state(p->real, ret);
	if (!p->epoch)
		return;
	ret->epoch = p->epoch;
	memcpy(ret->nonce, p->nonce, sizeof(ret->nonce));
}

/* The first half of the lines. */
static struct slice half(struct slice lines, uint32_t records, uint32_t *ret)
{
	const char *at = lines.p;

	*ret = (records + 1) / 2;
	for (uint32_t i = 0; i < *ret; i++)
		at = (const char *)memchr(at, '\n',
					  (size_t)(lines.p + lines.len - at)) +
		     1;
	return (struct slice){ lines.p, (size_t)(at - lines.p) };
}

static int proxy_append(struct store *s, uint64_t first, uint32_t records,
			struct slice of, struct slice lines, bool *ret_held)
{
	struct store *real = real_of(s);
	int r;

	if (bug_on(BUG_APPEND_SAYS_HELD)) {
		*ret_held = true;
		return 0;
	}
	if (bug_on(BUG_APPEND_PART))
		lines = half(lines, records, &records);
	r = real->ops->append(real, first, records, of, lines, ret_held);
	if (r == -ENOSPC && bug_on(BUG_FULL_AS_SUCCESS)) {
		*ret_held = true;
		return 0;
	}
	if (r == 0 && !*ret_held && bug_on(BUG_PUBLISH_BEFORE_SYNC)) {
		of_store(s)->published = true;
		return real->ops->publish(real);
	}
	return r;
}

static int proxy_refill(struct store *s, uint32_t records, struct slice lines,
			bool *ret_held)
{
	return real_of(s)->ops->refill(real_of(s), records, lines, ret_held);
}

static int proxy_sync(struct store *s)
{
	return real_of(s)->ops->sync(real_of(s));
}

static int proxy_publish(struct store *s)
{
	struct proxy *p = of_store(s);

	if (!p->published)
		return p->real->ops->publish(p->real);
	p->published = false;
	return 0;
}

/* The store takes nothing before its first promise: that one is stored. */
static int promise_in_memory(struct proxy *p, uint64_t epoch,
			     const uint8_t nonce[STORE_NONCE_SIZE])
{
	static const uint8_t nobody[STORE_NONCE_SIZE];
	struct store_state state;

	p->epoch = epoch;
	memcpy(p->nonce, nonce, sizeof(p->nonce));
	p->real->ops->state(p->real, &state);
	return state.epoch ? 0 : p->real->ops->promise(p->real, 1, nobody);
}

static int proxy_promise(struct store *s, uint64_t epoch,
			 const uint8_t nonce[STORE_NONCE_SIZE])
{
	struct proxy *p = of_store(s);

	if (bug_on(BUG_PROMISE_NOT_STORED))
		return 0;
	if (bug_on(BUG_PROMISE_IN_MEMORY))
		return promise_in_memory(p, epoch, nonce);
	return p->real->ops->promise(p->real, epoch, nonce);
}

static int proxy_begin_empty(struct store *s, char **ret_aside)
{
	return real_of(s)->ops->begin_empty(real_of(s), ret_aside);
}

static int proxy_fetch(struct store *s, const struct store_query *q,
		       store_visit visit, void *arg)
{
	struct store_query wrong = *q;

	/* What a page begins with. */
	if (bug_on(BUG_FETCH_SKIPS_ONE) && q->after)
		wrong.after++;
	return real_of(s)->ops->fetch(real_of(s), &wrong, visit, arg);
}

static int proxy_find_id(struct store *s, struct slice id, uint64_t upto,
			 store_visit visit, void *arg)
{
	if (bug_on(BUG_FIND_ID_NEVER))
		return 0;
	return real_of(s)->ops->find_id(real_of(s), id, upto, visit, arg);
}

static int proxy_total(struct store *s, const struct store_query *q,
		       struct store_total *ret)
{
	struct store_query wrong = *q;

	if (bug_on(BUG_TOTAL_UNFILTERED))
		wrong.filter = (struct store_filter){ .everything = true };
	return real_of(s)->ops->total(real_of(s), &wrong, ret);
}

/* A store_visit: is one of the user's records an opening? */
static bool look_for_opening(void *arg, uint64_t serial, struct slice line)
{
	bool *found = arg;
	const char *fault;
	struct record r;

	(void)serial;
	if (record_parse(line, &r, &fault) == 0)
		*found |= slice_equal(r.sender, r.receiver);
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return slice_compare(((const struct store_partner *)a)->name,
			     ((const struct store_partner *)b)->name);
}

/* Everyone who was opened is a counterpart of their own. */
static int proxy_partners(struct store *s, const struct store_query *q,
			  struct store_partner **ret, size_t *ret_count)
{
	struct store *real = real_of(s);
	struct store_partner *more;
	bool found = false;
	int r;

	r = real->ops->partners(real, q, ret, ret_count);
	if (r < 0 || !bug_on(BUG_PARTNERS_COUNT_OPENING))
		return r;
	r = real->ops->fetch(real, q, look_for_opening, &found);
	if (r < 0 || !found)
		return r;
	more = reallocarray(*ret, *ret_count + 1, sizeof(*more));
	if (!more)
		abort();
	more[(*ret_count)++] = (struct store_partner){ .name = q->user,
						       .count = 1 };
	qsort(more, *ret_count, sizeof(*more), compare_names);
	*ret = more;
	return 0;
}

static int proxy_recheck(struct store *s)
{
	return real_of(s)->ops->recheck(real_of(s));
}

static const struct store_ops proxy_ops = {
	.close = proxy_close,
	.state = proxy_state,
	.append = proxy_append,
	.refill = proxy_refill,
	.sync = proxy_sync,
	.publish = proxy_publish,
	.promise = proxy_promise,
	.begin_empty = proxy_begin_empty,
	.fetch = proxy_fetch,
	.find_id = proxy_find_id,
	.total = proxy_total,
	.partners = proxy_partners,
	.recheck = proxy_recheck,
};

struct store *proxy_of(struct store *real)
{
	struct proxy *p;

	if (!bug_on_any())
		return real;
	p = calloc(1, sizeof(*p));
	if (!p)
		abort();
	p->base.ops = &proxy_ops;
	p->real = real;
	return &p->base;
}
