/* SPDX-License-Identifier: MIT */
/*
 * src/backend/responder_query.c: records in pages.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/chain.h"
#include "store/textstore.h"
#include "util/parse.h"

#include "test_backend_bench.h"
#include "unit.h"

UNIT_SUITE(test_backend_fetch);

#define MANY 100000

static void setup(void)
{
	bench_setup();
	bench_begin();
}

/* All of Ali's, up to the end, in one page; tests differ from it. */
static struct message_fetch of_ali(void)
{
	return (struct message_fetch){
		.upto = INT64_MAX,
		.pages = 1,
		.room = FRAME_SIZE_MIN,
		.user = slice_of("Ali"),
	};
}

static void fetch(const struct message_fetch *m)
{
	message_put_fetch(bench_payload(), m);
	bench_ask(FRAME_FETCH, 1, 9, 0);
}

static struct message_records page(uint64_t number, size_t room)
{
	const size_t len = bench.sent[bench.taken].len;
	struct frame f = bench_answer(FRAME_RECORDS);
	struct message_records m;

	ck_assert_uint_le(len, room);
	ck_assert_uint_eq(f.position, number);
	ck_assert_uint_eq(f.request, 9);
	ck_assert_int_eq(message_get_records(f.payload, &m), 0);
	return m;
}

static void expect_lines(struct message_records m, const char *lines)
{
	ck_assert_msg(slice_equal(m.lines, slice_of(lines)), "%.*s",
		      SLICE_ARG(m.lines));
}

static void add_sample(void)
{
	fake_store_add(&bench.fake, "2 Rishil Ali 30");
	fake_store_add(&bench.fake, "5 Chinmay Oliver 129");
	fake_store_add(&bench.fake, "9 Ali Luke 155");
	fake_store_add(&bench.fake, "10 Ali Luke 15");
}

START_TEST(fetch_finds_a_user)
{
	struct message_fetch q = of_ali();
	struct message_records m;

	add_sample();
	fetch(&q);
	m = page(0, FRAME_SIZE_MIN);
	expect_lines(m, "2 Rishil Ali 30\n9 Ali Luke 155\n10 Ali Luke 15\n");
	ck_assert_uint_eq(m.after, 0);
	ck_assert_uint_eq(m.covered, INT64_MAX);
	ck_assert(m.end);
	ck_assert(m.last);
	bench_expect_silence();
}
END_TEST

START_TEST(fetch_keeps_to_its_range)
{
	struct message_fetch q = of_ali();
	struct message_records m;

	add_sample();
	q.user = slice_of("");
	q.after = 2;
	q.upto = 9;
	fetch(&q);
	m = page(0, FRAME_SIZE_MIN);
	expect_lines(m, "5 Chinmay Oliver 129\n9 Ali Luke 155\n");
	ck_assert_uint_eq(m.after, 2);
	ck_assert_uint_eq(m.covered, 9);
	ck_assert(m.end);
}
END_TEST

START_TEST(fetch_of_nothing_is_an_empty_page)
{
	struct message_fetch q = of_ali();
	struct message_records m;

	q.after = 7;
	q.upto = 7;
	fetch(&q);
	m = page(0, FRAME_SIZE_MIN);
	ck_assert_uint_eq(m.lines.len, 0);
	ck_assert_uint_eq(m.covered, 7);
	ck_assert(m.end);
	ck_assert(m.last);

	q.upto = 3;
	fetch(&q);
	m = page(0, FRAME_SIZE_MIN);
	ck_assert_uint_eq(m.covered, 7);
	ck_assert(m.end);
}
END_TEST

#define CHAINED                                                                \
	"11 Ali Luke 15 t=2026-11-22T13:37:00.123456Z id=7f9c m=two h="        \
	"0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(fetch_gives_four_columns)
{
	struct message_fetch q = of_ali();

	add_sample();
	fake_store_add(&bench.fake, CHAINED);
	q.after = 9;
	fetch(&q);
	expect_lines(page(0, FRAME_SIZE_MIN), "10 Ali Luke 15\n" CHAINED "\n");
	q.columns = true;
	fetch(&q);
	expect_lines(page(0, FRAME_SIZE_MIN),
		     "10 Ali Luke 15\n11 Ali Luke 15\n");
}
END_TEST

