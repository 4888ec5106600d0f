/* SPDX-License-Identifier: MIT */
/*
 * The checkpoint: what a start makes of one, and when there is another.
 */
#include "config.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "main/link.h"
#include "util/parse.h"

#include "test_engine_bench.h"

UNIT_SUITE(test_engine_checkpoint);

#define SEAL_LINE_LEN (5 + 64 + 1)

static void transfer(const char *id)
{
	struct told *t = order_with("Ali", "Ben", "1", id, "");

	bench_run();
	expect_done(t);
	bench.serial = t->serial;
}

/* A ledger of serials 1 to 5, and a checkpoint of them. */
static void have_one(void)
{
	bench_open();
	transfer("id-4");
	transfer("");
	bench_checkpoint();
}

static void expect_ledger(uint64_t serial, uint64_t ali, uint64_t ben)
{
	ck_assert_msg(bench_info().open, "not open: %s", bench.stop);
	ck_assert_uint_eq(bench_info().serial, serial);
	expect_balance("Ali", ali);
	expect_balance("Ben", ben);
	expect_balance("Cem", 1015);
}

/* Start with what the history is asked for held back: from where is it? */
static uint64_t start_reading(void)
{
	uint64_t after;

	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_FETCH);
	bench_restart();
	for (unsigned i = 0; i < BACKENDS; i++) {
		struct question *q = bench_take((int)i, FRAME_FETCH);

		after = asked_fetch(q).after;
		ck_assert_uint_eq(asked_fetch(q).after, after);
		ck_assert(asked_fetch(q).filter.everything);
		bench.model[i].hold = 0;
		reply_model(q);
	}
	bench_run();
	return after;
}

static void expect_used(uint64_t serial, uint64_t past)
{
	char sentence[128];

	(void)snprintf(sentence, sizeof(sentence),
		       "Started from the checkpoint of serial %u; %u "
		       "transactions lie past it.",
		       (unsigned)serial, (unsigned)past);
	ck_assert_msg(bench_logged(sentence) == 1, "%.*s",
		      (int)bench.journal.len, (char *)bench.journal.data);
	ck_assert_uint_eq(bench.checkpoint.discarded, 0);
}

static void expect_unused(const char *why)
{
	char sentence[256];

	(void)snprintf(sentence, sizeof(sentence),
		       "The checkpoint is not used, %s; the whole history is "
		       "read.", why);
	ck_assert_msg(bench_logged(sentence) == 1, "%s: %.*s", sentence,
		      (int)bench.journal.len, (char *)bench.journal.data);
	ck_assert_uint_eq(bench.checkpoint.discarded, 1);
	ck_assert_uint_eq(bench.checkpoint.file.len, 0);
}

/* Using it. */

START_TEST(a_start_reads_from_its_record_on)
{
	uint8_t tip[CHAIN_HASH_SIZE];

	have_one();
	ck_assert_uint_eq(bench_info().checkpoint, 5);
	memcpy(tip, bench_info().tip, sizeof(tip));
	ck_assert_uint_eq(start_reading(), 4);
	expect_used(5, 0);
	expect_ledger(5, 993, 1012 - 20 + 10 - 10);
	ck_assert_mem_eq(bench_info().tip, tip, sizeof(tip));
	ck_assert_uint_eq(bench_info().users, 3);
	/* It was of an epoch that is over. */
	ck_assert_uint_eq(bench_info().checkpoint, 0);
}
END_TEST

START_TEST(what_lies_past_it_is_added)
{
	struct told *t;

	have_one();
	transfer("id-6");
	transfer("id-7");
	ck_assert_uint_eq(start_reading(), 4);
	expect_used(5, 2);
	expect_ledger(7, 991, 994);
	t = order_list(1, 10);
	bench_run();
	expect_text(t, "1 Ali Ben 10\n2 Ben Cem 20\n3 Cem Ali 5\n"
		       "4 Ali Ben 1\n5 Ali Ben 1\n6 Ali Ben 1\n7 Ali Ben 1\n");
	t = order_verify(NULL, 0);
	bench_run();
	expect_done(t);
}
END_TEST

