/* SPDX-License-Identifier: MIT */
/*
 * Operation ids: those under way are matched here, old ones are asked for.
 */
#include "config.h"

#include <string.h>

#include "main/engine_internal.h"
#include "main/lookup.h"
#include "main/order.h"

/* Orders whose id is being asked for at the backends. */
#define PARKED_MAX 4096

/* Judged when it is known what is on record: until then all are alike. */
struct ids_waiter {
	struct ids_waiter *next;
	engine_done done;
	void *arg;
	struct op_kept order;
};

/* An id of which it is being asked whether it is on record. */
struct parked {
	struct list node;
	struct engine *engine;
	uint32_t pending;
	struct ids_waiter *waiters; /* the first has the search begun */
	struct list blocked; /* groups */
	struct lookup *lookup;
};

int ids_init(struct engine *e, const uint8_t key[MAP_KEY_SIZE])
{
	map_init(&e->ids.map, key);
	list_init(&e->ids.parked);
	e->ids.pool_free = MAP_NONE;
	return idfilter_new(&e->ids.filter);
}

void ids_waiters_free(struct ids_waiter *w)
{
	while (w) {
		struct ids_waiter *next = w->next;

		op_kept_done(&w->order);
		free(w);
		w = next;
	}
}

static void parked_free(struct parked *p)
{
	ids_waiters_free(p->waiters);
	groups_unblock(p->engine, &p->blocked);
	list_remove(&p->node);
	p->engine->ids.parkeds--;
	lookup_free(p->lookup);
	free(p);
}

DEFINE_CLEANUP(struct parked, parked_free);

void ids_done(struct engine *e)
{
	struct list *node;

	while ((node = list_first(&e->ids.parked)))
		parked_free(list_entry(node, struct parked, node));
	idfilter_free(e->ids.filter);
	map_done(&e->ids.map);
	free(e->ids.pool);
}

int ids_remember(struct engine *e, struct slice id)
{
	return idfilter_add(e->ids.filter, id);
}

/* The table of ids under way. */

static bool is_asked(const struct pending *p)
{
	return p->parked || p->group;
}

static struct slice pending_id(const struct pending *p)
{
	return (struct slice){ p->id, p->id_len };
}

static uint32_t find(const struct ids *ids, struct slice id)
{
	uint64_t hash = map_hash(&ids->map, id.p, id.len);
	size_t at;

	for (uint32_t v = map_first(&ids->map, hash, &at); v != MAP_NONE;
	     v = map_next(&ids->map, hash, &at))
		if (slice_equal(pending_id(&ids->pool[v]), id))
			return v;
	return MAP_NONE;
}

