/* SPDX-License-Identifier: MIT */
/*
 * Microseconds to text and back.  By arithmetic of our own: gmtime_r() and
 * strptime() are slow and lenient, and this is on the path of each record.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "util/swar.h"
#include "util/timestamp.h"

#define DAYS_PER_ERA 146097 /* 400 years */
#define SEC_PER_DAY INT64_C(86400)
/* From 0000-03-01, where the arithmetic starts, to 1970-01-01. */
#define EPOCH_DAYS 719468
/* 9999-12-31T23:59:59.999999Z */
#define USEC_MAX (INT64_C(253402300800) * USEC_PER_SEC - 1)
#define YEAR_MIN 1970

struct date {
	unsigned int year;
	unsigned int month; /* 1 to 12 */
	unsigned int day;   /* 1 to 31 */
};

/*
 * Both ways count years from March, so that the leap day is the last of its
 * year (Howard Hinnant, chrono-Compatible Low-Level Date Algorithms).
 */
static struct date date_of_days(unsigned int days)
{
	unsigned int era;
	unsigned int day;
	unsigned int year;
	unsigned int month;

	days += EPOCH_DAYS;
	era = days / DAYS_PER_ERA;
	day = days % DAYS_PER_ERA;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;

	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + (month <= 2);
	return (struct date){ year, month, day + 1 };
}

static unsigned int days_of_date(struct date d)
{
	unsigned int year = d.year - (d.month <= 2);
	unsigned int month = d.month > 2 ? d.month - 3 : d.month + 9;
	unsigned int era = year / 400;
	unsigned int day = (153 * month + 2) / 5 + d.day - 1;

	year %= 400;
	day += year * 365 + year / 4 - year / 100;
	return era * DAYS_PER_ERA + day - EPOCH_DAYS;
}

static unsigned int days_in_month(unsigned int year, unsigned int month)
{
	static const unsigned int days[] = { 31, 28, 31, 30, 31, 30,
					     31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Write @count digits of @v, and @behind. */
static char *put_digits(char *p, unsigned int v, size_t count, char behind)
{
	for (size_t i = count; i > 0; i--) {
		p[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	p[count] = behind;
	return p + count + 1;
}

void timestamp_format(int64_t usec, char out[TIMESTAMP_LEN])
{
	unsigned int second;
	struct date date;
	char *p = out;

	assert(usec >= 0 && usec <= USEC_MAX);
	date = date_of_days((unsigned int)(usec / USEC_PER_SEC / SEC_PER_DAY));
	second = (unsigned int)(usec / USEC_PER_SEC % SEC_PER_DAY);

	p = put_digits(p, date.year, 4, '-');
	p = put_digits(p, date.month, 2, '-');
	p = put_digits(p, date.day, 2, 'T');
	p = put_digits(p, second / 3600, 2, ':');
	p = put_digits(p, second / 60 % 60, 2, ':');
	p = put_digits(p, second % 60, 2, '.');
	(void)put_digits(p, (unsigned int)(usec % USEC_PER_SEC), 6, 'Z');
}

/* For swar_beyond(): digits are good up to 9, all else up to 0. */
static inline uint64_t slack_of(uint64_t form)
{
	uint64_t itself = swar_beyond(form ^ SWAR_ONES * '0', SWAR_ONES * 127);

	return SWAR_ONES * (127 - 9) + (itself >> 7) * 9;
}

/*
 * Eight characters at once, of the @form, in which '0' is any digit.  Byte
 * number @i of the result is the number that the digits @i and @i + 1 make:
 * without its form a digit is 0 to 9, so that nothing carries.
 */
static inline uint64_t read_piece(const char *text, const char form[8],
				  uint64_t *bad)
{
	uint64_t v = swar_load(text) ^ swar_load(form);

	*bad |= swar_beyond(v, slack_of(swar_load(form)));
	return v * 10 + (v >> 8);
}

static bool date_exists(struct date d)
{
	return d.year >= YEAR_MIN && d.month >= 1 && d.month <= 12 &&
	       d.day >= 1 && d.day <= days_in_month(d.year, d.month);
}

int timestamp_parse(struct slice text, int64_t *ret)
{
	unsigned int hour;
	unsigned int minute;
	unsigned int second;
	unsigned int usec;
	struct date date;
	uint64_t bad = 0;
	uint64_t pairs;

	if (text.len != TIMESTAMP_LEN)
		return -EINVAL;

	pairs = read_piece(text.p, "0000-00-", &bad);
	date.year = swar_byte(pairs, 0) * 100 + swar_byte(pairs, 2);
	date.month = swar_byte(pairs, 5);
	pairs = read_piece(text.p + 8, "00T00:00", &bad);
	date.day = swar_byte(pairs, 0);
	hour = swar_byte(pairs, 3);
	minute = swar_byte(pairs, 6);
	pairs = read_piece(text.p + 16, ":00.0000", &bad);
	second = swar_byte(pairs, 1);
	/* It overlaps the one before. */
	pairs = read_piece(text.p + 19, ".000000Z", &bad);
	usec = swar_byte(pairs, 1) * 10000 + swar_byte(pairs, 3) * 100 +
	       swar_byte(pairs, 5);
	if (bad || !date_exists(date) || hour > 23 || minute > 59 ||
	    second > 59)
		return -EINVAL;

	second += hour * 3600 + minute * 60;
	*ret = (days_of_date(date) * SEC_PER_DAY + second) * USEC_PER_SEC +
	       usec;
	return 0;
}
