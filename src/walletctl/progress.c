/* SPDX-License-Identifier: MIT */
/*
 * No escape sequences: a carriage return and spaces do on any terminal.
 */
#include "config.h"

#include <inttypes.h>

#include "walletctl/output.h"
#include "walletctl/terminal.h"

#include "walletctl/progress.h"

#define COLUMNS_MAX 200
/* A bar that is shorter says nothing. */
#define BAR_MIN 10

bool progress_possible(FILE *out)
{
	return terminal_is(out);
}

/* Columns that can be used; in the last one some terminals begin a new line. */
static size_t columns_of(FILE *out)
{
	size_t columns = terminal_columns(out);

	return (columns < COLUMNS_MAX ? columns : COLUMNS_MAX) - 1;
}

static unsigned percent_of(uint64_t done, uint64_t total)
{
	if (total == 0)
		return 0;
	return (unsigned)((double)done / (double)total * 100);
}

static void put_bar(FILE *out, size_t width, unsigned percent)
{
	size_t full = width * percent / 100;

	fputs(" [", out);
	for (size_t i = 0; i < width; i++)
		putc(i < full ? '#' : '.', out);
	fputs("]", out);
}

void progress_draw(struct progress *p, uint64_t done, uint64_t total)
{
	size_t columns = columns_of(p->out);
	char of[OUTPUT_GROUPED_SIZE];
	char so_far[OUTPUT_GROUPED_SIZE];
	char words[128];
	unsigned percent;
	size_t len;

	if (done > total)
		done = total;
	percent = percent_of(done, total);
	output_grouped(done, so_far);
	output_grouped(total, of);
	len = (size_t)snprintf(words, sizeof(words), "%s %3u %%  %s of %s",
			       p->what, percent, so_far, of);
	if (len > columns)
		len = columns;

	progress_erase(p);
	(void)fwrite(words, 1, len, p->out);
	/* Three more for the brackets and the space before them. */
	if (columns >= len + 3 + BAR_MIN) {
		put_bar(p->out, columns - len - 3, percent);
		len = columns;
	}
	(void)fflush(p->out);
	p->shown = len;
}

void progress_erase(struct progress *p)
{
	if (p->shown == 0)
		return;
	fprintf(p->out, "\r%*s\r", (int)p->shown, "");
	(void)fflush(p->out);
	p->shown = 0;
}
