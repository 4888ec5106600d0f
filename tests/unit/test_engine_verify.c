/* SPDX-License-Identifier: MIT */
/*
 * Verification: the history read anew, against what is remembered of it.
 */
#include "config.h"

#include <inttypes.h>

#include "main/engine_internal.h"
#include "main/query.h"
#include "util/parse.h"

#include "test_engine_bench.h"

/*
 * Behind the three old records: 4 on A, 5 on B, 6 on C with a copy on A, 7 on
 * A and B, both of which call it their own.
 */
static void make_history(void)
{
	bench_chain(&(struct history){
		.on = 1, .sender = "Ali", .receiver = "Ben", .amount = 7 });
	bench_chain(&(struct history){
		.on = 2, .sender = "Ben", .receiver = "Cem", .amount = 3 });
	bench_chain(&(struct history){ .on = 4,
				       .sender = "Cem",
				       .receiver = "Ali",
				       .amount = 2,
				       .of = "C",
				       .of_on = 1 });
	bench_chain(&(struct history){
		.on = 3, .sender = "Ali", .receiver = "Cem", .amount = 1 });
}

static void open_history(void)
{
	make_history();
	bench_open();
	/* With a lease, so that questions start at once. */
	expect_balance("Ali", 989);
}

/* Give @text, of the same length, for the first @was on a backend. */
static void change(unsigned backend, const char *was, const char *text)
{
	struct buf *lines = &bench.model[backend].lines;
	char *at;

	ck_assert_int_eq(buf_add(lines, "", 1), 0);
	lines->len--;
	at = strstr((char *)lines->data, was);
	ck_assert_msg(at != NULL, "no \"%s\"", was);
	ck_assert_uint_eq(strlen(was), strlen(text));
	memcpy(at, text, strlen(text));
}

/* Take the line that begins with @start out of a block. */
static void drop_line(unsigned backend, const char *start)
{
	struct buf *lines = &bench.model[backend].lines;
	char *at;
	char *end;

	ck_assert_int_eq(buf_add(lines, "", 1), 0);
	lines->len--;
	at = (char *)lines->data;
	while (strncmp(at, start, strlen(start)) != 0) {
		at = strchr(at, '\n');
		ck_assert_msg(at != NULL, "no \"%s\"", start);
		at++;
	}
	end = strchr(at, '\n') + 1;
	memmove(at, end, strlen(end) + 1);
	lines->len -= (size_t)(end - at);
}

static struct told *verify(void)
{
	struct told *t = order_verify(NULL, 0);

	bench_run();
	return t;
}

static void expect_verified(const struct told *t, uint64_t serial,
			    uint64_t records, const char *text)
{
	expect_text(t, text);
	ck_assert_uint_eq(t->serial, serial);
	ck_assert_uint_eq(t->balance, records);
}

static void expect_last(const char *result, uint64_t serial)
{
	const struct engine_info info = bench_info();

	ck_assert(!info.verify.running);
	ck_assert_str_eq(info.verify.last_result, result);
	ck_assert_uint_eq(info.verify.last_serial, serial);
	ck_assert_int_eq(info.verify.last_time, bench.wall);
}

START_TEST(a_whole_history_is_verified)
{
	struct told *t;

	open_history();
	ck_assert_str_eq(bench_info().verify.last_result, "none");
	ck_assert_int_eq(bench_info().verify.last_time, 0);
	t = verify();
	expect_verified(t, 7, 7, "3 3000 0");
	ck_assert_mem_eq(t->hash, bench.tip, CHAIN_HASH_SIZE);
	expect_last("ok", 7);
}
END_TEST

START_TEST(an_empty_one_is_too)
{
	struct told *t;

	bench_forget_history();
	bench_open();
	t = verify();
	expect_verified(t, 0, 0, "0 0 0");
	ck_assert_mem_eq(t->hash, chain_origin, CHAIN_HASH_SIZE);
}
END_TEST

START_TEST(gaps_that_were_there_are_none_of_its_faults)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_line(2, "5 Ben Cem 20");
	bench_open();
	expect_verified(verify(), 5, 2, "3 3000 3");
}
END_TEST

