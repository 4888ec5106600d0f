/* SPDX-License-Identifier: MIT */
/*
 * Forged, damaged and misdirected datagrams: nothing is answered, nothing
 * changes, and each is counted.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "test_backend_bench.h"
#include "unit.h"

UNIT_SUITE(test_backend_forged);

static void setup(void)
{
	bench_setup();
	fake_store_add(&bench.fake, "1 Ali Luke 5");
	bench_begin();
}

/* Each request that would do something; returns its length. */
static size_t request(size_t which, uint8_t out[FRAME_SIZE_MAX])
{
	const struct message_append a = {
		.first = 2,
		.records = 1,
		.fragments = 1,
		.acknowledge = true,
		.of = slice_of("B"),
		.lines = slice_of("2 Ali Luke 7\n"),
	};
	const struct message_claim c = { .nonce = { 'n' },
					 .lost_in = UINT64_MAX };
	const struct message_append refill = {
		.first = 2,
		.records = 1,
		.fragments = 1,
		.refill = true,
		.lines = slice_of("2 Ali Luke 7\n"),
	};
	struct writer *w = bench_payload();

	switch (which) {
	case 0:
		message_put_append(w, &a);
		return bench_datagram(FRAME_APPEND, 1, 3, 0, out);
	case 1:
		message_put_claim(w, &c);
		return bench_datagram(FRAME_CLAIM, 2, 3, 0, out);
	case 2:
		message_put_ping(w, &(struct message_ping){ true });
		return bench_datagram(FRAME_PING, 1, 3, 0, out);
	case 3:
		message_put_fetch(w, &(struct message_fetch){
					     .upto = 9,
					     .pages = 1,
					     .room = FRAME_SIZE_MIN,
					     .user = slice_of("Ali") });
		return bench_datagram(FRAME_FETCH, 1, 3, 0, out);
	case 4:
		message_put_stats(w, &(struct message_stats){
					     .upto = 9,
					     .room = FRAME_SIZE_MIN,
					     .user = slice_of("Ali") });
		return bench_datagram(FRAME_STATS, 1, 3, 0, out);
	case 5:
		message_put_append(w, &refill);
		return bench_datagram(FRAME_APPEND, 1, 3, 0, out);
	default:
		message_put_sum(w, &(struct message_sum){
					   .upto = 9,
					   .user = slice_of("Ali") });
		return bench_datagram(FRAME_SUM, 1, 3, 0, out);
	}
}
#define REQUESTS 7

static uint64_t faults(void)
{
	const struct responder_counters *c = responder_counters(bench.r);
	uint64_t sum = 0;

	for (size_t i = 0; i < FRAME_FAULTS; i++)
		sum += c->fault[i];
	return sum;
}

static void expect_untouched(void)
{
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.appends, 0);
	ck_assert_uint_eq(bench.fake.refills, 0);
	ck_assert_uint_eq(bench.fake.asides, 0);
	ck_assert_uint_eq(bench.fake.records, 1);
	ck_assert_uint_eq(bench.fake.promises, 1);
	ck_assert_uint_eq(bench.fake.promised.epoch, 1);
	ck_assert_uint_eq(bench.fake.promised.nonce[0], 'm');
}

/* The requests are good as they stand, or the rest would prove nothing. */
START_TEST(whole_ones_are_answered)
{
	uint8_t d[FRAME_SIZE_MAX];
	size_t len = request((size_t)_i, d);

	bench_give(BENCH_PEER, d, len);
	ck_assert_uint_eq(bench.count - bench.taken, 1);
}
END_TEST

START_TEST(every_truncation_is_dropped)
{
	uint8_t d[FRAME_SIZE_MAX];
	size_t len = request((size_t)_i, d);

	for (size_t cut = 0; cut < len; cut++)
		bench_give(BENCH_PEER, d, cut);
	ck_assert_uint_eq(faults(), len);
	expect_untouched();
	bench_ping(1, false);
	ck_assert_uint_eq(bench_state(FRAME_PONG).dropped, len);
}
END_TEST

