/* SPDX-License-Identifier: MIT */
/*
 * What the handlers of all commands share.
 */
#include "config.h"

#include <stdarg.h>

#include "util/parse.h"
#include "walletctl/answer.h"
#include "walletctl/commands.h"
#include "walletctl/terminal.h"

#include "walletctl/context.h"

/* What coins are called where the server does not say. */
#define COIN_DEFAULT "alicoins"

static void _printf_(2, 0)
	say(struct context *ctx, const char *format, va_list ap)
{
	_cleanup_(freep) char *sentence = NULL;

	if (vasprintf(&sentence, format, ap) < 0) {
		sentence = NULL;
		return;
	}
	fputs("walletctl: ", ctx->err);
	output_text(ctx->err, slice_of(sentence));
	fputs(".\n", ctx->err);
}

void context_say(struct context *ctx, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(ctx, format, ap);
	va_end(ap);
}

bool context_quiet(const struct context *ctx)
{
	return ctx->options.value[OPTION_QUIET] != NULL;
}

void context_note(struct context *ctx, const char *format, ...)
{
	va_list ap;

	if (context_quiet(ctx))
		return;
	va_start(ap, format);
	say(ctx, format, ap);
	va_end(ap);
}

enum status context_usage(struct context *ctx, const char *format, ...)
{
	_cleanup_(freep) char *sentence = NULL;
	va_list ap;
	bool about;
	int n;

	va_start(ap, format);
	n = vasprintf(&sentence, format, ap);
	va_end(ap);
	if (n < 0)
		sentence = NULL;

	/* Who asks for help on what there is not is not helped by help on help. */
	about = ctx->command && strcmp(ctx->command->name, "help") != 0;
	context_say(ctx, "%s; see \"walletctl help%s%s\"",
		    sentence ? sentence : "there is no memory",
		    about ? " " : "", about ? ctx->command->name : "");
	return STATUS_USAGE;
}

enum status context_number(struct context *ctx, enum option_key key,
			   int64_t otherwise, int64_t *ret)
{
	const char *text = ctx->options.value[key];
	uint64_t n = (uint64_t)otherwise;

	if (text && parse_u64_range(slice_of(text), 1, INT64_MAX, &n) < 0)
		return context_usage(ctx,
				     "--%s: expected a number from 1 up, "
				     "not \"%s\"",
				     options_table[key].name, text);
	*ret = (int64_t)n;
	return STATUS_DONE;
}

enum status context_ask(struct context *ctx, const struct client_request *q,
			size_t count, redisReply **ret)
{
	int64_t deadline = client_now() + ctx->timeout;

	if (client_ask(ctx->client, q, count, deadline, ret) == 0)
		return STATUS_DONE;
	context_say(ctx, "%s", client_fault(ctx->client));
	return STATUS_UNAVAILABLE;
}

enum status context_refused(struct context *ctx, const redisReply *reply)
{
	struct answer_error error;

	if (!answer_is_error(reply, &error))
		return STATUS_DONE;
	context_set_code(ctx, error.code);
	terminal_put_refusal(ctx->err, error.sentence);
	return error.status;
}

void context_set_code(struct context *ctx, struct slice code)
{
	if (code.len < sizeof(ctx->code))
		(void)snprintf(ctx->code, sizeof(ctx->code), "%.*s",
			       SLICE_ARG(code));
}

enum status context_garbled(struct context *ctx)
{
	context_say(ctx, "%s does not answer as a main daemon does",
		    ctx->server);
	return STATUS_UNAVAILABLE;
}

struct slice context_coin(const redisReply *info)
{
	struct slice coin = { 0 };

	if (info)
		coin = answer_info(info, "coin");
	return coin.len > 0 ? coin : slice_of(COIN_DEFAULT);
}
