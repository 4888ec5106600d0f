/* SPDX-License-Identifier: MIT */
/*
 * Records that are on too few backends are copied: the last batch before
 * anything is answered, all else beside the transfers.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ledger/name.h"
#include "main/refill.h"
#include "util/parse.h"

#include "test_engine_bench.h"

#define A 1u
#define B 2u
#define C 4u
#define ALL (A | B | C)

static const struct history pay = { .sender = "Ali",
				    .receiver = "Ben",
				    .amount = 1 };

/* Ali pays Ben a coin, and that is on those backends. */
static void chain_on(unsigned on)
{
	struct history h = pay;

	h.on = on;
	bench_chain(&h);
}

/* The same as record @position of a batch of @size. */
static void batch_on(unsigned on, uint32_t position, uint32_t size)
{
	struct history h = pay;

	h.on = on;
	h.position = position;
	h.size = size;
	bench_chain(&h);
}

static void hold_refills(unsigned backends)
{
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = backends & 1u << i ? HOLD_REFILLS : 0;
}

static void copies(uint32_t n)
{
	bench_forget_history();
	bench.config.copies = n;
}

static unsigned refills_sent(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < BACKENDS; i++)
		n += bench.model[i].refills;
	return n;
}

/* How many backends have it, and how many of those as their own. */
static unsigned holders(uint64_t serial, unsigned *ret_homes)
{
	unsigned n = 0;

	*ret_homes = 0;
	for (unsigned i = 0; i < BACKENDS; i++) {
		const char *of = model_of(i, serial);

		n += of != NULL;
		*ret_homes += of && !*of;
	}
	return n;
}

/* Serials up to the last on so many, each at home once. */
static void expect_all_on(unsigned n)
{
	for (uint64_t s = 1; s <= bench_info().serial; s++) {
		unsigned homes;

		ck_assert_msg(holders(s, &homes) == n, "serial %u", (unsigned)s);
		ck_assert_msg(homes == 1, "serial %u", (unsigned)s);
	}
}

static void expect_refilled(void)
{
	ck_assert_uint_eq(bench_info().thin, 0);
	ck_assert(!bench_info().refilling);
}

/* The last batch, before the start is over. */

START_TEST(nothing_is_answered_before_the_last_batch_is_on_two)
{
	struct question *q;
	struct told *t;

	copies(2);
	chain_on(A);
	bench_copy(0, 1, 1, "A");
	chain_on(A);
	hold_refills(ALL);
	bench_start();
	ck_assert(!bench_info().open);
	ck_assert(bench_info().refilling);
	ck_assert_uint_eq(bench_info().thin, 1);
	ck_assert_uint_eq(bench.openings, 0);
	t = order_balance("Ali");
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "The ledger is not open yet: its last transactions are "
		       "being copied.");
	ck_assert_uint_eq(refills_sent(), 1);
	q = bench_take(-1, FRAME_APPEND);
	ck_assert_uint_ne(q->backend, 0);
	ck_assert_uint_eq(asked_append(q).first, 2);
	ck_assert_uint_eq(asked_append(q).records, 1);
	ck_assert_uint_eq(asked_append(q).of.len, 0);
	reply_model(q);
	bench_run();
	ck_assert(bench_info().open);
	ck_assert_uint_eq(bench.openings, 1);
	ck_assert_str_eq(model_of(q->backend, 2), "A");
	expect_refilled();
	expect_balance("Ali", 998);
}
END_TEST

START_TEST(a_last_batch_that_is_on_two_is_left_alone)
{
	copies(2);
	chain_on(A);
	bench_copy(0, 2, 1, "A");
	bench_open();
	ck_assert_uint_eq(refills_sent(), 0);
	expect_refilled();
}
END_TEST

START_TEST(with_one_copy_nothing_is_refilled)
{
	copies(1);
	chain_on(A);
	chain_on(B);
	bench_open();
	ck_assert_uint_eq(refills_sent(), 0);
	ck_assert_uint_eq(bench_logged("backends"), 1); /* epoch claimed */
}
END_TEST

