/* SPDX-License-Identifier: MIT */
/*
 * The rules of the ledger, on a copy of the balances.  What others transfer
 * meanwhile is not in it: the main daemon has the last word.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/newtext.h"
#include "util/parse.h"
#include "walletctl/answer.h"
#include "walletctl/pipeline.h"

#include "walletctl/import_check.h"

#define WINDOW 1000

struct holding {
	struct amount balance;
	bool member;
};

struct asking {
	struct context *ctx;
	struct holdings *holdings;
	uint32_t asked;
	uint32_t answered;
	char name[USER_NAME_MAX + 1];
};

static bool ask_balance(void *arg, struct client_request *ret)
{
	struct asking *a = arg;
	struct slice name;

	if (a->asked == transfers_names(a->holdings->transfers))
		return false;
	name = transfers_name(a->holdings->transfers, a->asked++);
	memcpy(a->name, name.p, name.len);
	a->name[name.len] = '\0';
	*ret = (struct client_request){ 2, { "BALANCE", a->name } };
	return true;
}

static enum status take_balance(void *arg, const redisReply *reply)
{
	struct asking *a = arg;
	struct holding *h = &a->holdings->user[a->answered++];
	struct answer_error error;
	int64_t n;

	if (answer_is_error(reply, &error)) {
		h->member = false;
		if (slice_equal(error.code, slice_of("NOUSER")))
			return STATUS_DONE;
		return context_refused(a->ctx, reply);
	}
	h->member = true;
	if (answer_integer(reply, &n) < 0 || n < 0 ||
	    amount_from_u64((uint64_t)n, &h->balance) < 0)
		return context_garbled(a->ctx);
	return STATUS_DONE;
}

/* What whoever joins begins with. */
static enum status ask_initial(struct context *ctx, struct holdings *h)
{
	const struct client_request q = { 2, { "INFO", "ledger" } };
	enum status status;

	status = context_ask(ctx, &q, 1, &h->info);
	if (status == STATUS_DONE)
		status = context_refused(ctx, h->info);
	if (status == STATUS_DONE &&
	    amount_parse(answer_info(h->info, "initial_balance"),
			 &h->initial) < 0)
		status = context_garbled(ctx);
	return status;
}

enum status holdings_ask(struct context *ctx, const struct transfers *t,
			 struct holdings *ret)
{
	struct asking a = { .ctx = ctx, .holdings = ret };
	const struct pipeline p = {
		.window = WINDOW,
		.arg = &a,
		.ask = ask_balance,
		.answer = take_balance,
	};
	enum status status;

	*ret = (struct holdings){ .transfers = t };
	ret->user = calloc((size_t)transfers_names(t) + 1, sizeof(*ret->user));
	if (!ret->user) {
		context_say(ctx, "%s", strerror(ENOMEM));
		return STATUS_UNAVAILABLE;
	}
	status = ask_initial(ctx, ret);
	return status == STATUS_DONE ? pipeline_run(ctx, &p) : status;
}

void holdings_done(struct holdings *h)
{
	freeReplyObject(h->info);
	free(h->user);
	*h = (struct holdings){ .user = NULL };
}

/* Checking. */

struct check {
	struct holdings *holdings;
	struct mistakes *mistakes;
	struct import_sum *sum;
	const struct transfer *item;
};

static struct slice name_of(const struct check *c, uint32_t user)
{
	return transfers_name(c->holdings->transfers, user);
}

static void wrong(struct check *c, const char *format, uint32_t user)
{
	_cleanup_(freep) char *sentence = NULL;

	if (asprintf(&sentence, "\"%.*s\" %s", SLICE_ARG(name_of(c, user)),
		     format) < 0)
		sentence = NULL;
	mistakes_tell(c->mistakes, c->item->file, c->item->line, "%s",
		      sentence ? sentence : "there is no memory");
}

static struct holding *holding_of(struct check *c, uint32_t user)
{
	struct holding *h = &c->holdings->user[user];

	if (!h->member) {
		const char *fault = new_name_fault(name_of(c, user));

		if (fault)
			wrong(c, fault, user);
		h->member = true;
		h->balance = c->holdings->initial;
		c->sum->joining++;
	}
	return h;
}

static void check_opening(struct check *c)
{
	if (c->holdings->user[c->item->sender].member)
		wrong(c, "is part of the network already", c->item->sender);
	else
		(void)holding_of(c, c->item->sender);
}

static void check_transfer(struct check *c)
{
	struct holding *from = holding_of(c, c->item->sender);
	struct holding *to = holding_of(c, c->item->receiver);
	struct amount less;
	struct amount more;

	if (amount_sub(from->balance, c->item->amount, &less) < 0) {
		mistakes_tell(c->mistakes, c->item->file, c->item->line,
			      "\"%.*s\" has only %" PRIu64 " coins then",
			      SLICE_ARG(name_of(c, c->item->sender)),
			      amount_to_u64(from->balance));
		return;
	}
	if (amount_add(to->balance, c->item->amount, &more) < 0) {
		wrong(c, "would have more than 9223372036854775807 coins",
		      c->item->receiver);
		return;
	}
	from->balance = less;
	to->balance = more;
	c->sum->coins = sum_plus(c->sum->coins, c->item->amount);
}

void holdings_check(struct holdings *h, struct mistakes *m, size_t first,
		    struct import_sum *ret)
{
	struct check c = { .holdings = h, .mistakes = m, .sum = ret };
	size_t count = transfers_count(h->transfers);

	*ret = (struct import_sum){ .transfers = count - first,
				    .coins = SUM_ZERO };
	for (size_t i = first; i < count; i++) {
		c.item = transfers_at(h->transfers, i);
		if (transfer_is_opening(c.item))
			check_opening(&c);
		else
			check_transfer(&c);
	}
}
