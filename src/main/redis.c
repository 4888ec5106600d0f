/* SPDX-License-Identifier: MIT */
/*
 * The commands that clients made for Redis send to any server, so that
 * redis-cli, redis-benchmark and the client libraries find what they look for.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>

#include "main/answer.h"
#include "util/parse.h"
#include "wire/resp.h"

#include "main/commands_internal.h"

#define COMMAND_COLUMNS 6
#define DOCS_FIELDS 3

static void answer_bulk(const struct call *c, struct slice text)
{
	struct buf *out = answer_begin(c->answer);

	answer_end(c->answer, out ? resp_put_bulk(out, text) : 0);
}

static void answer_simple(const struct call *c, const char *text)
{
	struct buf *out = answer_begin(c->answer);

	answer_end(c->answer, out ? resp_put_simple(out, text) : 0);
}

static int write_pong(struct buf *out, struct slice text)
{
	int r;

	r = resp_put_array(out, 2);
	if (r == 0)
		r = resp_put_bulk(out, slice_of("pong"));
	return r < 0 ? r : resp_put_bulk(out, text);
}

/* To one that is subscribed everything has the form of a message. */
static void answer_pong(const struct call *c)
{
	struct slice text = c->args ? c->arg[0] : slice_of("");
	struct buf *out = answer_begin(c->answer);

	answer_end(c->answer, out ? write_pong(out, text) : 0);
}

void redis_ping(const struct call *c)
{
	if (follower_joined(&c->client->follower))
		answer_pong(c);
	else if (c->args == 1)
		answer_bulk(c, c->arg[0]);
	else
		answer_simple(c, "PONG");
}

void redis_echo(const struct call *c)
{
	answer_bulk(c, c->arg[0]);
}

void redis_quit(const struct call *c)
{
	c->client->quit = true;
	feed_leave(c->client->feed, &c->client->follower);
	answer_simple(c, "OK");
}

void redis_info(const struct call *c)
{
	const struct commands_env *env = c->client->env;
	struct slice section = c->args ? c->arg[0] : (struct slice){ 0 };
	struct buf *out = answer_begin(c->answer);
	struct buf text = { 0 };
	int r = 0;

	if (out) {
		r = env->info(env->ctx, section, &text);
		if (r == 0)
			r = resp_put_bulk(
				out, (struct slice){ (const char *)text.data,
						     text.len });
	}
	buf_done(&text);
	answer_end(c->answer, r);
}

static int put_text(struct buf *out, const char *text)
{
	return resp_put_bulk(out, slice_of(text));
}

static int put_text_pair(struct buf *out, const char *key, const char *value)
{
	int r;

	r = put_text(out, key);
	return r < 0 ? r : put_text(out, value);
}

static int put_integer_pair(struct buf *out, const char *key, int64_t value)
{
	int r;

	r = put_text(out, key);
	return r < 0 ? r : resp_put_integer(out, value);
}

/* How many channels one is subscribed to now: there is one. */
static int write_subscription(struct buf *out, const char *kind, int64_t count)
{
	int r;

	r = resp_put_array(out, 3);
	if (r == 0)
		r = put_text(out, kind);
	return r < 0 ? r : put_integer_pair(out, FEED_CHANNEL, count);
}

static void answer_subscription(const struct call *c, const char *kind)
{
	int64_t count = follower_joined(&c->client->follower);
	struct buf *out = answer_begin(c->answer);

	answer_end(c->answer, out ? write_subscription(out, kind, count) : 0);
}

static bool is_channel(const struct call *c)
{
	if (slice_equal(c->arg[0], slice_of(FEED_CHANNEL)))
		return true;

	commands_misused(c, "There is no such channel");
	return false;
}

/* What becomes durable later goes behind this answer. */
void redis_subscribe(const struct call *c)
{
	if (!is_channel(c))
		return;
	feed_join(c->client->feed, &c->client->follower);
	answer_subscription(c, "subscribe");
}

