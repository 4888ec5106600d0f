/* SPDX-License-Identifier: MIT */
/*
 * The main daemon's engine between two real responders, over a network that
 * does with datagrams what the input says: delivers, loses, doubles and delays
 * them, bends what the backends answer (and seals it again), and makes up
 * answers.  Backends start again, with and without a power cut.  Whatever they
 * say, the engine does not fall over, sends nothing that is not understood, and
 * tells everybody exactly once what became of an order, within a time; and if
 * nobody lied, it has no reason to stop.
 *
 * The input: u8 how (below), u8 seed of the disks, then steps, each a byte that
 * says which, and its operands.
 */
#include "config.h"

#include "backend/responder.h"
#include "main/engine.h"
#include "store/textstore.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/random.h"
#include "wire/message.h"

#include "../sim/disk.h"
#include "fuzz.h"

/* The blocks begin with old records. */
#define HOW_OLD 1u
/* Each record is kept on both. */
#define HOW_COPIES 2u

#define BLOCK "/b/block.txt"
#define BACKENDS 2
#define QUEUE_MAX 64
#define QUESTIONS_MAX 8
#define STEPS_MAX 256
#define SEC INT64_C(1000000)
#define MSEC INT64_C(1000)
#define TIMEOUT (5 * SEC)
#define NOW (1000 * SEC)
#define WALL INT64_C(1795354620000000)
/* Rounds in which everybody answers everybody, until it must be quiet. */
#define ROUNDS_MAX 2000

static const char *const names[BACKENDS] = { "A", "B" };
static const char *const old_records[BACKENDS] = {
	"1 Racheal John 45\n2 Rishil Alice 30\n",
	"3 Oliver Rachit 94\n",
};
static const char *const users[] = { "Ali",    "Luke", "Rishil", "Alice",
				     "nobody", "a b",  "" };
static const char *const amounts[] = { "1",    "7",  "999",
				       "1001", "-1", "9223372036854775807",
				       "0x1" };
static const char *const ids[] = { "", "", "one", "two", "three" };
static const uint8_t map_key[MAP_KEY_SIZE] = "sixteen bytes it";

/* Datagrams on their way. */
struct queue {
	struct slice datagram[QUEUE_MAX]; /* owned */
	size_t count;
};

struct cluster;

struct backend {
	struct cluster *cluster;
	unsigned int number;
	struct rng rng;
	struct disk *disk;
	struct store *store;
	struct responder *r;
	bool syncing;
	struct queue asked;
	struct queue answered;
};

struct cluster {
	struct reader in;
	struct frame_key key;
	int64_t now;
	int64_t wall;
	struct engine *e;
	struct backend backend[BACKENDS];
	struct frame question[QUESTIONS_MAX]; /* the newest; no payloads */
	size_t questions;
	bool bent; /* an answer was not what the backend said */
	bool stopped;
	uint8_t told[STEPS_MAX]; /* how often, of each order */
	size_t orders;
};

/* Queues. */

static void push(struct queue *q, const void *data, size_t len)
{
	/* A full buffer loses what comes. */
	if (q->count == QUEUE_MAX)
		return;
	q->datagram[q->count++] =
		(struct slice){ fuzz_copy((struct slice){ data, len }), len };
}

/* Take the @i-th out; the caller's, to be freed. */
static struct slice take(struct queue *q, size_t i)
{
	struct slice d = q->datagram[i];

	q->count--;
	memmove(q->datagram + i, q->datagram + i + 1,
		(q->count - i) * sizeof(*q->datagram));
	return d;
}

static void let_go(struct slice d)
{
	union {
		const char *from;
		void *to;
	} cast = { .from = d.p };

	free(cast.to);
}

static void clear(struct queue *q)
{
	while (q->count > 0)
		let_go(take(q, 0));
}

/* Backends. */

static void on_answer(void *ctx, const struct responder_peer *to,
		      const uint8_t *data, size_t len)
{
	struct backend *b = ctx;

	(void)to;
	push(&b->answered, data, len);
}

static void on_sync(void *ctx)
{
	struct backend *b = ctx;

	b->syncing = true;
}

