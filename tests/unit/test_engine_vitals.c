/* SPDX-License-Identifier: MIT */
/*
 * What INFO tells of batches and backends is what happened.
 */
#include "config.h"

#include "main/link.h"

#include "test_engine_bench.h"
#include "unit.h"

UNIT_SUITE(test_engine_vitals);

static uint64_t dropped(unsigned backend, int why)
{
	return bench_info().backend[backend].counters->dropped[why];
}

static uint64_t syncs(void)
{
	struct engine_info i = bench_info();
	uint64_t sum = 0;

	for (size_t k = 0; k < i.backends; k++)
		sum += histogram_total(&i.backend[k].counters->sync);
	return sum;
}

static void hold_appends(void)
{
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
}

static uint64_t commits(void)
{
	struct engine_info i = bench_info();

	return histogram_total(&i.commit);
}

/* An acknowledgement that took the disk so long; 0: nothing was synced. */
static void reply_synced(const struct question *q, uint32_t usec)
{
	message_put_appended(reply_payload(),
			     &(struct message_appended){
				     .first = asked_append(q).first,
				     .durable = true,
				     .sync_usec = usec });
	reply_send(q, FRAME_APPENDED, q->f.epoch);
	bench_run();
}

START_TEST(batches_are_measured)
{
	struct told *t;

	bench_open();
	hold_appends();
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	bench_sleep(3 * MSEC);
	(void)order_transfer("Ali", "Ben", "1");
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	ck_assert_uint_eq(commits(), 0);
	reply_synced(bench_take(-1, FRAME_APPEND), 2000);
	expect_done(t);
	ck_assert_uint_eq(bench_info().batches, 1);
	ck_assert_uint_eq(commits(), 1);
	ck_assert_uint_eq(bench_info().commit.sum, 3000);
	ck_assert_int_eq(bench_info().latency, 3000);
	ck_assert_uint_eq(bench_info().last_minute, 1);

	/* The second batch has waited for the first one. */
	bench_sleep(8 * MSEC);
	reply_synced(bench_take(-1, FRAME_APPEND), 0);
	ck_assert_uint_eq(bench_info().batches, 2);
	ck_assert_uint_eq(bench_info().last_minute, 3);
	ck_assert_uint_eq(bench_info().commit.sum, 11000);
	ck_assert_int_eq(bench_info().latency, 3000 + 5000 / 8);
	ck_assert_int_eq(bench_info().latency_most, 8000);
	/* The one that was held already was no sync. */
	ck_assert_uint_eq(syncs(), 1);
}
END_TEST

START_TEST(what_is_under_way)
{
	struct question *q;
	unsigned k;

	bench_open();
	hold_appends();
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	q = bench_peek(-1, FRAME_APPEND);
	k = (unsigned)q->backend;
	bench_sleep(4 * MSEC);
	ck_assert_uint_eq(bench_info().backend[k].unacknowledged, 1);
	ck_assert_int_eq(bench_info().backend[k].owing, 4000);
	ck_assert_int_ge(bench_info().backend[k].heard, 4000);
	ck_assert_uint_eq(bench_info().backend[(k + 1) % BACKENDS]
				  .unacknowledged, 0);
	ck_assert_int_eq(bench_info().backend[(k + 1) % BACKENDS].owing, 0);
	reply_synced(bench_take(-1, FRAME_APPEND), 1);
	ck_assert_uint_eq(bench_info().backend[k].unacknowledged, 0);
	ck_assert_int_eq(bench_info().backend[k].owing, 0);
	ck_assert_int_eq(bench_info().backend[k].heard, 0);
}
END_TEST

START_TEST(the_last_trouble_is_kept)
{
	bench_open();
	ck_assert_str_eq(bench_info().backend[1].error, "");
	bench_down(1);
	bench_pass(LINK_PING_IDLE);
	ck_assert_str_eq(bench_info().backend[1].error,
			 "Backend B does not answer.");
	ck_assert_int_gt(bench_info().backend[1].error_time, 0);
	ck_assert_str_eq(bench_info().backend[0].error, "");

	/* That it is back is no trouble, and does not undo what was. */
	bench_up(1);
	bench_pass(LINK_PING_IDLE);
	expect_state(1, ENGINE_BACKEND_UP);
	ck_assert_str_eq(bench_info().backend[1].error,
			 "Backend B does not answer.");
}
END_TEST

START_TEST(dropped_datagrams_have_a_reason)
{
	struct question *q;
	uint8_t d[FRAME_SIZE_MAX];
	size_t len;
	uint64_t stray;

	bench.model[0].hold = HOLD(FRAME_PING);
	bench_start();
	q = bench_take(0, FRAME_PING);
	message_put_state(reply_payload(),
			  &(struct message_state){ .instance = 7,
						   .last_serial = 3,
						   .records = 1,
						   .dropped = 41 });
	len = reply_bytes(q, FRAME_PONG, 0, d);
	reply_give(0, d, FRAME_OVERHEAD - 1);
	d[len - 1] ^= 1;
	reply_give(0, d, len);
	d[len - 1] ^= 1;
	reply_give(1, d, len);
	ck_assert_uint_eq(dropped(0, FRAME_FAULT_SHORT), 1);
	ck_assert_uint_eq(dropped(0, FRAME_FAULT_MAC), 1);
	ck_assert_uint_eq(dropped(1, LINK_DROP_BLOCK), 1);

	stray = dropped(0, LINK_DROP_STRAY);
	reply_give(0, d, len);
	reply_give(0, d, len);
	ck_assert_uint_eq(dropped(0, LINK_DROP_STRAY), stray + 1);
	ck_assert_uint_eq(bench_info().backend[0].dropped_there, 41);
}
END_TEST

/* Each request that is sent once more, of the backend that did not hear it. */
START_TEST(retransmissions_are_counted)
{
	bench_open();
	bench.model[2].hold = HOLD(FRAME_SUM) | HOLD(FRAME_PING);
	(void)order_history("Ali", 1, 10);
	bench_run();
	ck_assert_uint_eq(bench_info().backend[2].counters->again, 0);
	bench_pass(200 * MSEC);
	ck_assert_uint_gt(bench_info().backend[2].counters->again, 0);
	ck_assert_uint_eq(bench_info().backend[0].counters->again, 0);
	ck_assert_uint_eq(bench_info().backend[2].counters->again,
			  bench_info().datagrams_again);
}
END_TEST

Suite *test_engine_vitals(void)
{
	Suite *s = suite_create("engine: vitals");
	TCase *t = tcase_create("vitals");

	tcase_add_checked_fixture(t, bench_setup, bench_teardown);
	tcase_add_test(t, batches_are_measured);
	tcase_add_test(t, what_is_under_way);
	tcase_add_test(t, the_last_trouble_is_kept);
	tcase_add_test(t, dropped_datagrams_have_a_reason);
	tcase_add_test(t, retransmissions_are_counted);
	suite_add_tcase(s, t);
	return s;
}
