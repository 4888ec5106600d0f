/* SPDX-License-Identifier: MIT */
/*
 * Judges datagrams, keeps epochs and leases, and sends the answers.  Nothing
 * that is not authentic and for this block is answered, so nothing can be
 * amplified or guessed from outside.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "backend/collector.h"
#include "backend/responder.h"
#include "backend/responder_internal.h"

/* Epochs end here: one bit is left to tell a wild number from a high one. */
#define EPOCH_MAX ((uint64_t)INT64_MAX)
/* Of a sentence for the log: it may name a file. */
#define SENTENCE_SIZE 1024

static struct store_state state_of(const struct responder *r)
{
	struct store_state state;

	r->store->ops->state(r->store, &state);
	return state;
}

int responder_new(const struct responder_config *config,
		  const struct responder_io *io, struct store *store,
		  struct responder **ret)
{
	_cleanup_(responder_freep) struct responder *r = NULL;
	int error;

	assert(config->block.len >= 1 && config->block.len <= FRAME_BLOCK_SIZE);
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;

	r->refills.refill = true;
	error = collector_new(&r->batches.collector);
	if (error < 0)
		return error;
	error = collector_new(&r->refills.collector);
	if (error < 0)
		return error;

	r->io = *io;
	r->store = store;
	r->instance = config->instance;
	r->block_len = config->block.len;
	memcpy(r->block, config->block.p, config->block.len);
	r->contested_until = INT64_MIN;
	/* The process before this one may have granted a lease. */
	if (state_of(r).epoch > 0)
		r->lease_until = config->locked + LEASE_USEC;
	responder_reconfigure(r, &config->key, config->datagram_room);

	*ret = TAKE_PTR(r);
	return 0;
}

struct responder *responder_free(struct responder *r)
{
	if (!r)
		return NULL;

	(void)collector_free(r->batches.collector);
	(void)collector_free(r->refills.collector);
	buf_done(&r->partners.key);
	buf_done(&r->partners.entries);
	free(r->partners.at);
	explicit_bzero(&r->key, sizeof(r->key));
	free(r);
	return NULL;
}

void responder_reconfigure(struct responder *r, const struct frame_key *key,
			   uint32_t datagram_room)
{
	assert(datagram_room >= FRAME_SIZE_MIN);
	assert(datagram_room <= FRAME_SIZE_MAX);
	r->key = *key;
	r->room = datagram_room;
}

const struct responder_counters *responder_counters(const struct responder *r)
{
	return &r->counters;
}

void responder_missed(struct responder *r)
{
	r->counters.missed++;
}

struct writer responder_payload(struct responder *r, size_t room)
{
	assert(room >= FRAME_OVERHEAD && room <= sizeof(r->out));
	return writer_of(r->out + FRAME_HEADER_SIZE, room - FRAME_OVERHEAD);
}

void responder_send(struct responder *r, const struct asker *to,
		    enum frame_type type, uint64_t position,
		    const struct writer *w)
{
	const struct frame f = {
		.type = type,
		.block = { r->block, r->block_len },
		.epoch = state_of(r).epoch,
		.request = to->request,
		.position = position,
		.payload = { (const char *)w->start, writer_len(w) },
	};
	int len;

	/* Every answer has a largest size below that of its datagram. */
	assert(!w->bad);
	len = frame_encode(&f, &r->key, r->out, sizeof(r->out));
	assert(len > 0);

	r->counters.answered++;
	r->io.send(r->io.ctx, &to->peer, r->out, (size_t)len);
}

void responder_refuse(struct responder *r, const struct asker *to,
		      enum message_error_code code, const char *sentence)
{
	struct writer w = responder_payload(r, FRAME_SIZE_MIN);
	const struct message_error m = { code, slice_of(sentence) };

	message_put_error(&w, &m);
	responder_send(r, to, FRAME_ERROR, 0, &w);
}

