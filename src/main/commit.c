/* SPDX-License-Identifier: MIT */
/*
 * How transfers become durable: the queue of staged orders and the one batch
 * in flight.  Where it goes is placement.c's.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/placement.h"
#include "main/vitals.h"
#include "util/parse.h"

#define RING_START 256
/* Of a line: everything but names, id and memo. */
#define LINE_FIXED 160

void commit_init(struct engine *e)
{
	placement_init(e);
}

static struct entry *at(const struct commit *c, uint64_t sequence)
{
	return &c->ring[sequence & (c->slots - 1)];
}

static void waiters_free(struct waiter *w)
{
	while (w) {
		struct waiter *next = w->next;

		free(w->refused);
		free(w);
		w = next;
	}
}

void commit_done(struct engine *e)
{
	struct commit *c = &e->commit;

	for (uint64_t i = c->head; i != c->tail; i++) {
		waiters_free(at(c, i)->waiters);
		free(at(c, i)->text);
	}
	free(c->ring);
	buf_done(&c->lines);
}

bool commit_idle(const struct engine *e)
{
	return e->commit.head == e->commit.tail;
}

uint64_t commit_newest(const struct engine *e)
{
	assert(!commit_idle(e));
	return e->commit.tail - 1;
}

const struct entry *commit_entry(const struct engine *e, uint64_t sequence)
{
	assert(sequence - e->commit.head < e->commit.tail - e->commit.head);
	return at(&e->commit, sequence);
}

struct slice entry_id(const struct entry *t)
{
	return (struct slice){ t->text, t->id_len };
}

struct slice entry_memo(const struct entry *t)
{
	return (struct slice){ t->text ? t->text + t->id_len : NULL,
			       t->memo_len };
}

/* The queue. */

static int grow(struct commit *c)
{
	uint64_t slots = c->slots ? 2 * c->slots : RING_START;
	struct entry *ring;

	if (slots > COMMIT_QUEUE_MAX)
		return -EAGAIN;
	ring = reallocarray(NULL, slots, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (uint64_t i = c->head; i != c->tail; i++)
		ring[i & (slots - 1)] = *at(c, i);
	free(c->ring);
	c->ring = ring;
	c->slots = slots;
	return 0;
}

static int copy_text(struct slice id, struct slice memo, char **ret)
{
	char *text;

	*ret = NULL;
	if (!id.len && !memo.len)
		return 0;
	text = malloc(id.len + memo.len);
	if (!text)
		return -ENOMEM;
	if (id.len)
		memcpy(text, id.p, id.len);
	if (memo.len)
		memcpy(text + id.len, memo.p, memo.len);
	*ret = text;
	return 0;
}

int commit_add(struct engine *e, const struct staged *s, struct slice id,
	       struct slice memo, uint32_t pending, engine_done done, void *arg)
{
	struct commit *c = &e->commit;
	char *text;
	int r;

	if (c->tail - c->head == c->slots) {
		r = grow(c);
		if (r < 0)
			return r;
	}
	r = copy_text(id, memo, &text);
	if (r < 0)
		return r;

	*at(c, c->tail) = (struct entry){
		.staged = *s,
		.done = done,
		.arg = arg,
		.arrived = e->now,
		.text = text,
		.id_len = (uint8_t)id.len,
		.memo_len = (uint16_t)memo.len,
		.pending = pending,
	};
	if (c->head == c->tail)
		engine_due(e, e->now + e->request_timeout);
	c->tail++;
	return 0;
}

/* Put @w behind the others who wait for @sequence. */
static void add_waiter(struct engine *e, uint64_t sequence, struct waiter *w)
{
	struct waiter **last;

	assert(sequence - e->commit.head < e->commit.tail - e->commit.head);
	last = &at(&e->commit, sequence)->waiters;
	while (*last)
		last = &(*last)->next;
	*last = w;
}

int commit_wait(struct engine *e, uint64_t sequence,
		const struct refused *refused, engine_done done, void *arg)
{
	_cleanup_(freep) struct waiter *w = NULL;

	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct waiter){ .done = done, .arg = arg };
	if (refused) {
		w->refused = malloc(sizeof(*w->refused));
		if (!w->refused)
			return -ENOMEM;
		*w->refused = *refused;
	}
	add_waiter(e, sequence, TAKE_PTR(w));
	return 0;
}

int commit_watch(struct engine *e, uint64_t sequence, commit_settled settled,
		 void *arg)
{
	struct waiter *w;

	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct waiter){ .settled = settled, .arg = arg };
	add_waiter(e, sequence, w);
	return 0;
}

/* Groups. */

uint64_t commit_next(const struct engine *e)
{
	return e->commit.tail;
}

void commit_take_back(struct engine *e, uint64_t sequence)
{
	struct commit *c = &e->commit;

	assert(sequence - c->head >= c->flying);
	while (c->tail != sequence) {
		struct entry *t = at(c, --c->tail);

		assert(!t->waiters);
		ledger_unstage(e->ledger, &t->staged);
		free(t->text);
	}
}

