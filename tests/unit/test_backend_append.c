/* SPDX-License-Identifier: MIT */
/*
 * src/backend/responder_append.c: batches, from the first fragment to the
 * acknowledgement, and what may happen between the two.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test_backend_bench.h"
#include "unit.h"

UNIT_SUITE(test_backend_append);

static void setup(void)
{
	bench_setup();
	bench_begin();
}

static const char *const lines[] = { "1 Ali Luke 1\n", "2 Ali Luke 2\n",
				     "3 Ali Luke 3\n4 Ali Luke 4\n" };

/* Fragment @position of a batch of serials 1 to 4 in three of them. */
static struct bench_fragment third(uint64_t request, uint64_t position,
				   bool acknowledge)
{
	struct bench_fragment f = bench_single(request, 1, lines[position]);

	f.records = 4;
	f.fragments = 3;
	f.position = position;
	f.acknowledge = acknowledge;
	return f;
}

static void send_third(uint64_t request, uint64_t position, bool acknowledge)
{
	const struct bench_fragment f = third(request, position, acknowledge);

	bench_append(&f);
}

static void send_single(uint64_t request, uint64_t serial, const char *line)
{
	const struct bench_fragment f = bench_single(request, serial, line);

	bench_append(&f);
}

static uint64_t last_serial(void)
{
	bench_ping(0, false);
	return bench_state(FRAME_PONG).last_serial;
}

START_TEST(batch_is_durable_when_acknowledged)
{
	send_single(1, 1, "1 Ali Luke 5\n");
	ck_assert_uint_eq(bench.fake.syncs, 1);
	ck_assert_uint_eq(bench.fake.publishes, 1);
	bench_expect_appended(1);
	bench_expect_silence();
	ck_assert_uint_eq(last_serial(), 1);
	ck_assert_uint_eq(responder_counters(bench.r)->batches, 1);
	ck_assert_uint_eq(responder_counters(bench.r)->records, 1);
}
END_TEST

/* Written once, in serial order, whatever order they come in. */
START_TEST(fragments_come_in_any_order)
{
	static const uint64_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 },
					      { 1, 0, 2 }, { 1, 2, 0 },
					      { 2, 0, 1 }, { 2, 1, 0 } };

	for (size_t i = 0; i < 3; i++) {
		bench_expect_silence();
		send_third(1, orders[_i][i], false);
	}
	bench_expect_appended(1);
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.appends, 1);
	ck_assert_uint_eq(bench.fake.syncs, 1);
	ck_assert_uint_eq(last_serial(), 4);
}
END_TEST

/* Main asks what got lost, and sends only that. */
START_TEST(missing_fragments_are_named)
{
	send_third(1, 1, true);
	bench_expect_missing(1, "101");
	send_third(1, 1, true);
	bench_expect_missing(1, "101");
	send_third(1, 2, true);
	bench_expect_missing(1, "100");
	send_third(1, 2, false);
	bench_expect_silence();
	send_third(1, 0, true);
	bench_expect_appended(1);
	bench_expect_silence();
}
END_TEST

START_TEST(other_batch_in_the_same_epoch_replaces)
{
	send_third(1, 0, false);
	send_single(2, 1, "1 Ali Luke 9\n");
	bench_expect_appended(1);

	/* And the old one's late rest does not come back to life. */
	send_third(1, 1, false);
	send_third(1, 2, false);
	bench_expect_silence();
	ck_assert_uint_eq(last_serial(), 1);
}
END_TEST

START_TEST(stale_fragment_does_not_disturb)
{
	struct bench_fragment stale = bench_single(1, 9, "9 Ali Luke 9\n");

	send_third(2, 0, false);
	bench_append(&stale);
	bench_expect_silence();
	send_third(2, 1, false);
	send_third(2, 2, false);
	bench_expect_appended(1);
	ck_assert_uint_eq(last_serial(), 4);
}
END_TEST