START_TEST(ids_are_known_on_both_sides_of_it)
{
	struct told *t;

	have_one();
	transfer("id-6");
	bench_restart();
	expect_used(5, 1);
	t = order_with("Ali", "Ben", "1", "id-4", "");
	bench_run();
	expect_serial(t, 4);
	t = order_with("Ali", "Ben", "1", "id-6", "");
	bench_run();
	expect_serial(t, 6);
	t = order_with("Ali", "Ben", "2", "id-4", "");
	bench_run();
	expect_refused(t, OUTCOME_IDREUSED, NULL);
	ck_assert_uint_eq(bench_info().serial, 6);
}
END_TEST

START_TEST(the_last_batch_is_completed_as_ever)
{
	bench.config.copies = 2;
	bench_forget_history();
	bench_open();
	(void)order_open("Ali", "");
	(void)order_open("Ben", "");
	bench_run();
	transfer("");
	bench_checkpoint();
	/* One more reached a single disk, and its main daemon died. */
	memcpy(bench.tip, bench_info().tip, sizeof(bench.tip));
	bench.time = bench_info().time;
	bench_chain(&(struct history){
		.on = 1, .sender = "Ali", .receiver = "Ben", .amount = 1 });
	bench_restart();
	expect_used(3, 1);
	bench_pass(SEC);
	ck_assert(bench_info().open);
	ck_assert_uint_eq(bench_info().serial, 4);
	ck_assert_uint_eq(bench_info().refilled, 1);
}
END_TEST

/* Which backend counts of those that may have a batch is kept, too. */
START_TEST(irregular_ranges_are_restored)
{
	struct question *first;
	struct told *t;

	bench_open();
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	first = bench_take(-1, FRAME_APPEND);
	engine_refused(bench.e, first->backend);
	reply_model(bench_take(-1, FRAME_APPEND));
	/* It has it all the same. */
	bench.model[first->backend].hold = HOLD_ALL;
	reply_model(first);
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_pass(SEC);
	expect_serial(t, 4);
	transfer("");
	bench_checkpoint();
	bench_restart();
	expect_used(5, 0);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 3 -12\nCem 1 5\n");
}
END_TEST

/* All that a start works out is there, or the next one would lack it. */
START_TEST(the_next_one_is_the_same)
{
	_cleanup_(buf_done) struct buf first = { 0 };
	size_t len;

	/* A name that is not configured, in front of a copy. */
	bench_chain(&(struct history){ .of_on = 4,
				       .of = "Z",
				       .sender = "Ali",
				       .receiver = "Ben",
				       .amount = 1,
				       .id = "id-4" });
	bench_open();
	transfer("id-5");
	bench_checkpoint();
	len = bench.checkpoint.file.len - SEAL_LINE_LEN;
	ck_assert_int_eq(buf_add(&first, bench.checkpoint.file.data, len), 0);
	ck_assert_ptr_nonnull(memmem(first.data, len, "\nstranger Z\n", 12));
	ck_assert_ptr_nonnull(memmem(first.data, len, "\nold 3\n", 7));
	*(char *)memmem(first.data, len, "epoch 1\n", 8) = 'E';
	bench_restart();
	expect_used(5, 0);
	bench_checkpoint();
	ck_assert_uint_eq(bench.checkpoint.file.len - SEAL_LINE_LEN, len);
	memcpy(memmem(bench.checkpoint.file.data, len, "epoch 2\n", 8),
	       "Epoch 1\n", 8);
	ck_assert_mem_eq(bench.checkpoint.file.data, first.data, len);
}
END_TEST

START_TEST(it_waits_for_who_counts)
{
	have_one();
	bench.model[1].hold = HOLD(FRAME_SUM);
	bench_restart();
	bench_pass(60 * SEC);
	ck_assert(!bench_info().open);
	ck_assert_uint_eq(bench_held(-1, FRAME_FETCH), 0);
	bench.model[1].hold = 0;
	bench_pass(10 * SEC);
	expect_used(5, 0);
	expect_ledger(5, 993, 992);
}
END_TEST

/* Not using it. */

