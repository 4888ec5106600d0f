/* SPDX-License-Identifier: MIT */
/*
 * Backends that are gone, for a while or for good: what is answered without
 * them, when nothing is, and what becomes of those that return.
 */
#include "config.h"

#include <string.h>

#include "test_engine_bench.h"

#define A 1u
#define B 2u
#define C 4u

static void chain_on(unsigned on)
{
	bench_chain(&(struct history){ .on = on,
				       .sender = "Ali",
				       .receiver = "Ben",
				       .amount = 1 });
}

static void begin(uint32_t copies)
{
	bench_forget_history();
	bench.config.copies = copies;
}

/* Home, then who keeps a copy: each pair has some records. */
static const char pairs[][2] = { { 0, 1 }, { 1, 2 }, { 2, 0 } };
static const char *const names[BACKENDS] = { "A", "B", "C" };

static void eight_in_pairs(void)
{
	static const char *const users[] = { "Ali", "Ben", "Cem", "Dan" };

	/* The fourth would be from Ben to Ben. */
	for (unsigned i = 0; i < 9; i++) {
		const char *pair = pairs[i % 3];
		const struct history h = { .on = 1u << pair[0],
					   .of_on = 1u << pair[1],
					   .of = names[(size_t)pair[0]],
					   .sender = users[i % 2],
					   .receiver = users[i % 3 + 1],
					   .id = i == 4 ? "four" : NULL,
					   .amount = i + 1 };

		if (strcmp(h.sender, h.receiver) != 0)
			bench_chain(&h);
	}
}

/* Every kind of question. */
enum kind { STATS, HISTORY, LIST, SHOW, SHOW_ID, TXLIST, KINDS };

static const char *const kinds[KINDS] = { "stats",   "history", "list",
					  "show",    "show id", "txlist" };

static struct told *ask(enum kind kind)
{
	switch (kind) {
	case STATS:
		return order_stats("Ben");
	case HISTORY:
		return order_history("Ben", 2, 100);
	case LIST:
		return order_list(1, 100);
	case SHOW:
		return order_show(3);
	case SHOW_ID:
		return order_show_id("four");
	case TXLIST:
		return order_txlist();
	case KINDS:
		break;
	}
	ck_abort_msg("no such kind");
}

/* What was told, with what became of the statement. */
static void keep_answer(const struct told *t, struct buf *ret)
{
	expect_done(t);
	ck_assert_int_eq(buf_add(ret, t->text.data, t->text.len), 0);
	ck_assert_int_eq(buf_add(ret, bench.statement.data,
				 bench.statement.len), 0);
	ck_assert_uint_gt(ret->len, 0);
	buf_clear(&bench.statement);
}

static void expect_same(const struct told *t, const struct buf *expected,
			enum kind kind, int without)
{
	_cleanup_(buf_done) struct buf got = { 0 };

	ck_assert_msg(t->code == OUTCOME_DONE, "%s without %s: %s",
		      kinds[kind], names[without], t->sentence);
	keep_answer(t, &got);
	ck_assert_msg(got.len == expected->len &&
			      memcmp(got.data, expected->data, got.len) == 0,
		      "%s without %s:\n%.*s", kinds[kind], names[without],
		      (int)got.len, (const char *)got.data);
}

static void open_pairs(void)
{
	begin(2);
	eight_in_pairs();
	bench_open();
	ck_assert(!bench_info().refilling);
}

/* Loops: the kind, times the backend that is gone. */
static enum kind kind_of(int i)
{
	return (enum kind)(i / BACKENDS);
}

START_TEST(any_one_may_be_down)
{
	_cleanup_(buf_done) struct buf expected = { 0 };
	unsigned gone = (unsigned)_i % BACKENDS;
	struct told *t;

	open_pairs();
	t = ask(kind_of(_i));
	bench_run();
	keep_answer(t, &expected);
	bench_down(gone);
	/* It may be back soon: until then they wait. */
	t = ask(kind_of(_i));
	bench_pass(900 * MSEC);
	if (kind_of(_i) != SHOW && kind_of(_i) != SHOW_ID)
		expect_waiting(t);
	bench_pass(200 * MSEC);
	expect_same(t, &expected, kind_of(_i), (int)gone);
	bench_pass(20 * SEC);
	t = ask(kind_of(_i));
	bench_run();
	expect_same(t, &expected, kind_of(_i), (int)gone);
	expect_balance("Dan", 1018);
}
END_TEST

