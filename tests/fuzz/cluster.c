/* SPDX-License-Identifier: MIT */
/*
 * Whatever is delivered, lost or made up in between is the fuzzer's affair.
 */
#include "config.h"

#include "util/cleanup.h"
#include "wire/message.h"

#include "cluster.h"
#include "fuzz.h"

#define BLOCK "/b/block.txt"
#define TIMEOUT (5 * CLUSTER_SEC)
#define NOW (1000 * CLUSTER_SEC)
#define WALL INT64_C(1795354620000000)
#define ROOM 1472
/* Rounds in which everybody answers everybody, until it must be quiet. */
#define ROUNDS_MAX 2000

const char *const cluster_name[CLUSTER_BACKENDS] = { "A", "B" };
static const char *const old_records[CLUSTER_BACKENDS] = {
	"1 Racheal John 45\n2 Rishil Alice 30\n",
	"3 Oliver Rachit 94\n",
};
static const uint8_t map_key[MAP_KEY_SIZE] = "sixteen bytes it";

/* Queues. */

void queue_add(struct queue *q, const void *data, size_t len)
{
	/* A full buffer loses what comes. */
	if (q->count == CLUSTER_QUEUE_MAX)
		return;
	q->datagram[q->count++] =
		(struct slice){ fuzz_copy((struct slice){ data, len }), len };
}

struct slice queue_take(struct queue *q, size_t i)
{
	struct slice d = q->datagram[i];

	q->count--;
	memmove(q->datagram + i, q->datagram + i + 1,
		(q->count - i) * sizeof(*q->datagram));
	return d;
}

void queue_let_go(struct slice d)
{
	union {
		const char *from;
		void *to;
	} cast = { .from = d.p };

	free(cast.to);
}

static void queue_clear(struct queue *q)
{
	while (q->count > 0)
		queue_let_go(queue_take(q, 0));
}

/* Backends. */

static void on_answer(void *ctx, const struct responder_peer *to,
		      const uint8_t *data, size_t len)
{
	struct backend *b = ctx;

	(void)to;
	queue_add(&b->answered, data, len);
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

void backend_start(struct backend *b)
{
	const struct responder_io io = {
		.ctx = b,
		.send = on_answer,
		.sync = on_sync,
		.log = on_backend_log,
		.fatal = on_fatal,
	};
	const struct responder_config config = {
		.block = slice_of(cluster_name[b->number]),
		.key = b->cluster->key,
		.datagram_room = ROOM,
		.instance = rng_next(&b->rng),
		.locked = b->cluster->now,
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

void backend_stop(struct backend *b)
{
	b->r = responder_free(b->r);
	b->store->ops->close(b->store);
	b->syncing = false;
	queue_clear(&b->asked);
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
	queue_clear(&b->answered);
	disk_free(b->disk);
}

void backend_hear(struct backend *b)
{
	const struct responder_peer peer = { { 1 }, 1 };
	struct slice d;

	if (b->asked.count == 0)
		return;
	d = queue_take(&b->asked, 0);
	responder_datagram(b->r, &peer, d, b->cluster->now);
	queue_let_go(d);
}

void backend_sync(struct backend *b)
{
	if (!b->syncing)
		return;
	b->syncing = false;
	responder_synced(b->r, b->store->ops->sync(b->store), 0,
			 b->cluster->now);
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

	fuzz_check(!c->stopped && backend < CLUSTER_BACKENDS && len <= ROOM);
	fuzz_check(frame_decode((struct slice){ (const char *)data, len },
				&c->key, &f) == FRAME_GOOD);
	fuzz_check(slice_equal(f.block, slice_of(cluster_name[backend])));
	fuzz_check(is_understood(&f));
	f.payload = (struct slice){ 0 };
	c->question[c->questions++ % CLUSTER_QUESTIONS_MAX] = f;
	if (!c->deaf)
		queue_add(&c->backend[backend].asked, data, len);
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

void cluster_begin(struct cluster *c)
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
		.copies = c->how & CLUSTER_COPIES ? 2 : 1,
		.request_timeout = TIMEOUT,
		.key = c->key,
		.backends = CLUSTER_BACKENDS,
	};

	fuzz_check(amount_from_u64(1000, &config.initial_balance) == 0);
	for (size_t i = 0; i < CLUSTER_BACKENDS; i++) {
		config.backend[i].name = slice_of(cluster_name[i]);
		config.backend[i].room = ROOM;
		config.backend[i].window = 212992;
	}
	if (c->how & CLUSTER_COPIES && c->how & CLUSTER_LOST) {
		config.backend[1].lost = true;
		config.backend[1].lost_in = c->mains;
	}
	/* Nonces are drawn from it: no two main daemons have the same. */
	config.seed[0] = (uint8_t)++c->mains;
	c->e = engine_free(c->e);
	c->stopped = false;
	fuzz_check(engine_new(&config, &io, &c->e) == 0);
	engine_time(c->e, c->now, c->wall);
	engine_start(c->e);
}

void cluster_hear(struct cluster *c, unsigned int i)
{
	struct backend *b = &c->backend[i];
	struct slice d;

	if (b->answered.count == 0)
		return;
	d = queue_take(&b->answered, 0);
	if (!c->stopped)
		engine_datagram(c->e, i, d);
	queue_let_go(d);
}

void cluster_flush(struct cluster *c)
{
	if (!c->stopped)
		engine_flush(c->e);
}

static bool is_quiet(const struct cluster *c)
{
	for (size_t i = 0; i < CLUSTER_BACKENDS; i++)
		if (c->backend[i].asked.count > 0 ||
		    c->backend[i].answered.count > 0 || c->backend[i].syncing)
			return false;
	return true;
}

void cluster_run(struct cluster *c)
{
	size_t rounds = 0;

	cluster_flush(c);
	while (!is_quiet(c)) {
		fuzz_check(rounds++ < ROUNDS_MAX);
		for (unsigned int i = 0; i < CLUSTER_BACKENDS; i++) {
			backend_hear(&c->backend[i]);
			backend_sync(&c->backend[i]);
			cluster_hear(c, i);
		}
		cluster_flush(c);
	}
}

void cluster_pass(struct cluster *c, int64_t usec)
{
	c->now += usec;
	c->wall += usec;
	engine_time(c->e, c->now, c->wall);
}

void cluster_init(struct cluster *c, unsigned int how, uint8_t seed)
{
	*c = (struct cluster){
		.how = how, .key.present = true, .now = NOW, .wall = WALL
	};
	for (unsigned int i = 0; i < CLUSTER_BACKENDS; i++)
		backend_init(&c->backend[i], c, i, seed,
			     how & CLUSTER_OLD ? old_records[i] : "");
	cluster_begin(c);
}

void cluster_done(struct cluster *c)
{
	c->e = engine_free(c->e);
	for (unsigned int i = 0; i < CLUSTER_BACKENDS; i++)
		backend_done(&c->backend[i]);
}
