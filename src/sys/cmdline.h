/* SPDX-License-Identifier: MIT */
/*
 * The command line of a program by a table of its options: getopt_long(3)
 * takes it apart, and --help shows the same table.  --help and --version are
 * in it by themselves.
 *
 *	bool quiet = false;
 *	const struct cmdline_option table[] = {
 *		{ "quiet", 'q', .help = "say only what is wrong",
 *		  .flag = &quiet },
 *	};
 *	const struct cmdline line = {
 *		.program = "chain-example",
 *		.about = "Do nothing.\n",
 *		.option = table,
 *		.options = ELEMENTS(table),
 *		.footer = "See chain-example(8).\n",
 *	};
 *
 *	r = cmdline_parse(&line, argc, argv, NULL);
 */
#ifndef SYS_CMDLINE_H
#define SYS_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"

/* Of one program, without --help and --version. */
#define CMDLINE_OPTIONS_MAX 16

struct cmdline_option {
	const char *name; /* the long one, without its dashes */
	char letter; /* the short one, without its dash; 0: none */
	const char *value; /* what --help calls its value; NULL: has none */
	const char *help; /* a few words */

	/* One of the three.  The first is for options without a value. */
	bool *flag; /* becomes true */
	const char **text; /* the value, borrowed from argv; the last counts */
	/* Takes the value; returns what is wrong with it, or NULL. */
	const char *(*take)(void *arg, const char *value);
	void *arg;
};

struct cmdline {
	const char *program;
	const char *operands; /* in the usage: "FILE..."; NULL: takes none */
	/* What --help says before and after the options: whole lines. */
	const char *about;
	const char *footer;
	const struct cmdline_option *option;
	size_t options;
};

/*
 * Take @argv apart, option by option in the order in which they are given.
 * 0: go on; 1: all is said and done (--help, --version); -EINVAL: not a command
 * line, said so on standard error.  @argv is put in order: from *ret_first on
 * it has the operands.  @ret_first may be NULL for a program that takes none.
 */
int cmdline_parse(const struct cmdline *c, int argc, char *argv[],
		  int *ret_first) _must_check_;

/*
 * Say what is wrong with a command line, one sentence without its full stop,
 * and where to read how to call @program.  Always returns -EINVAL.
 */
int cmdline_misused(const char *program, const char *format, ...)
	_printf_(2, 3);

#endif
