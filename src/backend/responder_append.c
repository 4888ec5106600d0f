/* SPDX-License-Identifier: MIT */
/*
 * Batches: collect, append, wait for the disk, acknowledge.  One is being
 * synced at a time; the fragments of the next may be collected meanwhile.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "backend/responder_internal.h"

void responder_forget_batches(struct responder *r)
{
	collector_clear(r->collector);
	r->durable = (struct batch){ 0 };
	r->newest = 0;
	r->refused = 0;
}

static void acknowledge(struct responder *r, const struct asker *to,
			uint64_t first)
{
	struct writer w = responder_payload(r, FRAME_SIZE_MIN);
	const struct message_appended m = { .first = first, .durable = true };

	message_put_appended(&w, &m);
	responder_send(r, to, FRAME_APPENDED, 0, &w);
}

static void tell_missing(struct responder *r, const struct asker *to)
{
	const struct collector_batch b = collector_batch(r->collector);
	struct writer w = responder_payload(r, FRAME_SIZE_MIN);
	uint8_t map[COLLECTOR_MAP_SIZE];
	const struct message_appended m = {
		.first = b.first,
		.fragments = b.fragments,
		.missing = { (const char *)map,
			     collector_missing(r->collector, map) },
	};

	message_put_appended(&w, &m);
	responder_send(r, to, FRAME_APPENDED, 0, &w);
}

/* Refusals of one batch repeat with its datagrams; the log has it once. */
static void log_refusal(struct responder *r, const struct batch *b,
			const char *why)
{
	if (b->request <= r->refused)
		return;

	r->refused = b->request;
	responder_log(r, LOG_WARNING,
		      "refused %" PRIu32 " records from serial %" PRIu64 ": %s",
		      b->records, b->first, why);
}

static const struct {
	int error;
	enum message_error_code code;
	const char *sentence;
} refusals[] = {
	{ -ENOSPC, MESSAGE_ERROR_FULL, "no room for this batch" },
	{ -EEXIST, MESSAGE_ERROR_CONFLICT,
	  "below the last serial, and not what is held here" },
	{ -EBADMSG, MESSAGE_ERROR_MALFORMED, "not the records it says it has" },
};

/* The store did not take it: a refusal that it foresees, or the end. */
static void refuse_batch(struct responder *r, const struct batch *b, int error)
{
	for (size_t i = 0; i < ELEMENTS(refusals); i++) {
		if (refusals[i].error != error)
			continue;
		log_refusal(r, b, refusals[i].sentence);
		responder_refuse(r, &r->collecting_for, refusals[i].code,
				 refusals[i].sentence);
		return;
	}

	responder_fatal(r, error, "cannot append to the block");
}

static void set_durable(struct responder *r, const struct asker *to,
			const struct batch *b)
{
	r->durable = *b;
	acknowledge(r, to, b->first);
}

static void start_sync(struct responder *r, const struct batch *b)
{
	r->syncing = true;
	r->in_sync = *b;
	r->syncing_for = r->collecting_for;
	/* May be over when it returns. */
	r->io.sync(r->io.ctx);
}

/* The whole batch goes to the store; the collector is free for the next. */
static void append_collected(struct responder *r)
{
	const struct collector_batch c = collector_batch(r->collector);
	const struct batch b = { c.request, c.first, c.records };
	struct slice lines;
	bool held = false;
	int error;

	error = collector_lines(r->collector, &lines);
	if (error < 0) {
		/* Not said to be durable, so it will come again. */
		collector_clear(r->collector);
		return;
	}

	error = r->store->ops->append(r->store, b.first, b.records, c.of, lines,
				      &held);
	collector_clear(r->collector);
	if (error < 0)
		refuse_batch(r, &b, error);
	else if (held)
		set_durable(r, &r->collecting_for, &b);
	else
		start_sync(r, &b);
}

void responder_synced(struct responder *r, int error, int64_t now)
{
	struct store_state before;

	(void)now;
	r->syncing = false;
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

	r->counters.batches++;
	r->counters.records += r->in_sync.records;
	responder_forget_partners(r, before.last_serial);
	set_durable(r, &r->syncing_for, &r->in_sync);

	/* The next one may have become whole in the meantime. */
	if (collector_is_whole(r->collector))
		append_collected(r);
}

static bool is_batch(const struct batch *b, const struct request *q,
		     const struct message_append *m)
{
	return b->records > 0 && b->records == m->records &&
	       b->first == m->first && b->request == q->from.request;
}

/* Part of a batch that is durable or about to be? */
static bool is_known(struct responder *r, const struct request *q,
		     const struct message_append *m)
{
	if (r->syncing && is_batch(&r->in_sync, q, m)) {
		r->syncing_for = q->from;
		return true;
	}

	if (!is_batch(&r->durable, q, m))
		return false;
	if (m->acknowledge)
		acknowledge(r, &q->from, m->first);
	return true;
}

static void collect(struct responder *r, const struct request *q,
		    const struct message_append *m)
{
	enum collector_status status;

	/* Without memory it is as if the datagram had been lost. */
	if (collector_add(r->collector, q->from.request, q->frame->position, m,
			  &status) < 0)
		return;

	if (status == COLLECTOR_TAKEN || status == COLLECTOR_WHOLE) {
		r->newest = q->from.request;
		r->collecting_for = q->from;
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
			tell_missing(r, &q->from);
		return;
	case COLLECTOR_WHOLE:
		if (!r->syncing)
			append_collected(r);
		return;
	}
}

void responder_append(struct responder *r, const struct request *q)
{
	struct message_append m;

	if (message_get_append(q->frame->payload, &m) < 0) {
		responder_malformed(r, &q->from, "not an APPEND");
		return;
	}

	/* Delayed or replayed: main has begun another batch since. */
	if (q->from.request < r->newest)
		return;

	if (!is_known(r, q, &m))
		collect(r, q, &m);
}