static void claimed_since(void)
{
	bench.model[2].promised++;
}

static void promises_are_older(void)
{
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].promised = 0;
}

static void other_initial(void)
{
	ck_assert_int_eq(amount_from_u64(1001, &bench.config.initial_balance),
			 0);
}

static void other_copies(void)
{
	bench.config.copies = 2;
}

/* The records of a backend, without those from @serial on, or only that one. */
static void drop_records(unsigned backend, uint64_t serial, bool only)
{
	_cleanup_(buf_done) struct buf left = { 0 };

	for (uint64_t s = 1; s <= 5; s++) {
		struct slice line = model_line(backend, s);

		if (line.len && s != serial && (only || s < serial))
			ck_assert_int_eq(buf_addf(&left, "%.*s\n",
						  SLICE_ARG(line)), 0);
	}
	model_forget(backend);
	if (left.len)
		model_add(backend, (const char *)left.data, left.len);
}

static unsigned holder_of(uint64_t serial)
{
	for (unsigned i = 0; i < BACKENDS; i++)
		if (model_line(i, serial).len)
			return i;
	ck_abort_msg("nobody holds it");
}

static void all_end_before(void)
{
	for (unsigned i = 0; i < BACKENDS; i++)
		drop_records(i, 5, false);
}

/* Another one goes on from serial 3. */
static void went_another_way(void)
{
	unsigned at[2] = { holder_of(4), holder_of(5) };

	for (unsigned i = 0; i < BACKENDS; i++)
		drop_records(i, 4, false);
	for (unsigned i = 0; i < 2; i++)
		bench_chain(&(struct history){ .on = 1u << at[i],
					       .sender = "Ben",
					       .receiver = "Ali",
					       .amount = 2 });
}

static struct buf *file(void)
{
	return &bench.checkpoint.file;
}

static void is_cut_short(void)
{
	file()->len--;
}

static void is_flipped(void)
{
	file()->data[60] ^= 1;
}

/* Something in it is something else of that length, and its seal fits. */
static void forge(const char *from, const char *to)
{
	char *at = memmem(file()->data, file()->len, from, strlen(from));
	uint8_t seal[32];
	char hex[64];

	ck_assert_ptr_nonnull(at);
	memcpy(at, to, strlen(to));
	(void)crypto_generichash(seal, sizeof(seal), file()->data,
				 file()->len - SEAL_LINE_LEN, NULL, 0);
	format_hex(seal, sizeof(seal), hex);
	memcpy(file()->data + file()->len - SEAL_LINE_LEN + 5, hex,
	       sizeof(hex));
}

static void other_backends(void)
{
	forge("backend C ", "backend D ");
}

static void other_tip(void)
{
	forge("\nhash ", "\nhash 0123456789");
}

static void other_serial(void)
{
	forge("\nserial 5\n", "\nserial 4\n");
	forge("\nrecords 5\n", "\nrecords 4\n");
}

static const struct {
	void (*spoil)(void);
	const char *why; /* NULL: that differs */
	uint64_t serial; /* of the ledger that opens */
	uint64_t ali;
} misfits[] = {
	{ claimed_since, "it was written in epoch 1, and the last one was 2",
	  5, 993 },
	{ promises_are_older,
	  "it was written in epoch 1, and the last one was 0", 5, 993 },
	{ other_initial, "its users began with 1000 coins", 5, 994 },
	{ other_copies, "it was written with copies = 1", 5, 993 },
	{ all_end_before,
	  "it is of serial 5, and the backends end at 4", 4, 994 },
	{ went_another_way,
	  "it is of another history: serial 5 has another hash", 5, 999 },
	{ is_cut_short, "it is damaged, its seal does not fit", 5, 993 },
	{ is_flipped, "it is damaged, its seal does not fit", 5, 993 },
	{ other_backends, "it was written with other backends (D)", 5, 993 },
	{ other_tip, "it is of another history: serial 5 has another hash", 5,
	  993 },
	{ other_serial, NULL, 5, 993 },
};

