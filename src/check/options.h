/* SPDX-License-Identifier: MIT */
/*
 * The command line of chain-check(8).
 */
#ifndef CHECK_OPTIONS_H
#define CHECK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "check/check.h"
#include "util/cleanup.h"

struct options {
	struct check_options check; /* but for the functions that say */
	bool cut;
	bool quiet;
	char *const *files; /* borrowed from argv */
	size_t count;
};

/*
 * Take the command line apart.  0: go on with *ret; 1: all is said and done
 * (--help, --version); -EINVAL: not a command line, said so on standard error.
 */
int options_parse(int argc, char *argv[], struct options *ret) _must_check_;

#endif
