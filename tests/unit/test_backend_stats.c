/* SPDX-License-Identifier: MIT */
/*
 * src/backend/responder_query.c: counterparts and sums, and questions that the
 * store cannot answer.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "test_backend_bench.h"
#include "unit.h"

UNIT_SUITE(test_backend_stats);

/* Above every serial here. */
#define LATE 100000

static void setup(void)
{
	bench_setup();
	bench_begin();
}

static void add_sample(void)
{
	fake_store_add(&bench.fake, "2 Rishil Ali 30");
	fake_store_add(&bench.fake, "5 Chinmay Oliver 129");
	fake_store_add(&bench.fake, "9 Ali Luke 155");
	fake_store_add(&bench.fake, "10 Ali Luke 15");
}

static struct message_stats stats_of_ali(const char *after)
{
	return (struct message_stats){
		.upto = LATE,
		.room = FRAME_SIZE_MIN,
		.user = slice_of("Ali"),
		.after = slice_of(after),
	};
}

static struct message_partners stats(const struct message_stats *q)
{
	struct message_partners m;
	struct frame f;

	message_put_stats(bench_payload(), q);
	bench_ask(FRAME_STATS, 1, 9, 0);
	ck_assert_uint_le(bench.sent[bench.taken].len, q->room);
	f = bench_answer(FRAME_PARTNERS);
	ck_assert_int_eq(message_get_partners(f.payload, &m), 0);
	return m;
}

static void expect_partner(struct message_partners *m, const char *name,
			   uint64_t count, int net)
{
	struct message_partner p;

	ck_assert(message_next_partner(&m->entries, &p));
	ck_assert(slice_equal(p.name, slice_of(name)));
	ck_assert_uint_eq(p.count, count);
	ck_assert(p.net == net);
}

START_TEST(stats_sums_up_counterparts)
{
	const struct message_stats q = stats_of_ali("");
	struct message_partners m;

	add_sample();
	m = stats(&q);
	ck_assert(m.end);
	expect_partner(&m, "Luke", 2, -170);
	expect_partner(&m, "Rishil", 1, 30);
	ck_assert_uint_eq(m.entries.len, 0);
}
END_TEST

/* Names of users in any number, each once; the store is asked once. */
START_TEST(stats_come_in_pages)
{
	struct message_stats q = stats_of_ali("");
	char name[16] = "";
	char line[64];
	unsigned int seen = 0;
	struct message_partners m;

	for (unsigned int i = 1; i <= 5000; i++) {
		(void)snprintf(line, sizeof(line), "%u Ali u%05u 1", i, i);
		fake_store_add(&bench.fake, line);
	}

	q.room = _i ? FRAME_SIZE_MAX : FRAME_SIZE_MIN;
	do {
		struct message_partner p;

		q.after = slice_of(name);
		m = stats(&q);
		/* Full to the last entry but at the end. */
		ck_assert(m.end || m.entries.len + 1 + 31 + FRAME_OVERHEAD >
					   (size_t)q.room);
		while (message_next_partner(&m.entries, &p)) {
			(void)snprintf(name, sizeof(name), "u%05u", ++seen);
			ck_assert(slice_equal(p.name, slice_of(name)));
		}
	} while (!m.end);
	ck_assert_uint_eq(seen, 5000);
	ck_assert_uint_eq(bench.fake.partners, 1);
}
END_TEST

/* The byte before the entries counts: what fits but for it does not fit. */
START_TEST(stats_page_is_not_overfull)
{
	const struct message_stats q = stats_of_ali("");
	struct message_partners m;
	char line[64];

	/* 27 entries of 40 bytes and one of 56: all the room but that byte. */
	for (unsigned int i = 1; i <= 27; i++) {
		(void)snprintf(line, sizeof(line), "%u Ali %015u 1", i, i);
		fake_store_add(&bench.fake, line);
	}
	fake_store_add(&bench.fake, "28 Ali xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 1");
	ck_assert_uint_eq(27 * 40 + 56, FRAME_SIZE_MIN - FRAME_OVERHEAD);
	m = stats(&q);
	ck_assert(!m.end);
	ck_assert_uint_eq(m.entries.len, 27 * 40);
}
END_TEST

START_TEST(stats_page_begins_behind_a_name)
{
	const struct {
		const char *after;
		const char *first;
	} cases[] = {
		{ "A", "Luke" },   { "Luk", "Luke" },	 { "Luke", "Rishil" },
		{ "M", "Rishil" }, { "Rishil", NULL }, { "Z", NULL },
	};
	const struct message_stats q = stats_of_ali(cases[_i].after);
	struct message_partners m;
	struct message_partner p;

	add_sample();
	m = stats(&q);
	ck_assert(m.end);
	ck_assert(message_next_partner(&m.entries, &p) ==
		  (cases[_i].first != NULL));
	if (cases[_i].first)
		ck_assert(slice_equal(p.name, slice_of(cases[_i].first)));
}
END_TEST

