/* SPDX-License-Identifier: MIT */
/*
 * What is said of block files, and up to where they are whole.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/parse.h"

#include "test_check_kit.h"
#include "unit.h"

UNIT_SUITE(test_check_faults);

static struct kit kit;
static struct maker maker;
static struct buf a;
static struct buf b;

static void setup(void)
{
	kit_init(&kit);
	maker = kit_maker;
}

static void teardown(void)
{
	buf_done(&a);
	buf_done(&b);
	kit_done(&kit);
}

/* Verify @a and @b as they are. */
static const struct check_summary *run(void)
{
	kit_put(&kit, KIT_A, kit_text(&a));
	kit_put(&kit, KIT_B, kit_text(&b));
	return kit_run(&kit);
}

/* Two files of old records, and what is said of them. */
static const struct texts {
	const char *a;
	const char *b;
	uint64_t serial;
	uint64_t transactions;
	const char *said;
} texts[] = {
	{ "", "", 0, 0, "" },
	{ "2 Ali Ben 1\n", "1 Ben Ali 1\n", 2, 2, "" },
	{ "\n1 Ali Ben 1\r\n\r\n", "2 Ali Ben 1", 2, 2, "" },
	/* All faults of lines, not only the first. */
	{ "1 Ali Ben 1\n2 Ali Ben\nx\n3 Ali Ben 01\n", "4 Ali Ben 1\n", 1, 1,
	  KIT_A
	  ":2: serial 2: expected four columns: serial sender receiver "
	  "amount\n" KIT_A
	  ":3: expected four columns: serial sender receiver amount\n" KIT_A
	  ":4: serial 3: amount: expected digits without sign or leading "
	  "zeros\n" },
	/* Somebody else has the record that a bad line lost. */
	{ "1 Ali Ben 1\n2 Ali Ben x\n", "2 Ali Ben 1\n3 Ali Ben 1\n", 3, 3,
	  KIT_A ":2: serial 2: amount: expected digits without sign or leading "
		"zeros\n" },
	/* Holes among old records are allowed. */
	{ "1 Ali Ben 1\n", "4 Ali Ben 1\n", 4, 2, "" },
	/* Twice the same, and twice something else. */
	{ "1 Ali Ben 1\n2 Ali Ben 1\n", "2 Ali Ben 1\n3 Ali Ben 1\n", 3, 3,
	  "" },
	{ "1 Ali Ben 1\n2 Ali Ben 1\n", "3 Ali Ben 1\n2 Ali Ben 2\n", 1, 1,
	  KIT_B ":2: serial 2: has other contents than in " KIT_A ":2\n" },
	{ "1 Ali Ben 1\n1 Ali Ben 2\n1 Ali Ben 3\n", "", 0, 0,
	  KIT_A ":2: serial 1: has other contents than in " KIT_A ":1\n" KIT_A
		":3: serial 1: has other contents than in " KIT_A ":1\n" },
	/* Nobody is overdrawn, at any serial. */
	{ "2 Ali Ben 1500\n", "1 Ben Ali 500\n", 2, 2, "" },
	{ "1 Ali Ben 1500\n", "2 Ben Ali 500\n", 0, 0,
	  KIT_A ":1: serial 1: its sender has too few coins for it\n" },
};

START_TEST(old_records)
{
	const struct texts *t = &texts[_i];
	const struct check_summary *s;

	kit_put(&kit, KIT_A, slice_of(t->a));
	kit_put(&kit, KIT_B, slice_of(t->b));
	s = kit_run(&kit);
	kit_expect(&kit, t->said);
	ck_assert_uint_eq(s->serial, t->serial);
	ck_assert_uint_eq(s->transactions, t->transactions);
	ck_assert_uint_eq(s->faults == 0, *t->said == '\0');
}
END_TEST

START_TEST(sums_up)
{
	const struct check_summary *s;
	char coins[SUM_TEXT_SIZE];

	kit_put(&kit, KIT_A, slice_of("1 Ali Ben 1\n5 Ben Eve 2\n"));
	kit_put(&kit, KIT_B, slice_of("5 Ben Eve 2\n3 Ali Eve 1\n"));
	s = kit_run(&kit);
	sum_format(s->coins, coins);
	ck_assert_str_eq(coins, "3000");
	ck_assert_uint_eq(s->users, 3);
	ck_assert_uint_eq(s->gaps, 2);
	ck_assert_uint_eq(s->first_gap, 2);
	ck_assert_uint_eq(s->doubles, 1);
}
END_TEST

