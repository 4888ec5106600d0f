/* SPDX-License-Identifier: MIT */
/*
 * Where the batch in flight goes.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/placement.h"

/* What a small datagram costs a socket buffer beyond its bytes. */
#define DATAGRAM_COST 1024

static const struct call_ops append_ops;

void placement_init(struct engine *e)
{
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		e->commit.target[i].engine = e;
		list_init(&e->commit.target[i].call.node);
	}
}

static bool takes_batches(const struct link *l)
{
	return link_usable(l) && !l->full;
}

size_t placement_candidates(const struct engine *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->links; i++)
		n += takes_batches(&e->link[i]);
	return n;
}

bool placement_hopeless(const struct engine *e)
{
	size_t hopes = 0;

	for (size_t i = 0; i < e->links; i++) {
		const struct link *l = &e->link[i];

		if (l->lost || l->faulty || l->full)
			continue;
		hopes += l->up || e->now - l->down_since < LINK_PATIENCE;
	}
	return hopes < e->copies;
}

/* Draw one of those that take batches and are in @state; NULL: none. */
static struct link *draw(struct engine *e, enum target_state state)
{
	unsigned candidate[ENGINE_BACKENDS_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < e->links; i++)
		if (takes_batches(&e->link[i]) &&
		    e->commit.target[i].state == state)
			candidate[n++] = i;
	if (!n)
		return NULL;
	return &e->link[candidate[rng_below(&e->rng, n)]];
}

/* Fragments. */

static bool missing(const struct target *t, uint32_t fragment)
{
	return t->missing[fragment / 8] & (0x80 >> fragment % 8);
}

static bool any_missing(const struct target *t)
{
	for (uint32_t i = 0; i < t->fragments; i++)
		if (missing(t, i))
			return true;
	return false;
}

