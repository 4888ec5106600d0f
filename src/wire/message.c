/* SPDX-License-Identifier: MIT */
/*
 * The payloads of the datagrams.  Every decoder reads all its fields, then
 * asks the reader once whether all went well and nothing is left, then looks
 * at what only bounds can tell.  What a message means is the engines' affair.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "wire/frame.h"
#include "wire/message.h"

#define STATE_FULL 1u

#define APPEND_ACKNOWLEDGE 1u
#define APPEND_REFILL 2u

#define FETCH_COLUMNS 1u
#define FETCH_SETTLE 2u

#define RECORDS_END 1u
#define RECORDS_LAST 2u

/* Payload of APPEND and RECORDS without of= and lines. */
#define APPEND_FIXED_SIZE (8 + 4 + 2 + 1 + 8 + 1)
#define RECORDS_FIXED_SIZE (8 + 8 + 1)

#define SHORT_STRING_MAX 255

static struct reader payload_reader(struct slice payload)
{
	return reader_of(payload.p, payload.len);
}

/* One byte, 0 or 1: other values are kept for later versions. */
static bool read_bool(struct reader *r)
{
	uint8_t v = reader_u8(r);

	if (v > 1)
		r->bad = true;
	return v == 1;
}

static void write_bool(struct writer *w, bool v)
{
	writer_u8(w, v ? 1 : 0);
}

/* One byte with no other bits than @known. */
static uint8_t read_flags(struct reader *r, uint8_t known)
{
	uint8_t v = reader_u8(r);

	if (v & ~known)
		r->bad = true;
	return v;
}

/* Whole lines: nothing, or a newline at the end. */
static bool lines_whole(struct slice lines)
{
	return lines.len == 0 || lines.p[lines.len - 1] == '\n';
}

static bool room_valid(uint16_t room)
{
	return room >= FRAME_SIZE_MIN && room <= FRAME_SIZE_MAX;
}

void message_put_ping(struct writer *w, const struct message_ping *m)
{
	write_bool(w, m->lease);
}

int message_get_ping(struct slice payload, struct message_ping *ret)
{
	struct reader r = payload_reader(payload);
	struct message_ping m;

	m.lease = read_bool(&r);
	if (!reader_done(&r))
		return -EBADMSG;

	*ret = m;
	return 0;
}

void message_put_state(struct writer *w, const struct message_state *m)
{
	writer_u64(w, m->instance);
	writer_u64(w, m->last_serial);
	writer_u64(w, m->records);
	writer_u8(w, m->full ? STATE_FULL : 0);
	write_bool(w, m->leased);
	writer_u64(w, m->dropped);
}

int message_get_state(struct slice payload, struct message_state *ret)
{
	struct reader r = payload_reader(payload);
	struct message_state m;

	m.instance = reader_u64(&r);
	m.last_serial = reader_u64(&r);
	m.records = reader_u64(&r);
	m.full = read_flags(&r, STATE_FULL) != 0;
	m.leased = read_bool(&r);
	m.dropped = reader_u64(&r);
	if (!reader_done(&r))
		return -EBADMSG;

	*ret = m;
	return 0;
}

void message_put_claim(struct writer *w, const struct message_claim *m)
{
	writer_bytes(w, m->nonce, MESSAGE_NONCE_SIZE);
	writer_u64(w, m->lost_in);
}

int message_get_claim(struct slice payload, struct message_claim *ret)
{
	struct reader r = payload_reader(payload);
	struct slice nonce = reader_bytes(&r, MESSAGE_NONCE_SIZE);
	uint64_t lost_in = reader_u64(&r);

	if (!reader_done(&r))
		return -EBADMSG;

	memcpy(ret->nonce, nonce.p, MESSAGE_NONCE_SIZE);
	ret->lost_in = lost_in;
	return 0;
}

