/* SPDX-License-Identifier: MIT */
/*
 * Read all, check all, and only then send.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "walletctl/import_check.h"
#include "walletctl/import_own.h"
#include "walletctl/import_read.h"
#include "walletctl/import_send.h"

#include "walletctl/import.h"

/* An earlier run may be under way still in the main daemon: so often at most. */
#define LOOKS_MAX 100

struct import {
	struct context *ctx;
	struct mistakes mistakes;
	struct transfers *transfers;
	struct import_seals seals;
	bool ordered; /* by serials */
	struct holdings holdings;
	struct import_sum sum;
	size_t before; /* on record from an earlier run */
	struct import_sending sending;
};

static bool is_quiet(const struct import *im)
{
	return im->ctx->options.value[OPTION_QUIET] != NULL;
}

/* What a block of a set has that is given without the others. */
static void warn_of_missing(const struct import *im)
{
	size_t count = transfers_count(im->transfers);
	uint64_t last;

	if (count == 0 || !im->ordered || is_quiet(im))
		return;
	last = transfers_at(im->transfers, count - 1)->serial;
	if (last > count)
		context_say(im->ctx, "warning: of the serials up to %" PRIu64
			    " %" PRIu64 " are missing in what was given", last,
			    last - count);
}

/*
 * Balances, and how much of the import they include: the same before they were
 * asked for and after.
 */
static enum status ask_standing(struct import *im)
{
	enum status status;
	size_t before;

	status = import_find(im->ctx, im->transfers, 0, false, &before);
	for (int i = 0; i < LOOKS_MAX && status == STATUS_DONE; i++) {
		im->before = before;
		holdings_done(&im->holdings);
		status = holdings_ask(im->ctx, im->transfers, &im->holdings);
		if (status == STATUS_DONE)
			status = import_find(im->ctx, im->transfers, im->before,
					     false, &before);
		if (status == STATUS_DONE && before == im->before)
			return STATUS_DONE;
	}
	if (status == STATUS_DONE) {
		context_say(im->ctx, "somebody else is importing the same");
		status = STATUS_UNAVAILABLE;
	}
	return status;
}

/*
 * What was begun by an earlier run is gone on with: there the ledger may have the
 * same from serial 1 on, because it was imported.
 */
static enum status check_own(struct import *im)
{
	if (im->before > 0 || im->ctx->options.value[OPTION_AGAIN])
		return STATUS_DONE;
	return import_own(im->ctx, im->transfers, &im->seals);
}

static enum status check(struct import *im)
{
	enum status status;

	status = import_read(&im->mistakes,
			     im->ctx->options.value[OPTION_FORMAT],
			     im->transfers, &im->seals, &im->ordered);
	if (status == STATUS_DONE)
		status = mistakes_end(&im->mistakes);
	if (status != STATUS_DONE)
		return status;

	warn_of_missing(im);
	status = ask_standing(im);
	if (status == STATUS_DONE)
		status = check_own(im);
	if (status != STATUS_DONE)
		return status;
	holdings_check(&im->holdings, &im->mistakes, im->before, &im->sum);
	return mistakes_end(&im->mistakes);
}

static enum status send_rest(struct import *im)
{
	struct context *ctx = im->ctx;

	im->sending = (struct import_sending){
		.ctx = ctx,
		.mistakes = &im->mistakes,
		.transfers = im->transfers,
		.progress = { .out = ctx->err, .what = "Importing" },
		.draws = !is_quiet(im) && progress_possible(ctx->err),
		.done = im->before,
	};
	return import_send(&im->sending);
}

static bool is_dry(const struct import *im)
{
	return im->ctx->options.value[OPTION_DRY_RUN] != NULL;
}

/* "1,000 users" */
static void put_count(FILE *out, uint64_t n, const char *what)
{
	char digits[OUTPUT_GROUPED_SIZE];

	output_grouped(n, digits);
	fprintf(out, "%s %s%s", digits, what, n == 1 ? "" : "s");
}

static void put_text(const struct import *im, bool has_coins, int64_t coins)
{
	FILE *out = im->ctx->out;
	bool dry = is_dry(im);
	char digits[OUTPUT_GROUPED_SIZE];

	if (im->before > 0) {
		put_count(out, im->before, "transaction");
		fputs(im->before == 1 ? " is" : " are", out);
		fputs(" on record from an earlier import of the same.\n", out);
	}
	fputs(dry ? "Nothing is wrong. To be imported: " : "Imported ", out);
	put_count(out, im->sum.transfers, "transaction");
	if (im->sending.last_serial > 0)
		fprintf(out, ", serials %" PRId64 " to %" PRId64,
			im->sending.first_serial, im->sending.last_serial);
	fputs(", ", out);
	put_count(out, im->sum.joining, "new user");
	output_grouped(has_coins ? (uint64_t)coins : INT64_MAX, digits);
	fprintf(out, ", %s%s ", has_coins ? "" : "more than ", digits);
	output_text(out, context_coin(im->holdings.info));
	fputs(" moved.\n", out);
}

static void put_values(const struct import *im, bool has_coins, int64_t coins)
{
	static const struct column columns[] = {
		{ "transactions", NULL }, { "on_record", NULL },
		{ "imported", NULL },	  { "new_users", NULL },
		{ "coins", NULL },	  { "first_serial", NULL },
		{ "last_serial", NULL },
	};
	int64_t first = im->sending.first_serial;
	int64_t last = im->sending.last_serial;
	uint64_t imported = is_dry(im) ? 0 : im->sum.transfers;
	const struct value values[] = {
		value_number((int64_t)transfers_count(im->transfers)),
		value_number((int64_t)im->before),
		value_number((int64_t)imported),
		value_number((int64_t)im->sum.joining),
		has_coins ? value_number(coins) : value_none(),
		first > 0 ? value_number(first) : value_none(),
		last > 0 ? value_number(last) : value_none(),
	};

	output_values(im->ctx->out, im->ctx->form, columns, ELEMENTS(columns),
		      values);
}

static void report(const struct import *im)
{
	int64_t coins = 0;
	bool has_coins = sum_to_i64(im->sum.coins, &coins) == 0;

	if (is_quiet(im))
		return;
	if (im->ctx->form == FORM_TEXT)
		put_text(im, has_coins, coins);
	else
		put_values(im, has_coins, coins);
}

static enum status run(struct import *im)
{
	enum status status = check(im);

	if (status == STATUS_DONE && !is_dry(im))
		status = send_rest(im);
	if (status == STATUS_DONE)
		report(im);
	return status;
}

enum status import_files(struct context *ctx)
{
	struct import im = {
		.ctx = ctx,
		.mistakes = { .ctx = ctx, .file = ctx->arg },
	};
	enum status status;

	if (transfers_new(&im.transfers) < 0) {
		context_say(ctx, "%s", strerror(ENOMEM));
		return STATUS_UNAVAILABLE;
	}
	status = run(&im);
	holdings_done(&im.holdings);
	(void)transfers_free(im.transfers);
	return status;
}
