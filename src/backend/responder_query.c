/* SPDX-License-Identifier: MIT */
/*
 * Questions: records in pages, counterparts of a user, sums.  All are answered
 * from what the store has published; asking twice is harmless.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "backend/responder_internal.h"

/* Columns of an old record: serial sender receiver amount. */
#define COLUMNS 4

/* A filter as the store takes it; borrows from the message. */
struct filter {
	struct store_range range[MESSAGE_RANGES_MAX];
	struct store_filter store;
};

static void filter_from(const struct message_filter *m, struct filter *ret)
{
	for (size_t i = 0; i < m->ranges; i++)
		ret->range[i] = (struct store_range){
			.from = m->range[i].from,
			.to = m->range[i].to,
			.take = m->range[i].take,
		};

	ret->store = (struct store_filter){
		.everything = m->everything,
		.absent = m->absent,
		.absents = m->absents,
		.range = ret->range,
		.ranges = m->ranges,
	};
}

/*
 * A question that the store could not answer.  For want of memory it is as if
 * the datagram had been lost; a block that cannot be read is the end.
 */
static void query_failed(struct responder *r, int error)
{
	if (error == -ENOMEM)
		responder_log(r, LOG_WARNING, "no memory for a question");
	else
		responder_fatal(r, error, "cannot read the block");
}

/* Pages of RECORDS in the making; the lines are written where they are sent. */
struct pages {
	struct responder *r;
	const struct asker *to;
	uint64_t after; /* covered by the pages before */
	uint64_t covered; /* by the lines of this one */
	uint64_t above; /* give no records up to this serial */
	bool columns;
	size_t room;
	uint64_t page;
	uint64_t pages;
	struct writer w;
};

static void put_header(struct pages *p, bool end, bool last)
{
	const struct message_records m = {
		.after = p->after,
		.covered = p->covered,
		.end = end,
		.last = last,
	};

	message_put_records(&p->w, &m);
}

/* The header is written twice: now for its room, later with its truth. */
static void begin_page(struct pages *p)
{
	p->w = responder_payload(p->r, p->room);
	put_header(p, false, false);
}

static void send_page(struct pages *p, bool end, bool last)
{
	const struct writer lines = p->w;

	p->w = responder_payload(p->r, p->room);
	put_header(p, end, last);
	responder_send(p->r, p->to, FRAME_RECORDS, p->page, &lines);

	p->page++;
	p->after = p->covered;
}

static struct slice four_columns(struct slice line)
{
	size_t columns = 0;

	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] == ' ' && ++columns == COLUMNS)
			return (struct slice){ line.p, i };

	return line;
}

/* A store_visit. */
static bool add_line(void *arg, uint64_t serial, struct slice line)
{
	struct pages *p = arg;

	if (serial <= p->above)
		return true;
	if (p->columns)
		line = four_columns(line);

	if (line.len + 1 > p->w.left) {
		send_page(p, false, p->page + 1 == p->pages);
		if (p->page == p->pages)
			return false;
		begin_page(p);
	}

	/* A page takes the longest line there is. */
	writer_bytes(&p->w, line.p, line.len);
	writer_u8(&p->w, '\n');
	assert(!p->w.bad);
	p->covered = serial;
	return true;
}

static int walk(struct responder *r, const struct message_fetch *m,
		struct pages *p)
{
	struct filter filter;
	struct store_query query;

	if (m->id.len > 0)
		return r->store->ops->find_id(r->store, m->id, m->upto,
					      add_line, p);

