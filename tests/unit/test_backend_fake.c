/* SPDX-License-Identifier: MIT */
/*
 * The store in memory.  Records stand in one array by rising serial; every
 * question walks all of them.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_backend_fake.h"
#include "unit.h"

static struct fake_store *fake_of(const struct store *s)
{
	union {
		const struct store *from;
		struct fake_store *to;
	} cast = { .from = s };

	return cast.to;
}

static uint64_t last_serial(const struct fake_store *f, bool published)
{
	for (size_t i = f->records; i > 0; i--)
		if (!published || f->record[i - 1].published)
			return f->record[i - 1].r.serial;
	return 0;
}

static const struct fake_record *find(const struct fake_store *f,
				      uint64_t serial)
{
	for (size_t i = f->records; i > 0; i--)
		if (f->record[i - 1].r.serial == serial)
			return &f->record[i - 1];
	return NULL;
}

static void add(struct fake_store *f, struct slice line, bool published)
{
	struct fake_record *n;
	const char *fault;

	if (f->records == f->size) {
		f->size = f->size ? f->size * 2 : 16;
		f->record = realloc(f->record, f->size * sizeof(*f->record));
		ck_assert_ptr_nonnull(f->record);
	}

	n = &f->record[f->records++];
	n->line = strndup(line.p, line.len);
	n->len = line.len;
	n->published = published;
	ck_assert_int_eq(record_parse((struct slice){ n->line, n->len }, &n->r,
				      &fault),
			 0);
}

static void fake_close(struct store *s)
{
	(void)s;
}

static void fake_state(const struct store *s, struct store_state *ret)
{
	const struct fake_store *f = fake_of(s);

	*ret = f->promised;
	ret->last_serial = last_serial(f, true);
	ret->records = 0;
	for (size_t i = 0; i < f->records; i++)
		ret->records += f->record[i].published ? 1 : 0;
	ret->full = f->full;
}

/* The next line of @lines; empty when there is none. */
static struct slice next_line(struct slice *lines)
{
	const char *end = memchr(lines->p, '\n', lines->len);
	struct slice line = { lines->p, 0 };

	if (!end)
		return line;
	line.len = (size_t)(end - lines->p);
	lines->p = end + 1;
	lines->len -= line.len + 1;
	return line;
}

static int check_lines(const struct fake_store *f, uint64_t first,
		       uint32_t records, struct slice lines, bool *held)
{
	const char *fault;
	struct record r;

	*held = true;
	for (uint64_t serial = first; serial < first + records; serial++) {
		const struct fake_record *old = find(f, serial);
		struct slice line = next_line(&lines);

		if (record_parse(line, &r, &fault) < 0 || r.serial != serial)
			return -EBADMSG;
		if (!old)
			*held = false;
		if (!old && serial <= last_serial(f, false))
			return -EEXIST;
		if (old && !record_same(&old->r, &r))
			return -EEXIST;
	}
	return lines.len == 0 ? 0 : -EBADMSG;
}

static int fake_append(struct store *s, uint64_t first, uint32_t records,
		       struct slice of, struct slice lines, bool *ret_held)
{
	struct fake_store *f = fake_of(s);
	bool held;
	int r;

	(void)of;
	f->appends++;
	ck_assert_msg(!f->unsynced, "appended before the last one is durable");
	if (f->append_error)
		return f->append_error;
	if (f->full)
		return -ENOSPC;

	r = check_lines(f, first, records, lines, &held);
	if (r < 0)
		return r;

	for (uint32_t i = 0; i < records; i++) {
		struct slice line = next_line(&lines);

		if (!find(f, first + i))
			add(f, line, false);
	}
	f->unsynced = !held;
	*ret_held = held;
	return 0;
}

/* Rising serials, and what is here already is the same. */
static int check_refill(const struct fake_store *f, uint32_t records,
			struct slice lines, bool *held)
{
	uint64_t before = 0;
	const char *fault;
	struct record r;

