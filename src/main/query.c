/* SPDX-License-Identifier: MIT */
/*
 * Questions that the backends answer: their queue, and those that are lists of
 * records.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "main/query_internal.h"
#include "main/total.h"

void queries_init(struct engine *e)
{
	list_init(&e->queries.active);
	list_init(&e->queries.waiting);
	list_init(&e->queries.statements);
}

struct slice query_user(const struct query *q)
{
	return (struct slice){ q->user, q->user_len };
}

static void query_free(struct query *q)
{
	list_remove(&q->node);
	stream_free(q->stream);
	if (q->kind->drop)
		q->kind->drop(q);
	free(q);
}

void queries_done(struct engine *e)
{
	struct list *node;

	while ((node = list_first(&e->queries.active)))
		query_free(list_entry(node, struct query, node));
	while ((node = list_first(&e->queries.waiting)))
		query_free(list_entry(node, struct query, node));
	while ((node = list_first(&e->queries.statements)))
		query_free(list_entry(node, struct query, node));
}

/* Answering. */

void query_give(struct query *q, const struct outcome *o)
{
	struct engine *e = q->engine;

	e->queries.actives--;
	engine_due(e, e->now); /* another one may start */
	outcome_give(e, q->done, q->arg, o);
	query_free(q);
}

void query_done(struct query *q)
{
	query_give(q, &(struct outcome){ .code = OUTCOME_DONE });
}