START_TEST(one_that_does_not_fit_is_thrown_away)
{
	/* The chain that another one goes on with. */
	uint8_t tip[CHAIN_HASH_SIZE];
	int64_t time = bench.time;

	memcpy(tip, bench.tip, sizeof(tip));
	have_one();
	memcpy(bench.tip, tip, sizeof(tip));
	bench.time = time;
	bench.serial = 3;
	misfits[_i].spoil();
	bench_restart();
	bench_pass(2 * SEC);
	if (misfits[_i].why)
		expect_unused(misfits[_i].why);
	ck_assert_uint_eq(bench.checkpoint.discarded, 1);
	ck_assert(bench_info().open);
	ck_assert_uint_eq(bench_info().serial, misfits[_i].serial);
	expect_balance("Ali", misfits[_i].ali);
	/* And the next one is as good as ever. */
	if (bench.config.copies > 1)
		return;
	bench.checkpoint.discarded = 0;
	bench_checkpoint();
	bench_restart();
	expect_used(misfits[_i].serial, 0);
	expect_balance("Ali", misfits[_i].ali);
}
END_TEST

START_TEST(records_that_are_missing_are_missed)
{
	char why[128];

	have_one();
	/* The newest serial is on no backend of those that lack one. */
	drop_records(0, 1, true);
	bench_restart();
	(void)snprintf(why, sizeof(why),
		       "backend A holds %u transactions up to serial 5 and "
		       "held %u",
		       (unsigned)bench.model[0].records,
		       (unsigned)bench.model[0].records + 1);
	expect_unused(why);
	/* Found now, and not by a question to come. */
	ck_assert_uint_eq(bench_info().gaps, 1);
}
END_TEST

START_TEST(a_lost_backend_is_another_situation)
{
	bench_open_copies(2);
	transfer("");
	bench_pass(2 * SEC);
	bench_checkpoint();
	bench.config.backend[2].lost = true;
	bench_restart();
	expect_unused("it was written with other backends (C)");
	bench_pass(2 * SEC);
	expect_balance("Ali", 989);
	/* Nor is there another one without it. */
	engine_checkpoint(bench.e);
	bench_pass(SEC);
	ck_assert(!engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench.checkpoint.stored, 1);
}
END_TEST

START_TEST(a_backend_that_is_added_meanwhile_does_not_count)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench.config.backends = 2;
	bench_open();
	transfer("");
	bench_checkpoint();
	/* The new one comes while the others are asked what they hold. */
	bench.model[1].hold = HOLD(FRAME_SUM);
	bench_restart();
	bench.config.backends = 3;
	engine_add_backend(bench.e, &bench.config.backend[2]);
	bench_run();
	bench.model[1].hold = 0;
	bench_pass(SEC);
	expect_used(2, 0);
	expect_balance("Ali", 989);
	/* From the next start on it is part of the ledger. */
	transfer("");
	bench_checkpoint();
	bench_restart();
	expect_used(3, 0);
}
END_TEST

/* Writing it. */

START_TEST(the_same_state_is_not_written_twice)
{
	have_one();
	engine_checkpoint(bench.e);
	bench_pass(SEC);
	ck_assert(!engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench.checkpoint.begun, 1);
	transfer("");
	bench_checkpoint();
	ck_assert_uint_eq(bench_info().checkpoint, 6);
}
END_TEST

START_TEST(one_is_written_now_and_then)
{
	bench.config.checkpoint_records = 6;
	bench.config.checkpoint_pause = 60 * SEC;
	bench_open();
	transfer("");
	transfer("");
	bench_pass(SEC);
	ck_assert_uint_eq(bench.checkpoint.stored, 0);
	transfer("");
	bench_pass(0);
	ck_assert_uint_eq(bench.checkpoint.stored, 1);
	ck_assert_uint_eq(bench_info().checkpoint, 6);
	/* Enough of them again, but too soon; it is not looked at till then. */
	for (int i = 0; i < 10; i++)
		transfer("");
	bench_pass(SEC);
	ck_assert_int_ge(engine_next(bench.e), bench.now + 8 * SEC);
	bench_pass(59 * SEC - MSEC);
	ck_assert_uint_eq(bench.checkpoint.stored, 1);
	bench_pass(MSEC);
	ck_assert_uint_eq(bench.checkpoint.stored, 2);
	ck_assert_uint_eq(bench_info().checkpoint, 16);
}
END_TEST

