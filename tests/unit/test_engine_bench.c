/* SPDX-License-Identifier: MIT */
/*
 * The bench: everything around the engine, and words to order and expect with.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/parse.h"
#include "util/timestamp.h"

#include "test_engine_bench.h"

struct bench bench;

static const char *const names[BACKENDS] = { "A", "B", "C" };

/* What the engine gives out. */

static bool is_refill(const struct question *q)
{
	return q->f.type == FRAME_APPEND && asked_append(q).refill;
}

static void count_question(struct model *m, const struct question *q)
{
	if (!is_refill(q)) {
		m->sent[q->f.type]++;
		return;
	}
	m->refills += q->f.request != m->last_refill;
	m->last_refill = q->f.request;
}

static void on_send(void *ctx, unsigned backend, const uint8_t *data,
		    size_t len)
{
	struct question *q = calloc(1, sizeof(*q));

	(void)ctx;
	ck_assert_ptr_nonnull(q);
	ck_assert_uint_lt(backend, BACKENDS);
	ck_assert_int_eq(bench.stopped, -1);
	ck_assert_uint_le(len, bench.config.backend[backend].room);
	q->backend = backend;
	q->at = bench.now;
	q->len = len;
	q->bytes = malloc(len);
	ck_assert_ptr_nonnull(q->bytes);
	memcpy(q->bytes, data, len);
	ck_assert_int_eq(frame_decode((struct slice){ (char *)q->bytes, len },
				      &bench.config.key, &q->f),
			 FRAME_GOOD);
	ck_assert(slice_equal(q->f.block, slice_of(names[backend])));
	count_question(&bench.model[backend], q);

	bench.queue = reallocarray(bench.queue, bench.count + 1,
				   sizeof(struct question *));
	ck_assert_ptr_nonnull(bench.queue);
	bench.queue[bench.count++] = q;
}

static void on_log(void *ctx, int priority, const struct log_fields *fields,
		   const char *sentence)
{
	(void)ctx;
	bench.logs++;
	bench.log_priority = priority;
	bench.log_event = fields->event;
	bench.log_serial = fields->serial;
	(void)snprintf(bench.log, sizeof(bench.log), "%s", sentence);
	ck_assert_int_eq(buf_addf(&bench.journal, "%s\n", sentence), 0);
}

static void on_transferred(void *ctx, const struct engine_transfer_event *t)
{
	(void)ctx;
	bench.transferred++;
	(void)snprintf(bench.home, sizeof(bench.home), "%.*s",
		       SLICE_ARG(t->backend));
}

static void on_recorded(void *ctx, struct slice lines)
{
	(void)ctx;
	ck_assert_int_eq(buf_add(&bench.recorded, lines.p, lines.len), 0);
}

static int on_opening(void *ctx)
{
	(void)ctx;
	bench.openings++;
	return bench.opening_error;
}

static void on_change(void *ctx)
{
	(void)ctx;
	bench.changes++;
}

static void on_stop(void *ctx, enum engine_stop why, const char *sentence)
{
	(void)ctx;
	ck_assert_int_eq(bench.stopped, -1);
	bench.stopped = (int)why;
	(void)snprintf(bench.stop, sizeof(bench.stop), "%s", sentence);
}

static int on_begin(void *ctx)
{
	(void)ctx;
	if (bench.begin_error)
		return bench.begin_error;
	bench.begun++;
	buf_clear(&bench.statement);
	return 0;
}

static int on_write(void *ctx, const void *data, size_t len)
{
	(void)ctx;
	if (++bench.writes == bench.write_fails_at)
		return -ENOSPC;
	return buf_add(&bench.statement, data, len);
}

static int on_commit(void *ctx)
{
	(void)ctx;
	if (bench.commit_error)
		return bench.commit_error;
	bench.committed++;
	return 0;
}

static void on_abort(void *ctx)
{
	(void)ctx;
	bench.aborted++;
}

static int on_checkpoint_begin(void *ctx)
{
	(void)ctx;
	if (bench.checkpoint.begin_error)
		return bench.checkpoint.begin_error;
	bench.checkpoint.begun++;
	buf_clear(&bench.checkpoint.draft);
	return 0;
}