void responder_malformed(struct responder *r, const struct asker *to,
			 const char *sentence)
{
	r->counters.malformed++;
	responder_refuse(r, to, MESSAGE_ERROR_MALFORMED, sentence);
}

void responder_fatal(struct responder *r, int error, const char *sentence)
{
	r->dead = true;
	r->io.fatal(r->io.ctx, error, sentence);
}

void responder_log(struct responder *r, int priority, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);

	r->io.log(r->io.ctx, priority, sentence);
}

static uint64_t dropped(const struct responder *r)
{
	const struct responder_counters *c = &r->counters;
	uint64_t sum = c->other_block + c->unexpected + c->missed;

	for (size_t i = 0; i < FRAME_FAULTS; i++)
		sum += c->fault[i];
	return sum;
}

static void send_state(struct responder *r, const struct request *q,
		       enum frame_type type, bool leased)
{
	const struct store_state state = state_of(r);
	struct writer w = responder_payload(r, FRAME_SIZE_MIN);
	const struct message_state m = {
		.instance = r->instance,
		.last_serial = state.last_serial,
		.records = state.records,
		.full = state.full || responder_is_slow(r, q->now),
		.leased = leased,
		.dropped = dropped(r),
	};

	message_put_state(&w, &m);
	responder_send(r, &q->from, type, 0, &w);
}

static void on_ping(struct responder *r, const struct request *q)
{
	struct message_ping m;
	bool leased;

	if (message_get_ping(q->frame->payload, &m) < 0) {
		responder_malformed(r, &q->from, "not a PING");
		return;
	}

	leased = m.lease && q->frame->epoch == q->state->epoch &&
		 q->state->epoch > 0 && r->contested_until <= q->now;
	if (leased)
		r->lease_until = q->now + LEASE_USEC;

	send_state(r, q, FRAME_PONG, leased);
}

static void send_fenced(struct responder *r, const struct request *q)
{
	r->counters.fenced++;
	responder_refuse(r, &q->from, MESSAGE_ERROR_FENCED,
			 "a higher epoch is promised");
}

/*
 * The block was declared lost, and the others went on without it: what it holds
 * may contradict them.  This comes before the promise: if we end in between,
 * the same claim comes again and finds nothing to set aside.  Once promised, the
 * epoch keeps it from being done twice.
 */
static int begin_empty(struct responder *r)
{
	_cleanup_(freep) char *aside = NULL;
	int error;

	error = r->store->ops->begin_empty(r->store, &aside);
	if (error < 0) {
		responder_fatal(r, error, "cannot set the records aside");
		return error;
	}

	/* Whatever is known of the records is known of those set aside. */
	responder_forget_batches(r);
	responder_forget_partners(r, 0);
	if (aside)
		responder_log(r, LOG_WARNING,
			      "was declared lost and begins empty; its records "
			      "are now in %s", aside);
	return 0;
}

/* Refusals of one claim repeat with it; the log has it once. */
static void refuse_promise(struct responder *r, const struct request *q)
{
	static const char why[] = "no room to store the promised epoch";

	if (q->frame->epoch > r->unpromised) {
		r->unpromised = q->frame->epoch;
		responder_log(r, LOG_ERR,
			      "epoch %" PRIu64 " is not promised: %s",
			      q->frame->epoch, why);
	}
	responder_refuse(r, &q->from, MESSAGE_ERROR_FULL, why);
}

/* A higher epoch, and nobody's lease in the way: from now on it is this one. */
static void promise(struct responder *r, const struct request *q,
		    const struct message_claim *m)
{
	int error;

	/* What it has promised since, it was part of. */
	if (m->lost_in > 0 && q->state->epoch <= m->lost_in &&
	    begin_empty(r) < 0)
		return;

	error = r->store->ops->promise(r->store, q->frame->epoch, m->nonce);
	if (error == -ENOSPC) {
		refuse_promise(r, q);
		return;
	}
	if (error < 0) {
		responder_fatal(r, error, "cannot store the promised epoch");
		return;
	}

	r->lease_until = INT64_MIN;
	r->contested_until = INT64_MIN;
	responder_forget_batches(r);
	responder_log(r, LOG_INFO, "epoch %" PRIu64 " is promised",
		      q->frame->epoch);
	send_state(r, q, FRAME_PROMISE, false);
}