	*held = true;
	for (uint32_t i = 0; i < records; i++) {
		const struct fake_record *old;

		if (record_parse(next_line(&lines), &r, &fault) < 0 ||
		    r.serial <= before)
			return -EBADMSG;
		before = r.serial;
		old = find(f, r.serial);
		if (!old)
			*held = false;
		else if (!record_same(&old->r, &r))
			return -EEXIST;
	}
	return lines.len == 0 ? 0 : -EBADMSG;
}

/* What a refill brought stands anywhere: back into the order of serials. */
static int by_serial(const void *a, const void *b)
{
	const struct fake_record *ra = a;
	const struct fake_record *rb = b;

	return (ra->r.serial > rb->r.serial) - (ra->r.serial < rb->r.serial);
}

static int fake_refill(struct store *s, uint32_t records, struct slice lines,
		       bool *ret_held)
{
	struct fake_store *f = fake_of(s);
	bool held;
	int r;

	f->refills++;
	ck_assert_msg(!f->unsynced, "refilled before the last one is durable");
	if (f->refill_error)
		return f->refill_error;
	if (f->full)
		return -ENOSPC;

	r = check_refill(f, records, lines, &held);
	if (r < 0)
		return r;

	for (uint32_t i = 0; i < records; i++) {
		struct slice line = next_line(&lines);
		const char *fault;
		struct record record;

		ck_assert_int_eq(record_parse(line, &record, &fault), 0);
		if (!find(f, record.serial))
			add(f, line, false);
	}
	qsort(f->record, f->records, sizeof(*f->record), by_serial);
	f->unsynced = !held;
	*ret_held = held;
	return 0;
}

static int fake_sync(struct store *s)
{
	struct fake_store *f = fake_of(s);

	f->syncs++;
	if (f->sync_error)
		return f->sync_error;
	f->unsynced = false;
	return 0;
}

static int fake_publish(struct store *s)
{
	struct fake_store *f = fake_of(s);

	f->publishes++;
	ck_assert_msg(!f->unsynced, "shown before it is durable");
	if (f->publish_error)
		return f->publish_error;
	for (size_t i = 0; i < f->records; i++)
		f->record[i].published = true;
	return 0;
}

static int fake_promise(struct store *s, uint64_t epoch,
			const uint8_t nonce[STORE_NONCE_SIZE])
{
	struct fake_store *f = fake_of(s);

	f->promises++;
	ck_assert_msg(epoch > f->promised.epoch, "an epoch was promised back");
	if (f->promise_error)
		return f->promise_error;
	f->promised.epoch = epoch;
	memcpy(f->promised.nonce, nonce, STORE_NONCE_SIZE);
	return 0;
}

static int fake_begin_empty(struct store *s, char **ret_aside)
{
	struct fake_store *f = fake_of(s);
	char name[32];

	ck_assert_msg(!f->unsynced, "set aside while a batch is being written");
	*ret_aside = NULL;
	if (f->begin_empty_error)
		return f->begin_empty_error;
	if (f->records == 0)
		return 0;

	for (size_t i = 0; i < f->records; i++)
		free(f->record[i].line);
	f->records = 0;
	f->aside_in = f->promised.epoch;
	(void)snprintf(name, sizeof(name), "aside.%u", ++f->asides);
	*ret_aside = strdup(name);
	ck_assert_ptr_nonnull(*ret_aside);
	return 0;
}

static bool of_user(const struct record *r, struct slice user)
{
	return user.len == 0 || slice_equal(r->sender, user) ||
	       slice_equal(r->receiver, user);
}

/* A record counts unless it is a copy, or a range says otherwise. */
static bool counts(const struct record *r, const struct store_filter *filter)
{
	bool take = filter->everything || r->of.len == 0;

	for (size_t i = 0; i < filter->absents; i++)
		take = take || slice_equal(r->of, filter->absent[i]);
	for (size_t i = 0; i < filter->ranges; i++)
		if (r->serial >= filter->range[i].from &&
		    r->serial <= filter->range[i].to)
			take = filter->range[i].take;
	return take;
}

static bool matches(const struct fake_record *n, const struct store_query *q)
{
	return n->published && n->r.serial > q->after &&
	       n->r.serial <= q->upto && of_user(&n->r, q->user) &&
	       counts(&n->r, &q->filter);
}

