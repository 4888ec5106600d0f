/* SPDX-License-Identifier: MIT */
/*
 * Histories and lists, shown as of one moment, the tip when the first page was
 * asked for.  What comes later is left out.
 */
#include "config.h"

#include "walletctl/records.h"
#include "walletctl/sheet.h"
#include "walletctl/span.h"
#include "walletctl/walk.h"

#include "walletctl/listing.h"

static int put_record(void *arg, const struct answer_record *a)
{
	struct value values[RECORD_COLUMNS_MAX];

	records_values(a, values);
	return sheet_row(arg, values);
}

static enum status run_walk(struct walk *w, struct sheet *sheet)
{
	enum status status = walk_run(w);

	/* An answer that is not complete is not closed. */
	if (status != STATUS_DONE)
		return status;
	if (w->ctx->form == FORM_TEXT && sheet_rows(sheet) == 0)
		context_note(w->ctx, "there are no such transactions");
	return walk_tell(w->ctx, sheet_end(sheet));
}

/* Where to begin and to end, by all options that say so. */
static enum status bound(struct walk *w)
{
	enum status status;
	struct span span;

	status = context_number(w->ctx, OPTION_FROM, 1, &w->from);
	if (status == STATUS_DONE)
		status = context_number(w->ctx, OPTION_COUNT, INT64_MAX,
					&w->left);
	if (status == STATUS_DONE)
		status = span_options(w->ctx, &span);
	if (status != STATUS_DONE || !span_is_bounded(&span))
		return status;

	status = span_find(w->ctx, &span);
	if (w->from < span.first)
		w->from = span.first;
	w->last = span.last;
	return status;
}

static enum status run_listing(struct context *ctx, const char *user)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	struct walk w = {
		.ctx = ctx,
		.user = user,
		.last = WALK_TO_TIP,
		.record = put_record,
	};
	enum status status;
	int r;

	status = bound(&w);
	if (status != STATUS_DONE)
		return status;
	r = sheet_new(ctx->out, ctx->form, records_columns,
		      user ? RECORD_COLUMNS_MAX : RECORD_COLUMNS, &sheet);
	if (r < 0)
		return walk_tell(ctx, r);
	w.arg = sheet;
	return run_walk(&w, sheet);
}

enum status listing_history(struct context *ctx)
{
	return run_listing(ctx, ctx->arg[0]);
}

enum status listing_list(struct context *ctx)
{
	return run_listing(ctx, NULL);
}
