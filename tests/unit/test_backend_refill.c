/* SPDX-License-Identifier: MIT */
/*
 * src/backend/responder_append.c: refills, which have a place of their own
 * beside the batch in flight, and how the two wait for each other.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "test_backend_bench.h"
#include "unit.h"

UNIT_SUITE(test_backend_refill);

/* A copy is chained, so its of= stands behind a hash: any does here. */
#define H                                                                      \
	" h="                                                                  \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* The block lacks 1, 3 and 7. */
static void setup(void)
{
	bench_setup();
	fake_store_add(&bench.fake, "2 Ali Luke 2");
	fake_store_add(&bench.fake, "5 Ali Luke 5");
	fake_store_add(&bench.fake, "9 Ali Luke 9");
	bench_begin();
}

static const char *const lines[] = { "1 Ali Luke 1" H " of=B\n",
				     "3 Ali Luke 3\n5 Ali Luke 5\n",
				     "7 Ali Luke 7" H " of=B,C\n" };

/* All of it in one datagram. */
static struct bench_fragment whole(uint64_t request)
{
	struct bench_fragment f =
		bench_single(request, 1,
			     "1 Ali Luke 1" H " of=B\n"
			     "3 Ali Luke 3\n5 Ali Luke 5\n"
			     "7 Ali Luke 7" H " of=B,C\n");

	f.records = 4;
	f.refill = true;
	return f;
}

static void refill(uint64_t request)
{
	const struct bench_fragment f = whole(request);

	bench_append(&f);
}

/* The same records in three fragments. */
static struct bench_fragment third(uint64_t request, uint64_t position)
{
	struct bench_fragment f = whole(request);

	f.fragments = 3;
	f.position = position;
	f.lines = lines[position];
	return f;
}

static void refill_third(uint64_t request, uint64_t position, bool acknowledge)
{
	struct bench_fragment f = third(request, position);

	f.acknowledge = acknowledge;
	bench_append(&f);
}

static void batch(uint64_t request, uint64_t serial, const char *line)
{
	const struct bench_fragment f = bench_single(request, serial, line);

	bench_append(&f);
}

static void expect_stores(unsigned int appends, unsigned int refills)
{
	ck_assert_uint_eq(bench.fake.appends, appends);
	ck_assert_uint_eq(bench.fake.refills, refills);
}

static uint64_t records(void)
{
	bench_ping(0, false);
	return bench_state(FRAME_PONG).records;
}

static void expect_record(size_t i, const char *line)
{
	ck_assert_uint_lt(i, bench.fake.records);
	ck_assert_str_eq(bench.fake.record[i].line, line);
}

START_TEST(refill_is_durable_when_acknowledged)
{
	refill(1);
	bench_expect_appended(1);
	bench_expect_silence();
	expect_stores(0, 1);
	ck_assert_uint_eq(bench.fake.syncs, 1);
	ck_assert_uint_eq(bench.fake.publishes, 1);
	ck_assert_uint_eq(responder_counters(bench.r)->refills, 1);
	ck_assert_uint_eq(responder_counters(bench.r)->batches, 0);

	/* As they came, below what was here. */
	ck_assert_uint_eq(records(), 6);
	expect_record(0, "1 Ali Luke 1" H " of=B");
	expect_record(2, "3 Ali Luke 3");
	expect_record(4, "7 Ali Luke 7" H " of=B,C");
}
END_TEST

START_TEST(fragments_come_in_any_order)
{
	static const uint64_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 },
					      { 1, 0, 2 }, { 1, 2, 0 },
					      { 2, 0, 1 }, { 2, 1, 0 } };

	for (size_t i = 0; i < 3; i++) {
		bench_expect_silence();
		/* Once more: the network doubles them. */
		refill_third(1, orders[_i][i], false);
		refill_third(1, orders[_i][i], false);
	}
	bench_expect_appended(1);
	bench_expect_silence();
	expect_stores(0, 1);
	ck_assert_uint_eq(records(), 6);
}
END_TEST

START_TEST(missing_fragments_are_named)
{
	refill_third(1, 1, true);
	bench_expect_missing(1, "101");
	refill_third(1, 2, true);
	bench_expect_missing(1, "100");
	refill_third(1, 0, true);
	bench_expect_appended(1);
	bench_expect_silence();
}
END_TEST

START_TEST(held_refill_is_acknowledged_without_a_sync)
{
	struct bench_fragment f = bench_single(1, 5, "5 Ali Luke 5\n");

	f.refill = true;
	bench_append(&f);
	bench_expect_appended(5);
	ck_assert_uint_eq(bench.fake.syncs, 0);
	bench_append(&f);
	bench_expect_appended(5);
	expect_stores(0, 1);
}
END_TEST