/* A record changed where it stands, and what is said of it. */
static const struct {
	unsigned backend;
	const char *was;
	const char *is;
	uint64_t serial; /* in the journal */
	const char *sentence;
} damages[] = {
	{ 0, "4 Ali Ben 7", "4 Ali Ben 8", 4,
	  "Serial 4 (backend A): its hash does not follow from the record "
	  "before it." },
	{ 0, "4 Ali Ben", "4 Ben Ali", 4,
	  "Serial 4 (backend A): its hash does not follow from the record "
	  "before it." },
	{ 1, "5 Ben Cem 3 t=2026", "5 Ben Cem 3 t=2027", 5,
	  "Serial 5 (backend B): its hash does not follow from the record "
	  "before it." },
	{ 1, "5 Ben Cem 3 t=2026", "5 Ben Cem 3 t=2025", 5,
	  "Serial 5 (backend B): its time lies before that of an earlier "
	  "record." },
	/* What an old record says is found by the first chained one. */
	{ 1, "2 Ben Cem 20", "2 Ben Cem 21", 4,
	  "Serial 4 (backend A): its hash does not follow from the record "
	  "before it." },
	{ 0, "1 Ali Ben 10", "1 Ali Zed 10", 4,
	  "Serial 4 (backend A): its hash does not follow from the record "
	  "before it." },
	/* A copy, and one of two that call it their own. */
	{ 0, "6 Cem Ali 2", "6 Cem Ali 3", 6,
	  "Serial 6 has different contents on backends A and C." },
	{ 1, "7 Ali Cem 1", "7 Ali Cem 2", 7,
	  "Serial 7 has different contents on backends A and B." },
	/* Under another serial. */
	{ 0, "4 Ali Ben 7", "5 Ali Ben 7", 5,
	  "Serial 5 has different contents on backends A and B." },
	{ 2, "3 Cem Ali 5", "9 Cem Ali 5", 3,
	  "Serial 3 is missing from the blocks." },
	{ 0, "4 Ali Ben 7", "2 Ali Ben 7", 2,
	  "Serial 2 has different contents on backends A and B." },
};

START_TEST(damage_is_found)
{
	struct told *t;

	open_history();
	change(damages[_i].backend, damages[_i].was, damages[_i].is);
	t = verify();
	expect_refused(t, OUTCOME_INTEGRITY, damages[_i].sentence);
	ck_assert_str_eq(bench.log, damages[_i].sentence);
	ck_assert_int_eq(bench.log_priority, LOG_CRIT);
	ck_assert_int_eq(bench.log_event, LOG_EVENT_INTEGRITY_FAULT);
	ck_assert_uint_eq(bench.log_serial, damages[_i].serial);
	expect_last(damages[_i].sentence, 7);

	/* The daemon goes on; and what is put right is right. */
	expect_balance("Ali", 989);
	change(damages[_i].backend, damages[_i].is, damages[_i].was);
	expect_verified(verify(), 7, 7, "3 3000 0");
	expect_last("ok", 7);
}
END_TEST

START_TEST(an_overdrawn_sender_is_found)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 1000");
	bench_open();
	change(0, "1000", "1001");
	expect_refused(verify(), OUTCOME_INTEGRITY,
		       "Serial 1 (backend A): its sender has too few coins "
		       "for it.");
}
END_TEST

/* One bit of each digit of a hash. */
START_TEST(a_changed_hash_is_found)
{
	static const char digits[] = "0123456789abcdef";
	char hex[CHAIN_HEX_SIZE + 1] = { 0 };
	char other[CHAIN_HEX_SIZE + 1] = { 0 };

	open_history();
	format_hex(bench.tip, CHAIN_HASH_SIZE, hex);
	for (size_t i = 0; i < CHAIN_HEX_SIZE; i++) {
		const char *digit = strchr(digits, hex[i]);

		memcpy(other, hex, sizeof(other));
		other[i] = digits[(size_t)(digit - digits) ^ 1U << i % 4];
		change(0, hex, other);
		change(1, hex, other);
		bench.tolds = 0;
		memset(bench.told, 0, sizeof(bench.told));
		expect_refused(verify(), OUTCOME_INTEGRITY,
			       "Serial 7 (backends A, B): its hash does not "
			       "follow from the record before it.");
		change(0, other, hex);
		change(1, other, hex);
	}
}
END_TEST