static void claim_higher(struct responder *r, const struct request *q,
			 const struct message_claim *m, bool same)
{
	if (same || r->lease_until <= q->now) {
		promise(r, q, m);
		return;
	}
	/* A busy main daemon would else renew its lease for ever. */
	r->contested_until = q->now + LEASE_CONTESTED_USEC;
	responder_refuse(r, &q->from, MESSAGE_ERROR_LEASED,
			 "another main daemon has a lease");
}

static void on_claim(struct responder *r, const struct request *q)
{
	const uint64_t epoch = q->frame->epoch;
	struct message_claim m;
	bool same;

	if (message_get_claim(q->frame->payload, &m) < 0 || epoch == 0 ||
	    epoch > EPOCH_MAX) {
		responder_malformed(r, &q->from, "not a CLAIM");
		return;
	}

	/*
	 * What is on its way to the disk belongs to the epoch before and must
	 * be seen in the state that we answer with: the claimer asks again.
	 */
	if (r->syncing)
		return;

	same = memcmp(m.nonce, q->state->nonce, sizeof(m.nonce)) == 0;
	if (epoch > q->state->epoch)
		claim_higher(r, q, &m, same);
	else if (epoch == q->state->epoch && same)
		send_state(r, q, FRAME_PROMISE, false);
	else
		send_fenced(r, q);
}

/* Only the main daemon that was promised this epoch is served. */
static bool is_of_epoch(struct responder *r, const struct request *q)
{
	const uint64_t epoch = q->frame->epoch;

	if (epoch < q->state->epoch) {
		send_fenced(r, q);
		return false;
	}

	if (epoch > q->state->epoch || epoch == 0) {
		responder_refuse(r, &q->from, MESSAGE_ERROR_UNCLAIMED,
				 "that epoch was never claimed here");
		return false;
	}

	return true;
}

struct handler {
	void (*handle)(struct responder *r, const struct request *q);
	bool of_epoch; /* only within the promised epoch */
};

static const struct handler handlers[] = {
	[FRAME_PING] = { on_ping, false },
	[FRAME_CLAIM] = { on_claim, false },
	[FRAME_APPEND] = { responder_append, true },
	[FRAME_FETCH] = { responder_fetch, true },
	[FRAME_STATS] = { responder_stats, true },
	[FRAME_SUM] = { responder_sum, true },
};

static void dispatch(struct responder *r, const struct request *q)
{
	const size_t type = (size_t)q->frame->type;

	/* What only we send cannot be for us. */
	if (type >= ELEMENTS(handlers) || !handlers[type].handle) {
		r->counters.unexpected++;
		return;
	}

	if (!handlers[type].of_epoch || is_of_epoch(r, q))
		handlers[type].handle(r, q);
}

void responder_datagram(struct responder *r, const struct responder_peer *from,
			struct slice datagram, int64_t now)
{
	const struct slice block = { r->block, r->block_len };
	const struct store_state state = state_of(r);
	enum frame_fault fault;
	struct frame f;

	if (r->dead)
		return;

	r->counters.received++;
	fault = frame_decode(datagram, &r->key, &f);
	if (fault != FRAME_GOOD) {
		r->counters.fault[fault]++;
		return;
	}

	if (!slice_equal(f.block, block)) {
		r->counters.other_block++;
		return;
	}

	dispatch(r, &(const struct request){
			    .from = { *from, f.request },
			    .frame = &f,
			    .state = &state,
			    .now = now,
		    });
}
