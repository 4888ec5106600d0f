/* SPDX-License-Identifier: MIT */
/*
 * The table of commands, and what can be said from it alone.
 */
#include "config.h"

#include <string.h>

#include "walletctl/balances.h"
#include "walletctl/catalog.h"
#include "walletctl/export.h"
#include "walletctl/health.h"
#include "walletctl/import.h"
#include "walletctl/listing.h"
#include "walletctl/metrics.h"
#include "walletctl/orders.h"
#include "walletctl/plot.h"
#include "walletctl/queries.h"
#include "walletctl/resume.h"
#include "walletctl/reverse.h"
#include "walletctl/suggest.h"
#include "walletctl/verify.h"
#include "walletctl/watch.h"

#include "walletctl/commands.h"

#define HELP_COLUMN 36

static enum status help(struct context *ctx);

#define SPAN_OPTIONS (OPTION_BIT(OPTION_SINCE) | OPTION_BIT(OPTION_UNTIL))
#define PAGE_OPTIONS                                                           \
	(SPAN_OPTIONS | OPTION_BIT(OPTION_FROM) | OPTION_BIT(OPTION_COUNT))
#define ORDER_OPTIONS                                                          \
	(OPTION_BIT(OPTION_MEMO) | OPTION_BIT(OPTION_ID) |                     \
	 OPTION_BIT(OPTION_DRY_RUN))

/* clang-format off */
const struct command commands_table[] = {
	{ "balance", "[USER...]", "show balances, of now or of another moment",
	  OPTION_BIT(OPTION_ALL) | OPTION_BIT(OPTION_AT) |
		  OPTION_BIT(OPTION_CLASSIC),
	  false, false, balances_show },
	{ "transfer", "SENDER RECEIVER AMOUNT", "move coins",
	  ORDER_OPTIONS | OPTION_BIT(OPTION_MAX) | OPTION_BIT(OPTION_FILE) |
		  OPTION_BIT(OPTION_CLASSIC),
	  false, true, orders_transfer },
	{ "reverse", "SERIAL", "move back what a transfer moved, once",
	  OPTION_BIT(OPTION_MEMO) | OPTION_BIT(OPTION_DRY_RUN), false, true,
	  reverse },
	{ "stats", "USER", "show whom a user dealt with, by number",
	  OPTION_BIT(OPTION_CLASSIC), false, false, queries_stats },
	{ "txlist", "", "have the list of all transactions written to a file",
	  OPTION_BIT(OPTION_CLASSIC), false, false, queries_txlist },
	{ "open", "USER...", "let new users join with the starting balance",
	  ORDER_OPTIONS, false, true, orders_open },
	{ "history", "USER", "list a user's transactions, with the balance",
	  PAGE_OPTIONS, false, false, listing_history },
	{ "list", "", "list all transactions",
	  PAGE_OPTIONS, false, false, listing_list },
	{ "watch", "", "show transactions as they are made",
	  OPTION_BIT(OPTION_FROM) | OPTION_BIT(OPTION_COUNT), false, false,
	  watch },
	{ "plot", "USER", "draw a balance over time",
	  SPAN_OPTIONS | OPTION_BIT(OPTION_SVG), false, false, plot_draw },
	{ "show", "[SERIAL]", "show one transaction, by its serial or --id",
	  OPTION_BIT(OPTION_ID), false, false, queries_show },
	{ "tip", "", "show the last serial, its hash and time",
	  0, false, false, queries_tip },
	{ "verify", "", "have all transactions read anew and checked",
	  OPTION_BIT(OPTION_TIP), false, false,
	  verify },
	{ "import", "FILE...", "take over transactions from files",
	  OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_DRY_RUN) |
		  OPTION_BIT(OPTION_AGAIN),
	  false, true, import_files },
	{ "export", "", "write all transactions",
	  OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_OUTPUT),
	  false, false, export_all },
	{ "status", "", "show how the daemons are",
	  OPTION_BIT(OPTION_CHECK), false, false, health_status },
	{ "metrics", "", "write what is counted, for Prometheus",
	  OPTION_BIT(OPTION_OUTPUT), false, false, metrics_write },
	{ "resume", "", "finish the orders whose answer never came",
	  0, false, true, resume_all },
	{ "help", "[COMMAND]", "explain a command",
	  0, true, false, help },
};
/* clang-format on */

const size_t commands_count = ELEMENTS(commands_table);

/* Options with which a command takes other arguments. */
static const struct {
	const char *command;
	enum option_key option;
	const char *args;
} usage_table[] = {
	{ "transfer", OPTION_MAX, "SENDER RECEIVER" },
	{ "transfer", OPTION_FILE, "" },
};

/* What the words in capitals stand for. */
static const struct {
	const char *word;
	const char *meaning;
} meaning_table[] = {
	{ "USER", "the name of a user" },
	{ "SENDER", "the name of the user who pays" },
	{ "RECEIVER", "the name of the user who is paid" },
	{ "AMOUNT", "a whole number of coins" },
	{ "SERIAL", "the number of a transaction" },
	{ "COMMAND", "the name of a command" },
	{ "FILE", "the name of a file, or - for standard input" },
};

static const char *meaning_of(const char *word, size_t len)
{
	for (size_t i = 0; i < ELEMENTS(meaning_table); i++) {
		const char *known = meaning_table[i].word;

		if (strlen(known) == len && memcmp(known, word, len) == 0)
			return meaning_table[i].meaning;
	}
	return "a word";
}

