/* SPDX-License-Identifier: MIT */
/*
 * From the command line to the command's handler.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "walletctl/classic.h"
#include "walletctl/commands.h"
#include "walletctl/script.h"
#include "walletctl/lookalike.h"

#include "walletctl/program.h"

static enum status read_form(struct context *ctx)
{
	static const struct {
		enum option_key key;
		enum form form;
	} form_table[] = {
		{ OPTION_JSON, FORM_JSON },
		{ OPTION_RAW, FORM_RAW },
		{ OPTION_CSV, FORM_CSV },
	};

	ctx->form = FORM_TEXT;
	for (size_t i = 0; i < ELEMENTS(form_table); i++) {
		if (!ctx->options.value[form_table[i].key])
			continue;
		if (ctx->form != FORM_TEXT)
			return context_usage(ctx,
					     "--json, --raw and --csv: "
					     "expected one of them at most");
		ctx->form = form_table[i].form;
	}
	return STATUS_DONE;
}

static enum status read_timeout(struct context *ctx)
{
	const char *text = ctx->options.value[OPTION_TIMEOUT];

	if (!text)
		text = OPTIONS_TIMEOUT_DEFAULT;
	if (options_parse_timeout(text, &ctx->timeout) < 0)
		return context_usage(ctx,
				     "--timeout: expected seconds, above 0 and "
				     "up to %d, not \"%s\"",
				     OPTIONS_TIMEOUT_MAX, text);
	return STATUS_DONE;
}

static enum status read_server(struct context *ctx)
{
	const char *where = "--server";
	int r;

	ctx->server = ctx->options.value[OPTION_SERVER];
	if (!ctx->server) {
		where = "WALLETCTL_SERVER";
		ctx->server = getenv("WALLETCTL_SERVER");
	}
	if (!ctx->server || !*ctx->server)
		ctx->server = OPTIONS_SERVER_DEFAULT;

	r = client_new(ctx->server, &ctx->client);
	if (r == -EINVAL)
		return context_usage(ctx, "%s: expected HOST:PORT, not \"%s\"",
				     where, ctx->server);
	if (r < 0) {
		context_say(ctx, "%s", strerror(-r));
		return STATUS_UNAVAILABLE;
	}
	return STATUS_DONE;
}

/* The command of the first argument, and everything that goes with it. */
static enum status prepare(struct context *ctx)
{
	enum status status;

	if (ctx->options.value[OPTION_CLASSIC])
		classic_words(&ctx->options);
	status = commands_select(ctx);
	if (status == STATUS_DONE)
		status = read_form(ctx);
	if (status == STATUS_DONE)
		status = read_timeout(ctx);
	if (status == STATUS_DONE && !ctx->command->local)
		status = read_server(ctx);
	return status;
}

static enum status explain(struct context *ctx)
{
	const char *name = ctx->options.arg[0];
	const struct command *c = name ? commands_find(name) : NULL;

	if (name && !c)
		return commands_unknown(ctx, name);
	if (c)
		commands_describe(ctx->out, c);
	else
		commands_overview(ctx->out);
	return STATUS_DONE;
}

/* Commands and their own options are on the lines. */
static enum status run_script(struct context *ctx)
{
	unsigned allowed = options_everywhere() | OPTION_BIT(OPTION_STDIN);
	enum status status;

	if (ctx->options.args > 0)
		return context_usage(ctx,
				     "--stdin: \"%s\" is too much: commands "
				     "are read from standard input",
				     ctx->options.arg[0]);
	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		if (ctx->options.value[key] && !(allowed & OPTION_BIT(key)))
			return context_usage(ctx,
					     "--%s does not go with --stdin: "
					     "a command's options go on its "
					     "line",
					     options_table[key].name);
	}

	status = read_form(ctx);
	if (status == STATUS_DONE)
		status = read_timeout(ctx);
	if (status == STATUS_DONE)
		status = read_server(ctx);
	return status == STATUS_DONE ? script_run(ctx) : status;
}

static enum status run(struct context *ctx)
{
	enum status status;

	if (ctx->options.value[OPTION_HELP])
		return explain(ctx);
	if (ctx->options.value[OPTION_VERSION]) {
		fprintf(ctx->out, "walletctl (%s) %s\n", PACKAGE_NAME,
			PACKAGE_VERSION);
		return STATUS_DONE;
	}

	if (ctx->options.value[OPTION_STDIN])
		return run_script(ctx);
	status = prepare(ctx);
	if (status != STATUS_DONE)
		return status;
	if (ctx->options.value[OPTION_CLASSIC])
		return classic_run(ctx);
	status = ctx->command->run(ctx);
	if (status == STATUS_REFUSED)
		lookalike_tell(ctx);
	return status;
}

/*
 * An answer that could not be written was not given; but the exit status of an
 * order tells of the order.
 */
static enum status finish(struct context *ctx, enum status status)
{
	if (fflush(ctx->out) == 0 && !ferror(ctx->out))
		return status;

	context_say(ctx, "the answer could not be written: %s",
		    strerror(errno));
	if (status != STATUS_DONE || (ctx->command && ctx->command->changes))
		return status;
	/* Of the lines there may have been orders. */
	return ctx->options.value[OPTION_STDIN] ? STATUS_UNKNOWN
						: STATUS_UNAVAILABLE;
}

int program_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct context ctx = { .out = out, .err = err };
	enum status status;
	int r;

	r = options_parse(argc, argv, err, &ctx.options);
	if (r == -ENOMEM)
		return STATUS_UNAVAILABLE;
	if (r < 0)
		return STATUS_USAGE;

	status = finish(&ctx, run(&ctx));
	(void)client_free(ctx.client);
	options_done(&ctx.options);
	return (int)status;
}