void commit_bind(struct engine *e, uint64_t sequence)
{
	struct commit *c = &e->commit;

	assert(c->tail - sequence <= ENGINE_GROUP_MAX);
	/* One alone is an order like any other. */
	if (c->tail - sequence > 1)
		at(c, sequence)->group = (uint16_t)(c->tail - sequence);
}

/* Telling. */

/* Tell everyone who asked for this order; what was refused keeps its answer. */
static void tell(struct engine *e, struct entry *t, const struct outcome *o,
		 const struct refused *instead)
{
	struct waiter *w = TAKE_PTR(t->waiters);

	outcome_give(e, TAKE_PTR(t->done), t->arg, o);
	for (struct waiter *i = w; i; i = i->next) {
		if (i->settled)
			i->settled(i->arg, o->code == OUTCOME_DONE);
		else if (!i->refused)
			outcome_give(e, i->done, i->arg, o);
		else
			outcome_refuse(e, i->done, i->arg,
				       instead ? instead : i->refused);
	}
	waiters_free(w);
}

static void tell_failure(struct engine *e, struct entry *t,
			 enum outcome_code code, const char *sentence)
{
	const struct outcome o = { .code = code,
				   .sentence = slice_of(sentence) };
	struct refused unavailable;

	refused_format(&unavailable, OUTCOME_UNAVAILABLE,
		       "Not answered in time; nothing was changed.");
	tell(e, t, &o, &unavailable);
}

static void announce(struct engine *e, const struct entry *t, uint64_t serial)
{
	struct engine_transfer_event event = {
		.serial = serial,
		.sender = ledger_user_name(e->ledger, t->staged.sender),
		.receiver = ledger_user_name(e->ledger, t->staged.receiver),
		.amount = t->staged.amount,
		.id = entry_id(t),
		.backend = link_name(&e->link[e->commit.order[0]]),
	};

	e->counters.transfers++;
	e->io.transferred(e->io.ctx, &event);
}

/* The oldest entry is history now. */
static void settle_first(struct engine *e, uint64_t serial, int64_t time)
{
	struct commit *c = &e->commit;
	struct entry t = *at(c, c->head);
	struct outcome o = { .code = OUTCOME_DONE };

	c->head++;
	ledger_settle(e->ledger, &t.staged, serial, time, t.hash);
	if (t.pending != MAP_NONE)
		ids_settled(e, t.pending);
	announce(e, &t, serial);

	o.u.receipt.serial = serial;
	o.u.receipt.balance = t.staged.sender_after;
	o.u.receipt.time = time;
	o.u.receipt.hash = t.hash;
	tell(e, &t, &o, NULL);
	free(t.text);
}

void commit_durable(struct engine *e)
{
	struct commit *c = &e->commit;
	size_t count = c->flying;
	uint64_t first = c->first;
	int64_t time = c->time;

	vitals_committed(e, count);
	e->counters.groups += c->whole;
	if (count > e->counters.largest_batch)
		e->counters.largest_batch = count;
	for (size_t i = 0; i < count; i++)
		settle_first(e, first + i, time);
	if (e->io.recorded)
		e->io.recorded(e->io.ctx,
			       (struct slice){ (const char *)c->lines.data,
					       c->lines.len });
	c->flying = 0;
	if (c->overdue)
		e->io.state_changed(e->io.ctx);
	c->overdue = false;
	if (c->head != c->tail)
		engine_due(e, at(c, c->head)->arrived + e->request_timeout);
}

/* Nothing of what waits behind the batch in flight was ever sent: undo it. */
static void drop_waiting(struct engine *e, const char *sentence)
{
	struct commit *c = &e->commit;
	uint64_t from = c->head + c->flying;
	size_t count = (size_t)(c->tail - from);
	_cleanup_(freep) struct entry *dropped = NULL;

	if (!count)
		return;
	dropped = reallocarray(NULL, count, sizeof(*dropped));
	if (!dropped)
		return; /* they wait for better times */
	for (size_t i = count; i-- > 0;) {
		dropped[i] = *at(c, from + i);
		ledger_unstage(e->ledger, &dropped[i].staged);
		if (dropped[i].pending != MAP_NONE)
			ids_dropped(e, dropped[i].pending);
	}
	c->tail = from;
	for (size_t i = 0; i < count; i++) {
		tell_failure(e, &dropped[i], OUTCOME_UNAVAILABLE, sentence);
		free(dropped[i].text);
	}
}

/* Closing a batch. */

static size_t line_bound(const struct engine *e, const struct entry *t)
{
	return LINE_FIXED +
	       ledger_user_name(e->ledger, t->staged.sender).len +
	       ledger_user_name(e->ledger, t->staged.receiver).len +
	       t->id_len + t->memo_len;
}

/*
 * A group is a batch of its own, of whatever length: any line fits a datagram,
 * and a backend takes as many of them as it has orders.
 */
