/* SPDX-License-Identifier: MIT */
/*
 * src/backend/collector.c: fragments of one batch in any order, and nothing
 * beyond its limits.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "backend/collector.h"
#include "ledger/record.h"

#include "unit.h"

UNIT_SUITE(test_backend_collector);

static struct collector *c;

static void setup(void)
{
	ck_assert_int_eq(collector_new(&c), 0);
}

static void teardown(void)
{
	c = collector_free(c);
}

/* A batch of four fragments, from which tests differ. */
static struct message_append four(const char *lines)
{
	return (struct message_append){
		.first = 10,
		.records = 4,
		.fragments = 4,
		.of = slice_of(""),
		.lines = slice_of(lines),
	};
}

static enum collector_status add(uint64_t request, uint64_t position,
				 struct message_append m)
{
	enum collector_status status;

	ck_assert_int_eq(collector_add(c, request, position, &m, &status), 0);
	return status;
}

static void expect_lines(const char *expected)
{
	struct slice lines;

	ck_assert(collector_is_whole(c));
	ck_assert_int_eq(collector_lines(c, &lines), 0);
	ck_assert(slice_equal(lines, slice_of(expected)));
}

/* Lines of @len bytes, the last of them a newline; to be freed. */
static char *filler(size_t len)
{
	char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);
	text[len - 1] = '\n';
	text[len] = '\0';
	return text;
}

/* The disk must see the serials in order, whatever the network did. */
START_TEST(every_order_gives_the_same_lines)
{
	static const char *const lines[] = { "a\n", "bb\n", "ccc\n", "dddd\n" };
	unsigned int left[] = { 0, 1, 2, 3 };
	unsigned int n = (unsigned int)_i;

	for (unsigned int i = 0; i < 4; i++) {
		const unsigned int at = n % (4 - i);
		const unsigned int position = left[at];

		n /= 4 - i;
		memmove(left + at, left + at + 1,
			(3 - at) * sizeof(left[0]));
		ck_assert_int_eq(add(1, position, four(lines[position])),
				 i < 3 ? COLLECTOR_TAKEN : COLLECTOR_WHOLE);
	}
	expect_lines("a\nbb\nccc\ndddd\n");
}
END_TEST

/* Main sends again what got lost, and some of it did not. */
START_TEST(duplicates_change_nothing)
{
	ck_assert_int_eq(add(1, 2, four("c\n")), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 2, four("c\n")), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 0, four("a\n")), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 2, four("c\n")), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 1, four("b\n")), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 3, four("d\n")), COLLECTOR_WHOLE);
	ck_assert_int_eq(add(1, 0, four("a\n")), COLLECTOR_WHOLE);
	expect_lines("a\nb\nc\nd\n");
}
END_TEST

/* Two stories about one fragment: the first one stands. */
START_TEST(contradictions_are_dropped)
{
	struct message_append m;

	ck_assert_int_eq(add(1, 0, four("a\n")), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 0, four("A\n")), COLLECTOR_CONTRADICTORY);
	ck_assert_int_eq(add(1, 0, four("aa\n")), COLLECTOR_CONTRADICTORY);

	m = four("b\n");
	m.first = 11;
	ck_assert_int_eq(add(1, 1, m), COLLECTOR_CONTRADICTORY);
	m = four("b\n");
	m.records = 5;
	ck_assert_int_eq(add(1, 1, m), COLLECTOR_CONTRADICTORY);
	m = four("b\n");
	m.fragments = 3;
	ck_assert_int_eq(add(1, 1, m), COLLECTOR_CONTRADICTORY);
	m = four("b\n");
	m.of = slice_of("B");
	ck_assert_int_eq(add(1, 1, m), COLLECTOR_CONTRADICTORY);

	for (uint64_t i = 1; i < 4; i++)
		(void)add(1, i, four("z\n"));
	expect_lines("a\nz\nz\nz\n");
}
END_TEST

/* A late fragment of a batch that main gave up must not throw out the new. */
START_TEST(newest_request_wins)
{
	struct message_append m = four("n\n");

	ck_assert_int_eq(add(5, 0, four("a\n")), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(4, 1, four("b\n")), COLLECTOR_STALE);
	ck_assert_uint_eq(collector_batch(c).request, 5);

	m.first = 20;
	m.records = 1;
	m.fragments = 1;
	ck_assert_int_eq(add(6, 0, m), COLLECTOR_WHOLE);
	ck_assert_uint_eq(collector_batch(c).first, 20);
	ck_assert_int_eq(add(5, 1, four("b\n")), COLLECTOR_STALE);
	expect_lines("n\n");
}
END_TEST

START_TEST(says_which_are_missing)
{
	uint8_t map[COLLECTOR_MAP_SIZE];
	struct message_append m = four("x\n");

	ck_assert_uint_eq(collector_missing(c, map), 0);
	m.records = 11;
	m.fragments = 11;
	ck_assert_int_eq(add(1, 0, m), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 9, m), COLLECTOR_TAKEN);
	ck_assert_uint_eq(collector_missing(c, map), 2);
	ck_assert_uint_eq(map[0], 0x7f);
	ck_assert_uint_eq(map[1], 0xa0);
}
END_TEST

