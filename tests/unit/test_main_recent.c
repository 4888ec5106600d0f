/* SPDX-License-Identifier: MIT */
/*
 * What is counted without timers: the last minute, and buckets of time.
 */
#include "config.h"

#include "main/histogram.h"
#include "main/recent.h"
#include "util/timestamp.h"
#include "unit.h"

UNIT_SUITE(test_main_recent);

#define SEC USEC_PER_SEC

START_TEST(the_last_minute)
{
	struct recent r = { 0 };

	ck_assert_uint_eq(recent_count(&r, 5 * SEC), 0);
	recent_add(&r, 5 * SEC, 3, 70);
	recent_add(&r, 5 * SEC + 1, 2, 50);
	recent_add(&r, 64 * SEC, 1, 60);
	ck_assert_uint_eq(recent_count(&r, 64 * SEC), 6);
	ck_assert_int_eq(recent_most(&r, 64 * SEC), 70);

	/* The first second is 60 seconds ago, and its place not taken yet. */
	ck_assert_uint_eq(recent_count(&r, 65 * SEC), 1);
	ck_assert_int_eq(recent_most(&r, 65 * SEC), 60);

	/* Then it is taken, whose number is the same but for a minute. */
	recent_add(&r, 65 * SEC, 1, 10);
	ck_assert_uint_eq(recent_count(&r, 65 * SEC), 2);
	ck_assert_int_eq(recent_most(&r, 65 * SEC), 60);
	ck_assert_uint_eq(recent_count(&r, 3600 * SEC), 0);
	ck_assert_int_eq(recent_most(&r, 3600 * SEC), 0);
}
END_TEST

/* Of a second that is not over nobody knows the rate. */
START_TEST(the_last_second)
{
	struct recent r = { 0 };

	recent_add(&r, 0, 7, 0);
	recent_add(&r, SEC - 1, 1, 0);
	ck_assert_uint_eq(recent_rate(&r, SEC - 1), 0);
	ck_assert_uint_eq(recent_rate(&r, SEC), 8);
	ck_assert_uint_eq(recent_rate(&r, 2 * SEC - 1), 8);
	ck_assert_uint_eq(recent_rate(&r, 2 * SEC), 0);
	ck_assert_uint_eq(recent_rate(&r, (RECENT_SECONDS + 1) * SEC), 0);
}
END_TEST

/* A bound belongs to the bucket below it. */
START_TEST(buckets)
{
	struct histogram h = { 0 };

	for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
		histogram_add(&h, (int64_t)histogram_bound(i));
		ck_assert_uint_eq(h.count[i], i > 0 ? 2 : 1);
		histogram_add(&h, (int64_t)histogram_bound(i) + 1);
		ck_assert_uint_eq(h.count[i + 1], 1);
		if (i > 0)
			ck_assert_uint_lt(histogram_bound(i - 1),
					  histogram_bound(i));
	}
	ck_assert_uint_eq(histogram_bound(0), 100);
	ck_assert_uint_eq(histogram_bound(HISTOGRAM_BOUNDS - 1), 10000000);
	ck_assert_uint_eq(histogram_total(&h), 2 * HISTOGRAM_BOUNDS);
}
END_TEST

START_TEST(sums)
{
	struct histogram h = { 0 };

	histogram_add(&h, 40);
	histogram_add(&h, 11000000);
	/* A clock that went back is no reason to lose all. */
	histogram_add(&h, -5);
	ck_assert_uint_eq(h.sum, 11000040);
	ck_assert_uint_eq(h.count[0], 2);
	ck_assert_uint_eq(h.count[HISTOGRAM_BOUNDS], 1);
}
END_TEST

Suite *test_main_recent(void)
{
	Suite *suite = suite_create("main/recent");
	TCase *t = tcase_create("all");

	tcase_add_test(t, the_last_minute);
	tcase_add_test(t, the_last_second);
	tcase_add_test(t, buckets);
	tcase_add_test(t, sums);
	suite_add_tcase(suite, t);
	return suite;
}
