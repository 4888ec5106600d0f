/* SPDX-License-Identifier: MIT */
/*
 * Where no state directory can be had, orders are delivered all the same.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "ledger/name.h"
#include "util/fileops.h"
#include "util/parse.h"
#include "util/random.h"
#include "walletctl/receipt.h"

#include "walletctl/placing.h"

static void warn_not_kept(struct context *ctx, int r)
{
	context_say(ctx,
		    "warning: there is no place to keep the order until its "
		    "answer is in (%s)",
		    r == -ENOENT ? "neither XDG_STATE_HOME nor HOME is set"
				 : strerror(-r));
}

void placing_make_id(char out[PLACING_ID_SIZE])
{
	uint8_t bytes[PLACING_ID_BYTES];

	random_bytes(bytes, sizeof(bytes));
	format_hex(bytes, sizeof(bytes), out);
	out[PLACING_ID_SIZE - 1] = '\0';
}

int placing_open_store(struct opstore **ret)
{
	_cleanup_(freep) char *directory = NULL;
	int r;

	r = opstore_directory(getenv("XDG_STATE_HOME"), getenv("HOME"),
			      &directory);
	return r < 0 ? r : opstore_open(&fileops_kernel, directory, ret);
}

/* The one of the script, or @own, which the caller frees. */
static int find_store(struct context *ctx, struct opstore **own,
		      struct opstore **ret)
{
	struct opstore **store = ctx->store ? ctx->store : own;
	int r;

	if (!*store) {
		r = placing_open_store(store);
		if (r < 0)
			return r;
		if (ctx->store)
			opstore_use_log(*store);
	}
	*ret = *store;
	return 0;
}

/*
 * Have it on disk before it is sent.  Only an id that stands for another pending
 * order stops it.
 */
static enum status keep(struct context *ctx, const struct group *g,
			struct opstore_entry **ret, bool *ret_again)
{
	_cleanup_(opstore_freep) struct opstore *own = NULL;
	struct opstore *store;
	int r;

	/* The main daemon will refuse it, and say why. */
	if (operation_id_fault(slice_of(g->id)))
		return STATUS_DONE;

	r = find_store(ctx, &own, &store);
	if (r == 0)
		r = opstore_keep(store, g, ret, ret_again);
	if (r == -EEXIST) {
		context_say(ctx,
			    "the operation id %s stands for another order that "
			    "is still pending; finish it by \"walletctl "
			    "resume\"",
			    g->id);
		return STATUS_REFUSED;
	}
	if (r < 0)
		warn_not_kept(ctx, r);
	return STATUS_DONE;
}

static void tell_repeating(void *arg, const char *reason)
{
	struct context *ctx = arg;

	fputs("walletctl: ", ctx->err);
	output_text(ctx->err, slice_of(reason ? reason : ""));
	fputs(" Trying again.\n", ctx->err);
}

void placing_resume(struct context *ctx, struct client *client,
		    const struct group *g, struct opstore_entry *entry,
		    struct delivery *d)
{
	int r = 0;

	d->timeout = ctx->timeout;
	d->repeating = context_quiet(ctx) ? NULL : tell_repeating;
	d->arg = ctx;
	delivery_run(client, g, d);

	if (d->status == STATUS_UNKNOWN)
		(void)opstore_entry_free(entry);
	else if (entry)
		r = opstore_settle(entry);
	if (r < 0)
		context_say(ctx,
			    "warning: the order is settled, but its file "
			    "could not be removed (%s)",
			    strerror(-r));
}

enum status placing_send(struct context *ctx, const struct group *g,
			 struct delivery *d)
{
	struct opstore_entry *entry = NULL;
	enum status status = STATUS_DONE;

	if (!d->dry_run)
		status = keep(ctx, g, &entry, &d->again);
	if (status == STATUS_DONE)
		placing_resume(ctx, ctx->client, g, entry, d);
	return status;
}

enum status placing_run(struct context *ctx, const struct group *g)
{
	struct delivery d = {
		.ask_coin = ctx->form == FORM_TEXT && group_is_lone(g),
		.dry_run = ctx->options.value[OPTION_DRY_RUN] != NULL,
	};
	enum status status;

	status = placing_send(ctx, g, &d);
	if (status != STATUS_DONE)
		return status;
	receipt_put(ctx, g, &d);
	status = d.status;
	delivery_done(&d);
	return status;
}
