/* SPDX-License-Identifier: MIT */
/*
 * The table of options, and the one loop that takes a command line apart.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "util/parse.h"
#include "util/slice.h"
#include "util/timestamp.h"
#include "walletctl/suggest.h"

#include "walletctl/options.h"

#define HELP_COLUMN 22
#define OPTION_NAME_MAX 64

const struct option_spec options_table[OPTION_KEYS] = {
	[OPTION_SERVER] = { "server", "HOST:PORT",
			    "the main daemon (else $WALLETCTL_SERVER, "
			    "else " OPTIONS_SERVER_DEFAULT ")",
			    true },
	[OPTION_TIMEOUT] = { "timeout", "SECONDS",
			     "how long to wait and try again "
			     "(default " OPTIONS_TIMEOUT_DEFAULT ")",
			     true },
	[OPTION_JSON] = { "json", NULL, "answer with one JSON document", true },
	[OPTION_RAW] = { "raw", NULL, "answer with bare values between tabs",
			 true },
	[OPTION_CSV] = { "csv", NULL,
			 "answer with comma-separated values below their names",
			 true },
	[OPTION_HELP] = { "help", NULL, "say how to call it", true },
	[OPTION_VERSION] = { "version", NULL, "say which version this is",
			     true },
	[OPTION_CLASSIC] = { "classic", NULL,
			     "be called as the original's clients, and print "
			     "what they print",
			     false },
	[OPTION_MEMO] = { "memo", "TEXT", "a note that stays with the record",
			  false },
	[OPTION_ID] = { "id", "ID", "the operation id of a transfer or opening",
			false },
	[OPTION_FROM] = { "from", "SERIAL", "begin with this serial number",
			  false },
	[OPTION_COUNT] = { "count", "N", "show at most N transactions", false },
	[OPTION_SINCE] = { "since", "TIME",
			   "begin with this time: 2026-11-22, -7d, today and "
			   "so on",
			   false },
	[OPTION_UNTIL] = { "until", "TIME", "end with this time", false },
	[OPTION_AT] = { "at", "SERIAL|TIME",
			"as of this transaction, or of this time", false },
	[OPTION_ALL] = { "all", NULL, "of all users", false },
	[OPTION_SVG] = { "svg", "FILE",
			 "draw into this file, which appears when it is whole",
			 false },
	[OPTION_TIP] = { "tip", "SERIAL:HASH",
			 "a tip of another day that has to fit; may be given "
			 "again",
			 false },
	[OPTION_QUIET] = { "quiet", NULL,
			   "no talk, no progress; of what is done, nothing",
			   true },
	[OPTION_FORMAT] = { "format", "FORMAT",
			    "alichain, csv, json, ledger, encrypted", false },
	[OPTION_OUTPUT] = { "output", "FILE",
			    "write to this file, which appears when it is "
			    "whole",
			    false },
	[OPTION_DRY_RUN] = { "dry-run", NULL, "check all, and change nothing",
			     false },
	[OPTION_MAX] = { "max", NULL, "all that the sender has", false },
	[OPTION_FILE] = { "file", "FILE",
			  "the transfers of a CSV file, all or none", false },
	[OPTION_STDIN] = { "stdin", NULL,
			   "run the commands of standard input, a line each",
			   false },
	[OPTION_AGAIN] = { "again", NULL,
			   "import even what is this ledger's own", false },
	[OPTION_CHECK] = { "check", NULL,
			   "one line and an exit status, as monitoring plugins",
			   false },
};

/* The key of the option with these @len bytes of name, or -1. */
static int find_option(const char *name, size_t len)
{
	for (int key = 0; key < OPTION_KEYS; key++) {
		const char *known = options_table[key].name;

		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return key;
	}
	return -1;
}

static int unknown_option(const char *word, size_t len, FILE *err)
{
	const char *best = NULL;
	char name[OPTION_NAME_MAX];

	if (len > sizeof(name) - 1)
		len = sizeof(name) - 1;
	/* It is said back: what a terminal obeys must not be in it. */
	for (size_t i = 0; i < len; i++)
		name[i] = (word[i] & 0x7f) < ' ' || word[i] == 0x7f ? '?'
								    : word[i];
	name[len] = '\0';

	for (size_t i = 0; i < OPTION_KEYS && strncmp(name, "--", 2) == 0; i++)
		best = suggest_better(name + 2, best, options_table[i].name);
	if (best)
		fprintf(err,
			"walletctl: there is no option %s "
			"(did you mean --%s?); see \"walletctl help\".\n",
			name, best);
	else
		fprintf(err,
			"walletctl: there is no option %s; \"--\" goes before "
			"what only looks like one; see \"walletctl help\".\n",
			name);
	return -EINVAL;
}

