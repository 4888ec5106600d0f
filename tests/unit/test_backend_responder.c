/* SPDX-License-Identifier: MIT */
/*
 * src/backend/responder.c: who is answered, epochs, leases.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "test_backend_bench.h"
#include "unit.h"

UNIT_SUITE(test_backend_responder);

/* Main looks at what a backend has before it claims anything. */
START_TEST(ping_of_any_epoch_is_answered)
{
	const uint64_t epochs[] = { 0, 1, 2, UINT64_MAX };
	struct frame f;

	fake_store_add(&bench.fake, "3 Ali Luke 5");
	fake_store_add(&bench.fake, "7 Ali Luke 5");
	bench_begin();
	for (size_t i = 0; i < 4; i++) {
		struct message_state m;

		bench_ping(epochs[i], false);
		f = bench_answer(FRAME_PONG);
		ck_assert_uint_eq(f.epoch, 1);
		ck_assert_uint_eq(f.request, 7);
		ck_assert_int_eq(message_get_state(f.payload, &m), 0);
		ck_assert_uint_eq(m.instance, BENCH_INSTANCE);
		ck_assert_uint_eq(m.last_serial, 7);
		ck_assert_uint_eq(m.records, 2);
		ck_assert(!m.full);
		ck_assert(!m.leased);
	}
	bench_expect_silence();
}
END_TEST

START_TEST(ping_says_full)
{
	bench.fake.full = true;
	bench_ping(0, false);
	ck_assert(bench_state(FRAME_PONG).full);
}
END_TEST

/* A lease is for who was promised the epoch, and for nobody before that. */
START_TEST(lease_is_for_the_promised_epoch)
{
	bench_ping(0, true);
	ck_assert(!bench_state(FRAME_PONG).leased);

	bench_begin();
	bench_ping(0, true);
	ck_assert(!bench_state(FRAME_PONG).leased);
	bench_ping(2, true);
	ck_assert(!bench_state(FRAME_PONG).leased);
	bench_ping(1, true);
	ck_assert(bench_state(FRAME_PONG).leased);
}
END_TEST

START_TEST(claim_is_promised_on_disk_first)
{
	struct frame f;

	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench_claim(5, 'm');
	f = bench_answer(FRAME_PROMISE);
	ck_assert_uint_eq(f.epoch, 5);
	ck_assert_uint_eq(f.request, 8);
	ck_assert_uint_eq(bench.fake.promised.epoch, 5);
	ck_assert_uint_eq(bench.fake.promised.nonce[0], 'm');
	ck_assert_uint_eq(bench.logged, 1);

	/* The promise got lost: the same claim again changes nothing. */
	bench_claim(5, 'm');
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).last_serial, 3);
	ck_assert_uint_eq(bench.fake.promises, 1);
}
END_TEST

/* Two main daemons start at once: one of them has the epoch. */
START_TEST(same_epoch_has_one_owner)
{
	struct frame f;

	bench_claim(5, 'm');
	(void)bench_answer(FRAME_PROMISE);
	bench_claim(5, 'n');
	f = bench_answer(FRAME_ERROR);
	ck_assert_uint_eq(f.epoch, 5);
	bench.taken--;
	bench_expect_error(MESSAGE_ERROR_FENCED);
	ck_assert_uint_eq(bench.fake.promised.nonce[0], 'm');
}
END_TEST

/* Also a replay of the claim that was good once. */
START_TEST(lower_epoch_is_fenced)
{
	struct frame f;

	bench_claim(5, 'm');
	(void)bench_answer(FRAME_PROMISE);
	bench_claim(6, 'n');
	(void)bench_answer(FRAME_PROMISE);
	bench_claim(5, 'm');
	f = bench_answer(FRAME_ERROR);
	ck_assert_uint_eq(f.epoch, 6);
	bench.taken--;
	bench_expect_error(MESSAGE_ERROR_FENCED);
	ck_assert_uint_eq(bench.fake.promised.epoch, 6);

	/* Its own old ones are no better. */
	bench_claim(4, 'n');
	bench_expect_error(MESSAGE_ERROR_FENCED);
	ck_assert_uint_eq(responder_counters(bench.r)->fenced, 2);
}
END_TEST