START_TEST(a_start_with_many_records_writes_one)
{
	bench.config.checkpoint_records = 5;
	have_one();
	bench_restart();
	bench_pass(0);
	ck_assert_uint_eq(bench.checkpoint.stored, 2);
	ck_assert_uint_eq(bench_info().checkpoint, 5);
	bench_restart();
	ck_assert_uint_eq(bench_info().serial, 5);
	ck_assert_uint_eq(
		bench_logged("Started from the checkpoint of serial 5; 0 "
			     "transactions lie past it."),
		2);
}
END_TEST

/* Its timers are those of signs of life, whatever is on disk. */
START_TEST(an_idle_ledger_is_left_alone)
{
	unsigned begun;

	bench.config.checkpoint_records = 2;
	bench.config.checkpoint_pause = SEC;
	bench_open();
	for (int i = 0; i < 5; i++)
		transfer("");
	bench_pass(LINK_PING_IDLE);
	begun = bench.checkpoint.begun;
	for (int i = 0; i < 20; i++) {
		int64_t next = engine_next(bench.e);

		ck_assert_int_ge(next, bench.now + LINK_PING_IDLE - SEC);
		bench_pass(next - bench.now);
	}
	ck_assert_uint_eq(bench.checkpoint.begun, begun);
}
END_TEST

START_TEST(nor_if_there_can_be_none)
{
	bench.config.checkpoint_records = 2;
	bench.config.checkpoint_pause = SEC;
	bench_open();
	bench_pass(LINK_PING_IDLE);
	/* Its newest record bears no hash to know it by. */
	for (int i = 0; i < 20; i++) {
		int64_t next = engine_next(bench.e);

		ck_assert_int_ge(next, bench.now + LINK_PING_IDLE - SEC);
		bench_pass(next - bench.now);
	}
	engine_checkpoint(bench.e);
	bench_pass(SEC);
	ck_assert(!engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench.checkpoint.begun, 0);
}
END_TEST

START_TEST(none_while_records_are_on_too_few)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench.config.copies = 2;
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD_REFILLS;
	bench_open();
	ck_assert_uint_eq(bench_info().thin, 1);
	transfer("");
	engine_checkpoint(bench.e);
	bench_pass(0);
	ck_assert_uint_eq(bench.checkpoint.begun, 0);
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_pass(60 * SEC);
	ck_assert(bench_info().open && !bench_info().refilling);
	transfer("");
	bench_checkpoint();
	bench_restart();
	bench_pass(SEC);
	ck_assert_uint_eq(bench.checkpoint.discarded, 0);
	ck_assert_uint_eq(bench_info().refilled, 0);
}
END_TEST

/* Only if there is any doubt: they may be gone when main is to end. */
START_TEST(backends_are_asked_only_in_doubt)
{
	bench_open();
	transfer("");
	for (unsigned i = 0; i < BACKENDS; i++)
		bench_down(i);
	bench_checkpoint();
	for (unsigned i = 0; i < BACKENDS; i++)
		bench_up(i);
	bench_restart();
	bench_pass(SEC);
	expect_used(4, 0);
}
END_TEST

/* A batch that went to another one, and who did not answer then. */
static void be_in_doubt(void)
{
	struct question *first;
	struct told *t;

	bench_open();
	expect_balance("Ali", 995);
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	first = bench_take(-1, FRAME_APPEND);
	engine_refused(bench.e, first->backend);
	reply_model(bench_take(-1, FRAME_APPEND));
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_pass(SEC);
	expect_serial(t, 4);
}

