/* SPDX-License-Identifier: MIT */
/*
 * The command line taken apart: options by their table, before or behind the
 * command, and what is left.  Knows no commands; which options a command takes
 * is in the commands' own table.
 */
#ifndef WALLETCTL_OPTIONS_H
#define WALLETCTL_OPTIONS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/cleanup.h"

#define OPTIONS_SERVER_DEFAULT "127.0.0.1:25800"
#define OPTIONS_TIMEOUT_DEFAULT "10"
/* Seconds. */
#define OPTIONS_TIMEOUT_MAX 86400

enum option_key {
	OPTION_SERVER,
	OPTION_TIMEOUT,
	OPTION_JSON,
	OPTION_RAW,
	OPTION_CSV,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_CLASSIC,
	OPTION_MEMO,
	OPTION_ID,
	OPTION_FROM,
	OPTION_COUNT,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_AT,
	OPTION_ALL,
	OPTION_SVG,
	OPTION_TIP,
	OPTION_QUIET,
	OPTION_FORMAT,
	OPTION_OUTPUT,
	OPTION_DRY_RUN,
	OPTION_MAX,
	OPTION_FILE,
	OPTION_STDIN,
	OPTION_AGAIN,
	OPTION_CHECK,
	OPTION_KEYS
};

/* For the set of options that a command takes: an unsigned int. */
#define OPTION_BIT(key) (1U << (key))
static_assert(OPTION_KEYS <= 32, "a set has a bit for each option");

struct option_spec {
	const char *name;  /* without the two dashes */
	const char *value; /* what it wants, in capitals; NULL: nothing */
	const char *help;
	bool everywhere; /* every command takes it */
};

extern const struct option_spec options_table[OPTION_KEYS];

/* All text belongs to the caller's argv. */
struct options {
	const char *value[OPTION_KEYS]; /* NULL: not given; "" for bare ones */
	const char **tip; /* of --tip all that were given, in order */
	size_t tips;
	size_t args;
	const char **arg; /* the command and its arguments */
};

/*
 * Take @argv (argv[0] is the program) apart.  "--" ends the options, "-5" is
 * no option, the last of two equal options counts, but of --tip each.  Returns 0; -EINVAL with
 * one sentence on @err; -ENOMEM.  Free with options_done().
 */
int options_parse(int argc, char **argv, FILE *err,
		  struct options *ret) _must_check_;
void options_done(struct options *o);

/* One line an option of @set, aligned, as help shows it. */
void options_help(FILE *out, unsigned set);
/* All options that there are. */
unsigned options_all(void);
/* All options that are for every command. */
unsigned options_everywhere(void);

/* "10", "0.5": above zero, to OPTIONS_TIMEOUT_MAX.  -EINVAL if not that. */
int options_parse_timeout(const char *text, int64_t *ret_usec) _must_check_;

#endif