static int on_checkpoint_write(void *ctx, const void *data, size_t len)
{
	(void)ctx;
	if (bench.checkpoint.write_error)
		return bench.checkpoint.write_error;
	return buf_add(&bench.checkpoint.draft, data, len);
}

void bench_store_checkpoint(void)
{
	struct buf old = bench.checkpoint.file;

	bench.checkpoint.file = bench.checkpoint.draft;
	bench.checkpoint.draft = old;
	bench.checkpoint.stored++;
}

static int on_checkpoint_commit(void *ctx)
{
	(void)ctx;
	if (!bench.checkpoint.commit_error)
		bench_store_checkpoint();
	return bench.checkpoint.commit_error;
}

static void on_checkpoint_abort(void *ctx)
{
	(void)ctx;
	bench.checkpoint.aborted++;
}

static void on_checkpoint_discard(void *ctx)
{
	(void)ctx;
	bench.checkpoint.discarded++;
	buf_clear(&bench.checkpoint.file);
}

/* Beginning and end. */

static void default_config(void)
{
	struct engine_config *c = &bench.config;

	*c = (struct engine_config){
		.coin = slice_of("alicoins"),
		.copies = 1,
		.request_timeout = BENCH_TIMEOUT,
		.key.present = true,
		.backends = BACKENDS,
	};
	ck_assert_int_eq(amount_from_u64(1000, &c->initial_balance), 0);
	memset(c->key.bytes, 0x5a, sizeof(c->key.bytes));
	memset(c->seed, 0x17, sizeof(c->seed));
	for (size_t i = 0; i < BACKENDS; i++) {
		c->backend[i].name = slice_of(names[i]);
		c->backend[i].room = 1400;
		c->backend[i].window = 212992;
	}
}

void bench_forget_history(void)
{
	bench.serial = 0;
	bench.time = BENCH_WALL - 1000 * SEC;
	memcpy(bench.tip, chain_origin, sizeof(bench.tip));
	for (unsigned i = 0; i < BACKENDS; i++)
		model_forget(i);
}

void bench_setup(void)
{
	bench = (struct bench){ .now = BENCH_NOW,
				.wall = BENCH_WALL,
				.stopped = -1 };
	default_config();
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench_line(2, "2 Ben Cem 20");
	bench_line(4, "3 Cem Ali 5");
}

void bench_teardown(void)
{
	bench.e = engine_free(bench.e);
	for (size_t i = 0; i < bench.count; i++) {
		free(bench.queue[i]->bytes);
		free(bench.queue[i]);
	}
	free(bench.queue);
	for (size_t i = 0; i < BACKENDS; i++) {
		buf_done(&bench.model[i].lines);
		for (size_t k = 0; k < MESSAGE_FRAGMENTS_MAX; k++) {
			buf_done(&bench.model[i].batch.fragment[k]);
			buf_done(&bench.model[i].refill.fragment[k]);
		}
	}
	for (size_t i = 0; i < bench.tolds; i++)
		buf_done(&bench.told[i].text);
	buf_done(&bench.statement);
	buf_done(&bench.checkpoint.file);
	buf_done(&bench.checkpoint.draft);
	buf_done(&bench.recorded);
	buf_done(&bench.journal);
}

void bench_checkpoint(void)
{
	unsigned stored = bench.checkpoint.stored;

	engine_checkpoint(bench.e);
	bench_pass(0);
	ck_assert(!engine_checkpointing(bench.e));
	ck_assert_uint_eq(bench.checkpoint.stored, stored + 1);
}

void bench_restart(void)
{
	bench.e = engine_free(bench.e);
	bench_drop_all();
	bench.stopped = -1;
	/* Else it would bear the nonce of the one before. */
	bench.config.seed[0]++;
	bench_start();
}