/* An epoch that nobody could ever raise again would lock the block for good. */
START_TEST(wild_epochs_are_malformed)
{
	const uint64_t epochs[] = { 0, UINT64_C(1) << 63, UINT64_MAX };

	for (size_t i = 0; i < 3; i++) {
		bench_claim(epochs[i], 'm');
		bench_expect_error(MESSAGE_ERROR_MALFORMED);
	}
	ck_assert_uint_eq(bench.fake.promises, 0);

	bench_claim(INT64_MAX, 'm');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* An answer from wallets is good as long as nobody else can commit. */
START_TEST(lease_keeps_others_out)
{
	bench_begin();
	bench_ping(1, true);
	(void)bench_answer(FRAME_PONG);

	bench.now += LEASE_USEC - 1;
	bench_claim(2, 'n');
	bench_expect_error(MESSAGE_ERROR_LEASED);
	ck_assert_uint_eq(bench.fake.promised.epoch, 1);

	bench.now += 1;
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
	ck_assert_uint_eq(bench.fake.promised.epoch, 2);
}
END_TEST

START_TEST(ping_without_lease_renews_nothing)
{
	bench_begin();
	bench_ping(1, true);
	bench.now += LEASE_USEC - 1;
	bench_ping(1, false);
	bench_ping(0, true);
	bench.now += 1;
	bench.taken = bench.count;
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* The owner itself may raise its epoch at any time. */
START_TEST(lease_does_not_stop_its_owner)
{
	bench_begin();
	bench_ping(1, true);
	(void)bench_answer(FRAME_PONG);
	bench_claim(2, 'm');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* What the old owner was granted does not protect the new one. */
START_TEST(claim_ends_the_lease)
{
	bench_begin();
	bench_ping(1, true);
	(void)bench_answer(FRAME_PONG);
	bench_claim(2, 'm');
	(void)bench_answer(FRAME_PROMISE);
	bench_claim(3, 'n');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* The process before this one may have granted a lease: it is kept. */
START_TEST(lease_outlives_a_restart)
{
	bench_begin();
	bench_ping(1, true);
	(void)bench_answer(FRAME_PONG);
	bench_use(&bench.fake.store, FRAME_SIZE_MAX);

	bench.now += LEASE_USEC - 1;
	bench_claim(2, 'n');
	bench_expect_error(MESSAGE_ERROR_LEASED);
	bench.now += 1;
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* Else a busy main daemon could never be replaced. */
START_TEST(append_renews_no_lease)
{
	struct bench_fragment f = bench_single(1, 1, "1 Ali Luke 5\n");

	bench_begin();
	bench_append(&f);
	bench_expect_appended(1);
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* Whoever waits for the end of a lease does not wait for ever. */
START_TEST(contested_lease_is_not_renewed)
{
	bench_begin();
	bench_ping(1, true);
	ck_assert(bench_state(FRAME_PONG).leased);
	bench_claim(2, 'n');
	bench_expect_error(MESSAGE_ERROR_LEASED);

	bench.now += LEASE_USEC - 1;
	bench_ping(1, true);
	ck_assert(!bench_state(FRAME_PONG).leased);
	bench.now += 1;
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* … but one who went away again is forgotten. */
START_TEST(contest_ends)
{
	bench_begin();
	bench_ping(1, true);
	ck_assert(bench_state(FRAME_PONG).leased);
	bench_claim(2, 'n');
	bench_expect_error(MESSAGE_ERROR_LEASED);

	bench.now += LEASE_CONTESTED_USEC - 1;
	bench_ping(1, true);
	ck_assert(!bench_state(FRAME_PONG).leased);
	bench.now += 1;
	bench_ping(1, true);
	ck_assert(bench_state(FRAME_PONG).leased);
}
END_TEST

/* Nothing is lost by that: the claim comes again, and the log has it once. */
START_TEST(promise_without_room_is_refused)
{
	bench_claim(5, 'm');
	(void)bench_answer(FRAME_PROMISE);
	bench.logged = 0;
	bench.fake.promise_error = -ENOSPC;
	for (int i = 0; i < 2; i++) {
		bench_claim(6, 'n');
		bench_expect_error(MESSAGE_ERROR_FULL);
	}
	ck_assert_int_eq(bench.fatal, 0);
	ck_assert_uint_eq(bench.logged, 1);

	/* The old one holds. */
	bench_ping(5, true);
	ck_assert(bench_state(FRAME_PONG).leased);
	bench.now += LEASE_USEC;
	bench.fake.promise_error = 0;
	bench_claim(6, 'n');
	(void)bench_answer(FRAME_PROMISE);
	ck_assert_uint_eq(bench.fake.promised.epoch, 6);
}
END_TEST

START_TEST(failed_promise_is_fatal)
{
	bench.fake.promise_error = -EIO;
	bench_claim(2, 'n');
	bench_expect_silence();
	ck_assert_int_eq(bench.fatal, -EIO);
}
END_TEST

/* Declared lost and back: what it has may contradict the others. */
START_TEST(begins_empty_before_the_promise)
{
	struct message_state m;

	fake_store_add(&bench.fake, "3 Ali Luke 5");
	fake_store_add(&bench.fake, "4 Ali Luke 5");
	bench_claim(5, 'm');
	(void)bench_answer(FRAME_PROMISE);
	bench.logged = 0;

	bench_claim_with(6, 'n', 5);
	m = bench_state(FRAME_PROMISE);
	ck_assert_uint_eq(m.last_serial, 0);
	ck_assert_uint_eq(m.records, 0);
	ck_assert_uint_eq(bench.fake.asides, 1);
	ck_assert_uint_eq(bench.fake.aside_in, 5);
	ck_assert_uint_eq(bench.fake.promised.epoch, 6);
	ck_assert_uint_eq(bench.fake.promised.nonce[0], 'n');
	bench_expect_silence();
	ck_assert_uint_eq(bench.logged, 2);
}
END_TEST

/* Whoever looks for the records must be told where they are. */
START_TEST(file_set_aside_is_named_in_the_log)
{
	fake_store_add(&bench.fake, "3 Ali Luke 5");
	/* With this the sentence is the last one that is said. */
	bench.fake.promise_error = -EIO;
	bench_claim_with(6, 'n', 5);
	ck_assert_ptr_nonnull(strstr(bench.last_log, "aside.1"));
	ck_assert_int_eq(bench.last_priority, LOG_WARNING);
}
END_TEST

/* The PROMISE got lost, and records have come since. */
START_TEST(same_claim_begins_empty_once)
{
	struct bench_fragment f = bench_single(1, 3, "3 Ali Luke 5\n");

	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench_claim_with(6, 'n', 5);
	bench_claim_with(6, 'n', 5);
	bench.taken = bench.count;
	f.epoch = 6;
	bench_append(&f);
	bench_expect_appended(3);
	bench_claim_with(6, 'n', 5);
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 1);
	ck_assert_uint_eq(bench.fake.asides, 1);
	ck_assert_uint_eq(bench.fake.promises, 1);
}
END_TEST

/* Killed between the two: the block is empty, the promise the old one. */
START_TEST(begins_empty_once_over_a_restart)
{
	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench.fake.promise_error = -EIO;
	bench_claim_with(6, 'n', 5);
	bench_expect_silence();
	ck_assert_int_eq(bench.fatal, -EIO);
	ck_assert_uint_eq(bench.fake.promised.epoch, 0);

	bench.fake.promise_error = 0;
	bench_use(&bench.fake.store, FRAME_SIZE_MAX);
	bench_claim_with(6, 'n', 5);
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 0);
	ck_assert_uint_eq(bench.fake.asides, 1);
}
END_TEST

START_TEST(nothing_of_an_empty_block_is_set_aside)
{
	bench_claim_with(6, 'n', 5);
	(void)bench_answer(FRAME_PROMISE);
	ck_assert_uint_eq(bench.fake.asides, 0);
	ck_assert_uint_eq(bench.fake.promised.epoch, 6);
	/* The epoch, and nothing else. */
	ck_assert_uint_eq(bench.logged, 1);
	ck_assert_int_eq(bench.last_priority, LOG_INFO);
}
END_TEST

START_TEST(nothing_is_set_aside_unasked)
{
	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench_claim(5, 'm');
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 1);
	bench_claim(6, 'n');
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 1);
	ck_assert_uint_eq(bench.fake.asides, 0);
}
END_TEST

/* It was lost once, and taken in again since: the claimer does not know that. */
START_TEST(nothing_promised_since_is_set_aside)
{
	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench_claim(6, 'm');
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 1);
	bench_claim_with(7, 'n', 5);
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 1);
	ck_assert_uint_eq(bench.fake.asides, 0);
	bench_claim_with(8, 'n', 7);
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 0);
	ck_assert_uint_eq(bench.fake.asides, 1);
}
END_TEST