void query_refuse(struct query *q, enum outcome_code code, const char *format,
		  ...)
{
	char sentence[OUTCOME_SENTENCE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	query_give(q, &(struct outcome){ .code = code,
					 .sentence = slice_of(sentence) });
}

void query_unavailable(struct query *q, const char *missing)
{
	query_refuse(q, OUTCOME_UNAVAILABLE,
		     "Backend %s does not answer, and without it the answer "
		     "would not be complete.",
		     missing);
}

/* The queue. */

void queries_flush(struct engine *e)
{
	struct list *node;

	while (e->queries.actives < QUERIES_ACTIVE_MAX &&
	       (node = list_first(&e->queries.waiting))) {
		struct query *q = list_entry(node, struct query, node);

		list_remove(node);
		e->queries.waitings--;
		list_append(&e->queries.active, node);
		e->queries.actives++;
		q->kind->start(q);
	}
}

int64_t queries_tick(struct engine *e)
{
	struct list *node;

	while ((node = list_first(&e->queries.waiting))) {
		struct query *q = list_entry(node, struct query, node);

		if (e->now < q->deadline)
			return q->deadline;
		e->queries.waitings--;
		outcome_unavailable(e, q->done, q->arg,
				    "Too many questions are waiting.");
		query_free(q);
	}
	return INT64_MAX;
}

static struct query *query_new(struct engine *e, const struct query_kind *kind,
			       struct slice user, engine_done done, void *arg)
{
	struct query *q = NULL;

	if (e->queries.waitings < QUERIES_WAITING_MAX)
		q = calloc(1, sizeof(*q));
	if (!q) {
		outcome_unavailable(e, done, arg,
				    "Too many questions are waiting.");
		return NULL;
	}
	q->engine = e;
	q->kind = kind;
	q->done = done;
	q->arg = arg;
	q->deadline = e->now + e->request_timeout;
	q->upto = ledger_serial(e->ledger);
	q->user_len = user.len;
	if (user.len)
		memcpy(q->user, user.p, user.len);
	list_init(&q->node);
	return q;
}

static void enqueue(struct query *q)
{
	struct engine *e = q->engine;

	list_append(&e->queries.waiting, &q->node);
	e->queries.waitings++;
	engine_due(e, q->deadline);
	queries_flush(e);
}

/* Records one by one. */

static void list_stream(struct query *q, const struct stream_query *sq,
			const struct stream_ops *ops)
{
	if (stream_new(q->engine, sq, ops, q, &q->stream) < 0)
		query_refuse(q, OUTCOME_UNAVAILABLE, "Out of memory.");
	else
		stream_start(q->stream);
}

static void list_ended(void *arg, enum stream_end how, const char *missing)
{
	struct query *q = arg;

	if (how == STREAM_UNAVAILABLE)
		query_unavailable(q, missing);
	else
		query_done(q);
}

/* In a ledger without gaps a hole in a list is a record that was lost. */
static bool hole(struct query *q, uint64_t serial)
{
	struct engine *e = q->engine;
	uint64_t expected = q->given ? q->last + 1 : q->from;

	if (serial == expected || ledger_gaps(e->ledger))
		return false;
	engine_stop(e, ENGINE_STOP_INTEGRITY,
		    "Serial %" PRIu64 " is missing from the blocks.", expected);
	return true;
}

static bool list_record(void *arg, const struct stream_record *r)
{
	struct query *q = arg;

	if (hole(q, r->record.serial))
		return false;
	q->last = r->record.serial;
	q->given++;
	q->record(q->arg, &r->record, NULL);
	return q->given < q->count;
}

static const struct stream_ops list_ops = {
	.record = list_record,
	.ended = list_ended,
};

static void list_start(struct query *q)
{
	struct stream_query sq = { .after = q->from - 1, .upto = q->upto };

	/* Not more than is wanted need come over the wire. */
	if (q->count <= q->upto && q->from <= q->upto - q->count + 1 &&
	    !ledger_gaps(q->engine->ledger))
		sq.upto = q->from + q->count - 1;
	list_stream(q, &sq, &list_ops);
}

static const struct query_kind query_list = { .start = list_start };

void engine_list(struct engine *e, uint64_t from, uint64_t count,
		 engine_record record, engine_done done, void *arg)
{
	struct query *q;

	if (!engine_serves(e, done, arg))
		return;
	q = query_new(e, &query_list, (struct slice){ 0 }, done, arg);
	if (!q)
		return;
	q->from = from ? from : 1;
	q->count = count;
	q->record = record;
	if (q->from > q->upto || !count) {
		e->queries.actives++;
		query_done(q);
		return;
	}
	enqueue(q);
}

/* One record. */

static void show_ended(void *arg, enum stream_end how, const char *missing)
{
	struct query *q = arg;

	if (how == STREAM_UNAVAILABLE)
		query_unavailable(q, missing);
	else if (q->given)
		query_done(q);
	else
		query_refuse(q, OUTCOME_NOTFOUND,
			     "There is no such transaction.");
}

static bool show_record(void *arg, const struct stream_record *r)
{
	struct query *q = arg;

	q->given++;
	q->record(q->arg, &r->record, NULL);
	return false;
}

static const struct stream_ops show_ops = {
	.record = show_record,
	.ended = show_ended,
};

static void show_start(struct query *q)
{
	struct stream_query sq = { .upto = q->upto, .id = query_user(q) };

	if (!q->user_len) {
		sq.after = q->from - 1;
		sq.upto = q->from;
	}
	list_stream(q, &sq, &show_ops);
}

static const struct query_kind query_show = { .start = show_start };

static void show(struct engine *e, uint64_t serial, struct slice id,
		 engine_record record, engine_done done, void *arg)
{
	struct query *q;

	if (!engine_serves(e, done, arg))
		return;
	if ((!id.len && (!serial || serial > ledger_serial(e->ledger))) ||
	    id.len > OPERATION_ID_MAX) {
		outcome_give(e, done, arg,
			     &(struct outcome){
				     .code = OUTCOME_NOTFOUND,
				     .sentence = slice_of("There is no such "
							  "transaction."),
			     });
		return;
	}
	q = query_new(e, &query_show, id, done, arg);
	if (!q)
		return;
	q->from = serial;
	q->record = record;
	enqueue(q);
}

void engine_show(struct engine *e, uint64_t serial, engine_record record,
		 engine_done done, void *arg)
{
	show(e, serial, (struct slice){ 0 }, record, done, arg);
}

void engine_show_id(struct engine *e, struct slice id, engine_record record,
		    engine_done done, void *arg)
{
	show(e, 0, id, record, done, arg);
}

/* A user's records, with the balance running along. */

static int run_balance(struct query *q, const struct record *r)
{
	struct sum change = SUM_ZERO;

	if (slice_equal(r->receiver, query_user(q)))
		change = sum_plus(change, r->amount);
	if (slice_equal(r->sender, query_user(q)))
		change = sum_minus(change, r->amount);
	return sum_applied(q->balance, change, &q->balance);
}

static bool history_record(void *arg, const struct stream_record *r)
{
	struct query *q = arg;

	if (run_balance(q, &r->record) < 0) {
		engine_stop(q->engine, ENGINE_STOP_INTEGRITY,
			    "Serial %" PRIu64 " overdraws \"%.*s\".",
			    r->record.serial, SLICE_ARG(query_user(q)));
		return false;
	}
	q->given++;
	q->record(q->arg, &r->record, &q->balance);
	return q->given < q->count;
}

static const struct stream_ops history_ops = {
	.record = history_record,
	.ended = list_ended,
};

static void balance_before(void *arg, const char *missing, struct sum net)
{
	struct query *q = arg;
	struct stream_query sq = { .after = q->from - 1,
				   .upto = q->upto,
				   .user = query_user(q) };

	if (missing) {
		query_unavailable(q, missing);
		return;
	}
	if (sum_applied(ledger_initial(q->engine->ledger), net, &q->balance) <
	    0) {
		engine_stop(q->engine, ENGINE_STOP_INTEGRITY,
			    "\"%.*s\" is overdrawn before serial %" PRIu64 ".",
			    SLICE_ARG(query_user(q)), q->from);
		return;
	}
	list_stream(q, &sq, &history_ops);
}

static void history_start(struct query *q)
{
	total_ask(q->engine, query_user(q), 0, q->from - 1, balance_before, q);
}

static const struct query_kind query_history = { .start = history_start };

/* A question about a user: NULL if it was answered already. */
static struct query *user_query(struct engine *e, const struct query_kind *kind,
				struct slice user, engine_done done, void *arg)
{
	struct refused r;

	if (!engine_serves(e, done, arg))
		return NULL;
	if (user_name_fault(user)) {
		refused_by_rule(&r, REFUSAL_SENDER_NAME, e->coin, user, user,
				user, AMOUNT_ZERO);
		outcome_refuse(e, done, arg, &r);
		return NULL;
	}
	if (!ledger_is_member(e->ledger, user)) {
		refused_format(&r, OUTCOME_NOUSER,
			       "Unable to proceed with the request as \"%.*s\" "
			       "is not part of the network.",
			       SLICE_ARG(user));
		outcome_refuse(e, done, arg, &r);
		return NULL;
	}
	return query_new(e, kind, user, done, arg);
}

void engine_history(struct engine *e, struct slice user, uint64_t from,
		    uint64_t count, engine_record record, engine_done done,
		    void *arg)
{
	struct query *q;

	q = user_query(e, &query_history, user, done, arg);
	if (!q)
		return;
	q->from = from ? from : 1;
	q->count = count;
	q->record = record;
	if (q->from > q->upto || !count) {
		e->queries.actives++;
		query_done(q);
		return;
	}
	enqueue(q);
}

void engine_stats(struct engine *e, struct slice user, engine_done done,
		  void *arg)
{
	struct query *q;

	q = user_query(e, &query_stats, user, done, arg);
	if (q)
		enqueue(q);
}

void engine_txlist(struct engine *e, engine_done done, void *arg)
{
	struct query *q;

	if (!engine_serves(e, done, arg))
		return;
	q = query_new(e, &query_txlist, (struct slice){ 0 }, done, arg);
	if (q)
		enqueue(q);
}
