/* SPDX-License-Identifier: MIT */
/*
 * Damaged, forged and stray answers change nothing and are counted.
 */
#include "config.h"

#include "test_engine_bench.h"

static uint8_t valid[FRAME_SIZE_MAX];
static uint8_t damaged[FRAME_SIZE_MAX];
static size_t length;

static void expect_dropped(unsigned backend, const uint8_t *data, size_t len)
{
	struct engine_info before = bench_info();
	struct engine_info after;
	size_t sent = bench.count;
	unsigned turns = bench.turns;

	reply_give(backend, data, len);
	after = bench_info();
	ck_assert_uint_eq(after.datagrams_dropped,
			  before.datagrams_dropped + 1);
	ck_assert_uint_eq(after.datagrams_received,
			  before.datagrams_received + 1);
	ck_assert_uint_eq(bench.turns, turns);
	ck_assert_uint_eq(bench.count, sent);
	ck_assert_uint_eq(after.serial, before.serial);
	ck_assert_uint_eq(after.epoch, before.epoch);
	ck_assert_int_eq(after.open, before.open);
	ck_assert_int_eq(bench.stopped, -1);
}

/* What was written to reply_payload(), damaged in each way, then whole. */
static void damage(const struct question *q, enum frame_type type,
		   uint64_t epoch)
{
	length = reply_bytes(q, type, epoch, valid);
	for (size_t i = 0; i < length; i++)
		expect_dropped(q->backend, valid, i);
	for (size_t bit = 0; bit < 8 * length; bit++) {
		memcpy(damaged, valid, length);
		damaged[bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_dropped(q->backend, damaged, length);
	}
	memcpy(damaged, valid, length);
	damaged[length] = 0;
	expect_dropped(q->backend, damaged, length + 1);
	/* Where another backend lives nobody answers for this one. */
	expect_dropped((q->backend + 1) % BACKENDS, valid, length);
}

static void give_valid(const struct question *q)
{
	reply_give(q->backend, valid, length);
	bench_run();
}

static void put_state(bool leased)
{
	message_put_state(reply_payload(),
			  &(struct message_state){ .instance = 7,
						   .last_serial = bench.model[0].last_serial,
						   .records = bench.model[0].records,
						   .leased = leased });
}

START_TEST(a_damaged_pong)
{
	struct question other;
	struct question *q;

	bench.model[0].hold = HOLD(FRAME_PING);
	bench_start();
	q = bench_take(0, FRAME_PING);
	/* The name of another block, though authentic. */
	other = *q;
	other.f.block = slice_of("B");
	put_state(false);
	length = reply_bytes(&other, FRAME_PONG, 0, valid);
	expect_dropped(0, valid, length);
	damage(q, FRAME_PONG, 0);
	expect_state(0, ENGINE_BACKEND_WAITED_FOR);
	give_valid(q);
	ck_assert(bench_info().open);
}
END_TEST

START_TEST(a_damaged_lease)
{
	struct question *q;
	struct told *t;

	bench_open();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_PING);
	t = order_balance("Ali");
	bench_run();
	q = bench_take(0, FRAME_PING);
	put_state(true);
	damage(q, FRAME_PONG, 1);
	expect_waiting(t);
	give_valid(q);
	expect_done(t);
}
END_TEST

START_TEST(a_damaged_promise)
{
	struct question *q;

	bench.model[0].hold = HOLD(FRAME_CLAIM);
	bench_start();
	q = bench_take(0, FRAME_CLAIM);
	put_state(false);
	damage(q, FRAME_PROMISE, 1);
	ck_assert(!bench_info().open);
	give_valid(q);
	ck_assert(bench_info().open);
}
END_TEST

START_TEST(a_damaged_acknowledgement)
{
	struct question *q;
	struct told *t;

	bench_open();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	q = bench_take(-1, FRAME_APPEND);
	message_put_appended(
		reply_payload(),
		&(struct message_appended){ .first = 4, .durable = true });
	damage(q, FRAME_APPENDED, 1);
	expect_waiting(t);
	give_valid(q);
	expect_serial(t, 4);
}
END_TEST

START_TEST(a_damaged_page)
{
	struct question *q;
	struct told *t;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	t = order_list(1, 10);
	bench_run();
	q = bench_take(0, FRAME_FETCH);
	message_put_records(reply_payload(),
			    &(struct message_records){
				    .covered = 3,
				    .end = true,
				    .last = true,
				    .lines = slice_of("1 Ali Ben 10\n") });
	damage(q, FRAME_RECORDS, 1);
	give_valid(q);
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n");
}
END_TEST

START_TEST(a_damaged_total)
{
	struct question *q;
	struct told *t;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_SUM);
	t = order_history("Ali", 3, 10);
	bench_run();
	q = bench_take(0, FRAME_SUM);
	message_put_total(reply_payload(), &(struct message_total){ 1, -10 });
	damage(q, FRAME_TOTAL, 1);
	give_valid(q);
	expect_text(t, "3 Cem Ali 5 =995\n");
}
END_TEST

START_TEST(damaged_partners)
{
	struct question *q;
	struct told *t;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_STATS);
	t = order_stats("Ali");
	bench_run();
	q = bench_take(0, FRAME_STATS);
	message_put_partners(reply_payload(),
			     &(struct message_partners){ .end = true });
	{
		/* Behind what stands there already. */
		struct writer *w = reply_payload();

		message_put_partners(w,
				     &(struct message_partners){ .end = true });
		message_put_partner(w, &(struct message_partner){
					       slice_of("Ben"), 1, -10 });
	}
	damage(q, FRAME_PARTNERS, 1);
	give_valid(q);
	expect_text(t, "Ben 1 -10\nCem 1 5\n");
}
END_TEST