START_TEST(in_doubt_they_are_asked)
{
	be_in_doubt();
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_SUM);
	engine_checkpoint(bench.e);
	bench_pass(0);
	for (unsigned i = 0; i < BACKENDS; i++) {
		struct message_sum m = asked_sum(bench_peek((int)i, FRAME_SUM));

		ck_assert(m.filter.everything);
		ck_assert_uint_eq(m.after, 0);
		ck_assert_uint_eq(m.upto, 4);
		ck_assert_uint_eq(m.user.len, 0);
	}
	/* What comes meanwhile is not in it. */
	transfer("");
	for (unsigned i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_pass(100 * MSEC);
	ck_assert_uint_eq(bench_info().checkpoint, 4);
	bench_restart();
	expect_used(4, 1);
	expect_ledger(5, 993, 992);
	/* No doubt is left, and the counts are those of now. */
	bench_checkpoint();
	bench_restart();
	expect_used(5, 0);
}
END_TEST

/* What they have said is counted on from there. */
START_TEST(they_are_asked_once)
{
	be_in_doubt();
	bench_checkpoint();
	for (unsigned i = 0; i < BACKENDS; i++)
		ck_assert_uint_eq(bench.model[i].sent[FRAME_SUM], 1);
	transfer("");
	bench_checkpoint();
	for (unsigned i = 0; i < BACKENDS; i++)
		ck_assert_uint_eq(bench.model[i].sent[FRAME_SUM], 1);
	bench_restart();
	expect_used(5, 0);
}
END_TEST

START_TEST(no_answer_no_checkpoint)
{
	be_in_doubt();
	bench.model[2].hold = HOLD(FRAME_SUM);
	engine_checkpoint(bench.e);
	bench_pass(BENCH_TIMEOUT + SEC);
	ck_assert(!engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench.checkpoint.begun, 0);
	ck_assert_uint_eq(
		bench_logged("The checkpoint could not be written: backend C "
			     "does not say what it holds."),
		1);
	/* They are asked again the next time. */
	bench.model[2].hold = 0;
	bench_checkpoint();
	bench_restart();
	expect_used(4, 0);
}
END_TEST

/* Orders are done between its pieces, and it is as of the serial it says. */
START_TEST(what_is_done_meanwhile_is_not_in_it)
{
	bench_open();
	transfer("");
	bench.checkpoint.commit_error = -EINPROGRESS;
	engine_checkpoint(bench.e);
	bench_flush();
	transfer("");
	bench_pass(0);
	ck_assert(engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench_info().checkpoint, 0);
	transfer("");
	bench_store_checkpoint();
	engine_checkpoint_committed(bench.e, 0);
	bench_flush();
	ck_assert(!engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench_info().checkpoint, 4);
	bench_restart();
	expect_used(4, 2);
	expect_ledger(6, 992, 993);
}
END_TEST

static void fail_begin(void)
{
	bench.checkpoint.begin_error = -EACCES;
}

static void fail_write(void)
{
	bench.checkpoint.write_error = -ENOSPC;
}

static void fail_commit(void)
{
	bench.checkpoint.commit_error = -EIO;
}

START_TEST(a_failure_is_said_and_no_more)
{
	static void (*const fail[])(void) = { fail_begin, fail_write,
					      fail_commit };
	static const char *const why[] = { "Permission denied",
					   "No space left on device",
					   "Input/output error" };
	char sentence[128];

	bench.config.checkpoint_records = 1;
	bench.config.checkpoint_pause = SEC;
	bench_open();
	fail[_i]();
	transfer("");
	bench_pass(60 * SEC);
	(void)snprintf(sentence, sizeof(sentence),
		       "The checkpoint could not be written: %s.", why[_i]);
	/* Once: nothing came that would be a reason to try again. */
	ck_assert_uint_eq(bench_logged(sentence), 1);
	ck_assert_uint_eq(bench.checkpoint.aborted, 1);
	ck_assert_uint_eq(bench.checkpoint.file.len, 0);
	ck_assert_uint_eq(bench_info().checkpoint, 0);
	bench.checkpoint.begin_error = 0;
	bench.checkpoint.write_error = 0;
	bench.checkpoint.commit_error = 0;
	transfer("");
	bench_pass(2 * SEC);
	ck_assert_uint_eq(bench_info().checkpoint, 5);
}
END_TEST

