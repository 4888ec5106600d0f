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
 * 1: go on with *ret; 0: all is done (--help, --version); -EINVAL: wrong, and
 * the user has been told.
 */
int options_parse(int argc, char *argv[], struct options *ret) _must_check_;

#endif
