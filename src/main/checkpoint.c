/* SPDX-License-Identifier: MIT */
/*
 * The checkpoint.
 *
 * Why it may be believed: only a main daemon writes to the backends, and only
 * in an epoch that it has claimed.  If the epoch of the checkpoint is the last
 * one that was claimed, all that has been written since was written by the same
 * process, so that of a backend's records up to a serial there are only ever
 * more.  One that is put back from a backup has fewer, or the same.  So who has
 * as many has the same.  And a tip stands for the whole history below it.
 *
 * What it does not see is a record that was changed where it stands: for that
 * there is VERIFY, which reads everything.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "main/checkpoint.h"
#include "main/engine_internal.h"
#include "main/stream.h"

int checkpoint_init(struct engine *e, const struct engine_config *config)
{
	_cleanup_(buf_done) struct buf fault = { 0 };
	struct checkpoint *c = &e->checkpoint;
	int r;

	c->every = config->checkpoint_records;
	c->pause = config->checkpoint_pause;
	c->sure = true;
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		list_init(&c->count[i].node);
	if (!config->checkpoint.len)
		return 0;
	r = snapshot_read(config->checkpoint, e->hash_key, &c->saved, &fault);
	c->start = r < 0 ? CHECKPOINT_UNREADABLE : CHECKPOINT_OFFERED;
	(void)snprintf(c->fault, sizeof(c->fault), "%.*s", (int)fault.len,
		       (const char *)fault.data);
	return r == -EBADMSG ? 0 : r;
}

void checkpoint_done(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;

	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		call_end(&c->count[i]);
	if (c->state == CHECKPOINT_WRITING)
		e->io.checkpoint_abort(e->io.ctx);
	snapshot_done(&c->saved);
	snapshot_done(&c->taken);
	buf_done(&c->piece);
}

/* How many records the backends hold. */

void checkpoint_held(struct engine *e, uint32_t holders, uint64_t records)
{
	for (; holders; holders &= holders - 1)
		e->checkpoint.held[__builtin_ctz(holders)] += records;
}

void checkpoint_unsure(struct engine *e)
{
	e->checkpoint.sure = false;
}

static unsigned index_of(const struct call *c)
{
	return c->link->index;
}

static void count_transmit(struct call *c)
{
	struct engine *e = c->link->engine;
	struct writer w = call_writer(c);

	message_put_sum(&w, &(struct message_sum){
				    .upto = e->checkpoint.upto,
				    .filter.everything = true });
	call_send(c, FRAME_SUM, 0, &w);
}

static void count_answer(struct call *c, const struct frame *f)
{
	struct engine *e = c->link->engine;
	struct checkpoint *p = &e->checkpoint;
	struct message_total m;

	if (f->type != FRAME_TOTAL || f->epoch != e->epoch ||
	    message_get_total(f->payload, &m) < 0)
		return;
	call_end(c);
	p->counted[index_of(c)] = m.records;
	if (--p->counting == 0)
		p->all_counted(e, NULL);
}

static void count_failed(struct call *c)
{
	struct engine *e = c->link->engine;
	struct checkpoint *p = &e->checkpoint;

	/* It is told once. */
	if (!p->counting)
		return;
	p->counting = 0;
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		call_end(&p->count[i]);
	p->all_counted(e, c->link);
}

static const struct call_ops count_ops = {
	.transmit = count_transmit,
	.answer = count_answer,
	.failed = count_failed,
};

static void count(struct engine *e, uint64_t upto, bool endless,
		  void (*all_counted)(struct engine *e,
				      const struct link *missing))
{
	struct checkpoint *p = &e->checkpoint;

	p->upto = upto;
	p->all_counted = all_counted;
	p->counting = (size_t)__builtin_popcount(survey_present(e));
	for (size_t i = 0; i < e->links && p->counting; i++)
		if (survey_present(e) & UINT32_C(1) << i)
			call_start(&p->count[i], &e->link[i], &count_ops,
				   endless ? INT64_MAX : e->request_timeout,
				   endless ? PATIENCE_ENDLESS : LINK_PATIENCE,
				   false);
}

/* Using it. */

static void _printf_(2, 3) throw_away(struct engine *e, const char *format, ...)
{
	char why[OUTCOME_SENTENCE_SIZE / 2];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	engine_log(e, LOG_NOTICE, LOG_EVENT_NONE, NULL,
		   "The checkpoint is not used, %s; the whole history is read.",
		   why);
	snapshot_done(&e->checkpoint.saved);
	e->checkpoint.start = CHECKPOINT_NONE;
	e->io.checkpoint_discard(e->io.ctx);
}