/* Old records, then a chain over two files, with a copy. */
static void make_chain(void)
{
	kit_old(&maker, "1 Ali Luke 5", &a);
	kit_records(&maker, 3, &b);
	kit_record(&maker, 1, 3, NULL, &a);
	kit_record(&maker, 2, 3, NULL, &a);
	kit_record(&maker, 3, 3, NULL, &a);
	kit_records(&maker, 1, &b);
	/* Serial 9, at home in a, kept in b as well. */
	struct maker again = maker;
	kit_record(&maker, 1, 1, NULL, &a);
	kit_record(&again, 1, 1, "A", &b);
}

START_TEST(a_chain_over_two_files)
{
	const struct check_summary *s;

	make_chain();
	s = run();
	kit_expect(&kit, "");
	ck_assert_uint_eq(s->serial, 9);
	ck_assert_uint_eq(s->doubles, 1);
	ck_assert_mem_eq(s->tip, maker.hash, sizeof(s->tip));
}
END_TEST

/* Each fault is named once, where it is; what follows it is tried by itself. */
START_TEST(a_changed_record)
{
	const struct check_summary *s;

	make_chain();
	/* "…Ali Luke 1 t=" becomes "…Ali Luke 2 t=". */
	*strstr((char *)b.data, " 1 t=") = ' ';
	strstr((char *)b.data, " 1 t=")[1] = '2';
	s = run();
	kit_expect(&kit,
		   KIT_B ":1: serial 2: its hash does not follow from the "
			 "record before it\n");
	ck_assert_uint_eq(s->serial, 1);
	ck_assert_uint_eq(s->beyond, 8);
}
END_TEST

/* Behind the first fault the chain is tried on, and the time. */
START_TEST(several_changed_records)
{
	kit_records(&maker, 2, &a);
	kit_records(&maker, 1, &b);
	maker.time -= 2;
	kit_records(&maker, 2, &a);
	a.data[0] = '7';
	b.data[2] = 'a';
	ck_assert_uint_eq(run()->serial, 0);
	kit_expect(&kit,
		   KIT_A ":2: serial 2: serial 1 is missing before it\n" KIT_B
			 ":1: serial 3: its hash does not follow from the "
			 "record before it\n" KIT_A
			 ":3: serial 4: its time lies before that of an "
			 "earlier record\n" KIT_A
			 ":1: serial 7: serial 6 is missing before it\n");
}
END_TEST

START_TEST(a_changed_old_record)
{
	make_chain();
	a.data[2] = 'a';
	ck_assert_uint_eq(run()->serial, 1);
	kit_expect(&kit,
		   KIT_B ":1: serial 2: its hash does not follow from the "
			 "record before it\n");
}
END_TEST

START_TEST(a_missing_record)
{
	make_chain();
	(void)kit_drop_line(&a, 2);
	ck_assert_uint_eq(run()->serial, 4);
	kit_expect(&kit, KIT_A ":2: serial 6: serial 5 is missing before it\n");
}
END_TEST

START_TEST(missing_records_and_another_fault)
{
	make_chain();
	(void)kit_drop_line(&a, 2);
	(void)kit_drop_line(&a, 2);
	(void)kit_drop_line(&b, 4);
	ck_assert_uint_eq(run()->serial, 4);
	kit_expect(&kit,
		   KIT_A ":2: serial 7: serials 5 to 6 are missing before "
			 "it\n" KIT_A
			 ":3: serial 9: serial 8 is missing before it\n");
}
END_TEST

START_TEST(a_serial_told_in_two_ways)
{
	struct buf other = { 0 };
	size_t end;

	make_chain();
	/* Behind its own line, the one of another history. */
	maker = kit_maker;
	maker.serial = 3;
	kit_records(&maker, 1, &other);
	end = a.len;
	ck_assert_int_eq(buf_add(&a, other.data, other.len), 0);
	ck_assert_uint_gt(a.len, end);
	buf_done(&other);
	ck_assert_uint_eq(run()->serial, 2);
	/* The right one is known by the chain, so there is no more to say. */
	kit_expect(&kit, KIT_B ":2: serial 3: has other contents than in " KIT_A
			       ":6\n");
}
END_TEST