/* Of a torn batch the rest; what lies below it comes after the opening. */
START_TEST(only_what_the_last_batch_lacks_is_waited_for)
{
	struct question *q;

	copies(2);
	chain_on(C);
	batch_on(A, 1, 3);
	bench_copy(0, 1, 2, "A");
	batch_on(A, 2, 3);
	bench_copy(0, 1, 3, "A");
	batch_on(A, 3, 3);
	hold_refills(ALL);
	bench_start();
	ck_assert(!bench_info().open);
	q = bench_take(-1, FRAME_APPEND);
	ck_assert_uint_eq(asked_append(q).first, 4);
	ck_assert_uint_eq(asked_append(q).records, 1);
	reply_model(q);
	bench_run();
	ck_assert(bench_info().open);
	ck_assert(bench_info().refilling);
	q = bench_take(-1, FRAME_APPEND);
	ck_assert_uint_eq(asked_append(q).first, 1);
	ck_assert_uint_ne(q->backend, 2);
	reply_model(q);
	bench_run();
	expect_refilled();
	expect_all_on(2);
}
END_TEST

/* It cannot go on without those who may hold it. */
START_TEST(a_backend_that_goes_down_holds_up_the_last_batch)
{
	unsigned target;
	struct told *t;

	copies(2);
	chain_on(A);
	hold_refills(ALL);
	bench_start();
	target = bench_peek(-1, FRAME_APPEND)->backend;
	hold_refills(0);
	bench_down(target);
	t = order_balance("Ali");
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       target == 1 ? "The ledger is not open yet: waiting for "
				     "backend B." :
				     "The ledger is not open yet: waiting for "
				     "backend C.");
	bench_pass(20 * SEC);
	ck_assert(!bench_info().open);
	ck_assert_uint_eq(refills_sent(), 1);
	bench_up(target);
	bench_pass(3 * SEC);
	ck_assert(bench_info().open);
	expect_refilled();
	expect_all_on(2);
}
END_TEST

START_TEST(who_cannot_remember_the_lost_does_not_open)
{
	copies(1);
	chain_on(A);
	bench.opening_error = -EROFS;
	bench_start();
	expect_stopped(ENGINE_STOP_STATE, "Cannot store which backends are lost: "
					  "Read-only file system.");
	ck_assert(!bench_info().open);
}
END_TEST

/* Everything else, beside the transfers. */

START_TEST(transfers_go_on_meanwhile)
{
	struct told *t;

	copies(2);
	for (int i = 0; i < 5; i++)
		chain_on(A);
	chain_on(A);
	bench_copy(0, 1, 6, "A");
	hold_refills(ALL);
	bench_open();
	ck_assert_uint_eq(bench_info().thin, 5);
	ck_assert(bench_info().refilling);
	ck_assert_uint_eq(bench_logged("5 transactions are on fewer than 2 "
				       "backends; they are being copied."), 1);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 7);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 7 -7\n");
	bench.changes = 0;
	hold_refills(0);
	bench_run();
	expect_refilled();
	expect_all_on(2);
	ck_assert_uint_eq(bench_info().refilled, 5);
	ck_assert_uint_eq(bench_logged("Every transaction is on 2 backends."),
			  1);
	ck_assert_uint_gt(bench.changes, 0);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 7 -7\n");
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_serial(t, 8);
}
END_TEST

static const char *const sample[] = {
	"5 Chinmay Oliver 129", "1 Racheal John 45", "9 Ali Luke 155",
	"2 Rishil Alice 30",	"8 Rishil Chinmay 10", "3 Oliver Rachit 94",
	"6 Racheal Alice 49",	"4 Ben Victor 85",     "7 Martin Luke 25",
};

static const char *sample_line(uint64_t serial)
{
	for (size_t i = 0; i < ELEMENTS(sample); i++)
		if ((uint64_t)(*sample[i] - '0') == serial)
			return sample[i];
	return NULL;
}

/* 1, 5, 9 are on A, 2, 3, 8 on B, and 4, 6, 7 on C, as in data/. */
static unsigned sample_home(uint64_t serial)
{
	if (serial % 4 == 1)
		return 0;
	return serial == 2 || serial == 3 || serial == 8 ? 1 : 2;
}

static void expect_sample_copy(uint64_t serial,
			       const uint8_t hash[CHAIN_HASH_SIZE])
{
	const char *old = sample_line(serial);
	unsigned home = sample_home(serial);
	char hex[CHAIN_HEX_SIZE];
	unsigned found = 0;
	char line[200];

	format_hex(hash, CHAIN_HASH_SIZE, hex);
	(void)snprintf(line, sizeof(line), "%s h=%.*s of=%c", old,
		       (int)sizeof(hex), hex, "ABC"[home]);
	for (unsigned i = 0; i < BACKENDS; i++)
		found += slice_equal(model_line(i, serial), slice_of(line));
	ck_assert_msg(found == 1, "no copy like %s", line);
	ck_assert(slice_equal(model_line(home, serial), slice_of(old)));
}