	filter_from(&m->filter, &filter);
	query = (struct store_query){
		.after = m->after,
		.upto = m->upto,
		.user = m->user,
		.filter = filter.store,
	};
	return r->store->ops->fetch(r->store, &query, add_line, p);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void responder_fetch(struct responder *r, const struct request *q)
{
	struct message_fetch m;
	struct pages p;
	int error;

	if (message_get_fetch(q->frame->payload, &m) < 0) {
		responder_malformed(r, &q->from, "not a FETCH");
		return;
	}
	if (m.settle && !responder_settle_refills(r, q->from.request))
		return;

	p = (struct pages){
		.r = r,
		.to = &q->from,
		.after = m.after,
		.covered = m.after,
		.above = m.after,
		.columns = m.columns,
		.room = smaller(m.room, r->room),
		.pages = m.pages,
	};
	begin_page(&p);
	error = walk(r, &m, &p);
	if (error < 0) {
		query_failed(r, error);
		return;
	}

	if (p.page == p.pages)
		return;
	if (m.upto > p.covered)
		p.covered = m.upto;
	send_page(&p, true, true);
}

void responder_forget_partners(struct responder *r, uint64_t last_serial)
{
	/* An answer as of a serial that was here already stays what it is. */
	if (r->partners.upto > last_serial)
		buf_clear(&r->partners.key);
}

/* The question in one form, whatever its room and page. */
static int partners_key(const struct message_stats *m, struct buf *key)
{
	struct message_stats bare = *m;
	struct writer w;
	int error;

	error = buf_reserve(key, FRAME_SIZE_MAX);
	if (error < 0)
		return error;

	bare.room = 0;
	bare.after = (struct slice){ 0 };
	w = writer_of(key->data, FRAME_SIZE_MAX);
	message_put_stats(&w, &bare);
	assert(!w.bad);
	key->len = writer_len(&w);
	return 0;
}

static bool buf_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static int add_partner(struct partners *c, const struct store_partner *p)
{
	const struct message_partner m = {
		.name = p->name,
		.count = p->count,
		.net = sum_to_i128(p->net),
	};
	/* A name has a byte of length before it, two numbers behind it. */
	const size_t size = 1 + p->name.len + 8 + 16;
	struct writer w;
	int error;

	error = buf_reserve(&c->entries, size);
	if (error < 0)
		return error;

	w = writer_of(c->entries.data + c->entries.len, size);
	message_put_partner(&w, &m);
	assert(!w.bad);
	c->at[c->count++] = c->entries.len;
	c->entries.len += writer_len(&w);
	c->at[c->count] = c->entries.len;
	return 0;
}

static int fill_partners(struct partners *c, const struct store_partner *list,
			 size_t count)
{
	int error;

	buf_clear(&c->entries);
	c->count = 0;
	free(c->at);
	c->at = calloc(count + 1, sizeof(*c->at));
	if (!c->at)
		return -ENOMEM;

	for (size_t i = 0; i < count; i++) {
		error = add_partner(c, &list[i]);
		if (error < 0)
			return error;
	}

	return 0;
}

static int ask_partners(struct responder *r, const struct message_stats *m)
{
	_cleanup_(freep) struct store_partner *list = NULL;
	struct store_query query;
	struct filter filter;
	size_t count;
	int error;

	filter_from(&m->filter, &filter);
	query = (struct store_query){
		.upto = m->upto,
		.user = m->user,
		.filter = filter.store,
	};
	error = r->store->ops->partners(r->store, &query, &list, &count);
	if (error < 0)
		return error;

	return fill_partners(&r->partners, list, count);
}

/* Have the answer to @m in r->partners. */
static int find_partners(struct responder *r, const struct message_stats *m)
{
	_cleanup_(buf_done) struct buf key = { 0 };
	struct partners *c = &r->partners;
	int error;

	error = partners_key(m, &key);
	if (error < 0)
		return error;
	if (c->key.len > 0 && buf_equal(&key, &c->key))
		return 0;

	/* Half an answer must never be taken for one. */
	buf_clear(&c->key);
	error = ask_partners(r, m);
	if (error < 0)
		return error;

	c->upto = m->upto;
	return buf_add(&c->key, key.data, key.len);
}

static struct slice partner_name(const struct partners *c, size_t i)
{
	struct slice entry = { (const char *)c->entries.data + c->at[i],
			       c->at[i + 1] - c->at[i] };
	struct message_partner m;

	if (!message_next_partner(&entry, &m))
		return (struct slice){ 0 };
	return m.name;
}

/* The first entry with a name behind @after. */
static size_t first_after(const struct partners *c, struct slice after)
{
	size_t low = 0;
	size_t high = c->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (slice_compare(partner_name(c, middle), after) <= 0)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

static void send_partners(struct responder *r, const struct asker *to,
			  const struct message_stats *m)
{
	const struct partners *c = &r->partners;
	struct writer w = responder_payload(r, smaller(m->room, r->room));
	size_t from = m->after.len > 0 ? first_after(c, m->after) : 0;
	size_t end = from;
	struct message_partners page = { 0 };

	/* One byte says whether there is more. */
	while (end < c->count && c->at[end + 1] - c->at[from] + 1 <= w.left)
		end++;

	page.end = end == c->count;
	if (end > from)
		page.entries = (struct slice){
			(const char *)c->entries.data + c->at[from],
			c->at[end] - c->at[from],
		};
	message_put_partners(&w, &page);
	responder_send(r, to, FRAME_PARTNERS, 0, &w);
}

void responder_stats(struct responder *r, const struct request *q)
{
	struct message_stats m;
	int error;

	if (message_get_stats(q->frame->payload, &m) < 0) {
		responder_malformed(r, &q->from, "not a STATS");
		return;
	}

	error = find_partners(r, &m);
	if (error < 0)
		query_failed(r, error);
	else
		send_partners(r, &q->from, &m);
}

void responder_sum(struct responder *r, const struct request *q)
{
	struct message_sum m;
	struct store_query query;
	struct store_total total;
	struct filter filter;
	struct writer w;
	int error;

	if (message_get_sum(q->frame->payload, &m) < 0) {
		responder_malformed(r, &q->from, "not a SUM");
		return;
	}

	filter_from(&m.filter, &filter);
	query = (struct store_query){
		.after = m.after,
		.upto = m.upto,
		.user = m.user,
		.filter = filter.store,
	};
	error = r->store->ops->total(r->store, &query, &total);
	if (error < 0) {
		query_failed(r, error);
		return;
	}

	w = responder_payload(r, FRAME_SIZE_MIN);
	message_put_total(&w, &(const struct message_total){
				      .records = total.records,
				      .net = sum_to_i128(total.net),
			      });
	responder_send(r, &q->from, FRAME_TOTAL, 0, &w);
}
