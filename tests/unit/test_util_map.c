/* SPDX-License-Identifier: MIT */
/*
 * The hash table, against a model that is a plain array.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/map.h"
#include "util/random.h"

#include "unit.h"

UNIT_SUITE(test_util_map);

#define VALUES 3000
#define OPERATIONS 100000

static const uint8_t test_key[MAP_KEY_SIZE] = { 0, 1, 2,  3,  4,  5,  6,  7,
						8, 9, 10, 11, 12, 13, 14, 15 };

/* How often @value is among the candidates for @hash. */
static unsigned int times_found(const struct map *m, uint64_t hash,
				uint32_t value)
{
	unsigned int times = 0;
	uint32_t v;
	size_t at;

	for (v = map_first(m, hash, &at); v != MAP_NONE;
	     v = map_next(m, hash, &at))
		times += v == value;
	return times;
}

START_TEST(an_empty_map_has_nothing_and_no_memory)
{
	struct map m;
	size_t at;

	map_init(&m, test_key);
	ck_assert_uint_eq(map_first(&m, 1, &at), MAP_NONE);
	map_remove(&m, 1, 1);
	ck_assert_ptr_null(m.slots);
	map_done(&m);
}
END_TEST

/* The vector of SipHash-2-4's authors. */
START_TEST(the_hash_is_siphash)
{
	static const uint8_t expected[8] = { 0xe5, 0x45, 0xbe, 0x49,
					     0x61, 0xca, 0x29, 0xa1 };
	uint64_t hash;
	struct map m;

	map_init(&m, test_key);
	hash = map_hash(&m, test_key, 15);
	ck_assert_mem_eq(&hash, expected, sizeof(expected));
}
END_TEST

START_TEST(another_key_gives_another_hash)
{
	static const uint8_t other_key[MAP_KEY_SIZE] = { 1 };
	struct map a;
	struct map b;

	map_init(&a, test_key);
	map_init(&b, other_key);
	ck_assert_uint_ne(map_hash(&a, "Ali", 3), map_hash(&b, "Ali", 3));
	ck_assert_uint_ne(map_hash(&a, "Ali", 3), map_hash(&a, "Ben", 3));
}
END_TEST

START_TEST(the_least_and_the_greatest_value_are_kept)
{
	struct map m;

	map_init(&m, test_key);
	ck_assert_int_eq(map_insert(&m, 0, 0), 0);
	ck_assert_int_eq(map_insert(&m, 0, MAP_NONE - 1), 0);
	ck_assert_uint_eq(times_found(&m, 0, 0), 1);
	ck_assert_uint_eq(times_found(&m, 0, MAP_NONE - 1), 1);
	map_remove(&m, 0, 0);
	ck_assert_uint_eq(times_found(&m, 0, 0), 0);
	ck_assert_uint_eq(times_found(&m, 0, MAP_NONE - 1), 1);
	map_done(&m);
}
END_TEST

START_TEST(removing_what_is_not_there_changes_nothing)
{
	struct map m;

	map_init(&m, test_key);
	ck_assert_int_eq(map_insert(&m, 5, 5), 0);
	map_remove(&m, 5, 6);
	map_remove(&m, UINT64_C(1) << 40, 5);
	ck_assert_uint_eq(m.count, 1);
	ck_assert_uint_eq(times_found(&m, 5, 5), 1);
	map_done(&m);
}
END_TEST

/* Long searches are what the table is built to avoid. */
START_TEST(never_more_than_seven_tenths_full)
{
	struct map m;

	map_init(&m, test_key);
	for (uint32_t v = 0; v < 100000; v++) {
		ck_assert_int_eq(map_insert(&m, map_hash(&m, &v, sizeof(v)), v),
				 0);
		ck_assert_uint_le(m.count * 10, m.size * 7);
	}
	map_done(&m);
}
END_TEST

/* A history is read into a table of just the size it needs. */
START_TEST(what_is_reserved_is_enough_and_not_much_more)
{
	const uint32_t count = 70001;
	struct map m;
	size_t size;

	map_init(&m, test_key);
	ck_assert_int_eq(map_insert(&m, 1, 1), 0);
	ck_assert_int_eq(map_reserve(&m, count), 0);
	size = m.size;
	ck_assert_uint_le(size * 7, (uint64_t)count * 10 + 100);
	ck_assert_uint_eq(times_found(&m, 1, 1), 1);
	for (uint32_t v = 2; v <= count; v++)
		ck_assert_int_eq(map_insert(&m, map_hash(&m, &v, sizeof(v)), v),
				 0);
	ck_assert_uint_eq(m.size, size);

	/* Less than there is changes nothing, and too much is refused. */
	ck_assert_int_eq(map_reserve(&m, 5), 0);
	ck_assert_int_eq(map_reserve(&m, SIZE_MAX / 2), -ENOMEM);
	ck_assert_uint_eq(m.size, size);
	ck_assert_uint_eq(m.count, count);
	map_done(&m);
}
END_TEST

START_TEST(growing_loses_nothing)
{
	struct map m;

	map_init(&m, test_key);
	for (uint32_t v = 0; v < 100000; v++)
		ck_assert_int_eq(map_insert(&m, map_hash(&m, &v, sizeof(v)), v),
				 0);
	for (uint32_t v = 0; v < 100000; v++)
		ck_assert_uint_eq(
			times_found(&m, map_hash(&m, &v, sizeof(v)), v), 1);
	ck_assert_uint_eq(m.count, 100000);
	map_done(&m);
}
END_TEST