/* A claim that is refused sets nothing aside. */
START_TEST(refused_claim_does_not_begin_empty)
{
	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench_claim(5, 'm');
	bench_ping(5, true);
	bench.taken = bench.count;

	bench_claim_with(6, 'n', 5);
	bench_expect_error(MESSAGE_ERROR_LEASED);
	bench_claim_with(5, 'n', 5);
	bench_expect_error(MESSAGE_ERROR_FENCED);
	bench_claim_with(4, 'm', 5);
	bench_expect_error(MESSAGE_ERROR_FENCED);
	bench_claim_with(0, 'm', 5);
	bench_expect_error(MESSAGE_ERROR_MALFORMED);
	ck_assert_uint_eq(bench.fake.asides, 0);
	ck_assert_uint_eq(bench.fake.records, 1);

	bench.now += LEASE_USEC;
	bench_claim_with(6, 'n', 5);
	(void)bench_answer(FRAME_PROMISE);
	ck_assert_uint_eq(bench.fake.asides, 1);
}
END_TEST

START_TEST(failed_begin_is_fatal)
{
	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench.fake.begin_empty_error = -EIO;
	bench_claim_with(6, 'n', 5);
	bench_expect_silence();
	ck_assert_int_eq(bench.fatal, -EIO);
	ck_assert_uint_eq(bench.fake.promises, 0);
}
END_TEST

