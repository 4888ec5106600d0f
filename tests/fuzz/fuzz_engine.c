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

#include "util/cleanup.h"
#include "util/cursor.h"

#include "cluster.h"
#include "fuzz.h"

#define STEPS_MAX 256
/* Orders in a group. */
#define GROUP_MAX 4
/* A step of the clock. */
#define TICK (CLUSTER_SEC / 100)
/* Longer than any order waits, in line and for its answer. */
#define SILENCE 16

static const char *const users[] = { "Ali",    "Luke", "Rishil", "Alice",
				     "nobody", "a b",  "" };
static const char *const amounts[] = { "1",    "7",  "999",
				       "1001", "-1", "9223372036854775807",
				       "0x1" };
static const char *const ids[] = { "", "", "one", "two", "three" };

/* The cluster, and what was ordered. */
struct play {
	struct reader in;
	struct cluster c;
	uint8_t told[STEPS_MAX]; /* how often, of each order */
	bool patient[STEPS_MAX]; /* those that may take as long as it takes */
	size_t orders;
	size_t forgotten; /* of them, by a main daemon that was killed */
};

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

static uint8_t take_below(struct play *p, uint8_t bound)
{
	return reader_u8(&p->in) % bound;
}

static struct slice take_one_of(struct play *p, const char *const list[],
				uint8_t count)
{
	return slice_of(list[take_below(p, count)]);
}

static struct slice take_user(struct play *p)
{
	return take_one_of(p, users, ELEMENTS(users));
}

static void take_transfer(struct play *p, struct engine_order *o)
{
	*o = (struct engine_order){ .sender = take_user(p) };
	o->receiver = take_user(p);
	o->amount = take_one_of(p, amounts, ELEMENTS(amounts));
	o->id = take_one_of(p, ids, ELEMENTS(ids));
}

static void order_transfer(struct play *p, uint8_t *told)
{
	struct engine_order o;

	take_transfer(p, &o);
	engine_transfer(p->c.e, &o, on_done, told);
}

/* Unknown users join by it, and it may have to stand behind another one. */
static void order_import(struct play *p, uint8_t *told)
{
	struct engine_order o;

	take_transfer(p, &o);
	o.after = take_one_of(p, ids, ELEMENTS(ids));
	o.join = true;
	engine_transfer(p->c.e, &o, on_done, told);
}

static void order_open(struct play *p, uint8_t *told)
{
	struct engine_order o = { 0 };

	o.sender = take_user(p);
	o.id = take_one_of(p, ids, ELEMENTS(ids));
	engine_open(p->c.e, &o, on_done, told);
}

/* All or none. */
static void on_group_done(void *arg, const struct outcome *o, size_t count)
{
	uint8_t *told = arg;
	size_t done = 0;

	fuzz_check(++*told == 1 && count > 0);
	for (size_t i = 0; i < count; i++) {
		done += o[i].code == OUTCOME_DONE;
		fuzz_check(o[i].code == OUTCOME_DONE || o[i].sentence.len > 0);
	}
	fuzz_check(done == 0 || done == count);
}

/* What some of them would come to can be told beside what is wrong with others. */
static void on_dry_run_done(void *arg, const struct outcome *o, size_t count)
{
	uint8_t *told = arg;

	fuzz_check(++*told == 1 && count > 0);
	for (size_t i = 0; i < count; i++)
		fuzz_check(o[i].code != OUTCOME_ABORTED);
}

static void order_group(struct play *p, uint8_t *told)
{
	struct engine_group_order o[GROUP_MAX] = { 0 };
	const size_t count = 1u + take_below(p, GROUP_MAX);
	const bool dry_run = take_below(p, 2);

	for (size_t i = 0; i < count; i++) {
		const uint8_t kind = take_below(p, 3);

		take_transfer(p, &o[i].order);
		o[i].opening = kind == 1;
		o[i].order.join = kind == 2;
	}
	engine_group(p->c.e, o, count, dry_run,
		     dry_run ? on_dry_run_done : on_group_done, told);
}

