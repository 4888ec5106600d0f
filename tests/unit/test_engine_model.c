/* SPDX-License-Identifier: MIT */
/*
 * Backends on the bench: what they answer by themselves, and words to answer
 * in their name.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/whole.h"
#include "util/parse.h"

#include "test_engine_bench.h"

static uint8_t payload_bytes[FRAME_SIZE_MAX];
static struct writer payload;

/* What a block holds. */

static bool next_line(struct slice *rest, struct record *ret)
{
	const char *newline;
	const char *fault;

	if (!rest->len)
		return false;
	newline = memchr(rest->p, '\n', rest->len);
	ck_assert_ptr_nonnull(newline);
	*ret = (struct record){ 0 };
	ck_assert_msg(record_parse((struct slice){ rest->p, (size_t)(newline -
								     rest->p) },
				   ret, &fault) == 0,
		      "%s", fault);
	rest->len -= (size_t)(newline + 1 - rest->p);
	rest->p = newline + 1;
	return true;
}

static struct slice lines_of(const struct model *m)
{
	return (struct slice){ (const char *)m->lines.data, m->lines.len };
}

void model_add(unsigned backend, const char *text, size_t len)
{
	struct model *m = &bench.model[backend];
	struct slice rest;
	struct record r;

	/* A test may have taken lines away. */
	if (m->read > m->lines.len) {
		m->read = 0;
		m->records = 0;
	}
	ck_assert_int_eq(buf_add(&m->lines, text, len), 0);
	if (text[len - 1] != '\n')
		return;
	rest = (struct slice){ (const char *)m->lines.data + m->read,
			       m->lines.len - m->read };
	for (; next_line(&rest, &r); m->records++)
		if (r.serial > m->last_serial)
			m->last_serial = r.serial;
	m->read = m->lines.len;
}

void model_forget(unsigned backend)
{
	struct model *m = &bench.model[backend];

	buf_clear(&m->lines);
	m->read = 0;
	m->last_serial = 0;
	m->records = 0;
}

struct slice model_line(unsigned backend, uint64_t serial)
{
	struct slice found = { NULL, 0 };
	struct slice rest = lines_of(&bench.model[backend]);
	const char *start = rest.p;
	struct record r;

	while (next_line(&rest, &r)) {
		if (r.serial == serial) {
			ck_assert_ptr_null(found.p);
			found = (struct slice){ start,
						(size_t)(rest.p - start) - 1 };
		}
		start = rest.p;
	}
	return found;
}

const char *model_of(unsigned backend, uint64_t serial)
{
	static char of[RECORD_OF_MAX + 1];
	struct slice rest = lines_of(&bench.model[backend]);
	struct record r;

	while (next_line(&rest, &r)) {
		if (r.serial != serial)
			continue;
		(void)snprintf(of, sizeof(of), "%.*s", SLICE_ARG(r.of));
		return of;
	}
	return NULL;
}

/* A refilled line goes where it belongs: pages come in the order of serials. */
static void model_insert(unsigned backend, struct slice line, uint64_t serial)
{
	struct model *m = &bench.model[backend];
	_cleanup_(buf_done) struct buf behind = { 0 };
	struct slice rest = lines_of(m);
	size_t at = 0;
	struct record r;

	if (serial > m->last_serial) {
		model_add(backend, line.p, line.len);
		return;
	}
	/* It has it already: such lines are left out. */
	if (model_line(backend, serial).len)
		return;
	while (next_line(&rest, &r) && r.serial < serial)
		at = m->lines.len - rest.len;
	ck_assert_int_eq(buf_add(&behind, m->lines.data + at,
				 m->lines.len - at), 0);
	m->lines.len = at;
	ck_assert_int_eq(buf_add(&m->lines, line.p, line.len), 0);
	ck_assert_int_eq(buf_add(&m->lines, behind.data, behind.len), 0);
	m->read = m->lines.len;
	m->records++;
}

/* Are all that an of= names absent? */
static bool all_absent(struct slice of, const struct message_filter *f)
{
	size_t found = 0;
	size_t names = 1;

	for (size_t i = 0; i < of.len; i++)
		names += of.p[i] == ',';
	for (size_t i = 0; i < f->absents; i++)
		found += record_of_contains(of, f->absent[i]);
	return found == names;
}

static bool counts(const struct record *r, const struct message_filter *f)
{
	if (f->everything)
		return true;
	for (size_t i = 0; i < f->ranges; i++)
		if (r->serial >= f->range[i].from &&
		    r->serial <= f->range[i].to)
			return f->range[i].take;
	return r->of.len == 0 || all_absent(r->of, f);
}

static bool concerns(const struct record *r, struct slice user)
{
	return !user.len || slice_equal(r->sender, user) ||
	       slice_equal(r->receiver, user);
}

