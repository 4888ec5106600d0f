/* SPDX-License-Identifier: MIT */
/*
 * Options by getopt_long(3).
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>

#include "main/options.h"

#define DEFAULT_CONFIG SYSCONFDIR "/alichain/main.conf"

static int help(void)
{
	(void)printf("Usage: chain-main [OPTIONS]\n"
		     "\n"
		     "The main daemon of Alichain: keeps the wallets, serves "
		     "clients, has the\n"
		     "backends store what is done.\n"
		     "\n"
		     "Options:\n"
		     "  --config FILE   the configuration (default:\n"
		     "                  " DEFAULT_CONFIG ")\n"
		     "  --check-config  check it and the key, then end\n"
		     "  --help          show this and end\n"
		     "  --version       show the version and end\n");
	return 0;
}

static int version(void)
{
	(void)printf("chain-main (%s) %s\n", PACKAGE_NAME, PACKAGE_VERSION);
	return 0;
}

static int misused(void)
{
	(void)fprintf(stderr, "Try 'chain-main --help'.\n");
	return -EINVAL;
}

static const struct option known[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct options options = { .config = DEFAULT_CONFIG };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (c) {
		case 'c':
			options.config = optarg;
			break;
		case 'k':
			options.check_config = true;
			break;
		case 'h':
			return help();
		case 'v':
			return version();
		default:
			return misused();
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "chain-main: unexpected argument '%s'\n",
			      argv[optind]);
		return misused();
	}

	*ret = options;
	return 1;
}
