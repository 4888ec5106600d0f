/* SPDX-License-Identifier: MIT */
/*
 * src/check/options.c: what a command line means, and what is none.
 */
#include "config.h"

#include <errno.h>

#include "check/options.h"

#include "test_words.h"
#include "unit.h"

UNIT_SUITE(test_check_options);

#define TRY "Try \"chain-check --help\".\n"
#define NO_COINS                                                               \
	"chain-check: --initial-balance: expected a number of coins\n" TRY
#define NO_TIP                                                                 \
	"chain-check: --tip: expected SERIAL:HASH, a number and 64 hex "       \
	"digits in lower case\n" TRY
#define ZEROS "00000000000000000000000000000000"

static int parse(const char *const words[], struct options *o)
{
	int argc;
	char **argv = words_argv("chain-check", words, &argc);

	return options_parse(argc, argv, o);
}

START_TEST(defaults)
{
	const char *const words[] = { "x", "y", NULL };
	struct options o;

	ck_assert_int_eq(parse(words, &o), 0);
	ck_assert_uint_eq(o.count, 2);
	ck_assert_str_eq(o.files[0], "x");
	ck_assert_str_eq(o.files[1], "y");
	ck_assert_uint_eq(amount_to_u64(o.check.initial), 1000);
	ck_assert(!o.cut && !o.quiet && !o.check.tip_given);
}
END_TEST

START_TEST(all_options)
{
	const char *const words[] = { "--cut", "-q", "--initial-balance=0",
				      "--tip", "7:" ZEROS ZEROS, "--", "-x",
				      NULL };
	struct options o;

	ck_assert_int_eq(parse(words, &o), 0);
	ck_assert_str_eq(o.files[0], "-x");
	ck_assert(o.cut && o.quiet && o.check.tip_given);
	ck_assert(amount_is_zero(o.check.initial));
	ck_assert_uint_eq(o.check.tip_serial, 7);
	ck_assert_mem_eq(o.check.tip_hash, chain_origin, CHAIN_HASH_SIZE);
}
END_TEST

START_TEST(wrong_lines_are_refused)
{
	static const struct {
		const char *words[4];
		const char *err;
	} lines[] = {
		{ { NULL }, "chain-check: no FILE is given\n" TRY },
		{ { "--cut" }, "chain-check: no FILE is given\n" TRY },
		{ { "--bogus", "x" },
		  "chain-check: unrecognized option '--bogus'\n" TRY },
		{ { "-x", "x" }, "chain-check: invalid option -- 'x'\n" TRY },
		{ { "--initial-balance" },
		  "chain-check: option '--initial-balance' requires an "
		  "argument\n" TRY },
		{ { "--initial-balance=-1", "x" }, NO_COINS },
		{ { "--initial-balance=01", "x" }, NO_COINS },
		{ { "--tip=7", "x" }, NO_TIP },
		{ { "--tip=7:", "x" }, NO_TIP },
		{ { "--tip=:" ZEROS ZEROS, "x" }, NO_TIP },
		{ { "--tip=7:" ZEROS, "x" }, NO_TIP },
		{ { "--tip=-7:" ZEROS ZEROS, "x" }, NO_TIP },
		{ { "--tip=7:" ZEROS ZEROS "0", "x" }, NO_TIP },
		{ { "--cut=x", "x" },
		  "chain-check: option '--cut' doesn't allow an argument\n" TRY },
	};
	struct options o;

	ck_assert_uint_lt((size_t)_i, ELEMENTS(lines));
	ck_assert_int_eq(parse(lines[_i].words, &o), -EINVAL);
	words_assert_said("", lines[_i].err);
}
END_TEST

Suite *test_check_options(void)
{
	Suite *s = suite_create("check/options");
	TCase *t = tcase_create("options");

	words_capture(t);
	tcase_add_test(t, defaults);
	tcase_add_test(t, all_options);
	tcase_add_loop_test(t, wrong_lines_are_refused, 0, 14);
	suite_add_tcase(s, t);
	return s;
}