START_TEST(fetch_finds_an_id)
{
	struct message_fetch q = of_ali();
	struct message_records m;

	add_sample();
	fake_store_add(&bench.fake, CHAINED);
	q.user = slice_of("");
	q.id = slice_of("7f9c");
	fetch(&q);
	m = page(0, FRAME_SIZE_MIN);
	expect_lines(m, CHAINED "\n");
	ck_assert(m.end);

	q.id = slice_of("7f9d");
	fetch(&q);
	ck_assert_uint_eq(page(0, FRAME_SIZE_MIN).lines.len, 0);

	q.id = slice_of("7f9c");
	q.upto = 10;
	fetch(&q);
	ck_assert_uint_eq(page(0, FRAME_SIZE_MIN).lines.len, 0);

	q.upto = 12;
	q.after = 11;
	fetch(&q);
	ck_assert_uint_eq(page(0, FRAME_SIZE_MIN).lines.len, 0);
}
END_TEST

START_TEST(filter_reaches_the_store)
{
	struct message_fetch q = of_ali();

	fake_store_add(&bench.fake, "1 Ali Luke 1");
	fake_store_add(&bench.fake, CHAINED " of=B");
	fetch(&q);
	expect_lines(page(0, FRAME_SIZE_MIN), "1 Ali Luke 1\n");

	q.filter.absents = 1;
	q.filter.absent[0] = slice_of("B");
	fetch(&q);
	expect_lines(page(0, FRAME_SIZE_MIN),
		     "1 Ali Luke 1\n" CHAINED " of=B\n");

	q.filter.ranges = 2;
	q.filter.range[0] = (struct message_range){ 1, 1, false };
	q.filter.range[1] = (struct message_range){ 11, 11, true };
	q.filter.absents = 0;
	fetch(&q);
	expect_lines(page(0, FRAME_SIZE_MIN), CHAINED " of=B\n");

	q.filter = (struct message_filter){ .everything = true };
	fetch(&q);
	expect_lines(page(0, FRAME_SIZE_MIN),
		     "1 Ali Luke 1\n" CHAINED " of=B\n");
}
END_TEST

static void add_many(void)
{
	char line[64];

	for (unsigned int i = 1; i <= MANY; i++) {
		(void)snprintf(line, sizeof(line), "%u Ali Luke %u", i, i % 97);
		if (i % 97 == 0)
			(void)snprintf(line, sizeof(line), "%u Ali Luke 97", i);
		fake_store_add(&bench.fake, line);
	}
}

/* The serials in @lines follow *@last. */
static void follow(struct slice lines, uint64_t *last)
{
	while (lines.len > 0) {
		const char *space = memchr(lines.p, ' ', lines.len);
		const char *end = memchr(lines.p, '\n', lines.len);
		uint64_t serial;

		ck_assert_ptr_nonnull(space);
		ck_assert_ptr_nonnull(end);
		ck_assert_int_eq(
			parse_u64((struct slice){ lines.p, (size_t)(space -
								    lines.p) },
				  &serial),
			0);
		ck_assert_uint_eq(serial, *last + 1);
		*last = serial;
		lines.len -= (size_t)(end + 1 - lines.p);
		lines.p = end + 1;
	}
}

/* One question; true when its answer reaches the end. */
static bool take_pages(const struct message_fetch *q, uint64_t *last)
{
	fetch(q);
	for (uint64_t i = 0;; i++) {
		const uint64_t before = *last;
		struct message_records m = page(i, q->room);

		ck_assert_uint_lt(i, q->pages);
		ck_assert_uint_eq(m.after, before);
		follow(m.lines, last);
		/* Full to the last line but at the end. */
		if (!m.end) {
			ck_assert_uint_eq(m.covered, *last);
			ck_assert_uint_gt(m.lines.len + 32,
					  message_records_room(q->room));
		}
		ck_assert(m.last == (m.end || i + 1 == q->pages));
		if (m.last) {
			bench_expect_silence();
			return m.end;
		}
	}
}

static const uint16_t rooms[] = { FRAME_SIZE_MIN, FRAME_SIZE_MAX };

/* No history is too long: every record once, in order, in pages that fit. */
START_TEST(long_history_comes_in_pages)
{
	struct message_fetch q = of_ali();
	uint64_t last = 0;

	add_many();
	q.room = rooms[_i % 2];
	q.pages = _i / 2 ? MESSAGE_PAGES_MAX : 3;
	q.upto = MANY;
	while (!take_pages(&q, &last))
		q.after = last;
	ck_assert_uint_eq(last, MANY);
}
END_TEST

START_TEST(own_limit_counts_too)
{
	struct message_fetch q = of_ali();
	uint64_t last = 0;

	add_many();
	bench_use(&bench.fake.store, FRAME_SIZE_MIN);
	q.room = FRAME_SIZE_MAX;
	fetch(&q);
	follow(page(0, FRAME_SIZE_MIN).lines, &last);
	ck_assert_uint_gt(last, 50);
}
END_TEST

