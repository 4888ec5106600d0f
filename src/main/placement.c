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

static const struct shipment_ops batch_ops;

void placement_init(struct engine *e)
{
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		e->commit.target[i].engine = e;
		shipment_init(&e->commit.target[i].shipment);
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

/* Finding backends. */

/* A copy names those whose place it takes: everyone before it. */
static void name_homes(struct engine *e, struct shipment *s, size_t position)
{
	s->of_len = 0;
	for (size_t i = 0; i < position; i++) {
		struct slice name = link_name(&e->link[e->commit.order[i]]);

		if (i)
			s->of[s->of_len++] = ',';
		assert(s->of_len + name.len < sizeof(s->of));
		memcpy(s->of + s->of_len, name.p, name.len);
		s->of_len += name.len;
	}
}

static void send_to(struct engine *e, struct link *l, size_t position)
{
	struct commit *c = &e->commit;
	struct target *t = &c->target[l->index];

	c->order[position] = (int)l->index;
	t->state = TARGET_SENT;
	t->touched = true;
	t->shipment.lines = &c->lines;
	t->shipment.first = c->first;
	t->shipment.records = (uint32_t)c->flying;
	name_homes(e, &t->shipment, position);
	shipment_send(&t->shipment, l, &batch_ops);
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
	c->handed_on = false;
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
	int index = (int)t->shipment.call.link->index;

	t->state = TARGET_FAILED;
	for (size_t i = 0; i < e->copies; i++)
		if (e->commit.order[i] == index)
			e->commit.order[i] = -1;
	e->commit.handed_on = true;
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
		if (t->state != TARGET_DURABLE || c->handed_on)
			bits |= UINT32_C(1) << i;
	}
	return bits;
}

static uint32_t durable(const struct engine *e)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < e->links; i++)
		if (e->commit.target[i].state == TARGET_DURABLE)
			bits |= UINT32_C(1) << i;
	return bits;
}

static void note_holders(struct engine *e)
{
	struct commit *c = &e->commit;
	uint64_t last = c->first + c->flying - 1;
	uint32_t others = uncounted(e);

	checkpoint_held(e, durable(e), c->flying);
	if (others & ~durable(e))
		checkpoint_unsure(e);
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
				     durable(e), others & ~durable(e)) < 0)
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

static struct target *target_of(struct shipment *s)
{
	return list_entry(s, struct target, shipment);
}

static void batch_durable(struct shipment *s)
{
	struct target *t = target_of(s);
	struct engine *e = t->engine;

	t->state = TARGET_DURABLE;
	if (!enough_durable(e))
		return;
	note_holders(e);
	if (e->phase == PHASE_OPEN)
		commit_durable(e);
}

static void batch_refused(struct shipment *s, enum message_error_code code,
			  struct slice sentence)
{
	struct link *l = s->call.link;
	struct engine *e = l->engine;

	if (code == MESSAGE_ERROR_CONFLICT) {
		engine_stop(e, ENGINE_STOP_INTEGRITY,
			    "Backend %s holds other records past serial %" PRIu64
			    ": %.*s",
			    l->name, s->first, SLICE_ARG(sentence));
		return;
	}
	link_full(l, sentence);
	give_to_another(target_of(s));
}

static void batch_failed(struct shipment *s)
{
	give_to_another(target_of(s));
}

static const struct shipment_ops batch_ops = {
	.durable = batch_durable,
	.refused = batch_refused,
	.failed = batch_failed,
};