START_TEST(one_that_is_under_way_ends_with_the_engine)
{
	bench_open();
	transfer("");
	bench.checkpoint.commit_error = -EINPROGRESS;
	engine_checkpoint(bench.e);
	bench_flush();
	bench.e = engine_free(bench.e);
	ck_assert_uint_eq(bench.checkpoint.aborted, 1);
	/* But not while another thread has the file. */
	bench_restart();
	engine_checkpoint(bench.e);
	bench_pass(0);
	ck_assert(engine_checkpointing(bench.e));
	bench.e = engine_free(bench.e);
	ck_assert_uint_eq(bench.checkpoint.aborted, 1);
}
END_TEST

START_TEST(who_was_replaced_writes_none)
{
	bench_open();
	transfer("");
	bench.checkpoint.commit_error = -EINPROGRESS;
	engine_checkpoint(bench.e);
	bench_pass(0);
	bench.model[0].promised = 9;
	bench_pass(LINK_PING_IDLE + SEC);
	expect_stopped(ENGINE_STOP_FENCED, NULL);
	engine_checkpoint_committed(bench.e, 0);
	ck_assert_uint_eq(bench_logged("Checkpoint of serial 4 written."), 0);
	engine_checkpoint(bench.e);
	ck_assert(!engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench.checkpoint.begun, 1);
}
END_TEST

START_TEST(it_is_asked_for_before_it_is_open)
{
	bench_chain(&(struct history){
		.on = 1, .sender = "Ali", .receiver = "Ben", .amount = 1 });
	bench.model[0].hold = HOLD(FRAME_PING);
	bench_start();
	engine_checkpoint(bench.e);
	ck_assert(!engine_checkpointing(bench.e));
	bench.model[0].hold = 0;
	bench_pass(SEC);
	ck_assert(bench_info().open);
	ck_assert_uint_eq(bench.checkpoint.begun, 0);
	bench_checkpoint();
}
END_TEST

static TCase *use_case(void)
{
	TCase *c = tcase_create("use");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, a_start_reads_from_its_record_on);
	tcase_add_test(c, what_lies_past_it_is_added);
	tcase_add_test(c, ids_are_known_on_both_sides_of_it);
	tcase_add_test(c, the_last_batch_is_completed_as_ever);
	tcase_add_test(c, irregular_ranges_are_restored);
	tcase_add_test(c, the_next_one_is_the_same);
	tcase_add_test(c, it_waits_for_who_counts);
	tcase_add_loop_test(c, one_that_does_not_fit_is_thrown_away, 0,
			    (int)ELEMENTS(misfits));
	tcase_add_test(c, records_that_are_missing_are_missed);
	tcase_add_test(c, a_lost_backend_is_another_situation);
	tcase_add_test(c, a_backend_that_is_added_meanwhile_does_not_count);
	return c;
}

static TCase *write_case(void)
{
	TCase *c = tcase_create("write");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, the_same_state_is_not_written_twice);
	tcase_add_test(c, one_is_written_now_and_then);
	tcase_add_test(c, a_start_with_many_records_writes_one);
	tcase_add_test(c, an_idle_ledger_is_left_alone);
	tcase_add_test(c, nor_if_there_can_be_none);
	tcase_add_test(c, none_while_records_are_on_too_few);
	tcase_add_test(c, backends_are_asked_only_in_doubt);
	tcase_add_test(c, in_doubt_they_are_asked);
	tcase_add_test(c, they_are_asked_once);
	tcase_add_test(c, no_answer_no_checkpoint);
	tcase_add_test(c, what_is_done_meanwhile_is_not_in_it);
	tcase_add_loop_test(c, a_failure_is_said_and_no_more, 0, 3);
	tcase_add_test(c, one_that_is_under_way_ends_with_the_engine);
	tcase_add_test(c, who_was_replaced_writes_none);
	tcase_add_test(c, it_is_asked_for_before_it_is_open);
	return c;
}

Suite *test_engine_checkpoint(void)
{
	Suite *s = suite_create("engine: checkpoint");

	suite_add_tcase(s, use_case());
	suite_add_tcase(s, write_case());
	return s;
}
