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
	list_init(&e->queries.verify.waiting);
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
	while ((node = list_first(&e->queries.verify.waiting)))
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

struct query *query_new(struct engine *e, const struct query_kind *kind,
			const struct slip *s)
{
	struct slice name = s->order.id.len ? s->order.id : s->order.sender;
	struct query *q = NULL;

	if (e->queries.waitings < QUERIES_WAITING_MAX)
		q = calloc(1, sizeof(*q));
	if (!q) {
		outcome_unavailable(e, s->done, s->arg,
				    "Too many questions are waiting.");
		return NULL;
	}
	q->engine = e;
	q->kind = kind;
	q->record = s->record;
	q->done = s->done;
	q->arg = s->arg;
	q->from = s->from ? s->from : 1;
	q->count = s->count;
	q->upto = ledger_serial(e->ledger);
	q->by_id = s->order.id.len > 0;
	q->user_len = name.len;
	if (name.len)
		memcpy(q->user, name.p, name.len);
	list_init(&q->node);
	return q;
}

void query_requeue(struct query *q)
{
	struct engine *e = q->engine;

	q->deadline = e->now + e->request_timeout;
	list_append(&e->queries.waiting, &q->node);
	e->queries.waitings++;
	engine_due(e, q->deadline);
}

void query_enqueue(struct query *q)
{
	query_requeue(q);
	queries_flush(q->engine);
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

static void list_whole_ended(void *arg, enum stream_end how,
			     const char *missing)
{
	struct query *q = arg;

	if (how == STREAM_COMPLETE && q->given < q->count &&
	    hole(q, q->upto + 1))
		return;
	list_ended(arg, how, missing);
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
	.ended = list_whole_ended,
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

/* Nothing in that range, or nothing wanted: the answer is empty. */
static bool is_empty(const struct query *q)
{
	return q->from > q->upto || !q->count;
}

static void answer_empty(struct query *q)
{
	q->engine->queries.actives++;
	query_done(q);
}

static void list_run(struct engine *e, const struct slip *s)
{
	struct query *q;

	q = query_new(e, &query_list, s);
	if (!q)
		return;
	if (is_empty(q))
		answer_empty(q);
	else
		query_enqueue(q);
}

void engine_list(struct engine *e, uint64_t from, uint64_t count,
		 engine_record record, engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = list_run,
				     .done = done,
				     .record = record,
				     .arg = arg,
				     .from = from,
				     .count = count });
}

/* One record. */

static void show_ended(void *arg, enum stream_end how, const char *missing)
{
	struct query *q = arg;

	if (how == STREAM_UNAVAILABLE)
		query_unavailable(q, missing);
	else if (q->given)
		query_done(q);
	else if (q->by_id || !hole(q, q->from + 1))
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

	if (!q->by_id) {
		sq.after = q->from - 1;
		sq.upto = q->from;
	}
	list_stream(q, &sq, &show_ops);
}

static const struct query_kind query_show = { .start = show_start };

/* Known to be on no record, whoever is asked? */
static bool is_nowhere(const struct engine *e, const struct slip *s)
{
	if (s->order.id.len)
		return operation_id_fault(s->order.id) != NULL;
	return !s->from || s->from > ledger_serial(e->ledger);
}

static void show_run(struct engine *e, const struct slip *s)
{
	struct refused r;
	struct query *q;

	if (is_nowhere(e, s)) {
		refused_format(&r, OUTCOME_NOTFOUND,
			       "There is no such transaction.");
		outcome_refuse(e, s->done, s->arg, &r);
		return;
	}
	q = query_new(e, &query_show, s);
	if (q)
		query_enqueue(q);
}

void engine_show(struct engine *e, uint64_t serial, engine_record record,
		 engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = show_run,
				     .done = done,
				     .record = record,
				     .arg = arg,
				     .from = serial });
}

void engine_show_id(struct engine *e, struct slice id, engine_record record,
		    engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = show_run,
				     .done = done,
				     .record = record,
				     .arg = arg,
				     .order.id = id });
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

static void balance_before(void *arg, const char *missing,
			   const struct total_sum *sum)
{
	struct query *q = arg;
	struct stream_query sq = { .after = q->from - 1,
				   .upto = q->upto,
				   .user = query_user(q) };

	if (missing) {
		query_unavailable(q, missing);
		return;
	}
	if (sum_applied(ledger_initial(q->engine->ledger), sum->net,
			&q->balance) < 0) {
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

static void history_run(struct engine *e, const struct slip *s)
{
	struct query *q;

	if (!engine_knows(e, s->order.sender, s->done, s->arg))
		return;
	q = query_new(e, &query_history, s);
	if (!q)
		return;
	if (is_empty(q))
		answer_empty(q);
	else
		query_enqueue(q);
}

void engine_history(struct engine *e, struct slice user, uint64_t from,
		    uint64_t count, engine_record record, engine_done done,
		    void *arg)
{
	gate_pass(e, &(struct slip){ .run = history_run,
				     .done = done,
				     .record = record,
				     .arg = arg,
				     .order.sender = user,
				     .from = from,
				     .count = count });
}

static void stats_run(struct engine *e, const struct slip *s)
{
	struct query *q;

	if (!engine_knows(e, s->order.sender, s->done, s->arg))
		return;
	q = query_new(e, &query_stats, s);
	if (q)
		query_enqueue(q);
}

void engine_stats(struct engine *e, struct slice user, engine_done done,
		  void *arg)
{
	gate_pass(e, &(struct slip){ .run = stats_run,
				     .done = done,
				     .arg = arg,
				     .order.sender = user });
}

static void txlist_run(struct engine *e, const struct slip *s)
{
	struct query *q;

	q = query_new(e, &query_txlist, s);
	if (q)
		query_enqueue(q);
}

void engine_txlist(struct engine *e, engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = txlist_run,
				     .done = done,
				     .arg = arg });
}