START_TEST(contradiction_does_not_disturb)
{
	struct bench_fragment f = third(1, 0, true);

	send_third(1, 0, false);
	f.lines = "1 Ali Luke 1000\n";
	bench_append(&f);
	bench_expect_silence();
	send_third(1, 1, false);
	send_third(1, 2, false);
	bench_expect_appended(1);
	ck_assert_uint_eq(bench.fake.record[0].len, strlen("1 Ali Luke 1"));
}
END_TEST

START_TEST(position_beyond_the_batch_is_malformed)
{
	struct bench_fragment f = third(1, 0, true);

	f.position = 3;
	bench_append(&f);
	bench_expect_error(MESSAGE_ERROR_MALFORMED);
}
END_TEST

/* The acknowledgement got lost: one fragment is enough to hear it again. */
START_TEST(durable_batch_is_acknowledged_again)
{
	for (uint64_t i = 0; i < 3; i++)
		send_third(1, i, false);
	bench_expect_appended(1);

	send_third(1, 2, true);
	bench_expect_appended(1);
	send_third(1, 0, false);
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.appends, 1);
	ck_assert_uint_eq(bench.fake.syncs, 1);
}
END_TEST

/* Main counts syncs by it, so it is never 0 for one, however quick. */
START_TEST(sync_time_is_told)
{
	static const struct {
		int64_t took;
		uint32_t told;
	} cases[] = {
		{ 420, 420 },
		{ 0, 1 },
		{ -5, 1 },
		{ UINT32_MAX, UINT32_MAX },
		{ INT64_C(1) << 32, UINT32_MAX },
	};

	bench.sync_took = cases[_i].took;
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_synced(1, cases[_i].told);

	/* The acknowledgement got lost; that was its sync all the same. */
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_synced(1, cases[_i].told);
	ck_assert_uint_eq(bench.fake.syncs, 1);
}
END_TEST

/*
 * It went aside with the block, although the promise that was to come behind
 * found no room: what is in the block now does not hold it.
 */
START_TEST(batch_set_aside_is_not_acknowledged_from_memory)
{
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_appended(1);
	bench.fake.promise_error = -ENOSPC;
	bench_claim_with(2, 'n', 1);
	bench_expect_error(MESSAGE_ERROR_FULL);
	ck_assert_uint_eq(bench.fake.asides, 1);

	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_appended(1);
	ck_assert_uint_eq(bench.fake.appends, 2);
	ck_assert_uint_eq(bench.fake.syncs, 2);
}
END_TEST

/* After a restart nobody remembers, but the block does. */
START_TEST(held_batch_is_acknowledged_without_a_sync)
{
	bench.sync_took = 420;
	fake_store_add(&bench.fake, "1 Ali Luke 5");
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_synced(1, 0);
	ck_assert_uint_eq(bench.fake.syncs, 0);

	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_appended(1);
	ck_assert_uint_eq(bench.fake.appends, 1);
}
END_TEST

/* A replayed datagram of this very epoch is not even heard. */
START_TEST(replay_changes_nothing)
{
	send_single(1, 5, "5 Ali Luke 5\n");
	bench.fake.full = true;
	send_single(2, 6, "6 Ali Luke 5\n");
	bench.fake.full = false;
	send_single(3, 7, "7 Ali Luke 5\n");
	bench.taken = bench.count;

	bench.now += LEASE_USEC;
	send_single(1, 5, "5 Ali Luke 5\n");
	send_single(2, 6, "6 Ali Luke 5\n");
	send_single(2, 8, "8 Ali Luke 5\n");
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.records, 2);
	ck_assert_uint_eq(last_serial(), 7);

	/* Nor does it hold a lease for anybody. */
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
}
END_TEST

/* What is remembered is one request, not a serial. */
START_TEST(other_request_is_not_acknowledged_unseen)
{
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_appended(1);
	send_single(2, 1, "1 Ali Luke 6\n");
	bench_expect_error(MESSAGE_ERROR_CONFLICT);
}
END_TEST

