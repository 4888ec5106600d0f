/* SPDX-License-Identifier: MIT */
/*
 * Where records are, by tables: who holds them, behind whom, and what follows.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/stream.h"

#include "unit.h"

#define A 1u
#define B 2u
#define C 4u
#define D 8u
#define BACKENDS 4

static struct engine e;
static struct survey survey;
static struct irregulars ranges;

static void setup(void)
{
	static const char *const names[BACKENDS] = { "A", "B", "C", "D" };

	e = (struct engine){ .copies = 2, .links = BACKENDS };
	for (unsigned i = 0; i < BACKENDS; i++) {
		link_init(&e.link[i], &e, i);
		(void)snprintf(e.link[i].name, sizeof(e.link[i].name), "%s",
			       names[i]);
	}
	survey = (struct survey){ 0 };
	ranges = (struct irregulars){ 0 };
}

static void teardown(void)
{
	survey_done(&survey);
	ck_assert_ptr_null(survey.thin);
	irregulars_done(&ranges);
}

static void declare_lost(uint32_t backends)
{
	for (unsigned i = 0; i < BACKENDS; i++)
		e.link[i].lost = backends & 1u << i;
}

/*
 * What stands on A, B, C and D: NULL: nothing, "": the record, else its copy
 * with that of=.
 */
static struct holding holding(const char *const on[BACKENDS])
{
	struct slice of[ENGINE_BACKENDS_MAX];
	struct stream_record r = { .of = of };
	struct holding h;

	for (unsigned i = 0; i < BACKENDS; i++) {
		of[i] = slice_of(on[i] ? on[i] : "");
		if (on[i] && *on[i])
			r.copies |= 1u << i;
		else if (on[i])
			r.owners |= 1u << i;
	}
	survey_read(&e, &r, &h);
	return h;
}

static void add(uint64_t serial, const char *const on[BACKENDS])
{
	struct holding h = holding(on);

	ck_assert_int_eq(survey_add(&e, &survey, &ranges, serial, &h), 0);
}

START_TEST(what_stands_behind_whom_is_read)
{
	struct holding h = holding((const char *[]){ "", "A", NULL, "A,B" });

	ck_assert_uint_eq(h.holders, A | B | D);
	ck_assert_uint_eq(h.owners, A);
	ck_assert_uint_eq(h.copies, B | D);
	ck_assert_uint_eq(h.behind[1], A);
	ck_assert_uint_eq(h.behind[3], A | B);
	/* Another of= on the same, then the first again. */
	h = holding((const char *[]){ NULL, "C", "", "A,B" });
	ck_assert_uint_eq(h.behind[1], C);
	ck_assert_uint_eq(h.behind[3], A | B);
	h = holding((const char *[]){ "", "A", NULL, NULL });
	ck_assert_uint_eq(h.behind[1], A);
}
END_TEST

struct where {
	const char *on[BACKENDS];
	uint32_t lost;
	int first;
	uint32_t owing;
	bool regular;
	uint64_t thin;
};

static const struct where wheres[] = {
	/* As a batch leaves it, and a refill. */
	{ { "", "A" }, 0, 0, 0, true, 0 },
	{ { NULL, "", NULL, "B" }, 0, 1, 0, true, 0 },
	{ { "", "A", "A,B" }, 0, 0, 0, true, 0 },
	{ { "C,D,B", "C,D", "", "C" }, 0, 2, 0, true, 0 },
	/* On too few. */
	{ { "" }, 0, 0, 0, true, 1 },
	{ { NULL, NULL, "" }, A | B, 2, 0, true, 1 },
	/* The lost do not matter, but their names stand there. */
	{ { NULL, "A" }, A, 1, 0, true, 1 },
	{ { NULL, "A", "A,B" }, A, 1, 0, true, 0 },
	{ { NULL, NULL, "A,B", "A,B,C" }, A | B, 2, 0, true, 0 },
	/* All stand behind one that lacks it. */
	{ { NULL, "A", "A,B" }, 0, -1, A, true, 0 },
	{ { NULL, "A" }, 0, -1, A, true, 1 },
	{ { NULL, NULL, "A,B", "A,B,C" }, 0, -1, A | B, true, 0 },
	{ { NULL, NULL, "A,B", "A,B,C" }, B, -1, A, true, 0 },
	/* Only some do: it never had it, or another was made the home. */
	{ { NULL, "A", "" }, 0, 2, 0, false, 0 },
	{ { NULL, "A", "A,D" }, 0, -1, A, false, 0 },
	/* Two homes; two that stand behind the same. */
	{ { "", "" }, 0, 0, 0, false, 0 },
	{ { "", "A", "A" }, 0, 0, 0, false, 0 },
	{ { "", "C", "B" }, 0, 0, 0, false, 0 },
	/* Of a configuration of old. */
	{ { NULL, "X" }, 0, 1, 0, true, 1 },
	{ { NULL, "X", "X,B" }, 0, 1, 0, true, 0 },
	{ { NULL, "X,A" }, 0, -1, A, true, 1 },
};

START_TEST(holders_are_judged)
{
	const struct where *w = &wheres[_i];
	struct holding h;

	declare_lost(w->lost);
	h = holding(w->on);
	ck_assert_int_eq(survey_first(&e, &h), w->first);
	ck_assert_uint_eq(survey_owing(&e, &h), w->owing);
	add(7, w->on);
	ck_assert_uint_eq(survey.owing, w->owing);
	ck_assert_uint_eq(ranges.count, w->regular ? 0 : 1);
	ck_assert_uint_eq(survey_thin(&survey), w->thin);
	ck_assert_uint_eq(survey.first, w->thin || w->owing ? 7 : 0);
	if (!w->regular) {
		ck_assert_uint_eq(ranges.item[0].from, 7);
		ck_assert_uint_eq(ranges.item[0].holders, h.holders);
		ck_assert_uint_eq(ranges.item[0].others, 0);
	}
}
END_TEST

