/* SPDX-License-Identifier: MIT */
/*
 * Batches and refills: collect, append, wait for the disk, acknowledge.  One
 * of them is being synced at a time; the fragments of the next batch and of the
 * next refill may be collected meanwhile.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "backend/responder_internal.h"

static void forget(struct intake *in)
{
	collector_clear(in->collector);
	in->durable = (struct batch){ 0 };
	in->newest = 0;
	in->refused = 0;
}

void responder_forget_batches(struct responder *r)
{
	forget(&r->batches);
	forget(&r->refills);
}

bool responder_is_slow(const struct responder *r, int64_t now)
{
	return r->syncing && now - r->sync_begun >= SYNC_PATIENCE_USEC;
}

bool responder_settle_refills(struct responder *r, uint64_t request)
{
	struct intake *in = &r->refills;

	if (r->syncing == in)
		return false;
	if (request > in->newest) {
		collector_clear(in->collector);
		in->newest = request;
	}
	return true;
}

static void acknowledge(struct responder *r, const struct asker *to,
			const struct batch *b)
{
	struct writer w = responder_payload(r, FRAME_SIZE_MIN);
	const struct message_appended m = {
		.first = b->first,
		.durable = true,
		.sync_usec = b->sync_usec,
	};

	message_put_appended(&w, &m);
	responder_send(r, to, FRAME_APPENDED, 0, &w);
}

static void tell_missing(struct responder *r, const struct intake *in,
			 const struct asker *to)
{
	const struct collector_batch b = collector_batch(in->collector);
	struct writer w = responder_payload(r, FRAME_SIZE_MIN);
	uint8_t map[COLLECTOR_MAP_SIZE];
	const struct message_appended m = {
		.first = b.first,
		.fragments = b.fragments,
		.missing = { (const char *)map,
			     collector_missing(in->collector, map) },
	};

	message_put_appended(&w, &m);
	responder_send(r, to, FRAME_APPENDED, 0, &w);
}

/* Refusals of one batch repeat with its datagrams; the log has it once. */
static void log_refusal(struct responder *r, struct intake *in,
			const struct batch *b, const char *why)
{
	if (b->request <= in->refused)
		return;

	in->refused = b->request;
	responder_log(r, LOG_WARNING,
		      "refused %" PRIu32 " records from serial %" PRIu64 ": %s",
		      b->records, b->first, why);
}

static const struct {
	int error;
	enum message_error_code code;
	const char *of_batch;
	const char *of_refill;
} refusals[] = {
	{ -ENOSPC, MESSAGE_ERROR_FULL, "no room for this batch",
	  "no room for this refill" },
	{ -EEXIST, MESSAGE_ERROR_CONFLICT,
	  "below the last serial, and not what is held here",
	  "a refill, and not what is held here" },
	{ -EBADMSG, MESSAGE_ERROR_MALFORMED, "not the records it says it has",
	  "a refill, and not the records it says it has" },
};

/* The store did not take it: a refusal that it foresees, or the end. */
static void refuse_batch(struct responder *r, struct intake *in,
			 const struct batch *b, int error)
{
	for (size_t i = 0; i < ELEMENTS(refusals); i++) {
		const char *why = in->refill ? refusals[i].of_refill :
					       refusals[i].of_batch;

		if (refusals[i].error != error)
			continue;
		log_refusal(r, in, b, why);
		responder_refuse(r, &in->collecting_for, refusals[i].code, why);
		return;
	}

	responder_fatal(r, error, "cannot append to the block");
}

static void set_durable(struct responder *r, struct intake *in,
			const struct asker *to, const struct batch *b)
{
	in->durable = *b;
	acknowledge(r, to, b);
}

static void start_sync(struct responder *r, struct intake *in,
		       const struct batch *b, int64_t now)
{
	r->syncing = in;
	r->in_sync = *b;
	r->sync_begun = now;
	r->syncing_for = in->collecting_for;
	/* May be over when it returns. */
	r->io.sync(r->io.ctx);
}

static int give_to_store(struct responder *r, const struct intake *in,
			 struct slice lines, bool *ret_held)
{
	const struct collector_batch c = collector_batch(in->collector);

	if (in->refill)
		return r->store->ops->refill(r->store, c.records, lines,
					     ret_held);
	return r->store->ops->append(r->store, c.first, c.records, c.of, lines,
				     ret_held);
}

/* The whole batch goes to the store; the collector is free for the next. */
static void append_collected(struct responder *r, struct intake *in,
			     int64_t now)
{
	const struct collector_batch c = collector_batch(in->collector);
	const struct batch b = { c.request, c.first, c.records, 0 };
	struct slice lines;
	bool held = false;
	int error;

	error = collector_lines(in->collector, &lines);
	if (error < 0) {
		/* Not said to be durable, so it will come again. */
		collector_clear(in->collector);
		return;
	}

	error = give_to_store(r, in, lines, &held);
	collector_clear(in->collector);
	if (error < 0)
		refuse_batch(r, in, &b, error);
	else if (held)
		set_durable(r, in, &in->collecting_for, &b);
	else
		start_sync(r, in, &b, now);
}