/* Request numbers begin anew with each main daemon. */
/* It was sent when the block that is lost now was here, promise and all. */
START_TEST(what_is_for_a_lost_block_is_dropped)
{
	struct bench_fragment f = bench_single(2, 2, "2 Ali Luke 5\n");

	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_appended(1);
	bench.logged = 0;

	f.refill = _i;
	f.holds = 2;
	bench_append(&f);
	bench_append(&f);
	bench_expect_silence();
	ck_assert_uint_eq(last_serial(), 1);
	ck_assert_uint_eq(bench.fake.appends, 1);
	ck_assert_uint_eq(bench.fake.refills, 0);
	ck_assert_uint_eq(bench.logged, 1);

	/* With as many as it has it is for this one. */
	f.holds = 1;
	bench_append(&f);
	bench_expect_appended(2);
}
END_TEST

START_TEST(claim_forgets_requests)
{
	struct bench_fragment f = bench_single(1, 1, "1 Ali Luke 6\n");

	send_single(1, 1, "1 Ali Luke 5\n");
	send_single(9, 1, "1 Ali Luke 7\n");
	bench.now += LEASE_USEC;
	bench_claim(2, 'n');
	bench.taken = bench.count;
	bench.logged = 0;

	f.epoch = 2;
	bench_append(&f);
	bench_expect_error(MESSAGE_ERROR_CONFLICT);
	ck_assert_uint_eq(bench.logged, 1);
}
END_TEST

START_TEST(replay_from_an_old_epoch_is_fenced)
{
	const struct bench_fragment f = bench_single(1, 1, "1 Ali Luke 5\n");

	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
	bench_append(&f);
	bench_expect_error(MESSAGE_ERROR_FENCED);
	ck_assert_uint_eq(bench.fake.records, 0);
}
END_TEST

/* What a replaced main had sent half of must not become whole. */
START_TEST(claim_forgets_fragments)
{
	struct bench_fragment f;

	send_third(1, 0, false);
	send_third(1, 1, false);
	bench.now += LEASE_USEC;
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
	f = third(1, 2, true);
	f.epoch = 2;
	bench_append(&f);
	bench_expect_missing(1, "110");
	ck_assert_uint_eq(bench.fake.appends, 0);
}
END_TEST

START_TEST(refusals_of_the_store_are_told)
{
	const struct {
		int error;
		enum message_error_code code;
	} cases[] = {
		{ -ENOSPC, MESSAGE_ERROR_FULL },
		{ -EEXIST, MESSAGE_ERROR_CONFLICT },
		{ -EBADMSG, MESSAGE_ERROR_MALFORMED },
	};

	bench.logged = 0;
	bench.fake.append_error = cases[_i].error;
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_error(cases[_i].code);
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_error(cases[_i].code);
	ck_assert_int_eq(bench.fatal, 0);
	ck_assert_uint_eq(bench.fake.syncs, 0);
	/* Once a batch, however often main asks. */
	ck_assert_uint_eq(bench.logged, 1);

	/* Refused means untouched: the same batch may still be taken. */
	bench.fake.append_error = 0;
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_appended(1);
}
END_TEST

START_TEST(lower_serial_that_is_not_here_is_a_conflict)
{
	fake_store_add(&bench.fake, "5 Ali Luke 5");
	send_single(1, 4, "4 Ali Luke 5\n");
	bench_expect_error(MESSAGE_ERROR_CONFLICT);
	send_single(2, 5, "5 Ali Luke 6\n");
	bench_expect_error(MESSAGE_ERROR_CONFLICT);
}
END_TEST

/* Fail-stop: whatever went wrong, no word after it could be trusted. */
static void expect_dead(int error)
{
	ck_assert_int_eq(bench.fatal, error);
	bench_expect_silence();
	bench_ping(0, false);
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_silence();
}