/* The backend with that name, if it is part of the ledger. */
static const struct link *find_link(const struct engine *e, const char *name)
{
	for (size_t i = 0; i < e->links; i++)
		if (survey_present(e) & UINT32_C(1) << i &&
		    strcmp(e->link[i].name, name) == 0)
			return &e->link[i];
	return NULL;
}

static bool names(const struct snapshot *s, const struct link *l)
{
	for (size_t i = 0; i < s->backends; i++)
		if (strcmp(s->backend[i].name, l->name) == 0)
			return true;
	return false;
}

/* One that is part of the ledger now and was not then, or was; or NULL. */
static const char *other_backend(const struct engine *e,
				 const struct snapshot *s)
{
	for (size_t i = 0; i < s->backends; i++)
		if (!find_link(e, s->backend[i].name))
			return s->backend[i].name;
	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].joining && !names(s, &e->link[i]))
			return e->link[i].name;
	return NULL;
}

static uint64_t highest_serial(const struct engine *e)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < e->links; i++)
		if (e->link[i].last_serial > highest)
			highest = e->link[i].last_serial;
	return highest;
}

/* Does it fit the configuration, and what the backends have promised? */
static bool fits(struct engine *e)
{
	const struct snapshot *s = &e->checkpoint.saved;
	const char *other = other_backend(e, s);

	if (other)
		throw_away(e, "it was written with other backends (%s)", other);
	else if (amount_compare(s->initial, ledger_initial(e->ledger)) != 0)
		throw_away(e, "its users began with %" PRIu64 " coins",
			   amount_to_u64(s->initial));
	else if (s->copies != e->copies)
		throw_away(e, "it was written with copies = %" PRIu32,
			   s->copies);
	else if (s->epoch + 1 != e->epoch)
		throw_away(e,
			   "it was written in epoch %" PRIu64
			   ", and the last one was %" PRIu64,
			   s->epoch, e->epoch - 1);
	else if (highest_serial(e) < s->place.serial)
		throw_away(e,
			   "it is of serial %" PRIu64
			   ", and the backends end at %" PRIu64,
			   s->place.serial, highest_serial(e));
	else
		return true;
	return false;
}

static void compare_counts(struct engine *e, const struct link *missing)
{
	const struct checkpoint *c = &e->checkpoint;
	const struct snapshot *s = &c->saved;

	(void)missing; /* it waits for as long as it takes */
	for (size_t i = 0; i < s->backends; i++) {
		const struct link *l = find_link(e, s->backend[i].name);
		uint64_t holds = c->counted[l->index];

		if (holds == s->backend[i].records)
			continue;
		throw_away(e,
			   "backend %s holds %" PRIu64
			   " transactions up to serial %" PRIu64
			   " and held %" PRIu64,
			   l->name, holds, s->place.serial,
			   s->backend[i].records);
		recovery_load(e, 0);
		return;
	}
	/* With its own record, which must have the hash that it calls the tip. */
	recovery_load(e, s->place.serial - 1);
}

void checkpoint_load(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;

	if (c->start == CHECKPOINT_UNREADABLE)
		throw_away(e, "%s", c->fault);
	if (c->start == CHECKPOINT_OFFERED && fits(e))
		count(e, c->saved.place.serial, true, compare_counts);
	else
		recovery_load(e, 0);
}

/* Backends as bits, from their places in @s to those in the configuration. */
static uint32_t to_links(const struct engine *e, const struct snapshot *s,
			 uint32_t bits)
{
	uint32_t ret = 0;

	for (; bits; bits &= bits - 1) {
		const char *name = s->backend[__builtin_ctz(bits)].name;

		ret |= UINT32_C(1) << find_link(e, name)->index;
	}
	return ret;
}

static int take_irregulars(struct engine *e, const struct snapshot *s)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < s->irregulars.count; n++) {
		const struct irregular *i = &s->irregulars.item[n];

		r = irregulars_add(&e->irregulars, i->from, i->to,
				   to_links(e, s, i->holders),
				   to_links(e, s, i->others));
	}
	return r;
}

/* From here on it is as if all of the history had been read. */
static void use(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;
	struct snapshot *s = &c->saved;

	if (take_irregulars(e, s) < 0) {
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
		return;
	}
	ledger_free(e->ledger);
	e->ledger = TAKE_PTR(s->ledger);
	idfilter_free(e->ids.filter);
	e->ids.filter = TAKE_PTR(s->filter);
	e->strangers = s->strangers;
	e->newest_old = s->newest_old;
	e->last_batch_first = s->place.serial + 1;
	for (size_t i = 0; i < e->links; i++)
		c->held[i] = c->counted[i];
	c->start = CHECKPOINT_USED;
}

