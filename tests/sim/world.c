/* SPDX-License-Identifier: MIT */
/*
 * The cluster: events in order of time, packets that get lost, processes that
 * die and come back.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "store/textstore.h"
#include "world.h"

/* Virtual time of the faults, and how long all may take after them. */
#define FAULTS_LAST (20 * SEC)
#define HEALED_BY (180 * SEC)

static void start_backend(struct world *w, void *a, uint64_t b);
static void start_main(struct world *w, void *a, uint64_t b);

/* Saying. */

void world_fail(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->failure)
		return;
	va_start(args, format);
	(void)vsnprintf(w->failure_text, sizeof(w->failure_text), format, args);
	va_end(args);
	w->failure = w->failure_text;
}

void world_say(struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->verbose)
		return;
	printf("%9.3f ms  ", (double)w->now / 1000);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	putchar('\n');
}

bool world_chance(struct world *w, unsigned per_thousand)
{
	return rng_below(&w->rng, 1000) < per_thousand;
}

/* The queue of events: a binary heap. */

static bool earlier(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void world_at(struct world *w, int64_t delay, event_fn fn, void *a, uint64_t b)
{
	struct event e = { .at = w->now + delay,
			   .order = ++w->orders,
			   .fn = fn,
			   .a = a,
			   .b = b };
	size_t i;

	if (w->events == w->heap_size) {
		w->heap_size = w->heap_size ? 2 * w->heap_size : 1024;
		w->heap = reallocarray(w->heap, w->heap_size, sizeof(e));
		if (!w->heap)
			abort();
	}
	for (i = w->events++; i && earlier(&e, &w->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = e;
}

static struct event take_event(struct world *w)
{
	struct event first = w->heap[0];
	struct event last = w->heap[--w->events];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= w->events)
			break;
		if (child + 1 < w->events &&
		    earlier(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!earlier(&w->heap[child], &last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return first;
}

/* The network. */

static void deliver_to_main(struct main_node *m, struct packet *p)
{
	if (!m->alive) {
		free(p);
		return;
	}
	if (m->paused) {
		if (m->inboxes < ELEMENTS(m->inbox))
			m->inbox[m->inboxes++] = p;
		else
			free(p);
		return;
	}
	engine_time(m->engine, m->world->now,
		    m->world->now + m->world->wall_offset);
	engine_datagram(m->engine, (unsigned)p->backend,
			(struct slice){ (const char *)p->data, p->len });
	free(p);
	world_turn_end(m);
}

static void deliver(struct world *w, void *a, uint64_t b)
{
	struct packet *p = a;
	struct backend_node *n = &w->backend[p->backend];

	(void)b;
	if (n->cut_off) {
		free(p);
		return;
	}
	if (!p->to_backend) {
		deliver_to_main(&w->main[p->main], p);
		return;
	}
	if (n->alive && !n->paused) {
		struct responder_peer peer = { .len = 1 };

		peer.bytes[0] = (uint8_t)p->main;
		responder_datagram(n->responder, &peer,
				   (struct slice){ (const char *)p->data,
						   p->len },
				   w->now);
	} else if (!n->alive && w->main[p->main].alive &&
		   !w->main[p->main].paused && world_chance(w, 500)) {
		struct main_node *m = &w->main[p->main];

		/* The host is up, the process is not: the system says so. */
		engine_time(m->engine, w->now, w->now + w->wall_offset);
		engine_refused(m->engine, (unsigned)p->backend);
		world_turn_end(m);
	}
	free(p);
}

static void mangle(struct world *w, struct packet *p)
{
	size_t at = rng_below(&w->rng, p->len);

	if (world_chance(w, 500))
		p->data[at] ^= (uint8_t)(1 << rng_below(&w->rng, 8));
	else
		p->len = at;
}

static void transmit(struct world *w, int main, int backend, bool to_backend,
		     const uint8_t *data, size_t len)
{
	unsigned times = world_chance(w, w->faults.duplicate) ? 2 : 1;

	w->count.datagrams++;
	while (times--) {
		struct packet *p;
		int64_t delay = 30 + (int64_t)rng_below(&w->rng, 100);

		if (world_chance(w, w->faults.loss))
			continue;
		if (w->faults.delay && world_chance(w, 200))
			delay += (int64_t)rng_below(
				&w->rng, (uint64_t)w->faults.delay);
		p = malloc(sizeof(*p) + len);
		if (!p)
			abort();
		*p = (struct packet){ .backend = backend,
				      .main = main,
				      .to_backend = to_backend,
				      .len = len };
		memcpy(p->data, data, len);
		if (world_chance(w, w->faults.mangle))
			mangle(w, p);
		world_at(w, delay, deliver, p, 0);
	}
}

/* A backend's process. */

static void backend_send(void *ctx, const struct responder_peer *to,
			 const uint8_t *data, size_t len)
{
	struct backend_node *n = ctx;

	transmit(n->world, to->bytes[0], n->index, false, data, len);
}

static void kill_backend(struct backend_node *n, bool power)
{
	struct world *w = n->world;

	if (!n->alive)
		return;
	world_say(w, "backend %s dies%s", n->name, power ? ", power cut" : "");
	n->alive = false;
	n->paused = false;
	n->sync_pending = false;
	n->life++;
	w->count.crashes++;
	n->responder = responder_free(n->responder);
	n->store->ops->close(n->store);
	n->store = NULL;
	if (power)
		disk_power_cut(n->disk);
	else
		disk_close_all(n->disk);
	world_at(w, 50 * MSEC + (int64_t)rng_below(&w->rng, 2 * SEC),
		 start_backend, n, n->life);
}

static void kill_backend_later(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;

	if (n->life == b)
		kill_backend(n, w->faults.power_cuts && world_chance(w, 500));
}

static void backend_fatal(void *ctx, int error, const char *sentence)
{
	struct backend_node *n = ctx;

	world_say(n->world, "backend %s: %s: %s", n->name, sentence,
		  strerror(-error));
	/* It is in the middle of something: dies as soon as that returns. */
	world_at(n->world, 0, kill_backend_later, n, n->life);
}

static void backend_log(void *ctx, int priority, const char *sentence)
{
	struct backend_node *n = ctx;

	(void)priority;
	world_say(n->world, "backend %s: %s", n->name, sentence);
}

static void sync_ends(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;
	int r;

	if (n->life != b || !n->alive)
		return;
	if (n->paused) {
		world_at(w, 10 * MSEC, sync_ends, n, b);
		return;
	}
	r = n->store->ops->sync(n->store);
	responder_synced(n->responder, r, w->now);
}

static void backend_sync(void *ctx)
{
	struct backend_node *n = ctx;
	struct world *w = n->world;
	int64_t takes = 100 + (int64_t)rng_below(&w->rng, 2000);

	if (w->faults.delay && world_chance(w, 20))
		takes = (int64_t)rng_below(&w->rng, 4 * SEC);
	if (w->bug == BUG_ACK_BEFORE_SYNC) {
		responder_synced(n->responder, 0, w->now);
		return;
	}
	world_at(w, takes, sync_ends, n, n->life);
	/* The best moment for a power cut is before the sync has ended. */
	if (w->faults.crashes && !w->healing && world_chance(w, 30))
		world_at(w, (int64_t)rng_below(&w->rng, (uint64_t)takes),
			 kill_backend_later, n, n->life);
}

static const struct responder_io backend_io = {
	.send = backend_send,
	.sync = backend_sync,
	.log = backend_log,
	.fatal = backend_fatal,
};

static void seed_bytes(struct world *w, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)rng_next(&w->rng);
}

static int open_store(struct backend_node *n)
{
	struct textstore_report report = { 0 };
	uint8_t key[MAP_KEY_SIZE];
	int r;

	seed_bytes(n->world, key, sizeof(key));
	r = textstore_open(disk_ops(n->disk), n->path, key, &report,
			   &n->store);
	if (r == -EBADMSG)
		world_fail(n->world, "backend %s does not open its block: %.*s",
			   n->name, (int)report.fault.len,
			   (const char *)report.fault.data);
	if (r == 0 && report.torn) {
		n->world->count.torn++;
		world_say(n->world, "backend %s: a torn tail of %" PRIu64
			  " bytes is cut off", n->name, report.torn_bytes);
	}
	buf_done(&report.fault);
	return r;
}

static void start_backend(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;
	struct responder_io io = backend_io;
	struct responder_config config = {
		.block = { n->name, 1 },
		.datagram_room = w->room,
		.instance = rng_next(&w->rng),
		.started = w->now,
	};

	if (n->life != b || n->alive)
		return;
	if (w->healing) {
		disk_fail(n->disk, 0);
		disk_limit(n->disk, UINT64_MAX);
	}
	disk_lie(n->disk, w->bug == BUG_SYNC_LEFT_OUT);
	if (open_store(n) < 0) {
		world_say(w, "backend %s does not start", n->name);
		disk_close_all(n->disk);
		world_at(w, SEC, start_backend, n, n->life);
		return;
	}
	config.key.present = true;
	memset(config.key.bytes, 7, sizeof(config.key.bytes));
	io.ctx = n;
	if (responder_new(&config, &io, n->store, &n->responder) < 0)
		abort();
	n->alive = true;
	world_say(w, "backend %s starts", n->name);
}

/* The main daemon's process. */

static void kill_main(struct main_node *m)
{
	struct world *w = m->world;

	if (!m->alive)
		return;
	world_say(w, "main %d dies", m->index);
	m->alive = false;
	m->paused = false;
	m->life++;
	m->armed = INT64_MAX;
	w->count.crashes++;
	while (m->inboxes)
		free(m->inbox[--m->inboxes]);
	m->engine = engine_free(m->engine);
	for (size_t i = 0; i < CLIENTS; i++)
		client_main_died(w->client[i], m);
}

static void kill_main_later(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	(void)w;
	if (m->life == b)
		kill_main(m);
}

static void main_send(void *ctx, unsigned backend, const uint8_t *data,
		      size_t len)
{
	struct main_node *m = ctx;

	transmit(m->world, m->index, (int)backend, true, data, len);
}

static void main_log(void *ctx, int priority, const struct log_fields *fields,
		     const char *sentence)
{
	struct main_node *m = ctx;

	(void)priority;
	(void)fields;
	world_say(m->world, "main %d: %s", m->index, sentence);
}

static void main_transferred(void *ctx, const struct engine_transfer_event *t)
{
	struct main_node *m = ctx;

	world_say(m->world, "main %d: serial %" PRIu64 " on %.*s", m->index,
		  t->serial, SLICE_ARG(t->backend));
	m->world->count.transfers++;
}

static void main_state_changed(void *ctx)
{
	(void)ctx;
}

static void main_stop(void *ctx, enum engine_stop why, const char *sentence)
{
	struct main_node *m = ctx;
	struct world *w = m->world;

	world_say(w, "main %d stops: %s", m->index, sentence);
	if (why != ENGINE_STOP_FENCED)
		world_fail(w, "main stops: %s", sentence);
	w->count.fenced++;
	world_at(w, 0, kill_main_later, m, m->life);
	/* Its manager does not start it again, but somebody does some time. */
	world_at(w, 3 * SEC + (int64_t)rng_below(&w->rng, 3 * SEC), start_main,
		 m, m->life + 1);
}

static int statement_nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

static int statement_write(void *ctx, const void *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	return 0;
}

static void statement_abort(void *ctx)
{
	(void)ctx;
}

static const struct engine_io main_io = {
	.send = main_send,
	.log = main_log,
	.transferred = main_transferred,
	.state_changed = main_state_changed,
	.stop = main_stop,
	.statement_begin = statement_nothing,
	.statement_write = statement_write,
	.statement_commit = statement_nothing,
	.statement_abort = statement_abort,
};

static void main_wakes(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	if (m->life != b || !m->alive || m->paused)
		return;
	if (m->armed > w->now)
		return; /* a later alarm has replaced this one */
	m->armed = INT64_MAX;
	engine_time(m->engine, w->now, w->now + w->wall_offset);
	world_turn_end(m);
}

void world_turn_end(struct main_node *m)
{
	struct world *w = m->world;
	int64_t next;

	engine_flush(m->engine);
	next = engine_next(m->engine);
	if (next == INT64_MAX || next >= m->armed)
		return;
	m->armed = next > w->now ? next : w->now + 1;
	world_at(w, m->armed - w->now, main_wakes, m, m->life);
}

static void start_main(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;
	struct engine_config config = {
		.copies = w->copies,
		.request_timeout = 2 * SEC,
		.coin = slice_of("alicoins"),
		.backends = BACKENDS,
	};
	struct engine_io io = main_io;

	if (m->life != b || m->alive)
		return;
	if (amount_from_u64(1000, &config.initial_balance) < 0)
		abort();
	config.key.present = true;
	memset(config.key.bytes, 7, sizeof(config.key.bytes));
	for (size_t i = 0; i < BACKENDS; i++) {
		config.backend[i].name = (struct slice){ w->backend[i].name, 1 };
		config.backend[i].room = w->room;
		config.backend[i].window = 100000;
	}
	seed_bytes(w, config.seed, sizeof(config.seed));
	io.ctx = m;
	io.statement_path = slice_of("statement");
	if (engine_new(&config, &io, &m->engine) < 0)
		abort();
	m->alive = true;
	m->armed = INT64_MAX;
	world_say(w, "main %d starts", m->index);
	engine_time(m->engine, w->now, w->now + w->wall_offset);
	engine_start(m->engine);
	world_turn_end(m);
}

struct main_node *world_pick_main(struct world *w)
{
	size_t n = rng_below(&w->rng, MAINS);

	for (size_t i = 0; i < MAINS; i++)
		if (w->main[(n + i) % MAINS].alive)
			return &w->main[(n + i) % MAINS];
	return NULL;
}

/* Faults. */

static void resume_main(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	if (m->life != b || !m->paused)
		return;
	world_say(w, "main %d goes on", m->index);
	m->paused = false;
	m->armed = INT64_MAX;
	for (size_t i = 0; i < m->inboxes; i++) {
		struct packet *p = m->inbox[i];

		engine_time(m->engine, w->now, w->now + w->wall_offset);
		engine_datagram(m->engine, (unsigned)p->backend,
				(struct slice){ (const char *)p->data,
						p->len });
		free(p);
	}
	m->inboxes = 0;
	engine_time(m->engine, w->now, w->now + w->wall_offset);
	world_turn_end(m);
}

static void resume_backend(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;

	if (n->life == b)
		n->paused = false;
	(void)w;
}

static void heal_partition(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;

	(void)b;
	n->cut_off = false;
	world_say(w, "backend %s is reachable again", n->name);
}

static void fault_main(struct world *w)
{
	struct main_node *m = &w->main[rng_below(&w->rng, MAINS)];
	uint64_t wait = rng_below(&w->rng, 2 * SEC);

	if (m->alive && w->faults.pauses && world_chance(w, 400)) {
		world_say(w, "main %d is paused", m->index);
		m->paused = true;
		world_at(w, (int64_t)wait, resume_main, m, m->life);
	} else if (m->alive && w->faults.crashes) {
		kill_main(m);
		world_at(w, (int64_t)wait, start_main, m, m->life);
	} else if (!m->alive) {
		start_main(w, m, m->life);
	}
}

static void fault_backend(struct world *w)
{
	struct backend_node *n = &w->backend[rng_below(&w->rng, BACKENDS)];
	int64_t a_while = (int64_t)rng_below(&w->rng, 4 * SEC);

	switch (rng_below(&w->rng, 5)) {
	case 0:
		if (w->faults.crashes)
			kill_backend(n, w->faults.power_cuts &&
						world_chance(w, 500));
		return;
	case 1:
		if (!w->faults.partitions || n->cut_off)
			return;
		world_say(w, "backend %s is cut off", n->name);
		n->cut_off = true;
		world_at(w, a_while, heal_partition, n, 0);
		return;
	case 2:
		if (!w->faults.pauses || !n->alive)
			return;
		world_say(w, "backend %s is paused", n->name);
		n->paused = true;
		world_at(w, a_while, resume_backend, n, n->life);
		return;
	case 3:
		if (w->faults.disk_errors)
			disk_fail(n->disk, 1 + (unsigned)rng_below(&w->rng, 6));
		return;
	default:
		if (!w->faults.full_disks)
			return;
		disk_limit(n->disk, world_chance(w, 500) ?
					    UINT64_MAX :
					    rng_below(&w->rng, 2 << 20));
		return;
	}
}

static void recheck_disks(struct world *w)
{
	for (size_t i = 0; i < BACKENDS; i++) {
		struct backend_node *n = &w->backend[i];
		struct store_state state;

		if (!n->alive || n->paused)
			continue;
		n->store->ops->state(n->store, &state);
		if (state.full && n->store->ops->recheck(n->store) < 0)
			world_say(w, "backend %s is full still", n->name);
	}
}

static void something_happens(struct world *w, void *a, uint64_t b)
{
	(void)a;
	(void)b;
	recheck_disks(w);
	if (!w->healing) {
		if (world_chance(w, 400))
			fault_main(w);
		else
			fault_backend(w);
	}
	world_at(w, 100 * MSEC + (int64_t)rng_below(&w->rng, SEC),
		 something_happens, NULL, 0);
}

static void heal(struct world *w, void *a, uint64_t b)
{
	(void)a;
	(void)b;
	world_say(w, "faults end");
	w->healing = true;
	w->faults = (struct faults){ 0 };
	for (size_t i = 0; i < BACKENDS; i++) {
		w->backend[i].cut_off = false;
		w->backend[i].paused = false;
		disk_fail(w->backend[i].disk, 0);
		disk_limit(w->backend[i].disk, UINT64_MAX);
	}
	/* One main daemon is left to work. */
	kill_main(&w->main[1]);
	if (!w->main[0].alive)
		start_main(w, &w->main[0], w->main[0].life);
	else if (w->main[0].paused)
		resume_main(w, &w->main[0], w->main[0].life);
}

static void draw_faults(struct world *w)
{
	struct faults *f = &w->faults;

	if (world_chance(w, 600))
		f->loss = (unsigned)rng_below(&w->rng, 300);
	if (world_chance(w, 500))
		f->duplicate = (unsigned)rng_below(&w->rng, 300);
	if (world_chance(w, 300))
		f->mangle = (unsigned)rng_below(&w->rng, 50);
	if (world_chance(w, 500))
		f->delay = (int64_t)rng_below(&w->rng, 400 * MSEC);
	f->crashes = world_chance(w, 700);
	f->power_cuts = world_chance(w, 600);
	f->pauses = world_chance(w, 500);
	f->partitions = world_chance(w, 500);
	f->disk_errors = world_chance(w, 300);
	f->full_disks = world_chance(w, 200);
}

/* A run. */

static const char *const first_blocks[BACKENDS] = {
	"5 u1 u2 129\n1 u3 u0 45\n9 u4 u5 155\n",
	"2 u0 u4 30\n8 u0 u1 10\n3 u2 u3 94",
	"6 u3 u4 49\r\n\n4 u5 u1 85\n7 u2 u5 25\n",
};

static void create(struct world *w)
{
	bool empty = world_chance(w, 200);

	w->wall_offset = INT64_C(1795000000) * SEC;
	w->copies = 1;
	w->room = world_chance(w, 500) ? 1200 : 8192;
	draw_faults(w);
	for (int i = 0; i < BACKENDS; i++) {
		struct backend_node *n = &w->backend[i];

		n->world = w;
		n->index = i;
		n->name[0] = (char)('A' + i);
		(void)snprintf(n->path, sizeof(n->path), "/%s/block.txt",
			       n->name);
		n->disk = disk_new(&w->rng);
		if (!empty)
			disk_put(n->disk, n->path, slice_of(first_blocks[i]));
		start_backend(w, n, 0);
	}
	for (int i = 0; i < MAINS; i++) {
		w->main[i].world = w;
		w->main[i].index = i;
	}
	w->oracle = oracle_new(w);
	for (int i = 0; i < CLIENTS; i++)
		w->client[i] = client_new(w, i, 20);
	start_main(w, &w->main[0], 0);
	for (int i = 0; i < CLIENTS; i++)
		client_start(w->client[i]);
	world_at(w, 200 * MSEC, something_happens, NULL, 0);
	world_at(w, FAULTS_LAST, heal, NULL, 0);
}

static void destroy(struct world *w)
{
	for (size_t i = 0; i < w->events; i++)
		if (w->heap[i].fn == deliver)
			free(w->heap[i].a);
	free(w->heap);
	for (size_t i = 0; i < MAINS; i++) {
		while (w->main[i].inboxes)
			free(w->main[i].inbox[--w->main[i].inboxes]);
		engine_free(w->main[i].engine);
	}
	for (size_t i = 0; i < BACKENDS; i++) {
		responder_free(w->backend[i].responder);
		if (w->backend[i].store)
			w->backend[i].store->ops->close(w->backend[i].store);
		disk_free(w->backend[i].disk);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		client_free(w->client[i]);
	oracle_free(w->oracle);
}

static bool all_finished(const struct world *w)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (!client_finished(w->client[i]))
			return false;
	for (size_t i = 0; i < BACKENDS; i++)
		if (!w->backend[i].alive)
			return false;
	return w->healing;
}

bool world_run(uint64_t seed, enum bug bug, bool verbose)
{
	struct world *w = calloc(1, sizeof(*w));
	bool good;

	if (!w)
		abort();
	w->seed = seed;
	w->bug = bug;
	w->verbose = verbose;
	rng_seed(&w->rng, seed);
	create(w);
	while (!w->failure && !all_finished(w)) {
		struct event e = take_event(w);

		w->now = e.at;
		if (w->now > FAULTS_LAST + HEALED_BY) {
			world_fail(w, "no progress after faults ended");
			if (e.fn == deliver)
				free(e.a);
			break;
		}
		e.fn(w, e.a, e.b);
	}
	if (!w->failure)
		oracle_check(w->oracle);
	if (verbose)
		printf("%" PRIu64 " datagrams, %" PRIu64 " transfers, %" PRIu64
		       " crashes, %" PRIu64 " torn tails, %" PRIu64
		       " fenced, %.3f s\n",
		       w->count.datagrams, w->count.transfers,
		       w->count.crashes, w->count.torn, w->count.fenced,
		       (double)w->now / 1e6);
	good = !w->failure;
	if (!good)
		printf("seed %" PRIu64 ": %s\n", seed, w->failure);
	destroy(w);
	free(w);
	return good;
}