START_TEST(time_goes_back)
{
	kit_records(&maker, 2, &a);
	maker.time -= 3;
	kit_records(&maker, 2, &a);
	ck_assert_uint_eq(run()->serial, 2);
	kit_expect(&kit, KIT_A ":3: serial 3: its time lies before that of an "
			       "earlier record\n");
}
END_TEST

START_TEST(batches_hold_together)
{
	kit_record(&maker, 1, 3, NULL, &a);
	kit_record(&maker, 2, 3, NULL, &a);
	/* The end of a batch may be lost: the next one begins. */
	kit_record(&maker, 1, 2, NULL, &a);
	kit_record(&maker, 2, 2, NULL, &b);
	kit_record(&maker, 2, 2, NULL, &b);
	ck_assert_uint_eq(run()->serial, 4);
	kit_expect(&kit, KIT_B ":2: serial 5: its b= does not go on from the "
			       "record before it\n");
}
END_TEST

START_TEST(overdrawn_in_a_chain)
{
	maker.amount = 600;
	kit_records(&maker, 3, &a);
	ck_assert_uint_eq(run()->serial, 1);
	/* Behind the first fault no balances are known. */
	kit_expect(&kit, KIT_A ":2: serial 2: its sender has too few coins for "
			       "it\n");
}
END_TEST

/* A transfer that is recorded twice; its copies and its double are not. */
START_TEST(an_operation_id_used_twice)
{
	const struct check_summary *s;
	struct maker again;

	maker.id = "x1";
	again = maker;
	kit_record(&maker, 1, 1, NULL, &a);
	kit_record(&again, 1, 1, "A", &b);
	maker.id = "x2";
	kit_records(&maker, 1, &b);
	maker.id = "X1";
	kit_records(&maker, 1, &a);
	s = run();
	kit_expect(&kit, "");
	ck_assert_uint_eq(s->repeats, 0);

	maker.id = "x2";
	kit_records(&maker, 2, &a);
	s = run();
	/* The chain holds, and goes on. */
	ck_assert_uint_eq(s->serial, 5);
	ck_assert_uint_eq(s->beyond, 0);
	ck_assert_uint_eq(s->repeats, 2);
	kit_expect(&kit,
		   KIT_A ":3: serial 4: has the operation id of serial 2 in " KIT_B
			 ":2\n" KIT_A
			 ":4: serial 5: has the operation id of serial 2 in " KIT_B
			 ":2\n");

	/* It is named behind another fault, too. */
	strstr((char *)b.data, "2 Ali Luke 1 t=")[11] = '3';
	s = run();
	ck_assert_uint_eq(s->serial, 1);
	ck_assert_uint_eq(s->repeats, 0);
	ck_assert_uint_eq(s->faults, 3);
}
END_TEST

/* Of many ids each is found again, whatever its hash. */
START_TEST(one_of_many_operation_ids)
{
	char id[16];

	for (unsigned i = 0; i < 900; i++) {
		(void)snprintf(id, sizeof(id), "id-%u", i == 850 ? 17 : i);
		maker.id = id;
		kit_records(&maker, 1, i % 3 ? &a : &b);
	}
	ck_assert_uint_eq(run()->serial, 900);
	kit_expect(&kit, KIT_A ":567: serial 851: has the operation id of "
			       "serial 18 in " KIT_A ":12\n");
}
END_TEST

START_TEST(a_torn_tail)
{
	char said[256];
	size_t whole;

	kit_records(&maker, 2, &a);
	whole = a.len;
	kit_records(&maker, 1, &a);
	a.len -= 60;
	ck_assert_uint_eq(run()->serial, 2);
	(void)snprintf(said, sizeof(said),
		       KIT_A ":3: a torn tail of %zu bytes begins here: "
			     "h=: expected 64 lower-case hex digits\n",
		       a.len - whole);
	kit_expect(&kit, said);
}
END_TEST