START_TEST(failed_append_is_fatal)
{
	const int errors[] = { -EIO, -ESTALE, -ENOMEM, -EROFS };

	bench.fake.append_error = errors[_i];
	send_single(1, 1, "1 Ali Luke 5\n");
	expect_dead(errors[_i]);
	ck_assert_uint_eq(bench.fake.syncs, 0);
}
END_TEST

START_TEST(failed_sync_is_fatal)
{
	bench.fake.sync_error = -EIO;
	send_single(1, 1, "1 Ali Luke 5\n");
	expect_dead(-EIO);
	ck_assert_uint_eq(bench.fake.syncs, 1);
	ck_assert_uint_eq(bench.fake.publishes, 0);
}
END_TEST

START_TEST(failed_publish_is_fatal)
{
	bench.fake.publish_error = -ENOMEM;
	send_single(1, 1, "1 Ali Luke 5\n");
	expect_dead(-ENOMEM);
}
END_TEST

/* Nothing is said, and nothing shown, before the disk has it. */
START_TEST(nobody_hears_of_it_before_the_sync)
{
	bench.hold_sync = true;
	send_single(1, 1, "1 Ali Luke 5\n");
	ck_assert_uint_eq(bench.syncs_asked, 1);
	bench_expect_silence();
	ck_assert_uint_eq(last_serial(), 0);

	/* Not even who asks again. */
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.appends, 1);

	bench_sync(0);
	bench_expect_appended(1);
	bench_expect_silence();
	ck_assert_uint_eq(last_serial(), 1);
}
END_TEST

START_TEST(last_asker_is_answered_after_the_sync)
{
	struct bench_fragment f = bench_single(1, 1, "1 Ali Luke 5\n");

	bench.hold_sync = true;
	bench_append(&f);
	f.peer = 2;
	bench_append(&f);
	bench_sync(0);
	ck_assert_uint_eq(bench_answer_to(FRAME_APPENDED, 2).request, 1);
	bench_expect_silence();
}
END_TEST

/* The next batch is collected meanwhile, and written when its turn comes. */
START_TEST(next_batch_waits_for_the_sync)
{
	bench.hold_sync = true;
	send_single(1, 1, "1 Ali Luke 1\n");
	send_single(2, 2, "2 Ali Luke 2\n");
	ck_assert_uint_eq(bench.fake.appends, 1);
	bench_expect_silence();

	bench_sync(0);
	bench_expect_appended(1);
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.appends, 2);
	ck_assert_uint_eq(bench.syncs_asked, 2);
	ck_assert_uint_eq(last_serial(), 1);

	bench_sync(0);
	bench_expect_appended(2);
	ck_assert_uint_eq(last_serial(), 2);
}
END_TEST

START_TEST(part_of_the_next_batch_is_kept_over_a_sync)
{
	bench.hold_sync = true;
	send_single(1, 9, "9 Ali Luke 1\n");
	bench.taken = bench.count;
	send_third(2, 0, true);
	bench_expect_missing(1, "011");
	bench_sync(0);
	bench_expect_appended(9);
	send_third(2, 1, true);
	bench_expect_missing(1, "001");
}
END_TEST

/* A promise given now would not know of what is about to be durable. */
START_TEST(claim_waits_for_the_sync)
{
	bench.hold_sync = true;
	send_single(1, 1, "1 Ali Luke 5\n");
	bench.now += LEASE_USEC;
	bench_claim(2, 'n');
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.promises, 1);

	bench_sync(0);
	bench_expect_appended(1);
	bench_claim(2, 'n');
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).last_serial, 1);
}
END_TEST

START_TEST(failed_slow_sync_is_fatal)
{
	bench.hold_sync = true;
	send_single(1, 1, "1 Ali Luke 5\n");
	send_single(2, 2, "2 Ali Luke 5\n");
	bench_sync(-EIO);
	expect_dead(-EIO);
	ck_assert_uint_eq(bench.fake.appends, 1);
}
END_TEST

