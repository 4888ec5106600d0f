/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/moment.c: which texts are a time, and which one, in
 * several zones.  The zones are written out, so no database of them is needed.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "unit.h"
#include "util/timestamp.h"
#include "walletctl/moment.h"

#define UTC "UTC0"
#define PARIS "CET-1CEST,M3.5.0,M10.5.0/3"
#define KATHMANDU "<+0545>-5:45"
/* Clocks are put forward at midnight, and back at midnight. */
#define SANTIAGO "<-04>4<-03>,M9.1.6/24,M4.1.6/24"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define NOW "2026-11-22T13:37:00.123456Z"

static int parse(const char *zone, const char *text, int64_t *ret,
		 const char **ret_fault)
{
	int64_t now;

	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
	ck_assert_int_eq(timestamp_parse(slice_of(NOW), &now), 0);
	return moment_parse(text, now, ret, ret_fault);
}

static const struct {
	const char *zone;
	const char *text;
	const char *time; /* as records have it */
} good[] = {
	{ UTC, "2026-11-22", "2026-11-22T00:00:00.000000Z" },
	{ PARIS, "2026-11-22", "2026-11-21T23:00:00.000000Z" },
	{ PARIS, "2026-07-01", "2026-06-30T22:00:00.000000Z" },
	{ KATHMANDU, "2026-11-22", "2026-11-21T18:15:00.000000Z" },
	{ UTC, "2026-11-22 13:37", "2026-11-22T13:37:00.000000Z" },
	{ PARIS, "2026-11-22 13:37", "2026-11-22T12:37:00.000000Z" },
	{ PARIS, "2026-11-22 13:37:01", "2026-11-22T12:37:01.000000Z" },
	{ PARIS, "2026-11-22T13:37:01.5", "2026-11-22T12:37:01.500000Z" },
	{ UTC, "2026-11-22 13:37:01.000001", "2026-11-22T13:37:01.000001Z" },
	{ UTC, "2026-11-22 13:37:01.123456789", "2026-11-22T13:37:01.123456Z" },
	/* A zone that is written is the one. */
	{ PARIS, NOW, NOW },
	{ PARIS, "2026-11-22T13:37:00Z", "2026-11-22T13:37:00.000000Z" },
	{ PARIS, "2026-11-22T13:37:00+05:45", "2026-11-22T07:52:00.000000Z" },
	{ PARIS, "2026-11-22 13:37-03:30", "2026-11-22T17:07:00.000000Z" },
	{ UTC, "2026-11-22T00:30:00+01:00", "2026-11-21T23:30:00.000000Z" },
	/* The edges of what there is. */
	{ UTC, "1970-01-01", "1970-01-01T00:00:00.000000Z" },
	{ UTC, "1969-12-31T23:59:00-00:01", "1970-01-01T00:00:00.000000Z" },
	{ UTC, "9999-12-31 23:59:59.999999", "9999-12-31T23:59:59.999999Z" },
	{ UTC, "2028-02-29", "2028-02-29T00:00:00.000000Z" },
	/* Before now; a day has 24 hours, whatever the clocks do. */
	{ PARIS, "now", NOW },
	{ UTC, "-10s", "2026-11-22T13:36:50.123456Z" },
	{ UTC, "-30m", "2026-11-22T13:07:00.123456Z" },
	{ UTC, "-12h", "2026-11-22T01:37:00.123456Z" },
	{ PARIS, "-30d", "2026-10-23T13:37:00.123456Z" },
	{ UTC, "-2w", "2026-11-08T13:37:00.123456Z" },
	{ UTC, "-0d", NOW },
	{ UTC, "today", "2026-11-22T00:00:00.000000Z" },
	{ UTC, "yesterday", "2026-11-21T00:00:00.000000Z" },
	{ PARIS, "today", "2026-11-21T23:00:00.000000Z" },
	/* There it is the 23rd by then. */
	{ "<+11>-11", "today", "2026-11-22T13:00:00.000000Z" },
	{ "<+11>-11", "yesterday", "2026-11-21T13:00:00.000000Z" },
	/* Summer begins and ends. */
	{ PARIS, "2026-03-29 01:59:59", "2026-03-29T00:59:59.000000Z" },
	{ PARIS, "2026-03-29 03:00", "2026-03-29T01:00:00.000000Z" },
	{ PARIS, "2026-10-25 01:59", "2026-10-24T23:59:00.000000Z" },
	{ PARIS, "2026-10-25 03:00", "2026-10-25T02:00:00.000000Z" },
	{ PARIS, "2026-10-25", "2026-10-24T22:00:00.000000Z" },
	{ PARIS, "2026-10-26", "2026-10-25T23:00:00.000000Z" },
	/* Of a time that comes twice the first. */
	{ PARIS, "2026-10-25 02:00", "2026-10-25T00:00:00.000000Z" },
	{ PARIS, "2026-10-25 02:30", "2026-10-25T00:30:00.000000Z" },
	{ LORD_HOWE, "2026-04-05 01:45", "2026-04-04T14:45:00.000000Z" },
	/* A day that begins at one o'clock, and one that begins twice. */
	{ SANTIAGO, "2026-09-06", "2026-09-06T04:00:00.000000Z" },
	{ SANTIAGO, "2026-09-06 01:00", "2026-09-06T04:00:00.000000Z" },
	{ SANTIAGO, "2026-04-04 23:30", "2026-04-05T02:30:00.000000Z" },
	{ SANTIAGO, "2026-04-05", "2026-04-05T04:00:00.000000Z" },
};