void message_put_append(struct writer *w, const struct message_append *m)
{
	unsigned int flags = 0;

	if (m->acknowledge)
		flags |= APPEND_ACKNOWLEDGE;
	if (m->refill)
		flags |= APPEND_REFILL;

	writer_u64(w, m->first);
	writer_u32(w, m->records);
	writer_u16(w, m->fragments);
	writer_u8(w, (uint8_t)flags);
	writer_u64(w, m->holds);
	writer_short_string(w, m->of);
	writer_bytes(w, m->lines.p, m->lines.len);
}

int message_get_append(struct slice payload, struct message_append *ret)
{
	struct reader r = payload_reader(payload);
	struct message_append m;
	uint8_t flags;

	m.first = reader_u64(&r);
	m.records = reader_u32(&r);
	m.fragments = reader_u16(&r);
	flags = read_flags(&r, APPEND_ACKNOWLEDGE | APPEND_REFILL);
	m.acknowledge = flags & APPEND_ACKNOWLEDGE;
	m.refill = flags & APPEND_REFILL;
	m.holds = reader_u64(&r);
	m.of = reader_short_string(&r);
	m.lines = reader_rest(&r);
	if (!reader_done(&r))
		return -EBADMSG;

	if (m.first == 0 || m.records == 0)
		return -EBADMSG;
	if (m.fragments == 0 || m.fragments > MESSAGE_FRAGMENTS_MAX)
		return -EBADMSG;
	if (m.lines.len == 0 || !lines_whole(m.lines))
		return -EBADMSG;
	/* What a refill brings bears its own of=, line by line. */
	if (m.refill && m.of.len > 0)
		return -EBADMSG;

	*ret = m;
	return 0;
}

static size_t map_size(uint16_t fragments)
{
	return ((size_t)fragments + 7) / 8;
}

/* The bits behind the last fragment's are zero. */
static bool map_padded(struct slice map, uint16_t fragments)
{
	unsigned int used = fragments % 8u;

	if (used == 0)
		return true;
	return ((uint8_t)map.p[map.len - 1] & (0xffu >> used)) == 0;
}

void message_put_appended(struct writer *w, const struct message_appended *m)
{
	writer_u64(w, m->first);
	write_bool(w, m->durable);
	if (m->durable) {
		writer_u32(w, m->sync_usec);
		return;
	}

	assert(m->missing.len == map_size(m->fragments));
	writer_u16(w, m->fragments);
	writer_bytes(w, m->missing.p, m->missing.len);
}

/* What stands behind the first two fields if a batch is there in part. */
static void read_missing(struct reader *r, struct message_appended *m)
{
	m->fragments = reader_u16(r);
	if (m->fragments == 0 || m->fragments > MESSAGE_FRAGMENTS_MAX)
		r->bad = true;

	m->missing = reader_bytes(r, map_size(m->fragments));
	if (!r->bad && !map_padded(m->missing, m->fragments))
		r->bad = true;
}

int message_get_appended(struct slice payload, struct message_appended *ret)
{
	struct reader r = payload_reader(payload);
	struct message_appended m = { 0 };

	m.first = reader_u64(&r);
	m.durable = read_bool(&r);
	if (m.durable)
		m.sync_usec = reader_u32(&r);
	else
		read_missing(&r, &m);
	if (!reader_done(&r))
		return -EBADMSG;

	*ret = m;
	return 0;
}

static void put_filter(struct writer *w, const struct message_filter *f)
{
	assert(f->absents <= MESSAGE_ABSENT_MAX);
	assert(f->ranges <= MESSAGE_RANGES_MAX);

	write_bool(w, f->everything);

	writer_u8(w, (uint8_t)f->absents);
	for (size_t i = 0; i < f->absents; i++)
		writer_short_string(w, f->absent[i]);

	writer_u8(w, (uint8_t)f->ranges);
	for (size_t i = 0; i < f->ranges; i++) {
		writer_u64(w, f->range[i].from);
		writer_u64(w, f->range[i].to);
		write_bool(w, f->range[i].take);
	}
}

/* A count of no more than @max; above it the error is set and it is 0. */
static size_t read_count(struct reader *r, size_t max)
{
	size_t n = reader_u8(r);

	if (n > max) {
		r->bad = true;
		return 0;
	}
	return n;
}

