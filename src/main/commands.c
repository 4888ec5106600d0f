/* SPDX-License-Identifier: MIT */
/*
 * The table of commands, and what they have in common: finding one, counting
 * its arguments, its options, its errors.
 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <strings.h>

#include "main/answer.h"
#include "main/engine.h"
#include "wire/resp.h"

#include "main/commands_internal.h"

/* Bytes of a client's text that are said back in an error. */
#define QUOTED_MAX 128
#define SENTENCE_SIZE 512

#define NAME(text)                                                             \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}
#define ANY_NUMBER (RESP_ARGS_MAX - 1)
/* TIP, a serial and a hash for each. */
#define VERIFY_ARGS_MAX (3 * ENGINE_TIPS_MAX)

/* Those that are asked most come first. */
static const struct command table[] = {
	{ NAME("BALANCE"), 1, 3, false, false, orders_balance,
	  "user [AT serial]", "A user's balance." },
	{ NAME("TRANSFER"), 3, 9, false, true, orders_transfer,
	  "sender receiver amount [ID id] [MEMO text] [AFTER id]",
	  "Moves coins from one user to another." },
	{ NAME("IMPORT"), 3, 9, false, true, orders_import,
	  "sender receiver amount [ID id] [MEMO text] [AFTER id]",
	  "A transfer by which unknown users join." },
	{ NAME("OPEN"), 1, 7, false, true, orders_open,
	  "user [ID id] [MEMO text] [AFTER id]",
	  "Makes a user part of the network." },
	{ NAME("MULTI"), 0, 0, false, false, orders_multi, "",
	  "Orders from now on are kept for EXEC." },
	{ NAME("EXEC"), 0, 1, true, true, orders_exec, "[DRYRUN]",
	  "Carries out all orders since MULTI, or none." },
	{ NAME("DISCARD"), 0, 0, false, false, orders_discard, "",
	  "Forgets the orders since MULTI." },
	{ NAME("USERS"), 0, 4, true, false, orders_users,
	  "[FROM n] [COUNT n]", "All users and their balances." },
	{ NAME("STATS"), 1, 1, true, false, orders_stats, "user",
	  "A row for each user that one has dealt with." },
	{ NAME("HISTORY"), 1, 5, true, false, orders_history,
	  "user [FROM serial] [COUNT n]", "A user's transactions." },
	{ NAME("LIST"), 0, 4, true, false, orders_list,
	  "[FROM serial] [COUNT n]", "All transactions." },
	{ NAME("SHOW"), 1, 2, false, false, orders_show, "serial | ID id",
	  "One transaction." },
	{ NAME("TXLIST"), 0, 0, true, false, orders_txlist, "",
	  "Writes the statement." },
	{ NAME("TIP"), 0, 0, false, false, orders_tip, "",
	  "The last transaction's serial, hash and time." },
	{ NAME("VERIFY"), 0, VERIFY_ARGS_MAX, true, false, orders_verify,
	  "[TIP serial hash] ...", "Reads all transactions anew and checks them." },
	{ NAME("SUBSCRIBE"), 1, 1, false, false, redis_subscribe, FEED_CHANNEL,
	  "Tells of each new transaction from now on." },
	{ NAME("UNSUBSCRIBE"), 0, 1, false, false, redis_unsubscribe,
	  "[" FEED_CHANNEL "]", "Tells of them no longer." },
	{ NAME("INFO"), 0, 1, false, false, redis_info, "[section]",
	  "How the daemon is." },
	{ NAME("PING"), 0, 1, false, false, redis_ping, "[text]",
	  "Answers PONG, or the text." },
	{ NAME("ECHO"), 1, 1, false, false, redis_echo, "text",
	  "Answers the text." },
	{ NAME("QUIT"), 0, ANY_NUMBER, false, false, redis_quit, "",
	  "Ends the connection." },
	{ NAME("HELLO"), 0, ANY_NUMBER, false, false, redis_hello, "[2]",
	  "What the server is, and version 2 of the protocol." },
	{ NAME("COMMAND"), 0, ANY_NUMBER, false, false, redis_command,
	  "[COUNT | LIST | DOCS [name ...] | INFO [name ...]]",
	  "The commands that there are." },
	{ NAME("CONFIG"), 2, ANY_NUMBER, false, false, redis_config, "GET name",
	  "For redis-benchmark." },
};

bool commands_word(struct slice text, struct slice word)
{
	return text.len == word.len &&
	       strncasecmp(text.p, word.p, word.len) == 0;
}

const struct command *commands_find(const struct resp_request *r)
{
	for (size_t i = 0; i < ELEMENTS(table); i++) {
		if (commands_word(r->arg[0], table[i].name))
			return &table[i];
	}
	return NULL;
}

bool commands_is_heavy(const struct command *c)
{
	return c && c->heavy;
}

const struct command *commands_next(const struct command *c)
{
	c = c ? c + 1 : table;
	return c < table + ELEMENTS(table) ? c : NULL;
}