/* The acknowledgement got lost; a batch has been through meanwhile. */
START_TEST(durable_refill_is_acknowledged_again)
{
	refill(1);
	bench_expect_appended(1);
	batch(2, 10, "10 Ali Luke 1\n");
	bench_expect_appended(10);

	refill_third(1, 2, false);
	bench_expect_silence();
	refill(1);
	bench_expect_appended(1);
	batch(2, 10, "10 Ali Luke 1\n");
	bench_expect_appended(10);
	bench_expect_silence();
	expect_stores(1, 1);
}
END_TEST

/* Each kind has its own numbers: a higher one of the other is no news. */
START_TEST(stale_is_stale_among_its_kind)
{
	batch(9, 10, "10 Ali Luke 1\n");
	bench_expect_appended(10);
	refill_third(3, 0, true);
	bench_expect_missing(1, "011");

	/* A later refill takes its place; its rest comes late. */
	refill(4);
	bench_expect_appended(1);
	refill_third(3, 1, true);
	refill_third(3, 2, true);
	refill(3);
	bench_expect_silence();

	/* And a lower one than the refill's is good for no batch but the next. */
	batch(8, 11, "11 Ali Luke 1\n");
	bench_expect_silence();
	batch(10, 11, "11 Ali Luke 1\n");
	bench_expect_appended(11);
	expect_stores(2, 1);
}
END_TEST

/* A refill is no batch, whatever numbers the two have in common. */
START_TEST(same_numbers_are_not_the_same)
{
	struct bench_fragment f = bench_single(1, 10, "10 Ali Luke 1\n");

	bench.hold_sync = true;
	bench_append(&f);
	f.refill = true;
	f.peer = 2;
	bench_append(&f);
	bench_sync(0);
	(void)bench_answer_to(FRAME_APPENDED, BENCH_PEER);
	/* Held by now, so it needs no sync. */
	(void)bench_answer_to(FRAME_APPENDED, 2);
	bench_expect_silence();
	expect_stores(1, 1);
}
END_TEST

/* Half of one and half of the other make no whole. */
START_TEST(fragments_do_not_mix)
{
	struct bench_fragment f = third(1, 0);

	bench_append(&f);
	bench_expect_missing(1, "011");
	for (uint64_t i = 1; i < 3; i++) {
		f = third(1, i);
		f.refill = false;
		bench_append(&f);
	}
	bench_expect_missing(1, "101");
	bench_expect_missing(1, "100");
	bench_expect_silence();
	expect_stores(0, 0);
}
END_TEST

START_TEST(refill_waits_for_the_sync_of_a_batch)
{
	bench.hold_sync = true;
	batch(1, 10, "10 Ali Luke 1\n");
	for (uint64_t i = 0; i < 3; i++)
		refill_third(2, i, false);
	expect_stores(1, 0);
	bench_expect_silence();

	bench_sync(0);
	bench_expect_appended(10);
	bench_expect_silence();
	expect_stores(1, 1);
	ck_assert_uint_eq(records(), 4);

	/* Asked for again while it is being written: once is enough. */
	refill(2);
	bench_expect_silence();
	bench_sync(0);
	bench_expect_appended(1);
	bench_expect_silence();
	expect_stores(1, 1);
	ck_assert_uint_eq(bench.syncs_asked, 2);
	ck_assert_uint_eq(records(), 7);
}
END_TEST

START_TEST(batch_waits_for_the_sync_of_a_refill)
{
	bench.hold_sync = true;
	refill(1);
	batch(2, 10, "10 Ali Luke 1\n");
	expect_stores(0, 1);
	bench_expect_silence();

	bench_sync(0);
	bench_expect_appended(1);
	bench_expect_silence();
	expect_stores(1, 1);
	ck_assert_uint_eq(records(), 6);

	bench_sync(0);
	bench_expect_appended(10);
	ck_assert_uint_eq(records(), 7);
}
END_TEST

