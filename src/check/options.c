/* SPDX-License-Identifier: MIT */
/*
 * Options by getopt_long(3); the manual and --help name the same ones, a test
 * sees to it.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "util/parse.h"
#include "util/slice.h"
#include "check/options.h"

#define PROGRAM "chain-check"
/* What chain-main.conf(5) has for initial_balance. */
#define INITIAL_BALANCE "1000"

enum option_key {
	OPTION_HELP = 'h',
	OPTION_QUIET = 'q',
	OPTION_VERSION = 'V',
	OPTION_CUT = 256,
	OPTION_INITIAL_BALANCE,
	OPTION_TIP,
};

static const struct option long_options[] = {
	{ "cut", no_argument, NULL, OPTION_CUT },
	{ "initial-balance", required_argument, NULL, OPTION_INITIAL_BALANCE },
	{ "tip", required_argument, NULL, OPTION_TIP },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static const char help[] =
	"Usage: " PROGRAM " [OPTIONS] FILE...\n"
	"Verify block files, all those of a ledger, without its daemons.\n"
	"\n"
	"Options:\n"
	"      --cut                set aside what lies past the whole part\n"
	"      --initial-balance N  what users start with if not " INITIAL_BALANCE
	"\n"
	"      --tip SERIAL:HASH    the history must lead to this tip\n"
	"  -q, --quiet              say only what is wrong\n"
	"  -h, --help               show this and end\n"
	"  -V, --version            show the version and end\n"
	"\n"
	"Exit status: 0 whole, 65 not whole, 64 usage, 74 input or output,\n"
	"1 other failures.  See chain-check(8).\n";

/* A wrong command line: say what to do about it. */
static int misused(const char *what)
{
	if (what)
		(void)fprintf(stderr, PROGRAM ": %s\n", what);
	(void)fputs("Try \"" PROGRAM " --help\".\n", stderr);
	return -EINVAL;
}

static int take_initial(struct options *o, const char *text)
{
	if (amount_parse(slice_of(text), &o->check.initial) < 0)
		return misused("--initial-balance: expected a number of coins");
	return 0;
}

static int take_tip(struct options *o, const char *text)
{
	static const char fault[] =
		"--tip: expected SERIAL:HASH, a number and 64 hex digits in "
		"lower case";
	const char *colon = strchr(text, ':');
	struct slice serial;

	if (!colon)
		return misused(fault);
	serial = (struct slice){ text, (size_t)(colon - text) };
	if (parse_u64_range(serial, 0, INT64_MAX, &o->check.tip_serial) < 0 ||
	    parse_hex(slice_of(colon + 1), o->check.tip_hash,
		      sizeof(o->check.tip_hash)) < 0)
		return misused(fault);
	o->check.tip_given = true;
	return 0;
}

static int take_option(struct options *o, int key)
{
	switch (key) {
	case OPTION_CUT:
		o->cut = true;
		return 0;
	case OPTION_INITIAL_BALANCE:
		return take_initial(o, optarg);
	case OPTION_TIP:
		return take_tip(o, optarg);
	case OPTION_QUIET:
		o->quiet = true;
		return 0;
	case OPTION_HELP:
		(void)fputs(help, stdout);
		return 1;
	case OPTION_VERSION:
		(void)puts(PROGRAM " (" PACKAGE_NAME ") " PACKAGE_VERSION);
		return 1;
	default:
		return misused(NULL);
	}
}

static int take_files(struct options *o, int argc, char *argv[])
{
	if (optind >= argc)
		return misused("no FILE is given");
	if (argc - optind > CHECK_FILES_MAX)
		return misused("too many files are given");

	o->files = argv + optind;
	o->count = (size_t)(argc - optind);
	return 0;
}

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct options o = { 0 };
	int key;
	int r;

	if (amount_parse(slice_of(INITIAL_BALANCE), &o.check.initial) < 0)
		return -EINVAL;
	/* From the start, also when a test calls it again. */
	optind = 0;
	while ((key = getopt_long(argc, argv, "qhV", long_options, NULL)) >=
	       0) {
		r = take_option(&o, key);
		if (r != 0)
			return r;
	}
	r = take_files(&o, argc, argv);
	if (r == 0)
		*ret = o;
	return r;
}
