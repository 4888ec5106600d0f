/* SPDX-License-Identifier: MIT */
/*
 * The start: ask every backend, claim a new epoch on each, load and check the
 * whole history, open.  Nothing that was acknowledged can be missing then,
 * because nobody's absence was guessed away.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/stream.h"

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

/*
 * Records that more than one backend calls its own: a batch was handed on, and
 * the first one had it after all.  One of them counts.
 */
static int note_owners(struct engine *e, const struct stream_record *r)
{
	uint32_t owners = r->owners ? r->owners : r->copies;
	unsigned first = (unsigned)__builtin_ctz(owners);
	uint32_t others = owners & (owners - 1);

	if (r->owners && !others)
		return 0;
	return irregulars_add(&e->irregulars, r->record.serial,
			      r->record.serial, first, others);
}

static bool load_record(void *arg, const struct stream_record *r)
{
	struct engine *e = arg;
	const char *fault = NULL;
	int error;

	error = ledger_apply(e->ledger, &r->record, &fault);
	if (error == -EBADMSG) {
		uint32_t holders = r->owners | r->copies;

		engine_stop(e, ENGINE_STOP_INTEGRITY,
			    "Serial %" PRIu64 " (backend %s): %s.",
			    r->record.serial,
			    e->link[__builtin_ctz(holders)].name, fault);
		return false;
	}
	if (!error && r->record.id.len)
		error = ids_remember(e, r->record.id);
	if (!error)
		error = note_owners(e, r);
	if (error < 0)
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
	return !error;
}

static void open_for_business(void *arg, enum stream_end how,
			      const char *missing)
{
	struct engine *e = arg;

	(void)how; /* it waited for as long as it took */
	(void)missing;
	e->recovery.stream = stream_free(e->recovery.stream);
	e->phase = PHASE_OPEN;
	if (ledger_gaps(e->ledger) && !e->accept_gaps)
		engine_log(e, LOG_WARNING, LOG_EVENT_NONE, NULL,
			   "%" PRIu64 " serials are missing, the first is %" PRIu64
			   ": no transfers are taken until the configuration "
			   "says \"accept_gaps = yes\".",
			   ledger_gaps(e->ledger), ledger_first_gap(e->ledger));
	e->io.state_changed(e->io.ctx);
}

static const struct stream_ops load_ops = {
	.record = load_record,
	.ended = open_for_business,
};

static void load(struct engine *e)
{
	struct stream_query q = { .upto = INT64_MAX,
				  .everything = true,
				  .endless = true };

	e->phase = PHASE_LOADING;
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
	message_put_claim(&w, &m);
	call_send(c, FRAME_CLAIM, 0, &w);
}

static bool all_claimed(const struct engine *e)
{
	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].lost && !e->link[i].claimed)
			return false;
	return true;
}

static void claimed(struct engine *e, struct link *l)
{
	l->claimed = true;
	placement_retry(e);
	if (e->phase != PHASE_CLAIMING || !all_claimed(e))
		return;
	engine_log(e, LOG_INFO, LOG_EVENT_EPOCH_CLAIMED, NULL,
		   "Epoch %" PRIu64 " claimed on all backends.", e->epoch);
	load(e);
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

void recovery_claim(struct engine *e, struct link *l)
{
	struct call *c = &e->recovery.claim[l->index];

	if (!call_outstanding(c))
		call_start(c, l, &claim_ops, INT64_MAX, PATIENCE_ENDLESS,
			   true);
}

static void claim_all(struct engine *e)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < e->links; i++)
		if (e->link[i].promised > highest)
			highest = e->link[i].promised;
	e->epoch = highest + 1;
	e->phase = PHASE_CLAIMING;
	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].lost)
			recovery_claim(e, &e->link[i]);
}

/* A backend may have forgotten us, or seem to: an old answer came late. */
static void claim_missing(struct engine *e)
{
	for (size_t i = 0; i < e->links; i++)
		if (e->link[i].up && !e->link[i].claimed)
			recovery_claim(e, &e->link[i]);
}

void recovery_advance(struct engine *e)
{
	switch (e->phase) {
	case PHASE_ASKING:
		for (size_t i = 0; i < e->links; i++)
			if (!e->link[i].lost && !e->link[i].seen)
				return;
		claim_all(e);
		return;
	case PHASE_CLAIMING:
	case PHASE_LOADING:
	case PHASE_OPEN:
		claim_missing(e);
		return;
	case PHASE_STOPPED:
	case PHASE_ENDING:
		return;
	}
}