static size_t partners_of_ali(uint64_t epoch)
{
	struct message_partners m;

	message_put_stats(bench_payload(), &(struct message_stats){
						   .upto = 9,
						   .room = FRAME_SIZE_MIN,
						   .user = slice_of("Ali") });
	bench_ask(FRAME_STATS, epoch, 9, 0);
	ck_assert_int_eq(message_get_partners(
				 bench_answer(FRAME_PARTNERS).payload, &m),
			 0);
	return m.entries.len;
}

/* What was summed up for a page went aside with the records. */
START_TEST(empty_block_has_no_partners)
{
	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench_begin();
	ck_assert_uint_gt(partners_of_ali(1), 0);
	bench_claim_with(2, 'm', 5);
	(void)bench_answer(FRAME_PROMISE);
	ck_assert_uint_eq(partners_of_ali(2), 0);
}
END_TEST

/* Nor is a half batch of the epoch before of any use. */
START_TEST(empty_block_has_no_fragments)
{
	struct bench_fragment f = bench_single(1, 4, "4 Ali Luke 5\n");

	fake_store_add(&bench.fake, "3 Ali Luke 5");
	bench_begin();
	f.records = 2;
	f.fragments = 2;
	bench_append(&f);
	bench_expect_missing(4, "01");
	bench_claim_with(2, 'm', 5);
	(void)bench_answer(FRAME_PROMISE);
	f.epoch = 2;
	f.position = 1;
	f.lines = "5 Ali Luke 5\n";
	bench_append(&f);
	bench_expect_missing(4, "10");
	ck_assert_uint_eq(bench.fake.appends, 0);
}
END_TEST

