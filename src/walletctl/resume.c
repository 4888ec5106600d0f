/* SPDX-License-Identifier: MIT */
/*
 * What is pending is taken up in the order of the file names; that of another
 * server, or that somebody else is at, is left alone.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "walletctl/opstore.h"
#include "walletctl/placing.h"
#include "walletctl/receipt.h"

#include "walletctl/resume.h"

/* Of done, refused and unknown, which is all that resuming comes to. */
static enum status worse(enum status a, enum status b)
{
	return a > b ? a : b;
}

/* What was taken up; @entry is given away. */
static enum status resume_group(struct context *ctx, const struct group *g,
				struct opstore_entry *entry,
				struct receipts *list)
{
	_cleanup_(client_freep) struct client *client = NULL;
	const char *server = g->order[0].server;
	struct delivery d = {
		.again = true,
		.ask_coin = ctx->form == FORM_TEXT && group_is_lone(g),
	};
	enum status status;

	if (client_new(server, &client) < 0) {
		context_say(ctx,
			    "the order %s is for \"%s\", which is no "
			    "server; it was left alone",
			    g->id, server);
		(void)opstore_entry_free(entry);
		return STATUS_UNKNOWN;
	}

	placing_resume(ctx, client, g, entry, &d);
	receipts_add(list, g, &d);
	status = d.status;
	delivery_done(&d);
	return status;
}

/* Whoever names a server means the orders that were made for it. */
static bool is_wanted(struct context *ctx, const struct group *g)
{
	return !ctx->options.value[OPTION_SERVER] ||
	       strcmp(ctx->server, g->order[0].server) == 0;
}

static enum status resume_one(struct context *ctx, struct opstore *store,
			      const char *name, struct receipts *list)
{
	struct opstore_entry *entry = NULL;
	struct group g = { 0 };
	enum status status = STATUS_DONE;
	int r;

	r = opstore_take(store, name, &g, &entry);
	if (r == -ENOENT)
		return STATUS_DONE;
	if (r == -EWOULDBLOCK) {
		context_say(ctx, "another walletctl is at the order %s", name);
		return STATUS_DONE;
	}
	if (r < 0) {
		context_say(ctx,
			    "warning: the file %s is no pending order (%s); "
			    "it was left alone",
			    name, strerror(-r));
		return STATUS_DONE;
	}

	if (is_wanted(ctx, &g)) {
		status = resume_group(ctx, &g, entry, list);
	} else {
		context_say(ctx, "the order %s is for %s; it was left alone",
			    g.id, g.order[0].server);
		(void)opstore_entry_free(entry);
	}
	group_done(&g);
	return status;
}

static enum status fail(struct context *ctx, int r)
{
	context_say(ctx, "%s", strerror(-r));
	return STATUS_UNAVAILABLE;
}

static enum status resume_each(struct context *ctx, struct opstore *store)
{
	enum status status = STATUS_DONE;
	struct receipts list = { .ctx = ctx };
	size_t count;
	char **names;
	int r;

	r = opstore_names(store, &names, &count);
	if (r < 0)
		return fail(ctx, r);
	r = receipts_begin(&list);
	if (r < 0)
		status = fail(ctx, r);

	for (size_t i = 0; i < count && r == 0; i++)
		status = worse(status, resume_one(ctx, store, names[i], &list));
	opstore_names_free(names, count);
	if (r == 0)
		receipts_end(&list);
	return status;
}

enum status resume_all(struct context *ctx)
{
	_cleanup_(opstore_freep) struct opstore *store = NULL;
	int r;

	r = placing_open_store(&store);
	if (r < 0) {
		context_say(ctx, "the pending orders cannot be read (%s)",
			    strerror(-r));
		return STATUS_UNAVAILABLE;
	}
	return resume_each(ctx, store);
}