static __int128 net_of(const struct record *r, struct slice user)
{
	__int128 net = 0;

	if (slice_equal(r->receiver, user))
		net += (__int128)amount_to_u64(r->amount);
	if (slice_equal(r->sender, user))
		net -= (__int128)amount_to_u64(r->amount);
	return net;
}

/* Answers. */

struct writer *reply_payload(void)
{
	payload = writer_of(payload_bytes, sizeof(payload_bytes));
	return &payload;
}

size_t reply_bytes(const struct question *q, enum frame_type type,
		   uint64_t epoch, uint8_t out[FRAME_SIZE_MAX])
{
	const struct frame f = {
		.type = type,
		.block = q->f.block,
		.epoch = epoch,
		.request = q->f.request,
		.payload = { (const char *)payload.start,
			     writer_len(&payload) },
	};
	int len;

	ck_assert(!payload.bad);
	len = frame_encode(&f, &bench.config.key, out, FRAME_SIZE_MAX);
	ck_assert_int_gt(len, 0);
	return (size_t)len;
}

void reply_give(unsigned backend, const void *data, size_t len)
{
	/* An exact copy: the sanitizer sees a byte read too far. */
	char *copy = malloc(len > 0 ? len : 1);

	ck_assert_ptr_nonnull(copy);
	if (len > 0)
		memcpy(copy, data, len);
	engine_datagram(bench.e, backend, (struct slice){ copy, len });
	free(copy);
}

void reply_send(const struct question *q, enum frame_type type, uint64_t epoch)
{
	static uint8_t out[FRAME_SIZE_MAX];
	size_t len = reply_bytes(q, type, epoch, out);

	reply_give(q->backend, out, len);
}

static void put_state(const struct model *m, bool leased)
{
	const struct message_state s = {
		.instance = 7 + m->restarts,
		.last_serial = m->says_less ? m->less : m->last_serial,
		.records = m->says_less ? m->less : m->records,
		.full = m->full,
		.leased = leased,
	};

	message_put_state(reply_payload(), &s);
}

void reply_pong(const struct question *q, uint64_t epoch, bool leased)
{
	put_state(&bench.model[q->backend], leased);
	reply_send(q, FRAME_PONG, epoch);
}

static void model_ping(const struct question *q)
{
	const struct model *m = &bench.model[q->backend];
	struct message_ping ping;

	ck_assert_int_eq(message_get_ping(q->f.payload, &ping), 0);
	reply_pong(q, m->promised,
		   ping.lease && !m->no_lease && q->f.epoch == m->promised);
}

static void model_claim(const struct question *q)
{
	struct model *m = &bench.model[q->backend];
	struct message_claim claim;

	ck_assert_int_eq(message_get_claim(q->f.payload, &claim), 0);
	ck_assert_uint_ge(q->f.epoch, m->promised);
	if (claim.lost_in && m->promised <= claim.lost_in) {
		model_forget(q->backend);
		m->emptied++;
	}
	m->promised = q->f.epoch;
	put_state(m, false);
	reply_send(q, FRAME_PROMISE, m->promised);
}

void reply_error(const struct question *q, enum message_error_code code)
{
	const struct message_error e = { code, slice_of("as the test wants") };

	message_put_error(reply_payload(), &e);
	reply_send(q, FRAME_ERROR, bench.model[q->backend].promised);
}

void reply_appended(const struct question *q)
{
	const struct message_appended m = { .first = asked_append(q).first,
					    .durable = true };

	message_put_appended(reply_payload(), &m);
	reply_send(q, FRAME_APPENDED, q->f.epoch);
}

void reply_missing(const struct question *q, const char *missing)
{
	char map[MESSAGE_FRAGMENTS_MAX / 8] = { 0 };
	size_t n = strlen(missing);
	const struct message_appended m = { .first = asked_append(q).first,
					    .fragments = (uint16_t)n,
					    .missing = { map, (n + 7) / 8 } };

	for (size_t i = 0; i < n; i++)
		if (missing[i] == '1')
			map[i / 8] = (char)(map[i / 8] | 0x80 >> i % 8);
	message_put_appended(reply_payload(), &m);
	reply_send(q, FRAME_APPENDED, q->f.epoch);
}

/* All fragments, one after the other. */
static void put_together(const struct intake *in, struct buf *ret)
{
	for (uint32_t i = 0; i < in->fragments; i++)
		ck_assert_int_eq(buf_add(ret, in->fragment[i].data,
					 in->fragment[i].len), 0);
}

/* Copies say whose: the line gets its of=. */
static void append_whole(unsigned backend, const struct intake *in,
			 struct slice of)
{
	_cleanup_(buf_done) struct buf lines = { 0 };
	_cleanup_(buf_done) struct buf text = { 0 };