START_TEST(times_are_understood)
{
	char text[TIMESTAMP_LEN];
	const char *fault = "";
	int64_t usec;
	int r = parse(good[_i].zone, good[_i].text, &usec, &fault);

	ck_assert_msg(r == 0, "%s: %s", good[_i].text, fault);
	timestamp_format(usec, text);
	ck_assert_msg(memcmp(text, good[_i].time, sizeof(text)) == 0,
		      "%s in %s: %.*s", good[_i].text, good[_i].zone,
		      TIMESTAMP_LEN, text);
}
END_TEST

/* What was asked before must not matter: the C library remembers. */
START_TEST(a_time_that_comes_twice_is_always_the_first)
{
	static const char *const before[] = { "2026-07-01", "2026-12-01",
					      "2026-03-29 03:00" };
	const char *fault;
	int64_t usec;
	int64_t first;

	ck_assert_int_eq(parse(PARIS, "2026-10-25T00:30:00Z", &first, &fault),
			 0);
	for (size_t i = 0; i < ELEMENTS(before); i++) {
		ck_assert_int_eq(parse(PARIS, before[i], &usec, &fault), 0);
		ck_assert_int_eq(parse(PARIS, "2026-10-25 02:30", &usec,
				       &fault),
				 0);
		ck_assert_int_eq(usec, first);
	}
}
END_TEST

#define UNKNOWN "expected a time such as"
#define ABSENT "a day and a time that there are"
#define SKIPPED "they skip this one"
#define RANGE "from 1970 to 9999"