/* Of an old record, too, where a copy that was refilled bears it. */
START_TEST(a_changed_hash_of_an_old_record_is_found)
{
	char line[256];
	char hex[CHAIN_HEX_SIZE];
	char was[] = " h=?";
	char is[] = " h=?";

	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	format_hex(bench.tip, CHAIN_HASH_SIZE, hex);
	was[3] = hex[0];
	is[3] = hex[0] == '0' ? '1' : '0';
	(void)snprintf(line, sizeof(line), "1 Ali Ben 10 h=%.64s of=A\n", hex);
	model_add(1, line, strlen(line));
	bench_open();
	expect_verified(verify(), 1, 1, "2 2000 0");
	change(1, was, is);
	expect_refused(verify(), OUTCOME_INTEGRITY,
		       "Serial 1 (backends A, B): its hash does not follow "
		       "from the record before it.");
}
END_TEST

/* Records taken out. */
static const struct {
	unsigned on; /* backends */
	const char *start;
	const char *sentence; /* NULL: nobody misses it */
} losses[] = {
	{ 1, "1 ", "Serial 1 is missing from the blocks." },
	{ 2, "5 ", "Serial 5 is missing from the blocks." },
	{ 3, "7 ", "The blocks end at serial 6, and the ledger at 7." },
	/* The copy is left. */
	{ 4, "6 ", NULL },
	{ 1, "6 ", NULL },
};

START_TEST(a_lost_record_is_found)
{
	struct told *t;

	open_history();
	for (unsigned i = 0; i < BACKENDS; i++)
		if (losses[_i].on & 1U << i)
			drop_line(i, losses[_i].start);
	t = verify();
	if (losses[_i].sentence)
		expect_refused(t, OUTCOME_INTEGRITY, losses[_i].sentence);
	else
		expect_verified(t, 7, 7, "3 3000 0");
}
END_TEST

/* Where serials are missing anyway, it is their number that tells. */
START_TEST(one_more_gap_is_found)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_line(2, "5 Ben Cem 20");
	bench_line(4, "6 Ben Cem 20");
	bench_open();
	drop_line(1, "5 ");
	expect_refused(verify(), OUTCOME_INTEGRITY,
		       "The blocks hold 2 transactions up to serial 6; 3 were "
		       "loaded.");
}
END_TEST

START_TEST(an_inserted_record_is_found)
{
	static const char line[] = "3 Ali Ben 1\n";

	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_line(2, "5 Ben Cem 20");
	bench_open();
	model_add(2, line, strlen(line));
	expect_refused(verify(), OUTCOME_INTEGRITY,
		       "The blocks hold 3 transactions up to serial 5; 2 were "
		       "loaded.");
}
END_TEST

/* No later hash tells of old records at the end: the one in memory does. */
START_TEST(a_changed_end_is_found)
{
	struct told *t;

	bench_open();
	change(2, "3 Cem Ali 5", "3 Cem Ali 6");
	t = verify();
	expect_refused(t, OUTCOME_INTEGRITY, NULL);
	ck_assert_ptr_nonnull(strstr(t->sentence, "Serial 3 has the hash "));
	ck_assert_ptr_nonnull(strstr(t->sentence,
				     " when the ledger was loaded: a record "
				     "up to it was changed."));
}
END_TEST

/* What is no record, or not a whole one. */
static const struct {
	const char *lines;
	const char *sentence;
} garbage[] = {
	{ "2 Ben Cem x0\n",
	  "Backend B: the record behind serial 0: amount: expected digits "
	  "without sign or leading zeros." },
	{ "2 Ben Cem 20\n5 \n",
	  "Backend B: the record behind serial 2: expected four columns: "
	  "serial sender receiver amount." },
};

