/* SPDX-License-Identifier: MIT */
/*
 * From our table to that of getopt_long(3), which complains by itself of what
 * is no option, and to the text of --help.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "sys/cmdline.h"

/* What getopt_long(3) returns for the first of the table; above any letter. */
#define KEY_FIRST 256
/* "  -o, --option VALUE" in --help. */
#define NAMES_SIZE 64

/* Every program has these, behind its own. */
enum { COMMON_HELP, COMMON_VERSION, COMMON_OPTIONS };

static const struct cmdline_option common[COMMON_OPTIONS] = {
	[COMMON_HELP] = { "help", 'h', .help = "show this and end" },
	[COMMON_VERSION] = { "version", 'V',
			     .help = "show the version and end" },
};

#define OPTIONS_MAX (CMDLINE_OPTIONS_MAX + COMMON_OPTIONS)

/* The table as getopt_long(3) wants it; both parts end with a zero. */
struct translation {
	struct option name[OPTIONS_MAX + 1];
	/* A colon behind each that has a value. */
	char letters[2 * OPTIONS_MAX + 1];
};

/* NULL behind the last. */
static const struct cmdline_option *option_at(const struct cmdline *c, size_t i)
{
	if (i < c->options)
		return &c->option[i];
	i -= c->options;
	return i < ELEMENTS(common) ? &common[i] : NULL;
}

/* By what getopt_long(3) returned; NULL if that was a complaint. */
static const struct cmdline_option *option_of(const struct cmdline *c, int key)
{
	const struct cmdline_option *o;

	if (key >= KEY_FIRST)
		return option_at(c, (size_t)(key - KEY_FIRST));

	for (size_t i = 0; (o = option_at(c, i)) != NULL; i++)
		if (o->letter && o->letter == key)
			return o;
	return NULL;
}

static void translate(const struct cmdline *c, struct translation *t)
{
	const struct cmdline_option *o;
	char *letter = t->letters;

	assert(c->options <= CMDLINE_OPTIONS_MAX);
	*t = (struct translation){ 0 };
	for (size_t i = 0; (o = option_at(c, i)) != NULL; i++) {
		t->name[i].name = o->name;
		t->name[i].has_arg = o->value ? required_argument : no_argument;
		t->name[i].val = KEY_FIRST + (int)i;

		if (!o->letter)
			continue;
		*letter++ = o->letter;
		if (o->value)
			*letter++ = ':';
	}
}

/* --- Help */

/* Returns how many columns they take. */
static int format_names(const struct cmdline_option *o, char out[NAMES_SIZE])
{
	char letter[] = "-x, ";
	int n;

	letter[1] = o->letter;
	n = snprintf(out, NAMES_SIZE, "  %4s--%s%s%s", o->letter ? letter : "",
		     o->name, o->value ? " " : "", o->value ? o->value : "");
	assert(n > 0 && n < NAMES_SIZE);
	return n;
}

static void print_options(const struct cmdline *c)
{
	const struct cmdline_option *o;
	char names[NAMES_SIZE];
	int widest = 0;
	int n;

	for (size_t i = 0; (o = option_at(c, i)) != NULL; i++) {
		n = format_names(o, names);
		if (n > widest)
			widest = n;
	}
	for (size_t i = 0; (o = option_at(c, i)) != NULL; i++) {
		(void)format_names(o, names);
		(void)printf("%-*s  %s\n", widest, names, o->help);
	}
}

static void print_help(const struct cmdline *c)
{
	(void)printf("Usage: %s [OPTIONS]%s%s\n%s\nOptions:\n", c->program,
		     c->operands ? " " : "", c->operands ? c->operands : "",
		     c->about);
	print_options(c);
	(void)printf("\n%s", c->footer);
}

/* --- Parsing */

/* Where to read how to call @program. */
static int refer_to_help(const char *program)
{
	(void)fprintf(stderr, "Try \"%s --help\".\n", program);
	return -EINVAL;
}

int cmdline_misused(const char *program, const char *format, ...)
{
	va_list args;

	(void)fprintf(stderr, "%s: ", program);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return refer_to_help(program);
}

/* As cmdline_parse(); @value is NULL if the option has none. */
static int take_option(const struct cmdline *c, const struct cmdline_option *o,
		       const char *value)
{
	const char *fault = NULL;

	if (o == &common[COMMON_HELP]) {
		print_help(c);
		return 1;
	}
	if (o == &common[COMMON_VERSION]) {
		(void)printf("%s (" PACKAGE_NAME ") " PACKAGE_VERSION "\n",
			     c->program);
		return 1;
	}

	if (o->flag)
		*o->flag = true;
	else if (o->text)
		*o->text = value;
	else
		fault = o->take(o->arg, value);
	return fault ? cmdline_misused(c->program, "--%s: %s", o->name, fault)
		     : 0;
}

static int take_options(const struct cmdline *c, int argc, char *argv[])
{
	const struct cmdline_option *o;
	struct translation t;
	int r = 0;

	translate(c, &t);
	/* From the start, also when a test calls it again. */
	optind = 0;
	while (r == 0) {
		int key = getopt_long(argc, argv, t.letters, t.name, NULL);

		if (key < 0)
			return 0;
		o = option_of(c, key);
		r = o ? take_option(c, o, optarg) : refer_to_help(c->program);
	}
	return r;
}

int cmdline_parse(const struct cmdline *c, int argc, char *argv[],
		  int *ret_first)
{
	int r;

	r = take_options(c, argc, argv);
	if (r != 0)
		return r;
	if (!c->operands && optind < argc)
		return cmdline_misused(c->program, "unexpected argument '%s'",
				       argv[optind]);

	if (ret_first)
		*ret_first = optind;
	return 0;
}
