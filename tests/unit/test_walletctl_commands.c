/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/commands.c and suggest.c: what the table promises.
 */
#include "config.h"

#include <check.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "unit.h"
#include "walletctl/commands.h"
#include "walletctl/program.h"
#include "walletctl/suggest.h"

#include "test_walletctl_kit.h"

/* Port 1 is nobody's; usage errors come before any connection. */
#define NOBODY "127.0.0.1:1"

START_TEST(rows_are_whole)
{
	const struct command *c = &commands_table[_i];
	size_t len = strlen(c->help);

	ck_assert_ptr_eq(commands_find(c->name), c);
	ck_assert_ptr_nonnull(c->run);
	ck_assert_uint_gt(len, 0);
	ck_assert(islower((unsigned char)c->help[0]));
	ck_assert_int_ne(c->help[len - 1], '.');
	/* Names of arguments, which the check of them takes apart. */
	for (const char *p = c->args; *p; p++)
		ck_assert_ptr_nonnull(
			strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]. ", *p));
}
END_TEST

START_TEST(help_shows_every_command)
{
	const struct command *c = &commands_table[_i];
	struct kit_run all = kit_run(NOBODY, "help", NULL);
	struct kit_run one = kit_run(NOBODY, "help", c->name, NULL);
	struct kit_run same = kit_run(NOBODY, c->name, "--help", NULL);
	char line[64];

	(void)snprintf(line, sizeof(line), "\n  %s%s%s ", c->name,
		       *c->args ? " " : "", c->args);
	ck_assert_int_eq(all.status, STATUS_DONE);
	ck_assert_ptr_nonnull(strstr(all.out, line));
	ck_assert_int_eq(one.status, STATUS_DONE);
	ck_assert_ptr_nonnull(strstr(one.out, c->help + 1));
	ck_assert_str_eq(one.out, same.out);
	ck_assert_str_eq(one.err, "");
	kit_run_done(&all);
	kit_run_done(&one);
	kit_run_done(&same);
}
END_TEST

static const struct {
	const char *words[6];
	const char *said;
} mistakes[] = {
	{ { NULL }, "a command is missing; see \"walletctl help\"" },
	{ { "balnce", "x" }, "(did you mean \"balance\"?)" },
	{ { "lsit" }, "(did you mean \"list\"?)" },
	{ { "frobnicate" }, "no command \"frobnicate\"; see" },
	{ { "help", "trasnfer" }, "(did you mean \"transfer\"?)" },
	{ { "balance" }, "balance: USER is missing: expected the name of" },
	{ { "transfer", "A", "B" }, "AMOUNT is missing: expected a whole" },
	{ { "transfer", "A" }, "RECEIVER is missing" },
	{ { "transfer", "A", "B", "1", "2" }, "\"2\" is too much" },
	{ { "import" }, "import: FILE is missing: expected the name of a file" },
	{ { "import", "--format=x", "/dev/null" }, "--format: expected alichain, "
						   "encrypted or csv" },
	{ { "export", "x" }, "\"x\" is too much" },
	{ { "export", "--format=xml" }, "--format: expected alichain, csv, json" },
	{ { "export", "--json" }, "tell of a file that --output names" },
	{ { "tip", "x" }, "\"x\" is too much" },
	{ { "balance", "A", "--memo=x" }, "balance takes no option --memo" },
	{ { "history", "A", "--from=x" }, "--from: expected a number from 1" },
	{ { "balance", "A", "--all" }, "expected either users or --all" },
	{ { "list", "--since=tomorrow" }, "--since: expected a time such as" },
	{ { "history", "A", "--until=2026-02-29" },
	  "--until: expected a day and a time that there are, not \"2026-" },
	{ { "list", "--since=-1d", "--until=-2d" },
	  "--since is later than --until" },
	{ { "balance", "A", "--at=0" }, "today or now, or a serial number, not" },
	{ { "balance", "A", "--at=-1" }, "or a serial number, not \"-1\"" },
	{ { "balance", "--all", "--at=9223372036854775808" },
	  "or a serial number" },
	{ { "plot", "A", "--from=1" }, "plot takes no option --from" },
	{ { "list", "--count", "0" }, "--count: expected a number from 1" },
	{ { "list", "--from=9223372036854775808" }, "--from: expected" },
	{ { "show" }, "expected either a serial number or --id" },
	{ { "show", "1", "--id=x" }, "expected either a serial number" },
	{ { "show", "x" }, "SERIAL: expected a number from 1 up" },
	{ { "show", "-1" }, "SERIAL: expected a number from 1 up" },
	{ { "tip", "--json", "--raw" }, "expected one of them at most" },
	{ { "tip", "--timeout", "0" }, "--timeout: expected seconds" },
	{ { "tip", "--server=nowhere" }, "--server: expected HOST:PORT" },
	{ { "tip", "--server=h:0" }, "--server: expected HOST:PORT" },
	{ { "tip", "--server=h:65536" }, "--server: expected HOST:PORT" },
	{ { "tip", "--server=::1:80" }, "--server: expected HOST:PORT" },
	{ { "tip", "--server=:80" }, "--server: expected HOST:PORT" },
	{ { "tip", "--nope" }, "there is no option --nope" },
};