void bench_start(void)
{
	const struct engine_io io = {
		.send = on_send,
		.log = on_log,
		.transferred = on_transferred,
		.recorded = on_recorded,
		.opening = on_opening,
		.state_changed = on_change,
		.stop = on_stop,
		.statement_begin = on_begin,
		.statement_write = on_write,
		.statement_commit = on_commit,
		.statement_abort = on_abort,
		.statement_path = slice_of("/tmp/statement"),
		.checkpoint_begin = on_checkpoint_begin,
		.checkpoint_write = on_checkpoint_write,
		.checkpoint_commit = on_checkpoint_commit,
		.checkpoint_abort = on_checkpoint_abort,
		.checkpoint_discard = on_checkpoint_discard,
	};
	struct engine_config config = bench.config;

	config.checkpoint =
		(struct slice){ (const char *)bench.checkpoint.file.data,
				bench.checkpoint.file.len };

	ck_assert_int_eq(engine_new(&config, &io, &bench.e), 0);
	engine_time(bench.e, bench.now, bench.wall);
	engine_start(bench.e);
	bench_run();
}

void bench_open(void)
{
	bench_start();
	ck_assert_msg(bench_info().open, "not open: %s",
		      bench.stopped < 0 ? bench_info().waiting_for
					: bench.stop);
}

void bench_open_copies(uint32_t copies)
{
	bench_forget_history();
	bench_line(1, "1 Ali Ben 10");
	bench.config.copies = copies;
	bench_open();
}

/* The history. */

void bench_line(unsigned on, const char *line)
{
	const char *fault;
	struct record r;

	ck_assert_int_eq(record_parse(slice_of(line), &r, &fault), 0);
	chain_step(bench.tip, r.body, bench.tip);
	bench.serial = r.serial;
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!(on & 1u << i))
			continue;
		model_add(i, line, strlen(line));
		model_add(i, "\n", 1);
	}
}

void bench_chain(const struct history *h)
{
	char line[RECORD_LINE_MAX + RECORD_OF_MAX + 8];
	struct record r = {
		.serial = bench.serial + 1,
		.sender = slice_of(h->sender),
		.receiver = slice_of(h->receiver),
		.chained = true,
		.time = bench.time,
		.batch_position = h->position ? h->position : 1,
		.batch_size = h->position ? h->size : 1,
		.whole = h->whole,
		.id = slice_of(h->id ? h->id : ""),
		.memo = slice_of(h->memo ? h->memo : ""),
	};
	size_t len;

	ck_assert_int_eq(amount_from_u64(h->amount, &r.amount), 0);
	len = record_format_body(&r, line);
	chain_step(bench.tip, (struct slice){ line, len }, bench.tip);
	memcpy(line + len, " h=", 3);
	format_hex(bench.tip, CHAIN_HASH_SIZE, line + len + 3);
	len += 3 + CHAIN_HEX_SIZE;
	bench.serial++;
	for (unsigned i = 0; i < BACKENDS; i++) {
		if ((h->on | h->of_on) & 1u << i)
			model_add(i, line, len);
		if (h->of_on & 1u << i) {
			model_add(i, " of=", 4);
			model_add(i, h->of, strlen(h->of));
		}
		if ((h->on | h->of_on) & 1u << i)
			model_add(i, "\n", 1);
	}
}

void bench_copy(unsigned from, unsigned to, uint64_t serial, const char *of)
{
	_cleanup_(buf_done) struct buf line = { 0 };
	struct slice s = model_line(from, serial);

	ck_assert_int_eq(buf_addf(&line, "%.*s of=%s\n", SLICE_ARG(s), of), 0);
	model_add(to, (const char *)line.data, line.len);
}

/* Turns. */

void bench_flush(void)
{
	engine_flush(bench.e);
}

static bool is_held(const struct question *q)
{
	uint32_t hold = bench.model[q->backend].hold;

	return hold & HOLD(q->f.type) || (hold & HOLD_REFILLS && is_refill(q));
}

static struct question *next_unheld(void)
{
	while (bench.first < bench.count && bench.queue[bench.first]->taken)
		bench.first++;
	for (size_t i = bench.first; i < bench.count; i++) {
		struct question *q = bench.queue[i];

		if (!q->taken && !is_held(q))
			return q;
	}
	return NULL;
}

