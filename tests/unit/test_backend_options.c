/* SPDX-License-Identifier: MIT */
/*
 * src/backend/options.c: what a command line means, and what is none.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "backend/options.h"

#include "test_words.h"
#include "unit.h"

UNIT_SUITE(test_backend_options);

#define TRY "Try \"chain-backend --help\".\n"
#define NAME_FAULT "chain-backend: the block's name "
#define NAME_BYTES                                                             \
	NAME_FAULT "contains something else than letters, digits, _ and .\n"   \
	TRY

static int parse(const char *const words[], struct options *o)
{
	int argc;
	char **argv = words_argv("chain-backend", words, &argc);

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
	static const struct {
		const char *words[4];
		const char *err;
	} lines[] = {
		{ { NULL },
		  "chain-backend: neither a NAME nor --config is given\n" TRY },
		{ { "A", "B" },
		  "chain-backend: more than one NAME is given\n" TRY },
		{ { "-cx", "A", "B" },
		  "chain-backend: more than one NAME is given\n" TRY },
		{ { "../A" }, NAME_FAULT "begins with a dot\n" TRY },
		{ { "-cx", "../A" }, NAME_FAULT "begins with a dot\n" TRY },
		{ { "" }, NAME_FAULT "is empty\n" TRY },
		{ { "A/B" }, NAME_BYTES },
		{ { "A B" }, NAME_BYTES },
		{ { "ABCDEFGHIJKLMNOPQ" },
		  NAME_FAULT "is longer than 16 bytes\n" TRY },
		{ { "--bogus" },
		  "chain-backend: unrecognized option '--bogus'\n" TRY },
		{ { "--config" },
		  "chain-backend: option '--config' requires an argument\n" TRY },
		{ { "-x", "A" }, "chain-backend: invalid option -- 'x'\n" TRY },
	};
	struct options o;

	ck_assert_uint_lt((size_t)_i, ELEMENTS(lines));
	ck_assert_int_eq(parse(lines[_i].words, &o), -EINVAL);
	words_assert_said("", lines[_i].err);
}
END_TEST

Suite *test_backend_options(void)
{
	Suite *s = suite_create("backend/options");
	TCase *t = tcase_create("options");

	words_capture(t);
	tcase_add_test(t, name_names_the_file);
	tcase_add_test(t, config_wins_over_the_name);
	tcase_add_test(t, last_config_counts);
	tcase_add_loop_test(t, wrong_lines_are_refused, 0, 12);
	suite_add_tcase(s, t);
	return s;
}