/* Clients wait for the batch, so it is first, whichever was whole first. */
START_TEST(of_two_that_wait_the_batch_is_first)
{
	bench.hold_sync = true;
	if (_i & 1)
		batch(1, 10, "10 Ali Luke 1\n");
	else
		refill(1);
	if (_i & 2) {
		refill(3);
		batch(2, 11, "11 Ali Luke 1\n");
	} else {
		batch(2, 11, "11 Ali Luke 1\n");
		refill(3);
	}

	bench_sync(0);
	(void)bench_answer(FRAME_APPENDED);
	bench_expect_silence();
	ck_assert_uint_eq(bench.syncs_asked, 2);
	bench_sync(0);
	bench_expect_appended(11);
	if (_i & 1)
		bench_sync(0);
	bench_expect_appended(1);
	bench_expect_silence();
	/* A refill that was all here needed no third sync. */
	ck_assert_uint_eq(bench.fake.syncs, _i & 1 ? 3 : 2);
	expect_stores(_i & 1 ? 2 : 1, _i & 1 ? 1 : 2);
}
END_TEST

/* The disk has nothing to do after a refusal: the refill need not wait. */
START_TEST(refused_batch_lets_the_refill_go_on)
{
	bench.hold_sync = true;
	batch(1, 10, "10 Ali Luke 1\n");
	batch(2, 11, "11 Ali Luke 1\n");
	refill(3);
	bench.fake.append_error = -EEXIST;
	bench_sync(0);
	bench_expect_appended(10);
	bench_expect_error(MESSAGE_ERROR_CONFLICT);
	expect_stores(2, 1);
	bench_sync(0);
	bench_expect_appended(1);
	bench_expect_silence();
}
END_TEST

/* … and the disk that syncs at once takes one after the other as well. */
START_TEST(both_go_on_when_the_sync_is_over_at_once)
{
	bench.hold_sync = true;
	batch(1, 10, "10 Ali Luke 1\n");
	refill(3);
	batch(2, 11, "11 Ali Luke 1\n");
	bench.hold_sync = false;
	bench_sync(0);
	bench_expect_appended(10);
	bench_expect_appended(11);
	bench_expect_appended(1);
	bench_expect_silence();
	expect_stores(2, 1);
	ck_assert_uint_eq(bench.fake.syncs, 3);
	ck_assert_uint_eq(records(), 8);
}
END_TEST

START_TEST(last_asker_is_answered)
{
	struct bench_fragment f = whole(1);

	bench.hold_sync = true;
	bench_append(&f);
	f.peer = 2;
	bench_append(&f);
	batch(2, 10, "10 Ali Luke 1\n");
	bench_sync(0);
	ck_assert_uint_eq(bench_answer_to(FRAME_APPENDED, 2).request, 1);
	bench_sync(0);
	(void)bench_answer_to(FRAME_APPENDED, BENCH_PEER);
	bench_expect_silence();
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
	struct bench_fragment f = whole(2);

	/* A refusal of a batch with a higher number does not hush it up. */
	bench.fake.append_error = -ENOSPC;
	batch(9, 10, "10 Ali Luke 1\n");
	bench_expect_error(MESSAGE_ERROR_FULL);
	bench.logged = 0;

	bench.fake.refill_error = cases[_i].error;
	f.peer = 3;
	bench_append(&f);
	(void)bench_answer_to(FRAME_ERROR, 3);
	refill(2);
	bench_expect_error(cases[_i].code);
	bench_expect_silence();
	ck_assert_int_eq(bench.fatal, 0);
	ck_assert_uint_eq(bench.fake.syncs, 0);
	ck_assert_uint_eq(bench.logged, 1);
	ck_assert_int_eq(bench.last_priority, LOG_WARNING);

	/* Refused means untouched: the same refill may still be taken. */
	bench.fake.refill_error = 0;
	refill(2);
	bench_expect_appended(1);
}
END_TEST

/* Held here with other contents: nothing of the refill is taken. */
START_TEST(contradiction_is_a_conflict)
{
	struct bench_fragment f = bench_single(
		1, 1, "1 Ali Luke 1\n5 Ali Luke 6\n7 Ali Luke 7\n");

	f.records = 3;
	f.refill = true;
	bench_append(&f);
	bench_expect_error(MESSAGE_ERROR_CONFLICT);
	ck_assert_uint_eq(records(), 3);
}
END_TEST

/* Numbers and sizes are judged as those of a batch. */
START_TEST(unlawful_refill_is_malformed)
{
	struct bench_fragment f = whole(1);

	switch (_i) {
	case 0:
		f.position = 1;
		break;
	case 1:
		f.fragments = 5;
		break;
	case 2:
		f.records = UINT32_MAX;
		break;
	case 3:
		f.of = "B";
		break;
	}
	bench_append(&f);
	bench_expect_error(MESSAGE_ERROR_MALFORMED);
	expect_stores(0, 0);
	ck_assert_uint_eq(responder_counters(bench.r)->malformed, 1);
}
END_TEST

