/* SPDX-License-Identifier: MIT */
/*
 * One line each, in the form that editors know to jump to.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "walletctl/mistakes.h"

const char *mistakes_file(const struct mistakes *m, uint32_t file)
{
	const char *name = m->file[file];

	return strcmp(name, "-") == 0 ? "standard input" : name;
}

void mistakes_tell(struct mistakes *m, uint32_t file, uint64_t line,
		   const char *format, ...)
{
	_cleanup_(freep) char *sentence = NULL;
	FILE *err = m->ctx->err;
	va_list ap;
	int n;

	if (m->count++ >= MISTAKES_TOLD_MAX)
		return;
	va_start(ap, format);
	n = vasprintf(&sentence, format, ap);
	va_end(ap);
	if (n < 0)
		sentence = NULL;

	output_text(err, slice_of(mistakes_file(m, file)));
	fprintf(err, ":%" PRIu64 ": ", line);
	output_text(err, slice_of(sentence ? sentence : "there is no memory"));
	fputs(".\n", err);
}

enum status mistakes_end(struct mistakes *m)
{
	if (m->count == 0)
		return STATUS_DONE;
	if (m->count > MISTAKES_TOLD_MAX)
		context_say(m->ctx, "and %" PRIu64 " more lines like these",
			    m->count - MISTAKES_TOLD_MAX);
	context_say(m->ctx, "%" PRIu64 " line%s wrong; nothing was sent",
		    m->count, m->count == 1 ? " is" : "s are");
	return STATUS_REFUSED;
}