START_TEST(what_is_no_record_is_found)
{
	struct told *t;

	open_history();
	bench.model[1].hold = HOLD(FRAME_FETCH);
	t = verify();
	reply_page(bench_take(1, FRAME_FETCH),
		   (struct page){ .covered = 7,
				  .end = true,
				  .last = true,
				  .lines = garbage[_i].lines });
	bench_run();
	expect_refused(t, OUTCOME_INTEGRITY, garbage[_i].sentence);
	bench.model[1].hold = 0;
	expect_verified(verify(), 7, 7, "3 3000 0");
}
END_TEST

/* What is found in one page holds, whatever else comes later. */
START_TEST(a_fault_ends_it_at_once)
{
	unsigned asked;
	struct told *t;

	open_history();
	bench.model[0].page = 1;
	change(0, "4 Ali Ben 7", "4 Ali Ben 8");
	t = verify();
	expect_refused(t, OUTCOME_INTEGRITY, NULL);
	asked = bench.model[0].sent[FRAME_FETCH];
	bench_pass(30 * SEC);
	ck_assert_uint_eq(bench.model[0].sent[FRAME_FETCH], asked);
	ck_assert_uint_eq(t->times, 1);
}
END_TEST

START_TEST(it_needs_everybody)
{
	struct told *t;

	open_history();
	bench.model[1].hold = HOLD_ALL;
	t = verify();
	engine_refused(bench.e, 1);
	bench_pass(SEC);
	expect_refused(t, OUTCOME_UNAVAILABLE,
		       "Backend B does not answer, and without it the answer "
		       "would not be complete.");
	/* That says nothing of the history. */
	ck_assert_str_eq(bench_info().verify.last_result, "none");
	ck_assert(!bench_info().verify.running);
	bench.model[1].hold = 0;
	bench_pass(SEC);
	expect_verified(verify(), 7, 7, "3 3000 0");
}
END_TEST

/* What is lost is told by the copies. */
START_TEST(a_lost_backend_is_not_asked)
{
	bench_forget_history();
	bench_chain(&(struct history){ .on = 1,
				       .sender = "Ali",
				       .receiver = "Ben",
				       .amount = 10,
				       .of = "A",
				       .of_on = 2 });
	bench.config.copies = 2;
	bench.config.backend[0].lost = true;
	bench_open();
	expect_verified(verify(), 1, 1, "2 2000 0");
	ck_assert_uint_eq(bench.model[0].sent[FRAME_FETCH], 0);
}
END_TEST

/* It is as of when it began, whatever is transferred meanwhile. */
START_TEST(transfers_go_on)
{
	struct told *again;
	struct told *t;

	open_history();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	t = verify();
	for (int i = 0; i < 5; i++)
		(void)order_transfer("Ali", "Ben", "100");
	(void)order_open("Dan", "");
	(void)order_transfer("Ali", "Dan", "1");
	bench_run();
	expect_balance("Ali", 488);
	expect_waiting(t);
	ck_assert(bench_info().verify.running);
	ck_assert_uint_eq(bench_info().verify.upto, 7);
	ck_assert_uint_eq(bench_info().verify.serial, 0);
	bench.model[0].hold = 0;
	bench_run();
	expect_verified(t, 7, 7, "3 3000 0");
	ck_assert_mem_eq(t->hash, bench.tip, CHAIN_HASH_SIZE);
	again = verify();
	expect_verified(again, 14, 14, "4 4000 0");
}
END_TEST

/* An opening that is taken back leaves no trace in the numbers of users. */
START_TEST(orders_that_come_to_nothing_do_not_matter)
{
	struct told *refused;
	struct told *opened;
	struct told *t;

	open_history();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = HOLD(FRAME_APPEND);
	opened = order_open("Dan", "");
	bench_run();
	refused = order_open("Eve", "");
	bench_pass(BENCH_TIMEOUT + SEC);
	expect_refused(opened, OUTCOME_UNKNOWN, NULL);
	expect_refused(refused, OUTCOME_UNAVAILABLE, NULL);
	bench_drop_all();
	for (size_t i = 0; i < BACKENDS; i++)
		bench.model[i].hold = 0;
	bench_pass(BENCH_TIMEOUT);
	(void)order_open("Fay", "");
	bench_run();
	t = verify();
	expect_verified(t, 9, 9, "5 5000 0");
}
END_TEST