void redis_unsubscribe(const struct call *c)
{
	if (c->args > 0 && !is_channel(c))
		return;
	feed_leave(c->client->feed, &c->client->follower);
	answer_subscription(c, "unsubscribe");
}

/* A map, which in version 2 of the protocol is a flat array. */
static int write_hello(struct buf *out, uint64_t id)
{
	int r;

	r = resp_put_array(out, 14);
	if (r == 0)
		r = put_text_pair(out, "server", PACKAGE_NAME);
	if (r == 0)
		r = put_text_pair(out, "version", PACKAGE_VERSION);
	if (r == 0)
		r = put_integer_pair(out, "proto", 2);
	if (r == 0)
		r = put_integer_pair(out, "id", (int64_t)id);
	if (r == 0)
		r = put_text_pair(out, "mode", "standalone");
	if (r == 0)
		r = put_text_pair(out, "role", "master");
	if (r == 0)
		r = put_text(out, "modules");
	if (r == 0)
		r = resp_put_array(out, 0);
	return r;
}

void redis_hello(const struct call *c)
{
	struct buf *out;
	uint64_t version = 2;

	if (c->args > 0 && parse_u64(c->arg[0], &version) < 0) {
		commands_fail(c, "ERR",
			      "Protocol version is not an integer or "
			      "out of range");
		return;
	}
	if (version != 2) {
		commands_fail(c, "NOPROTO", "unsupported protocol version");
		return;
	}
	if (c->args > 1) {
		commands_misused(c, "Unknown option");
		return;
	}

	out = answer_begin(c->answer);
	answer_end(c->answer, out ? write_hello(out, c->client->id) : 0);
}

/* What redis-benchmark prints about the server: every block is a log. */
static const struct {
	const char *name;
	const char *value;
} settings[] = {
	{ "save", "" },
	{ "appendonly", "yes" },
};

static int write_setting(struct buf *out, struct slice name)
{
	int r;

	for (size_t i = 0; i < ELEMENTS(settings); i++) {
		if (!commands_word(name, slice_of(settings[i].name)))
			continue;

		r = resp_put_array(out, 2);
		return r < 0 ? r
			     : put_text_pair(out, settings[i].name,
					     settings[i].value);
	}
	return resp_put_array(out, 0);
}

void redis_config(const struct call *c)
{
	struct buf *out;

	if (!commands_word(c->arg[0], slice_of("GET"))) {
		commands_misused(c, "There is no such subcommand");
		return;
	}

	out = answer_begin(c->answer);
	answer_end(c->answer, out ? write_setting(out, c->arg[1]) : 0);
}

/* Command and option names, as Redis lists them, are in small letters. */
static int put_name(struct buf *out, const struct command *command)
{
	char name[16];
	size_t len = command->name.len;

	for (size_t i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)command->name.p[i]);
	return resp_put_bulk(out, (struct slice){ name, len });
}

/* The name counts; "at least" is negative. */
static int64_t arity(const struct command *command)
{
	int64_t least = (int64_t)command->args_min + 1;

	return command->args_min == command->args_max ? least : -least;
}

/* Name, arity, flags, and three numbers about keys, of which we have none. */
static int write_info(struct buf *out, const struct command *command)
{
	int r;

	r = resp_put_array(out, COMMAND_COLUMNS);
	if (r == 0)
		r = put_name(out, command);
	if (r == 0)
		r = resp_put_integer(out, arity(command));
	if (r == 0)
		r = resp_put_array(out, 1);
	if (r == 0)
		r = resp_put_simple(out,
				    command->writes ? "write" : "readonly");
	for (size_t i = 0; r == 0 && i < 3; i++)
		r = resp_put_integer(out, 0);
	return r;
}