START_TEST(a_damaged_error)
{
	struct question *q;

	bench_open();
	bench.model[0].hold = HOLD(FRAME_STATS);
	(void)order_stats("Ali");
	bench_run();
	q = bench_take(0, FRAME_STATS);
	message_put_error(reply_payload(),
			  &(struct message_error){ MESSAGE_ERROR_FENCED,
						   slice_of("no") });
	damage(q, FRAME_ERROR, 2);
	give_valid(q);
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_FENCED);
}
END_TEST

START_TEST(an_answer_to_nothing_is_stray)
{
	struct question *q;

	bench_open();
	bench_pass(11 * SEC);
	q = bench.queue[0];
	put_state(true);
	length = reply_bytes(q, FRAME_PONG, 1, valid);
	expect_dropped(q->backend, valid, length);
	expect_dropped(q->backend, valid, 0);
}
END_TEST

START_TEST(an_answer_without_the_key_is_forged)
{
	struct question *q;
	struct frame_key key = bench.config.key;

	bench.model[0].hold = HOLD(FRAME_PING);
	bench_start();
	q = bench_take(0, FRAME_PING);
	put_state(false);
	bench.config.key.present = false;
	length = reply_bytes(q, FRAME_PONG, 0, valid);
	expect_dropped(0, valid, length);
	bench.config.key.present = true;
	bench.config.key.bytes[31] ^= 1;
	length = reply_bytes(q, FRAME_PONG, 0, valid);
	expect_dropped(0, valid, length);
	bench.config.key = key;
}
END_TEST

/* Authentic, but not what such an answer looks like: as if it had not come. */
START_TEST(an_authentic_answer_that_is_none_changes_nothing)
{
	static const enum frame_type types[] = {
		FRAME_PONG,  FRAME_PROMISE,  FRAME_APPENDED, FRAME_RECORDS,
		FRAME_TOTAL, FRAME_PARTNERS, FRAME_ERROR,    FRAME_PING,
		FRAME_CLAIM, FRAME_APPEND,   FRAME_FETCH,    FRAME_STATS,
		FRAME_SUM,
	};
	struct question *q[4];
	struct told *t[4];

	bench_open();
	expect_balance("Ali", 995);
	bench.model[0].hold = HOLD(FRAME_FETCH) | HOLD(FRAME_STATS) |
			      HOLD(FRAME_SUM) | HOLD(FRAME_PING);
	t[0] = order_list(1, 10);
	t[1] = order_stats("Ali");
	t[2] = order_history("Ali", 3, 1);
	bench_run();
	bench_sleep(SEC);
	t[3] = order_balance("Ali");
	q[0] = bench_take(0, FRAME_FETCH);
	q[1] = bench_take(0, FRAME_STATS);
	q[2] = bench_take(0, FRAME_SUM);
	q[3] = bench_take(0, FRAME_PING);
	for (size_t i = 0; i < ELEMENTS(q); i++) {
		for (size_t k = 0; k < ELEMENTS(types); k++) {
			writer_bytes(reply_payload(), "\x02nonsense", 9);
			reply_send(q[i], types[k], 1);
			(void)reply_payload();
			reply_send(q[i], types[k], 1);
		}
		expect_waiting(t[i]);
	}
	ck_assert_int_eq(bench.stopped, -1);
	for (size_t i = 0; i < ELEMENTS(q); i++)
		reply_model(q[i]);
	bench.model[0].hold = 0;
	bench_run();
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_done(t[i]);
}
END_TEST

START_TEST(a_backend_that_there_is_not)
{
	struct engine_info before;

	bench_open();
	before = bench_info();
	engine_datagram(bench.e, BACKENDS, slice_of("x"));
	engine_refused(bench.e, BACKENDS);
	ck_assert_uint_eq(bench_info().datagrams_received,
			  before.datagrams_received + 1);
}
END_TEST

START_TEST(a_new_key_is_used_from_then_on)
{
	bench_open();
	memset(bench.config.key.bytes, 0x33, sizeof(bench.config.key.bytes));
	engine_reconfigure(bench.e, BENCH_TIMEOUT, false, &bench.config.key);
	expect_balance("Ali", 995);
}
END_TEST

UNIT_SUITE(test_engine_forged);

Suite *test_engine_forged(void)
{
	Suite *s = suite_create("engine: forged");
	TCase *c = tcase_create("forged");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_set_timeout(c, 30);
	tcase_add_test(c, a_damaged_pong);
	tcase_add_test(c, a_damaged_lease);
	tcase_add_test(c, a_damaged_promise);
	tcase_add_test(c, a_damaged_acknowledgement);
	tcase_add_test(c, a_damaged_page);
	tcase_add_test(c, a_damaged_total);
	tcase_add_test(c, damaged_partners);
	tcase_add_test(c, a_damaged_error);
	tcase_add_test(c, an_answer_to_nothing_is_stray);
	tcase_add_test(c, an_answer_without_the_key_is_forged);
	tcase_add_test(c, an_authentic_answer_that_is_none_changes_nothing);
	tcase_add_test(c, a_backend_that_there_is_not);
	tcase_add_test(c, a_new_key_is_used_from_then_on);
	suite_add_tcase(s, c);
	return s;
}
