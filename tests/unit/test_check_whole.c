/* SPDX-License-Identifier: MIT */
/*
 * Batches that stand or fall as one, b=K/N! (src/check): the whole part never
 * ends within one, however the files were copied and whatever is wrong in them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "test_check_kit.h"
#include "unit.h"

UNIT_SUITE(test_check_whole);

#define SIZE 3
#define NOT_WHOLE                                                            \
	"expected b=K/N! to go on from 1 to N, each on the line behind the " \
	"one before it\n"

static struct kit kit;
static struct maker maker;
static struct buf a;
static struct buf b;

static void setup(void)
{
	kit_init(&kit);
	maker = kit_maker;
	a = (struct buf){ 0 };
	b = (struct buf){ 0 };
}

static void teardown(void)
{
	kit_done(&kit);
	buf_done(&a);
	buf_done(&b);
}

static void put_both(void)
{
	disk_done(&kit.disk);
	disk_init(&kit.disk);
	kit_put(&kit, KIT_A, kit_text(&a));
	kit_put(&kit, KIT_B, kit_text(&b));
}

static const struct check_summary *run(void)
{
	put_both();
	return kit_run(&kit);
}

/* Records @from to @to of a whole batch. */
static void add(struct maker *m, uint32_t from, uint32_t to, const char *of,
		struct buf *out)
{
	m->whole = true;
	for (uint32_t i = from; i <= to; i++)
		kit_record(m, i, SIZE, of, out);
	m->whole = false;
}

/* After a cut all is whole up to @serial, and nothing is said any more. */
static void expect_cut(uint64_t serial)
{
	ck_assert_int_eq(kit_open(&kit, true), 0);
	ck_assert_int_eq(check_run(kit.check), 0);
	ck_assert_int_eq(check_cut(kit.check, NULL), 0);
	ck_assert_uint_eq(kit_run(&kit)->serial, serial);
	kit_expect(&kit, "");
	ck_assert_uint_eq(check_summary(kit.check)->beyond, 0);
}

START_TEST(is_whole_in_two_files)
{
	struct maker again;

	kit_records(&maker, 1, &a);
	again = maker;
	add(&maker, 1, SIZE, NULL, &a);
	add(&again, 1, SIZE, "A", &b);
	kit_records(&maker, 1, &b);
	ck_assert_uint_eq(run()->serial, 5);
	kit_expect(&kit, "");
	ck_assert_uint_eq(check_summary(kit.check)->doubles, SIZE);
}
END_TEST

/* So a file looks that was copied while the batch was being written to it. */
START_TEST(is_torn_at_every_length)
{
	const struct check_summary *s;
	size_t begins;
	char said[64];

	kit_records(&maker, 1, &a);
	begins = a.len;
	add(&maker, 1, SIZE, NULL, &a);
	(void)snprintf(said, sizeof(said), KIT_A ":2: a torn tail of ");
	/* Without its last newline it may be there all the same. */
	for (a.len -= 2; a.len > begins; a.len--) {
		s = run();
		ck_assert_uint_eq(s->serial, 1);
		ck_assert_uint_eq(s->faults, 1);
		ck_assert_uint_eq(s->transactions, 1);
		ck_assert_uint_ge(kit.said.len, strlen(said));
		ck_assert_mem_eq(kit.said.data, said, strlen(said));
		expect_cut(1);
	}
}
END_TEST

/* The other file was copied later: what it has counts, with all of its copies. */
START_TEST(is_whole_where_another_file_has_it)
{
	struct maker again;
	size_t begins;
	char said[256];

	kit_records(&maker, 1, &b);
	begins = b.len;
	again = maker;
	add(&maker, 1, SIZE, NULL, &a);
	add(&again, 1, SIZE - 1, "A", &b);
	ck_assert_uint_eq(run()->serial, 4);
	(void)snprintf(said, sizeof(said),
		       KIT_B ":2: a torn tail of %zu bytes begins here: "
			     NOT_WHOLE, b.len - begins);
	kit_expect(&kit, said);
	expect_cut(4);
	ck_assert_uint_eq(disk_text(disk_find(&kit.disk, KIT_B)).len, begins);
	ck_assert_uint_eq(disk_text(disk_find(&kit.disk, KIT_A)).len, a.len);
}
END_TEST

/*
 * Behind a damage its last record stands again: no backend takes that, so what
 * a cut leaves must not have it either.
 */
START_TEST(is_not_whole_where_a_part_of_it_stands_again)
{
	struct maker again;
	struct buf copy = { 0 };
	size_t last;

	kit_records(&maker, 1, &a);
	again = maker;
	add(&maker, 1, SIZE, NULL, &a);
	add(&again, 1, SIZE - 1, NULL, &copy);
	last = copy.len;
	add(&again, SIZE, SIZE, NULL, &copy);
	ck_assert_int_eq(buf_add(&a, "x\n", 2), 0);
	ck_assert_int_eq(buf_add(&a, copy.data + last, copy.len - last), 0);
	kit_records(&maker, 1, &a);
	ck_assert_uint_eq(run()->serial, 1);
	expect_cut(1);
	buf_done(&copy);
}
END_TEST

/* Copied before: the batch behind it is there, and it is not. */
START_TEST(is_missing_with_what_follows)
{
	kit_records(&maker, 1, &a);
	add(&maker, 1, SIZE - 1, NULL, &a);
	maker.serial++;
	kit_records(&maker, 1, &b);
	ck_assert_uint_eq(run()->serial, 1);
	ck_assert_uint_eq(check_summary(kit.check)->faults, 2);
	expect_cut(1);
}
END_TEST

