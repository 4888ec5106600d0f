/* SPDX-License-Identifier: MIT */
/*
 * Times as text, against known ones and against the C library's calendar.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "util/random.h"
#include "util/timestamp.h"

#include "unit.h"

UNIT_SUITE(test_util_timestamp);

#define LAST_SECOND INT64_C(253402300799)

static const struct {
	const char *text;
	int64_t usec;
} known[] = {
	{ "1970-01-01T00:00:00.000000Z", 0 },
	{ "1970-01-01T00:00:00.000001Z", 1 },
	{ "1999-12-31T23:59:59.999999Z", INT64_C(946684799999999) },
	{ "2000-02-29T00:00:00.000000Z", INT64_C(951782400000000) },
	{ "2026-11-22T13:37:00.123456Z", INT64_C(1795354620123456) },
	{ "2100-03-01T00:00:00.000000Z", INT64_C(4107542400000000) },
	{ "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999) },
};

START_TEST(known_times_are_written)
{
	char out[TIMESTAMP_LEN + 1];

	for (size_t i = 0; i < ELEMENTS(known); i++) {
		out[TIMESTAMP_LEN] = '#';
		timestamp_format(known[i].usec, out);
		ck_assert_mem_eq(out, known[i].text, TIMESTAMP_LEN);
		ck_assert_int_eq(out[TIMESTAMP_LEN], '#');
	}
}
END_TEST

START_TEST(known_times_are_read)
{
	for (size_t i = 0; i < ELEMENTS(known); i++) {
		int64_t usec = -1;

		ck_assert_int_eq(
			timestamp_parse(slice_of(known[i].text), &usec), 0);
		ck_assert_int_eq(usec, known[i].usec);
	}
}
END_TEST

/* The text is the one that gmtime_r() and strftime() make, and comes back. */
static bool agrees_with_gmtime(time_t second, unsigned int usec)
{
	int64_t both = second * USEC_PER_SEC + usec;
	char expected[64];
	char out[TIMESTAMP_LEN];
	int64_t back;
	struct tm tm;
	size_t len;

	if (!gmtime_r(&second, &tm))
		return false;
	len = strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(expected + len, sizeof(expected) - len, ".%06uZ", usec);

	timestamp_format(both, out);
	return memcmp(out, expected, TIMESTAMP_LEN) == 0 &&
	       timestamp_parse((struct slice){ out, sizeof(out) }, &back) ==
		       0 &&
	       back == both;
}

START_TEST(any_time_agrees_with_the_c_library)
{
	struct rng r;

	rng_seed(&r, 1);
	for (int i = 0; i < 50000; i++) {
		time_t second = (time_t)rng_below(&r, LAST_SECOND + 1);
		unsigned int usec = (unsigned int)rng_below(&r, 1000000);

		if (!agrees_with_gmtime(second, usec))
			ck_abort_msg("second %jd, %u", (intmax_t)second, usec);
	}
}
END_TEST

/* Every eleventh: in 8,000 years that is every day of the calendar. */
START_TEST(days_begin_and_end_as_in_the_c_library)
{
	for (time_t second = 0; second < LAST_SECOND; second += 86400 * 11)
		if (!agrees_with_gmtime(second, 0) ||
		    !agrees_with_gmtime(second + 86399, 999999))
			ck_abort_msg("second %jd", (intmax_t)second);
}
END_TEST

/* Read one by one: is it a time of November 2026, as all of these are? */
static bool is_november(const char text[TIMESTAMP_LEN])
{
	static const char form[] = "2026-11-00T00:00:00.000000Z";

	for (size_t i = 0; i < TIMESTAMP_LEN; i++) {
		if (form[i] != '0' || i < 8) {
			if (text[i] != form[i])
				return false;
		} else if (text[i] < '0' || text[i] > '9') {
			return false;
		}
	}
	return memcmp(text + 8, "01", 2) >= 0 &&
	       memcmp(text + 8, "30", 2) <= 0 &&
	       memcmp(text + 11, "24", 2) < 0 && text[14] < '6' &&
	       text[17] < '6';
}

/* Eight characters are judged at once: no one may cover for its neighbour. */
START_TEST(each_byte_counts_at_each_place)
{
	static const char good[] = "2026-11-22T13:37:00.123456Z";

	for (size_t i = 8; i < TIMESTAMP_LEN; i++)
		for (int byte = 0; byte < 256; byte++) {
			char text[TIMESTAMP_LEN];
			char back[TIMESTAMP_LEN];
			int64_t usec = -1;
			int r;

			memcpy(text, good, sizeof(text));
			text[i] = (char)byte;
			r = timestamp_parse(
				(struct slice){ text, sizeof(text) }, &usec);
			ck_assert_msg((r == 0) == is_november(text),
				      "byte %d at %zu", byte, i);
			if (r < 0)
				continue;
			timestamp_format(usec, back);
			ck_assert_mem_eq(back, text, sizeof(text));
		}
}
END_TEST

