/* SPDX-License-Identifier: MIT */
/*
 * src/store/query.c, and fetching by pages: 100,000 records of one user and
 * others, with copies, holes and filters, against a model that looks at each.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/parse.h"
#include "util/random.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_query);

#define RECORDS 100000
#define USERS 40
#define QUESTIONS 60
#define PAGE 777

static const char *const lists[] = { "", "A", "C", "A,C", "C,D,E" };

/* What the model knows of a record. */
struct fact {
	uint64_t serial;
	unsigned sender;
	unsigned receiver;
	uint64_t amount;
	unsigned list; /* in lists; 0: at home */
};

static struct fact *facts;
static struct buf text;
static struct disk disk;
static struct store *s;
static struct rng rng;

/* User 0 is in most of them. */
static unsigned draw_user(void)
{
	return rng_below(&rng, 3) ? 0 : (unsigned)rng_below(&rng, USERS);
}

static struct fact draw_fact(uint64_t serial, bool copies)
{
	struct fact f = { .serial = serial,
			  .sender = draw_user(),
			  .amount = rng_below(&rng, 1000) + 1 };

	f.receiver = (unsigned)rng_below(&rng, USERS);
	if (f.receiver == f.sender)
		f.amount = 0;
	if (copies && rng_below(&rng, 2))
		f.list = (unsigned)rng_below(&rng, ELEMENTS(lists));
	return f;
}

static void write_fact(const struct fact *f)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef"
				  "0123456789abcdef0123456789abcdef";
	int r;

	/* Serials rise by two or more: the chain is not looked at. */
	r = buf_addf(&text,
		     "%" PRIu64 " user%u user%u %" PRIu64
		     " t=2026-11-22T13:37:00.123456Z h=%s%s%s\n",
		     f->serial, f->sender, f->receiver, f->amount, hex,
		     f->list ? " of=" : "", lists[f->list]);
	if (r < 0)
		ck_abort();
}

static void build(bool copies)
{
	uint64_t serial = 0;

	rng_seed(&rng, 42);
	disk_init(&disk);
	text = (struct buf){ 0 };
	facts = calloc(RECORDS, sizeof(*facts));
	ck_assert_ptr_nonnull(facts);
	for (size_t i = 0; i < RECORDS; i++) {
		serial += 2 + rng_below(&rng, 3);
		facts[i] = draw_fact(serial, copies);
		write_fact(&facts[i]);
	}
	disk_put(&disk, BLOCK, text_of(&text));
	s = tools_open_well(&disk);
}

static void setup_copies(void)
{
	build(true);
}

static void setup_home(void)
{
	build(false);
}

static void teardown(void)
{
	s->ops->close(s);
	disk_done(&disk);
	buf_done(&text);
	free(facts);
}

/* The model's own reading of struct store_filter. */
static bool model_absent(const struct store_filter *f, const char *name,
			 size_t len)
{
	for (size_t i = 0; i < f->absents; i++)
		if (f->absent[i].len == len &&
		    memcmp(f->absent[i].p, name, len) == 0)
			return true;
	return false;
}

static bool model_counts(const struct store_query *q, const struct fact *f)
{
	if (f->serial <= q->after || f->serial > q->upto)
		return false;
	if (q->filter.everything)
		return true;
	for (size_t i = 0; i < q->filter.ranges; i++)
		if (f->serial >= q->filter.range[i].from &&
		    f->serial <= q->filter.range[i].to)
			return q->filter.range[i].take;
	for (const char *p = lists[f->list]; *p; p += *p == ',')
		if (!model_absent(&q->filter, p++, 1))
			return false;
	return true;
}

/* A question with all that it needs. */
struct question {
	struct store_query q;
	struct store_range range[3];
	struct slice absent[3];
	char user[16];
	unsigned number; /* of the user; USERS: all */
};

static void draw_filter(struct question *x)
{
	static const char *const names[] = { "A", "C", "D", "E", "B" };

	x->q.filter.everything = rng_below(&rng, 4) == 0;
	x->q.filter.absents = rng_below(&rng, 4);
	for (size_t i = 0; i < x->q.filter.absents; i++)
		x->absent[i] = slice_of(names[rng_below(&rng, 5)]);
	x->q.filter.absent = x->absent;
	x->q.filter.ranges = rng_below(&rng, 4);
	for (size_t i = 0; i < x->q.filter.ranges; i++) {
		x->range[i].from = rng_below(&rng, 3 * RECORDS);
		x->range[i].to = x->range[i].from + rng_below(&rng, RECORDS);
		x->range[i].take = rng_below(&rng, 2);
	}
	x->q.filter.range = x->range;
}

static void draw_question(struct question *x)
{
	*x = (struct question){ .q.upto = UINT64_MAX, .number = USERS };
	if (rng_below(&rng, 3))
		x->q.after = rng_below(&rng, 3 * RECORDS);
	if (rng_below(&rng, 3))
		x->q.upto = rng_below(&rng, 4 * RECORDS);
	if (rng_below(&rng, 4)) {
		x->number = draw_user();
		(void)snprintf(x->user, sizeof(x->user), "user%u", x->number);
		x->q.user = slice_of(x->user);
	}
	if (rng_below(&rng, 3))
		draw_filter(x);
}

static bool is_asked(const struct question *x, const struct fact *f)
{
	if (x->number != USERS && f->sender != x->number &&
	    f->receiver != x->number)
		return false;
	return model_counts(&x->q, f);
}