/* Cut the lines where they fit a datagram; each fragment is of whole lines. */
static void cut_fragments(struct target *t, const struct link *l,
			  const struct buf *lines)
{
	size_t room = message_append_room(l->room, t->of_len);
	size_t start = 0;

	t->fragments = 0;
	while (start < lines->len) {
		size_t end = lines->len;

		if (end - start > room) {
			const uint8_t *last;

			last = memrchr(lines->data + start, '\n', room);
			assert(last);
			end = (size_t)(last - lines->data) + 1;
		}
		assert(t->fragments < MESSAGE_FRAGMENTS_MAX);
		t->cut[t->fragments++] = (uint32_t)start;
		start = end;
	}
	t->cut[t->fragments] = (uint32_t)lines->len;
	memset(t->missing, 0, sizeof(t->missing));
	for (uint32_t i = 0; i < t->fragments; i++)
		t->missing[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static void send_fragment(struct target *t, uint32_t fragment, bool acknowledge)
{
	const struct commit *c = &t->engine->commit;
	struct writer w = call_writer(&t->call);

	message_put_append(
		&w, &(struct message_append){
			    .first = c->first,
			    .records = (uint32_t)c->flying,
			    .fragments = (uint16_t)t->fragments,
			    .acknowledge = acknowledge,
			    .of = { t->of, t->of_len },
			    .lines = { (const char *)c->lines.data +
					       t->cut[fragment],
				       t->cut[fragment + 1] -
					       t->cut[fragment] },
		    });
	call_send(&t->call, FRAME_APPEND, fragment, &w);
}

/* As many missing fragments as the receiver's buffer holds; the last asks. */
static void append_transmit(struct call *call)
{
	struct target *t = list_entry(call, struct target, call);
	uint32_t burst[MESSAGE_FRAGMENTS_MAX];
	size_t budget = call->link->window;
	size_t n = 0;

	for (uint32_t i = 0; i < t->fragments; i++) {
		size_t cost = t->cut[i + 1] - t->cut[i] + DATAGRAM_COST;

		if (!missing(t, i))
			continue;
		if (n && cost > budget)
			break;
		budget -= cost < budget ? cost : budget;
		burst[n++] = i;
	}
	for (size_t i = 0; i < n; i++)
		send_fragment(t, burst[i], i + 1 == n);
	/* All there, but not on disk yet when it was asked: ask again. */
	if (!n)
		send_fragment(t, t->fragments - 1, true);
}

/* Finding backends. */

/* A copy names those whose place it takes: everyone before it. */
static void name_homes(struct engine *e, struct target *t, size_t position)
{
	t->of_len = 0;
	for (size_t i = 0; i < position; i++) {
		struct slice name = link_name(&e->link[e->commit.order[i]]);

		if (i)
			t->of[t->of_len++] = ',';
		assert(t->of_len + name.len < sizeof(t->of));
		memcpy(t->of + t->of_len, name.p, name.len);
		t->of_len += name.len;
	}
}

static void send_to(struct engine *e, struct link *l, size_t position)
{
	struct target *t = &e->commit.target[l->index];

	e->commit.order[position] = (int)l->index;
	name_homes(e, t, position);
	t->state = TARGET_SENT;
	t->touched = true;
	cut_fragments(t, l, &e->commit.lines);
	call_start(&t->call, l, &append_ops, INT64_MAX, 0, true);
}

static void fill_places(struct engine *e)
{
	for (size_t i = 0; i < e->copies; i++) {
		struct link *l;

		if (e->commit.order[i] >= 0)
			continue;
		l = draw(e, TARGET_UNUSED);
		if (!l)
			l = draw(e, TARGET_FAILED);
		if (!l)
			return;
		send_to(e, l, i);
	}
}

void placement_start(struct engine *e)
{
	struct commit *c = &e->commit;

	for (size_t i = 0; i < e->links; i++) {
		c->target[i].state = TARGET_UNUSED;
		c->target[i].touched = false;
	}
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		c->order[i] = -1;
	c->rehomed = false;
	fill_places(e);
}

void placement_retry(struct engine *e)
{
	if (e->phase == PHASE_OPEN && e->commit.flying)
		fill_places(e);
}

/* It may hold the batch all the same; another one gets its place. */
static void give_to_another(struct target *t)
{
	struct engine *e = t->engine;
	int index = (int)t->call.link->index;

	call_end(&t->call);
	t->state = TARGET_FAILED;
	for (size_t i = 0; i < e->copies; i++)
		if (e->commit.order[i] == index)
			e->commit.order[i] = -1;
	e->commit.rehomed |= e->commit.order[0] < 0;
	fill_places(e);
}

/* Acknowledgements. */

/* Who holds it without being counted by what its block file says. */
static uint32_t uncounted(const struct engine *e)
{
	const struct commit *c = &e->commit;
	uint32_t bits = 0;

	for (unsigned i = 0; i < e->links; i++) {
		const struct target *t = &c->target[i];

		if (!t->touched || (int)i == c->order[0])
			continue;
		if (t->state != TARGET_DURABLE || c->rehomed)
			bits |= UINT32_C(1) << i;
	}
	return bits;
}

static void note_holders(struct engine *e)
{
	struct commit *c = &e->commit;
	uint64_t last = c->first + c->flying - 1;
	uint32_t others = uncounted(e);

	for (size_t i = 0; i < e->links; i++) {
		struct link *l = &e->link[i];

		if (c->target[i].state != TARGET_DURABLE)
			continue;
		/* It may have had them before, and said so. */
		if (last <= l->last_serial)
			continue;
		l->last_serial = last;
		l->records += c->flying;
	}
	if (others && irregulars_add(&e->irregulars, c->first, last,
				     (unsigned)c->order[0], others) < 0)
		engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
}

static bool enough_durable(const struct engine *e)
{
	for (size_t i = 0; i < e->copies; i++) {
		int index = e->commit.order[i];

		if (index < 0 ||
		    e->commit.target[index].state != TARGET_DURABLE)
			return false;
	}
	return true;
}

static void batch_acknowledged(struct target *t)
{
	struct engine *e = t->engine;

	call_end(&t->call);
	t->state = TARGET_DURABLE;
	if (!enough_durable(e))
		return;
	note_holders(e);
	if (e->phase == PHASE_OPEN)
		commit_durable(e);
}

static void fragments_acknowledged(struct target *t,
				   const struct message_appended *m)
{
	if (m->fragments != t->fragments)
		return;
	memcpy(t->missing, m->missing.p, (t->fragments + 7) / 8);
	call_progress(&t->call);
	if (any_missing(t))
		append_transmit(&t->call);
}

static void append_refused(struct target *t, const struct frame *f)
{
	struct engine *e = t->engine;
	struct link *l = t->call.link;
	struct message_error m;

	if (message_get_error(f->payload, &m) < 0)
		return;
	if (m.code == MESSAGE_ERROR_FULL) {
		engine_log(e, LOG_WARNING, LOG_EVENT_BACKEND_LOST, l,
			   "Backend %s has no room for more transactions; "
			   "others take them.",
			   l->name);
		l->full = true;
		l->stated_at = e->now;
		give_to_another(t);
	} else if (m.code == MESSAGE_ERROR_CONFLICT) {
		engine_stop(e, ENGINE_STOP_INTEGRITY,
			    "Backend %s holds other records past serial %" PRIu64
			    ": %.*s",
			    l->name, e->commit.first, SLICE_ARG(m.sentence));
	}
}

static void append_answer(struct call *call, const struct frame *f)
{
	struct target *t = list_entry(call, struct target, call);
	struct message_appended m;

	if (f->type == FRAME_ERROR) {
		append_refused(t, f);
		return;
	}
	if (f->type != FRAME_APPENDED || f->epoch != t->engine->epoch ||
	    message_get_appended(f->payload, &m) < 0 ||
	    m.first != t->engine->commit.first)
		return;
	if (m.durable)
		batch_acknowledged(t);
	else
		fragments_acknowledged(t, &m);
}

static void append_failed(struct call *call)
{
	give_to_another(list_entry(call, struct target, call));
}

static const struct call_ops append_ops = {
	.transmit = append_transmit,
	.answer = append_answer,
	.failed = append_failed,
};