static void on_backend_log(void *ctx, int priority, const char *sentence)
{
	(void)ctx;
	(void)priority;
	fuzz_check(*sentence);
}

/* Their disks do not fail, and what the engine sends is lawful. */
static void on_fatal(void *ctx, int error, const char *sentence)
{
	(void)ctx;
	(void)error;
	fuzz_fail(__FILE__, __LINE__, sentence);
}

static void backend_start(struct backend *b)
{
	const struct responder_io io = {
		.ctx = b,
		.send = on_answer,
		.sync = on_sync,
		.log = on_backend_log,
		.fatal = on_fatal,
	};
	const struct responder_config config = {
		.block = slice_of(names[b->number]),
		.key = b->cluster->key,
		.datagram_room = 1472,
		.instance = rng_next(&b->rng),
		.started = b->cluster->now,
	};
	struct textstore_report report;
	int r;

	r = textstore_open(disk_ops(b->disk), BLOCK, map_key, &report,
			   &b->store);
	if (r < 0)
		(void)fprintf(stderr, "%.*s\n", (int)report.fault.len,
			      (char *)report.fault.data);
	fuzz_check(r == 0);
	fuzz_check(responder_new(&config, &io, b->store, &b->r) == 0);
}

static void backend_stop(struct backend *b)
{
	b->r = responder_free(b->r);
	b->store->ops->close(b->store);
	b->syncing = false;
	clear(&b->asked);
}

static void backend_init(struct backend *b, struct cluster *c, unsigned int i,
			 uint8_t seed, const char *text)
{
	*b = (struct backend){ .cluster = c, .number = i };
	rng_seed(&b->rng, seed + i);
	b->disk = disk_new(&b->rng);
	disk_put(b->disk, BLOCK, slice_of(text));
	backend_start(b);
}

static void backend_done(struct backend *b)
{
	backend_stop(b);
	clear(&b->answered);
	disk_free(b->disk);
}

/* The datagram that has waited longest gets there. */
static void backend_hear(struct backend *b)
{
	const struct responder_peer peer = { { 1 }, 1 };
	struct slice d;

	if (b->asked.count == 0)
		return;
	d = take(&b->asked, 0);
	responder_datagram(b->r, &peer, d, b->cluster->now);
	let_go(d);
}

static void backend_sync(struct backend *b)
{
	if (!b->syncing)
		return;
	b->syncing = false;
	responder_synced(b->r, b->store->ops->sync(b->store), b->cluster->now);
}

/* The engine. */

/* Can the backend make sense of it? */
static bool is_understood(const struct frame *f)
{
	union {
		struct message_ping ping;
		struct message_claim claim;
		struct message_append append;
		struct message_fetch fetch;
		struct message_stats stats;
		struct message_sum sum;
	} m;

	switch (f->type) {
	case FRAME_PING:
		return message_get_ping(f->payload, &m.ping) == 0;
	case FRAME_CLAIM:
		return message_get_claim(f->payload, &m.claim) == 0;
	case FRAME_APPEND:
		return message_get_append(f->payload, &m.append) == 0;
	case FRAME_FETCH:
		return message_get_fetch(f->payload, &m.fetch) == 0;
	case FRAME_STATS:
		return message_get_stats(f->payload, &m.stats) == 0;
	case FRAME_SUM:
		return message_get_sum(f->payload, &m.sum) == 0;
	case FRAME_PONG:
	case FRAME_PROMISE:
	case FRAME_APPENDED:
	case FRAME_RECORDS:
	case FRAME_PARTNERS:
	case FRAME_TOTAL:
	case FRAME_ERROR:
		break;
	}
	return false;
}

static void on_send(void *ctx, unsigned backend, const uint8_t *data,
		    size_t len)
{
	struct cluster *c = ctx;
	struct frame f;

	fuzz_check(!c->stopped && backend < BACKENDS && len <= 1472);
	fuzz_check(frame_decode((struct slice){ (const char *)data, len },
				&c->key, &f) == FRAME_GOOD);
	fuzz_check(slice_equal(f.block, slice_of(names[backend])));
	fuzz_check(is_understood(&f));
	f.payload = (struct slice){ 0 };
	c->question[c->questions++ % QUESTIONS_MAX] = f;
	push(&c->backend[backend].asked, data, len);
}

