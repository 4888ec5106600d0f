/* SPDX-License-Identifier: MIT */
/*
 * The filter over operation ids: never a wrong "fresh", seldom a wrong "known".
 */
#include "config.h"

#include <stdio.h>

#include "ledger/idfilter.h"

#include "unit.h"

UNIT_SUITE(test_ledger_idfilter);

/* Two and a half layers. */
#define MANY 5000000u
#define PROBES 200000u

static struct idfilter *new_filter(void)
{
	struct idfilter *f;

	ck_assert_int_eq(idfilter_new(&f), 0);
	return f;
}

/* Ids that differ in few bytes, as counters and clocks make them. */
static struct slice id_of(uint32_t number, char out[16])
{
	int len = snprintf(out, 16, "id%08x", number);

	return (struct slice){ out, (size_t)len };
}

static void add_many(struct idfilter *f, uint32_t from, uint32_t to)
{
	char id[16];

	for (uint32_t i = from; i < to; i++)
		if (idfilter_add(f, id_of(i, id)) < 0)
			ck_abort_msg("no memory");
}

/* How many of the ids with these numbers are perhaps known. */
static uint32_t count_known(const struct idfilter *f, uint32_t from,
			    uint32_t to)
{
	uint32_t known = 0;
	char id[16];

	for (uint32_t i = from; i < to; i++)
		known += idfilter_maybe(f, id_of(i, id)) ? 1u : 0u;
	return known;
}

START_TEST(an_empty_filter_knows_nothing)
{
	_cleanup_(idfilter_freep) struct idfilter *f = new_filter();

	ck_assert_uint_eq(count_known(f, 0, 1000), 0);
	ck_assert_uint_eq(idfilter_count(f), 0);
}
END_TEST

/* A "fresh" that is not would be a transfer made twice. */
START_TEST(what_was_added_is_never_fresh)
{
	_cleanup_(idfilter_freep) struct idfilter *f = new_filter();

	add_many(f, 0, MANY);
	ck_assert_uint_eq(count_known(f, 0, MANY), MANY);
	ck_assert_uint_eq(idfilter_count(f), MANY);
}
END_TEST

START_TEST(false_alarms_stay_under_one_in_a_hundred)
{
	_cleanup_(idfilter_freep) struct idfilter *f = new_filter();

	add_many(f, 0, 1u << 20);
	ck_assert_uint_lt(count_known(f, MANY, MANY + PROBES), PROBES / 500);
	add_many(f, 1u << 20, MANY);
	ck_assert_uint_lt(count_known(f, MANY, MANY + PROBES), PROBES / 100);
}
END_TEST

START_TEST(full_layers_take_sixteen_bits_an_id)
{
	_cleanup_(idfilter_freep) struct idfilter *f = new_filter();
	const uint32_t full = 3u << 20;

	add_many(f, 0, full);
	ck_assert_uint_ge(idfilter_bytes(f), full * 2);
	ck_assert_uint_le(idfilter_bytes(f), full * 2 + 4096);
	add_many(f, full, full + 1);
	ck_assert_uint_ge(idfilter_bytes(f), full * 4);
}
END_TEST

/* Through its pieces into another one. */
static struct idfilter *copy_of(const struct idfilter *f)
{
	uint64_t pieces = idfilter_pieces(idfilter_count(f));
	uint8_t piece[IDFILTER_PIECE];
	struct idfilter *copy;

	ck_assert_int_eq(idfilter_restore(idfilter_count(f), &copy), 0);
	for (uint64_t n = 0; n < pieces; n++)
		if (idfilter_get_piece(f, n, piece))
			idfilter_put_piece(copy, n, piece);
	return copy;
}

START_TEST(its_pieces_are_all_of_it)
{
	/* None, few, a layer just full, one more, layers in part. */
	static const uint32_t counts[] = { 0, 10, 1u << 20, (1u << 20) + 1,
					   4000000 };
	_cleanup_(idfilter_freep) struct idfilter *f = new_filter();
	_cleanup_(idfilter_freep) struct idfilter *copy = NULL;
	uint32_t count = counts[_i];

	add_many(f, 0, count);
	copy = copy_of(f);
	ck_assert_uint_eq(idfilter_count(copy), count);
	ck_assert_uint_eq(idfilter_bytes(copy), idfilter_bytes(f));
	ck_assert_uint_eq(count_known(copy, 0, count), count);
	/* Down to the false alarms, and from here on as well. */
	ck_assert_uint_eq(count_known(copy, MANY, MANY + PROBES),
			  count_known(f, MANY, MANY + PROBES));
	add_many(f, count, 2 * count + 7);
	add_many(copy, count, 2 * count + 7);
	ck_assert_uint_eq(idfilter_bytes(copy), idfilter_bytes(f));
	ck_assert_uint_eq(count_known(copy, 0, 2 * count + 7), 2 * count + 7);
}
END_TEST

/* What is saved on one host, or by another version, is read by the next. */
START_TEST(its_bits_stay_where_they_are)
{
	_cleanup_(idfilter_freep) struct idfilter *f = new_filter();
	uint8_t piece[IDFILTER_PIECE];
	uint64_t sum = 0;
	uint64_t found = 0;

	add_many(f, 0, 1);
	for (uint64_t n = 0; n < idfilter_pieces(1); n++) {
		if (!idfilter_get_piece(f, n, piece))
			continue;
		found = n;
		for (size_t i = 0; i < sizeof(piece); i++)
			sum = sum * 31 + piece[i];
	}
	ck_assert_uint_eq(idfilter_pieces(1), 4096);
	ck_assert_uint_eq(found, 4067);
	ck_assert_uint_eq(sum, UINT64_C(14145167789245705734));
}
END_TEST

START_TEST(pieces_of_zeros_need_not_be_kept)
{
	_cleanup_(idfilter_freep) struct idfilter *f = new_filter();
	uint8_t piece[IDFILTER_PIECE];
	uint64_t kept = 0;

	ck_assert_uint_eq(idfilter_pieces(0), 0);
	add_many(f, 0, 10);
	for (uint64_t n = 0; n < idfilter_pieces(10); n++)
		kept += idfilter_get_piece(f, n, piece);
	ck_assert_uint_ge(kept, 1);
	ck_assert_uint_le(kept, 10);
}
END_TEST

START_TEST(no_filter_is_freed_harmlessly)
{
	ck_assert_ptr_null(idfilter_free(NULL));
}
END_TEST

Suite *test_ledger_idfilter(void)
{
	Suite *s = suite_create("ledger/idfilter");
	TCase *c = tcase_create("idfilter");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, an_empty_filter_knows_nothing);
	tcase_add_test(c, what_was_added_is_never_fresh);
	tcase_add_test(c, false_alarms_stay_under_one_in_a_hundred);
	tcase_add_test(c, full_layers_take_sixteen_bits_an_id);
	tcase_add_loop_test(c, its_pieces_are_all_of_it, 0, 5);
	tcase_add_test(c, its_bits_stay_where_they_are);
	tcase_add_test(c, pieces_of_zeros_need_not_be_kept);
	tcase_add_test(c, no_filter_is_freed_harmlessly);
	suite_add_tcase(s, c);
	return s;
}
