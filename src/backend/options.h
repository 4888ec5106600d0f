/* SPDX-License-Identifier: MIT */
/*
 * The command line of chain-backend(8).
 */
#ifndef BACKEND_OPTIONS_H
#define BACKEND_OPTIONS_H

#include <stdbool.h>

#include "util/cleanup.h"

struct options {
	char *config; /* the file to read */
	const char *name; /* the block asked for; NULL: the file's */
	bool check_config;
};

/*
 * Take the command line apart.  0: go on with *ret; 1: all is said and done
 * (--help, --version); -EINVAL: not a command line, said so on standard error;
 * -ENOMEM.  options_done() frees.
 */
int options_parse(int argc, char *argv[], struct options *ret) _must_check_;
void options_done(struct options *o);

#endif
