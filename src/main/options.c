/* SPDX-License-Identifier: MIT */
/*
 * Options by getopt_long(3); the manual and --help name the same ones, a test
 * sees to it.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>

#include "main/options.h"

#define PROGRAM "chain-main"
#define DEFAULT_CONFIG SYSCONFDIR "/alichain/main.conf"

enum option_key {
	OPTION_CONFIG = 'c',
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_CHECK_CONFIG = 256,
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static const char help[] =
	"Usage: " PROGRAM " [OPTIONS]\n"
	"Keep the wallets of the ledger, serve clients, have backends store "
	"it.\n"
	"\n"
	"Options:\n"
	"  -c, --config FILE   read FILE, not " DEFAULT_CONFIG "\n"
	"      --check-config  only say what is wrong with the configuration\n"
	"  -h, --help          show this and end\n"
	"  -V, --version       show the version and end\n"
	"\n"
	"See chain-main(8) and chain-main.conf(5).\n";

/* A wrong command line: say what to do about it. */
static int misused(void)
{
	(void)fputs("Try \"" PROGRAM " --help\".\n", stderr);
	return -EINVAL;
}

/* 1: go on; else as options_parse(). */
static int take_option(struct options *o, int key)
{
	switch (key) {
	case OPTION_CONFIG:
		o->config = optarg;
		return 1;
	case OPTION_CHECK_CONFIG:
		o->check_config = true;
		return 1;
	case OPTION_HELP:
		(void)fputs(help, stdout);
		return 0;
	case OPTION_VERSION:
		(void)puts(PROGRAM " (" PACKAGE_NAME ") " PACKAGE_VERSION);
		return 0;
	default:
		return misused();
	}
}

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct options options = { .config = DEFAULT_CONFIG };
	int key;
	int r;

	while ((key = getopt_long(argc, argv, "c:hV", long_options, NULL)) >=
	       0) {
		r = take_option(&options, key);
		if (r <= 0)
			return r;
	}
	if (optind < argc) {
		(void)fprintf(stderr, PROGRAM ": unexpected argument '%s'\n",
			      argv[optind]);
		return misused();
	}

	*ret = options;
	return 1;
}
