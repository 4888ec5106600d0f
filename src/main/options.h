/* SPDX-License-Identifier: MIT */
/*
 * The command line of chain-main(8).
 */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

#include <stdbool.h>

#include "util/cleanup.h"

struct options {
	const char *config; /* the configuration file */
	bool check_config;  /* only that */
};

/*
 * Take the command line apart.  0: go on with *ret; 1: all is said and done
 * (--help, --version); -EINVAL: not a command line, said so on standard error.
 */
int options_parse(int argc, char *argv[], struct options *ret) _must_check_;

#endif
