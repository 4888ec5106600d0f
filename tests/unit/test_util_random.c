/* SPDX-License-Identifier: MIT */
/*
 * The generator for draws and simulations.
 */
#include "config.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/random.h"

#include "unit.h"

UNIT_SUITE(test_util_random);

/* From the authors' code, started with 1, 2, 3, 4. */
START_TEST(follows_xoshiro256starstar)
{
	static const uint64_t expected[] = {
		UINT64_C(11520),
		UINT64_C(0),
		UINT64_C(1509978240),
		UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360),
		UINT64_C(607988272756665600),
		UINT64_C(16172922978634559625),
		UINT64_C(8476171486693032832),
		UINT64_C(10595114339597558777),
		UINT64_C(2904607092377533576),
	};
	struct rng r = { { 1, 2, 3, 4 } };

	for (size_t i = 0; i < ELEMENTS(expected); i++)
		ck_assert_uint_eq(rng_next(&r), expected[i]);
}
END_TEST

/* From the authors' splitmix64. */
START_TEST(seeding_follows_splitmix64)
{
	struct rng r;

	rng_seed(&r, 1234567);
	ck_assert_uint_eq(r.s[0], UINT64_C(6457827717110365317));
	ck_assert_uint_eq(r.s[1], UINT64_C(3203168211198807973));
	ck_assert_uint_eq(r.s[2], UINT64_C(9817491932198370423));
	ck_assert_uint_eq(r.s[3], UINT64_C(4593380528125082431));
}
END_TEST

/* A failing simulation is run again from its seed. */
START_TEST(the_same_seed_gives_the_same_draws)
{
	struct rng a;
	struct rng b;

	rng_seed(&a, 7);
	rng_seed(&b, 7);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(rng_below(&a, 1000), rng_below(&b, 1000));
}
END_TEST

START_TEST(draws_stay_below_the_bound)
{
	static const uint64_t bounds[] = { 1,	      2,    3,
					   10,	      1000, UINT64_C(1) << 63,
					   UINT64_MAX };
	struct rng r;

	rng_seed(&r, 1);
	for (size_t i = 0; i < ELEMENTS(bounds); i++)
		for (int j = 0; j < 1000; j++)
			ck_assert_uint_lt(rng_below(&r, bounds[i]), bounds[i]);
}
END_TEST

START_TEST(three_backends_are_drawn_alike)
{
	int drawn[3] = { 0 };
	struct rng r;

	rng_seed(&r, 2);
	for (int i = 0; i < 30000; i++)
		drawn[rng_below(&r, 3)]++;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_gt(drawn[i], 9700);
		ck_assert_int_lt(drawn[i], 10300);
	}
}
END_TEST

/*
 * With this bound a remainder would draw the lower third half of the time, and
 * a product without rejection each fourth part's neighbour twice as often.
 */
START_TEST(a_large_bound_has_no_bias)
{
	const uint64_t bound = UINT64_C(3) << 62;
	int remainder[3] = { 0 };
	int third[3] = { 0 };
	struct rng r;

	rng_seed(&r, 3);
	for (int i = 0; i < 30000; i++) {
		uint64_t v = rng_below(&r, bound);

		third[v / (bound / 3)]++;
		remainder[v % 3]++;
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_gt(third[i], 9700);
		ck_assert_int_lt(third[i], 10300);
		ck_assert_int_gt(remainder[i], 9700);
		ck_assert_int_lt(remainder[i], 10300);
	}
}
END_TEST

START_TEST(the_kernel_fills_all_bytes_and_no_more)
{
	static const uint8_t zero[8];
	uint8_t out[1024 + 8];

	memset(out, 0, sizeof(out));
	random_bytes(out, 1024);
	for (size_t at = 0; at < 1024; at += 8)
		ck_assert_mem_ne(out + at, zero, 8);
	ck_assert_mem_eq(out + 1024, zero, 8);
}
END_TEST

START_TEST(the_kernel_fills_few_bytes_as_well)
{
	uint8_t seen[3] = { 0 };
	uint8_t out[3];

	for (int i = 0; i < 100; i++) {
		memset(out, 0, sizeof(out));
		random_bytes(out, 1);
		random_bytes(out + 1, 2);
		for (size_t j = 0; j < sizeof(out); j++)
			seen[j] |= out[j];
	}
	for (size_t j = 0; j < sizeof(out); j++)
		ck_assert_uint_eq(seen[j], 0xff);
}
END_TEST

Suite *test_util_random(void)
{
	Suite *s = suite_create("util/random");
	TCase *c = tcase_create("random");

	tcase_add_test(c, follows_xoshiro256starstar);
	tcase_add_test(c, seeding_follows_splitmix64);
	tcase_add_test(c, the_same_seed_gives_the_same_draws);
	tcase_add_test(c, draws_stay_below_the_bound);
	tcase_add_test(c, three_backends_are_drawn_alike);
	tcase_add_test(c, a_large_bound_has_no_bias);
	tcase_add_test(c, the_kernel_fills_all_bytes_and_no_more);
	tcase_add_test(c, the_kernel_fills_few_bytes_as_well);
	suite_add_tcase(s, c);
	return s;
}
