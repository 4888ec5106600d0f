/* SPDX-License-Identifier: MIT */
/*
 * Operation ids: those under way are matched here, old ones are asked for.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/order.h"
#include "main/stream.h"
#include "main/total.h"

/* Orders whose id is being asked for at the backends. */
#define PARKED_MAX 4096

struct parked_waiter {
	struct parked_waiter *next;
	engine_done done;
	void *arg;
};

/* An order that waits to hear whether its id is on record. */
struct parked {
	struct list node;
	struct engine *engine;
	uint32_t pending;
	struct op op; /* slices into text */
	char *text;
	struct parked_waiter *waiters;
	struct stream *stream;
	/* What was found. */
	bool found;
	bool same;
	uint64_t serial;
	int64_t time;
	uint8_t hash[CHAIN_HASH_SIZE];
};

int ids_init(struct engine *e, const uint8_t key[MAP_KEY_SIZE])
{
	map_init(&e->ids.map, key);
	list_init(&e->ids.parked);
	e->ids.pool_free = MAP_NONE;
	return idfilter_new(&e->ids.filter);
}

static void parked_free(struct parked *p)
{
	while (p->waiters) {
		struct parked_waiter *next = p->waiters->next;

		free(p->waiters);
		p->waiters = next;
	}
	list_remove(&p->node);
	p->engine->ids.parkeds--;
	stream_free(p->stream);
	free(p->text);
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
	/* Forgetting an id would let it be recorded twice. */
	if (ids_remember(e, pending_id(&e->ids.pool[pending])) < 0)
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
	release(&e->ids, pending);
}

void ids_dropped(struct engine *e, uint32_t pending)
{
	release(&e->ids, pending);
}

/* The same id again. */

static void refuse_reuse(struct engine *e, struct slice id, engine_done done,
			 void *arg)
{
	struct refused r;

	refused_format(&r, OUTCOME_IDREUSED,
		       "The operation id \"%.*s\" was used for another "
		       "transaction.",
		       SLICE_ARG(id));
	outcome_refuse(e, done, arg, &r);
}

static void join_queued(struct engine *e, const struct op *op,
			uint64_t sequence, engine_done done, void *arg)
{
	struct refused r;
	bool same = op_same_entry(e, op, commit_entry(e, sequence));

	refused_format(&r, OUTCOME_IDREUSED,
		       "The operation id \"%.*s\" was used for another "
		       "transaction.",
		       SLICE_ARG(op->id));
	if (commit_wait(e, sequence, same ? NULL : &r, done, arg) < 0)
		outcome_unavailable(e, done, arg, "Out of memory.");
}

static int add_waiter(struct parked *p, engine_done done, void *arg)
{
	struct parked_waiter **last = &p->waiters;
	struct parked_waiter *w;

	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct parked_waiter){ .done = done, .arg = arg };
	while (*last)
		last = &(*last)->next;
	*last = w;
	return 0;
}

static void join_parked(struct engine *e, const struct op *op, struct parked *p,
			engine_done done, void *arg)
{
	if (!op_same_op(op, &p->op))
		refuse_reuse(e, op->id, done, arg);
	else if (add_waiter(p, done, arg) < 0)
		outcome_unavailable(e, done, arg, "Out of memory.");
}

/* Asking the backends. */

static void give_all(struct parked *p, const struct outcome *o)
{
	struct engine *e = p->engine;

	release(&e->ids, p->pending);
	for (struct parked_waiter *w = p->waiters; w; w = w->next)
		outcome_give(e, w->done, w->arg, o);
	parked_free(p);
}

static void give_unavailable(struct parked *p)
{
	const struct outcome o = {
		.code = OUTCOME_UNAVAILABLE,
		.sentence = slice_of("Not all backends answer, so it cannot "
				     "be told whether this operation id is on "
				     "record; nothing was changed."),
	};

	give_all(p, &o);
}

static void give_reuse(struct parked *p)
{
	struct refused r;

	refused_format(&r, OUTCOME_IDREUSED,
		       "The operation id \"%.*s\" was used for another "
		       "transaction.",
		       SLICE_ARG(p->op.id));
	give_all(p, &(struct outcome){ .code = OUTCOME_IDREUSED,
				       .sentence = slice_of(r.sentence) });
}

