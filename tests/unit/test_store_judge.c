/* SPDX-License-Identifier: MIT */
/*
 * src/store/judge.c: what a line is, without the lines before it.
 */
#include "config.h"

#include <string.h>

#include "store/judge.h"

#include "unit.h"

UNIT_SUITE(test_store_judge);

#define RECORD "7 Ali Luke 15"
#define BYTES(text) ((struct slice){ text, sizeof(text) - 1 })

static struct scan_line line_of(struct slice text, bool ended)
{
	return (struct scan_line){ .length = text.len, .text = text,
				   .ended = ended };
}

START_TEST(a_zero_at_the_very_end_is_a_missing_newline)
{
	struct scan_line line = line_of(BYTES(RECORD "\0"), false);

	ck_assert(slice_equal(judge_text(&line), BYTES(RECORD)));
}
END_TEST

START_TEST(other_zeros_stay)
{
	static const struct slice unended[] = {
		BYTES(RECORD), BYTES("\0"), BYTES(RECORD "\0x"), BYTES(""),
	};
	struct scan_line line = line_of(BYTES(RECORD "\0"), true);

	ck_assert(slice_equal(judge_text(&line), line.text));

	/* The zero is not the last of the line, only of what is kept of it. */
	line.ended = false;
	line.length++;
	ck_assert(slice_equal(judge_text(&line), line.text));

	for (size_t i = 0; i < sizeof(unended) / sizeof(unended[0]); i++) {
		line = line_of(unended[i], false);
		ck_assert(slice_equal(judge_text(&line), unended[i]));
	}

	/* Only one of two. */
	line = line_of(BYTES(RECORD "\0\0"), false);
	ck_assert(slice_equal(judge_text(&line), BYTES(RECORD "\0")));
}
END_TEST

START_TEST(blank_is_nothing_or_a_carriage_return)
{
	ck_assert(judge_is_blank(BYTES("")));
	ck_assert(judge_is_blank(BYTES("\r")));
	ck_assert(!judge_is_blank(BYTES(" ")));
	ck_assert(!judge_is_blank(BYTES("\r\r")));
	ck_assert(!judge_is_blank(BYTES("\0")));
	ck_assert(!judge_is_blank(BYTES("7")));
}
END_TEST

START_TEST(a_record_is_parsed)
{
	struct record r;

	ck_assert_ptr_null(judge_record(BYTES(RECORD), &r));
	ck_assert_uint_eq(r.serial, 7);
	ck_assert(slice_equal(r.receiver, BYTES("Luke")));
}
END_TEST

START_TEST(a_fault_is_named_and_nothing_written)
{
	struct record r = { .serial = 77 };

	ck_assert_str_eq(judge_record(BYTES("7 A\0i Luke 15"), &r),
			 "expected text, found a zero byte");
	ck_assert_str_eq(judge_record(BYTES("7 Ali Luke 015"), &r),
			 "amount: expected digits without sign or leading "
			 "zeros");
	ck_assert_uint_eq(r.serial, 77);
}
END_TEST

START_TEST(a_faulty_line_may_say_its_serial)
{
	ck_assert_uint_eq(judge_serial(BYTES("7 what")), 7);
	ck_assert_uint_eq(judge_serial(BYTES("9223372036854775807 ")),
			  INT64_MAX);
	ck_assert_uint_eq(judge_serial(BYTES("9223372036854775808 ")), 0);
	ck_assert_uint_eq(judge_serial(BYTES("0 what")), 0);
	ck_assert_uint_eq(judge_serial(BYTES("07 what")), 0);
	ck_assert_uint_eq(judge_serial(BYTES("7")), 0);
	ck_assert_uint_eq(judge_serial(BYTES(" 7")), 0);
	ck_assert_uint_eq(judge_serial((struct slice){ NULL, 0 }), 0);
}
END_TEST

Suite *test_store_judge(void)
{
	Suite *s = suite_create("store/judge");
	TCase *t = tcase_create("judge");

	tcase_add_test(t, a_zero_at_the_very_end_is_a_missing_newline);
	tcase_add_test(t, other_zeros_stay);
	tcase_add_test(t, blank_is_nothing_or_a_carriage_return);
	tcase_add_test(t, a_record_is_parsed);
	tcase_add_test(t, a_fault_is_named_and_nothing_written);
	tcase_add_test(t, a_faulty_line_may_say_its_serial);
	suite_add_tcase(s, t);
	return s;
}
