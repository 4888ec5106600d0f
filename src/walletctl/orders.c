/* SPDX-License-Identifier: MIT */
/*
 * An order is kept on disk, delivered, forgotten when settled, and told of.
 * Where no state directory can be had it is delivered all the same.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "ledger/name.h"
#include "util/fileops.h"
#include "util/parse.h"
#include "util/random.h"
#include "walletctl/delivery.h"
#include "walletctl/opstore.h"
#include "walletctl/receipt.h"

#include "walletctl/orders.h"

static enum status fail(struct context *ctx, int r)
{
	context_say(ctx, "%s", strerror(-r));
	return STATUS_UNAVAILABLE;
}

static void warn_not_kept(struct context *ctx, int r)
{
	context_say(ctx,
		    "warning: there is no place to keep the order until its "
		    "answer is in (%s)",
		    r == -ENOENT ? "neither XDG_STATE_HOME nor HOME is set"
				 : strerror(-r));
}

static int open_store(struct opstore **ret)
{
	_cleanup_(freep) char *directory = NULL;
	int r;

	r = opstore_directory(getenv("XDG_STATE_HOME"), getenv("HOME"),
			      &directory);
	return r < 0 ? r : opstore_open(&fileops_kernel, directory, ret);
}

/*
 * Have the order on disk before it is sent.  Only an id that stands for
 * another pending order stops it.
 */
static enum status keep(struct context *ctx, const struct order *o,
			struct opstore_entry **ret, bool *ret_again)
{
	_cleanup_(opstore_freep) struct opstore *store = NULL;
	int r;

	/* The main daemon will refuse it, and say why. */
	if (operation_id_fault(slice_of(o->id)))
		return STATUS_DONE;

	r = open_store(&store);
	if (r == 0)
		r = opstore_keep(store, o, ret, ret_again);
	if (r == -EEXIST) {
		context_say(ctx,
			    "the operation id %s stands for another order that "
			    "is still pending; finish it by \"walletctl "
			    "resume\"",
			    o->id);
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

/* Deliver the order, and forget it if it is settled; @entry may be NULL. */
static void deliver(struct context *ctx, struct client *client,
		    const struct order *o, struct opstore_entry *entry,
		    struct delivery *d)
{
	int r = 0;

	d->timeout = ctx->timeout;
	d->ask_coin = ctx->form == FORM_TEXT;
	d->repeating = tell_repeating;
	d->arg = ctx;
	delivery_run(client, o, d);

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

static enum status run_order(struct context *ctx, const struct order *o)
{
	struct opstore_entry *entry = NULL;
	struct delivery d = { .again = false };
	enum status status;

	status = keep(ctx, o, &entry, &d.again);
	if (status != STATUS_DONE)
		return status;

	deliver(ctx, ctx->client, o, entry, &d);
	receipt_put(ctx, o, &d);
	status = d.status;
	delivery_done(&d);
	return status;
}

/* A copy of @text, which may be NULL. */
static int copy(const char *text, char **ret)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int copy_id(const char *given, char **ret)
{
	uint8_t bytes[ORDERS_ID_BYTES];
	char hex[2 * ORDERS_ID_BYTES + 1] = "";

	random_bytes(bytes, sizeof(bytes));
	format_hex(bytes, sizeof(bytes), hex);
	return copy(given ? given : hex, ret);
}

static enum status make_and_run(struct context *ctx, const char *command)
{
	const char *memo = ctx->options.value[OPTION_MEMO];
	struct order o = { 0 };
	enum status status;
	int r;

	/* "$note" of a script may be empty, and then there is none. */
	if (memo && !*memo)
		memo = NULL;
	r = copy(command, &o.command);
	if (r == 0)
		r = copy(ctx->server, &o.server);
	if (r == 0)
		r = copy(ctx->arg[0], &o.sender);
	if (r == 0 && ctx->arg[1])
		r = copy(ctx->arg[1], &o.receiver);
	if (r == 0 && ctx->arg[1])
		r = copy(ctx->arg[2], &o.amount);
	if (r == 0)
		r = copy_id(ctx->options.value[OPTION_ID], &o.id);
	if (r == 0)
		r = copy(memo, &o.memo);

	status = r < 0 ? fail(ctx, r) : run_order(ctx, &o);
	order_done(&o);
	return status;
}

enum status orders_transfer(struct context *ctx)
{
	return make_and_run(ctx, "transfer");
}

enum status orders_open(struct context *ctx)
{
	return make_and_run(ctx, "open");
}

/* Of done, refused and unknown, which is all that resuming comes to. */
static enum status worse(enum status a, enum status b)
{
	return a > b ? a : b;
}

/* An order that was taken up; @entry is given away. */
static enum status resume_order(struct context *ctx, const struct order *o,
				struct opstore_entry *entry,
				struct receipts *list)
{
	_cleanup_(client_freep) struct client *client = NULL;
	struct delivery d = { .again = true };
	enum status status;

	if (client_new(o->server, &client) < 0) {
		context_say(ctx,
			    "the order %s is for \"%s\", which is no "
			    "server; it was left alone",
			    o->id, o->server);
		(void)opstore_entry_free(entry);
		return STATUS_UNKNOWN;
	}

	deliver(ctx, client, o, entry, &d);
	receipts_add(list, o, &d);
	status = d.status;
	delivery_done(&d);
	return status;
}

/* Whoever names a server means the orders that were made for it. */
static bool is_wanted(struct context *ctx, const struct order *o)
{
	return !ctx->options.value[OPTION_SERVER] ||
	       strcmp(ctx->server, o->server) == 0;
}

static enum status resume_one(struct context *ctx, struct opstore *store,
			      const char *name, struct receipts *list)
{
	struct opstore_entry *entry = NULL;
	struct order o = { 0 };
	enum status status = STATUS_DONE;
	int r;

	r = opstore_take(store, name, &o, &entry);
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

	if (is_wanted(ctx, &o)) {
		status = resume_order(ctx, &o, entry, list);
	} else {
		context_say(ctx, "the order %s is for %s; it was left alone",
			    o.id, o.server);
		(void)opstore_entry_free(entry);
	}
	order_done(&o);
	return status;
}

static enum status resume_all(struct context *ctx, struct opstore *store)
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

enum status orders_resume(struct context *ctx)
{
	_cleanup_(opstore_freep) struct opstore *store = NULL;
	int r;

	r = open_store(&store);
	if (r < 0) {
		context_say(ctx, "the pending orders cannot be read (%s)",
			    strerror(-r));
		return STATUS_UNAVAILABLE;
	}
	return resume_all(ctx, store);
}