bool checkpoint_takes(struct engine *e, const struct record *r)
{
	struct checkpoint *c = &e->checkpoint;
	uint64_t serial = c->saved.place.serial;

	if (c->start != CHECKPOINT_OFFERED)
		return false;
	if (r->serial == serial && r->sealed &&
	    memcmp(r->hash, c->saved.place.tip, CHAIN_HASH_SIZE) == 0) {
		use(e);
		return true;
	}
	if (r->serial != serial)
		throw_away(e, "no backend holds serial %" PRIu64, serial);
	else
		throw_away(e, "it is of another history: serial %" PRIu64
			      " has another hash", serial);
	c->start = CHECKPOINT_REFUSED;
	return true;
}

bool checkpoint_settled(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;
	uint64_t serial = c->saved.place.serial;

	switch (c->start) {
	case CHECKPOINT_OFFERED:
		throw_away(e, "no backend holds serial %" PRIu64, serial);
		return false;
	case CHECKPOINT_REFUSED:
		c->start = CHECKPOINT_NONE;
		return false;
	case CHECKPOINT_USED:
		engine_log(e, LOG_INFO, LOG_EVENT_NONE, NULL,
			   "Started from the checkpoint of serial %" PRIu64
			   "; %" PRIu64 " transactions lie past it.",
			   serial, ledger_serial(e->ledger) - serial);
		snapshot_done(&c->saved);
		return true;
	case CHECKPOINT_NONE:
	case CHECKPOINT_UNREADABLE:
		return true;
	}
	return true;
}

/* Taking one. */

/*
 * Only while all is as it should be, which need not be said then: each record on
 * as many backends as there are to be copies, and who counts told by the blocks,
 * but for the irregular ranges.  And the newest record must bear its hash, by
 * which the checkpoint is known to be of this history.
 */
static bool is_sound(const struct engine *e)
{
	if (e->history.first || e->history.owing || e->last_batch.first ||
	    e->last_batch.owing)
		return false;
	if (e->refill.running || e->refill.wanted || e->refill.opening)
		return false;
	if (e->strangers.more || ledger_serial(e->ledger) <= e->newest_old)
		return false;
	for (size_t i = 0; i < e->links; i++)
		if (e->link[i].lost || e->link[i].joining || e->link[i].faulty)
			return false;
	return true;
}

static int copy_irregulars(struct irregulars *to, const struct irregulars *from)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < from->count; n++)
		r = irregulars_add(to, from->item[n].from, from->item[n].to,
				   from->item[n].holders, from->item[n].others);
	return r;
}

static void copy_place(const struct ledger *l, struct ledger_place *ret)
{
	ret->serial = ledger_serial(l);
	ret->records = ledger_records(l);
	ret->first_gap = ledger_first_gap(l);
	ret->time = ledger_time(l);
	memcpy(ret->tip, ledger_tip(l), sizeof(ret->tip));
}

/* Members have the lowest numbers; behind them may stand who is staged. */
static int copy_balances(const struct ledger *l, struct snapshot *s)
{
	s->users = ledger_members(l);
	s->balance = reallocarray(NULL, s->users + 1, sizeof(*s->balance));
	if (!s->balance)
		return -ENOMEM;
	for (uint32_t user = 0; user < s->users; user++)
		if (!ledger_user_balance(l, user, &s->balance[user]))
			return -EINVAL;
	return 0;
}

/* What is so as of the committed serial. */
static int take(struct engine *e)
{
	struct snapshot *s = &e->checkpoint.taken;
	int r;

	s->epoch = e->epoch;
	s->initial = ledger_initial(e->ledger);
	s->copies = e->copies;
	s->newest_old = e->newest_old;
	s->strangers = e->strangers;
	s->ids = idfilter_count(e->ids.filter);
	s->backends = e->links;
	for (size_t i = 0; i < e->links; i++)
		memcpy(s->backend[i].name, e->link[i].name,
		       sizeof(s->backend[i].name));
	copy_place(e->ledger, &s->place);
	r = copy_irregulars(&s->irregulars, &e->irregulars);
	if (r == 0)
		r = copy_balances(e->ledger, s);
	return r;
}

/* Writing it. */

static void failed(struct engine *e, const char *why)
{
	struct checkpoint *c = &e->checkpoint;

	if (c->state == CHECKPOINT_WRITING)
		e->io.checkpoint_abort(e->io.ctx);
	c->state = CHECKPOINT_IDLE;
	snapshot_done(&c->taken);
	engine_log(e, LOG_WARNING, LOG_EVENT_NONE, NULL,
		   "The checkpoint could not be written: %s.", why);
}