static void expect_dead(int error)
{
	ck_assert_int_eq(bench.fatal, error);
	bench_expect_silence();
	bench_ping(0, false);
	refill(9);
	bench_expect_silence();
}

START_TEST(failed_refill_is_fatal)
{
	const int errors[] = { -EIO, -ESTALE, -ENOMEM, -EROFS };

	bench.fake.refill_error = errors[_i];
	refill(1);
	expect_dead(errors[_i]);
	ck_assert_uint_eq(bench.fake.syncs, 0);
}
END_TEST

START_TEST(failed_sync_of_a_refill_is_fatal)
{
	bench.hold_sync = true;
	refill(1);
	batch(2, 10, "10 Ali Luke 1\n");
	bench_sync(-EIO);
	expect_dead(-EIO);
	expect_stores(0, 1);
	ck_assert_uint_eq(bench.fake.publishes, 0);
}
END_TEST

/* What waits behind a batch that could not be written is not written either. */
START_TEST(failed_batch_ends_the_refill_behind_it)
{
	bench.hold_sync = true;
	batch(1, 10, "10 Ali Luke 1\n");
	batch(2, 11, "11 Ali Luke 1\n");
	refill(3);
	bench.fake.append_error = -EIO;
	bench_sync(0);
	bench_expect_appended(10);
	expect_dead(-EIO);
	expect_stores(2, 0);
}
END_TEST

START_TEST(claim_forgets_refills)
{
	struct bench_fragment f;

	refill_third(9, 0, false);
	refill_third(9, 1, false);
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);

	/* Neither its fragments nor its number. */
	f = third(1, 2);
	f.epoch = 2;
	bench_append(&f);
	bench_expect_missing(1, "110");
	expect_stores(0, 0);
}
END_TEST

/* Nor which was durable: the next main daemon's first may look like it. */
START_TEST(claim_forgets_what_was_durable)
{
	struct bench_fragment f = whole(1);

	refill(1);
	bench_expect_appended(1);
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
	f.epoch = 2;
	f.lines = "1 Ali Luke 9\n3 Ali Luke 3\n5 Ali Luke 5\n7 Ali Luke 7\n";
	bench_append(&f);
	bench_expect_error(MESSAGE_ERROR_CONFLICT);
}
END_TEST

START_TEST(claim_waits_for_the_sync)
{
	bench.hold_sync = true;
	refill(1);
	bench_claim_with(2, 'n', true);
	bench_expect_silence();
	ck_assert_uint_eq(bench.fake.promises, 1);
	ck_assert_uint_eq(bench.fake.asides, 0);

	bench_sync(0);
	bench_expect_appended(1);
	bench_claim(2, 'n');
	ck_assert_uint_eq(bench_state(FRAME_PROMISE).records, 6);
}
END_TEST

START_TEST(old_epoch_refills_nothing)
{
	bench_claim(2, 'n');
	(void)bench_answer(FRAME_PROMISE);
	refill(1);
	bench_expect_error(MESSAGE_ERROR_FENCED);
	expect_stores(0, 0);
}
END_TEST

static uint64_t dealings_of_ali(void)
{
	struct message_partners m;
	struct message_partner p;

	message_put_stats(bench_payload(), &(struct message_stats){
						   .upto = 9,
						   .room = FRAME_SIZE_MIN,
						   .user = slice_of("Ali") });
	bench_ask(FRAME_STATS, 1, 5, 0);
	ck_assert_int_eq(message_get_partners(
				 bench_answer(FRAME_PARTNERS).payload, &m),
			 0);
	ck_assert(message_next_partner(&m.entries, &p));
	return p.count;
}

/* Even an answer as of the past may be another now. */
START_TEST(refill_changes_sums_of_the_past)
{
	ck_assert_uint_eq(dealings_of_ali(), 3);
	refill(1);
	bench_expect_appended(1);
	/* 3 is at home here; 1 and 7 are kept for others. */
	ck_assert_uint_eq(dealings_of_ali(), 4);
}
END_TEST

/* Read all there is, and settle what was sent before. */
static void settle(uint64_t request)
{
	message_put_fetch(bench_payload(), &(struct message_fetch){
						   .upto = INT64_MAX,
						   .pages = 1,
						   .room = FRAME_SIZE_MAX,
						   .settle = true,
						   .filter.everything = true });
	bench_ask(FRAME_FETCH, 1, request, 0);
}