static void order_balance(struct play *p, uint8_t *told)
{
	engine_balance(p->c.e, take_user(p), on_done, told);
}

static void order_stats(struct play *p, uint8_t *told)
{
	engine_stats(p->c.e, take_user(p), on_done, told);
}

static void order_history(struct play *p, uint8_t *told)
{
	struct slice user = take_user(p);
	uint64_t from = reader_u8(&p->in);

	engine_history(p->c.e, user, from, 1u + reader_u8(&p->in), on_record,
		       on_done, told);
}

static void order_list(struct play *p, uint8_t *told)
{
	uint64_t from = reader_u8(&p->in);

	engine_list(p->c.e, from, 1u + reader_u8(&p->in), on_record, on_done,
		    told);
}

static void order_show(struct play *p, uint8_t *told)
{
	engine_show(p->c.e, reader_u8(&p->in), on_record, on_done, told);
}

static void order_show_id(struct play *p, uint8_t *told)
{
	engine_show_id(p->c.e, take_one_of(p, ids, ELEMENTS(ids)), on_record,
		       on_done, told);
}

static void order_txlist(struct play *p, uint8_t *told)
{
	engine_txlist(p->c.e, on_done, told);
}

static void order_tip(struct play *p, uint8_t *told)
{
	engine_tip(p->c.e, on_done, told);
}

/* Nobody kept such a tip but the one before the first record. */
static void order_verify(struct play *p, uint8_t *told)
{
	struct engine_known_tip tips[2] = { 0 };

	p->patient[p->orders - 1] = true;
	tips[1].serial = reader_u8(&p->in);
	engine_verify(p->c.e, tips, take_below(p, 3), on_done, told);
}

static void (*const orders[])(struct play *, uint8_t *) = {
	order_transfer, order_open, order_balance, order_stats,
	order_history,	order_list, order_show,	   order_show_id,
	order_txlist,	order_tip,  order_verify,  order_import,
	order_group,
};

/* Steps. */

static void step_order(struct play *p)
{
	const uint8_t which = take_below(p, ELEMENTS(orders));

	if (!p->c.stopped)
		orders[which](p, &p->told[p->orders++]);
}

/* Nothing gets to any backend for a while, and who waited was told so. */
static void step_silence(struct play *p)
{
	p->c.deaf = true;
	for (int i = 0; i < SILENCE; i++) {
		cluster_pass(&p->c, CLUSTER_SEC);
		cluster_flush(&p->c);
	}
	p->c.deaf = false;
	for (size_t i = p->forgotten; i < p->orders; i++)
		fuzz_check(p->told[i] == 1 || p->patient[i] || p->c.stopped);
}

static void step_run(struct play *p)
{
	cluster_run(&p->c);
}

static void step_flush(struct play *p)
{
	cluster_flush(&p->c);
}

static struct backend *take_backend(struct play *p)
{
	return &p->c.backend[take_below(p, CLUSTER_BACKENDS)];
}

static void step_hear(struct play *p)
{
	backend_hear(take_backend(p));
}

static void step_sync(struct play *p)
{
	backend_sync(take_backend(p));
}

static void step_answer(struct play *p)
{
	cluster_hear(&p->c, take_below(p, CLUSTER_BACKENDS));
}

static struct queue *take_queue(struct play *p)
{
	struct backend *b = take_backend(p);

	return take_below(p, 2) ? &b->asked : &b->answered;
}

static void step_lose(struct play *p)
{
	struct queue *q = take_queue(p);
	const uint8_t i = reader_u8(&p->in);

	if (q->count > 0)
		queue_let_go(queue_take(q, i % q->count));
}

/* Doubled, and the second comes late. */
static void step_double(struct play *p)
{
	struct queue *q = take_queue(p);
	const uint8_t i = reader_u8(&p->in);

	if (q->count > 0)
		queue_add(q, q->datagram[i % q->count].p,
			  q->datagram[i % q->count].len);
}

