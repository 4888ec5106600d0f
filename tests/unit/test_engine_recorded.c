/* SPDX-License-Identifier: MIT */
/*
 * What the engine tells of records that are durable: all of them, in order,
 * and as they stand in a block.
 */
#include "config.h"

#include <string.h>

#include "test_engine_bench.h"

static const char *line_of(unsigned backend, uint64_t serial)
{
	static char text[512];
	struct slice line = model_line(backend, serial);

	ck_assert_uint_gt(line.len, 0);
	(void)snprintf(text, sizeof(text), "%.*s\n", SLICE_ARG(line));
	return text;
}

static int home_of_newest(void)
{
	return bench.home[0] - 'A';
}

static void expect_recorded(const char *text)
{
	ck_assert_int_eq(buf_add(&bench.recorded, "", 1), 0);
	ck_assert_str_eq((const char *)bench.recorded.data, text);
	buf_clear(&bench.recorded);
}

static void expect_told(const struct told *t)
{
	bench_run();
	expect_done(t);
}

START_TEST(nothing_of_a_start)
{
	bench_open();
	ck_assert_uint_eq(bench.recorded.len, 0);
}
END_TEST

START_TEST(a_record_as_in_its_block)
{
	bench_open_copies(2);
	expect_told(order_open("Dan", ""));
	expect_recorded(line_of((unsigned)home_of_newest(), 2));
	expect_told(order_open("Eva", "x1"));
	expect_recorded(line_of((unsigned)home_of_newest(), 3));
}
END_TEST

/* Not before it is durable, and then all of the batch. */
START_TEST(a_batch_when_it_is_durable)
{
	char lines[2048];
	int at = 0;

	bench_open();
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	for (unsigned i = 0; i < 3; i++)
		(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	ck_assert_uint_eq(bench.recorded.len, 0);
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_run();
	for (uint64_t serial = 4; serial <= 6; serial++)
		at += snprintf(lines + at, sizeof(lines) - (size_t)at, "%s",
			       line_of((unsigned)home_of_newest(), serial));
	expect_recorded(lines);
}
END_TEST

/* Whoever was told "unknown" may see it come. */
START_TEST(a_batch_that_was_given_up_comes_later)
{
	struct told *t;

	bench_open();
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	bench_pass(BENCH_TIMEOUT + SEC);
	expect_refused(t, OUTCOME_UNKNOWN, NULL);
	ck_assert_uint_eq(bench.recorded.len, 0);
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_run();
	bench_pass(SEC);
	ck_assert_uint_eq(bench_info().serial, 4);
	ck_assert_uint_gt(bench.recorded.len, 16);
	ck_assert_int_eq(memcmp(bench.recorded.data, "4 Ali Ben 1 t=", 14), 0);
	ck_assert_ptr_eq(memchr(bench.recorded.data, '\n', bench.recorded.len),
			 bench.recorded.data + bench.recorded.len - 1);
}
END_TEST

UNIT_SUITE(test_engine_recorded);

Suite *test_engine_recorded(void)
{
	Suite *s = suite_create("engine: recorded");
	TCase *c = tcase_create("recorded");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, nothing_of_a_start);
	tcase_add_test(c, a_record_as_in_its_block);
	tcase_add_test(c, a_batch_when_it_is_durable);
	tcase_add_test(c, a_batch_that_was_given_up_comes_later);
	suite_add_tcase(s, c);
	return s;
}