/* Old records bear no hash: a copy gets the one that is theirs in the chain. */
START_TEST(copies_of_old_records_get_their_hash)
{
	uint8_t hash[CHAIN_HASH_SIZE];
	unsigned sent;

	copies(2);
	for (uint64_t s = 1; s <= ELEMENTS(sample); s++)
		bench_line(1u << sample_home(s), sample_line(s));
	bench_open();
	expect_refilled();
	expect_all_on(2);
	memcpy(hash, chain_origin, sizeof(hash));
	for (uint64_t s = 1; s <= ELEMENTS(sample); s++) {
		chain_step(hash, slice_of(sample_line(s)), hash);
		expect_sample_copy(s, hash);
	}
	/* They are read with the others from then on: it all follows. */
	sent = refills_sent();
	bench_restart();
	ck_assert(bench_info().open);
	expect_refilled();
	ck_assert_uint_eq(refills_sent(), sent);
	expect_balance("Chinmay", 881);
}
END_TEST

/* The hash of an old one rests on those below it, thin or not. */
START_TEST(chained_records_behind_old_ones_keep_theirs)
{
	copies(2);
	/* The first is on two: a pass begins above it, but not the chain. */
	bench_line(A | C, "1 Ali Ben 10");
	bench_line(B, "2 Ben Ali 5");
	chain_on(A);
	chain_on(B);
	chain_on(C);
	bench_copy(2, 1, 5, "C");
	bench_open();
	expect_refilled();
	bench_restart();
	ck_assert(bench_info().open);
	expect_balance("Ali", 992);
}
END_TEST

START_TEST(a_copy_names_all_who_stand_before_it)
{
	copies(3);
	chain_on(A);
	bench_copy(0, 1, 1, "A");
	chain_on(C);
	bench_copy(2, 0, 2, "C");
	chain_on(B);
	bench_copy(1, 2, 3, "B");
	bench_copy(1, 0, 3, "B,C");
	bench_open();
	expect_refilled();
	ck_assert_str_eq(model_of(2, 1), "A,B");
	ck_assert_str_eq(model_of(1, 2), "C,A");
	ck_assert_str_eq(model_of(0, 3), "B,C");
}
END_TEST

/* A is lost: B, which keeps it for A, is the first of those that are left. */
START_TEST(a_home_that_is_lost_is_named_all_the_same)
{
	copies(2);
	chain_on(B);
	bench_copy(1, 2, 1, "B");
	chain_on(A);
	bench_copy(0, 1, 2, "A");
	chain_on(A);
	bench_copy(0, 2, 3, "A");
	model_forget(0);
	bench.config.backend[0].lost = true;
	bench_open();
	expect_refilled();
	expect_state(0, ENGINE_BACKEND_LOST);
	ck_assert_ptr_null(model_of(0, 2));
	ck_assert_str_eq(model_of(1, 2), "A");
	ck_assert_str_eq(model_of(2, 2), "A,B");
	ck_assert_str_eq(model_of(2, 3), "A");
	ck_assert_str_eq(model_of(1, 3), "A,C");
	ck_assert_str_eq(model_of(2, 1), "B");
	expect_balance("Ali", 997);
}
END_TEST

START_TEST(copies_go_to_any_that_lacks_the_record)
{
	unsigned homes;
	uint64_t b;

	copies(2);
	for (int i = 0; i < 40; i++)
		chain_on(A);
	bench_open();
	expect_refilled();
	expect_all_on(2);
	ck_assert_uint_eq(bench.model[0].refills, 0);
	b = bench.model[1].records;
	/* 40 draws of one in two. */
	ck_assert_uint_gt(b, 5);
	ck_assert_uint_lt(b, 35);
	ck_assert_uint_eq(b + bench.model[2].records, 40);
	ck_assert_uint_eq(holders(40, &homes), 2);
}
END_TEST

/* Some 600 bytes a record. */
static void long_history(unsigned records)
{
	static char memo[3 * MEMO_MAX + 1];
	struct history h = pay;

	for (size_t i = 0; i < MEMO_MAX; i++)
		memcpy(memo + 3 * i, "%20", 3);
	h.on = A;
	h.memo = memo;
	for (unsigned i = 0; i < records; i++)
		bench_chain(&h);
}