void bench_run(void)
{
	struct question *q;

	unsigned turns = 0;

	bench_flush();
	while (bench.stopped < 0 && (q = next_unheld())) {
		ck_assert_msg(turns++ < 20000, "it is never quiet");
		q->taken = true;
		reply_model(q);
		bench_flush();
	}
}

void bench_pass(int64_t usec)
{
	int64_t end = bench.now + usec;

	bench_run();
	for (int turns = 0; engine_next(bench.e) <= end; turns++) {
		ck_assert_int_lt(turns, 100000);
		if (engine_next(bench.e) > bench.now) {
			bench.wall += engine_next(bench.e) - bench.now;
			bench.now = engine_next(bench.e);
		}
		engine_time(bench.e, bench.now, bench.wall);
		bench_run();
	}
	bench_sleep(end - bench.now);
}

void bench_sleep(int64_t usec)
{
	bench.now += usec;
	bench.wall += usec;
	engine_time(bench.e, bench.now, bench.wall);
}

void bench_down(unsigned backend)
{
	bench.model[backend].hold = HOLD_ALL;
	for (size_t i = bench.first; i < bench.count; i++)
		if (bench.queue[i]->backend == backend)
			bench.queue[i]->taken = true;
	engine_refused(bench.e, backend);
}

void bench_up(unsigned backend)
{
	bench.model[backend].hold = 0;
}

unsigned bench_logged(const char *sentence)
{
	const char *at = (const char *)bench.journal.data;
	const char *end = at + bench.journal.len;
	size_t len = strlen(sentence);
	unsigned n = 0;

	while (at && (at = memmem(at, (size_t)(end - at), sentence, len))) {
		n++;
		at += len;
	}
	return n;
}

/* Questions. */

struct question *bench_peek(int backend, enum frame_type type)
{
	for (size_t i = bench.first; i < bench.count; i++) {
		struct question *q = bench.queue[i];

		if (!q->taken && q->f.type == type &&
		    (backend < 0 || q->backend == (unsigned)backend))
			return q;
	}
	return NULL;
}

struct question *bench_take(int backend, enum frame_type type)
{
	struct question *q = bench_peek(backend, type);

	ck_assert_msg(q != NULL, "no %s was sent", frame_type_name(type));
	q->taken = true;
	return q;
}

size_t bench_held(int backend, enum frame_type type)
{
	size_t n = 0;

	for (size_t i = bench.first; i < bench.count; i++)
		n += !bench.queue[i]->taken && bench.queue[i]->f.type == type &&
		     (backend < 0 ||
		      bench.queue[i]->backend == (unsigned)backend);
	return n;
}

void bench_drop_all(void)
{
	for (size_t i = bench.first; i < bench.count; i++)
		bench.queue[i]->taken = true;
}

/* What clients are told. */

struct told *bench_told(void)
{
	ck_assert_uint_lt(bench.tolds, ELEMENTS(bench.told));
	return &bench.told[bench.tolds++];
}

static void note_receipt(struct told *t, const struct outcome *o)
{
	t->serial = o->u.receipt.serial;
	t->balance = amount_to_u64(o->u.receipt.balance);
	t->time = o->u.receipt.time;
	memcpy(t->hash, o->u.receipt.hash, sizeof(t->hash));
}

struct told *bench_note(void *arg, const struct outcome *o)
{
	struct told *t = arg;

	ck_assert_int_eq(bench.stopped, -1);
	t->times++;
	t->turn = ++bench.turns;
	t->code = o->code;
	if (o->code != OUTCOME_DONE)
		(void)snprintf(t->sentence, sizeof(t->sentence), "%.*s",
			       SLICE_ARG(o->sentence));
	return t;
}

/* Of a receipt. */
void bench_done(void *arg, const struct outcome *o)
{
	struct told *t = bench_note(arg, o);

	if (o->code == OUTCOME_DONE)
		note_receipt(t, o);
}

