/* SPDX-License-Identifier: MIT */
/*
 * The start: ask every backend, claim a new epoch on each, load and check the
 * whole history, open.  Nothing that was acknowledged can be missing then,
 * because nobody's absence was guessed away.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/stream.h"

/*
 * Above what is promised, when a backend is lost: that one may have promised
 * more than the others, to claims that came to nothing, and must be seen to have
 * been left out when it returns.
 */
#define LOST_STEP (UINT64_C(1) << 20)

static const struct call_ops claim_ops;

void recovery_init(struct engine *e)
{
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		list_init(&e->recovery.claim[i].node);
}

void recovery_done(struct engine *e)
{
	e->recovery.stream = stream_free(e->recovery.stream);
}

/* Loading. */

/* Where the last batch begins is known when the history ends. */
static int begin_batch(struct engine *e, const struct record *r)
{
	uint64_t first = r->serial + 1;
	int error;

	if (r->chained)
		first = r->batch_position <= r->serial ?
				r->serial - r->batch_position + 1 :
				1;
	else
		e->newest_old = r->serial;
	if (first == e->last_batch_first)
		return 0;
	error = survey_join(&e->history, &e->last_batch);
	survey_done(&e->last_batch);
	e->last_batch_first = first;
	return error;
}

/*
 * Who holds it, and who counts.  More than one backend may call a record its
 * own: a batch was handed on, and the first one had it after all.
 */
static int note_holders(struct engine *e, const struct stream_record *r)
{
	struct holding h;
	int error;

	error = begin_batch(e, &r->record);
	if (error < 0)
		return error;
	survey_read(e, r, &h);
	checkpoint_held(e, h.holders, 1);
	return survey_add(e, r->record.chained ? &e->last_batch : &e->history,
			  &e->irregulars, r->record.serial, &h);
}

static const char *lost_one(const struct engine *e)
{
	for (size_t i = 0; i < e->links; i++)
		if (e->link[i].lost)
			return e->link[i].name;
	return NULL;
}

/* "; serials 5 to 7 are on no backend that answers"; nothing if none lacks. */
static void describe_missing(const struct engine *e, uint64_t serial,
			     char *text, size_t size)
{
	uint64_t next = ledger_serial(e->ledger) + 1;
	uint64_t gaps = ledger_gaps(e->ledger);
	const char *lost = lost_one(e);
	char which[96];

	*text = '\0';
	if (gaps)
		(void)snprintf(which, sizeof(which),
			       "%" PRIu64 " serials, the first is %" PRIu64 ",",
			       gaps + serial - next, ledger_first_gap(e->ledger));
	else if (serial > next + 1)
		(void)snprintf(which, sizeof(which),
			       "serials %" PRIu64 " to %" PRIu64, next,
			       serial - 1);
	else if (serial > next)
		(void)snprintf(which, sizeof(which), "serial %" PRIu64, next);
	else
		return;
	(void)snprintf(text, size, "; %s %s on no backend that answers%s%s%s",
		       which, gaps || serial > next + 1 ? "are" : "is",
		       lost ? ", and backend " : "", lost ? lost : "",
		       lost ? " is declared lost" : "");
}

static void refuse_history(struct engine *e, const struct stream_record *r,
			   const char *fault)
{
	uint32_t holders = r->owners | r->copies;
	char missing[256];

	describe_missing(e, r->record.serial, missing, sizeof(missing));
	engine_stop(e, ENGINE_STOP_INTEGRITY,
		    "Serial %" PRIu64 " (backend %s): %s%s.", r->record.serial,
		    e->link[__builtin_ctz(holders)].name, fault, missing);
}

static bool load_record(void *arg, const struct stream_record *r)
{
	struct engine *e = arg;
	const char *fault = NULL;
	int error;

	if (checkpoint_takes(e, &r->record))
		return e->checkpoint.start == CHECKPOINT_USED;
	error = ledger_apply(e->ledger, &r->record, &fault);
	if (error == -EBADMSG) {
		refuse_history(e, r, fault);
		return false;
	}
	if (!error && r->record.id.len)
		error = ids_remember(e, r->record.id);
	if (!error)
		error = note_holders(e, r);
	if (error < 0)
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
	return !error;
}

