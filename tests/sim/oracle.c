/* SPDX-License-Identifier: MIT */
/*
 * Keeps what clients were told, and at the end has it judged, fact by fact.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "world.h"

struct oracle *oracle_new(struct world *w)
{
	struct oracle *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	o->world = w;
	history_init(&o->history, w);
	return o;
}

void oracle_free(struct oracle *o)
{
	for (size_t i = 0; i < o->facts; i++) {
		free(o->fact[i].listed);
		buf_done(&o->fact[i].text);
	}
	free(o->fact);
	free(o->seen);
	free(o->begun);
	history_done(&o->history);
	free(o);
}

void oracle_tell(struct oracle *o, const struct fact *f)
{
	o->fact = reallocarray(o->fact, o->facts + 1, sizeof(*f));
	if (!o->fact)
		abort();
	o->fact[o->facts++] = *f;
}

const struct begun *oracle_order(const struct oracle *o, const char *id)
{
	for (size_t i = 0; i < o->begunnen; i++)
		if (strcmp(o->begun[i].order.id, id) == 0)
			return &o->begun[i];
	return NULL;
}

void oracle_begun(struct oracle *o, const struct fact *f, int64_t at)
{
	if (oracle_order(o, f->id))
		return;
	o->begun = reallocarray(o->begun, o->begunnen + 1, sizeof(*o->begun));
	if (!o->begun)
		abort();
	o->begun[o->begunnen++] = (struct begun){ .order = *f, .at = at };
}

uint64_t oracle_known(const struct oracle *o, int64_t at)
{
	uint64_t known = 0;

	for (size_t i = 0; i < o->facts && o->fact[i].told < at; i++)
		if (o->seen[i] > known)
			known = o->seen[i];
	return known;
}

void oracle_check(struct oracle *o)
{
	history_read(&o->history, o);
	o->seen = calloc(o->facts + 1, sizeof(*o->seen));
	if (!o->seen)
		abort();
	for (size_t i = 0; i < o->facts && !o->world->failure; i++) {
		const struct fact *f = &o->fact[i];

		o->seen[i] = judge(o, f, oracle_known(o, f->asked));
	}
	if (!o->world->failure)
		copies_check(o);
	losses_check(o->world);
}