START_TEST(progress_is_seen)
{
	struct engine_info info;

	open_history();
	bench.model[2].hold = HOLD(FRAME_FETCH);
	(void)verify();
	reply_page(bench_take(2, FRAME_FETCH),
		   (struct page){ .covered = 5,
				  .last = true,
				  .lines = "3 Cem Ali 5\n" });
	bench_run();
	info = bench_info();
	ck_assert(info.verify.running);
	ck_assert_uint_eq(info.verify.serial, 3);
	ck_assert_uint_eq(info.verify.upto, 7);
}
END_TEST

/* Memory that is not what the history comes to is no ground to go on from. */
START_TEST(wrong_balances_in_memory_end_the_process)
{
	enum refusal refusal;
	struct amount five;
	struct staged s;

	open_history();
	bench_chain(&(struct history){
		.on = 1, .sender = "Ali", .receiver = "Ben", .amount = 6 });
	ck_assert_int_eq(amount_from_u64(5, &five), 0);
	ck_assert_int_eq(ledger_stage_transfer(bench.e->ledger, slice_of("Ali"),
					       slice_of("Ben"), five, &s,
					       &refusal),
			 0);
	ck_assert_int_eq(refusal, REFUSAL_NONE);
	ledger_settle(bench.e->ledger, &s, 8, bench.time, bench.tip);
	(void)verify();
	expect_stopped(ENGINE_STOP_INTEGRITY,
		       "The history gives \"Ali\" a balance of 983 behind "
		       "serial 8, and the memory of the main daemon has "
		       "another.");
}
END_TEST

/* Tips that somebody kept. */

static struct engine_known_tip tip_now(void)
{
	struct engine_known_tip tip = { .serial = bench.serial };

	memcpy(tip.hash, bench.tip, CHAIN_HASH_SIZE);
	return tip;
}

START_TEST(tips_of_other_days)
{
	struct engine_known_tip tip[4] = { { .serial = 0 } };
	struct told *t;

	tip[1] = tip_now(); /* of an old record */
	make_history();
	tip[2] = tip_now();
	tip[3] = tip[2]; /* twice is no harm */
	bench_open();
	/* No lease yet: it waits, and what it was given is copied. */
	t = order_verify(tip, ELEMENTS(tip));
	memset(tip, 0xff, sizeof(tip));
	bench_run();
	expect_verified(t, 7, 7, "3 3000 0");
}
END_TEST

START_TEST(a_tip_of_another_history)
{
	struct engine_known_tip tip[3];
	char sentence[512];
	char found[CHAIN_HEX_SIZE];
	char given[CHAIN_HEX_SIZE];
	struct told *t;

	tip[0] = tip_now();
	tip[1] = tip_now();
	tip[1].hash[31] ^= 1;
	tip[2] = (struct engine_known_tip){ .serial = 99 };
	format_hex(tip[0].hash, CHAIN_HASH_SIZE, found);
	format_hex(tip[1].hash, CHAIN_HASH_SIZE, given);
	open_history();
	t = order_verify(tip, ELEMENTS(tip));
	bench_run();
	(void)snprintf(sentence, sizeof(sentence),
		       "Serial 3 has the hash %.64s, and not the one given, "
		       "%.64s: this is another history.",
		       found, given);
	expect_refused(t, OUTCOME_INTEGRITY, sentence);
	/* It is said to the journal, but the history is what it was. */
	ck_assert_int_eq(bench.log_priority, LOG_WARNING);
	ck_assert_int_eq(bench.log_event, LOG_EVENT_NONE);
	ck_assert_ptr_nonnull(strstr(bench.log, sentence));
	expect_last("ok", 7);
}
END_TEST

START_TEST(a_tip_before_the_beginning)
{
	struct engine_known_tip tip = { .hash = { [5] = 1 } };
	struct told *t;

	open_history();
	t = order_verify(&tip, 1);
	bench_run();
	expect_refused(t, OUTCOME_INTEGRITY, NULL);
	ck_assert_ptr_eq(strstr(t->sentence, "Serial 0 has the hash 0000"),
			 t->sentence);
}
END_TEST