void recovery_opened(struct engine *e)
{
	int r = e->io.opening(e->io.ctx);

	if (r < 0) {
		engine_stop(e, ENGINE_STOP_STATE,
			    "Cannot store which backends are lost: %s.",
			    strerror(-r));
		return;
	}
	e->phase = PHASE_OPEN;
	if (ledger_gaps(e->ledger) && !e->accept_gaps)
		engine_log(e, LOG_WARNING, LOG_EVENT_NONE, NULL,
			   "%" PRIu64 " serials are missing, the first is %" PRIu64
			   ": no transfers are taken until the configuration "
			   "says \"accept_gaps = yes\".",
			   ledger_gaps(e->ledger), ledger_first_gap(e->ledger));
	refill_rest(e);
	e->io.state_changed(e->io.ctx);
}

static void loaded(void *arg, enum stream_end how, const char *missing)
{
	struct engine *e = arg;

	(void)how; /* it waited for as long as it took */
	(void)missing;
	e->recovery.stream = stream_free(e->recovery.stream);
	if (!checkpoint_settled(e)) {
		recovery_load(e, 0);
		return;
	}
	/* Every backend has cut off what a crash may have left of it. */
	if (ledger_partial(e->ledger)) {
		engine_stop(e, ENGINE_STOP_INTEGRITY,
			    "Serial %" PRIu64 ": the batch that begins there "
			    "stands or falls as one, and its end is on no "
			    "backend.",
			    ledger_partial(e->ledger));
		return;
	}
	e->phase = PHASE_COMPLETING;
	refill_last_batch(e);
}

static const struct stream_ops load_ops = {
	.record = load_record,
	.ended = loaded,
};

void recovery_load(struct engine *e, uint64_t after)
{
	struct stream_query q = { .after = after,
				  .upto = INT64_MAX,
				  .everything = true,
				  .all = true,
				  .endless = true };

	if (stream_new(e, &q, &load_ops, e, &e->recovery.stream) < 0)
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
	else
		stream_start(e->recovery.stream);
}

/* Claiming. */

static void claim_transmit(struct call *c)
{
	struct engine *e = c->link->engine;
	struct writer w = call_writer(c);
	struct message_claim m;

	memcpy(m.nonce, e->nonce, sizeof(m.nonce));
	m.lost_in = c->link->lost_in;
	message_put_claim(&w, &m);
	call_send(c, FRAME_CLAIM, 0, &w);
}

static bool all_claimed(const struct engine *e)
{
	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].lost && !e->link[i].joining &&
		    (!e->link[i].claimed || e->link[i].faulty))
			return false;
	return true;
}

/* What it held would have to be read, and checked, before it counts. */
static void join(struct engine *e, struct link *l)
{
	if (l->records) {
		if (!l->claimed)
			engine_log(e, LOG_WARNING, LOG_EVENT_NONE, l,
				   "Backend %s is new and holds %" PRIu64
				   " transactions: that needs a restart.",
				   l->name, l->records);
		return;
	}
	l->joining = false;
	engine_log(e, LOG_NOTICE, LOG_EVENT_NONE, l,
		   "Backend %s has joined.", l->name);
	e->io.state_changed(e->io.ctx);
}

static void load_when_claimed(struct engine *e)
{
	if (e->phase != PHASE_CLAIMING || !all_claimed(e))
		return;
	engine_log(e, LOG_INFO, LOG_EVENT_EPOCH_CLAIMED, NULL,
		   "Epoch %" PRIu64 " claimed on all backends.", e->epoch);
	e->phase = PHASE_LOADING;
	checkpoint_load(e);
}

static void claimed(struct engine *e, struct link *l)
{
	if (l->joining)
		join(e, l);
	link_claimed(l);
	placement_retry(e);
	load_when_claimed(e);
}

