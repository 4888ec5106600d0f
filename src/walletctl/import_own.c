/* SPDX-License-Identifier: MIT */
/*
 * A few questions, however long the import is.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "walletctl/answer.h"
#include "walletctl/pipeline.h"

#include "walletctl/import_own.h"

/* Records that are compared, from the first to the last. */
#define SAMPLES 16
#define NUMBER_SIZE 21
#define HASH_HEX_LEN (2 * CHAIN_HASH_SIZE)

struct comparison {
	struct context *ctx;
	const struct transfers *transfers;
	const struct import_seal *seal[2]; /* compared first */
	size_t seals;
	const struct transfer *sample[SAMPLES];
	size_t samples;
	size_t asked;
	size_t answered;
	char serial[NUMBER_SIZE];
	bool sealed;   /* a hash is the ledger's */
	bool begins;   /* so is the first transaction … */
	bool deviates; /* … but another is not */
};

static bool ask(void *arg, struct client_request *ret)
{
	struct comparison *c = arg;
	size_t i = c->asked;
	uint64_t serial;

	if (i == c->seals + c->samples)
		return false;
	serial = i < c->seals ? c->seal[i]->serial :
				c->sample[i - c->seals]->serial;
	c->asked++;
	(void)snprintf(c->serial, sizeof(c->serial), "%" PRIu64, serial);
	*ret = (struct client_request){ 2, { "SHOW", c->serial } };
	return true;
}

static void compare_seal(struct comparison *c, size_t i,
			 const struct answer_record *a)
{
	char hash[HASH_HEX_LEN];

	format_hex(c->seal[i]->hash, CHAIN_HASH_SIZE, hash);
	c->sealed |= slice_equal(a->hash, (struct slice){ hash, sizeof(hash) });
}

static void compare_sample(struct comparison *c, size_t i,
			   const struct answer_record *a)
{
	const struct transfer *item = c->sample[i];
	bool same = slice_equal(transfers_name(c->transfers, item->sender),
				a->sender) &&
		    slice_equal(transfers_name(c->transfers, item->receiver),
				a->receiver) &&
		    a->amount >= 0 &&
		    amount_to_u64(item->amount) == (uint64_t)a->amount;

	c->begins |= same && i == 0;
	c->deviates |= !same;
}

static enum status answer(void *arg, const redisReply *reply)
{
	struct comparison *c = arg;
	size_t i = c->answered++;
	struct answer_error error;
	struct answer_record a;

	/* The ledger may end before the files do. */
	if (answer_is_error(reply, &error) &&
	    slice_equal(error.code, slice_of("NOTFOUND")))
		return STATUS_DONE;
	if (answer_is_error(reply, &error))
		return context_refused(c->ctx, reply);
	if (answer_record(reply, &a) < 0)
		return context_garbled(c->ctx);
	if (i < c->seals)
		compare_seal(c, i, &a);
	else
		compare_sample(c, i - c->seals, &a);
	return STATUS_DONE;
}

/* From the first to the last, all if they are few.  CSV may lack serials. */
static void choose_samples(struct comparison *c)
{
	size_t count = transfers_count(c->transfers);
	size_t samples = count < SAMPLES ? count : SAMPLES;

	if (count == 0 || transfers_at(c->transfers, 0)->serial == 0)
		return;
	for (size_t i = 0; i < samples; i++) {
		size_t at = samples < 2 ? 0 :
			    (size_t)((unsigned __int128)(count - 1) * i /
				     (samples - 1));
		const struct transfer *item = transfers_at(c->transfers, at);

		if (item->serial > 0)
			c->sample[c->samples++] = item;
	}
}

static void choose(struct comparison *c, const struct import_seals *seals)
{

	if (seals->lowest.serial > 0)
		c->seal[c->seals++] = &seals->lowest;
	if (seals->highest.serial > seals->lowest.serial)
		c->seal[c->seals++] = &seals->highest;
	choose_samples(c);
}

enum status import_own(struct context *ctx, const struct transfers *t,
		       const struct import_seals *seals)
{
	struct comparison c = { .ctx = ctx, .transfers = t };
	const struct pipeline p = {
		.window = SAMPLES + 2,
		.arg = &c,
		.ask = ask,
		.answer = answer,
	};
	enum status status;

	choose(&c, seals);
	status = pipeline_run(ctx, &p);
	if (status != STATUS_DONE)
		return status;
	if (!c.sealed && (!c.begins || c.deviates))
		return STATUS_DONE;
	context_say(ctx, "what was given are this ledger's own transactions, "
		    "and nothing was imported; --again imports them a second "
		    "time");
	return STATUS_REFUSED;
}
