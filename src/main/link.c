/* SPDX-License-Identifier: MIT */
/*
 * The main daemon's end of the conversation with one backend: outstanding
 * requests, retransmission, signs of life.  Knows frames, not what a request
 * is for.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>

#include "main/engine_internal.h"

/* Retransmission times: before anything was measured, and their bounds. */
#define QUICK_START INT64_C(50000)
#define QUICK_MIN INT64_C(5000)
#define QUICK_MAX INT64_C(1000000)
#define SLOW_START INT64_C(200000)
#define SLOW_MIN INT64_C(20000)
#define SLOW_MAX INT64_C(2000000)

static const struct call_ops ping_ops;

void link_init(struct link *l, struct engine *e, unsigned index)
{
	*l = (struct link){ .engine = e, .index = index };
	list_init(&l->calls);
	list_init(&l->ping.node);
}

struct slice link_name(const struct link *l)
{
	return slice_of(l->name);
}

bool link_usable(const struct link *l)
{
	return l->up && l->claimed && !l->faulty && !l->joining;
}

bool link_hopeless(const struct link *l)
{
	return !link_usable(l) &&
	       l->engine->now - l->down_since >= LINK_PATIENCE;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static int64_t retry_interval(const struct call *c)
{
	const struct round_trip *t = c->slow ? &c->link->slow : &c->link->quick;
	int64_t limit = c->slow ? SLOW_MAX : QUICK_MAX;
	int64_t interval;

	if (t->smoothed)
		interval = clamp(t->smoothed + 4 * t->variation,
				 c->slow ? SLOW_MIN : QUICK_MIN, limit);
	else
		interval = c->slow ? SLOW_START : QUICK_START;

	/* Half as long again each time: gentle enough to get through loss. */
	for (unsigned i = 1; i < c->tries && interval < limit; i++)
		interval += interval / 2;
	return interval < limit ? interval : limit;
}

static void measure(struct round_trip *t, int64_t sample)
{
	int64_t error;

	if (sample < 1)
		sample = 1;
	if (!t->smoothed) {
		t->smoothed = sample;
		t->variation = sample / 2;
		return;
	}
	/* RFC 6298, section 2.3. */
	error = sample - t->smoothed;
	t->variation += ((error < 0 ? -error : error) - t->variation) / 4;
	t->smoothed += error / 8;
	if (t->smoothed < 1)
		t->smoothed = 1;
}

/* Does what it knows count?  It was claimed, and has lost nothing. */
static bool is_trusted(const struct link *l)
{
	return l->claimed && !l->faulty;
}

/*
 * A link that is down is only pinged; the rest waits for its return.  One that
 * has lost records, or has yet to say that it has not, is not given any: what it
 * took now would hide that.
 */
static bool may_send(const struct call *c)
{
	const struct link *l = c->link;

	if (c == &l->ping)
		return true;
	return l->up && (is_trusted(l) || recovery_is_claim(c));
}

static void arm(struct call *c)
{
	struct engine *e = c->link->engine;

	c->retry_at = e->now + retry_interval(c);
	engine_due(e, c->retry_at);
}

bool call_outstanding(const struct call *c)
{
	return !list_empty(&c->node);
}

void call_end(struct call *c)
{
	list_remove(&c->node);
}

static void call_fail(struct call *c)
{
	call_end(c);
	c->ops->failed(c);
}

/* Has a link been down for longer than a call wants to wait? */
static bool out_of_patience(const struct call *c)
{
	const struct link *l = c->link;

	return c->patience != PATIENCE_ENDLESS && !link_usable(l) &&
	       l->engine->now - l->down_since >= c->patience;
}

void call_start(struct call *c, struct link *l, const struct call_ops *ops,
		int64_t timeout, int64_t patience, bool slow)
{
	struct engine *e = l->engine;

	*c = (struct call){
		.link = l,
		.ops = ops,
		.number = ++e->request,
		.sent_at = e->now,
		.deadline = timeout == INT64_MAX ? INT64_MAX : e->now + timeout,
		.patience = patience,
		.tries = 1,
		.slow = slow,
	};
	list_init(&c->node);
	list_append(&l->calls, &c->node);
	if (out_of_patience(c)) {
		call_fail(c);
		return;
	}
	engine_due(e, c->deadline);
	arm(c);
	if (may_send(c))
		ops->transmit(c);
}

void call_progress(struct call *c)
{
	c->tries = 1;
	c->unmeasured = true;
	c->sent_at = c->link->engine->now;
	arm(c);
}

struct writer call_writer(struct call *c)
{
	struct engine *e = c->link->engine;

	return writer_of(e->frame + FRAME_HEADER_SIZE,
			 c->link->room - FRAME_OVERHEAD);
}

void call_send(struct call *c, enum frame_type type, uint64_t position,
	       const struct writer *payload)
{
	struct engine *e = c->link->engine;
	struct frame f = {
		.type = type,
		.block = link_name(c->link),
		.epoch = e->epoch,
		.request = c->number,
		.position = position,
		.payload = { (const char *)payload->start, writer_len(payload) },
	};
	int len;

	assert(!payload->bad);
	len = frame_encode(&f, &e->key, e->frame, sizeof(e->frame));
	assert(len > 0);

	e->counters.datagrams_sent++;
	c->link->counters.sent++;
	e->io.send(e->io.ctx, c->link->index, e->frame, (size_t)len);
}

/* Signs of life. */

static void ping_transmit(struct call *c)
{
	struct writer w = call_writer(c);

	message_put_ping(&w, &(struct message_ping){
				     .lease = c->link->ping_lease });
	call_send(c, FRAME_PING, 0, &w);
}

void link_ping(struct link *l, bool lease)
{
	if (l->lost)
		return;
	if (call_outstanding(&l->ping)) {
		if (!lease || l->ping_lease)
			return;
		call_end(&l->ping);
	}
	l->ping_lease = lease;
	l->ping_floor = link_floor(l);
	call_start(&l->ping, l, &ping_ops, INT64_MAX, PATIENCE_ENDLESS, false);
}

void link_look(struct link *l)
{
	if (l->engine->now - l->heard_at >= LINK_PING_ASKED)
		link_ping(l, false);
}

void link_leased(struct link *l, int64_t sent_at)
{
	int64_t until = sent_at + LINK_LEASE_RELIED;

	if (until > l->lease_until)
		l->lease_until = until;
	gate_leased(l->engine);
}

/* What waited goes out at once. */
static void resume(struct link *l)
{
	struct list *it;
	struct list *next;

	list_for_each_safe(it, next, &l->calls)
	{
		struct call *c = list_entry(it, struct call, node);

		if (!may_send(c))
			continue;
		call_progress(c);
		c->ops->transmit(c);
	}
}

void link_claimed(struct link *l)
{
	l->claimed = true;
	if (l->up)
		resume(l);
}

static void came_up(struct link *l)
{
	if (l->up)
		return;
	l->up = true;
	l->seen = true;
	resume(l);
	engine_link_up(l->engine, l);
}

/* Calls that do not want to wait for a link that is down end here. */
static void fail_impatient(struct link *l)
{
	bool again = true;

	/* A failure may end or start others: look from the start each time. */
	while (again) {
		struct list *it;
		struct list *next;

		again = false;
		list_for_each_safe(it, next, &l->calls)
		{
			struct call *c = list_entry(it, struct call, node);

			if (!out_of_patience(c))
				continue;
			call_fail(c);
			again = true;
			break;
		}
	}
}

static void went_down(struct link *l)
{
	struct engine *e = l->engine;

	if (!l->up)
		return;
	l->up = false;
	l->lease_until = 0;
	l->down_since = e->now;
	engine_due(e, e->now + LINK_PATIENCE);
	link_ping(l, false);
	l->ping.retry_at = e->now + LINK_PING_DOWN;
	engine_due(e, l->ping.retry_at);
	engine_link_down(e, l);
	fail_impatient(l);
}

void link_refused(struct link *l)
{
	went_down(l);
}

void link_full(struct link *l, struct slice why)
{
	struct engine *e = l->engine;

	engine_log(e, LOG_WARNING, LOG_EVENT_BACKEND_LOST, l,
		   "Backend %s takes no transactions at the moment: %.*s; others take "
		   "them.",
		   l->name, SLICE_ARG(why));
	l->full = true;
	l->stated_at = e->now;
}

/* It does not know our epoch: questions wait a while for it to be claimed. */
static void link_unclaimed(struct link *l)
{
	if (!l->claimed)
		return;
	l->claimed = false;
	l->down_since = l->engine->now;
	engine_due(l->engine, l->down_since + LINK_PATIENCE);
}

void link_synced(struct link *l, uint32_t usec)
{
	if (usec > 0)
		histogram_add(&l->counters.sync, usec);
}

struct link_floor link_floor(const struct link *l)
{
	return (struct link_floor){ l->last_serial, l->stated.records };
}

static bool is_below(const struct message_state *m, struct link_floor floor)
{
	return m->last_serial < floor.serial || m->records < floor.records;
}

/*
 * It had lost records.  The same process cannot have them back: what it has more
 * now it was given since.  Another one may, if somebody brought the block back.
 */
static bool has_recovered(const struct link *l, const struct message_state *m)
{
	return m->instance != l->fault_instance && !is_below(m, link_floor(l));
}

/*
 * The backend remembers less than it acknowledged: do not build on it, and
 * believe nothing it says, until it has its records back.
 */
static bool has_forgotten(struct link *l, const struct frame *f,
			  const struct message_state *m)
{
	struct link_floor floor = f->type == FRAME_PONG ? l->ping_floor :
							  l->claim_floor;
	struct engine *e = l->engine;

	/* What it is to set aside it may have set aside already. */
	if (l->lost_in)
		return false;
	if (l->faulty) {
		l->faulty = !has_recovered(l, m);
		return l->faulty;
	}
	if (!is_below(m, floor))
		return false;
	engine_log(e, LOG_CRIT, LOG_EVENT_INTEGRITY_FAULT, l,
		   "Backend %s has lost records: it had at least %" PRIu64
		   ", up to serial %" PRIu64 ", and has %" PRIu64
		   ", up to %" PRIu64
		   "; it is not used until they are back.",
		   l->name, floor.records, floor.serial, m->records,
		   m->last_serial);
	l->faulty = true;
	l->fault_instance = m->instance;
	l->lease_until = 0;
	l->down_since = e->now;
	engine_due(e, e->now + LINK_PATIENCE);
	e->io.state_changed(e->io.ctx);
	return true;
}

/* It has served another ledger, and is no sign that we were replaced. */
static void is_foreign(struct link *l, uint64_t epoch)
{
	if (l->promised != epoch)
		engine_log(l->engine, LOG_WARNING, LOG_EVENT_NONE, l,
			   "Backend %s is new and has promised epoch %" PRIu64
			   " to another main daemon: that needs a restart.",
			   l->name, epoch);
	l->promised = epoch;
}

void link_state(struct link *l, const struct frame *f,
		const struct message_state *m)
{
	struct engine *e = l->engine;
	bool useless = l->full || l->faulty;

	if (l->joining && f->epoch > e->epoch) {
		is_foreign(l, f->epoch);
		return;
	}
	l->promised = f->epoch;
	l->instance = m->instance;
	l->full = m->full;
	l->dropped_there = m->dropped;
	l->stated_at = e->now;
	if (e->epoch && f->epoch > e->epoch) {
		engine_stop(e, ENGINE_STOP_FENCED,
			    "Backend %s has promised epoch %" PRIu64
			    " to another main daemon, ours is %" PRIu64 ".",
			    l->name, f->epoch, e->epoch);
		return;
	}
	if (has_forgotten(l, f, m))
		return;
	l->stated = (struct link_floor){ m->last_serial, m->records };
	/* Said before it acknowledged what came last? */
	if (m->last_serial >= l->last_serial || l->lost_in) {
		l->last_serial = m->last_serial;
		l->records = m->records;
	}
	if (f->epoch < e->epoch)
		link_unclaimed(l);
	/* There is room again, or its records are back. */
	if (useless && !l->full)
		placement_retry(e);
}

static void ping_answer(struct call *c, const struct frame *f)
{
	struct link *l = c->link;
	struct message_state m;
	int64_t sent_at = c->sent_at;

	if (f->type != FRAME_PONG || message_get_state(f->payload, &m) < 0)
		return;
	call_end(c);
	link_state(l, f, &m);
	if (l->engine->phase == PHASE_STOPPED)
		return;
	came_up(l);
	if (m.leased && !l->faulty && f->epoch == l->engine->epoch)
		link_leased(l, sent_at);
	/* Nothing is due any more, maybe: see, before a timer tells so. */
	engine_due(l->engine, l->engine->now);
	recovery_advance(l->engine);
}

static void ping_failed(struct call *c)
{
	(void)c; /* never: it has no deadline and no end of patience */
}

static const struct call_ops ping_ops = {
	.transmit = ping_transmit,
	.answer = ping_answer,
	.failed = ping_failed,
};

/* Answers. */

static struct call *find_call(struct link *l, uint64_t number)
{
	for (struct list *it = l->calls.next; it != &l->calls; it = it->next) {
		struct call *c = list_entry(it, struct call, node);

		if (c->number == number)
			return c;
	}
	return NULL;
}

/* Errors that mean the same whatever was asked.  True: dealt with. */
static bool common_error(struct link *l, const struct frame *f)
{
	struct engine *e = l->engine;
	struct message_error m;

	if (f->type != FRAME_ERROR || message_get_error(f->payload, &m) < 0)
		return false;
	switch (m.code) {
	case MESSAGE_ERROR_FENCED:
		if (l->joining)
			return true;
		engine_stop(e, ENGINE_STOP_FENCED,
			    "Backend %s refuses epoch %" PRIu64
			    ": it has promised %" PRIu64
			    " to another main daemon.",
			    l->name, e->epoch, f->epoch);
		return true;
	case MESSAGE_ERROR_UNCLAIMED:
		link_unclaimed(l);
		recovery_claim(e, l);
		return true;
	case MESSAGE_ERROR_MALFORMED:
		engine_log(e, LOG_WARNING, LOG_EVENT_NONE, l,
			   "Backend %s does not understand us: %.*s.", l->name,
			   SLICE_ARG(m.sentence));
		return true;
	case MESSAGE_ERROR_LEASED:
	case MESSAGE_ERROR_FULL:
	case MESSAGE_ERROR_CONFLICT:
		return false;
	}
	return false;
}

static void drop(struct link *l, int why)
{
	l->engine->counters.datagrams_dropped++;
	l->counters.dropped[why]++;
}

void link_datagram(struct link *l, struct slice datagram)
{
	struct engine *e = l->engine;
	enum frame_fault fault;
	struct frame f;
	struct call *c;

	l->counters.received++;
	fault = frame_decode(datagram, &e->key, &f);
	if (fault != FRAME_GOOD) {
		drop(l, (int)fault);
		return;
	}
	if (!slice_equal(f.block, link_name(l))) {
		drop(l, LINK_DROP_BLOCK);
		return;
	}
	c = find_call(l, f.request);
	if (!c) {
		drop(l, LINK_DROP_STRAY);
		return;
	}
	l->heard_at = e->now;
	/* An answer to one of several requests measures nothing (Karn). */
	if (c->tries == 1 && !c->unmeasured)
		measure(c->slow ? &l->slow : &l->quick, e->now - c->sent_at);
	/* What it answers without its records is nothing, whatever was asked. */
	if (!is_trusted(l) && f.type != FRAME_PONG && f.type != FRAME_PROMISE &&
	    f.type != FRAME_ERROR)
		return;
	if (!common_error(l, &f))
		c->ops->answer(c, &f);
}

/* Time. */

static void call_retry(struct call *c)
{
	c->tries++;
	arm(c);
	if (!may_send(c))
		return;
	c->link->engine->counters.datagrams_again++;
	c->link->counters.again++;
	c->ops->transmit(c);
}

static int64_t dead_after(const struct engine *e)
{
	return e->request_timeout / 2 < LINK_DEAD_AFTER ?
		       e->request_timeout / 2 :
		       LINK_DEAD_AFTER;
}

/* Since when has it owed us an answer to @c without a sign of life? */
static int64_t silent_since(const struct link *l, const struct call *c)
{
	return l->heard_at > c->sent_at ? l->heard_at : c->sent_at;
}

int64_t link_owing(const struct link *l)
{
	int64_t longest = 0;

	for (struct list *it = l->calls.next; it != &l->calls; it = it->next) {
		const struct call *c = list_entry(it, struct call, node);
		int64_t silence = l->engine->now - silent_since(l, c);

		if (silence > longest)
			longest = silence;
	}
	return longest;
}

static bool is_dead(const struct link *l)
{
	return link_owing(l) >= dead_after(l->engine);
}

static void tick_calls(struct link *l)
{
	struct engine *e = l->engine;
	bool again = true;

	while (again) {
		struct list *it;
		struct list *next;

		again = false;
		list_for_each_safe(it, next, &l->calls)
		{
			struct call *c = list_entry(it, struct call, node);

			if (e->now >= c->deadline) {
				call_fail(c);
				again = true;
				break;
			}
			if (e->now >= c->retry_at)
				call_retry(c);
		}
	}
}

/*
 * When to ask for a sign of life, after a silence of @idle, or whether there is
 * room again, or its records are back.
 */
static int64_t ping_due(const struct link *l, int64_t idle)
{
	if (!l->up || call_outstanding(&l->ping))
		return INT64_MAX;
	if (l->full || l->vanished || l->faulty)
		return l->stated_at + LINK_PING_FULL;
	return l->heard_at + idle;
}

int64_t link_passing(const struct link *l)
{
	return l->lost ? INT64_MAX : ping_due(l, LINK_PING_PASSING);
}

static int64_t next_tick(const struct link *l)
{
	int64_t next = INT64_MAX;

	for (struct list *it = l->calls.next; it != &l->calls; it = it->next) {
		const struct call *c = list_entry(it, struct call, node);

		if (c->retry_at < next)
			next = c->retry_at;
		if (c->deadline < next)
			next = c->deadline;
		if (l->up && silent_since(l, c) + dead_after(l->engine) < next)
			next = silent_since(l, c) + dead_after(l->engine);
	}
	if (!link_usable(l) &&
	    l->engine->now < l->down_since + LINK_PATIENCE &&
	    l->down_since + LINK_PATIENCE < next)
		next = l->down_since + LINK_PATIENCE;
	if (ping_due(l, LINK_PING_IDLE) < next)
		next = ping_due(l, LINK_PING_IDLE);
	return next;
}

int64_t link_tick(struct link *l)
{
	struct engine *e = l->engine;

	if (l->lost)
		return INT64_MAX;
	tick_calls(l);
	if (l->up && is_dead(l))
		went_down(l);
	if (!l->up || l->faulty)
		fail_impatient(l);
	if (e->now >= ping_due(l, LINK_PING_PASSING))
		link_ping(l, false);
	return next_tick(l);
}
