/* SPDX-License-Identifier: MIT */
/*
 * src/store/scan.c: lines of any length, across the borders of reads.
 */
#include "config.h"

#include <string.h>

#include "store/scan.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_scan);

#define MEBIBYTE (1024 * 1024)

static struct disk disk;
static struct buf text;
static int fd;

static void setup(void)
{
	disk_init(&disk);
	text = (struct buf){ 0 };
}

static void teardown(void)
{
	disk_done(&disk);
	buf_done(&text);
}

static void add(char c, size_t count)
{
	ck_assert_int_eq(buf_reserve(&text, count), 0);
	memset(text.data + text.len, c, count);
	text.len += count;
}

static void open_text(void)
{
	disk_put(&disk, BLOCK, text_of(&text));
	fd = disk.ops.open(&disk, BLOCK, 0, 0);
	ck_assert_int_ge(fd, 0);
}

/* Checks each line against the text itself. */
struct follower {
	uint64_t next; /* offset of the line that must come */
	uint64_t number;
	size_t lines;
	int stop_with; /* if not 0, at the second line */
};

static int follow(void *arg, const struct scan_line *line)
{
	struct follower *f = arg;
	const char *start = (char *)text.data + line->offset;
	size_t left = text.len - line->offset;
	const char *end = memchr(start, '\n', left);
	size_t length = end ? (size_t)(end - start) : left;

	/* Check notes each assertion, which is slow: one a line is too many. */
	if (line->offset != f->next || line->number != f->number ||
	    line->length != length || line->ended != (end != NULL) ||
	    line->text.len !=
		    (length < SCAN_TEXT_MAX ? length : SCAN_TEXT_MAX) ||
	    memcmp(line->text.p, start, line->text.len) != 0)
		ck_abort_msg("line %zu is wrong", f->lines + 1);
	f->next += length + 1;
	f->number++;
	f->lines++;
	return f->lines == 2 ? f->stop_with : 0;
}

static size_t scan_all(void)
{
	struct follower f = { .number = 1 };

	open_text();
	ck_assert_int_eq(scan_lines(&disk.ops, fd, 0, 1, text.len, follow, &f),
			 0);
	/* The last line may have no newline. */
	ck_assert_uint_ge(f.next, text.len);
	return f.lines;
}

START_TEST(an_empty_file_has_no_lines)
{
	ck_assert_uint_eq(scan_all(), 0);
}
END_TEST

START_TEST(counts_empty_lines)
{
	add('\n', 3);
	add('x', 1);
	ck_assert_uint_eq(scan_all(), 4);
}
END_TEST

/* A line that begins in one read and ends in the next, at each distance. */
START_TEST(joins_what_two_reads_bring)
{
	for (size_t before = 0; before < 8; before++) {
		buf_clear(&text);
		add('a', 10);
		while (text.len + 100 < MEBIBYTE - before) {
			add('\n', 1);
			add('b', 60);
		}
		add('c', MEBIBYTE - before - text.len);
		add('\n', 1);
		add('d', 20);
		add('\n', 1);
		add('e', 20);
		ck_assert_uint_gt(scan_all(), 10000);
	}
}
END_TEST

START_TEST(keeps_the_beginning_of_long_lines)
{
	static const size_t lengths[] = { SCAN_TEXT_MAX - 1, SCAN_TEXT_MAX,
					  SCAN_TEXT_MAX + 1, MEBIBYTE - 1,
					  MEBIBYTE,	     MEBIBYTE + 1,
					  3 * MEBIBYTE };

	for (size_t i = 0; i < ELEMENTS(lengths); i++) {
		buf_clear(&text);
		add('a', 3);
		add('\n', 1);
		add('b', lengths[i]);
		add('\n', 1);
		add('c', 5);
		ck_assert_uint_eq(scan_all(), 3);
		text.len -= 6;
		ck_assert_uint_eq(scan_all(), 2);
	}
}
END_TEST

START_TEST(starts_and_ends_where_it_is_told)
{
	struct follower f = { .next = 4, .number = 2 };

	ck_assert_int_eq(buf_addf(&text, "one\ntwo\nthree\nfour\n"), 0);
	open_text();
	ck_assert_int_eq(scan_lines(&disk.ops, fd, 4, 2, 14, follow, &f), 0);
	ck_assert_uint_eq(f.lines, 2);
}
END_TEST

START_TEST(ends_when_the_visitor_says_so)
{
	struct follower f = { .number = 1, .stop_with = 7 };

	add('\n', 5);
	open_text();
	ck_assert_int_eq(scan_lines(&disk.ops, fd, 0, 1, 5, follow, &f), 7);
	ck_assert_uint_eq(f.lines, 2);
}
END_TEST

/* Somebody cut the file while we read. */
START_TEST(notices_a_file_that_is_too_short)
{
	struct follower f = { .number = 1 };

	add('\n', 5);
	open_text();
	ck_assert_int_eq(scan_lines(&disk.ops, fd, 0, 1, 6, follow, &f),
			 -EPIPE);
}
END_TEST

Suite *test_store_scan(void)
{
	Suite *s = suite_create("store/scan");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_empty_file_has_no_lines);
	tcase_add_test(t, counts_empty_lines);
	tcase_add_test(t, joins_what_two_reads_bring);
	tcase_add_test(t, keeps_the_beginning_of_long_lines);
	tcase_add_test(t, starts_and_ends_where_it_is_told);
	tcase_add_test(t, ends_when_the_visitor_says_so);
	tcase_add_test(t, notices_a_file_that_is_too_short);
	suite_add_tcase(s, t);
	return s;
}