START_TEST(every_flipped_bit_is_dropped)
{
	uint8_t d[FRAME_SIZE_MAX];
	size_t len = request((size_t)_i, d);

	for (size_t bit = 0; bit < len * 8; bit++) {
		d[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bench_give(BENCH_PEER, d, len);
		d[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_uint_eq(faults(), len * 8);
	expect_untouched();

	/* A flipped lease must not have been granted either. */
	bench_claim(2, 'x');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

START_TEST(one_byte_too_many_is_dropped)
{
	uint8_t d[FRAME_SIZE_MAX];
	size_t len = request((size_t)_i, d);

	d[len] = 0;
	bench_give(BENCH_PEER, d, len + 1);
	ck_assert_uint_eq(faults(), 1);
	expect_untouched();
}
END_TEST

START_TEST(other_keys_are_dropped)
{
	const struct frame_key ours = bench.key;
	uint8_t d[FRAME_SIZE_MAX];
	size_t len;

	bench.key.bytes[31] ^= 0x80;
	len = request((size_t)_i, d);
	bench_give(BENCH_PEER, d, len);

	/* No key at all is another key. */
	bench.key.present = false;
	len = request((size_t)_i, d);
	bench_give(BENCH_PEER, d, len);

	bench.key = ours;
	ck_assert_uint_eq(
		responder_counters(bench.r)->fault[FRAME_FAULT_MAC], 2);
	expect_untouched();
}
END_TEST

/* Authentic, but for a neighbour: not ours to answer. */
START_TEST(other_blocks_are_dropped)
{
	const char *const blocks[] = { "B", "AA", "a" };

	for (size_t i = 0; i < 3; i++) {
		uint8_t d[FRAME_SIZE_MAX];
		size_t len = request((size_t)_i, d);
		struct frame f;
		int n;

		ck_assert_int_eq(frame_decode((struct slice){ (char *)d, len },
					      &bench.key, &f),
				 FRAME_GOOD);
		f.block = slice_of(blocks[i]);
		n = frame_encode(&f, &bench.key, d, sizeof(d));
		ck_assert_int_gt(n, 0);
		bench_give(BENCH_PEER, d, (size_t)n);
	}
	ck_assert_uint_eq(responder_counters(bench.r)->other_block, 3);
	expect_untouched();
}
END_TEST

START_TEST(noise_is_dropped)
{
	static uint8_t d[FRAME_SIZE_MAX + 20];

	bench_give(BENCH_PEER, d, 0);
	memset(d, 0xff, sizeof(d));
	bench_give(BENCH_PEER, d, FRAME_SIZE_MAX);
	bench_give(BENCH_PEER, d, sizeof(d));
	ck_assert_uint_eq(faults(), 3);
	expect_untouched();
}
END_TEST

START_TEST(without_a_key_damage_is_found)
{
	uint8_t d[FRAME_SIZE_MAX];
	size_t len;

	bench.key = (struct frame_key){ 0 };
	responder_reconfigure(bench.r, &bench.key, FRAME_SIZE_MAX);
	len = request(0, d);
	d[FRAME_HEADER_SIZE + 20] ^= 1;
	bench_give(BENCH_PEER, d, len);
	expect_untouched();
	d[FRAME_HEADER_SIZE + 20] ^= 1;
	bench_give(BENCH_PEER, d, len);
	bench_expect_appended(2);
}
END_TEST

Suite *test_backend_forged(void)
{
	Suite *s = suite_create("backend/forged");
	TCase *t = tcase_create("forged");

	tcase_add_checked_fixture(t, setup, bench_teardown);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, whole_ones_are_answered, 0, REQUESTS);
	tcase_add_loop_test(t, every_truncation_is_dropped, 0, REQUESTS);
	tcase_add_loop_test(t, every_flipped_bit_is_dropped, 0, REQUESTS);
	tcase_add_loop_test(t, one_byte_too_many_is_dropped, 0, REQUESTS);
	tcase_add_loop_test(t, other_keys_are_dropped, 0, REQUESTS);
	tcase_add_loop_test(t, other_blocks_are_dropped, 0, REQUESTS);
	tcase_add_test(t, noise_is_dropped);
	tcase_add_test(t, without_a_key_damage_is_found);
	suite_add_tcase(s, t);
	return s;
}