	put_together(in, &lines);
	for (size_t i = 0; i < lines.len; i++) {
		if (lines.data[i] == '\n' && of.len)
			ck_assert_int_eq(buf_addf(&text, " of=%.*s",
						  SLICE_ARG(of)), 0);
		ck_assert_int_eq(buf_add(&text, &lines.data[i], 1), 0);
	}
	model_add(backend, (const char *)text.data, text.len);
}

/* Serials rise, and no batch that stands or falls as one is there in part. */
static void refill_whole(unsigned backend, const struct intake *in,
			 const struct message_append *a)
{
	_cleanup_(buf_done) struct buf lines = { 0 };
	struct slice rest;
	const char *start;
	struct whole whole = { 0 };
	uint64_t last = 0;
	uint32_t n = 0;
	struct record r;

	put_together(in, &lines);
	rest = (struct slice){ (const char *)lines.data, lines.len };
	for (start = rest.p; next_line(&rest, &r); start = rest.p, n++) {
		ck_assert_uint_gt(r.serial, last);
		ck_assert(n || r.serial == a->first);
		ck_assert(r.sealed);
		ck_assert(whole_take(&whole, &r));
		model_insert(backend,
			     (struct slice){ start, (size_t)(rest.p - start) },
			     r.serial);
		last = r.serial;
	}
	ck_assert_uint_eq(n, a->records);
	ck_assert_uint_eq(whole_partial(&whole), 0);
}

/* True: it is whole; else what is missing, a character a fragment. */
static bool collect(struct intake *in, const struct question *q,
		    const struct message_append *a,
		    char missing[MESSAGE_FRAGMENTS_MAX + 1])
{
	struct buf *fragment = &in->fragment[q->f.position];
	bool whole = true;

	if (in->collecting != q->f.request) {
		in->collecting = q->f.request;
		in->fragments = a->fragments;
		for (size_t i = 0; i < MESSAGE_FRAGMENTS_MAX; i++)
			buf_clear(&in->fragment[i]);
	}
	buf_clear(fragment);
	ck_assert_int_eq(buf_add(fragment, a->lines.p, a->lines.len), 0);
	for (uint32_t i = 0; i < in->fragments; i++) {
		missing[i] = in->fragment[i].len ? '0' : '1';
		whole = whole && in->fragment[i].len;
	}
	missing[in->fragments] = '\0';
	return whole;
}

static void model_append(const struct question *q)
{
	struct model *m = &bench.model[q->backend];
	const struct message_append a = asked_append(q);
	struct intake *in = a.refill ? &m->refill : &m->batch;
	char missing[MESSAGE_FRAGMENTS_MAX + 1];

	if (in->durable == q->f.request) {
		reply_appended(q);
	} else if (m->full) {
		reply_error(q, MESSAGE_ERROR_FULL);
	} else if (!collect(in, q, &a, missing)) {
		if (a.acknowledge)
			reply_missing(q, missing);
	} else {
		if (a.refill)
			refill_whole(q->backend, in, &a);
		else
			append_whole(q->backend, in, a.of);
		in->durable = q->f.request;
		reply_appended(q);
	}
}

void reply_page(const struct question *q, struct page page)
{
	const struct message_records m = {
		.after = page.after,
		.covered = page.covered,
		.end = page.end,
		.last = page.last,
		.lines = slice_of(page.lines),
	};

	message_put_records(reply_payload(), &m);
	reply_send(q, FRAME_RECORDS, q->f.epoch);
}

static void put_line(struct buf *out, const struct record *r, bool columns,
		     const char *start, const char *end)
{
	if (columns)
		ck_assert_int_eq(buf_addf(out,
					  "%" PRIu64 " %.*s %.*s %" PRIu64 "\n",
					  r->serial, SLICE_ARG(r->sender),
					  SLICE_ARG(r->receiver),
					  amount_to_u64(r->amount)),
				 0);
	else
		ck_assert_int_eq(buf_add(out, start, (size_t)(end - start)), 0);
}

/* One page from *rest on; false if it was the last one of all. */
static bool model_page(const struct question *q, const struct message_fetch *m,
		       struct slice *rest, uint64_t *after, bool last)
{
	struct model *b = &bench.model[q->backend];
	struct page page = { .after = *after, .covered = m->upto, .end = true };
	struct buf lines = { 0 };
	struct record r;
	size_t n = 0;
	const char *start = rest->p;

