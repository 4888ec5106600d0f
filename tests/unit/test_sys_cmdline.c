/* SPDX-License-Identifier: MIT */
/*
 * src/sys/cmdline.c: what the table makes of a command line, and of --help.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "sys/cmdline.h"

#include "test_words.h"
#include "unit.h"

UNIT_SUITE(test_sys_cmdline);

#define TRY "Try \"chain-example --help\".\n"

static const char help[] =
	"Usage: chain-example [OPTIONS] FILE...\n"
	"Show what a table can do.\n"
	"\n"
	"More of it.\n"
	"\n"
	"Options:\n"
	"  -c, --config FILE  read FILE\n"
	"      --count N      how many\n"
	"  -q, --quiet        say only what is wrong\n"
	"      --cut          cut\n"
	"  -h, --help         show this and end\n"
	"  -V, --version      show the version and end\n"
	"\n"
	"See chain-example(8).\n";

/* What an option takes, one of each kind, and what is left. */
static struct {
	const char *config;
	bool quiet;
	bool cut;
	char count; /* a digit */
	int argc;
	char **argv;
	int first;
} got;

static const char *take_count(void *arg, const char *value)
{
	if (strlen(value) != 1)
		return "expected one digit";
	*(char *)arg = *value;
	return NULL;
}

static const struct cmdline_option table[] = {
	{ "config", 'c', "FILE", "read FILE", .text = &got.config },
	{ "count", 0, "N", "how many", .take = take_count, .arg = &got.count },
	{ "quiet", 'q', NULL, "say only what is wrong", .flag = &got.quiet },
	{ "cut", 0, NULL, "cut", .flag = &got.cut },
};

static const struct cmdline line = {
	.program = "chain-example",
	.operands = "FILE...",
	.about = "Show what a table can do.\n\nMore of it.\n",
	.footer = "See chain-example(8).\n",
	.option = table,
	.options = ELEMENTS(table),
};

static int parse_with(const struct cmdline *c, const char *const words[])
{
	memset(&got, 0, sizeof(got));
	got.first = -1;
	got.argv = words_argv("chain-example", words, &got.argc);
	return cmdline_parse(c, got.argc, got.argv, &got.first);
}

static int parse(const char *const words[])
{
	return parse_with(&line, words);
}

START_TEST(options_reach_their_places)
{
	const char *const words[] = { "-q", "x", "--count=7", "-c",
				      "f",  "y", "--cut",     NULL };

	ck_assert_int_eq(parse(words), 0);
	ck_assert(got.quiet && got.cut);
	ck_assert_str_eq(got.config, "f");
	ck_assert_int_eq(got.count, '7');
	ck_assert_int_eq(got.argc - got.first, 2);
	ck_assert_str_eq(got.argv[got.first], "x");
	ck_assert_str_eq(got.argv[got.first + 1], "y");
	words_assert_said("", "");
}
END_TEST

START_TEST(what_is_not_given_stays)
{
	const char *const words[] = { NULL };

	ck_assert_int_eq(parse(words), 0);
	ck_assert(!got.quiet && !got.cut && !got.config && !got.count);
	ck_assert_int_eq(got.first, got.argc);
}
END_TEST

START_TEST(short_options_go_together)
{
	const char *const words[] = { "-qcf", NULL };

	ck_assert_int_eq(parse(words), 0);
	ck_assert(got.quiet && !got.cut);
	ck_assert_str_eq(got.config, "f");
}
END_TEST

START_TEST(last_of_two_equal_options_counts)
{
	const char *const words[] = { "-c", "f", "--config=g", "--count", "1",
				      "--count", "2", NULL };

	ck_assert_int_eq(parse(words), 0);
	ck_assert_str_eq(got.config, "g");
	ck_assert_int_eq(got.count, '2');
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	const char *const words[] = { "-q", "--", "--cut", "-x", NULL };

	ck_assert_int_eq(parse(words), 0);
	ck_assert(got.quiet && !got.cut);
	ck_assert_int_eq(got.argc - got.first, 2);
	ck_assert_str_eq(got.argv[got.first], "--cut");
}
END_TEST

/* A program can be asked for help whatever else is wrong behind that. */
START_TEST(help_and_version_are_said)
{
	static const struct {
		const char *words[4];
		const char *out;
	} lines[] = {
		{ { "--help" }, help },
		{ { "x", "-h" }, help },
		{ { "-qhx" }, help },
		{ { "--help", "--version", "--bogus" }, help },
		{ { "--version" },
		  "chain-example (" PACKAGE_NAME ") " PACKAGE_VERSION "\n" },
		{ { "-V", "--count=bad" },
		  "chain-example (" PACKAGE_NAME ") " PACKAGE_VERSION "\n" },
	};

	ck_assert_uint_lt((size_t)_i, ELEMENTS(lines));
	ck_assert_int_eq(parse(lines[_i].words), 1);
	ck_assert_int_eq(got.first, -1);
	words_assert_said(lines[_i].out, "");
}
END_TEST