/* Clients wait for a batch, nobody for a refill. */
static void append_waiting(struct responder *r, int64_t now)
{
	struct intake *const in_order[] = { &r->batches, &r->refills };

	for (size_t i = 0; i < ELEMENTS(in_order); i++)
		if (!r->syncing && !r->dead &&
		    collector_is_whole(in_order[i]->collector))
			append_collected(r, in_order[i], now);
}

/* What was synced is shown from now on. */
static void account(struct responder *r, const struct intake *in,
		    uint64_t last_serial)
{
	r->counters.records += r->in_sync.records;
	if (in->refill) {
		r->counters.refills++;
		/* Its records may lie below those that were summed up. */
		responder_forget_partners(r, 0);
	} else {
		r->counters.batches++;
		responder_forget_partners(r, last_serial);
	}
}

/* As APPENDED bears it: there was a sync, however quick, so never 0. */
static uint32_t sync_usec(int64_t took)
{
	if (took < 1)
		return 1;
	return took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
}

void responder_synced(struct responder *r, int error, int64_t took, int64_t now)
{
	struct intake *in = r->syncing;
	struct store_state before;

	assert(in);
	r->syncing = NULL;
	if (error < 0) {
		responder_fatal(r, error, "cannot make the block durable");
		return;
	}

	r->store->ops->state(r->store, &before);
	error = r->store->ops->publish(r->store);
	if (error < 0) {
		responder_fatal(r, error, "cannot show what was appended");
		return;
	}

	account(r, in, before.last_serial);
	r->in_sync.sync_usec = sync_usec(took);
	set_durable(r, in, &r->syncing_for, &r->in_sync);

	/* The next one may have become whole in the meantime. */
	append_waiting(r, now);
}

static bool is_batch(const struct batch *b, const struct request *q,
		     const struct message_append *m)
{
	return b->records > 0 && b->records == m->records &&
	       b->first == m->first && b->request == q->from.request;
}

/*
 * The disk stalls, and reads go on: without this word the main daemon would take
 * us for well and wait.  What is on its way to the disk may get there all the
 * same.
 */
static bool refuse_while_slow(struct responder *r, const struct request *q,
			      const struct message_append *m)
{
	if (!responder_is_slow(r, q->now))
		return false;
	if (m->acknowledge)
		responder_refuse(r, &q->from, MESSAGE_ERROR_FULL,
				 "its disk takes long");
	return true;
}

/* Part of a batch that is durable or about to be? */
static bool is_known(struct responder *r, const struct intake *in,
		     const struct request *q, const struct message_append *m)
{
	if (r->syncing == in && is_batch(&r->in_sync, q, m)) {
		r->syncing_for = q->from;
		(void)refuse_while_slow(r, q, m);
		return true;
	}

	if (!is_batch(&in->durable, q, m))
		return false;
	if (m->acknowledge)
		acknowledge(r, &q->from, &in->durable);
	return true;
}

/*
 * Sent when there were more records than there are now: the block was lost in
 * the meantime, promise and all.  With some of them it would not look so.
 */
static bool is_for_another_block(struct responder *r, struct intake *in,
				 const struct request *q,
				 const struct message_append *m)
{
	const struct batch b = { q->from.request, m->first, m->records, 0 };

	if (q->state->records >= m->holds)
		return false;
	log_refusal(r, in, &b, "the block held more when they were sent");
	return true;
}

static void collect(struct responder *r, struct intake *in,
		    const struct request *q, const struct message_append *m)
{
	enum collector_status status;

	/* Without memory it is as if the datagram had been lost. */
	if (collector_add(in->collector, q->from.request, q->frame->position, m,
			  &status) < 0)
		return;

	if (status == COLLECTOR_TAKEN || status == COLLECTOR_WHOLE) {
		in->newest = q->from.request;
		in->collecting_for = q->from;
	}

	switch (status) {
	case COLLECTOR_STALE:
	case COLLECTOR_CONTRADICTORY:
		return;
	case COLLECTOR_MALFORMED:
		responder_malformed(r, &q->from, "not a part of a batch");
		return;
	case COLLECTOR_TAKEN:
		if (m->acknowledge)
			tell_missing(r, in, &q->from);
		return;
	case COLLECTOR_WHOLE:
		if (!r->syncing)
			append_collected(r, in, q->now);
		return;
	}
}

void responder_append(struct responder *r, const struct request *q)
{
	struct message_append m;
	struct intake *in;

	if (message_get_append(q->frame->payload, &m) < 0) {
		responder_malformed(r, &q->from, "not an APPEND");
		return;
	}

	/* Delayed or replayed: main has begun another of this kind since. */
	in = m.refill ? &r->refills : &r->batches;
	if (q->from.request < in->newest)
		return;

	if (!is_known(r, in, q, &m) && !is_for_another_block(r, in, q, &m) &&
	    !refuse_while_slow(r, q, &m))
		collect(r, in, q, &m);
}
