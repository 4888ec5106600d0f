/* SPDX-License-Identifier: MIT */
/*
 * A bounded list of mistakes, sorted by line when it is told.
 */
#include "config.h"

#include "sys/faults.h"

struct fault {
	unsigned int line;
	unsigned int order; /* of being found, for those of one line */
	char *text;
};

static int make_room(struct faults *f)
{
	if (f->fault)
		return 0;

	f->fault = calloc(FAULTS_MAX, sizeof(*f->fault));
	return f->fault ? 0 : -ENOMEM;
}

void faults_addv(struct faults *f, unsigned int line, const char *format,
		 va_list args)
{
	char *text;

	if (f->count == FAULTS_MAX) {
		f->untold++;
		return;
	}
	if (make_room(f) < 0 || vasprintf(&text, format, args) < 0) {
		f->out_of_memory = true;
		return;
	}
	f->fault[f->count] =
		(struct fault){ line, (unsigned int)f->count, text };
	f->count++;
}

void faults_add(struct faults *f, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	faults_addv(f, line, format, args);
	va_end(args);
}

static int compare(const void *a, const void *b)
{
	const struct fault *x = a;
	const struct fault *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

int faults_report(struct faults *f, const char *file, struct buf *out)
{
	int r;

	if (f->out_of_memory)
		return -ENOMEM;
	if (f->count == 0)
		return 0;

	qsort(f->fault, f->count, sizeof(*f->fault), compare);
	for (size_t i = 0; i < f->count; i++) {
		r = buf_addf(out, "%s:%u: %s\n", file, f->fault[i].line,
			     f->fault[i].text);
		if (r < 0)
			return r;
	}
	if (f->untold > 0) {
		r = buf_addf(out, "%s: and %zu more mistakes\n", file,
			     f->untold);
		if (r < 0)
			return r;
	}
	return -EBADMSG;
}

void faults_done(struct faults *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->fault[i].text);
	free(f->fault);
	*f = (struct faults){ 0 };
}