START_TEST(what_follows_without_its_end_is_a_fault)
{
	kit_records(&maker, 1, &a);
	add(&maker, 1, SIZE - 1, NULL, &a);
	kit_records(&maker, 2, &a);
	ck_assert_uint_eq(run()->serial, 1);
	ck_assert_uint_ge(check_summary(kit.check)->faults, 1);
	ck_assert_ptr_nonnull(strstr(
		(const char *)kit.said.data,
		KIT_A ":4: serial 4: " NOT_WHOLE));
	expect_cut(1);
}
END_TEST

/* No backend takes that file, so all of it has to go from the other one, too. */
START_TEST(it_is_a_fault_though_another_file_has_it)
{
	struct maker again;

	kit_records(&maker, 1, &a);
	again = maker;
	add(&maker, 1, SIZE - 1, "B", &a);
	add(&again, 1, SIZE, NULL, &b);
	kit_records(&again, 1, &a);
	ck_assert_uint_eq(run()->serial, 1);
	kit_expect(&kit, KIT_A ":4: serial 5: " NOT_WHOLE);
	expect_cut(1);
}
END_TEST

START_TEST(numbers_that_do_not_follow_are_a_fault)
{
	static const char fault[] = KIT_A ":3: serial 3: " NOT_WHOLE;

	kit_records(&maker, 1, &a);
	add(&maker, 1, 1, NULL, &a);
	add(&maker, 3, 3, NULL, &a);
	kit_records(&maker, 1, &a);
	ck_assert_uint_eq(run()->serial, 1);
	ck_assert_uint_ge(kit.said.len, strlen(fault));
	ck_assert_mem_eq(kit.said.data, fault, strlen(fault));
	expect_cut(1);
}
END_TEST

START_TEST(a_beginning_that_is_missing_is_a_fault)
{
	static const char fault[] = KIT_A ":2: serial 2: " NOT_WHOLE;

	kit_records(&maker, 1, &a);
	add(&maker, 2, SIZE, NULL, &a);
	ck_assert_uint_eq(run()->serial, 1);
	ck_assert_uint_ge(kit.said.len, strlen(fault));
	ck_assert_mem_eq(kit.said.data, fault, strlen(fault));
	expect_cut(1);
}
END_TEST

/* No backend takes either file, though together they have all of it. */
START_TEST(is_not_spread_over_two_files)
{
	kit_records(&maker, 1, &a);
	add(&maker, 1, 2, NULL, &a);
	add(&maker, 3, SIZE, NULL, &b);
	ck_assert_uint_eq(run()->serial, 1);
	expect_cut(1);
}
END_TEST

/* The sums are those of the record before it as well. */
START_TEST(a_fault_in_it_takes_all_of_it)
{
	const struct check_summary *s;

	kit_records(&maker, 1, &a);
	add(&maker, 1, 2, NULL, &a);
	maker.hash[0] ^= 1;
	add(&maker, 3, SIZE, NULL, &a);
	kit_records(&maker, 1, &b);
	s = run();
	kit_expect(&kit,
		   KIT_A ":4: serial 4: its hash does not follow from the "
			 "record before it\n" KIT_A
			 ":2: serial 2: the batch that begins here stands or "
			 "falls as one, and is not whole\n");
	ck_assert_uint_eq(s->serial, 1);
	ck_assert_uint_eq(s->transactions, 1);
	ck_assert_uint_eq(s->beyond, 4);
	ck_assert_uint_eq(s->faults, 2);
	expect_cut(1);
}
END_TEST

START_TEST(who_is_overdrawn_in_it_takes_all_of_it)
{
	kit_records(&maker, 1, &a);
	add(&maker, 1, 2, NULL, &a);
	maker.amount = 5000;
	add(&maker, 3, SIZE, NULL, &a);
	ck_assert_uint_eq(run()->serial, 1);
	expect_cut(1);
}
END_TEST

/* A tip within a batch that is not whole leads nowhere. */
START_TEST(a_tip_within_it_is_not_in_the_whole_part)
{
	kit_records(&maker, 1, &a);
	add(&maker, 1, 2, NULL, &a);
	kit.options.tip_given = true;
	kit.options.tip_serial = 3;
	memcpy(kit.options.tip_hash, maker.hash, sizeof(maker.hash));
	maker.hash[0] ^= 1;
	add(&maker, 3, SIZE, NULL, &a);
	ck_assert(run()->tip_wrong);
	ck_assert_uint_eq(check_summary(kit.check)->faults, 3);
}
END_TEST

Suite *test_check_whole(void)
{
	Suite *s = suite_create("check/whole");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, is_whole_in_two_files);
	tcase_add_test(t, is_torn_at_every_length);
	tcase_add_test(t, is_whole_where_another_file_has_it);
	tcase_add_test(t, is_not_whole_where_a_part_of_it_stands_again);
	tcase_add_test(t, is_missing_with_what_follows);
	tcase_add_test(t, what_follows_without_its_end_is_a_fault);
	tcase_add_test(t, it_is_a_fault_though_another_file_has_it);
	tcase_add_test(t, numbers_that_do_not_follow_are_a_fault);
	tcase_add_test(t, a_beginning_that_is_missing_is_a_fault);
	tcase_add_test(t, is_not_spread_over_two_files);
	tcase_add_test(t, a_fault_in_it_takes_all_of_it);
	tcase_add_test(t, who_is_overdrawn_in_it_takes_all_of_it);
	tcase_add_test(t, a_tip_within_it_is_not_in_the_whole_part);
	suite_add_tcase(s, t);
	return s;
}