static void on_log(void *ctx, int priority, const struct log_fields *fields,
		   const char *sentence)
{
	(void)ctx;
	(void)priority;
	(void)fields;
	fuzz_check(*sentence);
}

static void on_transferred(void *ctx, const struct engine_transfer_event *t)
{
	(void)ctx;
	fuzz_check(t->serial > 0 && t->sender.len > 0 && t->receiver.len > 0);
}

static int on_opening(void *ctx)
{
	(void)ctx;
	return 0;
}

static void on_change(void *ctx)
{
	(void)ctx;
}

static void on_stop(void *ctx, enum engine_stop why, const char *sentence)
{
	struct cluster *c = ctx;

	(void)why;
	if (!c->bent)
		(void)fprintf(stderr, "stopped: %s\n", sentence);
	fuzz_check(!c->stopped && c->bent && *sentence);
	c->stopped = true;
}

static int on_begin(void *ctx)
{
	(void)ctx;
	return 0;
}

static int on_write(void *ctx, const void *data, size_t len)
{
	(void)ctx;
	(void)data;
	fuzz_check(len > 0);
	return 0;
}

static void begin_engine(struct cluster *c, unsigned int how)
{
	const struct engine_io io = {
		.ctx = c,
		.send = on_send,
		.log = on_log,
		.transferred = on_transferred,
		.opening = on_opening,
		.state_changed = on_change,
		.stop = on_stop,
		.statement_begin = on_begin,
		.statement_write = on_write,
		.statement_commit = on_begin,
		.statement_abort = on_change,
		.statement_path = slice_of("/s"),
	};
	struct engine_config config = {
		.coin = slice_of("alicoins"),
		.copies = how & HOW_COPIES ? 2 : 1,
		.request_timeout = TIMEOUT,
		.key = c->key,
		.backends = BACKENDS,
	};

	fuzz_check(amount_from_u64(1000, &config.initial_balance) == 0);
	for (size_t i = 0; i < BACKENDS; i++) {
		config.backend[i].name = slice_of(names[i]);
		config.backend[i].room = 1472;
		config.backend[i].window = 212992;
	}
	fuzz_check(engine_new(&config, &io, &c->e) == 0);
	engine_time(c->e, c->now, c->wall);
	engine_start(c->e);
}

/* The answer that has waited longest gets there. */
static void engine_hear(struct cluster *c, unsigned int i)
{
	struct backend *b = &c->backend[i];
	struct slice d;

	if (b->answered.count == 0)
		return;
	d = take(&b->answered, 0);
	if (!c->stopped)
		engine_datagram(c->e, i, d);
	let_go(d);
}

static void flush(struct cluster *c)
{
	if (!c->stopped)
		engine_flush(c->e);
}

static bool is_quiet(const struct cluster *c)
{
	for (size_t i = 0; i < BACKENDS; i++)
		if (c->backend[i].asked.count > 0 ||
		    c->backend[i].answered.count > 0 || c->backend[i].syncing)
			return false;
	return true;
}

/* Everybody answers until all is quiet, as it must be in the end. */
static void run(struct cluster *c)
{
	size_t rounds = 0;

	flush(c);
	while (!is_quiet(c)) {
		fuzz_check(rounds++ < ROUNDS_MAX);
		for (unsigned int i = 0; i < BACKENDS; i++) {
			backend_hear(&c->backend[i]);
			backend_sync(&c->backend[i]);
			engine_hear(c, i);
		}
		flush(c);
	}
}

static void pass(struct cluster *c, int64_t usec)
{
	c->now += usec;
	c->wall += usec;
	engine_time(c->e, c->now, c->wall);
}

/* Orders. */

static void on_done(void *arg, const struct outcome *o)
{
	uint8_t *told = arg;

	fuzz_check(++*told == 1);
	fuzz_check(o->code == OUTCOME_DONE || o->sentence.len > 0);
}

