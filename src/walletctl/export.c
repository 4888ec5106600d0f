/* SPDX-License-Identifier: MIT */
/*
 * All transactions, as of the tip when it began.  Pages are asked for ahead,
 * each from where the one before it ends if no serial is missing; where some
 * are, pages overlap, and what came before is left out.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/name.h"
#include "util/parse.h"
#include "util/timestamp.h"
#include "walletctl/forms.h"
#include "walletctl/outfile.h"
#include "walletctl/pipeline.h"
#include "walletctl/progress.h"

#include "walletctl/export.h"

/* Records of a page, and pages under way: some megabytes of answers. */
#define PAGE 5000
#define PAGES_AHEAD 4
#define NUMBER_SIZE 21
/* What is over sooner needs no bar. */
#define DRAW_AFTER (500 * USEC_PER_MSEC)

struct export {
	struct context *ctx;
	struct writing writing;
	const char *path; /* NULL: standard output */
	struct answer_tip tip;
	int64_t asked;	 /* the next page begins here */
	int64_t next;	 /* no record below it is due */
	int64_t records; /* written */
	bool whole;	 /* the tip was reached */
	char from[NUMBER_SIZE];
	char count[NUMBER_SIZE];
	struct progress progress;
	bool draws;
	int64_t began;
};

static bool ask_page(void *arg, struct client_request *ret)
{
	struct export *e = arg;

	if (e->asked < e->next)
		e->asked = e->next;
	if (e->whole || e->asked > e->tip.serial)
		return false;
	(void)snprintf(e->from, sizeof(e->from), "%" PRId64, e->asked);
	(void)snprintf(e->count, sizeof(e->count), "%d", PAGE);
	*ret = (struct client_request){
		5, { "LIST", "FROM", e->from, "COUNT", e->count }
	};
	e->asked = e->asked < INT64_MAX - PAGE ? e->asked + PAGE : INT64_MAX;
	return true;
}

/* A server's word for it is not enough: each form has its own syntax. */
static bool is_clean(const struct answer_record *r)
{
	int64_t time;

	return !user_name_fault(r->sender) && !user_name_fault(r->receiver) &&
	       (!r->time.p || timestamp_parse(r->time, &time) == 0) &&
	       (!r->id.p || !operation_id_fault(r->id)) &&
	       (!r->memo.p || !memo_fault(r->memo));
}

/* -ENODATA: that was all. */
static int take_record(struct export *e, const redisReply *element)
{
	struct answer_record r;
	int error;

	error = answer_record(element, &r);
	if (error < 0)
		return error;
	if (!is_clean(&r))
		return -EBADMSG;
	if (r.serial < e->next)
		return 0;
	if (r.serial > e->tip.serial)
		return -EBADMSG;

	error = e->writing.form->record(&e->writing, &r);
	if (error < 0)
		return error;
	e->records++;
	e->next = r.serial < INT64_MAX ? r.serial + 1 : INT64_MAX;
	return r.serial < e->tip.serial ? 0 : -ENODATA;
}

static enum status fail(struct context *ctx, int r)
{
	context_say(ctx, "%s", strerror(-r));
	return STATUS_UNAVAILABLE;
}

static enum status take_page(void *arg, const redisReply *reply)
{
	struct export *e = arg;
	enum status status = context_refused(e->ctx, reply);
	int r;

	if (status != STATUS_DONE || e->whole)
		return status;
	r = answer_list(reply);
	for (size_t i = 0; r == 0 && i < reply->elements; i++)
		r = take_record(e, reply->element[i]);
	/* Up to the tip there is more. */
	if (r == 0 && reply->elements < PAGE)
		r = -EBADMSG;
	if (r == -EBADMSG)
		return context_garbled(e->ctx);
	if (r < 0 && r != -ENODATA)
		return fail(e->ctx, r);
	if (ferror(e->writing.out))
		return fail(e->ctx, -EIO);

	e->whole = r == -ENODATA;
	if (e->draws && client_now() - e->began >= DRAW_AFTER)
		progress_draw(&e->progress, (uint64_t)e->next,
			      (uint64_t)e->tip.serial);
	return STATUS_DONE;
}

static enum status write_pages(struct export *e)
{
	const struct pipeline p = {
		.window = PAGES_AHEAD,
		.arg = e,
		.ask = ask_page,
		.answer = take_page,
	};
	enum status status;

	if (e->writing.form->begin)
		e->writing.form->begin(&e->writing);
	status = pipeline_run(e->ctx, &p);
	progress_erase(&e->progress);
	if (status == STATUS_DONE && !e->whole && e->tip.serial > 0)
		return context_garbled(e->ctx);
	return status;
}