/* Some pages have come, of all and of the one that goes: it begins anew. */
START_TEST(one_may_go_down_in_the_middle)
{
	_cleanup_(buf_done) struct buf expected = { 0 };
	static const enum frame_type types[] = { FRAME_STATS, FRAME_SUM,
						 FRAME_FETCH };
	unsigned gone = (unsigned)_i % BACKENDS;
	struct told *t;

	for (size_t i = 0; i < BACKENDS; i++) {
		bench.model[i].page = 1;
		bench.model[i].partners = 1;
	}
	open_pairs();
	t = ask(kind_of(_i));
	bench_run();
	keep_answer(t, &expected);
	/* Everybody answers the first question of each kind, and no more. */
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_STATS) | HOLD(FRAME_SUM) |
				      HOLD(FRAME_FETCH);
	t = ask(kind_of(_i));
	for (size_t k = 0; k < ELEMENTS(types); k++) {
		bench_run();
		for (unsigned i = 0; i < BACKENDS; i++)
			if (bench_peek((int)i, types[k]))
				reply_model(bench_take((int)i, types[k]));
	}
	bench_down(gone);
	for (unsigned i = 0; i < BACKENDS; i++)
		if (i != gone)
			bench_up(i);
	bench_pass(2 * SEC);
	expect_same(t, &expected, kind_of(_i), (int)gone);
	/* Back again, it is asked with the others. */
	bench_up(gone);
	bench_pass(2 * SEC);
	t = ask(kind_of(_i));
	bench_run();
	expect_same(t, &expected, kind_of(_i), (int)gone);
}
END_TEST

START_TEST(two_may_not_be_down)
{
	struct told *t;

	open_pairs();
	bench_down(0);
	bench_down(2);
	t = ask(kind_of(_i * BACKENDS));
	bench_pass(BENCH_TIMEOUT + SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/* What only the one that is down holds is missing, refilling or not. */
START_TEST(not_who_alone_holds_something)
{
	struct told *t;

	begin(2);
	chain_on(A);
	chain_on(B);
	bench_copy(1, 2, 2, "B");
	bench.model[1].hold = HOLD_REFILLS;
	bench.model[2].hold = HOLD_REFILLS;
	bench_open();
	ck_assert_uint_eq(bench_info().thin, 1);
	expect_balance("Ali", 998);
	bench_down(0);
	t = order_stats("Ali");
	bench_pass(2 * SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Backend A does not answer, and without it the answer "
		       "would not be complete.");
	/* Another one may be. */
	bench_up(0);
	bench_pass(2 * SEC);
	bench_down(1);
	t = order_stats("Ali");
	bench_pass(2 * SEC);
	expect_text(t, "Ben 2 -2\n");
}
END_TEST

/* Two call it their own; the first of them that is there counts. */
START_TEST(a_record_with_two_homes_counts_once_without_one)
{
	unsigned gone = (unsigned)_i;
	struct told *t;

	begin(2);
	chain_on(A | B);
	chain_on(C);
	bench_copy(2, 0, 2, "C");
	bench_copy(2, 1, 2, "C");
	bench_open();
	bench_down(gone);
	bench_pass(2 * SEC);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 2 -2\n");
	t = order_list(1, 10);
	bench_run();
	expect_text(t, "1 Ali Ben 1\n2 Ali Ben 1\n");
	t = order_history("Ben", 2, 10);
	bench_run();
	expect_text(t, "2 Ali Ben 1 =1002\n");
}
END_TEST

/* Declared lost. */

START_TEST(the_lost_is_never_asked)
{
	struct told *t;

	begin(2);
	eight_in_pairs();
	bench.config.backend[_i].lost = true;
	model_forget((unsigned)_i);
	bench_open();
	bench_pass(30 * SEC);
	for (size_t type = 0; type <= FRAME_ERROR; type++)
		ck_assert_uint_eq(bench.model[_i].sent[type], 0);
	ck_assert_uint_eq(bench.model[_i].refills, 0);
	expect_state((unsigned)_i, ENGINE_BACKEND_LOST);
	ck_assert(!bench_info().refilling);
	t = order_transfer("Ali", "Ben", "1");
	bench_run();
	expect_done(t);
	t = order_show_id("four");
	bench_run();
	expect_text(t, "4 Ali Cem 5\n");
}
END_TEST

/* Only the lost had them: that is not what "lost" is for. */
START_TEST(what_only_the_lost_had_is_named)
{
	static const struct {
		unsigned on[5];
		const char *sentence;
	} cases[] = {
		{ { B, A, B, B, C },
		  "Serial 3 (backend B): records are missing before it; serial "
		  "2 is on no backend that answers, and backend A is declared "
		  "lost." },
		{ { B, A, A, A, C },
		  "Serial 5 (backend C): records are missing before it; serials "
		  "2 to 4 are on no backend that answers, and backend A is "
		  "declared lost." },
		{ { A, B, C, B, C },
		  "Serial 2 (backend B): records are missing before it; serial "
		  "1 is on no backend that answers, and backend A is declared "
		  "lost." },
	};

	begin(2);
	for (size_t i = 0; i < ELEMENTS(cases[_i].on); i++)
		chain_on(cases[_i].on[i]);
	model_forget(0);
	bench.config.backend[0].lost = true;
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY, cases[_i].sentence);
	ck_assert_uint_eq(bench.openings, 0);
}
END_TEST

/* Old ones have no hash that would tell; the first that has one does. */
START_TEST(old_records_that_only_the_lost_had_are_named)
{
	begin(2);
	bench_line(B, "1 Ali Ben 10");
	bench_line(A, "2 Ben Ali 5");
	bench_line(C, "3 Ben Ali 5");
	bench_line(A, "4 Ben Ali 5");
	bench_line(C, "5 Ben Ali 5");
	chain_on(B);
	model_forget(0);
	bench.config.backend[0].lost = true;
	bench_start();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "Serial 6 (backend B): its hash does not follow from the "
		       "record before it; 2 serials, the first is 2, are on no "
		       "backend that answers, and backend A is declared lost.");
}
END_TEST