static_assert(ENGINE_GROUP_MAX <= MESSAGE_FRAGMENTS_MAX &&
		      ENGINE_GROUP_MAX <= RECORD_WHOLE_MAX,
	      "a group fits a batch");

/* How many of the waiting entries fit one batch? */
static size_t batch_size(const struct engine *e)
{
	const struct commit *c = &e->commit;
	size_t bytes = 0;
	size_t n = 0;

	if (at(c, c->head)->group)
		return at(c, c->head)->group;
	while (n < c->tail - c->head && n < RECORD_BATCH_MAX) {
		const struct entry *t = at(c, c->head + n);

		bytes += line_bound(e, t);
		if ((n && bytes > SHIPMENT_BYTES_MAX) || t->group)
			break;
		n++;
	}
	return n;
}

static int write_line(struct engine *e, struct entry *t, size_t position,
		      size_t size, uint8_t hash[CHAIN_HASH_SIZE])
{
	struct commit *c = &e->commit;
	struct record r = {
		.serial = c->first + position,
		.sender = ledger_user_name(e->ledger, t->staged.sender),
		.receiver = ledger_user_name(e->ledger, t->staged.receiver),
		.amount = t->staged.amount,
		.chained = true,
		.sealed = true,
		.time = c->time,
		.batch_position = (uint32_t)position + 1,
		.batch_size = (uint32_t)size,
		.whole = c->whole,
		.id = entry_id(t),
		.memo = entry_memo(t),
	};
	char *line;
	size_t len;
	int error;

	error = buf_reserve(&c->lines, RECORD_LINE_MAX + 1);
	if (error < 0)
		return error;

	line = (char *)c->lines.data + c->lines.len;
	len = record_format_body(&r, line);
	chain_step(hash, (struct slice){ line, len }, hash);
	memcpy(t->hash, hash, CHAIN_HASH_SIZE);

	memcpy(line + len, " h=", 3);
	format_hex(hash, CHAIN_HASH_SIZE, line + len + 3);
	line[len + 3 + CHAIN_HEX_SIZE] = '\n';
	c->lines.len += len + 4 + CHAIN_HEX_SIZE;
	return 0;
}

static int close_batch(struct engine *e)
{
	struct commit *c = &e->commit;
	uint8_t hash[CHAIN_HASH_SIZE];
	size_t size = batch_size(e);
	int64_t last = ledger_time(e->ledger);

	buf_clear(&c->lines);
	c->whole = at(c, c->head)->group > 0;
	c->first = ledger_serial(e->ledger) + 1;
	/* Time never goes back as serials go up, whatever the clock does. */
	c->time = e->wall > last ? e->wall : last;
	memcpy(hash, ledger_tip(e->ledger), sizeof(hash));
	for (size_t i = 0; i < size; i++) {
		int r = write_line(e, at(c, c->head + i), i, size, hash);

		if (r < 0)
			return r;
	}
	c->flying = size;
	c->closed_at = e->now;
	return 0;
}

void commit_flush(struct engine *e)
{
	struct commit *c = &e->commit;

	if (e->phase != PHASE_OPEN || c->flying || c->head == c->tail)
		return;
	if (placement_candidates(e) < e->copies)
		return;
	if (close_batch(e) < 0) {
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
		return;
	}
	placement_start(e);
}

/* Deadlines. */

bool commit_given_up(const struct engine *e, uint64_t sequence)
{
	const struct commit *c = &e->commit;

	return c->overdue && sequence - c->head < c->flying;
}

void commit_refused_unknown(struct refused *r)
{
	refused_format(r, OUTCOME_UNKNOWN,
		       "No backend has confirmed it in time; it may be "
		       "recorded all the same. Run it again with the same id.");
}

static void give_up(struct engine *e)
{
	struct commit *c = &e->commit;
	struct refused unknown;

	c->overdue = true;
	commit_refused_unknown(&unknown);
	for (size_t i = 0; i < c->flying; i++)
		tell_failure(e, at(c, c->head + i), unknown.code,
			     unknown.sentence);
	drop_waiting(e, "The backends do not answer; nothing was changed.");
	e->io.state_changed(e->io.ctx);
}

int64_t commit_tick(struct engine *e)
{
	struct commit *c = &e->commit;
	int64_t deadline;

	if (c->head == c->tail || c->overdue)
		return INT64_MAX;
	deadline = at(c, c->head)->arrived + e->request_timeout;
	if (e->now < deadline)
		return deadline;
	if (c->flying)
		give_up(e);
	else
		drop_waiting(e, "No backend takes transfers; nothing was "
				"changed.");
	return INT64_MAX;
}

const char *commit_refuses(const struct engine *e)
{
	if (e->commit.overdue)
		return "The backends do not answer; nothing was changed.";
	if (!e->commit.flying && placement_hopeless(e))
		return "No backend takes transfers; nothing was changed.";
	return NULL;
}