/* One argument that reads as the usage does. */
static int write_arguments(struct buf *out, const struct command *command)
{
	int r;

	r = put_text(out, "arguments");
	if (r == 0)
		r = resp_put_array(out, *command->usage ? 1 : 0);
	if (r < 0 || !*command->usage)
		return r;

	r = resp_put_array(out, 6);
	if (r == 0)
		r = put_text_pair(out, "name", command->usage);
	if (r == 0)
		r = put_text_pair(out, "display_text", command->usage);
	if (r == 0)
		r = put_text_pair(out, "type", "string");
	return r;
}

/* A map with the name and a map of what there is to say. */
static int write_docs(struct buf *out, const struct command *command)
{
	int r;

	r = put_name(out, command);
	if (r == 0)
		r = resp_put_array(out, 2 * (DOCS_FIELDS + 1));
	if (r == 0)
		r = put_text_pair(out, "summary", command->summary);
	if (r == 0)
		r = put_text_pair(out, "since", "0.1.0");
	if (r == 0)
		r = put_text_pair(out, "group", PACKAGE_NAME);
	if (r == 0)
		r = write_arguments(out, command);
	return r;
}

typedef int (*command_writer)(struct buf *out, const struct command *command);

/* All commands; @each array elements apiece. */
static int write_all(struct buf *out, command_writer write, size_t each)
{
	const struct command *command = NULL;
	int r;

	r = resp_put_array(out, commands_count() * each);
	while (r == 0 && (command = commands_next(command)))
		r = write(out, command);
	return r;
}

static const struct command *find(struct slice name)
{
	const struct resp_request r = { .args = 1, .arg[0] = name };

	return commands_find(&r);
}

/* COMMAND INFO name ...: null for those that there are not. */
static int write_infos(struct buf *out, const struct slice *names, size_t count)
{
	const struct command *command;
	int r;

	r = resp_put_array(out, count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		command = find(names[i]);
		r = command ? write_info(out, command)
			    : buf_add(out, "*-1\r\n", 5);
	}
	return r;
}

/* COMMAND DOCS name ...: nothing for those that there are not. */
static int write_some_docs(struct buf *out, const struct slice *names,
			   size_t count)
{
	size_t known = 0;
	int r;

	for (size_t i = 0; i < count; i++)
		known += find(names[i]) != NULL;

	r = resp_put_array(out, 2 * known);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (find(names[i]))
			r = write_docs(out, find(names[i]));
	}
	return r;
}

/* Subcommands: what to write for @count names behind them. */

static int command_count(struct buf *out, const struct slice *names,
			 size_t count)
{
	(void)names;
	(void)count;
	return resp_put_integer(out, (int64_t)commands_count());
}

static int command_list(struct buf *out, const struct slice *names,
			size_t count)
{
	(void)names;
	(void)count;
	return write_all(out, put_name, 1);
}

static int command_info(struct buf *out, const struct slice *names,
			size_t count)
{
	return count ? write_infos(out, names, count)
		     : write_all(out, write_info, 1);
}

static int command_docs(struct buf *out, const struct slice *names,
			size_t count)
{
	return count ? write_some_docs(out, names, count)
		     : write_all(out, write_docs, 2);
}

static const struct {
	const char *name;
	int (*write)(struct buf *out, const struct slice *names, size_t count);
} subcommands[] = {
	{ "COUNT", command_count },
	{ "LIST", command_list },
	{ "INFO", command_info },
	{ "DOCS", command_docs },
};

void redis_command(const struct call *c)
{
	struct slice sub = c->args ? c->arg[0] : slice_of("INFO");
	size_t names = c->args ? c->args - 1 : 0;
	struct buf *out;

	for (size_t i = 0; i < ELEMENTS(subcommands); i++) {
		if (!commands_word(sub, slice_of(subcommands[i].name)))
			continue;

		out = answer_begin(c->answer);
		answer_end(c->answer,
			   out ? subcommands[i].write(out, c->arg + 1, names)
			       : 0);
		return;
	}
	commands_misused(c, "There is no such subcommand");
}