static const struct {
	const char *zone;
	const char *text;
	const char *fault;
} bad[] = {
	{ UTC, "", UNKNOWN },
	{ UTC, "x", UNKNOWN },
	{ UTC, "5", UNKNOWN },
	{ UTC, "Now", UNKNOWN },
	{ UTC, "now ", UNKNOWN },
	{ UTC, " 2026-11-22", UNKNOWN },
	{ UTC, "2026-11-22 ", UNKNOWN },
	{ UTC, "2026-11", UNKNOWN },
	{ UTC, "2026-1-22", UNKNOWN },
	{ UTC, "26-11-22", UNKNOWN },
	{ UTC, "2026/11/22", UNKNOWN },
	{ UTC, "22.11.2026", UNKNOWN },
	{ UTC, "2026-11-22Z", UNKNOWN },
	{ UTC, "2026-11-22 13", UNKNOWN },
	{ UTC, "2026-11-22  13:37", UNKNOWN },
	{ UTC, "2026-11-22t13:37", UNKNOWN },
	{ UTC, "2026-11-22 1:37", UNKNOWN },
	{ UTC, "2026-11-22 13:37:", UNKNOWN },
	{ UTC, "2026-11-22 13:37:00.", UNKNOWN },
	{ UTC, "2026-11-22 13:37.5", UNKNOWN },
	{ UTC, "2026-11-22 13:37:00.1234567890", UNKNOWN },
	{ UTC, "2026-11-22 13:37 Z", UNKNOWN },
	{ UTC, "2026-11-22 13:37z", UNKNOWN },
	{ UTC, "2026-11-22 13:37+1:00", UNKNOWN },
	{ UTC, "2026-11-22 13:37+0100", UNKNOWN },
	{ UTC, "2026-11-22 13:37+24:00", UNKNOWN },
	{ UTC, "2026-11-22 13:37+01:60", UNKNOWN },
	{ UTC, "2026-11-22 -3:37", UNKNOWN },
	{ UTC, "-7", UNKNOWN },
	{ UTC, "-d", UNKNOWN },
	{ UTC, "-7D", UNKNOWN },
	{ UTC, "--7d", UNKNOWN },
	{ UTC, "-7dd", UNKNOWN },
	{ UTC, "-07d", UNKNOWN },
	{ UTC, "-7.5d", UNKNOWN },
	{ UTC, "7d", UNKNOWN },
	{ UTC, "2026-00-01", ABSENT },
	{ UTC, "2026-13-01", ABSENT },
	{ UTC, "2026-11-00", ABSENT },
	{ UTC, "2026-11-31", ABSENT },
	{ UTC, "2026-02-29", ABSENT },
	{ UTC, "2100-02-29", ABSENT },
	{ UTC, "2026-11-22 24:00", ABSENT },
	{ UTC, "2026-11-22 13:60", ABSENT },
	{ UTC, "2026-11-22 23:59:60", ABSENT },
	{ PARIS, "2026-03-29 02:00", SKIPPED },
	{ PARIS, "2026-03-29 02:59:59", SKIPPED },
	{ SANTIAGO, "2026-09-06 00:00", SKIPPED },
	{ LORD_HOWE, "2026-10-04 02:15", SKIPPED },
	{ UTC, "0000-01-01", RANGE },
	{ UTC, "1968-01-01", RANGE },
	{ UTC, "1969-12-31 23:59:59", RANGE },
	{ PARIS, "1970-01-01", RANGE },
	{ UTC, "9999-12-31T23:59:59-00:01", RANGE },
	{ UTC, "-99999999w", RANGE },
	{ UTC, "-18446744073709551615s", RANGE },
	{ UTC, "-18446744073709551616s", RANGE },
	{ UTC, "-9223372036854775807w", RANGE },
	{ UTC, "-99999999999999999999999999d", RANGE },
};

START_TEST(nothing_else_is)
{
	const char *fault = "";
	int64_t usec = -5;
	int r = parse(bad[_i].zone, bad[_i].text, &usec, &fault);

	ck_assert_msg(r == -EINVAL, "taken: %s", bad[_i].text);
	ck_assert_int_eq(usec, -5);
	ck_assert_msg(strstr(fault, bad[_i].fault), "%s: %s", bad[_i].text,
		      fault);
}
END_TEST

UNIT_SUITE(test_walletctl_moment);

Suite *test_walletctl_moment(void)
{
	Suite *s = suite_create("walletctl/moment");
	TCase *t = tcase_create("moment");

	tcase_add_loop_test(t, times_are_understood, 0, ELEMENTS(good));
	tcase_add_test(t, a_time_that_comes_twice_is_always_the_first);
	tcase_add_loop_test(t, nothing_else_is, 0, ELEMENTS(bad));
	suite_add_tcase(s, t);
	return s;
}