/* One option; @next is the word behind it or NULL.  How many words it took. */
static int take_option(const char *word, const char *next, FILE *err,
		       struct options *o)
{
	size_t len = strcspn(word, "=");
	const char *inside = word[len] == '=' ? word + len + 1 : NULL;
	int key;

	key = strncmp(word, "--", 2) == 0 ? find_option(word + 2, len - 2) : -1;
	if (key < 0)
		return unknown_option(word, len, err);

	if (!options_table[key].value && inside) {
		fprintf(err,
			"walletctl: --%s takes no value; see \"walletctl "
			"help\".\n",
			options_table[key].name);
		return -EINVAL;
	}
	if (options_table[key].value && !inside && !next) {
		fprintf(err,
			"walletctl: --%s: %s is missing; see \"walletctl "
			"help\".\n",
			options_table[key].name, options_table[key].value);
		return -EINVAL;
	}

	if (!options_table[key].value) {
		o->value[key] = "";
		return 1;
	}
	o->value[key] = inside ? inside : next;
	if (key == OPTION_TIP)
		o->tip[o->tips++] = o->value[key];
	return inside ? 1 : 2;
}

/* A lone dash is no option, nor is a negative number. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' &&
	       !(word[1] >= '0' && word[1] <= '9');
}

static int parse_words(int argc, char **argv, FILE *err, struct options *o)
{
	bool options_ended = false;
	int at = 1;

	while (at < argc) {
		const char *next = at + 1 < argc ? argv[at + 1] : NULL;
		int took = 1;

		if (options_ended || !is_option(argv[at]))
			o->arg[o->args++] = argv[at];
		else if (strcmp(argv[at], "--") == 0)
			options_ended = true;
		else
			took = take_option(argv[at], next, err, o);
		if (took < 0)
			return took;
		at += took;
	}
	return 0;
}

int options_parse(int argc, char **argv, FILE *err, struct options *ret)
{
	struct options o = { .args = 0 };
	int r;

	o.arg = calloc((size_t)argc + 1, sizeof(*o.arg));
	o.tip = calloc((size_t)argc + 1, sizeof(*o.tip));
	if (!o.arg || !o.tip) {
		options_done(&o);
		return -ENOMEM;
	}

	r = parse_words(argc, argv, err, &o);
	if (r < 0) {
		options_done(&o);
		return r;
	}
	*ret = o;
	return 0;
}

void options_done(struct options *o)
{
	free(o->arg);
	free(o->tip);
	*o = (struct options){ .args = 0 };
}

void options_help(FILE *out, unsigned set)
{
	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		const struct option_spec *s = &options_table[key];
		int written;

		if (!(set & OPTION_BIT(key)))
			continue;
		written =
			fprintf(out, "  --%s%s%s", s->name, s->value ? " " : "",
				s->value ? s->value : "");
		fprintf(out, "%*s%s\n",
			written < HELP_COLUMN ? HELP_COLUMN - written : 1, "",
			s->help);
	}
}

/* No shift by as many bits as there are: that is undefined. */
unsigned options_all(void)
{
	unsigned set = 0;

	for (unsigned key = 0; key < OPTION_KEYS; key++)
		set |= OPTION_BIT(key);
	return set;
}

unsigned options_everywhere(void)
{
	unsigned set = 0;

	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		if (options_table[key].everywhere)
			set |= OPTION_BIT(key);
	}
	return set;
}

int options_parse_timeout(const char *text, int64_t *ret_usec)
{
	size_t whole = strcspn(text, ".");
	uint64_t seconds;
	int64_t usec = 0;

	if (parse_u64_range((struct slice){ text, whole }, 0,
			    OPTIONS_TIMEOUT_MAX, &seconds) < 0)
		return -EINVAL;

	if (text[whole] == '.') {
		const char *digit = text + whole + 1;
		int64_t unit = USEC_PER_SEC / 10;

		if (*digit == '\0')
			return -EINVAL;
		/* What is finer than a microsecond has no meaning. */
		for (; *digit; digit++, unit /= 10) {
			if (*digit < '0' || *digit > '9')
				return -EINVAL;
			usec += unit * (*digit - '0');
		}
	}

	usec += (int64_t)seconds * USEC_PER_SEC;
	if (usec <= 0)
		return -EINVAL;
	*ret_usec = usec;
	return 0;
}