START_TEST(knows_which_batch_it_has)
{
	struct message_append m = four("x\n");
	struct collector_batch b;

	ck_assert_uint_eq(collector_batch(c).records, 0);
	m.of = slice_of("B,C");
	(void)add(9, 0, m);
	b = collector_batch(c);
	ck_assert_uint_eq(b.request, 9);
	ck_assert_uint_eq(b.first, 10);
	ck_assert_uint_eq(b.records, 4);
	ck_assert_uint_eq(b.fragments, 4);
	ck_assert(slice_equal(b.of, slice_of("B,C")));
}
END_TEST

START_TEST(clear_forgets)
{
	for (uint64_t i = 0; i < 3; i++)
		(void)add(5, i, four("z\n"));
	collector_clear(c);
	ck_assert(!collector_is_whole(c));
	ck_assert_int_eq(add(1, 3, four("d\n")), COLLECTOR_TAKEN);
	ck_assert(!collector_is_whole(c));
}
END_TEST

/* Numbers that no batch has are refused before a byte is kept. */
START_TEST(numbers_have_limits)
{
	const struct {
		uint64_t position;
		uint64_t first;
		uint32_t records;
		uint16_t fragments;
		enum collector_status status;
	} cases[] = {
		{ 0, 1, RECORD_BATCH_MAX, MESSAGE_FRAGMENTS_MAX,
		  COLLECTOR_TAKEN },
		{ 0, 1, RECORD_BATCH_MAX + 1, 2, COLLECTOR_MALFORMED },
		{ 0, 1, RECORD_BATCH_MAX, MESSAGE_FRAGMENTS_MAX + 1,
		  COLLECTOR_MALFORMED },
		{ 0, 1, 0, 1, COLLECTOR_MALFORMED },
		{ 0, 1, 1, 0, COLLECTOR_MALFORMED },
		{ 0, 1, 2, 3, COLLECTOR_MALFORMED },
		{ 2, 1, 2, 2, COLLECTOR_MALFORMED },
		{ UINT64_MAX, 1, 2, 2, COLLECTOR_MALFORMED },
		{ 0, 0, 1, 1, COLLECTOR_MALFORMED },
		{ 0, INT64_MAX, 1, 1, COLLECTOR_WHOLE },
		{ 0, INT64_MAX, 2, 2, COLLECTOR_MALFORMED },
		{ 0, UINT64_MAX, 2, 2, COLLECTOR_MALFORMED },
	};
	struct message_append m = four("x\n");

	m.first = cases[_i].first;
	m.records = cases[_i].records;
	m.fragments = cases[_i].fragments;
	ck_assert_int_eq(add(1, cases[_i].position, m), cases[_i].status);
}
END_TEST

START_TEST(lines_have_limits)
{
	char *long_of = filler(RECORD_OF_MAX + 1);
	struct message_append m = four("");

	ck_assert_int_eq(add(1, 0, m), COLLECTOR_MALFORMED);
	m.lines = slice_of("no newline");
	ck_assert_int_eq(add(1, 0, m), COLLECTOR_MALFORMED);
	m = four("x\n");
	m.of = slice_of(long_of);
	ck_assert_int_eq(add(1, 0, m), COLLECTOR_MALFORMED);
	m.of.len--;
	ck_assert_int_eq(add(1, 0, m), COLLECTOR_TAKEN);
	free(long_of);
}
END_TEST

/* 2 MiB and not a byte more; what is too large is forgotten at once. */
START_TEST(bytes_have_a_limit)
{
	char *quarter = filler(COLLECTOR_BYTES_MAX / 4);
	char *more = filler(COLLECTOR_BYTES_MAX / 4 + 1);

	for (uint64_t i = 0; i < 3; i++)
		ck_assert_int_eq(add(1, i, four(quarter)), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 3, four(more)), COLLECTOR_MALFORMED);
	ck_assert_uint_eq(collector_batch(c).fragments, 0);

	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(add(2, i, four(quarter)),
				 i < 3 ? COLLECTOR_TAKEN : COLLECTOR_WHOLE);
	free(quarter);
	free(more);
}
END_TEST

START_TEST(all_fragments_there_may_be)
{
	struct message_append m = four("x\n");
	struct slice lines;

	m.records = MESSAGE_FRAGMENTS_MAX;
	m.fragments = MESSAGE_FRAGMENTS_MAX;
	for (uint64_t i = MESSAGE_FRAGMENTS_MAX; i > 1; i--)
		ck_assert_int_eq(add(1, i - 1, m), COLLECTOR_TAKEN);
	ck_assert_int_eq(add(1, 0, m), COLLECTOR_WHOLE);
	ck_assert_int_eq(collector_lines(c, &lines), 0);
	ck_assert_uint_eq(lines.len, 2 * MESSAGE_FRAGMENTS_MAX);
}
END_TEST

Suite *test_backend_collector(void)
{
	Suite *s = suite_create("backend/collector");
	TCase *t = tcase_create("collector");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_order_gives_the_same_lines, 0, 24);
	tcase_add_test(t, duplicates_change_nothing);
	tcase_add_test(t, contradictions_are_dropped);
	tcase_add_test(t, newest_request_wins);
	tcase_add_test(t, says_which_are_missing);
	tcase_add_test(t, knows_which_batch_it_has);
	tcase_add_test(t, clear_forgets);
	tcase_add_loop_test(t, numbers_have_limits, 0, 12);
	tcase_add_test(t, lines_have_limits);
	tcase_add_test(t, bytes_have_a_limit);
	tcase_add_test(t, all_fragments_there_may_be);
	suite_add_tcase(s, t);
	return s;
}
