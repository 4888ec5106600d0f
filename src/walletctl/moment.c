/* SPDX-License-Identifier: MIT */
/*
 * The calendar and its zones are the C library's; which texts are taken is
 * decided here, to the letter: strptime() takes too much for a question about
 * money.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "util/parse.h"
#include "util/slice.h"
#include "util/timestamp.h"

#include "walletctl/moment.h"

#define FRACTION_DIGITS_MAX 9
/* Behind 9999-12-31T23:59:59Z. */
#define SEC_END INT64_C(253402300800)

static const char not_understood[] =
	"expected a time such as 2026-11-22, \"2026-11-22 13:37\", "
	"2026-11-22T13:37:00Z, -7d, today or now";
static const char not_there[] = "expected a day and a time that there are";
static const char skipped[] =
	"expected a time that clocks show here (they skip this one)";
static const char out_of_range[] = "expected a time from 1970 to 9999";

/* What is left of the text, and whether all before it was as it should be. */
struct reading {
	const char *p;
	bool bad;
};

/* What stands there, taken apart. */
struct written {
	struct tm tm;
	int64_t usec;	/* of the second */
	bool has_time;	/* of day */
	bool has_zone;
	int64_t zone;	/* seconds east of Greenwich */
};

/* Exactly so many digits. */
static int take_digits(struct reading *r, int count)
{
	int n = 0;

	for (int i = 0; i < count; i++) {
		if (r->bad || *r->p < '0' || *r->p > '9') {
			r->bad = true;
			return 0;
		}
		n = n * 10 + (*r->p++ - '0');
	}
	return n;
}

/* Is @c next?  Then it is taken. */
static bool take_if(struct reading *r, char c)
{
	if (r->bad || *r->p != c)
		return false;
	r->p++;
	return true;
}

static void take(struct reading *r, char c)
{
	if (!take_if(r, c))
		r->bad = true;
}

/* Digits behind the point as microseconds. */
static int64_t take_fraction(struct reading *r)
{
	int64_t unit = USEC_PER_SEC / 10;
	int64_t usec = 0;
	int digits = 0;

	while (*r->p >= '0' && *r->p <= '9') {
		usec += unit * (*r->p++ - '0');
		unit /= 10;
		digits++;
	}
	if (digits == 0 || digits > FRACTION_DIGITS_MAX)
		r->bad = true;
	return usec;
}

static void take_zone(struct reading *r, struct written *w)
{
	int64_t sign = *r->p == '-' ? -1 : 1;
	int hours;
	int minutes;

	if (take_if(r, 'Z')) {
		w->has_zone = true;
		return;
	}
	if (!take_if(r, '+') && !take_if(r, '-'))
		return;
	hours = take_digits(r, 2);
	take(r, ':');
	minutes = take_digits(r, 2);
	r->bad |= hours > 23 || minutes > 59;
	w->has_zone = true;
	w->zone = sign * (hours * 3600 + minutes * 60);
}

static void take_time_of_day(struct reading *r, struct written *w)
{
	w->has_time = true;
	w->tm.tm_hour = take_digits(r, 2);
	take(r, ':');
	w->tm.tm_min = take_digits(r, 2);
	if (take_if(r, ':')) {
		w->tm.tm_sec = take_digits(r, 2);
		if (take_if(r, '.'))
			w->usec = take_fraction(r);
	}
	take_zone(r, w);
}

static int take_all(const char *text, struct written *ret)
{
	struct reading r = { .p = text };
	struct written w = { .usec = 0 };

	w.tm.tm_year = take_digits(&r, 4) - 1900;
	take(&r, '-');
	w.tm.tm_mon = take_digits(&r, 2) - 1;
	take(&r, '-');
	w.tm.tm_mday = take_digits(&r, 2);
	if (take_if(&r, 'T') || take_if(&r, ' '))
		take_time_of_day(&r, &w);
	if (r.bad || *r.p != '\0')
		return -EINVAL;
	*ret = w;
	return 0;
}

static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon &&
	       a->tm_mday == b->tm_mday;
}

