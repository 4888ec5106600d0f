/* SPDX-License-Identifier: MIT */
/*
 * Records on their way to one backend.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/shipment.h"

/* What a small datagram costs a socket buffer beyond its bytes. */
#define DATAGRAM_COST 1024

static const struct call_ops append_ops;

void shipment_init(struct shipment *s)
{
	list_init(&s->call.node);
}

void shipment_end(struct shipment *s)
{
	call_end(&s->call);
}

static bool missing(const struct shipment *s, uint32_t fragment)
{
	return s->missing[fragment / 8] & (0x80 >> fragment % 8);
}

static bool any_missing(const struct shipment *s)
{
	for (uint32_t i = 0; i < s->fragments; i++)
		if (missing(s, i))
			return true;
	return false;
}

/* Cut the lines where they fit a datagram; each fragment is of whole lines. */
static void cut_fragments(struct shipment *s, const struct link *l)
{
	size_t room = message_append_room(l->room, s->of_len);
	const struct buf *lines = s->lines;
	size_t start = 0;

	s->fragments = 0;
	while (start < lines->len) {
		size_t end = lines->len;

		if (end - start > room) {
			const uint8_t *last;

			last = memrchr(lines->data + start, '\n', room);
			assert(last);
			end = (size_t)(last - lines->data) + 1;
		}
		assert(s->fragments < MESSAGE_FRAGMENTS_MAX);
		s->cut[s->fragments++] = (uint32_t)start;
		start = end;
	}
	s->cut[s->fragments] = (uint32_t)lines->len;
	memset(s->missing, 0, sizeof(s->missing));
	for (uint32_t i = 0; i < s->fragments; i++)
		s->missing[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static void send_fragment(struct shipment *s, uint32_t fragment,
			  bool acknowledge)
{
	struct writer w = call_writer(&s->call);

	message_put_append(
		&w, &(struct message_append){
			    .first = s->first,
			    .records = s->records,
			    .fragments = (uint16_t)s->fragments,
			    .acknowledge = acknowledge,
			    .refill = s->refill,
			    .holds = s->holds,
			    .of = { s->of, s->of_len },
			    .lines = { (const char *)s->lines->data +
					       s->cut[fragment],
				       s->cut[fragment + 1] -
					       s->cut[fragment] },
		    });
	call_send(&s->call, FRAME_APPEND, fragment, &w);
}

/* As many missing fragments as the receiver's buffer holds; the last asks. */
static void append_transmit(struct call *call)
{
	struct shipment *s = list_entry(call, struct shipment, call);
	uint32_t burst[MESSAGE_FRAGMENTS_MAX];
	size_t budget = call->link->window;
	size_t n = 0;

	for (uint32_t i = 0; i < s->fragments; i++) {
		size_t cost = s->cut[i + 1] - s->cut[i] + DATAGRAM_COST;

		if (!missing(s, i))
			continue;
		if (n && cost > budget)
			break;
		budget -= cost < budget ? cost : budget;
		burst[n++] = i;
	}
	for (size_t i = 0; i < n; i++)
		send_fragment(s, burst[i], i + 1 == n);
	/* All there, but not on disk yet when it was asked: ask again. */
	if (!n)
		send_fragment(s, s->fragments - 1, true);
}

void shipment_send(struct shipment *s, struct link *l,
		   const struct shipment_ops *ops)
{
	s->ops = ops;
	s->holds = link_floor(l).records;
	cut_fragments(s, l);
	call_start(&s->call, l, &append_ops, INT64_MAX, 0, true);
}

static void fragments_acknowledged(struct shipment *s,
				   const struct message_appended *m)
{
	if (m->fragments != s->fragments)
		return;
	memcpy(s->missing, m->missing.p, (s->fragments + 7) / 8);
	call_progress(&s->call);
	if (any_missing(s))
		append_transmit(&s->call);
}

static void append_refused(struct shipment *s, const struct frame *f)
{
	struct message_error m;

	if (message_get_error(f->payload, &m) < 0 ||
	    (m.code != MESSAGE_ERROR_FULL && m.code != MESSAGE_ERROR_CONFLICT))
		return;
	call_end(&s->call);
	s->ops->refused(s, m.code, m.sentence);
}

static void append_answer(struct call *call, const struct frame *f)
{
	struct shipment *s = list_entry(call, struct shipment, call);
	struct message_appended m;

	if (f->type == FRAME_ERROR) {
		append_refused(s, f);
		return;
	}
	if (f->type != FRAME_APPENDED || f->epoch != call->link->engine->epoch ||
	    message_get_appended(f->payload, &m) < 0 || m.first != s->first)
		return;
	if (m.durable) {
		call_end(&s->call);
		link_synced(call->link, m.sync_usec);
		s->ops->durable(s);
	} else {
		fragments_acknowledged(s, &m);
	}
}

static void append_failed(struct call *call)
{
	struct shipment *s = list_entry(call, struct shipment, call);

	s->ops->failed(s);
}

static const struct call_ops append_ops = {
	.transmit = append_transmit,
	.answer = append_answer,
	.failed = append_failed,
};