static void done_tip(void *arg, const struct outcome *o)
{
	struct told *t = bench_note(arg, o);

	if (o->code != OUTCOME_DONE)
		return;
	t->serial = o->u.receipt.serial;
	memcpy(t->hash, o->u.receipt.hash, sizeof(t->hash));
}

static void done_balance(void *arg, const struct outcome *o)
{
	struct told *t = bench_note(arg, o);

	if (o->code == OUTCOME_DONE)
		t->balance = amount_to_u64(o->u.balance);
}

static void done_plain(void *arg, const struct outcome *o)
{
	(void)bench_note(arg, o);
}

static void done_stats(void *arg, const struct outcome *o)
{
	struct told *t = bench_note(arg, o);

	for (size_t i = 0; o->code == OUTCOME_DONE && i < o->u.stats.count;
	     i++) {
		const struct engine_partner *p = &o->u.stats.partner[i];
		char net[SUM_TEXT_SIZE];

		sum_format(p->net, net);
		ck_assert_int_eq(buf_addf(&t->text, "%.*s %" PRIu64 " %s\n",
					  SLICE_ARG(p->name), p->count, net),
				 0);
	}
}

static void done_statement(void *arg, const struct outcome *o)
{
	struct told *t = bench_note(arg, o);

	if (o->code != OUTCOME_DONE)
		return;
	t->balance = o->u.statement.records;
	memcpy(t->hash, o->u.statement.hash, sizeof(t->hash));
	ck_assert(slice_equal(o->u.statement.path, slice_of("/tmp/statement")));
}

/* "members coins gaps" is the text. */
static void done_verified(void *arg, const struct outcome *o)
{
	struct told *t = bench_note(arg, o);
	char coins[SUM_TEXT_SIZE];

	if (o->code != OUTCOME_DONE)
		return;
	t->serial = o->u.verified.serial;
	t->balance = o->u.verified.records;
	memcpy(t->hash, o->u.verified.hash, sizeof(t->hash));
	sum_format(o->u.verified.coins, coins);
	ck_assert_int_eq(buf_addf(&t->text, "%" PRIu64 " %s %" PRIu64,
				  o->u.verified.members, coins,
				  o->u.verified.gaps),
			 0);
}

void bench_count(void *arg, const struct outcome *o)
{
	(void)arg;
	bench.counted[o->code]++;
}

void bench_record(void *arg, const struct record *r,
		  const struct amount *balance)
{
	struct told *t = arg;

	ck_assert_int_eq(bench.stopped, -1);
	ck_assert_uint_eq(t->times, 0);
	ck_assert_int_eq(buf_addf(&t->text, "%" PRIu64 " %.*s %.*s %" PRIu64,
				  r->serial, SLICE_ARG(r->sender),
				  SLICE_ARG(r->receiver),
				  amount_to_u64(r->amount)),
			 0);
	if (r->memo.len)
		ck_assert_int_eq(
			buf_addf(&t->text, " m=%.*s", SLICE_ARG(r->memo)), 0);
	if (balance)
		ck_assert_int_eq(buf_addf(&t->text, " =%" PRIu64,
					  amount_to_u64(*balance)),
				 0);
	ck_assert_int_eq(buf_add(&t->text, "\n", 1), 0);
}

/* Orders. */

struct told *order_with(const char *sender, const char *receiver,
			const char *amount, const char *id, const char *memo)
{
	struct told *t = bench_told();
	const struct engine_order o = {
		.sender = slice_of(sender),
		.receiver = slice_of(receiver),
		.amount = slice_of(amount),
		.id = slice_of(id),
		.memo = slice_of(memo),
	};

	engine_transfer(bench.e, &o, bench_done, t);
	return t;
}

struct told *order_transfer(const char *sender, const char *receiver,
			    const char *amount)
{
	return order_with(sender, receiver, amount, "", "");
}

struct told *order_import(const char *sender, const char *receiver,
			  const char *amount, const char *id, const char *after)
{
	struct told *t = bench_told();
	const struct engine_order o = {
		.sender = slice_of(sender),
		.receiver = slice_of(receiver),
		.amount = slice_of(amount),
		.id = slice_of(id),
		.after = slice_of(after),
		.join = true,
	};

	engine_transfer(bench.e, &o, bench_done, t);
	return t;
}