static __int128 change(const struct fact *f, unsigned user)
{
	__int128 net = 0;

	if (f->receiver == user)
		net += f->amount;
	if (f->sender == user)
		net -= f->amount;
	return net;
}

START_TEST(totals_are_right)
{
	for (int i = 0; i < QUESTIONS; i++) {
		struct question x;
		struct store_total total;
		uint64_t records = 0;
		__int128 net = 0;

		draw_question(&x);
		for (size_t k = 0; k < RECORDS; k++) {
			if (!is_asked(&x, &facts[k]))
				continue;
			records++;
			net += change(&facts[k], x.number);
		}
		ck_assert_int_eq(s->ops->total(s, &x.q, &total), 0);
		ck_assert_uint_eq(total.records, records);
		ck_assert(sum_to_i128(total.net) == net);
	}
}
END_TEST

/* The number in "user7". */
static unsigned number_of(struct slice name)
{
	uint64_t n = USERS;

	name.p += strlen("user");
	name.len -= strlen("user");
	ck_assert_int_eq(parse_u64_range(name, 0, USERS - 1, &n), 0);
	return (unsigned)n;
}

/* What a partner should be, and in the order of names. */
static void check_partners(const struct question *x,
			   const struct store_partner *list, size_t count)
{
	uint64_t counts[USERS] = { 0 };
	__int128 nets[USERS] = { 0 };
	size_t partners = 0;
	unsigned other;

	for (size_t k = 0; k < RECORDS; k++) {
		if (!is_asked(x, &facts[k]) ||
		    facts[k].sender == facts[k].receiver)
			continue;
		other = facts[k].sender == x->number ? facts[k].receiver
						     : facts[k].sender;
		partners += counts[other] == 0;
		counts[other]++;
		nets[other] += change(&facts[k], x->number);
	}
	ck_assert_uint_eq(count, partners);
	for (size_t i = 0; i < count; i++) {
		other = number_of(list[i].name);
		ck_assert_uint_eq(list[i].count, counts[other]);
		ck_assert(sum_to_i128(list[i].net) == nets[other]);
		if (i > 0)
			ck_assert_int_lt(
				slice_compare(list[i - 1].name, list[i].name),
				0);
	}
}

START_TEST(partners_are_right)
{
	for (int i = 0; i < QUESTIONS; i++) {
		struct store_partner *list;
		struct question x;
		size_t count;

		draw_question(&x);
		if (x.number == USERS)
			continue;
		ck_assert_int_eq(s->ops->partners(s, &x.q, &list, &count), 0);
		check_partners(&x, list, count);
		free(list);
	}
}
END_TEST

/* A page: some records, and the serial of the last. */
struct page {
	struct buf *out;
	size_t room;
	uint64_t last;
	bool full;
};

static bool add_to_page(void *arg, uint64_t serial, struct slice line)
{
	struct page *p = arg;

	if (p->room == 0) {
		p->full = true;
		return false;
	}
	p->room--;
	p->last = serial;
	if (buf_addf(p->out, "%.*s\n", SLICE_ARG(line)) < 0)
		ck_abort();
	return true;
}

static void fetch_by_pages(const struct question *x, struct buf *out)
{
	struct store_query q = x->q;
	struct page p;

	do {
		p = (struct page){ .out = out, .room = PAGE };
		ck_assert_int_eq(s->ops->fetch(s, &q, add_to_page, &p), 0);
		q.after = p.last;
	} while (p.full);
}

START_TEST(pages_are_right)
{
	struct buf expected = { 0 };
	struct buf found = { 0 };

	for (int i = 0; i < QUESTIONS / 3; i++) {
		struct slice rest = text_of(&text);
		struct question x;

		draw_question(&x);
		buf_clear(&expected);
		buf_clear(&found);
		for (size_t k = 0; k < RECORDS; k++) {
			const char *end = memchr(rest.p, '\n', rest.len);
			size_t len = (size_t)(end - rest.p) + 1;

			if (is_asked(&x, &facts[k]) &&
			    buf_add(&expected, rest.p, len) < 0)
				ck_abort();
			rest.p += len;
			rest.len -= len;
		}
		fetch_by_pages(&x, &found);
		ck_assert(slice_equal(text_of(&found), text_of(&expected)));
	}
	buf_done(&expected);
	buf_done(&found);
}
END_TEST

/* Somebody who is in no record of this block has none. */
START_TEST(strangers_have_nothing)
{
	struct store_query q = { .upto = UINT64_MAX, .user = { "user", 4 } };
	struct store_partner *list;
	struct store_total total;
	struct buf found = { 0 };
	size_t count = 1;

	ck_assert_int_eq(s->ops->total(s, &q, &total), 0);
	ck_assert_uint_eq(total.records, 0);
	ck_assert(sum_to_i128(total.net) == 0);
	ck_assert_int_eq(s->ops->partners(s, &q, &list, &count), 0);
	ck_assert_uint_eq(count, 0);
	free(list);
	tools_fetch(s, &q, &found);
	ck_assert_uint_eq(found.len, 0);
}
END_TEST

static void add_case(Suite *suite, const char *name, void (*setup)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, totals_are_right);
	tcase_add_test(t, partners_are_right);
	tcase_add_test(t, pages_are_right);
	tcase_add_test(t, strangers_have_nothing);
	suite_add_tcase(suite, t);
}

Suite *test_store_query(void)
{
	Suite *suite = suite_create("store/query");

	add_case(suite, "all at home", setup_home);
	add_case(suite, "with copies", setup_copies);
	return suite;
}
