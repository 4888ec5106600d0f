/* SPDX-License-Identifier: MIT */
/*
 * Block files with refills: low serials behind high ones, old records with
 * their hash, and what a crash leaves of one.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/parse.h"

#include "test_check_kit.h"
#include "unit.h"

UNIT_SUITE(test_check_refill);

#define OLD 3
#define RECORDS 12
#define NOT_FOLLOWING "its hash does not follow from the record before it\n"

static struct kit kit;
static struct buf a;
static struct buf b;
static struct buf line[RECORDS + 1]; /* with h=, without a newline */

/* 1 to 3 are old; then batches of three. */
static void setup(void)
{
	static const char *const old[OLD] = { "1 Ali Ben 7", "2 Ben Ali 3",
					      "3 Ali Eve 1" };
	struct maker m = kit_maker;

	kit_init(&kit);
	a = (struct buf){ 0 };
	b = (struct buf){ 0 };
	memset(line, 0, sizeof(line));
	for (size_t i = 1; i <= RECORDS; i++) {
		char hex[CHAIN_HEX_SIZE];

		if (i > OLD) {
			kit_record(&m, (uint32_t)(i - 1) % 3 + 1, 3, NULL,
				   &line[i]);
			line[i].len--;
			continue;
		}
		kit_old(&m, old[i - 1], &line[i]);
		line[i].len--;
		format_hex(m.hash, sizeof(m.hash), hex);
		ck_assert_int_eq(buf_addf(&line[i], " h=%.*s", CHAIN_HEX_SIZE,
					  hex),
				 0);
	}
}

static void teardown(void)
{
	for (size_t i = 1; i <= RECORDS; i++)
		buf_done(&line[i]);
	buf_done(&a);
	buf_done(&b);
	kit_done(&kit);
}

/* Add the record as a copy for @of, or at home if that is empty. */
static void add(struct buf *out, size_t serial, const char *of)
{
	ck_assert_int_eq(buf_addf(out, "%.*s%s%s\n",
				  SLICE_ARG(kit_text(&line[serial])),
				  *of ? " of=" : "", of),
			 0);
}

/* An old one as it was typed in. */
static void add_bare(struct buf *out, size_t serial)
{
	struct slice text = kit_text(&line[serial]);
	const char *end = memmem(text.p, text.len, " h=", 3);

	ck_assert_int_eq(buf_addf(out, "%.*s\n", (int)(end - text.p), text.p),
			 0);
}

/* A has all but 7 to 9, B has these and was refilled with most of the rest. */
static void make_both(void)
{
	for (size_t i = 1; i <= OLD; i++)
		add_bare(&a, i);
	for (size_t i = 4; i <= RECORDS; i++)
		if (i < 7 || i > 9)
			add(&a, i, "");
	for (size_t i = 7; i <= 9; i++)
		add(&b, i, "");
	add(&b, 1, "A");
	add(&b, 3, "A");
	add(&b, 5, "A");
	add(&b, 11, "A");
	add(&b, 2, "A");
	add(&b, 4, "A");
}

static const struct check_summary *run(void)
{
	kit_put(&kit, KIT_A, kit_text(&a));
	kit_put(&kit, KIT_B, kit_text(&b));
	return kit_run(&kit);
}

/* Change the last digit of the hash on line @number. */
static void spoil(struct buf *text, size_t number)
{
	uint8_t *p = text->data;
	uint8_t *digit;

	for (size_t i = 1; i < number; i++)
		p = (uint8_t *)memchr(p, '\n',
				      text->len - (size_t)(p - text->data)) +
		    1;
	digit = (uint8_t *)memmem(p, text->len - (size_t)(p - text->data),
				  " h=", 3) +
		3 + CHAIN_HEX_SIZE - 1;
	*digit = *digit == '0' ? '1' : '0';
}

START_TEST(they_are_whole)
{
	const struct check_summary *s;

	make_both();
	s = run();
	kit_expect(&kit, "");
	ck_assert_uint_eq(s->serial, RECORDS);
	ck_assert_uint_eq(s->transactions, RECORDS);
	ck_assert_uint_eq(s->doubles, 6);
	ck_assert_uint_eq(s->gaps, 0);
}
END_TEST

/* The home of the old ones is gone; with a hole as well. */
START_TEST(copies_do_in_place_of_old_records)
{
	const struct check_summary *s;

	make_both();
	for (size_t i = 0; i < OLD; i++)
		kit_drop_line(&a, 1);
	s = run();
	kit_expect(&kit, "");
	ck_assert_uint_eq(s->serial, RECORDS);
	ck_assert_uint_eq(s->doubles, 3);
}
END_TEST

/* Named where it stands, and the one behind it, whichever file comes first. */
START_TEST(a_hash_of_an_old_record_must_follow)
{
	const struct check_summary *s;
	struct buf swapped;

	make_both();
	spoil(&b, 8);
	s = run();
	kit_expect(&kit, KIT_B ":8: serial 2: " NOT_FOLLOWING KIT_B
			       ":5: serial 3: " NOT_FOLLOWING);
	ck_assert_uint_eq(s->serial, 1);

	swapped = a;
	a = b;
	b = swapped;
	s = run();
	kit_expect(&kit, KIT_A ":8: serial 2: " NOT_FOLLOWING KIT_A
			       ":5: serial 3: " NOT_FOLLOWING);
	ck_assert_uint_eq(s->serial, 1);
}
END_TEST