static void write_it(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;
	int r;

	c->state = CHECKPOINT_WRITING;
	snapshot_write(&c->writer, &c->taken, e->ledger, e->ids.filter);
	r = e->io.checkpoint_begin(e->io.ctx);
	if (r < 0)
		failed(e, strerror(-r));
	else
		engine_due(e, e->now);
}

static void committed(struct engine *e, int error)
{
	struct checkpoint *c = &e->checkpoint;

	if (error < 0) {
		failed(e, strerror(-error));
		return;
	}
	c->state = CHECKPOINT_IDLE;
	c->stored = c->taken.place.serial;
	c->stored_at = e->now;
	engine_log(e, LOG_INFO, LOG_EVENT_NONE, NULL,
		   "Checkpoint of serial %" PRIu64 " written.", c->stored);
	snapshot_done(&c->taken);
	if (c->wanted)
		engine_due(e, e->now);
}

static void write_piece(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;
	int more = snapshot_next(&c->writer, &c->piece);
	int r = more;

	if (more >= 0)
		r = e->io.checkpoint_write(e->io.ctx, c->piece.data,
					   c->piece.len);
	if (r < 0) {
		failed(e, strerror(-r));
		return;
	}
	if (more) {
		/* The rest has its turns between those of the orders. */
		engine_due(e, e->now);
		return;
	}
	buf_done(&c->piece);
	r = e->io.checkpoint_commit(e->io.ctx);
	if (r == -EINPROGRESS)
		c->state = CHECKPOINT_STORING;
	else
		committed(e, r);
}

void engine_checkpoint_committed(struct engine *e, int error)
{
	assert(e->checkpoint.state == CHECKPOINT_STORING);
	/* Who was replaced says nothing any more. */
	if (e->phase == PHASE_STOPPED) {
		e->checkpoint.state = CHECKPOINT_IDLE;
		return;
	}
	e->checkpoint.state = CHECKPOINT_WRITING;
	committed(e, error);
}

static void counted_to_write(struct engine *e, const struct link *missing)
{
	struct checkpoint *c = &e->checkpoint;

	if (missing) {
		char why[64];

		checkpoint_unsure(e);
		(void)snprintf(why, sizeof(why),
			       "backend %s does not say what it holds",
			       missing->name);
		failed(e, why);
		return;
	}
	/* What was committed meanwhile is in held[] already. */
	for (size_t i = 0; i < c->taken.backends; i++) {
		c->taken.backend[i].records = c->counted[i];
		c->held[i] += c->counted[i];
	}
	write_it(e);
}

static void begin(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;
	int r;

	c->wanted = false;
	c->tried = ledger_serial(e->ledger);
	c->next_at = e->now + c->pause;
	r = take(e);
	if (r < 0) {
		failed(e, strerror(-r));
		return;
	}
	for (size_t i = 0; i < c->taken.backends; i++)
		c->taken.backend[i].records = c->held[i];
	if (c->sure) {
		write_it(e);
		return;
	}
	c->state = CHECKPOINT_COUNTING;
	memset(c->held, 0, sizeof(c->held));
	c->sure = true;
	count(e, c->taken.place.serial, false, counted_to_write);
}

static bool is_due(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;
	uint64_t serial = ledger_serial(e->ledger);

	if (c->wanted && serial == c->stored)
		c->wanted = false;
	if (c->wanted)
		return true;
	if (!c->every || serial - c->tried < c->every)
		return false;
	if (e->now >= c->next_at)
		return true;
	engine_due(e, c->next_at);
	return false;
}

void checkpoint_flush(struct engine *e)
{
	struct checkpoint *c = &e->checkpoint;

	switch (c->state) {
	case CHECKPOINT_IDLE:
		if (is_due(e) && is_sound(e))
			begin(e);
		else if (c->wanted)
			c->wanted = false;
		return;
	case CHECKPOINT_WRITING:
		write_piece(e);
		return;
	case CHECKPOINT_COUNTING:
	case CHECKPOINT_STORING:
		return;
	}
}

void engine_checkpoint(struct engine *e)
{
	if (e->phase != PHASE_OPEN)
		return;
	e->checkpoint.wanted = true;
	engine_due(e, e->now);
}

bool engine_checkpointing(const struct engine *e)
{
	const struct checkpoint *c = &e->checkpoint;

	return c->state != CHECKPOINT_IDLE ||
	       (c->wanted && e->phase == PHASE_OPEN);
}