/* Requests that only the owner of the epoch may make. */
static const enum frame_type owned[] = { FRAME_APPEND, FRAME_FETCH, FRAME_STATS,
					 FRAME_SUM };

static void ask_owned(enum frame_type type, uint64_t epoch)
{
	const struct bench_fragment f = bench_single(1, 1, "1 Ali Luke 5\n");
	struct writer *w = bench_payload();

	switch (type) {
	case FRAME_FETCH:
		message_put_fetch(w, &(struct message_fetch){
					     .upto = 9,
					     .pages = 1,
					     .room = FRAME_SIZE_MIN });
		break;
	case FRAME_STATS:
		message_put_stats(w, &(struct message_stats){
					     .upto = 9,
					     .room = FRAME_SIZE_MIN,
					     .user = slice_of("Ali") });
		break;
	case FRAME_SUM:
		message_put_sum(w, &(struct message_sum){ .upto = 9 });
		break;
	default:
		message_put_append(w, &(struct message_append){
					      .first = f.first,
					      .records = 1,
					      .fragments = 1,
					      .of = slice_of(""),
					      .lines = slice_of(f.lines) });
		break;
	}
	bench_ask(type, epoch, 9, 0);
}

START_TEST(owner_is_served)
{
	const enum frame_type answers[] = { FRAME_APPENDED, FRAME_RECORDS,
					    FRAME_PARTNERS, FRAME_TOTAL };
	struct frame f;

	bench_begin();
	ask_owned(owned[_i], 1);
	f = bench_answer(answers[_i]);
	ck_assert_uint_eq(f.epoch, 1);
	ck_assert_uint_eq(f.request, 9);
	bench_expect_silence();
}
END_TEST

START_TEST(replaced_owner_is_fenced)
{
	bench_claim(4, 'm');
	(void)bench_answer(FRAME_PROMISE);
	ask_owned(owned[_i], 3);
	ck_assert_uint_eq(bench_answer(FRAME_ERROR).epoch, 4);
	bench.taken--;
	bench_expect_error(MESSAGE_ERROR_FENCED);
	ck_assert_uint_eq(bench.fake.appends, 0);
}
END_TEST

START_TEST(unclaimed_epoch_is_told)
{
	bench_claim(4, 'm');
	(void)bench_answer(FRAME_PROMISE);
	ask_owned(owned[_i], 5);
	bench_expect_error(MESSAGE_ERROR_UNCLAIMED);
	ck_assert_uint_eq(bench.fake.appends, 0);
}
END_TEST

/* A block that nobody has claimed belongs to nobody, not to epoch 0. */
START_TEST(epoch_zero_is_nobodys)
{
	ask_owned(owned[_i], 0);
	bench_expect_error(MESSAGE_ERROR_UNCLAIMED);
	ck_assert_uint_eq(bench.fake.appends, 0);
}
END_TEST

/* A payload that is cut short or goes on is told so, and does nothing. */
START_TEST(malformed_payloads_are_told)
{
	const enum frame_type types[] = { FRAME_PING, FRAME_CLAIM, FRAME_APPEND,
					  FRAME_FETCH, FRAME_STATS, FRAME_SUM };

	bench_begin();
	writer_u8(bench_payload(), 77);
	bench_ask(types[_i], types[_i] == FRAME_CLAIM ? 2 : 1, 9, 0);
	bench_expect_error(MESSAGE_ERROR_MALFORMED);
	ck_assert_uint_eq(bench.fake.promised.epoch, 1);
	ck_assert_uint_eq(bench.fake.appends, 0);
	ck_assert_uint_eq(responder_counters(bench.r)->malformed, 1);
}
END_TEST

/* Answers are for others; to answer one could go back and forth for ever. */
START_TEST(answers_are_not_answered)
{
	const enum frame_type types[] = { FRAME_PONG,	  FRAME_PROMISE,
					  FRAME_APPENDED, FRAME_RECORDS,
					  FRAME_PARTNERS, FRAME_TOTAL,
					  FRAME_ERROR };

	bench_begin();
	(void)bench_payload();
	bench_ask(types[_i], 1, 9, 0);
	bench_expect_silence();
	ck_assert_uint_eq(responder_counters(bench.r)->unexpected, 1);
}
END_TEST