size_t commands_count(void)
{
	return ELEMENTS(table);
}

bool commands_permitted(const struct commands_client *client,
			const struct command *c)
{
	/* Until clients can log in, everybody may do everything. */
	(void)client;
	(void)c;
	return true;
}

static void fail(const struct call *c, const char *code, const char *sentence)
{
	const struct commands_env *env = c->client->env;
	struct buf *out = answer_begin(c->answer);
	int r = 0;

	if (out)
		r = resp_put_error(out, code, slice_of(sentence));
	if (c->client->multi.open)
		multi_spoil(&c->client->multi);
	if (env->refused)
		env->refused(env->ctx, code);
	answer_end(c->answer, r);
}

void commands_fail(const struct call *c, const char *code, const char *format,
		   ...)
{
	char sentence[SENTENCE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	fail(c, code, sentence);
}

void commands_misused(const struct call *c, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	va_list args;
	size_t len;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);

	len = strlen(sentence);
	(void)snprintf(sentence + len, sizeof(sentence) - len,
		       "; usage: %s%s%s", c->command->name.p,
		       *c->command->usage ? " " : "", c->command->usage);
	fail(c, "SYNTAX", sentence);
}

/* So much of @text as an error says back. */
static struct slice quoted(struct slice text)
{
	return (struct slice){ text.p,
			       text.len < QUOTED_MAX ? text.len : QUOTED_MAX };
}

static const struct command_option *
find_option(struct slice name, const struct command_option *options,
	    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (commands_word(name, slice_of(options[i].name)))
			return &options[i];
	}
	return NULL;
}

/* The pair at @at. */
static bool take_option(const struct call *c, size_t at,
			const struct command_option *options, size_t count)
{
	const struct command_option *o;
	struct slice name = quoted(c->arg[at]);

	o = find_option(name, options, count);
	if (!o) {
		commands_misused(c, "Unknown option \"%.*s\"", SLICE_ARG(name));
		return false;
	}
	if (o->value->len > 0) {
		commands_misused(c, "Option %s is given twice", o->name);
		return false;
	}
	if (at + 1 == c->args || c->arg[at + 1].len == 0) {
		commands_misused(c, "Option %s needs a value", o->name);
		return false;
	}

	*o->value = c->arg[at + 1];
	return true;
}

bool commands_options(const struct call *c, size_t at,
		      const struct command_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*options[i].value = (struct slice){ 0 };

	for (; at < c->args; at += 2) {
		if (!take_option(c, at, options, count))
			return false;
	}
	return true;
}

/*
 * What a subscribed client may say: an answer to anything else it could not
 * tell from a message.
 */
static bool is_for_followers(const struct command *c)
{
	return c->run == redis_subscribe || c->run == redis_unsubscribe ||
	       c->run == redis_ping || c->run == redis_quit;
}

/* What is taken between MULTI and EXEC; a MULTI answers for itself. */
static bool is_for_groups(const struct command *c)
{
	return c->run == orders_transfer || c->run == orders_import ||
	       c->run == orders_open || c->run == orders_multi ||
	       c->run == orders_exec || c->run == orders_discard ||
	       c->run == redis_quit;
}

void commands_turned_away(struct commands_client *client,
			  const struct command *c)
{
	if (!client->multi.open)
		return;
	if (c->run == orders_exec)
		multi_end(&client->multi);
	else
		multi_spoil(&client->multi);
}

static void run_known(const struct call *c)
{
	if (!commands_permitted(c->client, c->command)) {
		commands_fail(c, "NOPERM", "You may not do that.");
		return;
	}

	if (follower_joined(&c->client->follower) &&
	    !is_for_followers(c->command)) {
		commands_fail(c, "ERR",
			      "Can't execute '%s': only SUBSCRIBE, "
			      "UNSUBSCRIBE, PING and QUIT are allowed while "
			      "subscribed",
			      c->command->name.p);
		return;
	}

	if (c->client->multi.open && !is_for_groups(c->command)) {
		commands_fail(c, "ERR",
			      "Can't execute '%s': only TRANSFER, IMPORT and "
			      "OPEN are allowed between MULTI and EXEC",
			      c->command->name.p);
		return;
	}

	if (c->args < c->command->args_min || c->args > c->command->args_max) {
		commands_misused(c, "Wrong number of arguments");
		return;
	}
	c->command->run(c);
}

void commands_run(struct commands_client *client, const struct command *c,
		  const struct resp_request *r, struct answer *a)
{
	struct call call = {
		.client = client,
		.command = c,
		.answer = a,
		.arg = r->arg + 1,
		.args = r->args - 1,
	};

	assert(r->args > 0);

	if (c)
		run_known(&call);
	else
		commands_fail(&call, "ERR", "unknown command '%.*s'",
			      SLICE_ARG(quoted(r->arg[0])));
}