static struct message_range read_range(struct reader *r)
{
	struct message_range range;

	range.from = reader_u64(r);
	range.to = reader_u64(r);
	range.take = read_bool(r);
	if (range.from > range.to)
		r->bad = true;
	return range;
}

/* Everything that came is in @f, errors are in the reader. */
static void read_filter(struct reader *r, struct message_filter *f)
{
	f->everything = read_bool(r);

	f->absents = read_count(r, MESSAGE_ABSENT_MAX);
	for (size_t i = 0; i < f->absents; i++)
		f->absent[i] = reader_short_string(r);

	f->ranges = read_count(r, MESSAGE_RANGES_MAX);
	for (size_t i = 0; i < f->ranges; i++)
		f->range[i] = read_range(r);
}

void message_put_fetch(struct writer *w, const struct message_fetch *m)
{
	writer_u64(w, m->after);
	writer_u64(w, m->upto);
	writer_u16(w, m->pages);
	writer_u16(w, m->room);
	writer_short_string(w, m->user);
	writer_short_string(w, m->id);
	writer_u8(w, (uint8_t)((m->columns ? FETCH_COLUMNS : 0) |
			       (m->settle ? FETCH_SETTLE : 0)));
	put_filter(w, &m->filter);
}

int message_get_fetch(struct slice payload, struct message_fetch *ret)
{
	struct reader r = payload_reader(payload);
	struct message_fetch m = { 0 };
	unsigned int flags;

	m.after = reader_u64(&r);
	m.upto = reader_u64(&r);
	m.pages = reader_u16(&r);
	m.room = reader_u16(&r);
	m.user = reader_short_string(&r);
	m.id = reader_short_string(&r);
	flags = read_flags(&r, FETCH_COLUMNS | FETCH_SETTLE);
	m.columns = flags & FETCH_COLUMNS;
	m.settle = flags & FETCH_SETTLE;
	read_filter(&r, &m.filter);
	if (!reader_done(&r))
		return -EBADMSG;

	if (m.pages == 0 || m.pages > MESSAGE_PAGES_MAX || !room_valid(m.room))
		return -EBADMSG;

	*ret = m;
	return 0;
}

void message_put_records(struct writer *w, const struct message_records *m)
{
	unsigned int flags = 0;

	if (m->end)
		flags |= RECORDS_END;
	if (m->last)
		flags |= RECORDS_LAST;

	writer_u64(w, m->after);
	writer_u64(w, m->covered);
	writer_u8(w, (uint8_t)flags);
	writer_bytes(w, m->lines.p, m->lines.len);
}

int message_get_records(struct slice payload, struct message_records *ret)
{
	struct reader r = payload_reader(payload);
	struct message_records m;
	uint8_t flags;

	m.after = reader_u64(&r);
	m.covered = reader_u64(&r);
	flags = read_flags(&r, RECORDS_END | RECORDS_LAST);
	m.end = flags & RECORDS_END;
	m.last = flags & RECORDS_LAST;
	m.lines = reader_rest(&r);
	if (!reader_done(&r))
		return -EBADMSG;

	if (m.after > m.covered || !lines_whole(m.lines))
		return -EBADMSG;

	*ret = m;
	return 0;
}

void message_put_stats(struct writer *w, const struct message_stats *m)
{
	writer_u64(w, m->upto);
	writer_u16(w, m->room);
	writer_short_string(w, m->user);
	writer_short_string(w, m->after);
	put_filter(w, &m->filter);
}

int message_get_stats(struct slice payload, struct message_stats *ret)
{
	struct reader r = payload_reader(payload);
	struct message_stats m = { 0 };

	m.upto = reader_u64(&r);
	m.room = reader_u16(&r);
	m.user = reader_short_string(&r);
	m.after = reader_short_string(&r);
	read_filter(&r, &m.filter);
	if (!reader_done(&r))
		return -EBADMSG;

	if (m.user.len == 0 || !room_valid(m.room))
		return -EBADMSG;

	*ret = m;
	return 0;
}

