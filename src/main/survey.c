/* SPDX-License-Identifier: MIT */
/*
 * Where the records are.
 *
 * A copy names in its of= those that it stands behind: it counts when all of
 * them are absent.  So the holders of a record must form a line, each behind
 * all before it: then, whoever is absent, the first of the others counts, and
 * nobody else.  Names that nobody will ever ask again, of backends that are
 * lost or no longer configured, do not matter.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/stream.h"
#include "main/survey.h"

void survey_done(struct survey *s)
{
	free(s->thin);
	*s = (struct survey){ 0 };
}

uint32_t survey_present(const struct engine *e)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < e->links; i++)
		if (!e->link[i].lost && !e->link[i].joining)
			bits |= UINT32_C(1) << i;
	return bits;
}

/* Reading of=. */

static void note_stranger(struct engine *e, struct slice name)
{
	struct strangers *s = &e->strangers;

	for (size_t i = 0; i < s->count; i++)
		if (slice_equal(slice_of(s->name[i]), name))
			return;
	if (s->count == SURVEY_STRANGERS_MAX) {
		s->more = true;
		return;
	}
	memcpy(s->name[s->count], name.p, name.len);
	s->name[s->count++][name.len] = '\0';
}

static uint32_t bit_of(struct engine *e, struct slice name)
{
	for (unsigned i = 0; i < e->links; i++)
		if (slice_equal(link_name(&e->link[i]), name))
			return UINT32_C(1) << i;
	note_stranger(e, name);
	return 0;
}

static uint32_t read_of(struct engine *e, struct slice of)
{
	uint32_t behind = 0;
	struct slice name;

	while (record_next_of(&of, &name))
		behind |= bit_of(e, name);
	return behind;
}

static uint32_t behind(struct engine *e, unsigned backend, struct slice of)
{
	struct survey_memory *m = &e->memory;

	if (slice_equal(of, (struct slice){ m->at[backend].of,
					    m->at[backend].len }))
		return m->at[backend].behind;
	memcpy(m->at[backend].of, of.p, of.len);
	m->at[backend].len = of.len;
	m->at[backend].behind = read_of(e, of);
	return m->at[backend].behind;
}

void survey_read(struct engine *e, const struct stream_record *r,
		 struct holding *ret)
{
	*ret = (struct holding){ .holders = r->owners | r->copies,
				 .owners = r->owners,
				 .copies = r->copies };
	for (uint32_t left = r->copies; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		ret->behind[i] = behind(e, i, r->of[i]);
	}
}

/* Judging. */

/* The holder that stands behind just @before, or -1. */
static int next_in_line(const struct holding *h, uint32_t mask, uint32_t before)
{
	for (uint32_t left = h->holders & ~before; left; left &= left - 1) {
		int i = __builtin_ctz(left);

		if ((h->behind[i] & mask) == before)
			return i;
	}
	return -1;
}

int survey_first(const struct engine *e, const struct holding *h)
{
	return next_in_line(h, survey_present(e) | h->holders, 0);
}

uint32_t survey_owing(const struct engine *e, const struct holding *h)
{
	uint32_t lacking = ~UINT32_C(0);

	/* What every one of them stands behind. */
	for (uint32_t left = h->holders; left; left &= left - 1)
		lacking &= h->behind[__builtin_ctz(left)];
	return lacking & survey_present(e) & ~h->holders;
}

/* Do the holders stand in line?  Those in @owing are absent until they do. */
static bool is_regular(const struct engine *e, const struct holding *h,
		       uint32_t owing)
{
	uint32_t mask = (survey_present(e) & ~owing) | h->holders;
	uint32_t before = 0;

	while (before != h->holders) {
		int next = next_in_line(h, mask, before);

		if (next < 0)
			return false;
		before |= UINT32_C(1) << next;
	}
	return true;
}

static int add_thin(struct survey *s, uint32_t holders, uint64_t records)
{
	for (size_t i = 0; i < s->thins; i++) {
		if (s->thin[i].holders != holders)
			continue;
		s->thin[i].records += records;
		return 0;
	}
	if (s->thins == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct thin *thin;

		thin = reallocarray(s->thin, cap, sizeof(*thin));
		if (!thin)
			return -ENOMEM;
		s->thin = thin;
		s->cap = cap;
	}
	s->thin[s->thins++] = (struct thin){ holders, records };
	return 0;
}

int survey_add(struct engine *e, struct survey *s, struct irregulars *i,
	       uint64_t serial, const struct holding *h)
{
	uint32_t present = h->holders & survey_present(e);
	uint32_t owing = survey_owing(e, h);
	bool thin = (uint32_t)__builtin_popcount(present) < e->copies;
	int r = 0;

	s->owing |= owing;
	if ((thin || owing) && !s->first)
		s->first = serial;
	if (thin)
		r = add_thin(s, present, 1);
	if (r == 0 && !is_regular(e, h, s->owing))
		r = irregulars_add(i, serial, serial, h->holders, 0);
	return r;
}

int survey_join(struct survey *s, const struct survey *from)
{
	int r = 0;

	s->owing |= from->owing;
	if (!s->first)
		s->first = from->first;
	for (size_t i = 0; r == 0 && i < from->thins; i++)
		r = add_thin(s, from->thin[i].holders, from->thin[i].records);
	return r;
}

uint64_t survey_thin(const struct survey *s)
{
	uint64_t records = 0;

	for (size_t i = 0; i < s->thins; i++)
		records += s->thin[i].records;
	return records;
}

bool survey_covered(const struct survey *s, uint32_t absent)
{
	for (size_t i = 0; i < s->thins; i++)
		if (!(s->thin[i].holders & ~absent))
			return false;
	return true;
}