/* One answer is kept, and only for the question that it answers. */
START_TEST(stats_of_another_question_are_asked_anew)
{
	struct message_stats q = stats_of_ali("");
	struct message_partners m;

	add_sample();
	(void)stats(&q);
	q.user = slice_of("Luke");
	m = stats(&q);
	expect_partner(&m, "Ali", 2, 170);
	q.upto = 9;
	m = stats(&q);
	expect_partner(&m, "Ali", 1, 155);
	q.filter.ranges = 1;
	q.filter.range[0] = (struct message_range){ 9, 9, false };
	m = stats(&q);
	ck_assert_uint_eq(m.entries.len, 0);
	ck_assert_uint_eq(bench.fake.partners, 4);

	/* The room is no part of the question. */
	q.room = FRAME_SIZE_MAX;
	(void)stats(&q);
	ck_assert_uint_eq(bench.fake.partners, 4);
}
END_TEST

/* What is asked as of a serial to come changes when that comes. */
START_TEST(stats_follow_new_records)
{
	const struct bench_fragment f = bench_single(1, 11, "11 Ali Luke 1\n");
	struct message_stats q = stats_of_ali("");
	struct message_partners m;

	add_sample();
	(void)stats(&q);
	bench_append(&f);
	bench_expect_appended(11);
	m = stats(&q);
	expect_partner(&m, "Luke", 3, -171);
	ck_assert_uint_eq(bench.fake.partners, 2);
}
END_TEST

START_TEST(stats_of_the_past_survive_new_records)
{
	const struct bench_fragment f = bench_single(1, 11, "11 Ali Luke 1\n");
	struct message_stats q = stats_of_ali("");
	struct message_partners m;

	add_sample();
	q.upto = 10;
	(void)stats(&q);
	bench_append(&f);
	bench_expect_appended(11);
	m = stats(&q);
	expect_partner(&m, "Luke", 2, -170);
	ck_assert_uint_eq(bench.fake.partners, 1);
}
END_TEST

static struct message_total sum(const struct message_sum *q)
{
	struct message_total m;
	struct frame f;

	message_put_sum(bench_payload(), q);
	bench_ask(FRAME_SUM, 1, 9, 0);
	f = bench_answer(FRAME_TOTAL);
	ck_assert_int_eq(message_get_total(f.payload, &m), 0);
	return m;
}

START_TEST(sum_totals)
{
	struct message_sum q = { .upto = LATE };
	struct message_total m;

	add_sample();
	m = sum(&q);
	ck_assert_uint_eq(m.records, 4);
	ck_assert(m.net == 0);
	q.user = slice_of("Ali");
	m = sum(&q);
	ck_assert_uint_eq(m.records, 3);
	ck_assert(m.net == -140);
	q.after = 2;
	q.upto = 9;
	m = sum(&q);
	ck_assert_uint_eq(m.records, 1);
	ck_assert(m.net == -155);
}
END_TEST

static void ask_each(void)
{
	const struct message_fetch f = {
		.upto = 1,
		.pages = 1,
		.room = FRAME_SIZE_MIN,
	};
	struct message_stats s = stats_of_ali("");
	struct message_sum t = { .upto = 1 };

	message_put_fetch(bench_payload(), &f);
	bench_ask(FRAME_FETCH, 1, 9, 0);
	message_put_stats(bench_payload(), &s);
	bench_ask(FRAME_STATS, 1, 9, 0);
	message_put_sum(bench_payload(), &t);
	bench_ask(FRAME_SUM, 1, 9, 0);
}

/* Memory may come back; the asker asks again. */
START_TEST(no_memory_is_silence)
{
	bench.fake.read_error = -ENOMEM;
	ask_each();
	bench_expect_silence();
	ck_assert_int_eq(bench.fatal, 0);

	bench.fake.read_error = 0;
	ask_each();
	ck_assert_uint_eq(bench.count - bench.taken, 3);
}
END_TEST

START_TEST(unreadable_block_is_fatal)
{
	bench.fake.read_error = -ESTALE;
	ask_each();
	bench_expect_silence();
	ck_assert_int_eq(bench.fatal, -ESTALE);
}
END_TEST

Suite *test_backend_stats(void)
{
	Suite *s = suite_create("backend/stats");
	TCase *t = tcase_create("stats");

	tcase_add_checked_fixture(t, setup, bench_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, stats_sums_up_counterparts);
	tcase_add_loop_test(t, stats_come_in_pages, 0, 2);
	tcase_add_test(t, stats_page_is_not_overfull);
	tcase_add_loop_test(t, stats_page_begins_behind_a_name, 0, 6);
	tcase_add_test(t, stats_of_another_question_are_asked_anew);
	tcase_add_test(t, stats_follow_new_records);
	tcase_add_test(t, stats_of_the_past_survive_new_records);
	tcase_add_test(t, sum_totals);
	tcase_add_test(t, no_memory_is_silence);
	tcase_add_test(t, unreadable_block_is_fatal);
	suite_add_tcase(s, t);
	return s;
}
