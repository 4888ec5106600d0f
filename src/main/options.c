/* SPDX-License-Identifier: MIT */
/*
 * The table of options.
 */
#include "config.h"

#include "sys/cmdline.h"
#include "main/options.h"

#define DEFAULT_CONFIG SYSCONFDIR "/alichain/main.conf"

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct options o = { .config = DEFAULT_CONFIG };
	const struct cmdline_option table[] = {
		{ "config", 'c', "FILE", "read FILE, not " DEFAULT_CONFIG,
		  .text = &o.config },
		{ .name = "check-config",
		  .help = "only say what is wrong with the configuration",
		  .flag = &o.check_config },
	};
	const struct cmdline line = {
		.program = "chain-main",
		.about = "Keep the wallets of the ledger, serve clients, have "
			 "backends store it.\n",
		.footer = "See chain-main(8) and chain-main.conf(5).\n",
		.option = table,
		.options = ELEMENTS(table),
	};
	int r;

	r = cmdline_parse(&line, argc, argv, NULL);
	if (r == 0)
		*ret = o;
	return r;
}