START_TEST(what_is_no_time_in_the_one_form_is_refused)
{
	static const char *const bad[] = {
		"",
		"2026-11-22",
		"2026-11-22T13:37:00Z",
		"2026-11-22T13:37:00.123Z",
		"2026-11-22T13:37:00.123456",
		"2026-11-22T13:37:00.123456z",
		"2026-11-22t13:37:00.123456Z",
		"2026-11-22 13:37:00.123456Z",
		"2026-11-22T13:37:00,123456Z",
		"2026-11-22T13.37.00.123456Z",
		"2026/11/22T13:37:00.123456Z",
		"2026-11-22T13:37:00.12345 Z",
		"2026-11-22T13:37:00.-23456Z",
		"+026-11-22T13:37:00.123456Z",
		"1969-12-31T23:59:59.999999Z",
		"0000-01-01T00:00:00.000000Z",
		"2026-00-22T13:37:00.123456Z",
		"2026-13-22T13:37:00.123456Z",
		"2026-11-00T13:37:00.123456Z",
		"2026-11-31T13:37:00.123456Z",
		"2026-12-32T13:37:00.123456Z",
		"2026-02-29T13:37:00.123456Z",
		"2024-02-30T13:37:00.123456Z",
		"2100-02-29T13:37:00.123456Z",
		"2026-11-22T24:00:00.000000Z",
		"2026-11-22T13:60:00.123456Z",
		"2016-12-31T23:59:60.000000Z",
		"10000-01-01T00:00:00.00000Z",
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		int64_t usec = 77;

		ck_assert_msg(timestamp_parse(slice_of(bad[i]), &usec) ==
				      -EINVAL,
			      "%s", bad[i]);
		ck_assert_int_eq(usec, 77);
	}
}
END_TEST

static unsigned int days_taken(const char *month)
{
	unsigned int taken = 0;
	char text[64];
	int64_t usec;

	for (unsigned int day = 0; day < 100; day++) {
		(void)snprintf(text, sizeof(text), "%s-%02uT00:00:00.000000Z",
			       month, day);
		if (timestamp_parse(slice_of(text), &usec) < 0)
			continue;
		taken++;
		ck_assert_uint_eq(day, taken);
	}
	return taken;
}

START_TEST(each_month_has_its_days)
{
	static const struct {
		const char *month;
		unsigned int days;
	} months[] = {
		{ "2026-01", 31 }, { "2026-02", 28 }, { "2026-03", 31 },
		{ "2026-04", 30 }, { "2026-05", 31 }, { "2026-06", 30 },
		{ "2026-07", 31 }, { "2026-08", 31 }, { "2026-09", 30 },
		{ "2026-10", 31 }, { "2026-11", 30 }, { "2026-12", 31 },
		{ "2000-02", 29 }, { "2024-02", 29 }, { "2100-02", 28 },
	};

	for (size_t i = 0; i < ELEMENTS(months); i++)
		ck_assert_uint_eq(days_taken(months[i].month), months[i].days);
}
END_TEST

START_TEST(every_truncation_and_a_trailing_byte_are_refused)
{
	static const char text[] = "2026-11-22T13:37:00.123456ZZ";
	int64_t usec;

	for (size_t len = 0; len < sizeof(text); len++)
		ck_assert_int_eq(
			timestamp_parse((struct slice){ text, len }, &usec),
			len == TIMESTAMP_LEN ? 0 : -EINVAL);
}
END_TEST

START_TEST(every_flipped_bit_is_refused_or_another_time)
{
	char text[TIMESTAMP_LEN];
	int64_t usec;

	for (size_t bit = 0; bit < sizeof(text) * 8; bit++) {
		memcpy(text, known[4].text, sizeof(text));
		text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
		ck_assert(timestamp_parse((struct slice){ text, sizeof(text) },
					  &usec) < 0 ||
			  usec != known[4].usec);
	}
}
END_TEST

Suite *test_util_timestamp(void)
{
	Suite *s = suite_create("util/timestamp");
	TCase *c = tcase_create("timestamp");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, known_times_are_written);
	tcase_add_test(c, known_times_are_read);
	tcase_add_test(c, any_time_agrees_with_the_c_library);
	tcase_add_test(c, days_begin_and_end_as_in_the_c_library);
	tcase_add_test(c, each_byte_counts_at_each_place);
	tcase_add_test(c, what_is_no_time_in_the_one_form_is_refused);
	tcase_add_test(c, each_month_has_its_days);
	tcase_add_test(c, every_truncation_and_a_trailing_byte_are_refused);
	tcase_add_test(c, every_flipped_bit_is_refused_or_another_time);
	suite_add_tcase(s, c);
	return s;
}