/* No marks of the deleted: a table that lives for years would slow down. */
START_TEST(removing_all_leaves_a_clean_table)
{
	struct map m;

	map_init(&m, test_key);
	for (uint32_t v = 0; v < 1000; v++)
		ck_assert_int_eq(map_insert(&m, map_hash(&m, &v, sizeof(v)), v),
				 0);
	for (uint32_t v = 0; v < 1000; v++)
		map_remove(&m, map_hash(&m, &v, sizeof(v)), v);
	ck_assert_uint_eq(m.count, 0);
	for (size_t i = 0; i < m.size; i++)
		ck_assert_uint_eq(m.slots[i], 0);
	map_done(&m);
}
END_TEST

/* A table in use does not grow by coming and going alone. */
START_TEST(coming_and_going_needs_no_more_room)
{
	struct map m;
	size_t size;

	map_init(&m, test_key);
	for (uint32_t v = 0; v < 100; v++)
		ck_assert_int_eq(map_insert(&m, map_hash(&m, &v, sizeof(v)), v),
				 0);
	size = m.size;
	for (uint32_t v = 100; v < 100000; v++) {
		uint32_t old = v - 100;

		map_remove(&m, map_hash(&m, &old, sizeof(old)), old);
		ck_assert_int_eq(map_insert(&m, map_hash(&m, &v, sizeof(v)), v),
				 0);
	}
	ck_assert_uint_eq(m.size, size);
	map_done(&m);
}
END_TEST

/* Hashes that are good, that crowd together, and that wrap over the end. */
static uint64_t hash_good(const struct map *m, uint32_t value)
{
	return map_hash(m, &value, sizeof(value));
}

static uint64_t hash_crowded(const struct map *m, uint32_t value)
{
	return map_hash(m, &value, sizeof(value)) % 50 << 32;
}

static uint64_t hash_at_the_end(const struct map *m, uint32_t value)
{
	return ~(map_hash(m, &value, sizeof(value)) % 1000 << 32);
}

static uint64_t hash_alike(const struct map *m, uint32_t value)
{
	(void)m;
	(void)value;
	return UINT64_MAX;
}

typedef uint64_t hash_function(const struct map *m, uint32_t value);

static void check_all(const struct map *m, hash_function *hash,
		      const bool present[VALUES], size_t count)
{
	ck_assert_uint_eq(m->count, count);
	for (uint32_t v = 0; v < VALUES; v++)
		ck_assert_uint_eq(times_found(m, hash(m, v), v),
				  present[v] ? 1u : 0u);
}

static void compare_with_model(hash_function *hash, uint32_t values,
			       unsigned int operations)
{
	bool present[VALUES] = { false };
	size_t count = 0;
	struct rng r;
	struct map m;

	map_init(&m, test_key);
	rng_seed(&r, 1);
	for (unsigned int i = 0; i < operations; i++) {
		uint32_t v = (uint32_t)rng_below(&r, values);
		uint64_t h = hash(&m, v);

		ck_assert_uint_eq(times_found(&m, h, v), present[v] ? 1u : 0u);
		if (present[v])
			map_remove(&m, h, v);
		else
			ck_assert_int_eq(map_insert(&m, h, v), 0);
		present[v] = !present[v];
		count = present[v] ? count + 1 : count - 1;
		ck_assert_uint_eq(m.count, count);
		if (i % (operations / 20) == 0)
			check_all(&m, hash, present, count);
	}
	check_all(&m, hash, present, count);
	map_done(&m);
}

START_TEST(good_hashes_agree_with_the_model)
{
	compare_with_model(hash_good, VALUES, OPERATIONS);
}
END_TEST

START_TEST(crowded_hashes_agree_with_the_model)
{
	compare_with_model(hash_crowded, VALUES / 4, OPERATIONS / 2);
}
END_TEST

START_TEST(hashes_at_the_end_agree_with_the_model)
{
	compare_with_model(hash_at_the_end, VALUES / 4, OPERATIONS / 2);
}
END_TEST

START_TEST(equal_hashes_agree_with_the_model)
{
	compare_with_model(hash_alike, 200, OPERATIONS / 2);
}
END_TEST

Suite *test_util_map(void)
{
	Suite *s = suite_create("util/map");
	TCase *c = tcase_create("map");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, an_empty_map_has_nothing_and_no_memory);
	tcase_add_test(c, the_hash_is_siphash);
	tcase_add_test(c, another_key_gives_another_hash);
	tcase_add_test(c, the_least_and_the_greatest_value_are_kept);
	tcase_add_test(c, removing_what_is_not_there_changes_nothing);
	tcase_add_test(c, never_more_than_seven_tenths_full);
	tcase_add_test(c, what_is_reserved_is_enough_and_not_much_more);
	tcase_add_test(c, growing_loses_nothing);
	tcase_add_test(c, removing_all_leaves_a_clean_table);
	tcase_add_test(c, coming_and_going_needs_no_more_room);
	tcase_add_test(c, good_hashes_agree_with_the_model);
	tcase_add_test(c, crowded_hashes_agree_with_the_model);
	tcase_add_test(c, hashes_at_the_end_agree_with_the_model);
	tcase_add_test(c, equal_hashes_agree_with_the_model);
	suite_add_tcase(s, c);
	return s;
}