/* Late: the others overtake it. */
static void step_delay(struct play *p)
{
	struct queue *q = take_queue(p);

	if (q->count > 0) {
		struct slice d = queue_take(q, 0);

		q->datagram[q->count++] = d;
	}
}

static void step_time(struct play *p)
{
	cluster_pass(&p->c, TICK * reader_u8(&p->in));
}

static void step_restart(struct play *p)
{
	struct backend *b = take_backend(p);

	backend_stop(b);
	if (take_below(p, 2))
		disk_power_cut(b->disk);
	backend_start(b);
}

/* Another main daemon in the place of this one; who waited is not told. */
static void step_new_main(struct play *p)
{
	p->forgotten = p->orders;
	cluster_begin(&p->c);
}

static void step_refused(struct play *p)
{
	const uint8_t i = take_below(p, CLUSTER_BACKENDS);

	if (!p->c.stopped)
		engine_refused(p->c.e, i);
}

/* Seal @payload as what a backend sends, and send it. */
static void answer(struct play *p, struct frame f, unsigned int backend)
{
	static uint8_t out[FRAME_SIZE_MAX];
	int len;

	f.block = slice_of(cluster_name[backend]);
	len = frame_encode(&f, &p->c.key, out, sizeof(out));
	fuzz_check(len > 0);
	p->c.bent = true;
	queue_add(&p->c.backend[backend].answered, out, (size_t)len);
}

/* An answer on its way says something else, here and there. */
static void step_bend(struct play *p)
{
	const uint8_t backend = take_below(p, CLUSTER_BACKENDS);
	struct queue *q = &p->c.backend[backend].answered;
	uint8_t bends = 1 + take_below(p, 4);
	char payload[FRAME_SIZE_MAX];
	struct frame f;
	struct slice d;

	if (q->count == 0)
		return;
	d = queue_take(q, 0);
	fuzz_check(frame_decode(d, &p->c.key, &f) == FRAME_GOOD);
	memcpy(payload, f.payload.p, f.payload.len);
	f.payload.p = payload;
	for (; bends > 0 && f.payload.len > 0; bends--) {
		uint16_t at = reader_u16(&p->in);

		payload[at % f.payload.len] ^= (char)reader_u8(&p->in);
	}
	answer(p, f, backend);
	queue_let_go(d);
}

/* An answer to one of the newest questions, or to none, that nobody gave. */
static void step_make_up(struct play *p)
{
	struct frame f = p->c.question[take_below(p, CLUSTER_QUESTIONS_MAX)];
	const uint8_t backend = take_below(p, CLUSTER_BACKENDS);
	int8_t epoch;

	f.type = 1 + take_below(p, FRAME_ERROR);
	epoch = (int8_t)reader_u8(&p->in);
	f.epoch += (uint64_t)(int64_t)epoch;
	f.position = take_below(p, 4);
	f.payload = reader_short_string(&p->in);
	answer(p, f, backend);
}

static void (*const steps[])(struct play *) = {
	step_order, step_run,	  step_flush,	 step_hear,
	step_sync,  step_answer,  step_lose,	 step_double,
	step_delay, step_time,	  step_restart,	 step_refused,
	step_bend,  step_make_up, step_new_main, step_silence,
};

/* Given time, everybody is told, unless the engine said why it stops. */
static void check_told(struct play *p)
{
	for (int i = 0; i < 30 && !p->c.stopped; i++) {
		cluster_run(&p->c);
		cluster_pass(&p->c, CLUSTER_SEC);
	}
	for (size_t i = p->forgotten; i < p->orders; i++)
		fuzz_check(p->told[i] == 1 || p->c.stopped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play p;
	unsigned int how;

	p = (struct play){ .in = reader_of(data, size) };
	how = reader_u8(&p.in);
	cluster_init(&p.c, how, reader_u8(&p.in));
	for (size_t i = 0; i < STEPS_MAX && p.in.left > 0; i++)
		steps[take_below(&p, ELEMENTS(steps))](&p);
	check_told(&p);
	cluster_done(&p.c);
	return 0;
}