START_TEST(wrong_lines_are_refused)
{
	static const struct {
		const char *words[4];
		const char *err;
	} lines[] = {
		{ { "--bogus", "--help" },
		  "chain-example: unrecognized option '--bogus'\n" TRY },
		{ { "-x" }, "chain-example: invalid option -- 'x'\n" TRY },
		{ { "--config" },
		  "chain-example: option '--config' requires an argument\n" TRY },
		{ { "-c" },
		  "chain-example: option requires an argument -- 'c'\n" TRY },
		{ { "--cut=x" },
		  "chain-example: option '--cut' doesn't allow an argument\n" TRY },
		{ { "--count=12", "--help" },
		  "chain-example: --count: expected one digit\n" TRY },
		{ { "--count", "1", "--count=" },
		  "chain-example: --count: expected one digit\n" TRY },
	};

	ck_assert_uint_lt((size_t)_i, ELEMENTS(lines));
	ck_assert_int_eq(parse(lines[_i].words), -EINVAL);
	ck_assert_int_eq(got.first, -1);
	words_assert_said("", lines[_i].err);
}
END_TEST

START_TEST(a_program_without_operands_takes_none)
{
	const char *const wrong[] = { "x", "-q", "y", NULL };
	const char *const right[] = { "--cut", "-q", NULL };
	struct cmdline without = line;
	int argc;
	char **argv;

	without.operands = NULL;
	ck_assert_int_eq(parse_with(&without, wrong), -EINVAL);
	words_assert_said("", "chain-example: unexpected argument 'x'\n" TRY);

	argv = words_argv("chain-example", right, &argc);
	ck_assert_int_eq(cmdline_parse(&without, argc, argv, NULL), 0);
	ck_assert(got.cut);
}
END_TEST

START_TEST(a_program_may_have_no_options_of_its_own)
{
	static const struct cmdline bare = {
		.program = "chain-example",
		.about = "Do nothing.\n",
		.footer = "See chain-example(8).\n",
	};
	const char *const words[] = { "--help", NULL };

	ck_assert_int_eq(parse_with(&bare, words), 1);
	words_assert_said("Usage: chain-example [OPTIONS]\n"
			  "Do nothing.\n"
			  "\n"
			  "Options:\n"
			  "  -h, --help     show this and end\n"
			  "  -V, --version  show the version and end\n"
			  "\n"
			  "See chain-example(8).\n",
			  "");
}
END_TEST

/* Each with a letter and a value, so that all the room is needed. */
START_TEST(as_many_options_as_there_may_be)
{
	static char name[CMDLINE_OPTIONS_MAX][8];
	struct cmdline_option many[CMDLINE_OPTIONS_MAX];
	const char *value[CMDLINE_OPTIONS_MAX] = { NULL };
	struct cmdline full = line;
	const char *const words[] = { "-ax", "--opt-p=y", "--bogus", NULL };

	for (size_t i = 0; i < CMDLINE_OPTIONS_MAX; i++) {
		char letter = (char)('a' + i);

		/* -h is taken. */
		if (letter == 'h')
			letter = 'z';
		(void)snprintf(name[i], sizeof(name[i]), "opt-%c", letter);
		many[i] = (struct cmdline_option){ name[i], letter, "X", "x",
						   .text = &value[i] };
	}
	full.option = many;
	full.options = CMDLINE_OPTIONS_MAX;
	ck_assert_int_eq(parse_with(&full, words), -EINVAL);
	words_assert_said("", "chain-example: unrecognized option '--bogus'\n"
			      TRY);
	ck_assert_str_eq(value[0], "x");
	ck_assert_str_eq(value[CMDLINE_OPTIONS_MAX - 1], "y");
}
END_TEST

START_TEST(misuse_is_said_with_where_to_read)
{
	ck_assert_int_eq(cmdline_misused("chain-example", "%d %s", 7, "x"),
			 -EINVAL);
	words_assert_said("", "chain-example: 7 x\n" TRY);
}
END_TEST

Suite *test_sys_cmdline(void)
{
	Suite *s = suite_create("sys/cmdline");
	TCase *t = tcase_create("cmdline");

	words_capture(t);
	tcase_add_test(t, options_reach_their_places);
	tcase_add_test(t, what_is_not_given_stays);
	tcase_add_test(t, short_options_go_together);
	tcase_add_test(t, last_of_two_equal_options_counts);
	tcase_add_test(t, two_dashes_end_the_options);
	tcase_add_loop_test(t, help_and_version_are_said, 0, 6);
	tcase_add_loop_test(t, wrong_lines_are_refused, 0, 7);
	tcase_add_test(t, a_program_without_operands_takes_none);
	tcase_add_test(t, a_program_may_have_no_options_of_its_own);
	tcase_add_test(t, as_many_options_as_there_may_be);
	tcase_add_test(t, misuse_is_said_with_where_to_read);
	suite_add_tcase(s, t);
	return s;
}
