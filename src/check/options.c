/* SPDX-License-Identifier: MIT */
/*
 * The table of options, and the values that they take.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "sys/cmdline.h"
#include "util/parse.h"
#include "util/slice.h"
#include "check/options.h"

#define PROGRAM "chain-check"
/* What chain-main.conf(5) has for initial_balance. */
#define INITIAL_BALANCE "1000"

static const char footer[] =
	"Exit status: 0 whole, 65 not whole, 64 usage, 74 input or output,\n"
	"1 other failures.  See chain-check(8).\n";

static const char *take_initial(void *arg, const char *text)
{
	struct check_options *o = arg;

	if (amount_parse(slice_of(text), &o->initial) < 0)
		return "expected a number of coins";
	return NULL;
}

static const char *take_tip(void *arg, const char *text)
{
	static const char fault[] =
		"expected SERIAL:HASH, a number and 64 hex digits in lower "
		"case";
	struct check_options *o = arg;
	const char *colon = strchr(text, ':');
	struct slice serial;

	if (!colon)
		return fault;
	serial = (struct slice){ text, (size_t)(colon - text) };
	if (parse_u64_range(serial, 0, INT64_MAX, &o->tip_serial) < 0 ||
	    parse_hex(slice_of(colon + 1), o->tip_hash, sizeof(o->tip_hash)) <
		    0)
		return fault;
	o->tip_given = true;
	return NULL;
}

static int take_files(struct options *o, int argc, char *argv[])
{
	if (argc == 0)
		return cmdline_misused(PROGRAM, "no FILE is given");
	if (argc > CHECK_FILES_MAX)
		return cmdline_misused(PROGRAM, "too many files are given");

	o->files = argv;
	o->count = (size_t)argc;
	return 0;
}

static int parse(int argc, char *argv[], struct options *o)
{
	const struct cmdline_option table[] = {
		{ .name = "cut",
		  .help = "set aside what lies past the whole part",
		  .flag = &o->cut },
		{ .name = "initial-balance",
		  .value = "N",
		  .help = "what users start with if not " INITIAL_BALANCE,
		  .take = take_initial,
		  .arg = &o->check },
		{ .name = "tip",
		  .value = "SERIAL:HASH",
		  .help = "the history must lead to this tip",
		  .take = take_tip,
		  .arg = &o->check },
		{ "quiet", 'q', .help = "say only what is wrong",
		  .flag = &o->quiet },
	};
	const struct cmdline line = {
		.program = PROGRAM,
		.operands = "FILE...",
		.about = "Verify block files, all those of a ledger, without "
			 "its daemons.\n",
		.footer = footer,
		.option = table,
		.options = ELEMENTS(table),
	};
	int first;
	int r;

	r = cmdline_parse(&line, argc, argv, &first);
	return r == 0 ? take_files(o, argc - first, argv + first) : r;
}

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct options o = { 0 };
	int r;

	if (amount_parse(slice_of(INITIAL_BALANCE), &o.check.initial) < 0)
		return -EINVAL;
	r = parse(argc, argv, &o);
	if (r == 0)
		*ret = o;
	return r;
}
