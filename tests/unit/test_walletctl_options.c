/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/options.c.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "walletctl/options.h"

#define WORDS_MAX 8

static char *argv[WORDS_MAX + 1];
static char *talk;
static size_t talk_len;

static void teardown(void)
{
	for (size_t i = 0; i < ELEMENTS(argv); i++)
		free(argv[i]);
	free(talk);
}

/* Parse words that end in NULL; what is said goes to talk. */
static int parse(const char *const *words, struct options *o)
{
	FILE *err = open_memstream(&talk, &talk_len);
	int argc = 1;
	int r;

	argv[0] = strdup("walletctl");
	while (words[argc - 1]) {
		argv[argc] = strdup(words[argc - 1]);
		argc++;
	}
	r = options_parse(argc, argv, err, o);
	(void)fclose(err);
	return r;
}

/* A command line, and what it means; every case is one line of the table. */
static const struct {
	const char *words[WORDS_MAX];
	size_t args;
	const char *arg[WORDS_MAX];
	enum option_key key;
	const char *value; /* NULL: the option must not be there */
} good[] = {
	{ { "balance", "Ben" }, 2, { "balance", "Ben" }, OPTION_JSON, NULL },
	{ { "--json", "tip" }, 1, { "tip" }, OPTION_JSON, "" },
	{ { "tip", "--json" }, 1, { "tip" }, OPTION_JSON, "" },
	{ { "--server", "h:1", "tip" }, 1, { "tip" }, OPTION_SERVER, "h:1" },
	{ { "tip", "--server=h:1" }, 1, { "tip" }, OPTION_SERVER, "h:1" },
	{ { "--memo=", "x" }, 1, { "x" }, OPTION_MEMO, "" },
	{ { "--memo=a=b", "x" }, 1, { "x" }, OPTION_MEMO, "a=b" },
	{ { "--memo", "--json", "x" }, 1, { "x" }, OPTION_MEMO, "--json" },
	{ { "--id", "1", "--id", "2" }, 0, { NULL }, OPTION_ID, "2" },
	{ { "t", "A", "B", "-5" },
	  4,
	  { "t", "A", "B", "-5" },
	  OPTION_ID,
	  NULL },
	{ { "balance", "-" }, 2, { "balance", "-" }, OPTION_ID, NULL },
	{ { "--", "--json", "-x" }, 2, { "--json", "-x" }, OPTION_JSON, NULL },
	{ { "--raw", "--", "--" }, 1, { "--" }, OPTION_RAW, "" },
	{ { NULL }, 0, { NULL }, OPTION_HELP, NULL },
};

START_TEST(parse_takes_words_apart)
{
	struct options o;

	ck_assert_int_eq(parse(good[_i].words, &o), 0);
	ck_assert_uint_eq(o.args, good[_i].args);
	for (size_t i = 0; i < o.args; i++)
		ck_assert_str_eq(o.arg[i], good[_i].arg[i]);
	ck_assert_ptr_null(o.arg[o.args]);
	ck_assert_pstr_eq(o.value[good[_i].key], good[_i].value);
	ck_assert_str_eq(talk, "");
	options_done(&o);
}
END_TEST

/* Of an option that may be given again, each counts. */
START_TEST(tips_add_up)
{
	static const char *const words[] = { "--tip",  "1:a", "verify",
					     "--tip=2:b", NULL };
	struct options o;

	ck_assert_int_eq(parse(words, &o), 0);
	ck_assert_uint_eq(o.tips, 2);
	ck_assert_str_eq(o.tip[0], "1:a");
	ck_assert_str_eq(o.tip[1], "2:b");
	ck_assert_str_eq(o.value[OPTION_TIP], "2:b");
	options_done(&o);
}
END_TEST

static const struct {
	const char *words[WORDS_MAX];
	const char *said; /* must be in the sentence */
} bad[] = {
	{ { "-x" }, "no option -x; \"--\" goes before" },
	{ { "balance", "--jsno" }, "did you mean --json?" },
	{ { "--sever=h:1" }, "no option --sever (did you mean --server?)" },
	{ { "--server" }, "--server: HOST:PORT is missing" },
	{ { "--json=1" }, "--json takes no value" },
	{ { "--js" }, "no option --js" },
	{ { "--\033[2J" }, "no option --?[2J" },
};

START_TEST(parse_says_what_is_wrong)
{
	struct options o;

	ck_assert_int_eq(parse(bad[_i].words, &o), -EINVAL);
	ck_assert_msg(strstr(talk, bad[_i].said), "said: %s", talk);
	ck_assert_msg(strstr(talk, "\"walletctl help\""), "said: %s", talk);
	/* One sentence, one line. */
	ck_assert_ptr_eq(strchr(talk, '\n'), talk + strlen(talk) - 1);
}
END_TEST

static const struct {
	const char *text;
	int64_t usec; /* 0: refused */
} timeouts[] = {
	{ "10", 10000000 },
	{ "0.5", 500000 },
	{ "0.000001", 1 },
	{ "1.25", 1250000 },
	{ "86400", 86400000000 },
	{ "86401", 0 },
	{ "0", 0 },
	{ "0.0", 0 },
	{ "0.0000001", 0 },
	{ "", 0 },
	{ ".5", 0 },
	{ "1.", 0 },
	{ "-1", 0 },
	{ "+1", 0 },
	{ "1s", 0 },
	{ "1.2.3", 0 },
	{ "1e3", 0 },
	{ "010", 0 },
	{ "99999999999999999999", 0 },
};

START_TEST(timeouts_are_seconds)
{
	int64_t usec = 0;
	int r = options_parse_timeout(timeouts[_i].text, &usec);

	ck_assert_int_eq(r, timeouts[_i].usec ? 0 : -EINVAL);
	ck_assert_int_eq(usec, timeouts[_i].usec);
}
END_TEST

START_TEST(each_option_has_its_bit)
{
	unsigned set = options_all();
	unsigned bits = 0;

	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		ck_assert_msg(set & OPTION_BIT(key), "--%s",
			      options_table[key].name);
		bits |= OPTION_BIT(key);
	}
	ck_assert_uint_eq(set, bits);
	ck_assert_uint_eq(options_everywhere() & ~set, 0);
}
END_TEST

UNIT_SUITE(test_walletctl_options);

Suite *test_walletctl_options(void)
{
	Suite *s = suite_create("walletctl/options");
	TCase *t = tcase_create("options");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, parse_takes_words_apart, 0, ELEMENTS(good));
	tcase_add_test(t, tips_add_up);
	tcase_add_loop_test(t, parse_says_what_is_wrong, 0, ELEMENTS(bad));
	tcase_add_loop_test(t, timeouts_are_seconds, 0, ELEMENTS(timeouts));
	tcase_add_test(t, each_option_has_its_bit);
	suite_add_tcase(s, t);
	return s;
}