/* It is fresh after all: what the filter took for a repeat. */
static void stage_parked(struct parked *p)
{
	struct engine *e = p->engine;
	struct parked_waiter *first = p->waiters;
	bool queued;

	e->ids.pool[p->pending].parked = NULL;
	queued = op_stage(e, &p->op, p->pending, first->done, first->arg);
	if (queued)
		e->ids.pool[p->pending].sequence = commit_newest(e);
	else
		release(&e->ids, p->pending);
	for (struct parked_waiter *w = first->next; w; w = w->next) {
		if (queued)
			join_queued(e, &p->op, commit_newest(e), w->done,
				    w->arg);
		else
			(void)op_stage(e, &p->op, MAP_NONE, w->done, w->arg);
	}
	parked_free(p);
}

/* The receipt tells the sender's balance as it was behind the record. */
static void balance_known(void *arg, const char *missing, struct sum net)
{
	struct parked *p = arg;
	struct outcome o = { .code = OUTCOME_DONE };

	if (missing) {
		give_unavailable(p);
		return;
	}
	if (sum_applied(ledger_initial(p->engine->ledger), net,
			&o.u.receipt.balance) < 0) {
		give_unavailable(p);
		return;
	}
	o.u.receipt.serial = p->serial;
	o.u.receipt.time = p->time;
	o.u.receipt.hash = p->hash;
	give_all(p, &o);
}

static bool id_found(void *arg, const struct stream_record *r)
{
	struct parked *p = arg;

	p->found = true;
	p->same = op_same_record(&p->op, &r->record);
	p->serial = r->record.serial;
	p->time = r->record.time;
	memcpy(p->hash, r->record.hash, sizeof(p->hash));
	return false;
}

static void search_ended(void *arg, enum stream_end how, const char *missing)
{
	struct parked *p = arg;

	(void)missing;
	p->stream = stream_free(p->stream);
	if (how == STREAM_UNAVAILABLE)
		give_unavailable(p);
	else if (!p->found)
		stage_parked(p);
	else if (!p->same)
		give_reuse(p);
	else
		total_ask(p->engine, p->op.sender, 0, p->serial,
			  balance_known, p);
}

static const struct stream_ops search_ops = {
	.record = id_found,
	.ended = search_ended,
};

static struct slice copied(char **at, struct slice s)
{
	struct slice copy = { *at, s.len };

	if (s.len)
		memcpy(*at, s.p, s.len);
	*at += s.len;
	return copy;
}

/* Keep the order for later: its slices point into a copy of ours. */
static int parked_new(struct engine *e, const struct op *op,
		      struct parked **ret)
{
	struct parked *p;
	char *at;

	if (e->ids.parkeds >= PARKED_MAX)
		return -EAGAIN;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->engine = e;
	p->op = *op;
	list_append(&e->ids.parked, &p->node);
	e->ids.parkeds++;
	p->text = malloc(op->sender.len + op->receiver.len +
			 op->amount_text.len + op->id.len + op->memo.len);
	if (!p->text) {
		parked_free(p);
		return -ENOMEM;
	}
	at = p->text;
	p->op.sender = copied(&at, op->sender);
	p->op.receiver = copied(&at, op->receiver);
	p->op.amount_text = copied(&at, op->amount_text);
	p->op.id = copied(&at, op->id);
	p->op.memo = copied(&at, op->memo);
	*ret = p;
	return 0;
}

static int park(struct engine *e, const struct op *op, engine_done done,
		void *arg)
{
	_cleanup_(parked_freep) struct parked *p = NULL;
	struct stream_query q = { .upto = ledger_serial(e->ledger),
				  .id = op->id,
				  .everything = true };
	struct stream *s;
	int r;

	r = parked_new(e, op, &p);
	if (r < 0)
		return r;
	r = add_waiter(p, done, arg);
	if (r < 0)
		return r;
	r = stream_new(e, &q, &search_ops, p, &p->stream);
	if (r < 0)
		return r;
	r = take(&e->ids, op->id, &p->pending);
	if (r < 0)
		return r;

	e->ids.pool[p->pending].parked = p;
	s = p->stream;
	p = NULL; /* its own owner from here on */
	stream_start(s);
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

void ids_order(struct engine *e, const struct op *op, engine_done done,
	       void *arg)
{
	uint32_t handle = find(&e->ids, op->id);
	int r;

	if (handle != MAP_NONE) {
		struct pending *p = &e->ids.pool[handle];

		if (p->parked)
			join_parked(e, op, p->parked, done, arg);
		else
			join_queued(e, op, p->sequence, done, arg);
		return;
	}
	if (idfilter_maybe(e->ids.filter, op->id))
		r = park(e, op, done, arg);
	else
		r = stage_fresh(e, op, done, arg);
	if (r < 0)
		outcome_unavailable(e, done, arg,
				    "Too much is waiting; nothing was changed.");
}