START_TEST(mistakes_are_told_in_one_sentence)
{
	const char *const *w = mistakes[_i].words;
	struct kit_run r = kit_run(NOBODY, w[0], w[1], w[2], w[3], w[4], NULL);

	ck_assert_int_eq(r.status, STATUS_USAGE);
	ck_assert_str_eq(r.out, "");
	ck_assert_msg(strstr(r.err, mistakes[_i].said), "said: %s", r.err);
	ck_assert_msg(strstr(r.err, "\"walletctl help"), "said: %s", r.err);
	ck_assert_ptr_eq(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
	kit_run_done(&r);
}
END_TEST

START_TEST(version_is_the_packages)
{
	struct kit_run r = kit_run(NOBODY, "--version", NULL);

	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert_str_eq(r.out,
			 "walletctl (" PACKAGE_NAME ") " PACKAGE_VERSION "\n");
	kit_run_done(&r);
}
END_TEST

START_TEST(server_comes_from_the_environment)
{
	FILE *null = fopen("/dev/null", "we");
	char name[] = "walletctl";
	char command[] = "tip";
	char *argv[] = { name, command, NULL };

	ck_assert_ptr_nonnull(null);
	(void)setenv("WALLETCTL_SERVER", "nowhere", 1);
	ck_assert_int_eq(program_run(2, argv, null, null), STATUS_USAGE);
	(void)setenv("WALLETCTL_SERVER", NOBODY, 1);
	ck_assert_int_eq(program_run(2, argv, null, null), STATUS_UNAVAILABLE);
	(void)fclose(null);
}
END_TEST

/* Whoever needs help should get it. */
START_TEST(help_needs_no_server)
{
	FILE *null = fopen("/dev/null", "we");
	char name[] = "walletctl";
	char command[] = "help";
	char *argv[] = { name, command, NULL };

	ck_assert_ptr_nonnull(null);
	(void)setenv("WALLETCTL_SERVER", "nowhere", 1);
	ck_assert_int_eq(program_run(2, argv, null, null), STATUS_DONE);
	(void)fclose(null);
}
END_TEST

/* For programs: the same table, and what each row takes. */
START_TEST(help_for_programs_is_the_table)
{
	const struct command *c = &commands_table[_i];
	struct kit_run all = kit_run(NOBODY, "--raw", "help", NULL);
	struct kit_run one = kit_run(NOBODY, "--raw", "help", c->name, NULL);
	struct kit_run json = kit_run(NOBODY, "--json", "help", c->name, NULL);
	char begin[128];

	(void)snprintf(begin, sizeof(begin), "%s\t%s\t", c->name, c->args);
	ck_assert_int_eq(one.status, STATUS_DONE);
	ck_assert_ptr_eq(strstr(one.out, begin), one.out);
	ck_assert_ptr_nonnull(strstr(all.out, one.out));
	ck_assert_ptr_nonnull(strstr(one.out, c->help));

	/* The first row is nobody's and everybody's. */
	ck_assert_ptr_eq(strstr(all.out, "\t\t--server=HOST:PORT "), all.out);
	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "--%s%s",
			       options_table[key].name,
			       options_table[key].value ? "=" : "");
		ck_assert_int_eq(strstr(one.out, name) != NULL,
				 (c->options & OPTION_BIT(key)) != 0);
	}

	(void)snprintf(begin, sizeof(begin), "{\"command\":\"%s\",", c->name);
	ck_assert_int_eq(json.status, STATUS_DONE);
	ck_assert_ptr_nonnull(strstr(json.out, begin));
	kit_run_done(&all);
	kit_run_done(&one);
	kit_run_done(&json);
}
END_TEST

static const struct {
	const char *a;
	const char *b;
	unsigned distance;
} distances[] = {
	{ "", "", 0 },
	{ "tip", "tip", 0 },
	{ "", "abc", 3 },
	{ "list", "lsit", 1 },
	{ "list", "lit", 1 },
	{ "list", "liist", 1 },
	{ "stats", "status", 1 },
	{ "ca", "abc", 3 },
	{ "open", "list", 4 },
};

START_TEST(distance_counts_mistakes)
{
	const char *a = distances[_i].a;
	const char *b = distances[_i].b;

	ck_assert_uint_eq(suggest_distance(a, b), distances[_i].distance);
	ck_assert_uint_eq(suggest_distance(b, a), distances[_i].distance);
}
END_TEST

START_TEST(distance_bounds_its_words)
{
	char word[] = "abcdefghijklmnopqrstuvwxyzabcdef"; /* 32 letters */

	ck_assert_uint_eq(suggest_distance(word, "a"), UINT_MAX);
	word[31] = '\0';
	ck_assert_uint_eq(suggest_distance(word, "a"), 30);
	ck_assert_ptr_null(suggest_better("", NULL, "balance"));
}
END_TEST

UNIT_SUITE(test_walletctl_commands);

Suite *test_walletctl_commands(void)
{
	Suite *s = suite_create("walletctl/commands");
	TCase *t = tcase_create("commands");

	tcase_add_loop_test(t, rows_are_whole, 0, (int)commands_count);
	tcase_add_loop_test(t, help_shows_every_command, 0,
			    (int)commands_count);
	tcase_add_loop_test(t, help_for_programs_is_the_table, 0,
			    (int)commands_count);
	tcase_add_loop_test(t, mistakes_are_told_in_one_sentence, 0,
			    ELEMENTS(mistakes));
	tcase_add_test(t, version_is_the_packages);
	tcase_add_test(t, server_comes_from_the_environment);
	tcase_add_test(t, help_needs_no_server);
	tcase_add_loop_test(t, distance_counts_mistakes, 0,
			    ELEMENTS(distances));
	tcase_add_test(t, distance_bounds_its_words);
	suite_add_tcase(s, t);
	return s;
}
