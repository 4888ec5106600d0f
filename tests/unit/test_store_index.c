/* SPDX-License-Identifier: MIT */
/*
 * src/store/index.c: order, doubles, saved sums, and nothing half done when
 * memory runs out.
 */
#include "config.h"

#include <string.h>

#include "store/index.h"
#include "util/random.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_index);

static struct index *x;

static void setup(void)
{
	ck_assert_int_eq(index_new(tools_key, &x), 0);
}

static void teardown(void)
{
	index_free(x);
}

static void make(const char *line, uint64_t offset, struct index_item *ret)
{
	const char *fault;
	struct record r;

	if (record_parse(slice_of(line), &r, &fault) < 0)
		ck_abort_msg("%s: %s", line, fault);
	if (index_item_make(x, &r, offset, strlen(line), ret) < 0)
		ck_abort();
}

static void load(const char *line, uint64_t offset)
{
	struct index_item item;

	make(line, offset, &item);
	if (index_load(x, &item) < 0)
		ck_abort();
}

static int never(void *arg, const struct index_entry *a,
		 const struct index_entry *b)
{
	(void)arg;
	ck_abort_msg("%llu and %llu are no doubles",
		     (unsigned long long)a->serial,
		     (unsigned long long)b->serial);
	return -EBADMSG;
}

static void add(const char *line)
{
	struct index_item item;

	make(line, x->count * 100, &item);
	if (index_add(x, &item, 1) < 0)
		ck_abort();
}

/* Rest of a chained record; the index does not look at it. */
#define CHAINED                                                                \
	" t=2026-11-22T13:37:00.123456Z%s h=0123456789abcdef0123456789abcdef"  \
	"0123456789abcdef0123456789abcdef%s"

static void chained(char *out, size_t size, unsigned serial, const char *id,
		    const char *of)
{
	(void)snprintf(out, size, "%u Ali Luke %u" CHAINED, serial, serial, id,
		       of);
}

START_TEST(sorts_what_was_loaded)
{
	static const char *const lines[] = { "9 A B 1", "2 B C 2", "7 C A 3",
					     "8 A C 4", "1 A B 5" };
	static const uint64_t serials[] = { 1, 2, 7, 8, 9 };

	for (size_t i = 0; i < ELEMENTS(lines); i++)
		load(lines[i], 100 * i);
	ck_assert_int_eq(index_seal(x, never, NULL), 0);

	ck_assert_uint_eq(x->count, 5);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(x->entry[i].serial, serials[i]);
	ck_assert_uint_eq(index_offset(&x->entry[0]), 400);
	ck_assert_uint_eq(index_length(&x->entry[0]), 7);
	ck_assert_uint_eq(index_last_serial(x), 9);
	ck_assert_uint_eq(index_find(x, 7), 2);
	ck_assert_uint_eq(index_find(x, 3), INDEX_NONE);
	ck_assert_uint_eq(index_find(x, 10), INDEX_NONE);
	ck_assert_uint_eq(index_upto(x, 0), 0);
	ck_assert_uint_eq(index_upto(x, 6), 2);
	ck_assert_uint_eq(index_upto(x, 7), 3);
	ck_assert_uint_eq(index_upto(x, UINT64_MAX), 5);
}
END_TEST

/* Ids follow their records through the sorting. */
START_TEST(finds_ids_after_sorting)
{
	char line[512];
	size_t at;

	chained(line, sizeof(line), 30, " id=thirty", "");
	load(line, 0);
	chained(line, sizeof(line), 20, " id=twenty", "");
	load(line, 1000);
	load("4 A B 1", 2000);
	ck_assert_int_eq(index_seal(x, never, NULL), 0);

	ck_assert_uint_eq(index_first_id(x, slice_of("thirty"), &at), 2);
	ck_assert_uint_eq(index_next_id(x, slice_of("thirty"), &at),
			  INDEX_NONE);
	ck_assert_uint_eq(index_first_id(x, slice_of("twenty"), &at), 1);
	ck_assert_uint_eq(index_first_id(x, slice_of("ten"), &at), INDEX_NONE);
}
END_TEST

#define MANY 3000

static void load_many(void)
{
	char line[512];
	char id[32];

	for (unsigned i = 1; i <= MANY; i++) {
		(void)snprintf(id, sizeof(id), " id=number-%u", i);
		chained(line, sizeof(line), i, i % 3 ? id : "", "");
		load(line, i * 1000);
	}
}

