/* SPDX-License-Identifier: MIT */
/*
 * The table of options, and which file they lead to.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/name.h"
#include "sys/cmdline.h"
#include "util/slice.h"
#include "backend/options.h"

#define PROGRAM "chain-backend"

static const char about[] =
	"Keep one block of the ledger and serve it to the main daemon.\n"
	"\n"
	"NAME is the block's; its configuration is\n"
	SYSCONFDIR "/alichain/backend-NAME.conf unless --config says other.\n";

/* The name becomes part of a path: it must be one of a block. */
static int take_name(struct options *o, int argc, char *argv[])
{
	const char *fault;

	if (argc == 0)
		return 0;
	if (argc > 1)
		return cmdline_misused(PROGRAM, "more than one NAME is given");

	fault = block_name_fault(slice_of(argv[0]));
	if (fault)
		return cmdline_misused(PROGRAM, "the block's name %s", fault);
	o->name = argv[0];
	return 0;
}

/* @given by --config, or NULL. */
static int set_config(struct options *o, const char *given)
{
	if (!given && !o->name)
		return cmdline_misused(PROGRAM, "neither a NAME nor --config "
						"is given");

	if (given)
		o->config = strdup(given);
	else if (asprintf(&o->config, SYSCONFDIR "/alichain/backend-%s.conf",
			  o->name) < 0)
		o->config = NULL;
	return o->config ? 0 : -ENOMEM;
}

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct options o = { 0 };
	const char *config = NULL;
	const struct cmdline_option table[] = {
		{ "config", 'c', "FILE", "read FILE", .text = &config },
		{ .name = "check-config",
		  .help = "only say what is wrong with the configuration",
		  .flag = &o.check_config },
	};
	const struct cmdline line = {
		.program = PROGRAM,
		.operands = "[NAME]",
		.about = about,
		.footer = "See chain-backend(8) and chain-backend.conf(5).\n",
		.option = table,
		.options = ELEMENTS(table),
	};
	int first;
	int r;

	r = cmdline_parse(&line, argc, argv, &first);
	if (r != 0)
		return r;
	r = take_name(&o, argc - first, argv + first);
	if (r < 0)
		return r;
	r = set_config(&o, config);
	if (r < 0)
		return r;

	*ret = o;
	return 0;
}

void options_done(struct options *o)
{
	free(o->config);
	*o = (struct options){ 0 };
}
