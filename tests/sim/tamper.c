/* SPDX-License-Identifier: MIT */
/*
 * Deliberate bugs on the network: datagrams rewritten, with the key, as if the
 * process that sent or takes them had made the mistake.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire/message.h"
#include "world.h"

/* One datagram on its way. */
struct passing {
	struct world *world;
	int main;
	int backend;
	struct seen_requests *seen;
	struct frame frame;
	char block[FRAME_BLOCK_SIZE];
	uint8_t *data;
	size_t len;
};

static void encode(struct passing *p)
{
	struct frame_key key;
	int len;

	network_key(&key);
	len = frame_encode(&p->frame, &key, p->data, FRAME_SIZE_MAX);
	if (len < 0)
		abort();
	p->len = (size_t)len;
}

/* The newest request of the main daemon in each kind, and its epoch. */
static void note_request(struct passing *p)
{
	p->seen->epoch = p->frame.epoch;
	p->seen->request[p->frame.type] = p->frame.request;
}

/* An old main daemon's requests are taken for those of the new one. */
static void raise_epoch(struct passing *p)
{
	struct backend_node *n = &p->world->backend[p->backend];
	struct store_state state;

	if (!n->alive || p->frame.type == FRAME_CLAIM ||
	    p->frame.type == FRAME_PING || !p->frame.epoch)
		return;
	n->store->ops->state(n->store, &state);
	if (p->frame.epoch >= state.epoch)
		return;
	p->frame.epoch = state.epoch;
	encode(p);
}

static void lower_epoch(struct passing *p)
{
	if (p->frame.type == FRAME_PONG || p->frame.type == FRAME_PROMISE ||
	    p->frame.type == FRAME_ERROR || !p->seen->epoch ||
	    p->frame.epoch <= p->seen->epoch)
		return;
	p->frame.epoch = p->seen->epoch;
	encode(p);
}

/* A batch is acknowledged before the backend has seen it. */
static void forge_ack(struct passing *p)
{
	uint8_t out[FRAME_SIZE_MIN];
	struct message_append m;
	struct passing answer = *p;
	struct writer w = writer_of(out + FRAME_HEADER_SIZE,
				    sizeof(out) - FRAME_OVERHEAD);

	if (p->frame.type != FRAME_APPEND ||
	    message_get_append(p->frame.payload, &m) < 0)
		return;
	message_put_appended(&w, &(struct message_appended){
					 .first = m.first, .durable = true });
	answer.data = out;
	answer.frame.type = FRAME_APPENDED;
	answer.frame.position = 0;
	answer.frame.payload = (struct slice){ (const char *)w.start,
					       writer_len(&w) };
	encode(&answer);
	network_transmit(p->world, p->main, p->backend, false, out, answer.len);
}

/* Of what question is this an answer? */
static enum frame_type question(enum frame_type answer)
{
	switch ((int)answer) {
	case FRAME_RECORDS:
		return FRAME_FETCH;
	case FRAME_PARTNERS:
		return FRAME_STATS;
	case FRAME_TOTAL:
		return FRAME_SUM;
	default:
		return 0;
	}
}

/* An answer is taken for that to the newest question of its kind. */
static void cross_answer(struct passing *p)
{
	uint64_t newest = p->seen->request[question(p->frame.type)];

	if (!question(p->frame.type) || newest == p->frame.request)
		return;
	p->frame.request = newest;
	encode(p);
}

/* A lease is granted to whom the backend refused it. */
static void forge_lease(struct passing *p)
{
	struct message_state m;
	struct writer w;

	if (p->frame.type != FRAME_PONG || !p->seen->epoch ||
	    p->frame.epoch <= p->seen->epoch ||
	    message_get_state(p->frame.payload, &m) < 0)
		return;
	m.leased = true;
	p->frame.epoch = p->seen->epoch;
	w = writer_of(p->data + FRAME_HEADER_SIZE,
		      FRAME_SIZE_MIN - FRAME_OVERHEAD);
	message_put_state(&w, &m);
	encode(p);
}

static void tamper_request(struct passing *p)
{
	note_request(p);
	if (bug_on(BUG_OLD_EPOCH_ACCEPTED))
		raise_epoch(p);
	if (bug_on(BUG_ACK_FORGED))
		forge_ack(p);
}

static void tamper_answer(struct passing *p)
{
	if (bug_on(BUG_OLD_EPOCH_ACCEPTED))
		lower_epoch(p);
	if (bug_on(BUG_ANSWERS_CROSSED))
		cross_answer(p);
	if (bug_on(BUG_LEASE_FORGED))
		forge_lease(p);
}

size_t tamper(struct world *w, int main, int backend, bool to_backend,
	      uint8_t *data, size_t len)
{
	struct passing p = { .world = w,
			     .main = main,
			     .backend = backend,
			     .seen = &w->seen[main][backend],
			     .data = data,
			     .len = len };
	struct frame_key key;

	if (!bug_on(BUG_OLD_EPOCH_ACCEPTED) && !bug_on(BUG_ACK_FORGED) &&
	    !bug_on(BUG_ANSWERS_CROSSED) && !bug_on(BUG_LEASE_FORGED))
		return len;
	network_key(&key);
	if (frame_decode((struct slice){ (const char *)data, len }, &key,
			 &p.frame) != FRAME_GOOD)
		abort();
	/* The block's name must not lie where it is written to. */
	memcpy(p.block, p.frame.block.p, p.frame.block.len);
	p.frame.block.p = p.block;
	if (to_backend)
		tamper_request(&p);
	else
		tamper_answer(&p);
	return p.len;
}