static bool same_time(const struct tm *a, const struct tm *b)
{
	return same_day(a, b) && a->tm_hour == b->tm_hour &&
	       a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

/* Is it in the calendar?  The library would make March of February 30. */
static bool exists(const struct tm *tm)
{
	struct tm copy = *tm;

	(void)timegm(&copy);
	return same_time(&copy, tm);
}

static bool shows(int64_t sec, const struct tm *tm,
		  bool (*same)(const struct tm *a, const struct tm *b))
{
	time_t t = (time_t)sec;
	struct tm local;

	return localtime_r(&t, &local) && same(&local, tm);
}

/* The clock is put forward over midnight: the day begins later, but when? */
static bool begins_late(int64_t *sec, const struct tm *tm)
{
	static const int64_t step[] = { 0, 1800, 3600 };

	for (size_t i = 0; i < ELEMENTS(step); i++) {
		if (!shows(*sec + step[i], tm, same_day) ||
		    shows(*sec + step[i] - 1, tm, same_day))
			continue;
		*sec += step[i];
		return true;
	}
	return false;
}

/* Which clocks put forward or back are is not to be told beforehand. */
static const char *local_seconds(const struct written *w, int64_t *ret)
{
	/* By so much are clocks put back, the larger one first. */
	static const int64_t back[] = { 7200, 3600, 1800 };
	struct tm tm = w->tm;
	int64_t sec;

	tm.tm_isdst = -1;
	sec = (int64_t)mktime(&tm);
	if (!same_time(&tm, &w->tm) &&
	    (w->has_time || !begins_late(&sec, &w->tm)))
		return skipped;
	for (size_t i = 0; i < ELEMENTS(back); i++) {
		if (!shows(sec - back[i], &w->tm, same_time))
			continue;
		sec -= back[i];
		break;
	}
	*ret = sec;
	return NULL;
}

static const char *seconds_of(const struct written *w, int64_t *ret)
{
	struct tm tm = w->tm;

	if (!exists(&w->tm))
		return not_there;
	if (!w->has_zone)
		return local_seconds(w, ret);
	*ret = (int64_t)timegm(&tm) - w->zone;
	return NULL;
}

static int parse_date(const char *text, int64_t *ret, const char **ret_fault)
{
	struct written w;
	int64_t sec = 0;

	*ret_fault = not_understood;
	if (take_all(text, &w) < 0)
		return -EINVAL;
	*ret_fault = seconds_of(&w, &sec);
	if (*ret_fault)
		return -EINVAL;
	*ret_fault = out_of_range;
	if (sec < 0 || sec >= SEC_END)
		return -EINVAL;
	*ret = sec * USEC_PER_SEC + w.usec;
	return 0;
}

/* "-7d" without its dash. */
static int parse_ago(const char *text, int64_t now, int64_t *ret,
		     const char **ret_fault)
{
	static const struct {
		char unit;
		int64_t sec;
	} units[] = {
		{ 's', 1 },	 { 'm', 60 },	   { 'h', 3600 },
		{ 'd', 86400 }, { 'w', 604800 },
	};
	size_t digits = strspn(text, "0123456789");
	int64_t usec;
	uint64_t n;
	int r;

	*ret_fault = not_understood;
	for (size_t i = 0; i < ELEMENTS(units); i++) {
		if (text[digits] != units[i].unit || text[digits + 1] != '\0')
			continue;
		r = parse_u64((struct slice){ text, digits }, &n);
		if (r == -EINVAL)
			return r;
		*ret_fault = out_of_range;
		if (r < 0 ||
		    __builtin_mul_overflow(n, units[i].sec * USEC_PER_SEC,
					   &usec) ||
		    usec > now)
			return -EINVAL;
		*ret = now - usec;
		return 0;
	}
	return -EINVAL;
}

/* When the day of @now began, or one so many days before it. */
static int parse_day(int64_t now, int days, int64_t *ret,
		     const char **ret_fault)
{
	time_t t = (time_t)(now / USEC_PER_SEC);
	struct written w = { .usec = 0 };
	struct tm local;
	int64_t sec;

	*ret_fault = out_of_range;
	if (!localtime_r(&t, &local))
		return -EINVAL;
	w.tm = (struct tm){ .tm_year = local.tm_year,
			    .tm_mon = local.tm_mon,
			    .tm_mday = local.tm_mday - days };
	/* The last day of the month before. */
	(void)timegm(&w.tm);
	*ret_fault = local_seconds(&w, &sec);
	if (*ret_fault)
		return -EINVAL;
	*ret_fault = out_of_range;
	if (sec < 0)
		return -EINVAL;
	*ret = sec * USEC_PER_SEC;
	return 0;
}

int moment_parse(const char *text, int64_t now, int64_t *ret,
		 const char **ret_fault)
{
	if (strcmp(text, "now") == 0) {
		*ret = now;
		return 0;
	}
	if (strcmp(text, "today") == 0)
		return parse_day(now, 0, ret, ret_fault);
	if (strcmp(text, "yesterday") == 0)
		return parse_day(now, 1, ret, ret_fault);
	if (text[0] == '-')
		return parse_ago(text + 1, now, ret, ret_fault);
	return parse_date(text, ret, ret_fault);
}

int64_t moment_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}