/* Returned. */

/* A had the first as its own, and kept the second; since then it was lost. */
static void lost_and_refilled(void)
{
	begin(2);
	chain_on(A);
	bench_copy(0, 1, 1, "A");
	bench_copy(0, 2, 1, "A,B");
	chain_on(B);
	bench_copy(1, 0, 2, "B");
	bench_copy(1, 2, 2, "B,A");
	chain_on(C);
	bench_copy(2, 1, 3, "C");
	for (unsigned i = 1; i < BACKENDS; i++)
		bench.model[i].promised = 9;
	bench.config.backend[0].lost_in = 9;
}

START_TEST(who_returns_begins_empty_and_gets_its_own_back)
{
	struct question *q;
	struct message_claim claim;
	struct told *t;

	lost_and_refilled();
	bench.model[0].promised = 7;
	bench.model[0].hold = HOLD(FRAME_CLAIM) | HOLD_REFILLS;
	bench_start();
	q = bench_take(0, FRAME_CLAIM);
	ck_assert_int_eq(message_get_claim(q->f.payload, &claim), 0);
	ck_assert_uint_eq(claim.lost_in, 9);
	ck_assert_uint_eq(q->f.epoch, 10);
	reply_model(q);
	bench_run();
	ck_assert(bench_info().open);
	ck_assert_uint_eq(bench.model[0].emptied, 1);
	ck_assert_uint_eq(bench_info().backend[0].records, 0);
	ck_assert_uint_eq(bench_logged("Backend A was declared lost in epoch 9 "
				       "and is back."), 1);
	expect_state(0, ENGINE_BACKEND_RETURNING);
	/* It lacks what it was: the others count in its place. */
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 3 -3\n");
	bench.model[0].hold = 0;
	bench_run();
	bench_pass(20 * SEC);
	ck_assert(!bench_info().refilling);
	ck_assert_uint_eq(bench_logged("has lost records"), 0);
	expect_state(0, ENGINE_BACKEND_UP);
	ck_assert_str_eq(model_of(0, 1), "");
	/* What it kept for B has its copy on C. */
	ck_assert_ptr_null(model_of(0, 2));
	ck_assert_ptr_null(model_of(0, 3));
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 3 -3\n");
	bench_down(0);
	bench_pass(2 * SEC);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 3 -3\n");
}
END_TEST