/* Else the main daemon, whose other questions are answered, would wait for it. */
START_TEST(batch_is_refused_while_its_sync_takes_long)
{
	bench.hold_sync = true;
	send_single(1, 1, "1 Ali Luke 5\n");
	bench.now += SYNC_PATIENCE_USEC - 1;
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_silence();
	bench_ping(1, false);
	ck_assert(!bench_state(FRAME_PONG).full);

	bench.now++;
	send_single(1, 1, "1 Ali Luke 5\n");
	bench_expect_error(MESSAGE_ERROR_FULL);
	bench_ping(1, false);
	ck_assert(bench_state(FRAME_PONG).full);

	bench_sync(0);
	bench_expect_appended(1);
	bench_ping(1, false);
	ck_assert(!bench_state(FRAME_PONG).full);
}
END_TEST

/* Nor is any other one taken, whatever it is that takes long. */
START_TEST(nothing_is_collected_while_a_sync_takes_long)
{
	struct bench_fragment refill = bench_single(1, 1, "1 Ali Luke 5\n");

	refill.refill = true;
	bench.hold_sync = true;
	bench_append(&refill);
	ck_assert_uint_eq(bench.syncs_asked, 1);
	bench.now += SYNC_PATIENCE_USEC;
	send_third(2, 0, false);
	bench_expect_silence();
	send_third(2, 1, true);
	bench_expect_error(MESSAGE_ERROR_FULL);

	bench_sync(0);
	bench_expect_appended(1);
	send_third(2, 2, true);
	bench_expect_missing(1, "110");
}
END_TEST

Suite *test_backend_append(void)
{
	Suite *s = suite_create("backend/append");
	TCase *t = tcase_create("append");

	tcase_add_checked_fixture(t, setup, bench_teardown);
	tcase_add_test(t, batch_is_durable_when_acknowledged);
	tcase_add_loop_test(t, fragments_come_in_any_order, 0, 6);
	tcase_add_test(t, missing_fragments_are_named);
	tcase_add_test(t, other_batch_in_the_same_epoch_replaces);
	tcase_add_test(t, stale_fragment_does_not_disturb);
	tcase_add_test(t, contradiction_does_not_disturb);
	tcase_add_test(t, position_beyond_the_batch_is_malformed);
	tcase_add_test(t, durable_batch_is_acknowledged_again);
	tcase_add_loop_test(t, sync_time_is_told, 0, 5);
	tcase_add_test(t, batch_set_aside_is_not_acknowledged_from_memory);
	tcase_add_test(t, held_batch_is_acknowledged_without_a_sync);
	tcase_add_test(t, replay_changes_nothing);
	tcase_add_test(t, other_request_is_not_acknowledged_unseen);
	tcase_add_loop_test(t, what_is_for_a_lost_block_is_dropped, 0, 2);
	tcase_add_test(t, claim_forgets_requests);
	tcase_add_test(t, replay_from_an_old_epoch_is_fenced);
	tcase_add_test(t, claim_forgets_fragments);
	tcase_add_loop_test(t, refusals_of_the_store_are_told, 0, 3);
	tcase_add_test(t, lower_serial_that_is_not_here_is_a_conflict);
	tcase_add_loop_test(t, failed_append_is_fatal, 0, 4);
	tcase_add_test(t, failed_sync_is_fatal);
	tcase_add_test(t, failed_publish_is_fatal);
	tcase_add_test(t, nobody_hears_of_it_before_the_sync);
	tcase_add_test(t, last_asker_is_answered_after_the_sync);
	tcase_add_test(t, next_batch_waits_for_the_sync);
	tcase_add_test(t, part_of_the_next_batch_is_kept_over_a_sync);
	tcase_add_test(t, claim_waits_for_the_sync);
	tcase_add_test(t, failed_slow_sync_is_fatal);
	tcase_add_test(t, batch_is_refused_while_its_sync_takes_long);
	tcase_add_test(t, nothing_is_collected_while_a_sync_takes_long);
	suite_add_tcase(s, t);
	return s;
}
