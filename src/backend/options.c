/* SPDX-License-Identifier: MIT */
/*
 * Options by getopt_long(3); the manual and --help name the same ones, a test
 * sees to it.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/name.h"
#include "util/slice.h"
#include "backend/options.h"

#define PROGRAM "chain-backend"

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
	"Usage: " PROGRAM " [OPTIONS] [NAME]\n"
	"Keep one block of the ledger and serve it to the main daemon.\n"
	"\n"
	"NAME is the block's; its configuration is\n"
	SYSCONFDIR "/alichain/backend-NAME.conf unless --config says other.\n"
	"\n"
	"Options:\n"
	"  -c, --config FILE   read FILE\n"
	"      --check-config  only say what is wrong with the configuration\n"
	"  -h, --help          show this and end\n"
	"  -V, --version       show the version and end\n"
	"\n"
	"See chain-backend(8) and chain-backend.conf(5).\n";

/* A wrong command line: say what to do about it. */
static int misused(void)
{
	(void)fputs("Try \"" PROGRAM " --help\".\n", stderr);
	return -EINVAL;
}

static int set_config(struct options *o, const char *path)
{
	free(o->config);
	o->config = strdup(path);
	return o->config ? 0 : -ENOMEM;
}

static int take_option(struct options *o, int key)
{
	switch (key) {
	case OPTION_CONFIG:
		return set_config(o, optarg);
	case OPTION_CHECK_CONFIG:
		o->check_config = true;
		return 0;
	case OPTION_HELP:
		(void)fputs(help, stdout);
		return 1;
	case OPTION_VERSION:
		(void)puts(PROGRAM " (" PACKAGE_NAME ") " PACKAGE_VERSION);
		return 1;
	default:
		return misused();
	}
}

/* The name becomes part of a path: it must be one of a block. */
static int take_name(struct options *o, const char *name)
{
	const char *fault = block_name_fault(slice_of(name));

	if (fault) {
		(void)fprintf(stderr, PROGRAM ": the block's name %s\n", fault);
		return misused();
	}

	o->name = name;
	return 0;
}

static int default_config(struct options *o)
{
	if (!o->name) {
		(void)fputs(PROGRAM ": neither a NAME nor --config is given\n",
			    stderr);
		return misused();
	}

	if (asprintf(&o->config, SYSCONFDIR "/alichain/backend-%s.conf",
		     o->name) < 0) {
		o->config = NULL;
		return -ENOMEM;
	}

	return 0;
}

static int take_arguments(struct options *o, int argc, char *argv[])
{
	int r;

	if (argc - optind > 1) {
		(void)fputs(PROGRAM ": more than one NAME is given\n", stderr);
		return misused();
	}

	if (argc > optind) {
		r = take_name(o, argv[optind]);
		if (r < 0)
			return r;
	}

	return o->config ? 0 : default_config(o);
}

static int parse(int argc, char *argv[], struct options *o)
{
	int key;
	int r;

	/* From the start, also when a test calls it again. */
	optind = 0;
	for (;;) {
		key = getopt_long(argc, argv, "c:hV", long_options, NULL);
		if (key < 0)
			return take_arguments(o, argc, argv);

		r = take_option(o, key);
		if (r != 0)
			return r;
	}
}

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct options o = { 0 };
	int r;

	r = parse(argc, argv, &o);
	if (r != 0) {
		options_done(&o);
		return r;
	}

	*ret = o;
	return 0;
}

void options_done(struct options *o)
{
	free(o->config);
	*o = (struct options){ 0 };
}