START_TEST(more_than_a_parcel_goes_in_several)
{
	size_t bytes;

	copies(2);
	long_history(600);
	/* All of it to B: there is no other. */
	bench.model[2].full = true;
	bytes = bench.model[0].lines.len;
	ck_assert_uint_gt(bytes, REFILL_BYTES_MAX);
	ck_assert_uint_lt(bytes, 2 * REFILL_BYTES_MAX);
	bench_open();
	expect_refilled();
	expect_all_on(2);
	ck_assert_uint_eq(bench_info().refilled, 600);
	/* The last batch, and two parcels. */
	ck_assert_uint_eq(refills_sent(), 3);
}
END_TEST

/* Batches that stand or fall as one. */

static void whole_on(unsigned on, uint32_t upto, uint32_t size,
		     const char *memo)
{
	struct history h = pay;

	h.on = on;
	h.memo = memo;
	h.size = size;
	h.whole = true;
	for (h.position = 1; h.position <= upto; h.position++) {
		/* Nobody runs out of coins. */
		h.sender = h.position % 2 ? "Ali" : "Ben";
		h.receiver = h.position % 2 ? "Ben" : "Ali";
		bench_chain(&h);
	}
}

/* Of the first @count of them, a backend has all or nothing; how many has it? */
static unsigned wholes_on(unsigned backend, uint32_t size, unsigned count)
{
	unsigned n = 0;

	for (uint64_t s = 1; s <= (uint64_t)size * count; s += size) {
		bool has = model_of(backend, s) != NULL;

		n += has;
		for (uint64_t i = 0; i < size; i++)
			ck_assert_msg((model_of(backend, s + i) != NULL) == has,
				      "serial %u", (unsigned)(s + i));
	}
	return n;
}

/* 30 draws of one in two. */
START_TEST(all_of_a_whole_batch_goes_to_one_backend)
{
	unsigned b;

	copies(2);
	for (int i = 0; i < 30; i++)
		whole_on(A, 4, 4, NULL);
	chain_on(A | B);
	bench_open();
	expect_refilled();
	b = wholes_on(1, 4, 30);
	ck_assert_uint_gt(b, 4);
	ck_assert_uint_lt(b, 26);
	ck_assert_uint_eq(b + wholes_on(2, 4, 30), 30);
}
END_TEST

/*
 * What does not fit a parcel any more begins in the next one; the model of a
 * backend takes no part of a batch.  Some 600 bytes a record.
 */
START_TEST(a_full_parcel_parts_no_whole_batch)
{
	static char memo[3 * MEMO_MAX + 1];

	for (size_t i = 0; i < MEMO_MAX; i++)
		memcpy(memo + 3 * i, "%20", 3);
	copies(2);
	bench.model[2].full = true;
	for (int i = 0; i < 6; i++)
		whole_on(A, 90, 90, memo);
	/* More than a parcel by itself. */
	whole_on(A, 500, 500, memo);
	chain_on(A | B);
	bench_open();
	expect_refilled();
	ck_assert_uint_eq(bench_info().refilled, 1040);
	ck_assert_uint_eq(bench.model[1].records, 1041);
	ck_assert_uint_gt(refills_sent(), 2);
}
END_TEST

/* The same before the start is over. */
START_TEST(a_whole_last_batch_is_completed_at_one_backend)
{
	copies(2);
	chain_on(A | B);
	whole_on(A, 6, 6, NULL);
	bench_open();
	expect_refilled();
	ck_assert_uint_eq(refills_sent(), 1);
	for (uint64_t s = 3; s <= 7; s++)
		ck_assert((model_of(1, s) != NULL) == (model_of(1, 2) != NULL));
}
END_TEST

/*
 * Somebody has changed the of= of one record, so that only from there on a
 * backend would be due what it lacks.  Part of a batch is given to nobody.
 */
START_TEST(a_pass_does_not_begin_within_a_whole_batch)
{
	struct history h = pay;

	copies(2);
	h.of_on = A | B;
	h.size = 3;
	h.whole = true;
	for (h.position = 1; h.position <= 3; h.position++) {
		h.of = h.position == 2 ? "C" : "D";
		bench_chain(&h);
	}
	chain_on(A | B);
	bench_open();
	for (uint64_t s = 1; s <= 3; s++)
		ck_assert_ptr_null(model_of(2, s));
	ck_assert_uint_eq(refills_sent(), 0);
}
END_TEST