static void put_report(const struct export *e)
{
	static const struct column columns[] = {
		{ "path", NULL },
		{ "transactions", NULL },
		{ "serial", NULL },
		{ "hash", NULL },
	};
	struct context *ctx = e->ctx;
	const struct value values[] = {
		value_text(slice_of(e->path)),
		value_number(e->records),
		value_number(e->tip.serial),
		value_text(e->tip.hash),
	};
	char digits[OUTPUT_GROUPED_SIZE];

	if (ctx->form != FORM_TEXT) {
		output_values(ctx->out, ctx->form, columns, ELEMENTS(columns),
			      values);
		return;
	}
	output_grouped((uint64_t)e->records, digits);
	fprintf(ctx->out, "Exported %s transaction%s up to serial %" PRId64
		" to ", digits, e->records == 1 ? "" : "s", e->tip.serial);
	output_text(ctx->out, slice_of(e->path));
	fputs(".\n", ctx->out);
}

static enum status fail_file(struct context *ctx, const char *path, int r)
{
	context_say(ctx, "%s: %s", path,
		    r == -EEXIST ? "is no regular file" : strerror(-r));
	return STATUS_UNAVAILABLE;
}

static enum status write_file(struct export *e)
{
	_cleanup_(outfile_freep) struct outfile *file = NULL;
	enum status status;
	int r;

	r = outfile_open(e->path, &file);
	if (r < 0)
		return fail_file(e->ctx, e->path, r);
	e->writing.out = outfile_stream(file);

	status = write_pages(e);
	if (status != STATUS_DONE)
		return status;
	r = outfile_commit(TAKE_PTR(file));
	if (r < 0)
		return fail_file(e->ctx, e->path, r);
	if (!e->ctx->options.value[OPTION_QUIET])
		put_report(e);
	return STATUS_DONE;
}

/* What accounts begin with, and what their coins are called. */
static enum status open_accounts(struct export *e, const redisReply *info)
{
	uint64_t initial;
	int r;

	if (parse_u64_range(answer_info(info, "initial_balance"), 0, INT64_MAX,
			    &initial) < 0)
		return context_garbled(e->ctx);
	r = accounting_new((int64_t)initial, context_coin(info),
			   &e->writing.accounting);
	return r < 0 ? fail(e->ctx, r) : STATUS_DONE;
}

static enum status run(struct export *e, const redisReply *info,
		       const redisReply *tip)
{
	enum status status = context_refused(e->ctx, tip);

	if (status == STATUS_DONE && answer_tip(tip, &e->tip) < 0)
		status = context_garbled(e->ctx);
	if (status == STATUS_DONE && e->writing.form->accounts)
		status = open_accounts(e, info);
	if (status != STATUS_DONE)
		return status;
	e->began = client_now();
	return e->path ? write_file(e) : write_pages(e);
}

static enum status ask_and_run(struct export *e)
{
	const struct client_request q[] = {
		{ 2, { "INFO", "ledger" } },
		{ 1, { "TIP" } },
	};
	redisReply *reply[ELEMENTS(q)] = { NULL };
	enum status status;

	status = context_ask(e->ctx, q, ELEMENTS(q), reply);
	if (status == STATUS_DONE)
		status = run(e, reply[0], reply[1]);
	(void)accounting_free(e->writing.accounting);
	freeReplyObject(reply[0]);
	freeReplyObject(reply[1]);
	return status;
}

enum status export_all(struct context *ctx)
{
	const char *form = ctx->options.value[OPTION_FORMAT];
	struct export e = {
		.ctx = ctx,
		.writing.out = ctx->out,
		.path = ctx->options.value[OPTION_OUTPUT],
		.asked = 1,
		.next = 1,
		.progress = { .out = ctx->err, .what = "Exporting" },
	};

	if (ctx->form != FORM_TEXT && !e.path)
		return context_usage(ctx, "--json, --raw and --csv tell of a file "
					  "that --output names; the form of "
					  "what is written is --format");
	e.writing.form = forms_find(form ? form : "alichain");
	if (!e.writing.form)
		return context_usage(ctx, "--format: expected alichain, csv, "
					  "json or ledger, not \"%s\"", form);
	e.draws = !ctx->options.value[OPTION_QUIET] &&
		  (e.path || !progress_possible(ctx->out)) &&
		  progress_possible(ctx->err);
	return ask_and_run(&e);
}