static int fake_fetch(struct store *s, const struct store_query *q,
		      store_visit visit, void *arg)
{
	struct fake_store *f = fake_of(s);

	if (f->read_error)
		return f->read_error;
	for (size_t i = 0; i < f->records; i++)
		if (matches(&f->record[i], q) &&
		    !visit(arg, f->record[i].r.serial,
			   (struct slice){ f->record[i].line,
					   f->record[i].len }))
			return 0;
	return 0;
}

static int fake_find_id(struct store *s, struct slice id, uint64_t upto,
			store_visit visit, void *arg)
{
	struct fake_store *f = fake_of(s);

	if (f->read_error)
		return f->read_error;
	for (size_t i = 0; i < f->records; i++) {
		const struct fake_record *n = &f->record[i];

		if (!n->published || n->r.serial > upto ||
		    !slice_equal(n->r.id, id))
			continue;
		(void)visit(arg, n->r.serial,
			    (struct slice){ n->line, n->len });
		return 0;
	}
	return 0;
}

static struct sum net_of(struct sum net, const struct record *r,
			 struct slice user)
{
	if (slice_equal(r->receiver, user))
		net = sum_plus(net, r->amount);
	if (slice_equal(r->sender, user))
		net = sum_minus(net, r->amount);
	return net;
}

static int fake_total(struct store *s, const struct store_query *q,
		      struct store_total *ret)
{
	struct fake_store *f = fake_of(s);

	if (f->read_error)
		return f->read_error;
	*ret = (struct store_total){ 0 };
	for (size_t i = 0; i < f->records; i++) {
		if (!matches(&f->record[i], q))
			continue;
		ret->records++;
		if (q->user.len > 0)
			ret->net = net_of(ret->net, &f->record[i].r, q->user);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct store_partner *pa = a;
	const struct store_partner *pb = b;

	return slice_compare(pa->name, pb->name);
}

/* Sorted, one entry a name. */
static size_t fold(struct store_partner *p, size_t n)
{
	size_t out = 0;

	qsort(p, n, sizeof(*p), by_name);
	for (size_t i = 0; i < n; i++) {
		if (out > 0 && slice_equal(p[out - 1].name, p[i].name)) {
			p[out - 1].count += p[i].count;
			p[out - 1].net = sum_join(p[out - 1].net, p[i].net);
		} else {
			p[out++] = p[i];
		}
	}
	return out;
}

static int fake_partners(struct store *s, const struct store_query *q,
			 struct store_partner **ret, size_t *ret_count)
{
	struct fake_store *f = fake_of(s);
	struct store_partner *p;
	size_t n = 0;

	f->partners++;
	if (f->read_error)
		return f->read_error;
	p = calloc(f->records + 1, sizeof(*p));
	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < f->records; i++) {
		const struct record *r = &f->record[i].r;

		if (!matches(&f->record[i], q) ||
		    slice_equal(r->sender, r->receiver))
			continue;
		p[n++] = (struct store_partner){
			.name = slice_equal(r->sender, q->user) ? r->receiver :
								  r->sender,
			.count = 1,
			.net = net_of(SUM_ZERO, r, q->user),
		};
	}
	*ret_count = fold(p, n);
	*ret = p;
	return 0;
}

static int fake_recheck(struct store *s)
{
	struct fake_store *f = fake_of(s);

	f->rechecks++;
	f->full = false;
	return 0;
}

static const struct store_ops fake_ops = {
	.close = fake_close,
	.state = fake_state,
	.append = fake_append,
	.refill = fake_refill,
	.sync = fake_sync,
	.publish = fake_publish,
	.promise = fake_promise,
	.begin_empty = fake_begin_empty,
	.fetch = fake_fetch,
	.find_id = fake_find_id,
	.total = fake_total,
	.partners = fake_partners,
	.recheck = fake_recheck,
};

void fake_store_init(struct fake_store *f)
{
	*f = (struct fake_store){ .store = { &fake_ops } };
}

void fake_store_done(struct fake_store *f)
{
	for (size_t i = 0; i < f->records; i++)
		free(f->record[i].line);
	free(f->record);
}

void fake_store_add(struct fake_store *f, const char *line)
{
	add(f, slice_of(line), true);
}