/*
 * The rule that the rest leans on: whoever of the others is absent, exactly one
 * holder of a regular record counts, by what the blocks say.
 */
START_TEST(of_a_line_one_counts_whoever_is_absent)
{
	const struct where *w = &wheres[_i];
	struct holding h;

	declare_lost(w->lost);
	h = holding(w->on);
	for (uint32_t absent = 0; w->regular && absent < 1u << BACKENDS;
	     absent++) {
		unsigned count = 0;

		if (~absent & (w->lost | w->owing) || !(h.holders & ~absent))
			continue;
		for (unsigned i = 0; i < BACKENDS; i++)
			count += h.holders & ~absent & 1u << i &&
				 !(h.behind[i] & ~absent);
		ck_assert_msg(count == 1, "%u count without %x", count, absent);
	}
}
END_TEST

START_TEST(thin_ones_are_counted_by_their_holders)
{
	add(1, (const char *[]){ "", "A", NULL, NULL });
	ck_assert_uint_eq(survey.first, 0);
	add(2, (const char *[]){ "", NULL, NULL, NULL });
	add(3, (const char *[]){ NULL, "", NULL, NULL });
	add(4, (const char *[]){ "", NULL, NULL, NULL });
	ck_assert_uint_eq(survey.first, 2);
	ck_assert_uint_eq(survey.thins, 2);
	ck_assert_uint_eq(survey_thin(&survey), 3);
	ck_assert(survey_covered(&survey, 0));
	ck_assert(survey_covered(&survey, C | D));
	ck_assert(!survey_covered(&survey, A));
	ck_assert(!survey_covered(&survey, B | C));
}
END_TEST

START_TEST(thin_on_two_of_three_is_covered_by_either)
{
	e.copies = 3;
	add(1, (const char *[]){ "", "A", NULL, NULL });
	ck_assert_uint_eq(survey_thin(&survey), 1);
	ck_assert(survey_covered(&survey, A));
	ck_assert(survey_covered(&survey, B | C));
	ck_assert(!survey_covered(&survey, A | B));
}
END_TEST

START_TEST(two_surveys_are_joined)
{
	struct survey other = { 0 };
	struct holding h = holding((const char *[]){ NULL, "A", NULL, NULL });

	add(5, (const char *[]){ "", NULL, NULL, NULL });
	ck_assert_int_eq(survey_add(&e, &other, &ranges, 9, &h), 0);
	ck_assert_int_eq(survey_join(&survey, &other), 0);
	ck_assert_uint_eq(survey.first, 5);
	ck_assert_uint_eq(survey.owing, A);
	ck_assert_uint_eq(survey_thin(&survey), 2);
	ck_assert(!survey_covered(&survey, B));
	/* Into an empty one. */
	survey_done(&survey);
	ck_assert_int_eq(survey_join(&survey, &other), 0);
	ck_assert_uint_eq(survey.first, 9);
	survey_done(&other);
}
END_TEST

/* Every set of holders that there is, twice. */
START_TEST(many_sets_of_holders)
{
	e.copies = 16;
	for (uint32_t on = 1; on < 1u << BACKENDS; on++) {
		const char *at[BACKENDS];

		for (unsigned i = 0; i < BACKENDS; i++)
			at[i] = on & 1u << i ? "" : NULL;
		add(on, at);
		add(on, at);
	}
	ck_assert_uint_eq(survey.thins, 15);
	ck_assert_uint_eq(survey_thin(&survey), 30);
}
END_TEST

START_TEST(strangers_are_kept_by_name)
{
	char of[8];

	(void)holding((const char *[]){ "X", "Y,X", "A,Z", NULL });
	ck_assert_uint_eq(e.strangers.count, 3);
	ck_assert_str_eq(e.strangers.name[0], "X");
	ck_assert_str_eq(e.strangers.name[1], "Y");
	ck_assert_str_eq(e.strangers.name[2], "Z");
	for (unsigned i = 3; i <= SURVEY_STRANGERS_MAX; i++) {
		ck_assert(!e.strangers.more);
		(void)snprintf(of, sizeof(of), "N%u", i);
		(void)holding((const char *[]){ of, NULL, NULL, NULL });
	}
	ck_assert_uint_eq(e.strangers.count, SURVEY_STRANGERS_MAX);
	ck_assert(e.strangers.more);
}
END_TEST

UNIT_SUITE(test_engine_survey);

Suite *test_engine_survey(void)
{
	Suite *s = suite_create("engine: survey");
	TCase *c = tcase_create("survey");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, what_stands_behind_whom_is_read);
	tcase_add_loop_test(c, holders_are_judged, 0, ELEMENTS(wheres));
	tcase_add_loop_test(c, of_a_line_one_counts_whoever_is_absent, 0,
			    ELEMENTS(wheres));
	tcase_add_test(c, thin_ones_are_counted_by_their_holders);
	tcase_add_test(c, thin_on_two_of_three_is_covered_by_either);
	tcase_add_test(c, two_surveys_are_joined);
	tcase_add_test(c, many_sets_of_holders);
	tcase_add_test(c, strangers_are_kept_by_name);
	suite_add_tcase(s, c);
	return s;
}
