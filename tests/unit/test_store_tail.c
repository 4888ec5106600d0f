/* SPDX-License-Identifier: MIT */
/*
 * src/store/tail.c: the judgement by the marks of the records alone.  What it
 * makes of whole files is in test_store_torn.c.
 */
#include "config.h"

#include <string.h>

#include "store/tail.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_tail);

/*
 * A file in short: "13:2/5" a chained record, "13:2/5!" one of a batch that
 * stands or falls as one, "9" an old one, "x" a line that is none, "x7" one that
 * begins with the serial 7.
 */
static void tell(struct tail *t, const char *word)
{
	unsigned long long serial = 0;
	struct record r = { .batch_position = 1, .batch_size = 1 };
	char text[32];
	char *end;

	if (word[0] == 'x') {
		(void)snprintf(text, sizeof(text), "%s what", word + 1);
		tail_bad(t, 0, 1, slice_of(text), "bad");
		return;
	}
	serial = strtoull(word, &end, 10);
	r.serial = serial;
	if (*end == ':') {
		r.chained = true;
		r.batch_position = (uint32_t)strtoul(end + 1, &end, 10);
		r.batch_size = (uint32_t)strtoul(end + 1, &end, 10);
		r.whole = *end == '!';
	}
	ck_assert(tail_good(t, &(struct tail_place){ 0, 1 }, &r));
}

static bool is_torn(const char *file)
{
	struct tail t = { 0 };
	char word[32];
	size_t n;

	for (const char *p = file; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		ck_assert_uint_lt(n, sizeof(word));
		memcpy(word, p, n);
		word[n] = '\0';
		tell(&t, word);
	}
	ck_assert(t.damaged);
	return tail_is_torn(&t, 100, (struct slice){ "what", 0 });
}

START_TEST(takes_for_torn)
{
	static const char *const torn[] = {
		/* The last batch lacks its end, its beginning, its middle. */
		"10:1/1 11:1/3 12:2/3 x",
		"10:1/1 11:1/3 x x",
		"10:1/1 x 12:2/3 13:3/3",
		"10:1/1 x x 13:3/3",
		"10:1/1 11:1/3 x 13:3/3",
		"10:1/1 x",
		"10:1/1 x x x",
		"10:1/1 x11",
		"10:1/1 11:1/3! x 13:3/3!",
		/* Two holes in one batch. */
		"10:1/1 11:1/5 x 13:3/5 x 15:5/5",
		/* Zeros joined two lines into one. */
		"10:1/1 11:1/4 x 14:4/4",
		/* Serials of other blocks lie between. */
		"10:1/1 x 22:2/2",
		/* The batch before was cut in its own time. */
		"10:1/4 11:2/4 x 13:2/2",
		/* The first append to an old file. */
		"1 2 3 x 11:2/2",
		"x 11:2/2",
	};

	if (!is_torn(torn[_i]))
		ck_abort_msg("%s is torn", torn[_i]);
}
END_TEST

START_TEST(takes_for_rotten)
{
	static const char *const rotten[] = {
		/* A batch that begins behind the damage. */
		"10:1/1 x 12:1/1",
		"10:1/1 x 12:1/2 13:2/2",
		"10:1/1 11:1/3 x 13:3/3 14:1/1",
		"x 12:1/1",
		"1 x 12:1/2",
		/* The rest of one that stands or falls as one, and it does not. */
		"10:1/1 11:1/4! x 13:3/4",
		/* What was left of such a one would have been cut off. */
		"10:1/1 11:1/4! x 13:2/2",
		/* An old record behind it. */
		"1 x 3",
		"10:1/1 x 12",
		"10:1/1 x 12:2/2 13",
		/* More damaged lines than the batch lacks. */
		"10:1/1 x x 12:2/2",
		"10:1/1 11:1/3 x x 13:3/3",
		"10:1/1 11:1/3 x 12:2/3",
		"10:1/3 11:2/3 x 11:2/3",
		/* The batch before lacks its end, and serials are missing. */
		"10:1/4 11:2/4 x 15:2/2",
		"10:1/4 11:2/4 x 16:2/2",
		/* The batch behind begins below what is there. */
		"10:1/1 x 11:4/4",
		/* … or says another size of the batch. */
		"10:1/1 11:1/3 x 13:3/4",
		/* The damaged line says which batch it is of. */
		"10:1/1 x11 22:2/2",
		"10:1/1 x22 22:2/2",
		"10:1/1 x9",
		"10:1/1 x10",
	};

	if (is_torn(rotten[_i]))
		ck_abort_msg("%s is rotten", rotten[_i]);
}
END_TEST

START_TEST(wants_the_text_only_without_marks)
{
	struct tail t = { 0 };

	ck_assert(!tail_wants_text(&t));
	tell(&t, "5");
	tell(&t, "x");
	ck_assert(tail_wants_text(&t));
	tell(&t, "10:1/1");
	ck_assert(!tail_wants_text(&t));
}
END_TEST

START_TEST(knows_the_largest_batch)
{
	struct tail t = { 0 };

	tell(&t, "10:1/1");
	tell(&t, "x");
	ck_assert(tail_is_torn(&t, TAIL_BATCH_MAX, (struct slice){ 0 }));
	ck_assert(!tail_is_torn(&t, TAIL_BATCH_MAX + 1, (struct slice){ 0 }));
	for (int i = 1; i < RECORD_BATCH_MAX; i++)
		tell(&t, "x");
	ck_assert(tail_is_torn(&t, 100, (struct slice){ 0 }));
	tell(&t, "x");
	ck_assert(!tail_is_torn(&t, 100, (struct slice){ 0 }));
}
END_TEST

Suite *test_store_tail(void)
{
	Suite *s = suite_create("store/tail");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, takes_for_torn, 0, 14);
	tcase_add_loop_test(t, takes_for_rotten, 0, 20);
	tcase_add_test(t, wants_the_text_only_without_marks);
	tcase_add_test(t, knows_the_largest_batch);
	suite_add_tcase(s, t);
	return s;
}
