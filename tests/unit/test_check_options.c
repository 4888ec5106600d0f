/* SPDX-License-Identifier: MIT */
/*
 * src/check/options.c: what a command line means, and what is none.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/options.h"

#include "unit.h"

UNIT_SUITE(test_check_options);

#define ARGUMENTS_MAX 8
#define ZEROS "00000000000000000000000000000000"

static char text[ARGUMENTS_MAX][128];

/* Help and complaints are not for the log of the tests. */
static void setup(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	(void)close(fd);
}

/* @words: the command line without the program, ended by NULL. */
static int parse(const char *const words[], struct options *o)
{
	static char *argv[ARGUMENTS_MAX + 1];
	int argc = 1;

	argv[0] = text[0];
	for (size_t i = 0; words[i]; i++) {
		ck_assert_int_lt(argc, ARGUMENTS_MAX);
		(void)snprintf(text[argc], sizeof(text[argc]), "%s", words[i]);
		argv[argc] = text[argc];
		argc++;
	}
	argv[argc] = NULL;
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
	static const char *const lines[][4] = {
		{ NULL },
		{ "--cut", NULL },
		{ "--bogus", "x", NULL },
		{ "-x", "x", NULL },
		{ "--initial-balance", NULL },
		{ "--initial-balance=-1", "x", NULL },
		{ "--initial-balance=01", "x", NULL },
		{ "--tip=7", "x", NULL },
		{ "--tip=7:", "x", NULL },
		{ "--tip=:" ZEROS ZEROS, "x", NULL },
		{ "--tip=7:" ZEROS, "x", NULL },
		{ "--tip=-7:" ZEROS ZEROS, "x", NULL },
		{ "--tip=7:" ZEROS ZEROS "0", "x", NULL },
		{ "--cut=x", "x", NULL },
	};
	struct options o;

	ck_assert_uint_lt((size_t)_i, ELEMENTS(lines));
	ck_assert_int_eq(parse(lines[_i], &o), -EINVAL);
}
END_TEST

Suite *test_check_options(void)
{
	Suite *s = suite_create("check/options");
	TCase *t = tcase_create("options");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, defaults);
	tcase_add_test(t, all_options);
	tcase_add_loop_test(t, wrong_lines_are_refused, 0, 14);
	suite_add_tcase(s, t);
	return s;
}