/* Each backend would have cut it off. */
START_TEST(a_history_that_ends_within_a_whole_batch_is_a_fault)
{
	bench_forget_history();
	chain_on(A);
	whole_on(B, 2, 3, NULL);
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 2: the batch that begins there stands or falls "
		       "as one, and its end is on no backend.");
}
END_TEST

START_TEST(a_whole_batch_that_lacks_a_record_is_a_fault)
{
	bench_forget_history();
	chain_on(A);
	whole_on(B, 2, 3, NULL);
	chain_on(A);
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 4 (backend A): the batch that stands or falls as "
		       "one, here or before it, is not whole.");
}
END_TEST

/* What goes wrong. */

/* Three thin ones on A, and a last batch that is none. */
static void open_thin(void)
{
	copies(2);
	for (int i = 0; i < 12; i++)
		chain_on(A);
	chain_on(A);
	bench_copy(0, 1, 13, "A");
	hold_refills(ALL);
	bench_open();
	/* Both of them were drawn. */
	ck_assert_uint_eq(bench.model[1].refills, 1);
	ck_assert_uint_eq(bench.model[2].refills, 1);
}

START_TEST(it_waits_for_a_backend_that_is_down)
{
	unsigned asked;
	unsigned sent;

	open_thin();
	bench_down(1);
	sent = refills_sent();
	asked = bench.model[0].sent[FRAME_FETCH];
	hold_refills(0);
	bench.model[1].hold = HOLD_ALL;
	bench_pass(30 * SEC);
	ck_assert_uint_eq(refills_sent(), sent);
	/* Nor is anybody bothered with reading what leads to nothing. */
	ck_assert_uint_eq(bench.model[0].sent[FRAME_FETCH], asked);
	ck_assert(bench_info().refilling);
	ck_assert_uint_eq(bench_info().thin, 12);
	bench_up(1);
	bench_pass(3 * SEC);
	expect_refilled();
	expect_all_on(2);
}
END_TEST

/* What has arrived before is found there, and not sent once more. */
START_TEST(a_pass_that_failed_is_begun_anew)
{
	uint64_t there;

	open_thin();
	/* Two of the three have it: one parcel arrives, the other does not. */
	for (int i = 0; bench_peek(2, FRAME_APPEND); i++)
		reply_model(bench_take(2, FRAME_APPEND));
	there = bench.model[2].records;
	ck_assert_uint_gt(there, 0);
	bench_down(1);
	bench_pass(SEC);
	ck_assert(bench_info().refilling);
	bench_up(1);
	hold_refills(0);
	bench_pass(3 * SEC);
	expect_refilled();
	expect_all_on(2);
	ck_assert_uint_ge(bench.model[2].records, there);
	ck_assert_uint_eq(bench_info().refilled, 12 + 12 - there);
}
END_TEST

START_TEST(a_backend_without_room_is_not_filled)
{
	struct question *q;
	unsigned sent;

	open_thin();
	bench.model[1].full = true;
	bench.model[2].full = true;
	for (int i = 1; i < 3; i++) {
		q = bench_take(i, FRAME_APPEND);
		reply_error(q, MESSAGE_ERROR_FULL);
	}
	ck_assert_int_lt(bench.stopped, 0);
	hold_refills(0);
	bench_drop_all();
	sent = refills_sent();
	bench_pass(100 * SEC);
	expect_state(1, ENGINE_BACKEND_FULL);
	/* C said it only when it was asked once more. */
	ck_assert_uint_eq(refills_sent(), sent + 1);
	ck_assert(bench_info().refilling);
	/* Passes that find no place are rare. */
	ck_assert_uint_lt(bench.model[0].sent[FRAME_FETCH], 20);
	bench.model[2].full = false;
	bench_pass(2 * REFILL_PAUSE_FULL);
	expect_refilled();
	expect_all_on(2);
	ck_assert_uint_eq(bench.model[1].records, 1);
}
END_TEST

START_TEST(a_contradiction_ends_the_process)
{
	open_thin();
	reply_error(bench_take(2, FRAME_APPEND), MESSAGE_ERROR_CONFLICT);
	ck_assert_int_eq(bench.stopped, ENGINE_STOP_INTEGRITY);
	ck_assert_ptr_nonnull(strstr(bench.stop,
				     "Backend C holds other records past "
				     "serial "));
}
END_TEST