	while (page.end && next_line(rest, &r)) {
		if (r.serial > m->after && r.serial <= m->upto &&
		    concerns(&r, m->user) && counts(&r, &m->filter) &&
		    (!m->id.len || slice_equal(r.id, m->id))) {
			put_line(&lines, &r, m->columns, start, rest->p);
			n++;
		}
		start = rest->p;
		page.end = !((b->page && n == b->page) || lines.len > 1000);
		if (!page.end)
			page.covered = r.serial;
	}
	page.last = last || page.end;
	ck_assert_int_eq(buf_add(&lines, "", 1), 0);
	page.lines = (const char *)lines.data;
	reply_page(q, page);
	*after = page.covered;
	buf_done(&lines);
	return !page.end;
}

static void model_fetch(const struct question *q)
{
	const struct message_fetch m = asked_fetch(q);
	struct slice rest = lines_of(&bench.model[q->backend]);
	uint64_t after = m.after;

	for (unsigned i = 1; i <= m.pages; i++)
		if (!model_page(q, &m, &rest, &after, i == m.pages))
			return;
}

void reply_total(const struct question *q, uint64_t records, int64_t net)
{
	message_put_total(reply_payload(),
			  &(struct message_total){ records, net });
	reply_send(q, FRAME_TOTAL, q->f.epoch);
}

static void model_sum(const struct question *q)
{
	const struct message_sum m = asked_sum(q);
	struct slice rest = lines_of(&bench.model[q->backend]);
	struct message_total total = { 0 };
	struct record r;

	while (next_line(&rest, &r)) {
		if (r.serial <= m.after || r.serial > m.upto ||
		    !concerns(&r, m.user) || !counts(&r, &m.filter))
			continue;
		total.records++;
		total.net += net_of(&r, m.user);
	}
	message_put_total(reply_payload(), &total);
	reply_send(q, FRAME_TOTAL, q->f.epoch);
}

static int by_name(const void *a, const void *b)
{
	const struct message_partner *left = a;
	const struct message_partner *right = b;

	return slice_compare(left->name, right->name);
}

static void count_partner(struct message_partner *p, size_t *n,
			  const struct record *r, struct slice user)
{
	struct slice other =
		slice_equal(r->sender, user) ? r->receiver : r->sender;
	size_t i = 0;

	if (slice_equal(r->sender, r->receiver))
		return;
	while (i < *n && !slice_equal(p[i].name, other))
		i++;
	ck_assert_uint_lt(i, 64);
	if (i == *n)
		p[(*n)++] = (struct message_partner){ .name = other };
	p[i].count++;
	p[i].net += net_of(r, user);
}

static void model_stats(const struct question *q)
{
	const struct message_stats m = asked_stats(q);
	const struct model *b = &bench.model[q->backend];
	struct slice rest = lines_of(b);
	struct message_partner p[64];
	struct writer *w = reply_payload();
	struct record r;
	size_t sent = 0;
	size_t n = 0;
	size_t i = 0;

	while (next_line(&rest, &r))
		if (r.serial <= m.upto && concerns(&r, m.user) &&
		    counts(&r, &m.filter))
			count_partner(p, &n, &r, m.user);
	qsort(p, n, sizeof(p[0]), by_name);
	while (i < n && slice_compare(p[i].name, m.after) <= 0)
		i++;
	message_put_partners(
		w, &(struct message_partners){ .end = !b->partners ||
						      n - i <= b->partners });
	for (; i < n && (!b->partners || sent < b->partners); i++, sent++)
		message_put_partner(w, &p[i]);
	reply_send(q, FRAME_PARTNERS, q->f.epoch);
}

void reply_model(struct question *q)
{
	static void (*const models[FRAME_ERROR + 1])(
		const struct question *q) = {
		[FRAME_PING] = model_ping,     [FRAME_CLAIM] = model_claim,
		[FRAME_APPEND] = model_append, [FRAME_FETCH] = model_fetch,
		[FRAME_STATS] = model_stats,   [FRAME_SUM] = model_sum,
	};

	q->taken = true;
	ck_assert_ptr_nonnull(models[q->f.type]);
	models[q->f.type](q);
}

/* What was asked. */

struct message_append asked_append(const struct question *q)
{
	struct message_append m;

	ck_assert_int_eq(message_get_append(q->f.payload, &m), 0);
	return m;
}

struct message_fetch asked_fetch(const struct question *q)
{
	struct message_fetch m;

	ck_assert_int_eq(message_get_fetch(q->f.payload, &m), 0);
	return m;
}

struct message_sum asked_sum(const struct question *q)
{
	struct message_sum m;

	ck_assert_int_eq(message_get_sum(q->f.payload, &m), 0);
	return m;
}

struct message_stats asked_stats(const struct question *q)
{
	struct message_stats m;

	ck_assert_int_eq(message_get_stats(q->f.payload, &m), 0);
	return m;
}
