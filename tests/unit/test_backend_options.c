/* SPDX-License-Identifier: MIT */
/*
 * src/backend/options.c: what a command line means, and what is none.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/options.h"

#include "unit.h"

UNIT_SUITE(test_backend_options);

#define ARGUMENTS_MAX 6

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
	char text[ARGUMENTS_MAX][64] = { "chain-backend" };
	char *argv[ARGUMENTS_MAX + 1] = { text[0] };
	int argc = 1;

	for (size_t i = 0; words[i]; i++) {
		ck_assert_int_lt(argc, ARGUMENTS_MAX);
		(void)snprintf(text[argc], sizeof(text[argc]), "%s", words[i]);
		argv[argc] = text[argc];
		argc++;
	}
	return options_parse(argc, argv, o);
}

START_TEST(name_names_the_file)
{
	const char *const words[] = { "B.2", NULL };
	struct options o;
	char config[256];

	ck_assert_int_eq(parse(words, &o), 0);
	(void)snprintf(config, sizeof(config), "%s",
		       SYSCONFDIR "/alichain/backend-B.2.conf");
	ck_assert_str_eq(o.config, config);
	ck_assert(!o.check_config);
	options_done(&o);
	ck_assert_ptr_null(o.config);
}
END_TEST

START_TEST(config_wins_over_the_name)
{
	const char *const words[] = { "--check-config", "B", "--config", "x",
				      NULL };
	struct options o;

	ck_assert_int_eq(parse(words, &o), 0);
	ck_assert_str_eq(o.config, "x");
	ck_assert(o.check_config);
	options_done(&o);
}
END_TEST

START_TEST(last_config_counts)
{
	const char *const words[] = { "-c", "x", "--config=y", NULL };
	struct options o;

	ck_assert_int_eq(parse(words, &o), 0);
	ck_assert_str_eq(o.config, "y");
	ck_assert_ptr_null(o.name);
	options_done(&o);
}
END_TEST

/* The name goes into a path; nothing but a block's name may. */
START_TEST(wrong_lines_are_refused)
{
	static const char *const lines[][4] = {
		{ NULL },	     { "A", "B", NULL },   { "../A", NULL },
		{ "", NULL },	     { "A/B", NULL },	   { "--bogus", NULL },
		{ "--config", NULL }, { "-x", "A", NULL }, { "A B", NULL },
		{ "ABCDEFGHIJKLMNOPQ", NULL },
	};
	struct options o;

	ck_assert_int_eq(parse(lines[_i], &o), -EINVAL);
}
END_TEST

Suite *test_backend_options(void)
{
	Suite *s = suite_create("backend/options");
	TCase *t = tcase_create("options");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, name_names_the_file);
	tcase_add_test(t, config_wins_over_the_name);
	tcase_add_test(t, last_config_counts);
	tcase_add_loop_test(t, wrong_lines_are_refused, 0, 10);
	suite_add_tcase(s, t);
	return s;
}