const struct command *commands_find(const char *name)
{
	for (size_t i = 0; i < commands_count; i++) {
		if (strcmp(commands_table[i].name, name) == 0)
			return &commands_table[i];
	}
	return NULL;
}

enum status commands_unknown(struct context *ctx, const char *name)
{
	const char *best = NULL;

	if (!name)
		return context_usage(ctx, "a command is missing");

	for (size_t i = 0; i < commands_count; i++)
		best = suggest_better(name, best, commands_table[i].name);
	if (best)
		return context_usage(ctx,
				     "there is no command \"%s\" "
				     "(did you mean \"%s\"?)",
				     name, best);
	return context_usage(ctx, "there is no command \"%s\"", name);
}

/* What the command takes, as it is called; NULL: two ways at once. */
static const char *args_wanted(const struct context *ctx)
{
	const char *args = NULL;

	for (size_t i = 0; i < ELEMENTS(usage_table); i++) {
		if (strcmp(usage_table[i].command, ctx->command->name) != 0 ||
		    !ctx->options.value[usage_table[i].option])
			continue;
		if (args)
			return NULL;
		args = usage_table[i].args;
	}
	return args ? args : ctx->command->args;
}

static enum status check_options(struct context *ctx)
{
	unsigned allowed = options_everywhere() | ctx->command->options;

	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		if (ctx->options.value[key] && !(allowed & OPTION_BIT(key)))
			return context_usage(ctx, "%s takes no option --%s",
					     ctx->command->name,
					     options_table[key].name);
	}
	return STATUS_DONE;
}

/* Hold the words of the table against the arguments that are there. */
static enum status check_args(struct context *ctx)
{
	const char *word = args_wanted(ctx);
	size_t given = 0;

	if (!word)
		return context_usage(ctx,
				     "--max and --file: expected one of them "
				     "at most");
	while (*word) {
		bool optional = *word == '[';
		const char *name = word + (optional ? 1 : 0);
		size_t len = strcspn(name, " ].");
		bool many = strncmp(name + len, "...", 3) == 0;

		if (ctx->arg[given])
			given++;
		else if (!optional)
			return context_usage(ctx,
					     "%s: %.*s is missing: "
					     "expected %s",
					     ctx->command->name, (int)len, name,
					     meaning_of(name, len));
		while (many && ctx->arg[given])
			given++;
		word = name + len;
		word += strspn(word, "]. ");
	}

	if (ctx->arg[given])
		return context_usage(ctx,
				     "%s: \"%s\" is too much: "
				     "expected nothing behind %s%s",
				     ctx->command->name, ctx->arg[given],
				     ctx->command->name,
				     given ? " and what it takes" : "");
	return STATUS_DONE;
}

enum status commands_select(struct context *ctx)
{
	const char *name = ctx->options.arg[0];
	enum status status;

	ctx->command = name ? commands_find(name) : NULL;
	if (!ctx->command)
		return commands_unknown(ctx, name);
	ctx->arg = ctx->options.arg + 1;

	status = check_options(ctx);
	return status == STATUS_DONE ? check_args(ctx) : status;
}

void commands_overview(FILE *out)
{
	fputs("Usage: walletctl [OPTIONS] COMMAND [ARGUMENTS]\n"
	      "       walletctl [OPTIONS] --stdin\n\nCommands:\n",
	      out);
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = &commands_table[i];
		int written = fprintf(out, "  %s%s%s", c->name,
				      *c->args ? " " : "", c->args);

		fprintf(out, "%*s%s\n",
			written < HELP_COLUMN ? HELP_COLUMN - written : 1, "",
			c->help);
	}
	fputs("\nOptions, before or after the command:\n", out);
	options_help(out, options_all());
	fputs("\nExit status: 0 done, 1 refused, 2 usage, 3 unavailable and "
	      "nothing happened,\n4 unknown (walletctl resume), 5 integrity "
	      "fault, 6 not permitted.\n",
	      out);
}

static void describe_usages(FILE *out, const struct command *c)
{
	for (size_t i = 0; i < ELEMENTS(usage_table); i++) {
		const struct option_spec *o =
			&options_table[usage_table[i].option];
		const char *args = usage_table[i].args;

		if (strcmp(usage_table[i].command, c->name) == 0)
			fprintf(out, "       walletctl [OPTIONS] %s --%s%s%s%s%s\n",
				c->name, o->name, o->value ? " " : "",
				o->value ? o->value : "", *args ? " " : "",
				args);
	}
}

void commands_describe(FILE *out, const struct command *c)
{
	fprintf(out, "Usage: walletctl [OPTIONS] %s%s%s\n", c->name,
		*c->args ? " " : "", c->args);
	describe_usages(out, c);
	fprintf(out, "\n%c%s.\n", c->help[0] - 'a' + 'A', c->help + 1);
	if (c->options) {
		fprintf(out, "\nOptions of %s:\n", c->name);
		options_help(out, c->options);
	}
	fputs("\nOptions of every command:\n", out);
	options_help(out, options_everywhere());
}

static enum status help(struct context *ctx)
{
	const struct command *c = NULL;

	if (ctx->arg[0]) {
		c = commands_find(ctx->arg[0]);
		if (!c)
			return commands_unknown(ctx, ctx->arg[0]);
	}

	if (ctx->form != FORM_TEXT) {
		if (catalog_write(ctx->out, ctx->form, c) < 0) {
			context_say(ctx, "there is no memory");
			return STATUS_UNAVAILABLE;
		}
	} else if (c) {
		commands_describe(ctx->out, c);
	} else {
		commands_overview(ctx->out);
	}
	return STATUS_DONE;
}