START_TEST(two_hashes_of_an_old_record_contradict)
{
	make_both();
	add(&a, 2, "");
	spoil(&a, 10);
	ck_assert_uint_eq(run()->serial, 1);
	kit_expect(&kit, KIT_B ":8: serial 2: has other contents than in " KIT_A
			       ":10\n");
}
END_TEST

/* Behind a fault each link is still tried, theirs too. */
START_TEST(links_are_tried_behind_a_fault)
{
	make_both();
	spoil(&b, 4);
	spoil(&b, 5);
	ck_assert_uint_eq(run()->serial, 0);
	kit_expect(&kit, KIT_B
		   ":4: serial 1: " NOT_FOLLOWING KIT_B
		   ":8: serial 2: " NOT_FOLLOWING KIT_B
		   ":5: serial 3: " NOT_FOLLOWING KIT_A
		   ":4: serial 4: " NOT_FOLLOWING);
}
END_TEST

static void cut(void)
{
	ck_assert_int_eq(kit_open(&kit, true), 0);
	ck_assert_int_eq(check_run(kit.check), 0);
	ck_assert_int_eq(check_cut(kit.check, NULL), 0);
	kit.check = check_free(kit.check);
}

static void expect_file(const char *path, const struct buf *text)
{
	struct slice found = disk_text(disk_find(&kit.disk, path));

	if (!slice_equal(found, kit_text(text)))
		ck_abort_msg("%s:\n%.*s", path, SLICE_ARG(found));
}

/* What lies past the whole part is taken out wherever it stands. */
START_TEST(a_cut_goes_by_serials)
{
	struct buf stays = { 0 };
	struct buf aside = { 0 };

	make_both();
	kit_drop_line(&a, 6);
	/* Serial 6 is gone: the rest is 1 to 5. */
	ck_assert_uint_eq(run()->serial, 5);
	cut();
	add(&stays, 1, "A");
	add(&stays, 3, "A");
	add(&stays, 5, "A");
	add(&stays, 2, "A");
	add(&stays, 4, "A");
	expect_file(KIT_B, &stays);
	for (size_t i = 7; i <= 9; i++)
		add(&aside, i, "");
	add(&aside, 11, "A");
	expect_file(KIT_B ".cut-at-5", &aside);
	ck_assert_uint_eq(kit_run(&kit)->serial, 5);
	kit_expect(&kit, "");
	buf_done(&stays);
	buf_done(&aside);
}
END_TEST

/*
 * A refill that was cut short, or of which a part was never written: the other
 * file has all of it, so nothing is missing, and a cut takes the rest away.
 */
START_TEST(a_torn_refill_is_cut_off)
{
	size_t start;
	size_t len;

	make_both();
	len = b.len;
	/* The last append begins with the second line but two. */
	start = len - line[2].len - line[4].len - 2 * strlen(" of=A\n");
	for (size_t cut_at = start + 1; cut_at < len; cut_at++) {
		const struct check_summary *s;

		b.len = _i ? len : cut_at;
		if (_i)
			memset(b.data + cut_at, 0, len - cut_at);
		s = run();
		ck_assert_uint_eq(s->serial, RECORDS);
		if (!_i && b.data[cut_at - 1] == '\n')
			continue;
		/* A zero for the last newline is a missing newline. */
		ck_assert_uint_gt(s->faults, 0);
		cut();
		s = kit_run(&kit);
		kit_expect(&kit, "");
		ck_assert_uint_eq(s->serial, RECORDS);
		ck_assert_uint_le(disk_text(disk_find(&kit.disk, KIT_B)).len,
				  cut_at);
		disk_remove(disk_find(&kit.disk, KIT_B ".cut-at-12"));
		b.len = len;
		if (_i) {
			b.len = start;
			add(&b, 2, "A");
			add(&b, 4, "A");
		}
	}
}
END_TEST

/* A last line without its newline may lack its of=, where there are copies. */
START_TEST(a_sealed_record_without_a_newline)
{
	make_both();
	buf_clear(&b);
	add(&b, 7, "");
	add(&b, 8, "");
	add(&b, 9, "");
	add(&b, 3, "");
	b.len--;
	ck_assert_uint_eq(run()->serial, RECORDS);
	kit_expect(&kit, "");

	buf_clear(&b);
	add(&b, 1, "A");
	add(&b, 2, "A");
	b.len -= strlen(" of=A\n");
	(void)run();
	ck_assert_ptr_nonnull(memmem(kit.said.data, kit.said.len,
				     KIT_B ":2: ", strlen(KIT_B ":2: ")));
	ck_assert_ptr_nonnull(memmem(kit.said.data, kit.said.len,
				     "the record may be cut short", 27));
}
END_TEST

Suite *test_check_refill(void)
{
	Suite *s = suite_create("check/refill");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, they_are_whole);
	tcase_add_test(t, copies_do_in_place_of_old_records);
	tcase_add_test(t, a_hash_of_an_old_record_must_follow);
	tcase_add_test(t, two_hashes_of_an_old_record_contradict);
	tcase_add_test(t, links_are_tried_behind_a_fault);
	tcase_add_test(t, a_cut_goes_by_serials);
	tcase_add_loop_test(t, a_torn_refill_is_cut_off, 0, 2);
	tcase_add_test(t, a_sealed_record_without_a_newline);
	suite_add_tcase(s, t);
	return s;
}