/* Told of an epoch that it has promised more than since: it was part of it. */
START_TEST(who_was_here_since_keeps_what_it_has)
{
	lost_and_refilled();
	bench.model[0].promised = 10;
	bench_open();
	ck_assert_uint_eq(bench.model[0].emptied, 0);
	ck_assert_uint_eq(bench_info().epoch, 11);
	ck_assert_str_eq(model_of(0, 2), "B");
}
END_TEST

/* It is no answer to a claim that it did not see: it comes again. */
START_TEST(a_new_epoch_is_above_the_one_it_was_lost_in)
{
	lost_and_refilled();
	bench.model[0].promised = 1;
	bench.model[1].promised = 2;
	bench.model[2].promised = 3;
	bench_open();
	ck_assert_uint_eq(bench_info().epoch, 10);
	ck_assert_uint_eq(bench.model[0].emptied, 1);
}
END_TEST

/* It alone promised claims that came to nothing; what it held then is not history. */
START_TEST(who_promised_more_than_the_rest_is_set_aside_as_well)
{
	begin(2);
	chain_on(B);
	bench_copy(1, 2, 1, "B");
	chain_on(A); /* never finished: serial 2 */
	bench.model[0].promised = 20;
	bench.model[1].promised = 9;
	bench.model[2].promised = 9;
	bench.config.backend[0].lost = true;
	bench_open();
	ck_assert_uint_eq(bench_info().serial, 1);
	(void)order_transfer("Ben", "Ali", "7"); /* another serial 2 */
	bench_run();
	ck_assert_uint_eq(bench_info().serial, 2);
	bench.config.backend[0].lost = false;
	bench.config.backend[0].lost_in = bench_info().epoch;
	bench_restart();
	ck_assert_msg(bench.stopped < 0, "%s", bench.stop);
	ck_assert_uint_eq(bench.model[0].emptied, 1);
}
END_TEST

/* While it gets them back it is not asked, nor may another one be missing. */
START_TEST(who_lacks_its_own_is_as_good_as_absent)
{
	struct told *t;

	lost_and_refilled();
	bench.model[0].hold = HOLD_REFILLS;
	bench_open();
	bench.model[0].hold |= HOLD(FRAME_STATS) | HOLD(FRAME_FETCH);
	t = order_stats("Ali");
	bench_run();
	expect_text(t, "Ben 3 -3\n");
	bench_down(1);
	t = order_stats("Ali");
	bench_pass(2 * SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE, NULL);
}
END_TEST

/* A copy that stands behind two who lack the record: first one, then both. */
START_TEST(what_it_kept_for_another_it_gets_back_as_a_copy)
{
	begin(3);
	chain_on(C);
	bench_copy(2, 0, 1, "C");
	bench_copy(2, 1, 1, "C,A");
	model_forget(0);
	model_forget(2);
	bench.config.copies = 2;
	bench_open();
	bench_pass(5 * SEC);
	ck_assert(!bench_info().refilling);
	ck_assert_str_eq(model_of(2, 1), "");
	ck_assert_str_eq(model_of(0, 1), "C");
	ck_assert_str_eq(model_of(1, 1), "C,A");
}
END_TEST

/* Vanished: empty, and nobody has said that it may be. */

static void known_records(uint64_t a, uint64_t b, uint64_t c)
{
	bench.config.backend[0].records = a;
	bench.config.backend[1].records = b;
	bench.config.backend[2].records = c;
}

static const char vanished[] =
	"Backend B is empty, but had 1 transactions when the ledger was open "
	"last: bring its block back, or declare it lost.";

