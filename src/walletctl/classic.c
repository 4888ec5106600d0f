/* SPDX-License-Identifier: MIT */
/*
 * The original prints refusals where it prints answers, so the two kinds that it
 * knows are answers here too; all else is told as ever.  A request is said to be
 * sent when there is an answer.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "walletctl/answer.h"
#include "walletctl/commands.h"

#include "walletctl/classic.h"

/* The ports of the original's second client: 26 and three digits. */
#define CLIENT_B_FIRST 26000
#define CLIENT_B_LAST 26999
/* Where the columns of statistics begin, below the heading. */
#define STATS_HEADING "Rank--Username--NumofTransacions--Total"
#define RANK_WIDTH 6
#define NAME_WIDTH 10
#define COUNT_WIDTH 18

#define OPTIONS_TAKEN                                                       \
	(OPTION_BIT(OPTION_CLASSIC) | OPTION_BIT(OPTION_SERVER) |           \
	 OPTION_BIT(OPTION_TIMEOUT) | OPTION_BIT(OPTION_MEMO) |             \
	 OPTION_BIT(OPTION_ID))

/* There is room: --classic was a word too. */
static void put_first(struct options *o, const char *command)
{
	memmove(o->arg + 1, o->arg, o->args * sizeof(*o->arg));
	o->arg[0] = command;
	o->arg[++o->args] = NULL;
}

void classic_words(struct options *o)
{
	if (o->args == 1 && strcmp(o->arg[0], "TXLIST") == 0) {
		o->arg[0] = "txlist";
	} else if (o->args == 1) {
		put_first(o, "balance");
	} else if (o->args == 2 && strcmp(o->arg[1], "stats") == 0) {
		o->arg[1] = o->arg[0];
		o->arg[0] = "stats";
	} else if (o->args == 3) {
		put_first(o, "transfer");
	}
}

/* Which of the original's two clients is this? */
static char client_letter(const struct context *ctx)
{
	const char *colon = strrchr(ctx->server, ':');
	uint64_t port;

	if (colon &&
	    parse_u64_range(slice_of(colon + 1), CLIENT_B_FIRST, CLIENT_B_LAST,
			    &port) == 0)
		return 'B';
	return 'A';
}

static void put_name(FILE *out, const char *name)
{
	putc('"', out);
	output_text(out, slice_of(name));
	putc('"', out);
}

static void put_balance(struct context *ctx, const char *user, int64_t balance,
			const redisReply *info)
{
	fputs("The current balance of ", ctx->out);
	put_name(ctx->out, user);
	fprintf(ctx->out, " is : %" PRId64 " ", balance);
	output_text(ctx->out, context_coin(info));
	fputs(".\n", ctx->out);
}

/* A refusal of the original's; its second sentence has a line of its own. */
static bool put_refusal(struct context *ctx, const struct answer_error *e)
{
	static const char second[] = " The current balance ";
	const char *at;

	if (!slice_equal(e->code, slice_of("NOUSER")) &&
	    !slice_equal(e->code, slice_of("INSUFFICIENT")))
		return false;

	at = memmem(e->sentence.p, e->sentence.len, second, strlen(second));
	if (at) {
		struct slice first = e->sentence;
		struct slice rest = e->sentence;

		first.len = (size_t)(at - first.p);
		rest.p = at + 1;
		rest.len -= first.len + 1;
		output_text(ctx->out, first);
		putc('\n', ctx->out);
		output_text(ctx->out, rest);
	} else {
		output_text(ctx->out, e->sentence);
	}
	putc('\n', ctx->out);
	return true;
}

/* STATUS_DONE if @reply is no error; else the error is told. */
static enum status refused(struct context *ctx, const redisReply *reply)
{
	struct answer_error error;

	if (!answer_is_error(reply, &error))
		return STATUS_DONE;
	return put_refusal(ctx, &error) ? error.status
					: context_refused(ctx, reply);
}

static void put_sent(struct context *ctx, const char *what)
{
	put_name(ctx->out, ctx->arg[0]);
	fprintf(ctx->out, " sent a %s enquiry request to the main server.\n",
		what);
}

static enum status balance(struct context *ctx)
{
	const struct client_request q[] = {
		{ 2, { "BALANCE", ctx->arg[0] } },
		{ 2, { "INFO", "ledger" } },
	};
	_cleanup_(freeReplyObjectp) redisReply *answer = NULL;
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	redisReply *reply[ELEMENTS(q)] = { NULL };
	enum status status;
	int64_t coins;