static void on_record(void *arg, const struct record *r,
		      const struct amount *balance)
{
	const uint8_t *told = arg;

	(void)balance;
	fuzz_check(*told == 0 && r->serial > 0);
}

static uint8_t take_below(struct cluster *c, uint8_t bound)
{
	return reader_u8(&c->in) % bound;
}

static struct slice take_one_of(struct cluster *c, const char *const list[],
				uint8_t count)
{
	return slice_of(list[take_below(c, count)]);
}

static struct slice take_user(struct cluster *c)
{
	return take_one_of(c, users, ELEMENTS(users));
}

static void order_transfer(struct cluster *c, uint8_t *told)
{
	struct engine_order o = { 0 };

	o.sender = take_user(c);
	o.receiver = take_user(c);
	o.amount = take_one_of(c, amounts, ELEMENTS(amounts));
	o.id = take_one_of(c, ids, ELEMENTS(ids));
	engine_transfer(c->e, &o, on_done, told);
}

static void order_open(struct cluster *c, uint8_t *told)
{
	struct engine_order o = { 0 };

	o.sender = take_user(c);
	o.id = take_one_of(c, ids, ELEMENTS(ids));
	engine_open(c->e, &o, on_done, told);
}

static void order_balance(struct cluster *c, uint8_t *told)
{
	engine_balance(c->e, take_user(c), on_done, told);
}

static void order_stats(struct cluster *c, uint8_t *told)
{
	engine_stats(c->e, take_user(c), on_done, told);
}

static void order_history(struct cluster *c, uint8_t *told)
{
	struct slice user = take_user(c);
	uint64_t from = reader_u8(&c->in);

	engine_history(c->e, user, from, 1u + reader_u8(&c->in), on_record,
		       on_done, told);
}

static void order_list(struct cluster *c, uint8_t *told)
{
	uint64_t from = reader_u8(&c->in);

	engine_list(c->e, from, 1u + reader_u8(&c->in), on_record, on_done,
		    told);
}

static void order_show(struct cluster *c, uint8_t *told)
{
	engine_show(c->e, reader_u8(&c->in), on_record, on_done, told);
}

static void order_show_id(struct cluster *c, uint8_t *told)
{
	engine_show_id(c->e, take_one_of(c, ids, ELEMENTS(ids)), on_record,
		       on_done, told);
}

static void order_txlist(struct cluster *c, uint8_t *told)
{
	engine_txlist(c->e, on_done, told);
}

static void order_tip(struct cluster *c, uint8_t *told)
{
	engine_tip(c->e, on_done, told);
}

static void (*const orders[])(struct cluster *, uint8_t *) = {
	order_transfer, order_open, order_balance, order_stats,	 order_history,
	order_list,	order_show, order_show_id, order_txlist, order_tip,
};

/* Steps. */

static void step_order(struct cluster *c)
{
	const uint8_t which = take_below(c, ELEMENTS(orders));

	if (!c->stopped)
		orders[which](c, &c->told[c->orders++]);
}

static void step_run(struct cluster *c)
{
	run(c);
}

static void step_flush(struct cluster *c)
{
	flush(c);
}

static struct backend *take_backend(struct cluster *c)
{
	return &c->backend[take_below(c, BACKENDS)];
}

static void step_hear(struct cluster *c)
{
	backend_hear(take_backend(c));
}

static void step_sync(struct cluster *c)
{
	backend_sync(take_backend(c));
}

static void step_answer(struct cluster *c)
{
	engine_hear(c, take_below(c, BACKENDS));
}

static struct queue *take_queue(struct cluster *c)
{
	struct backend *b = take_backend(c);

	return take_below(c, 2) ? &b->asked : &b->answered;
}

static void step_lose(struct cluster *c)
{
	struct queue *q = take_queue(c);
	const uint8_t i = reader_u8(&c->in);

	if (q->count > 0)
		let_go(take(q, i % q->count));
}

/* Doubled, and the second comes late. */
static void step_double(struct cluster *c)
{
	struct queue *q = take_queue(c);
	const uint8_t i = reader_u8(&c->in);

	if (q->count > 0)
		push(q, q->datagram[i % q->count].p,
		     q->datagram[i % q->count].len);
}