START_TEST(who_has_lost_its_block_is_waited_for)
{
	_cleanup_(buf_done) struct buf block = { 0 };
	struct told *t;

	known_records(1, 1, 1);
	ck_assert_int_eq(buf_add(&block, bench.model[1].lines.data,
				 bench.model[1].lines.len), 0);
	model_forget(1);
	bench_start();
	bench_pass(60 * SEC);
	ck_assert(!bench_info().open);
	ck_assert_uint_eq(bench_logged(vanished), 1);
	ck_assert_str_eq(bench_info().waiting_for, "B");
	expect_state(1, ENGINE_BACKEND_EMPTY);
	for (size_t i = 0; i < BACKENDS; i++)
		ck_assert_uint_eq(bench.model[i].sent[FRAME_CLAIM], 0);
	t = order_balance("Ali");
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "The ledger is not open yet: waiting for backend B.");
	bench_down(1);
	model_add(1, (const char *)block.data, block.len);
	bench_up(1);
	bench_pass(20 * SEC);
	ck_assert(bench_info().open);
	expect_balance("Ben", 990);
}
END_TEST

/* Two disks at once: the third has what it had, so it is no backup. */
START_TEST(two_that_have_lost_their_blocks_are_no_backup)
{
	known_records(1, 1, 1);
	bench.config.accept_gaps = true;
	model_forget(1);
	model_forget(2);
	bench_start();
	ck_assert(!bench_info().open);
}
END_TEST

/* All are what they were at another time, or the ledger is another. */
START_TEST(a_backup_is_taken_as_it_is)
{
	static const uint64_t known[][3] = {
		{ 5, 1, 5 }, /* all have less */
		{ 0, 1, 0 }, /* nothing is known of the others */
		{ 0, 0, 0 },
	};

	known_records(known[_i][0], known[_i][1], known[_i][2]);
	bench.config.accept_gaps = true;
	model_forget(1);
	bench_open();
	ck_assert_uint_eq(bench_logged("is empty"), 0);
}
END_TEST

START_TEST(who_is_lost_or_was_may_be_empty)
{
	known_records(1, 1, 1);
	bench.config.copies = 2;
	bench.config.accept_gaps = true;
	model_forget(1);
	if (_i)
		bench.config.backend[1].lost = true;
	else
		bench.config.backend[1].lost_in = 5;
	bench_open();
	ck_assert_uint_eq(bench_logged("is empty"), 0);
}
END_TEST

static void add_answers(Suite *s)
{
	TCase *c = tcase_create("answers");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_loop_test(c, any_one_may_be_down, 0, KINDS * BACKENDS);
	tcase_add_loop_test(c, one_may_go_down_in_the_middle, 0,
			    KINDS * BACKENDS);
	tcase_add_loop_test(c, two_may_not_be_down, 0, KINDS);
	tcase_add_test(c, not_who_alone_holds_something);
	tcase_add_loop_test(c, a_record_with_two_homes_counts_once_without_one,
			    0, BACKENDS);
	suite_add_tcase(s, c);
}

UNIT_SUITE(test_engine_absent);

Suite *test_engine_absent(void)
{
	Suite *s = suite_create("engine: absent");
	TCase *c = tcase_create("losses");

	add_answers(s);
	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_loop_test(c, the_lost_is_never_asked, 0, BACKENDS);
	tcase_add_loop_test(c, what_only_the_lost_had_is_named, 0, 3);
	tcase_add_test(c, old_records_that_only_the_lost_had_are_named);
	tcase_add_test(c, who_returns_begins_empty_and_gets_its_own_back);
	tcase_add_test(c, who_was_here_since_keeps_what_it_has);
	tcase_add_test(c, a_new_epoch_is_above_the_one_it_was_lost_in);
	tcase_add_test(c, who_promised_more_than_the_rest_is_set_aside_as_well);
	tcase_add_test(c, who_lacks_its_own_is_as_good_as_absent);
	tcase_add_test(c, what_it_kept_for_another_it_gets_back_as_a_copy);
	tcase_add_test(c, who_has_lost_its_block_is_waited_for);
	tcase_add_test(c, two_that_have_lost_their_blocks_are_no_backup);
	tcase_add_loop_test(c, a_backup_is_taken_as_it_is, 0, 3);
	tcase_add_loop_test(c, who_is_lost_or_was_may_be_empty, 0, 2);
	suite_add_tcase(s, c);
	return s;
}