void message_put_partners(struct writer *w, const struct message_partners *m)
{
	write_bool(w, m->end);
	writer_bytes(w, m->entries.p, m->entries.len);
}

void message_put_partner(struct writer *w, const struct message_partner *m)
{
	writer_short_string(w, m->name);
	writer_u64(w, m->count);
	writer_i128(w, m->net);
}

static struct message_partner read_partner(struct reader *r)
{
	struct message_partner m;

	m.name = reader_short_string(r);
	m.count = reader_u64(r);
	m.net = reader_i128(r);
	return m;
}

/* Every entry is whole, and the names rise. */
static bool partners_valid(struct slice entries)
{
	struct reader r = payload_reader(entries);
	struct slice before = { NULL, 0 };

	while (r.left > 0 && !r.bad) {
		struct message_partner m = read_partner(&r);

		/* The empty name is below all, so it falls out here as well. */
		if (r.bad || slice_compare(before, m.name) >= 0)
			return false;
		before = m.name;
	}
	return !r.bad;
}

int message_get_partners(struct slice payload, struct message_partners *ret)
{
	struct reader r = payload_reader(payload);
	struct message_partners m;

	m.end = read_bool(&r);
	m.entries = reader_rest(&r);
	if (!reader_done(&r) || !partners_valid(m.entries))
		return -EBADMSG;

	*ret = m;
	return 0;
}

bool message_next_partner(struct slice *entries, struct message_partner *ret)
{
	struct reader r = payload_reader(*entries);
	struct message_partner m;

	if (entries->len == 0)
		return false;

	m = read_partner(&r);
	assert(!r.bad);

	*ret = m;
	*entries = reader_rest(&r);
	return true;
}

void message_put_sum(struct writer *w, const struct message_sum *m)
{
	writer_u64(w, m->after);
	writer_u64(w, m->upto);
	writer_short_string(w, m->user);
	put_filter(w, &m->filter);
}

int message_get_sum(struct slice payload, struct message_sum *ret)
{
	struct reader r = payload_reader(payload);
	struct message_sum m = { 0 };

	m.after = reader_u64(&r);
	m.upto = reader_u64(&r);
	m.user = reader_short_string(&r);
	read_filter(&r, &m.filter);
	if (!reader_done(&r))
		return -EBADMSG;

	*ret = m;
	return 0;
}

void message_put_total(struct writer *w, const struct message_total *m)
{
	writer_u64(w, m->records);
	writer_i128(w, m->net);
}

int message_get_total(struct slice payload, struct message_total *ret)
{
	struct reader r = payload_reader(payload);
	struct message_total m;

	m.records = reader_u64(&r);
	m.net = reader_i128(&r);
	if (!reader_done(&r))
		return -EBADMSG;

	*ret = m;
	return 0;
}

void message_put_error(struct writer *w, const struct message_error *m)
{
	struct slice sentence = m->sentence;

	/* It is for a log only: rather cut than not said. */
	if (sentence.len > SHORT_STRING_MAX)
		sentence.len = SHORT_STRING_MAX;

	writer_u8(w, (uint8_t)m->code);
	writer_short_string(w, sentence);
}

int message_get_error(struct slice payload, struct message_error *ret)
{
	struct reader r = payload_reader(payload);
	struct message_error m;
	uint8_t code;

	code = reader_u8(&r);
	m.sentence = reader_short_string(&r);
	if (!reader_done(&r))
		return -EBADMSG;

	if (code < MESSAGE_ERROR_FENCED || code > MESSAGE_ERROR_MALFORMED)
		return -EBADMSG;

	m.code = (enum message_error_code)code;
	*ret = m;
	return 0;
}

size_t message_append_room(size_t room, size_t of_len)
{
	size_t taken = FRAME_OVERHEAD + APPEND_FIXED_SIZE + of_len;

	return room > taken ? room - taken : 0;
}

size_t message_records_room(size_t room)
{
	size_t taken = FRAME_OVERHEAD + RECORDS_FIXED_SIZE;

	return room > taken ? room - taken : 0;
}