/* Late: the others overtake it. */
static void step_delay(struct cluster *c)
{
	struct queue *q = take_queue(c);

	if (q->count > 0) {
		struct slice d = take(q, 0);

		q->datagram[q->count++] = d;
	}
}

static void step_time(struct cluster *c)
{
	pass(c, 10 * MSEC * reader_u8(&c->in));
}

static void step_restart(struct cluster *c)
{
	struct backend *b = take_backend(c);

	backend_stop(b);
	if (take_below(c, 2))
		disk_power_cut(b->disk);
	backend_start(b);
}

static void step_refused(struct cluster *c)
{
	const uint8_t i = take_below(c, BACKENDS);

	if (!c->stopped)
		engine_refused(c->e, i);
}

/* Seal @payload as what a backend sends, and send it. */
static void answer(struct cluster *c, struct frame f, unsigned int backend)
{
	static uint8_t out[FRAME_SIZE_MAX];
	int len;

	f.block = slice_of(names[backend]);
	len = frame_encode(&f, &c->key, out, sizeof(out));
	fuzz_check(len > 0);
	c->bent = true;
	push(&c->backend[backend].answered, out, (size_t)len);
}

/* An answer on its way says something else, here and there. */
static void step_bend(struct cluster *c)
{
	const uint8_t backend = take_below(c, BACKENDS);
	struct queue *q = &c->backend[backend].answered;
	uint8_t bends = 1 + take_below(c, 4);
	char payload[FRAME_SIZE_MAX];
	struct frame f;
	struct slice d;

	if (q->count == 0)
		return;
	d = take(q, 0);
	fuzz_check(frame_decode(d, &c->key, &f) == FRAME_GOOD);
	memcpy(payload, f.payload.p, f.payload.len);
	f.payload.p = payload;
	for (; bends > 0 && f.payload.len > 0; bends--) {
		uint16_t at = reader_u16(&c->in);

		payload[at % f.payload.len] ^= (char)reader_u8(&c->in);
	}
	answer(c, f, backend);
	let_go(d);
}

/* An answer to one of the newest questions, or to none, that nobody gave. */
static void step_make_up(struct cluster *c)
{
	struct frame f = c->question[take_below(c, QUESTIONS_MAX)];
	const uint8_t backend = take_below(c, BACKENDS);
	int8_t epoch;

	f.type = 1 + take_below(c, FRAME_ERROR);
	epoch = (int8_t)reader_u8(&c->in);
	f.epoch += (uint64_t)(int64_t)epoch;
	f.position = take_below(c, 4);
	f.payload = reader_short_string(&c->in);
	answer(c, f, backend);
}

static void (*const steps[])(struct cluster *) = {
	step_order,   step_run,	    step_flush,	 step_hear,    step_sync,
	step_answer,  step_lose,    step_double, step_delay,   step_time,
	step_restart, step_refused, step_bend,	 step_make_up,
};

/* Given time, everybody is told, unless the engine said why it stops. */
static void check_told(struct cluster *c)
{
	for (int i = 0; i < 30 && !c->stopped; i++) {
		run(c);
		pass(c, SEC);
	}
	for (size_t i = 0; i < c->orders; i++)
		fuzz_check(c->told[i] == 1 || c->stopped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cluster c;
	unsigned int how;
	uint8_t seed;

	c = (struct cluster){ .in = reader_of(data, size),
			      .key.present = true,
			      .now = NOW,
			      .wall = WALL };
	how = reader_u8(&c.in);
	seed = reader_u8(&c.in);
	for (unsigned int i = 0; i < BACKENDS; i++)
		backend_init(&c.backend[i], &c, i, seed,
			     how & HOW_OLD ? old_records[i] : "");
	begin_engine(&c, how);

	for (size_t i = 0; i < STEPS_MAX && c.in.left > 0; i++)
		steps[take_below(&c, ELEMENTS(steps))](&c);
	check_told(&c);

	c.e = engine_free(c.e);
	for (unsigned int i = 0; i < BACKENDS; i++)
		backend_done(&c.backend[i]);
	return 0;
}