START_TEST(a_tip_behind_the_end)
{
	struct engine_known_tip tip = { .serial = 8 };
	struct told *t;

	open_history();
	t = order_verify(&tip, 1);
	bench_run();
	expect_refused(t, OUTCOME_INTEGRITY,
		       "The ledger ends at serial 7, and a tip is given for "
		       "serial 8: records were lost.");
}
END_TEST

START_TEST(a_tip_of_a_missing_serial)
{
	struct engine_known_tip tip = { .serial = 3 };
	struct told *t;

	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_line(2, "5 Ben Cem 20");
	bench_open();
	t = order_verify(&tip, 1);
	bench_run();
	expect_refused(t, OUTCOME_INTEGRITY,
		       "Serial 3 is missing, and a tip is given for it.");
}
END_TEST

/* A fault of the history is told before a wrong tip. */
START_TEST(damage_goes_before_tips)
{
	struct engine_known_tip tip = { .serial = 1 };
	struct told *t;

	open_history();
	change(1, "5 Ben Cem 3", "5 Ben Cem 4");
	t = order_verify(&tip, 1);
	bench_run();
	expect_refused(t, OUTCOME_INTEGRITY,
		       "Serial 5 (backend B): its hash does not follow from "
		       "the record before it.");
}
END_TEST

/* One after the other. */

START_TEST(two_at_once)
{
	struct told *first;
	struct told *second;

	open_history();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	first = verify();
	second = verify();
	ck_assert_uint_eq(bench_held(0, FRAME_FETCH), 1);
	(void)order_transfer("Ali", "Ben", "1");
	bench_run();
	reply_model(bench_take(0, FRAME_FETCH));
	expect_verified(first, 7, 7, "3 3000 0");
	bench_run();
	expect_waiting(second);
	ck_assert_uint_eq(bench_info().verify.upto, 8);
	bench.model[0].hold = 0;
	bench_run();
	/* As of when its turn came. */
	expect_verified(second, 8, 8, "3 3000 0");
}
END_TEST

START_TEST(a_fault_does_not_stop_the_next)
{
	struct told *t[3];

	open_history();
	change(0, "4 Ali Ben 7", "4 Ali Ben 8");
	for (size_t i = 0; i < ELEMENTS(t); i++)
		t[i] = order_verify(NULL, 0);
	bench_run();
	for (size_t i = 0; i < ELEMENTS(t); i++)
		expect_refused(t[i], OUTCOME_INTEGRITY, NULL);
}
END_TEST

/* No client can starve another. */
START_TEST(those_that_wait_keep_no_question_from_its_turn)
{
	struct told *t;

	open_history();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	for (size_t i = 0; i < QUERIES_ACTIVE_MAX; i++)
		(void)verify();
	t = order_stats("Ben");
	bench_run();
	expect_text(t, "Ali 2 17\nCem 2 -23\n");
}
END_TEST

START_TEST(not_too_many_wait)
{
	uint64_t most = 1 + VERIFY_WAITING_MAX;

	open_history();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	for (uint64_t i = 0; i < most; i++)
		engine_verify(bench.e, NULL, 0, bench_count, NULL);
	bench_run();
	ck_assert_uint_eq(bench.counted[OUTCOME_UNAVAILABLE], 0);
	expect_refused(verify(), OUTCOME_UNAVAILABLE,
		       "Too many verifications are waiting.");
	bench.model[0].hold = 0;
	bench_run();
	ck_assert_uint_eq(bench.counted[OUTCOME_DONE], most);
}
END_TEST

/* Pages of all questions since number @from, the most and in bytes. */
static unsigned most_pages(size_t from, unsigned *ret_bytes)
{
	unsigned most = 0;

	*ret_bytes = 0;
	for (size_t i = from; i < bench.count; i++) {
		struct message_fetch m;

		if (bench.queue[i]->f.type != FRAME_FETCH)
			continue;
		m = asked_fetch(bench.queue[i]);
		if (m.pages > most)
			most = m.pages;
		if (m.pages * (unsigned)m.room > *ret_bytes)
			*ret_bytes = m.pages * (unsigned)m.room;
	}
	return most;
}

