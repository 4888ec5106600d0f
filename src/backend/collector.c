/* SPDX-License-Identifier: MIT */
/*
 * Fragments are kept one behind the other as they come, and put in order when
 * the last one is here.  Everything a peer can make grow is checked against
 * its limit before a byte is kept.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"
#include "util/buf.h"
#include "backend/collector.h"

/* The highest serial there can be. */
#define SERIAL_MAX ((uint64_t)INT64_MAX)

struct fragment {
	bool here;
	size_t at; /* in bytes */
	size_t len;
};

struct collector {
	bool active;
	uint64_t request;
	uint64_t first;
	uint32_t records;
	uint16_t fragments;
	uint16_t here; /* how many fragments are */
	size_t of_len;
	char of[RECORD_OF_MAX];
	struct fragment fragment[MESSAGE_FRAGMENTS_MAX];
	struct buf bytes; /* as they came */
	struct buf lines; /* in order */
};

int collector_new(struct collector **ret)
{
	struct collector *c;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;

	*ret = c;
	return 0;
}

struct collector *collector_free(struct collector *c)
{
	if (!c)
		return NULL;

	buf_done(&c->bytes);
	buf_done(&c->lines);
	free(c);
	return NULL;
}

void collector_clear(struct collector *c)
{
	c->active = false;
	c->here = 0;
	buf_clear(&c->bytes);
	buf_clear(&c->lines);
}

bool collector_is_whole(const struct collector *c)
{
	return c->active && c->here == c->fragments;
}

struct collector_batch collector_batch(const struct collector *c)
{
	if (!c->active)
		return (struct collector_batch){ 0 };

	return (struct collector_batch){
		.request = c->request,
		.first = c->first,
		.records = c->records,
		.fragments = c->fragments,
		.of = { c->of, c->of_len },
	};
}

/* Each fragment has a line at least: there are no more of them than lines. */
static bool counts_are_lawful(uint64_t position, const struct message_append *m)
{
	if (m->records > RECORD_BATCH_MAX)
		return false;
	if (m->fragments < 1 || m->fragments > MESSAGE_FRAGMENTS_MAX)
		return false;
	if (m->fragments > m->records || position >= m->fragments)
		return false;

	return m->first >= 1 && m->first <= SERIAL_MAX - (m->records - 1);
}

static bool is_lawful(uint64_t position, const struct message_append *m)
{
	if (!counts_are_lawful(position, m) || m->of.len > RECORD_OF_MAX)
		return false;

	return m->lines.len > 0 && m->lines.len <= COLLECTOR_BYTES_MAX &&
	       m->lines.p[m->lines.len - 1] == '\n';
}

static void begin(struct collector *c, uint64_t request,
		  const struct message_append *m)
{
	collector_clear(c);
	memset(c->fragment, 0, m->fragments * sizeof(c->fragment[0]));
	c->active = true;
	c->request = request;
	c->first = m->first;
	c->records = m->records;
	c->fragments = m->fragments;
	c->of_len = m->of.len;
	if (m->of.len > 0)
		memcpy(c->of, m->of.p, m->of.len);
}

static bool is_of_this_batch(const struct collector *c,
			     const struct message_append *m)
{
	return c->first == m->first && c->records == m->records &&
	       c->fragments == m->fragments &&
	       slice_equal(collector_batch(c).of, m->of);
}

static struct slice kept(const struct collector *c, const struct fragment *f)
{
	return (struct slice){ (const char *)c->bytes.data + f->at, f->len };
}

static int keep(struct collector *c, struct fragment *f, struct slice lines)
{
	size_t at = c->bytes.len;
	int r;

	r = buf_add(&c->bytes, lines.p, lines.len);
	if (r < 0)
		return r;

	*f = (struct fragment){ .here = true, .at = at, .len = lines.len };
	c->here++;
	return 0;
}

/* A fragment of the batch in hand. */
static int add(struct collector *c, uint64_t position, struct slice lines,
	       enum collector_status *ret)
{
	struct fragment *f = &c->fragment[position];
	int r;

	if (f->here && !slice_equal(kept(c, f), lines)) {
		*ret = COLLECTOR_CONTRADICTORY;
		return 0;
	}

	/* What cannot become a batch is not worth its memory. */
	if (!f->here && lines.len > COLLECTOR_BYTES_MAX - c->bytes.len) {
		collector_clear(c);
		*ret = COLLECTOR_MALFORMED;
		return 0;
	}

	if (!f->here) {
		r = keep(c, f, lines);
		if (r < 0)
			return r;
	}

	*ret = collector_is_whole(c) ? COLLECTOR_WHOLE : COLLECTOR_TAKEN;
	return 0;
}

int collector_add(struct collector *c, uint64_t request, uint64_t position,
		  const struct message_append *m, enum collector_status *ret)
{
	if (!is_lawful(position, m)) {
		*ret = COLLECTOR_MALFORMED;
		return 0;
	}

	/* Delayed on its way: main has long given that batch up. */
	if (c->active && request < c->request) {
		*ret = COLLECTOR_STALE;
		return 0;
	}

	if (!c->active || request > c->request)
		begin(c, request, m);
	if (!is_of_this_batch(c, m)) {
		*ret = COLLECTOR_CONTRADICTORY;
		return 0;
	}

	return add(c, position, m->lines, ret);
}

int collector_lines(struct collector *c, struct slice *ret)
{
	int r;

	assert(collector_is_whole(c));
	buf_clear(&c->lines);
	r = buf_reserve(&c->lines, c->bytes.len);
	if (r < 0)
		return r;

	for (size_t i = 0; i < c->fragments; i++) {
		struct slice s = kept(c, &c->fragment[i]);

		r = buf_add(&c->lines, s.p, s.len);
		if (r < 0)
			return r;
	}

	*ret = (struct slice){ (const char *)c->lines.data, c->lines.len };
	return 0;
}

size_t collector_missing(const struct collector *c,
			 uint8_t map[COLLECTOR_MAP_SIZE])
{
	size_t bytes = c->active ? (c->fragments + 7u) / 8 : 0;

	memset(map, 0, bytes);
	for (size_t i = 0; i < bytes * 8 && i < c->fragments; i++)
		if (!c->fragment[i].here)
			map[i / 8] |= (uint8_t)(0x80 >> i % 8);

	return bytes;
}