/* They are put in range by range of their hashes: none is left out. */
START_TEST(finds_each_of_many_ids)
{
	char id[32];
	size_t at;

	load_many();
	ck_assert_int_eq(index_seal(x, never, NULL), 0);
	ck_assert_uint_eq(x->ids.count, MANY - MANY / 3);
	for (unsigned i = 1; i <= MANY; i++) {
		uint32_t found;

		(void)snprintf(id, sizeof(id), "number-%u", i);
		found = index_first_id(x, slice_of(id), &at);
		while (found != INDEX_NONE && found != i - 1)
			found = index_next_id(x, slice_of(id), &at);
		ck_assert_uint_eq(found, i % 3 ? i - 1 : INDEX_NONE);
	}
}
END_TEST

/* What is loaded takes no more memory than it needs. */
START_TEST(lists_are_as_long_as_they_must_be)
{
	load_many();
	load("3001 Luke Victor 1", 5000000);
	ck_assert_int_eq(index_seal(x, never, NULL), 0);
	ck_assert_uint_eq(x->names.count, 3);
	for (uint32_t i = 0; i < x->names.count; i++)
		ck_assert_uint_eq(x->user[i].room, x->user[i].count);
	ck_assert_uint_eq(x->user[0].count, MANY);
	ck_assert_uint_eq(x->user[1].count, MANY + 1);
	ck_assert_uint_eq(x->user[2].count, 1);
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert_uint_eq(x->user[0].ordinal[i], i);
}
END_TEST

/* Each step of it may find no memory; what is there can be freed then. */
START_TEST(sealing_may_run_out_of_memory)
{
	unsigned failures = 0;
	int r;

	do {
		teardown();
		setup();
		load_many();
		tools_memory_ends = failures + 1;
		r = index_seal(x, never, NULL);
		tools_memory_ends = 0;
		ck_assert(r == 0 || r == -ENOMEM);
		failures += r < 0;
	} while (r < 0);
	/* The ids in order, and two lists with their sums. */
	ck_assert_uint_ge(failures, 5);
}
END_TEST

static int count_doubles(void *arg, const struct index_entry *a,
			 const struct index_entry *b)
{
	unsigned *doubles = arg;

	ck_assert_uint_eq(a->serial, b->serial);
	(*doubles)++;
	return *doubles > 2 ? -EBADMSG : 0;
}

START_TEST(keeps_doubles_once)
{
	char line[512];
	unsigned doubles = 0;

	chained(line, sizeof(line), 5, "", " of=A");
	load(line, 0);
	chained(line, sizeof(line), 5, "", "");
	load(line, 500);
	chained(line, sizeof(line), 5, "", " of=B");
	load(line, 1000);
	ck_assert_int_eq(index_seal(x, count_doubles, &doubles), 0);
	ck_assert_uint_eq(doubles, 2);
	ck_assert_uint_eq(x->count, 1);
	ck_assert_uint_eq(x->copies, 0);
	ck_assert_uint_eq(index_offset(&x->entry[0]), 500);
	ck_assert_uint_eq(x->user[x->entry[0].sender].count, 1);
}
END_TEST

/* Of equal ones the first is kept. */
START_TEST(keeps_the_first_double)
{
	unsigned doubles = 0;

	load("7 A B 1", 300);
	load("5 A B 1", 500);
	load("5 A B 1", 100);
	ck_assert_int_eq(index_seal(x, count_doubles, &doubles), 0);
	ck_assert_uint_eq(index_offset(&x->entry[0]), 100);
}
END_TEST

START_TEST(stops_at_doubles_that_differ)
{
	unsigned doubles = 2;

	load("5 A B 1", 0);
	load("5 A B 2", 100);
	ck_assert_int_eq(index_seal(x, count_doubles, &doubles), -EBADMSG);
}
END_TEST

/* Saved sums against sums, at each number of records, through taking back. */
START_TEST(saves_sums)
{
	struct sum net = SUM_ZERO;
	struct index_item item;
	uint32_t ali;
	struct rng rng;
	char line[64];

	rng_seed(&rng, 1);
	ck_assert_int_eq(index_seal(x, never, NULL), 0);
	for (unsigned i = 1; i <= 400; i++) {
		(void)snprintf(line, sizeof(line), "%u %s %llu", i,
			       rng_below(&rng, 2) ? "Ali Luke" : "Luke Ali",
			       (unsigned long long)rng_below(&rng, INT64_MAX) +
				       1);
		make(line, i * 100, &item);
		ali = names_find(&x->names, slice_of("Ali"));
		ck_assert_int_eq(index_add(x, &item, 1), 0);
		net = index_apply(net, &item.entry, ali);
		ck_assert(sum_to_i128(index_net(x, ali, i)) ==
			  sum_to_i128(net));
		if (i % 50 == 0)
			ck_assert(sum_to_i128(index_net(x, ali, 0)) == 0);
	}
}
END_TEST

