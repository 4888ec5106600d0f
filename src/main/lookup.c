/* SPDX-License-Identifier: MIT */
/*
 * Asking the backends whether an operation id is on record: first for the
 * record that bears it, then for what its sender had behind it.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/lookup.h"
#include "main/order.h"
#include "main/stream.h"
#include "main/total.h"

const char lookup_unanswered[] =
	"Not all backends answer, so it cannot be told whether this operation "
	"id is on record; nothing was changed.";

struct lookup {
	struct engine *engine;
	lookup_done done;
	void *arg;
	struct stream *stream;
	/* What was found. */
	bool found;
	struct op_kept record;
	uint64_t serial;
	int64_t time;
	uint8_t hash[CHAIN_HASH_SIZE];
};

/* The receipt tells the sender's balance as it was behind the record. */
static void balance_known(void *arg, const char *missing,
			  const struct total_sum *sum)
{
	struct lookup *l = arg;
	struct outcome o = { .code = OUTCOME_DONE };

	if (missing) {
		l->done(l->arg, LOOKUP_UNAVAILABLE, NULL, NULL);
		return;
	}
	if (sum_applied(ledger_initial(l->engine->ledger), sum->net,
			&o.u.receipt.balance) < 0) {
		engine_stop(l->engine, ENGINE_STOP_INTEGRITY,
			    "Serial %" PRIu64 " overdraws its sender.",
			    l->serial);
		return;
	}
	o.u.receipt.serial = l->serial;
	o.u.receipt.time = l->time;
	o.u.receipt.hash = l->hash;
	l->done(l->arg, LOOKUP_RECORDED, &l->record.op, &o);
}

static bool id_found(void *arg, const struct stream_record *r)
{
	struct lookup *l = arg;
	const struct op found = { .sender = r->record.sender,
				  .receiver = r->record.receiver,
				  .amount = r->record.amount,
				  .id = r->record.id,
				  .memo = r->record.memo };

	l->found = op_keep(&found, &l->record) == 0;
	if (!l->found)
		engine_stop(l->engine, ENGINE_STOP_MEMORY, "Out of memory.");
	l->serial = r->record.serial;
	l->time = r->record.time;
	memcpy(l->hash, r->record.hash, sizeof(l->hash));
	return false;
}

static void search_ended(void *arg, enum stream_end how, const char *missing)
{
	struct lookup *l = arg;

	(void)missing;
	l->stream = stream_free(l->stream);
	if (how == STREAM_UNAVAILABLE)
		l->done(l->arg, LOOKUP_UNAVAILABLE, NULL, NULL);
	else if (!l->found)
		l->done(l->arg, LOOKUP_FRESH, NULL, NULL);
	else
		total_ask(l->engine, l->record.op.sender, 0, l->serial,
			  balance_known, l);
}

static const struct stream_ops search_ops = {
	.record = id_found,
	.ended = search_ended,
};

int lookup_new(struct engine *e, struct slice id, lookup_done done, void *arg,
	       struct lookup **ret)
{
	_cleanup_(lookup_freep) struct lookup *l = NULL;
	struct stream_query q = { .upto = ledger_serial(e->ledger),
				  .id = id,
				  .everything = true };
	int r;

	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->engine = e;
	l->done = done;
	l->arg = arg;
	r = stream_new(e, &q, &search_ops, l, &l->stream);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

void lookup_start(struct lookup *l)
{
	stream_start(l->stream);
}

struct lookup *lookup_free(struct lookup *l)
{
	if (!l)
		return NULL;
	stream_free(l->stream);
	op_kept_done(&l->record);
	free(l);
	return NULL;
}