/* What comes at once stands before the answers to orders. */
START_TEST(bursts_are_small)
{
	static const uint32_t rooms[] = { 1400, 65507 };
	struct told *t;
	size_t before;
	unsigned bytes;

	for (int i = 0; i < 400; i++)
		bench_chain(&(struct history){ .on = 1,
					       .sender = "Ali",
					       .receiver = "Ben",
					       .amount = 1 });
	for (size_t i = 0; i < BACKENDS; i++)
		bench.config.backend[i].room = rooms[_i];
	bench_open();
	before = bench.count;
	expect_verified(verify(), 403, 403, "3 3000 0");
	ck_assert_uint_eq(most_pages(before, &bytes),
			  rooms[_i] == 1400 ? 11 : 1);
	ck_assert_uint_le(bytes, 16384);
	/* A statement is as long. */
	before = bench.count;
	t = order_txlist();
	bench_run();
	expect_done(t);
	ck_assert_uint_gt(most_pages(before, &bytes), 0);
	ck_assert_uint_le(bytes, 16384);
}
END_TEST

START_TEST(at_the_end_it_is_dropped)
{
	open_history();
	bench.model[0].hold = HOLD(FRAME_FETCH);
	(void)verify();
	(void)verify();
	bench.e = engine_free(bench.e);
	ck_assert_uint_eq(bench.turns, 1); /* the balance */
}
END_TEST

UNIT_SUITE(test_engine_verify);

static TCase *faults_case(void)
{
	TCase *c = tcase_create("faults");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_loop_test(c, damage_is_found, 0, ELEMENTS(damages));
	tcase_add_test(c, an_overdrawn_sender_is_found);
	tcase_add_test(c, a_changed_hash_is_found);
	tcase_add_test(c, a_changed_hash_of_an_old_record_is_found);
	tcase_add_loop_test(c, a_lost_record_is_found, 0, ELEMENTS(losses));
	tcase_add_test(c, one_more_gap_is_found);
	tcase_add_test(c, an_inserted_record_is_found);
	tcase_add_test(c, a_changed_end_is_found);
	tcase_add_loop_test(c, what_is_no_record_is_found, 0,
			    ELEMENTS(garbage));
	tcase_add_test(c, a_fault_ends_it_at_once);
	tcase_add_test(c, wrong_balances_in_memory_end_the_process);
	return c;
}

static TCase *tips_case(void)
{
	TCase *c = tcase_create("tips");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, tips_of_other_days);
	tcase_add_test(c, a_tip_of_another_history);
	tcase_add_test(c, a_tip_before_the_beginning);
	tcase_add_test(c, a_tip_behind_the_end);
	tcase_add_test(c, a_tip_of_a_missing_serial);
	tcase_add_test(c, damage_goes_before_tips);
	return c;
}

Suite *test_engine_verify(void)
{
	Suite *s = suite_create("engine: verify");
	TCase *c = tcase_create("verify");

	tcase_add_checked_fixture(c, bench_setup, bench_teardown);
	tcase_add_test(c, a_whole_history_is_verified);
	tcase_add_test(c, an_empty_one_is_too);
	tcase_add_test(c, gaps_that_were_there_are_none_of_its_faults);
	tcase_add_test(c, it_needs_everybody);
	tcase_add_test(c, a_lost_backend_is_not_asked);
	tcase_add_test(c, transfers_go_on);
	tcase_add_test(c, orders_that_come_to_nothing_do_not_matter);
	tcase_add_test(c, progress_is_seen);
	tcase_add_test(c, two_at_once);
	tcase_add_test(c, a_fault_does_not_stop_the_next);
	tcase_add_test(c, those_that_wait_keep_no_question_from_its_turn);
	tcase_add_test(c, not_too_many_wait);
	tcase_add_loop_test(c, bursts_are_small, 0, 2);
	tcase_add_test(c, at_the_end_it_is_dropped);
	suite_add_tcase(s, c);
	suite_add_tcase(s, faults_case());
	suite_add_tcase(s, tips_case());
	return s;
}
