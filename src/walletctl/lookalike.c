/* SPDX-License-Identifier: MIT */
/*
 * A courtesy: asked on the connection that is there, within a second, and no
 * error of it is worth a word.
 */
#include "config.h"

#include <string.h>

#include "ledger/newtext.h"
#include "util/timestamp.h"
#include "walletctl/answer.h"
#include "walletctl/commands.h"
#include "walletctl/suggest.h"

#include "walletctl/lookalike.h"

#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number
#define ASK_MAX USEC_PER_SEC

/* Words of the table of commands that stand for somebody who is there. */
static bool is_user_word(const char *word, size_t len)
{
	static const char *const words[] = { "USER", "SENDER", "RECEIVER" };

	for (size_t i = 0; i < ELEMENTS(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return true;
	return false;
}

/* NULL: @typed is somebody's name, or like none. */
static const char *nearest(const struct answer_users *all, const char *typed)
{
	const char *alike = NULL;
	const char *best = NULL;

	for (size_t i = 0; i < all->count; i++) {
		struct answer_user a;

		if (answer_user(all->element[i], &a) < 0)
			return NULL;
		/* hiredis ends all text by a zero, and no name has one. */
		if (slice_equal(a.user, slice_of(typed)))
			return NULL;
		if (!alike && names_look_alike(slice_of(typed), a.user))
			alike = a.user.p;
		best = suggest_better(typed, best, a.user.p);
	}
	return alike ? alike : best;
}

static redisReply *ask_users(struct context *ctx)
{
	const struct client_request q = {
		3, { "USERS", "COUNT", TEXT(LOOKALIKE_USERS_MAX) }
	};
	int64_t patience = ctx->timeout < ASK_MAX ? ctx->timeout : ASK_MAX;
	redisReply *reply = NULL;

	if (client_ask(ctx->client, &q, 1, client_now() + patience, &reply) < 0)
		return NULL;
	return reply;
}

static void suggest(FILE *err, const char *meant)
{
	fputs("walletctl: did you mean \"", err);
	output_text(err, slice_of(meant));
	fputs("\"?\n", err);
}

/* Every argument that stands for a user. */
static void tell_all(struct context *ctx, const struct answer_users *all)
{
	const char *word = ctx->command->args;

	for (size_t i = 0; ctx->arg[i]; i++) {
		size_t len;

		word += strspn(word, "[ ");
		len = strcspn(word, " ].");
		if (is_user_word(word, len)) {
			const char *meant = nearest(all, ctx->arg[i]);

			if (meant)
				suggest(ctx->err, meant);
		}
		/* "USER..." stands for all that follow. */
		if (strncmp(word + len, "...", 3) != 0) {
			word += len;
			word += strspn(word, "].");
		}
	}
}

/* Whoever opens a wallet means nobody who is there. */
static bool is_concerned(const struct context *ctx)
{
	if (!ctx->client || context_quiet(ctx) ||
	    strcmp(ctx->command->name, "open") == 0)
		return false;
	return strcmp(ctx->code, "NOUSER") == 0 ||
	       strcmp(ctx->code, "NAME") == 0;
}

void lookalike_tell(struct context *ctx)
{
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_users all;

	if (!is_concerned(ctx))
		return;
	reply = ask_users(ctx);
	if (reply && answer_users(reply, &all) == 0)
		tell_all(ctx, &all);
}