/* Of every kind that was dropped, and nothing that was answered. */
START_TEST(pong_says_what_was_dropped)
{
	bench_begin();
	bench_ping(1, false);
	ck_assert_uint_eq(bench_state(FRAME_PONG).dropped, 0);

	bench_give(BENCH_PEER, "forged", 6);
	(void)bench_payload();
	bench_ask(FRAME_PONG, 1, 9, 0);
	responder_missed(bench.r);
	(void)bench_payload();
	bench_ask(FRAME_APPEND, 1, 9, 0);
	bench_expect_error(MESSAGE_ERROR_MALFORMED);
	bench_ping(1, false);
	ck_assert_uint_eq(bench_state(FRAME_PONG).dropped, 3);
}
END_TEST

/* A new key counts from the next datagram on. */
START_TEST(key_can_change)
{
	struct frame_key key = bench.key;

	key.bytes[0] ^= 1;
	responder_reconfigure(bench.r, &key, FRAME_SIZE_MIN);
	bench_ping(0, false);
	bench_expect_silence();
	ck_assert_uint_eq(
		responder_counters(bench.r)->fault[FRAME_FAULT_MAC], 1);

	bench.key = key;
	bench_ping(0, false);
	(void)bench_answer(FRAME_PONG);
}
END_TEST

Suite *test_backend_responder(void)
{
	Suite *s = suite_create("backend/responder");
	TCase *t = tcase_create("responder");

	tcase_add_checked_fixture(t, bench_setup, bench_teardown);
	tcase_add_test(t, ping_of_any_epoch_is_answered);
	tcase_add_test(t, ping_says_full);
	tcase_add_test(t, lease_is_for_the_promised_epoch);
	tcase_add_test(t, claim_is_promised_on_disk_first);
	tcase_add_test(t, same_epoch_has_one_owner);
	tcase_add_test(t, lower_epoch_is_fenced);
	tcase_add_test(t, wild_epochs_are_malformed);
	tcase_add_test(t, lease_keeps_others_out);
	tcase_add_test(t, ping_without_lease_renews_nothing);
	tcase_add_test(t, lease_does_not_stop_its_owner);
	tcase_add_test(t, claim_ends_the_lease);
	tcase_add_test(t, lease_outlives_a_restart);
	tcase_add_test(t, append_renews_no_lease);
	tcase_add_test(t, contested_lease_is_not_renewed);
	tcase_add_test(t, contest_ends);
	tcase_add_test(t, promise_without_room_is_refused);
	tcase_add_test(t, failed_promise_is_fatal);
	tcase_add_test(t, begins_empty_before_the_promise);
	tcase_add_test(t, file_set_aside_is_named_in_the_log);
	tcase_add_test(t, same_claim_begins_empty_once);
	tcase_add_test(t, begins_empty_once_over_a_restart);
	tcase_add_test(t, nothing_of_an_empty_block_is_set_aside);
	tcase_add_test(t, nothing_is_set_aside_unasked);
	tcase_add_test(t, refused_claim_does_not_begin_empty);
	tcase_add_test(t, nothing_promised_since_is_set_aside);
	tcase_add_test(t, failed_begin_is_fatal);
	tcase_add_test(t, empty_block_has_no_partners);
	tcase_add_test(t, empty_block_has_no_fragments);
	tcase_add_loop_test(t, owner_is_served, 0, 4);
	tcase_add_loop_test(t, replaced_owner_is_fenced, 0, 4);
	tcase_add_loop_test(t, unclaimed_epoch_is_told, 0, 4);
	tcase_add_loop_test(t, epoch_zero_is_nobodys, 0, 4);
	tcase_add_loop_test(t, malformed_payloads_are_told, 0, 6);
	tcase_add_loop_test(t, answers_are_not_answered, 0, 7);
	tcase_add_test(t, pong_says_what_was_dropped);
	tcase_add_test(t, key_can_change);
	suite_add_tcase(s, t);
	return s;
}
