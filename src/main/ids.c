/* SPDX-License-Identifier: MIT */
/*
 * Operation ids: those under way are matched here, old ones are asked for.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/order.h"
#include "main/stream.h"
#include "main/total.h"

/* Orders whose id is being asked for at the backends. */
#define PARKED_MAX 4096

/* An order kept for later: its slices point into text. */
struct kept {
	struct op op;
	char *text;
};

/* Somebody who sent this id, with whatever contents. */
struct parked_waiter {
	struct parked_waiter *next;
	engine_done done;
	void *arg;
	struct kept order;
};

/* An id of which it is being asked whether it is on record. */
struct parked {
	struct list node;
	struct engine *engine;
	uint32_t pending;
	struct parked_waiter *waiters; /* the first has the search begun */
	struct stream *stream;
	/* What was found. */
	bool found;
	struct kept record;
	uint64_t serial;
	int64_t time;
	uint8_t hash[CHAIN_HASH_SIZE];
};

static struct slice copied(char **at, struct slice s)
{
	struct slice copy = { *at, s.len };

	if (s.len)
		memcpy(*at, s.p, s.len);
	*at += s.len;
	return copy;
}

static int keep(struct kept *k, const struct op *op)
{
	char *at;

	k->op = *op;
	k->text = malloc(op->sender.len + op->receiver.len +
			 op->amount_text.len + op->id.len + op->memo.len +
			 op->after.len);
	if (!k->text)
		return -ENOMEM;
	at = k->text;
	k->op.sender = copied(&at, op->sender);
	k->op.receiver = copied(&at, op->receiver);
	k->op.amount_text = copied(&at, op->amount_text);
	k->op.id = copied(&at, op->id);
	k->op.memo = copied(&at, op->memo);
	k->op.after = copied(&at, op->after);
	return 0;
}

int ids_init(struct engine *e, const uint8_t key[MAP_KEY_SIZE])
{
	map_init(&e->ids.map, key);
	list_init(&e->ids.parked);
	e->ids.pool_free = MAP_NONE;
	return idfilter_new(&e->ids.filter);
}

static void waiter_free(struct parked_waiter *w)
{
	free(w->order.text);
	free(w);
}

static void parked_free(struct parked *p)
{
	while (p->waiters) {
		struct parked_waiter *next = p->waiters->next;

		waiter_free(p->waiters);
		p->waiters = next;
	}
	list_remove(&p->node);
	p->engine->ids.parkeds--;
	stream_free(p->stream);
	free(p->record.text);
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

static void refused_reuse(struct refused *r, const struct op *op)
{
	refused_format(r, OUTCOME_IDREUSED,
		       "The operation id \"%.*s\" was used for another "
		       "transaction.",
		       SLICE_ARG(op->id));
	op_refused(op, r);
}

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
	refused_reuse(&r, op);
	if (commit_wait(e, sequence, same ? NULL : &r, done, arg) < 0)
		outcome_unavailable(e, done, arg, "Out of memory.");
}

/* Judged when it is known what is on record: until then all are alike. */
static int add_waiter(struct parked *p, const struct op *op, engine_done done,
		      void *arg)
{
	struct parked_waiter **last = &p->waiters;
	struct parked_waiter *w;
	int r;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->done = done;
	w->arg = arg;
	r = keep(&w->order, op);
	if (r < 0) {
		waiter_free(w);
		return r;
	}
	while (*last)
		last = &(*last)->next;
	*last = w;
	return 0;
}

/* Asking the backends. */

static const char unanswered[] =
	"Not all backends answer, so it cannot be told whether this operation "
	"id is on record; nothing was changed.";

static void give_unavailable(struct parked *p, const char *why)
{
	struct engine *e = p->engine;

	release(&e->ids, p->pending);
	for (struct parked_waiter *w = p->waiters; w; w = w->next)
		outcome_unavailable(e, w->done, w->arg, "%s", why);
	parked_free(p);
}

/* It is on record: the receipt for who ordered just that, else a refusal. */
static void give_record(struct parked *p, const struct outcome *receipt)
{
	struct engine *e = p->engine;

	release(&e->ids, p->pending);
	for (struct parked_waiter *w = p->waiters; w; w = w->next) {
		struct refused r;

		if (op_same_op(&w->order.op, &p->record.op)) {
			outcome_give(e, w->done, w->arg, receipt);
			continue;
		}
		refused_reuse(&r, &w->order.op);
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

	for (struct parked_waiter *w = p->waiters; w; w = w->next) {
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

/* The receipt tells the sender's balance as it was behind the record. */
static void balance_known(void *arg, const char *missing, struct sum net)
{
	struct parked *p = arg;
	struct outcome o = { .code = OUTCOME_DONE };

	if (missing) {
		give_unavailable(p, unanswered);
		return;
	}
	if (sum_applied(ledger_initial(p->engine->ledger), net,
			&o.u.receipt.balance) < 0) {
		engine_stop(p->engine, ENGINE_STOP_INTEGRITY,
			    "Serial %" PRIu64 " overdraws its sender.",
			    p->serial);
		return;
	}
	o.u.receipt.serial = p->serial;
	o.u.receipt.time = p->time;
	o.u.receipt.hash = p->hash;
	give_record(p, &o);
}

static bool id_found(void *arg, const struct stream_record *r)
{
	struct parked *p = arg;
	const struct op found = { .sender = r->record.sender,
				  .receiver = r->record.receiver,
				  .amount = r->record.amount,
				  .id = r->record.id,
				  .memo = r->record.memo };

	p->found = keep(&p->record, &found) == 0;
	if (!p->found)
		engine_stop(p->engine, ENGINE_STOP_MEMORY, "Out of memory.");
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
		give_unavailable(p, unanswered);
	else if (!p->found)
		stage_parked(p);
	else
		total_ask(p->engine, p->record.op.sender, 0, p->serial,
			  balance_known, p);
}

static const struct stream_ops search_ops = {
	.record = id_found,
	.ended = search_ended,
};

static int parked_new(struct engine *e, struct parked **ret)
{
	struct parked *p;

	if (e->ids.parkeds >= PARKED_MAX)
		return -EAGAIN;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->engine = e;
	list_append(&e->ids.parked, &p->node);
	e->ids.parkeds++;
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

	r = parked_new(e, &p);
	if (r < 0)
		return r;
	r = add_waiter(p, op, done, arg);
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

bool ids_join(struct engine *e, const struct op *op, engine_done done,
	      void *arg)
{
	uint32_t handle = find(&e->ids, op->id);
	const struct pending *p;

	if (handle == MAP_NONE)
		return false;
	p = &e->ids.pool[handle];
	if (!p->parked)
		join_queued(e, op, p->sequence, done, arg);
	else if (add_waiter(p->parked, op, done, arg) < 0)
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
		return !e->ids.pool[handle].parked;
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