/* A restart in the middle finds what is there, and goes on. */
START_TEST(a_restart_goes_on_with_it)
{
	open_thin();
	reply_model(bench_take(2, FRAME_APPEND));
	hold_refills(0);
	bench_restart();
	expect_refilled();
	expect_all_on(2);
	expect_balance("Ali", 987);
}
END_TEST

/* Whose names nobody knows. */

START_TEST(a_home_that_is_not_configured_is_absent)
{
	struct told *t;

	copies(2);
	chain_on(A);
	/* All that is left of it are copies. */
	bench_copy(0, 1, 1, "X");
	model_forget(0);
	chain_on(C);
	bench_copy(2, 0, 2, "C");
	bench_open();
	expect_refilled();
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 2 -2\n");
	/* It stands behind B, and X is nobody. */
	ck_assert_str_eq(model_of(0, 1) ? model_of(0, 1) : model_of(2, 1),
			 "B");
}
END_TEST

/* More than a question can name: the records are asked for instead. */
START_TEST(a_crowd_of_strangers_counts_as_well)
{
	struct told *t;

	copies(1);
	for (unsigned i = 0; i < 20; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "X%u", i);
		chain_on(A);
		bench_copy(0, 1, i + 1, name);
		model_forget(0);
	}
	bench_open();
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 20 -20\n");
	t = order_history("Ali", 20, 10);
	bench_run();
	expect_text(t, "20 Ali Ben 1 =980\n");
	t = order_list(19, 10);
	bench_run();
	expect_text(t, "19 Ali Ben 1\n20 Ali Ben 1\n");
}
END_TEST

static void add_rest(Suite *s)
{
	TCase *c = tcase_create("rest");

	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, transfers_go_on_meanwhile);
	tcase_add_test(c, copies_of_old_records_get_their_hash);
	tcase_add_test(c, chained_records_behind_old_ones_keep_theirs);
	tcase_add_test(c, a_copy_names_all_who_stand_before_it);
	tcase_add_test(c, a_home_that_is_lost_is_named_all_the_same);
	tcase_add_test(c, copies_go_to_any_that_lacks_the_record);
	tcase_add_test(c, more_than_a_parcel_goes_in_several);
	tcase_add_test(c, all_of_a_whole_batch_goes_to_one_backend);
	tcase_add_test(c, a_full_parcel_parts_no_whole_batch);
	tcase_add_test(c, a_whole_last_batch_is_completed_at_one_backend);
	tcase_add_test(c, a_pass_does_not_begin_within_a_whole_batch);
	tcase_add_test(c, a_history_that_ends_within_a_whole_batch_is_a_fault);
	tcase_add_test(c, a_whole_batch_that_lacks_a_record_is_a_fault);
	tcase_add_test(c, a_home_that_is_not_configured_is_absent);
	tcase_add_test(c, a_crowd_of_strangers_counts_as_well);
	suite_add_tcase(s, c);
}

UNIT_SUITE(test_engine_refill);

Suite *test_engine_refill(void)
{
	Suite *s = suite_create("engine: refill");
	TCase *c = tcase_create("last batch");
	TCase *f = tcase_create("faults");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c,
		       nothing_is_answered_before_the_last_batch_is_on_two);
	tcase_add_test(c, a_last_batch_that_is_on_two_is_left_alone);
	tcase_add_test(c, with_one_copy_nothing_is_refilled);
	tcase_add_test(c, only_what_the_last_batch_lacks_is_waited_for);
	tcase_add_test(c, a_backend_that_goes_down_holds_up_the_last_batch);
	tcase_add_test(c, who_cannot_remember_the_lost_does_not_open);
	suite_add_tcase(s, c);
	add_rest(s);
	tcase_add_checked_fixture(f, bench_setup, bench_teardown);
	tcase_add_test(f, it_waits_for_a_backend_that_is_down);
	tcase_add_test(f, a_pass_that_failed_is_begun_anew);
	tcase_add_test(f, a_backend_without_room_is_not_filled);
	tcase_add_test(f, a_contradiction_ends_the_process);
	tcase_add_test(f, a_restart_goes_on_with_it);
	suite_add_tcase(s, f);
	return s;
}