START_TEST(rooms_and_pages_have_limits)
{
	const struct {
		uint16_t room;
		uint16_t pages;
	} cases[] = {
		{ FRAME_SIZE_MIN - 1, 1 },
		{ 0, 1 },
		{ UINT16_MAX, 1 },
		{ FRAME_SIZE_MIN, 0 },
		{ FRAME_SIZE_MIN, MESSAGE_PAGES_MAX + 1 },
	};
	struct message_fetch q = of_ali();

	q.room = cases[_i].room;
	q.pages = cases[_i].pages;
	fetch(&q);
	bench_expect_error(MESSAGE_ERROR_MALFORMED);
	bench_expect_silence();
}
END_TEST

static char folder[] = "/tmp/test-backend-XXXXXX";
static char block[sizeof(folder) + 16];

static struct store *open_text(void)
{
	const uint8_t key[MAP_KEY_SIZE] = { 1 };
	struct textstore_report report = { 0 };
	struct store *store;

	ck_assert_int_eq(textstore_open(&fileops_kernel, block, key, &report,
					&store),
			 0);
	buf_done(&report.fault);
	return store;
}

/* Unchecked: run around the test's process, so also when the test fails. */
static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(block, sizeof(block), "%s/block1.txt", folder);
}

static void remove_folder(void)
{
	char promise[sizeof(block) + 16];

	(void)snprintf(promise, sizeof(promise), "%s.promise", block);
	(void)unlink(promise);
	(void)unlink(block);
	(void)rmdir(folder);
}

/* The record after one with hash @h, chained, with its newline. */
static void chain_line(uint8_t h[CHAIN_HASH_SIZE], const char *body,
		       char out[RECORD_LINE_MAX])
{
	char hex[CHAIN_HEX_SIZE];

	chain_step(h, slice_of(body), h);
	format_hex(h, CHAIN_HASH_SIZE, hex);
	(void)snprintf(out, RECORD_LINE_MAX, "%s h=%.*s\n", body,
		       CHAIN_HEX_SIZE, hex);
}

/* The same words with a real block: what was acknowledged is in the file. */
START_TEST(text_store_keeps_what_is_acknowledged)
{
	uint8_t h[CHAIN_HASH_SIZE] = { 0 };
	char line[2][RECORD_LINE_MAX];
	struct message_fetch q = of_ali();
	struct store *store = open_text();
	struct bench_fragment f;

	chain_line(h, "1 Ali Luke 5 t=2026-11-22T13:37:00.000000Z", line[0]);
	chain_line(h, "2 Ben Ali 7 t=2026-11-22T13:37:00.000001Z", line[1]);
	bench_use(store, FRAME_SIZE_MAX);
	bench_begin();
	for (unsigned int i = 0; i < 2; i++) {
		f = bench_single(i + 1, i + 1, line[i]);
		bench_append(&f);
		bench_expect_appended(i + 1);
	}
	store->ops->close(store);

	store = open_text();
	bench_use(store, FRAME_SIZE_MAX);
	bench_ping(0, false);
	ck_assert_uint_eq(bench_answer(FRAME_PONG).epoch, 1);
	q.columns = true;
	fetch(&q);
	expect_lines(page(0, FRAME_SIZE_MIN), "1 Ali Luke 5\n2 Ben Ali 7\n");
	bench_append(&f);
	bench_expect_appended(2);
	store->ops->close(store);
}
END_TEST

Suite *test_backend_fetch(void)
{
	Suite *s = suite_create("backend/fetch");
	TCase *t = tcase_create("fetch");
	TCase *text = tcase_create("text");

	tcase_add_checked_fixture(t, setup, bench_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, fetch_finds_a_user);
	tcase_add_test(t, fetch_keeps_to_its_range);
	tcase_add_test(t, fetch_of_nothing_is_an_empty_page);
	tcase_add_test(t, fetch_gives_four_columns);
	tcase_add_test(t, fetch_finds_an_id);
	tcase_add_test(t, filter_reaches_the_store);
	tcase_add_loop_test(t, long_history_comes_in_pages, 0, 4);
	tcase_add_test(t, own_limit_counts_too);
	tcase_add_loop_test(t, rooms_and_pages_have_limits, 0, 5);
	suite_add_tcase(s, t);

	tcase_add_unchecked_fixture(text, make_folder, remove_folder);
	tcase_add_checked_fixture(text, bench_setup, bench_teardown);
	tcase_add_test(text, text_store_keeps_what_is_acknowledged);
	suite_add_tcase(s, text);
	return s;
}
