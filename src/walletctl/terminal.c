/* SPDX-License-Identifier: MIT */
/*
 * The environment's word comes before the terminal's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/parse.h"
#include "walletctl/output.h"

#include "walletctl/terminal.h"

#define COLUMNS_DEFAULT 80
/* ECMA-48, which all that is not dumb understands. */
#define RED "\033[31m"
#define PLAIN "\033[0m"

bool terminal_is(FILE *out)
{
	int fd = fileno(out);

	return fd >= 0 && isatty(fd) == 1;
}

bool terminal_has_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no && *no)
		return false;
	return term && *term && strcmp(term, "dumb") != 0 && terminal_is(out);
}

size_t terminal_columns(FILE *out)
{
	const char *said = getenv("COLUMNS");
	struct winsize size;
	uint64_t columns;

	if (said && parse_u64_range(slice_of(said), 1, TERMINAL_COLUMNS_MAX,
				    &columns) == 0)
		return (size_t)columns;
	if (terminal_is(out) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 &&
	    size.ws_col > 0)
		return size.ws_col < TERMINAL_COLUMNS_MAX
			       ? size.ws_col
			       : TERMINAL_COLUMNS_MAX;
	return COLUMNS_DEFAULT;
}

void terminal_put_refusal(FILE *err, struct slice sentence)
{
	bool colour = terminal_has_colour(err);

	fputs(colour ? RED : "", err);
	output_text(err, sentence);
	fputs(colour ? PLAIN : "", err);
	putc('\n', err);
}