	status = context_ask(ctx, q, ELEMENTS(q), reply);
	answer = reply[0];
	info = reply[1];
	if (status != STATUS_DONE)
		return status;
	put_sent(ctx, "balance");
	status = refused(ctx, answer);
	if (status != STATUS_DONE)
		return status;
	if (answer_integer(answer, &coins) < 0)
		return context_garbled(ctx);
	put_balance(ctx, ctx->arg[0], coins, info);
	return STATUS_DONE;
}

static void put_partner(FILE *out, size_t rank, const struct answer_partner *p)
{
	int width = (int)output_width(p->user);

	fprintf(out, "%-*zu", RANK_WIDTH, rank);
	output_text(out, p->user);
	fprintf(out, "%*s", width < NAME_WIDTH ? NAME_WIDTH - width : 1, "");
	fprintf(out, "%-*" PRId64 "%" PRId64 "\n", COUNT_WIDTH, p->count,
		p->net);
}

static enum status stats(struct context *ctx)
{
	const struct client_request q = { 2, { "STATS", ctx->arg[0] } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_partner partner;
	enum status status;

	status = context_ask(ctx, &q, 1, &reply);
	if (status != STATUS_DONE)
		return status;
	put_sent(ctx, "statistics");
	status = refused(ctx, reply);
	if (status != STATUS_DONE)
		return status;
	if (answer_list(reply) < 0)
		return context_garbled(ctx);

	put_name(ctx->out, ctx->arg[0]);
	fputs(" statistics are the following.:\n" STATS_HEADING "\n", ctx->out);
	for (size_t i = 0; i < reply->elements; i++) {
		if (answer_partner(reply->element[i], &partner) < 0)
			return context_garbled(ctx);
		put_partner(ctx->out, i + 1, &partner);
	}
	return STATUS_DONE;
}

static enum status txlist(struct context *ctx)
{
	const struct client_request q = { 1, { "TXLIST" } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_statement statement;
	enum status status;

	status = context_ask(ctx, &q, 1, &reply);
	if (status != STATUS_DONE)
		return status;
	fprintf(ctx->out,
		"Client%c sent a sorted list request to the main server.\n",
		client_letter(ctx));
	status = refused(ctx, reply);
	if (status == STATUS_DONE && answer_statement(reply, &statement) < 0)
		status = context_garbled(ctx);
	return status;
}

bool classic_receipt(struct context *ctx, const struct order *o,
		     const redisReply *reply, const redisReply *info)
{
	struct answer_receipt receipt;
	struct answer_error error;
	bool done;

	if (!reply)
		return false;
	put_name(ctx->out, o->sender);
	fputs(" has requested to transfer ", ctx->out);
	output_text(ctx->out, slice_of(o->amount));
	fputs(" coins to ", ctx->out);
	put_name(ctx->out, o->receiver);
	fputs(".\n", ctx->out);
	if (answer_is_error(reply, &error))
		return put_refusal(ctx, &error);

	done = answer_receipt(reply, &receipt) == 0;
	if (!done)
		return false;
	put_name(ctx->out, o->sender);
	fputs(" successfully transferred ", ctx->out);
	output_text(ctx->out, slice_of(o->amount));
	putc(' ', ctx->out);
	output_text(ctx->out, context_coin(info));
	fputs(" to ", ctx->out);
	put_name(ctx->out, o->receiver);
	fputs(".\n", ctx->out);
	put_balance(ctx, o->sender, receipt.balance, info);
	return true;
}

static const struct operation {
	const char *command;
	size_t words; /* behind the command */
	enum status (*run)(struct context *ctx);
} operation_table[] = {
	{ "balance", 1, balance },
	{ "stats", 1, stats },
	{ "txlist", 0, txlist },
	{ "transfer", 3, NULL }, /* an order as ever, told here */
};

static const struct operation *find_operation(const struct context *ctx)
{
	for (size_t i = 0; i < ELEMENTS(operation_table); i++) {
		const struct operation *o = &operation_table[i];

		if (strcmp(o->command, ctx->command->name) == 0 &&
		    o->words + 1 == ctx->options.args)
			return o;
	}
	return NULL;
}

enum status classic_run(struct context *ctx)
{
	const struct operation *o = find_operation(ctx);

	if (!o)
		return context_usage(ctx, "--classic: expected USER, USER "
					  "stats, SENDER RECEIVER AMOUNT or "
					  "TXLIST");
	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		if (ctx->options.value[key] &&
		    !(OPTIONS_TAKEN & OPTION_BIT(key)))
			return context_usage(ctx, "--classic goes without --%s",
					     options_table[key].name);
	}

	fprintf(ctx->out, "The client %c is up and running.\n",
		client_letter(ctx));
	return o->run ? o->run(ctx) : ctx->command->run(ctx);
}