static int grow_pool(struct ids *ids)
{
	uint32_t size = ids->pool_size ? 2 * ids->pool_size : 64;
	struct pending *pool;

	pool = reallocarray(ids->pool, size, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	for (uint32_t i = size; i-- > ids->pool_size;) {
		pool[i].next_free = ids->pool_free;
		ids->pool_free = i;
	}
	ids->pool = pool;
	ids->pool_size = size;
	return 0;
}

static int take(struct ids *ids, struct slice id, uint32_t *ret)
{
	struct pending *p;
	uint32_t handle;
	int r;

	if (ids->pool_free == MAP_NONE) {
		r = grow_pool(ids);
		if (r < 0)
			return r;
	}
	handle = ids->pool_free;
	r = map_insert(&ids->map, map_hash(&ids->map, id.p, id.len), handle);
	if (r < 0)
		return r;

	p = &ids->pool[handle];
	ids->pool_free = p->next_free;
	*p = (struct pending){ .id_len = (uint8_t)id.len };
	memcpy(p->id, id.p, id.len);
	*ret = handle;
	return 0;
}

static void release(struct ids *ids, uint32_t handle)
{
	struct pending *p = &ids->pool[handle];

	map_remove(&ids->map, map_hash(&ids->map, p->id, p->id_len), handle);
	p->next_free = ids->pool_free;
	ids->pool_free = handle;
}

void ids_settled(struct engine *e, uint32_t pending)
{
	const struct pending *p = &e->ids.pool[pending];

	/* Forgetting an id would let it be recorded twice. */
	if (ids_remember(e, pending_id(p)) < 0)
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
	memcpy(e->ids.newest, p->id, p->id_len);
	e->ids.newest_len = p->id_len;
	release(&e->ids, pending);
}

void ids_dropped(struct engine *e, uint32_t pending)
{
	release(&e->ids, pending);
}

/* The same id again. */

static void join_queued(struct engine *e, const struct op *op,
			uint64_t sequence, engine_done done, void *arg)
{
	struct refused r;
	bool same = op_same_entry(e, op, commit_entry(e, sequence));

	if (commit_given_up(e, sequence)) {
		commit_refused_unknown(&r);
		outcome_refuse(e, done, arg, &r);
		return;
	}
	op_refuse_reuse(op, &r);
	if (commit_wait(e, sequence, same ? NULL : &r, done, arg) < 0)
		outcome_unavailable(e, done, arg, "Out of memory.");
}

int ids_wait(struct ids_waiter **list, const struct op *op, engine_done done,
	     void *arg)
{
	struct ids_waiter *w;
	int r;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->done = done;
	w->arg = arg;
	r = op_keep(op, &w->order);
	if (r < 0) {
		free(w);
		return r;
	}
	while (*list)
		list = &(*list)->next;
	*list = w;
	return 0;
}

void ids_order_again(struct engine *e, struct ids_waiter *w)
{
	for (; w; w = w->next)
		engine_change(e, &w->order.op, w->done, w->arg);
}

/* Asking the backends. */

static void give_unavailable(struct parked *p, const char *why)
{
	struct engine *e = p->engine;

	release(&e->ids, p->pending);
	for (struct ids_waiter *w = p->waiters; w; w = w->next)
		outcome_unavailable(e, w->done, w->arg, "%s", why);
	parked_free(p);
}

/* It is on record: the receipt for who ordered just that, else a refusal. */
static void give_record(struct parked *p, const struct op *recorded,
			const struct outcome *receipt)
{
	struct engine *e = p->engine;

	release(&e->ids, p->pending);
	for (struct ids_waiter *w = p->waiters; w; w = w->next) {
		struct refused r;

		if (op_same_op(&w->order.op, recorded)) {
			outcome_give(e, w->done, w->arg, receipt);
			continue;
		}
		op_refuse_reuse(&w->order.op, &r);
		outcome_refuse(e, w->done, w->arg, &r);
	}
	parked_free(p);
}

/*
 * It is fresh after all: the filter was mistaken.  The first one that the
 * rules let pass takes the id, the others are compared with it.
 */
static void stage_parked(struct parked *p)
{
	struct engine *e = p->engine;
	struct pending *pending = &e->ids.pool[p->pending];
	const char *why = commit_refuses(e);
	bool queued = false;

	/* The disks may have stopped answering meanwhile. */
	if (why) {
		give_unavailable(p, why);
		return;
	}

	for (struct ids_waiter *w = p->waiters; w; w = w->next) {
		const struct op *op = &w->order.op;

		if (queued) {
			join_queued(e, op, pending->sequence, w->done, w->arg);
			continue;
		}
		queued = op_stage(e, op, p->pending, w->done, w->arg);
		if (queued)
			pending->sequence = commit_newest(e);
	}
	pending->parked = NULL;
	if (!queued)
		release(&e->ids, p->pending);
	parked_free(p);
}

static void looked_up(void *arg, enum lookup_end how, const struct op *op,
		      const struct outcome *receipt)
{
	struct parked *p = arg;

	switch (how) {
	case LOOKUP_FRESH:
		stage_parked(p);
		return;
	case LOOKUP_RECORDED:
		give_record(p, op, receipt);
		return;
	case LOOKUP_UNAVAILABLE:
		give_unavailable(p, lookup_unanswered);
		return;
	}
}

static int parked_new(struct engine *e, struct parked **ret)
{
	struct parked *p;

	if (e->ids.parkeds >= PARKED_MAX)
		return -EAGAIN;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->engine = e;
	list_init(&p->blocked);
	list_append(&e->ids.parked, &p->node);
	e->ids.parkeds++;
	*ret = p;
	return 0;
}

static int park(struct engine *e, const struct op *op, engine_done done,
		void *arg)
{
	_cleanup_(parked_freep) struct parked *p = NULL;
	struct lookup *l;
	int r;

	r = parked_new(e, &p);
	if (r < 0)
		return r;
	r = ids_wait(&p->waiters, op, done, arg);
	if (r < 0)
		return r;
	r = lookup_new(e, op->id, looked_up, p, &p->lookup);
	if (r < 0)
		return r;
	r = take(&e->ids, op->id, &p->pending);
	if (r < 0)
		return r;

	e->ids.pool[p->pending].parked = p;
	l = p->lookup;
	p = NULL; /* its own owner from here on */
	lookup_start(l);
	return 0;
}

static int stage_fresh(struct engine *e, const struct op *op, engine_done done,
		       void *arg)
{
	uint32_t handle;
	int r;

	r = take(&e->ids, op->id, &handle);
	if (r < 0)
		return r;
	if (op_stage(e, op, handle, done, arg))
		e->ids.pool[handle].sequence = commit_newest(e);
	else
		release(&e->ids, handle);
	return 0;
}

/* Orders that wait for what becomes of an id that is being asked for. */
static struct ids_waiter **waiters_of(const struct pending *p)
{
	return p->parked ? &p->parked->waiters : group_waiters(p->group);
}

bool ids_join(struct engine *e, const struct op *op, engine_done done,
	      void *arg)
{
	uint32_t handle = find(&e->ids, op->id);
	const struct pending *p;

	if (handle == MAP_NONE)
		return false;
	p = &e->ids.pool[handle];
	if (!is_asked(p))
		join_queued(e, op, p->sequence, done, arg);
	else if (ids_wait(waiters_of(p), op, done, arg) < 0)
		outcome_unavailable(e, done, arg, "Out of memory.");
	return true;
}

bool ids_maybe(const struct engine *e, struct slice id)
{
	return idfilter_maybe(e->ids.filter, id);
}

bool ids_precedes(const struct engine *e, struct slice id)
{
	uint32_t handle = find(&e->ids, id);

	if (handle != MAP_NONE)
		return !is_asked(&e->ids.pool[handle]);
	return slice_equal(id, (struct slice){ e->ids.newest,
					       e->ids.newest_len });
}

void ids_order(struct engine *e, const struct op *op, engine_done done,
	       void *arg)
{
	int r;

	if (ids_maybe(e, op->id))
		r = park(e, op, done, arg);
	else
		r = stage_fresh(e, op, done, arg);
	if (r < 0)
		outcome_unavailable(e, done, arg,
				    "Too much is waiting; nothing was changed.");
}

/* For groups. */

enum id_state ids_state(const struct engine *e, struct slice id,
			uint64_t *ret_sequence)
{
	uint32_t handle = find(&e->ids, id);
	const struct pending *p;

	if (handle == MAP_NONE)
		return ids_maybe(e, id) ? ID_PERHAPS : ID_FRESH;
	p = &e->ids.pool[handle];
	if (is_asked(p))
		return ID_ASKED;
	*ret_sequence = p->sequence;
	return ID_QUEUED;
}

int ids_hold(struct engine *e, struct slice id, struct group *g, uint32_t *ret)
{
	int r;

	r = take(&e->ids, id, ret);
	if (r == 0)
		e->ids.pool[*ret].group = g;
	return r;
}

void ids_queued(struct engine *e, uint32_t pending, uint64_t sequence)
{
	e->ids.pool[pending].group = NULL;
	e->ids.pool[pending].sequence = sequence;
}

struct list *ids_blocked(const struct engine *e, struct slice id)
{
	const struct pending *p = &e->ids.pool[find(&e->ids, id)];

	return p->parked ? &p->parked->blocked : group_blocked(p->group);
}