/* What it had before it was lost is set aside: nothing is to be missed. */
static void returned(struct link *l)
{
	engine_log(l->engine, LOG_NOTICE, LOG_EVENT_NONE, l,
		   "Backend %s was declared lost in epoch %" PRIu64
		   " and is back.",
		   l->name, l->lost_in);
	l->lost_in = 0;
	/* The answer to an earlier ping tells of what it had. */
	call_end(&l->ping);
	link_ping(l, false);
}

static void claim_answer(struct call *c, const struct frame *f)
{
	struct link *l = c->link;
	struct engine *e = l->engine;
	struct message_state m;

	/* Somebody has a lease still: ask again soon. */
	if (f->type == FRAME_ERROR) {
		call_progress(c);
		return;
	}
	if (f->type != FRAME_PROMISE || f->epoch != e->epoch ||
	    message_get_state(f->payload, &m) < 0)
		return;
	call_end(c);
	link_state(l, f, &m);
	if (l->lost_in)
		returned(l);
	if (e->phase != PHASE_STOPPED)
		claimed(e, l);
}

static void claim_failed(struct call *c)
{
	(void)c; /* never: it has no deadline and no end of patience */
}

static const struct call_ops claim_ops = {
	.transmit = claim_transmit,
	.answer = claim_answer,
	.failed = claim_failed,
};

bool recovery_is_claim(const struct call *c)
{
	return c->ops == &claim_ops;
}

void recovery_claim(struct engine *e, struct link *l)
{
	struct call *c = &e->recovery.claim[l->index];

	if (call_outstanding(c))
		return;
	l->claim_floor = link_floor(l);
	call_start(c, l, &claim_ops, INT64_MAX, PATIENCE_ENDLESS, true);
}

static void claim_all(struct engine *e)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < e->links; i++) {
		if (e->link[i].promised > highest)
			highest = e->link[i].promised;
		if (e->link[i].lost_in > highest)
			highest = e->link[i].lost_in;
	}
	e->epoch = highest + (lost_one(e) ? LOST_STEP : 1);
	e->phase = PHASE_CLAIMING;
	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].lost)
			recovery_claim(e, &e->link[i]);
}

/* A backend may have forgotten us, or seem to: an old answer came late. */
static void claim_missing(struct engine *e)
{
	for (size_t i = 0; i < e->links; i++)
		if (e->link[i].up && !e->link[i].claimed &&
		    !(e->link[i].joining && e->link[i].promised > e->epoch))
			recovery_claim(e, &e->link[i]);
}

/* Has another one what it had?  Else it is another ledger, or a backup. */
static bool another_is_there(const struct engine *e, const struct link *l)
{
	for (size_t i = 0; i < e->links; i++) {
		const struct link *other = &e->link[i];

		if (other != l && !other->lost && other->known &&
		    other->records >= other->known)
			return true;
	}
	return false;
}

/* Its block is gone, and what only it had would be taken for never done. */
static bool has_vanished(struct engine *e, struct link *l)
{
	bool empty = l->known && !l->records && !l->lost_in;

	if (!empty || !another_is_there(e, l)) {
		l->vanished = false;
		return false;
	}
	if (!l->vanished)
		engine_log(e, LOG_CRIT, LOG_EVENT_INTEGRITY_FAULT, l,
			   "Backend %s is empty, but had %" PRIu64
			   " transactions when the ledger was open last: bring "
			   "its block back, or declare it lost.",
			   l->name, l->known);
	l->vanished = true;
	return true;
}

static bool all_asked(struct engine *e)
{
	bool all = true;

	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].lost && !e->link[i].seen)
			return false;
	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].lost && has_vanished(e, &e->link[i]))
			all = false;
	return all;
}

void recovery_advance(struct engine *e)
{
	switch (e->phase) {
	case PHASE_ASKING:
		if (all_asked(e))
			claim_all(e);
		return;
	case PHASE_CLAIMING:
		claim_missing(e);
		load_when_claimed(e);
		return;
	case PHASE_LOADING:
	case PHASE_COMPLETING:
	case PHASE_OPEN:
		claim_missing(e);
		return;
	case PHASE_STOPPED:
	case PHASE_ENDING:
		return;
	}
}