/* Openings name one user twice, and count once. */
START_TEST(lists_an_opening_once)
{
	ck_assert_int_eq(index_seal(x, never, NULL), 0);
	add("1 Ali Ali 0");
	ck_assert_uint_eq(x->user[0].count, 1);
	ck_assert(sum_to_i128(index_net(x, 0, 1)) == 0);
}
END_TEST

/* All that a query could see. */
static void describe(struct buf *out)
{
	size_t at;

	ck_assert_int_eq(buf_addf(out, "%u entries, %llu copies", x->count,
				  (unsigned long long)x->copies),
			 0);
	for (uint32_t u = 0; u < x->users_room; u++)
		for (uint32_t i = 0; i < x->user[u].count; i++)
			if (buf_addf(out, " %u:%u", u, x->user[u].ordinal[i]) <
			    0)
				ck_abort();
	for (const char *id = "a"; id; id = *id == 'a' ? "b" : NULL)
		ck_assert_int_eq(buf_addf(out, " %u",
					  index_first_id(x, slice_of(id), &at)),
				 0);
}

/* Memory runs out in the middle of a batch: what was added is taken back. */
START_TEST(adds_all_or_nothing)
{
	struct index_item items[3];
	struct buf before = { 0 };
	struct buf after = { 0 };
	unsigned failures = 0;
	char line[512];

	/* What was loaded has lists without room for more. */
	for (unsigned i = 1; i <= 63; i++) {
		(void)snprintf(line, sizeof(line), "%u Ali Luke 1", i);
		load(line, i * 100);
	}
	ck_assert_int_eq(index_seal(x, never, NULL), 0);
	chained(line, sizeof(line), 64, " id=a", " of=A");
	make(line, 10000, &items[0]);
	chained(line, sizeof(line), 65, " id=b", "");
	make(line, 11000, &items[1]);
	make("66 Ben Victor 1", 12000, &items[2]);
	describe(&before);

	for (tools_memory_ends = 1; index_add(x, items, 3) < 0;
	     tools_memory_ends = ++failures + 1) {
		tools_memory_ends = 0;
		buf_clear(&after);
		describe(&after);
		assert_text(text_of(&after), text_of(&before));
	}
	tools_memory_ends = 0;
	/* Two lists that are full and get sums, and two new users. */
	ck_assert_uint_ge(failures, 4);
	ck_assert_uint_eq(x->count, 66);
	ck_assert(sum_to_i128(index_net(x, 0, 65)) == -63 - 64 - 65);
	buf_done(&before);
	buf_done(&after);
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
	struct index_item item;
	const char *fault;
	struct record r;

	ck_assert_int_eq(record_parse(slice_of("1 A B 1"), &r, &fault), 0);
	ck_assert_int_eq(
		index_item_make(x, &r, (UINT64_C(1) << 42) - 1, 7, &item), 0);
	ck_assert_uint_eq(index_offset(&item.entry), (UINT64_C(1) << 42) - 1);
	ck_assert_uint_eq(index_length(&item.entry), 7);
	ck_assert_int_eq(index_item_make(x, &r, UINT64_C(1) << 42, 7, &item),
			 -EFBIG);
}
END_TEST

START_TEST(knows_many_lists_of_names)
{
	struct index_item item;
	const char *fault;
	struct record r;
	char of[32];

	ck_assert_int_eq(record_parse(slice_of("1 A B 1"), &r, &fault), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 1; i <= INDEX_OFS_MAX; i++) {
			(void)snprintf(of, sizeof(of), "A%u,B", i);
			r.of = slice_of(of);
			if (index_item_make(x, &r, 5, 1024, &item) < 0 ||
			    index_of(&item.entry) != i ||
			    index_length(&item.entry) != 1024 ||
			    !slice_equal(index_of_text(x, i), r.of))
				ck_abort_msg("%s is not number %u", of, i);
		}
	}
	r.of = slice_of("more");
	ck_assert_int_eq(index_item_make(x, &r, 5, 6, &item), -EOVERFLOW);
}
END_TEST

Suite *test_store_index(void)
{
	Suite *s = suite_create("store/index");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, sorts_what_was_loaded);
	tcase_add_test(t, finds_ids_after_sorting);
	tcase_add_test(t, finds_each_of_many_ids);
	tcase_add_test(t, lists_are_as_long_as_they_must_be);
	tcase_add_test(t, sealing_may_run_out_of_memory);
	tcase_add_test(t, keeps_doubles_once);
	tcase_add_test(t, keeps_the_first_double);
	tcase_add_test(t, stops_at_doubles_that_differ);
	tcase_add_test(t, saves_sums);
	tcase_add_test(t, lists_an_opening_once);
	tcase_add_test(t, adds_all_or_nothing);
	tcase_add_test(t, refuses_what_does_not_fit);
	tcase_add_test(t, knows_many_lists_of_names);
	suite_add_tcase(s, t);
	return s;
}