/* No fault but this one, at whatever length a file is cut off. */
START_TEST(every_length)
{
	const struct check_summary *s;
	size_t lines;

	kit_records(&maker, 3, &a);
	for (; a.len > 0; a.len--) {
		s = run();
		lines = 0;
		for (size_t i = 0; i < a.len; i++)
			lines += a.data[i] == '\n';
		/* Without its newline a record may be there all the same. */
		if (s->faults == 0)
			ck_assert_uint_le(s->serial - lines, 1);
		else
			ck_assert_uint_eq(s->serial, lines);
		ck_assert_uint_le(s->faults, 1);
	}
}
END_TEST

static void give_tip(uint64_t serial, const uint8_t hash[CHAIN_HASH_SIZE])
{
	kit.options.tip_given = true;
	kit.options.tip_serial = serial;
	memcpy(kit.options.tip_hash, hash, CHAIN_HASH_SIZE);
}

START_TEST(a_tip_of_another_day)
{
	uint8_t tip[CHAIN_HASH_SIZE];
	char hex[CHAIN_HEX_SIZE];
	char said[256];

	kit_records(&maker, 2, &a);
	memcpy(tip, maker.hash, sizeof(tip));
	kit_records(&maker, 2, &a);
	give_tip(2, tip);
	ck_assert(!run()->tip_wrong);
	kit_expect(&kit, "");
	give_tip(0, chain_origin);
	ck_assert(!run()->tip_wrong);

	format_hex(tip, sizeof(tip), hex);
	(void)snprintf(said, sizeof(said),
		       "serial 2: the tip is %.64s here, not the one given: "
		       "this is another history\n",
		       hex);
	tip[31] ^= 1;
	give_tip(2, tip);
	ck_assert(run()->tip_wrong);
	kit_expect(&kit, said);

	give_tip(5, tip);
	ck_assert(run()->tip_wrong);
	kit_expect(&kit,
		   "serial 5: a tip is given for it, but it is not in the "
		   "whole part, up to serial 4\n");
}
END_TEST

START_TEST(a_file_given_twice)
{
	kit_records(&maker, 1, &a);
	(void)run();
	ck_assert_int_eq(check_open(kit.check, KIT_A, false), -EEXIST);
}
END_TEST

START_TEST(reading_fails)
{
	unsigned calls;

	make_chain();
	(void)run();
	calls = kit.disk.calls;
	kit.disk.fail_with = -EIO;
	for (unsigned n = 1; n <= calls; n++) {
		kit.disk.calls = 0;
		kit.disk.fail_at = n;
		if (kit_open(&kit, false) == 0 && check_run(kit.check) == 0)
			ck_assert_uint_eq(check_summary(kit.check)->serial, 9);
		kit_expect(&kit, "");
	}
}
END_TEST

START_TEST(files_change_meanwhile)
{
	make_chain();
	kit_put(&kit, KIT_A, kit_text(&a));
	kit_put(&kit, KIT_B, kit_text(&b));
	ck_assert_int_eq(kit_open(&kit, false), 0);
	disk_find(&kit.disk, KIT_B)->data.len -= 10;
	ck_assert_int_eq(check_run(kit.check), -ESTALE);
	ck_assert_str_eq(check_culprit(kit.check), KIT_B);
}
END_TEST

static void add_chain_tests(TCase *t)
{
	tcase_add_test(t, a_chain_over_two_files);
	tcase_add_test(t, a_changed_record);
	tcase_add_test(t, several_changed_records);
	tcase_add_test(t, a_changed_old_record);
	tcase_add_test(t, a_missing_record);
	tcase_add_test(t, missing_records_and_another_fault);
	tcase_add_test(t, a_serial_told_in_two_ways);
	tcase_add_test(t, time_goes_back);
	tcase_add_test(t, batches_hold_together);
	tcase_add_test(t, overdrawn_in_a_chain);
	tcase_add_test(t, an_operation_id_used_twice);
	tcase_add_test(t, one_of_many_operation_ids);
	tcase_add_test(t, a_torn_tail);
	tcase_add_test(t, every_length);
	tcase_add_test(t, a_tip_of_another_day);
}

Suite *test_check_faults(void)
{
	Suite *s = suite_create("check/faults");
	TCase *t = tcase_create("faults");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, old_records, 0, (int)ELEMENTS(texts));
	tcase_add_test(t, sums_up);
	add_chain_tests(t);
	tcase_add_test(t, a_file_given_twice);
	tcase_add_test(t, reading_fails);
	tcase_add_test(t, files_change_meanwhile);
	suite_add_tcase(s, t);
	return s;
}