struct told *order_open(const char *user, const char *id)
{
	struct told *t = bench_told();
	const struct engine_order o = { .sender = slice_of(user),
					.id = slice_of(id) };

	engine_open(bench.e, &o, bench_done, t);
	return t;
}

struct told *order_balance(const char *user)
{
	struct told *t = bench_told();

	engine_balance(bench.e, slice_of(user), done_balance, t);
	return t;
}

struct told *order_tip(void)
{
	struct told *t = bench_told();

	engine_tip(bench.e, done_tip, t);
	return t;
}

struct told *order_stats(const char *user)
{
	struct told *t = bench_told();

	engine_stats(bench.e, slice_of(user), done_stats, t);
	return t;
}

struct told *order_list(uint64_t from, uint64_t count)
{
	struct told *t = bench_told();

	engine_list(bench.e, from, count, bench_record, done_plain, t);
	return t;
}

struct told *order_history(const char *user, uint64_t from, uint64_t count)
{
	struct told *t = bench_told();

	engine_history(bench.e, slice_of(user), from, count, bench_record,
		       done_plain, t);
	return t;
}

struct told *order_show(uint64_t serial)
{
	struct told *t = bench_told();

	engine_show(bench.e, serial, bench_record, done_plain, t);
	return t;
}

struct told *order_show_id(const char *id)
{
	struct told *t = bench_told();

	engine_show_id(bench.e, slice_of(id), bench_record, done_plain, t);
	return t;
}

struct told *order_txlist(void)
{
	struct told *t = bench_told();

	engine_txlist(bench.e, done_statement, t);
	return t;
}

struct told *order_verify(const struct engine_known_tip *tips, size_t count)
{
	struct told *t = bench_told();

	engine_verify(bench.e, tips, count, done_verified, t);
	return t;
}

/* Expectations. */

void expect_waiting(const struct told *t)
{
	ck_assert_msg(t->times == 0, "answered already: %s %s",
		      outcome_code_name(t->code), t->sentence);
}

void expect_done(const struct told *t)
{
	ck_assert_msg(t->times == 1, "answered %u times", t->times);
	ck_assert_msg(t->code == OUTCOME_DONE, "%s: %s",
		      outcome_code_name(t->code), t->sentence);
}

void expect_refused(const struct told *t, enum outcome_code code,
		    const char *sentence)
{
	ck_assert_msg(t->times == 1, "answered %u times", t->times);
	ck_assert_str_eq(outcome_code_name(t->code), outcome_code_name(code));
	if (sentence)
		ck_assert_str_eq(t->sentence, sentence);
	else
		ck_assert_uint_gt(strlen(t->sentence), 0);
}

void expect_balance(const char *user, uint64_t balance)
{
	struct told *t = order_balance(user);

	bench_run();
	expect_done(t);
	ck_assert_uint_eq(t->balance, balance);
}

void expect_serial(const struct told *t, uint64_t serial)
{
	expect_done(t);
	ck_assert_uint_eq(t->serial, serial);
}

void expect_text(const struct told *t, const char *text)
{
	expect_done(t);
	ck_assert_msg(t->text.len == strlen(text) &&
			      (t->text.len == 0 ||
			       memcmp(t->text.data, text, t->text.len) == 0),
		      "got\n%.*swanted\n%s", (int)t->text.len,
		      (const char *)t->text.data, text);
}

void expect_stopped(enum engine_stop why, const char *sentence)
{
	ck_assert_int_eq(bench.stopped, (int)why);
	if (sentence)
		ck_assert_str_eq(bench.stop, sentence);
}

struct engine_info bench_info(void)
{
	struct engine_info info;

	engine_info(bench.e, &info);
	return info;
}

void expect_state(unsigned backend, enum engine_backend_state state)
{
	ck_assert_int_eq(bench_info().backend[backend].state, state);
}