static size_t read_records(void)
{
	struct message_records m;
	size_t count = 0;

	ck_assert_int_eq(message_get_records(
				 bench_answer(FRAME_RECORDS).payload, &m),
			 0);
	for (size_t i = 0; i < m.lines.len; i++)
		count += m.lines.p[i] == '\n';
	return count;
}

/* The pass that sent it has failed; the next one reads before it arrives. */
START_TEST(settled_refill_is_not_taken)
{
	settle(6);
	ck_assert_uint_eq(read_records(), 3);
	refill(5);
	bench_expect_silence();
	expect_stores(0, 0);
	ck_assert_uint_eq(records(), 3);

	refill(7);
	bench_expect_appended(1);
	ck_assert_uint_eq(records(), 6);
}
END_TEST

START_TEST(fragments_of_a_settled_refill_are_dropped)
{
	refill_third(5, 0, false);
	refill_third(5, 1, false);
	settle(6);
	(void)read_records();
	refill_third(5, 2, true);
	bench_expect_silence();
	expect_stores(0, 0);
}
END_TEST

/* What is read must have it, or must come before it. */
START_TEST(reading_waits_for_the_sync_of_a_refill)
{
	bench.hold_sync = true;
	refill(5);
	settle(6);
	bench_expect_silence();
	bench_sync(0);
	bench_expect_appended(1);
	settle(6);
	ck_assert_uint_eq(read_records(), 6);
}
END_TEST

START_TEST(refill_that_waits_is_settled)
{
	bench.hold_sync = true;
	batch(4, 10, "10 Ali Luke 1\n");
	refill(5);
	settle(6);
	ck_assert_uint_eq(read_records(), 3);
	bench_sync(0);
	bench_expect_appended(10);
	bench_expect_silence();
	expect_stores(1, 0);
}
END_TEST

/* A question of before says nothing about what was sent since, nor of batches. */
START_TEST(late_question_settles_nothing_newer)
{
	refill_third(5, 0, false);
	refill_third(5, 1, false);
	settle(4);
	(void)read_records();
	refill_third(5, 2, true);
	bench_expect_appended(1);
	settle(9);
	(void)read_records();
	batch(8, 10, "10 Ali Luke 1\n");
	bench_expect_appended(10);
}
END_TEST

Suite *test_backend_refill(void)
{
	Suite *s = suite_create("backend/refill");
	TCase *t = tcase_create("refill");

	tcase_add_checked_fixture(t, setup, bench_teardown);
	tcase_add_test(t, refill_is_durable_when_acknowledged);
	tcase_add_loop_test(t, fragments_come_in_any_order, 0, 6);
	tcase_add_test(t, missing_fragments_are_named);
	tcase_add_test(t, held_refill_is_acknowledged_without_a_sync);
	tcase_add_test(t, durable_refill_is_acknowledged_again);
	tcase_add_test(t, stale_is_stale_among_its_kind);
	tcase_add_test(t, same_numbers_are_not_the_same);
	tcase_add_test(t, fragments_do_not_mix);
	tcase_add_test(t, refill_waits_for_the_sync_of_a_batch);
	tcase_add_test(t, batch_waits_for_the_sync_of_a_refill);
	tcase_add_loop_test(t, of_two_that_wait_the_batch_is_first, 0, 4);
	tcase_add_test(t, refused_batch_lets_the_refill_go_on);
	tcase_add_test(t, both_go_on_when_the_sync_is_over_at_once);
	tcase_add_test(t, last_asker_is_answered);
	tcase_add_loop_test(t, refusals_of_the_store_are_told, 0, 3);
	tcase_add_test(t, contradiction_is_a_conflict);
	tcase_add_loop_test(t, unlawful_refill_is_malformed, 0, 4);
	tcase_add_loop_test(t, failed_refill_is_fatal, 0, 4);
	tcase_add_test(t, failed_sync_of_a_refill_is_fatal);
	tcase_add_test(t, failed_batch_ends_the_refill_behind_it);
	tcase_add_test(t, claim_forgets_refills);
	tcase_add_test(t, claim_forgets_what_was_durable);
	tcase_add_test(t, claim_waits_for_the_sync);
	tcase_add_test(t, old_epoch_refills_nothing);
	tcase_add_test(t, refill_changes_sums_of_the_past);
	tcase_add_test(t, settled_refill_is_not_taken);
	tcase_add_test(t, fragments_of_a_settled_refill_are_dropped);
	tcase_add_test(t, reading_waits_for_the_sync_of_a_refill);
	tcase_add_test(t, refill_that_waits_is_settled);
	tcase_add_test(t, late_question_settles_nothing_newer);
	suite_add_tcase(s, t);
	return s;
}
