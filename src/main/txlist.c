/* SPDX-License-Identifier: MIT */
/*
 * The statement: all transactions by serial, four columns, into a file that
 * replaces the old one only when it is whole and durable.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "main/query_internal.h"

/* The next one that waits to be written has its turn. */
static void txlist_over(struct engine *e)
{
	struct list *node = list_first(&e->queries.statements);

	e->queries.statement = NULL;
	if (!node)
		return;
	list_remove(node);
	query_requeue(list_entry(node, struct query, node));
}

static void txlist_fail(struct query *q, const char *what, int error)
{
	struct engine *e = q->engine;

	e->io.statement_abort(e->io.ctx);
	query_refuse(q, OUTCOME_UNAVAILABLE,
		     "The statement could not be %s: %s.", what,
		     strerror(-error));
	txlist_over(e);
}

static bool txlist_record(void *arg, const struct stream_record *r)
{
	struct query *q = arg;
	struct engine *e = q->engine;
	struct slice line = r->record.body;

	q->given++;
	q->last = r->record.serial;
	q->write_error = e->io.statement_write(e->io.ctx, line.p, line.len);
	if (!q->write_error)
		q->write_error = e->io.statement_write(e->io.ctx, "\n", 1);
	return q->write_error == 0;
}

static void txlist_committed(struct query *q, int error)
{
	struct engine *e = q->engine;
	struct log_fields fields = { .event = LOG_EVENT_STATEMENT_WRITTEN,
				     .serial = q->last };
	char sentence[OUTCOME_SENTENCE_SIZE];
	struct outcome o = { .code = OUTCOME_DONE };

	if (error < 0) {
		txlist_fail(q, "made durable", error);
		return;
	}
	(void)snprintf(sentence, sizeof(sentence),
		       "Statement written to %.*s: %" PRIu64 " transactions.",
		       SLICE_ARG(e->io.statement_path), q->given);
	e->io.log(e->io.ctx, LOG_INFO, &fields, sentence);
	o.u.statement.path = e->io.statement_path;
	o.u.statement.records = q->given;
	o.u.statement.hash = q->tip;
	query_give(q, &o);
	txlist_over(e);
}

static void txlist_commit(struct query *q)
{
	struct engine *e = q->engine;
	int r;

	r = e->io.statement_commit(e->io.ctx);
	if (r == -EINPROGRESS)
		e->queries.committing = true;
	else
		txlist_committed(q, r);
}

void engine_statement_committed(struct engine *e, int error)
{
	assert(e->queries.committing);
	e->queries.committing = false;
	/* Nobody is answered any more. */
	if (e->phase != PHASE_STOPPED)
		txlist_committed(e->queries.statement, error);
}

static void txlist_ended(void *arg, enum stream_end how, const char *missing)
{
	struct query *q = arg;
	struct engine *e = q->engine;

	if (how == STREAM_UNAVAILABLE) {
		e->io.statement_abort(e->io.ctx);
		query_unavailable(q, missing);
		txlist_over(e);
	} else if (q->write_error) {
		txlist_fail(q, "written", q->write_error);
	} else if (q->given != q->count) {
		engine_stop(e, ENGINE_STOP_INTEGRITY,
			    "The blocks hold %" PRIu64 " transactions up to "
			    "serial %" PRIu64 "; %" PRIu64 " were loaded.",
			    q->given, q->upto, q->count);
	} else {
		txlist_commit(q);
	}
}

static const struct stream_ops txlist_ops = {
	.record = txlist_record,
	.ended = txlist_ended,
};

static void txlist_start(struct query *q)
{
	struct engine *e = q->engine;
	struct stream_query sq = { .columns = true, .gentle = true };
	int r;

	if (e->queries.statement) {
		list_remove(&q->node);
		list_append(&e->queries.statements, &q->node);
		e->queries.actives--;
		return;
	}
	q->upto = ledger_serial(e->ledger);
	q->count = ledger_records(e->ledger);
	memcpy(q->tip, ledger_tip(e->ledger), sizeof(q->tip));
	sq.upto = q->upto;
	r = e->io.statement_begin(e->io.ctx);
	if (r < 0) {
		query_refuse(q, OUTCOME_UNAVAILABLE,
			     "The statement could not be begun: %s.",
			     strerror(-r));
		txlist_over(e);
		return;
	}
	e->queries.statement = q;
	if (stream_new(e, &sq, &txlist_ops, q, &q->stream) < 0)
		txlist_fail(q, "written", -ENOMEM);
	else
		stream_start(q->stream);
}

static void txlist_drop(struct query *q)
{
	struct engine *e = q->engine;

	/* Still being written: the engine ends. */
	if (e->queries.statement == q && e->phase == PHASE_ENDING &&
	    !e->queries.committing)
		e->io.statement_abort(e->io.ctx);
}

const struct query_kind query_txlist = { .start = txlist_start,
					 .drop = txlist_drop };
