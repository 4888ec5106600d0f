/* SPDX-License-Identifier: MIT */
/*
 * The main daemons' processes: an engine each, its clock, its statement file.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define FROM_CHECKPOINT "Started from the checkpoint"

/* Now and then the statement's disk fails, while disks do. */
#define STATEMENT_FAILS 20
#define ENDS_WITHIN (500 * MSEC)

void main_clock(struct main_node *m)
{
	struct world *w = m->world;

	engine_time(m->engine, w->now - m->behind, w->now + w->wall_offset);
}

void main_kill(struct main_node *m)
{
	struct world *w = m->world;

	if (!m->alive)
		return;
	world_say(w, "main %d dies", m->index);
	m->alive = false;
	m->paused = false;
	m->open = false;
	m->behind = 0;
	m->life++;
	m->armed = INT64_MAX;
	w->count.crashes++;
	while (m->inboxes)
		free(m->inbox[--m->inboxes]);
	m->engine = engine_free(m->engine);
	for (size_t i = 0; i < w->clients; i++)
		client_main_died(w->client[i], m);
}

static void kill_later(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	(void)w;
	if (m->life == b)
		main_kill(m);
}

static void end_later(struct world *w, void *a, uint64_t b)
{
	/* When faults have ended, main daemons are to last. */
	if (!w->healing)
		kill_later(w, a, b);
}

void main_stop(struct main_node *m)
{
	struct world *w = m->world;

	world_say(w, "main %d is to end", m->index);
	main_clock(m);
	engine_checkpoint(m->engine);
	main_turn_end(m);
	world_at(w, (int64_t)world_below(w, ENDS_WITHIN), end_later, m,
		 m->life);
}

static void on_send(void *ctx, unsigned backend, const uint8_t *data,
		    size_t len)
{
	struct main_node *m = ctx;

	network_send(m->world, m->index, (int)backend, true, data, len);
}

static void on_log(void *ctx, int priority, const struct log_fields *fields,
		   const char *sentence)
{
	struct main_node *m = ctx;

	(void)priority;
	world_say(m->world, "main %d: %s", m->index, sentence);
	m->world->count.used += strncmp(sentence, FROM_CHECKPOINT,
					strlen(FROM_CHECKPOINT)) == 0;
	/* No other of our faults is a disk that loses what it had synced. */
	if (fields->event == LOG_EVENT_INTEGRITY_FAULT &&
	    !losses_is_wiped(m->world, fields->backend))
		world_fail(m->world, "main says: %s", sentence);
}

static void on_transferred(void *ctx, const struct engine_transfer_event *t)
{
	struct main_node *m = ctx;

	world_say(m->world, "main %d: serial %" PRIu64 " on %.*s", m->index,
		  t->serial, SLICE_ARG(t->backend));
	m->world->count.transfers++;
}

static int on_opening(void *ctx)
{
	struct main_node *m = ctx;
	struct world *w = m->world;
	struct engine_info info;

	losses_opened(m);
	/* One that was replaced meanwhile is late. */
	engine_info(m->engine, &info);
	if (info.epoch < w->roster_epoch)
		return 0;
	w->roster_epoch = info.epoch;
	for (int i = 0; i < BACKENDS; i++) {
		w->roster[i].lost_in = i == m->lost ? info.epoch : 0;
		w->roster[i].records =
			i == m->lost ? 0 : info.backend[i].records;
	}
	return 0;
}

/* It opens while the other one still thinks that it is open as well. */

static void on_state_changed(void *ctx)
{
	struct main_node *m = ctx;
	struct world *w = m->world;
	struct engine_info info;

	engine_info(m->engine, &info);
	if (info.open && !m->open && !w->healing &&
	    w->main[1 - m->index].open) {
		for (size_t i = 0; i < w->clients; i++)
			client_watch(w->client[i]);
		faults_takeover(w);
	}
	m->open = info.open;
	losses_told(m, &info);
}

static void on_stop(void *ctx, enum engine_stop why, const char *sentence)
{
	struct main_node *m = ctx;
	struct world *w = m->world;

	world_say(w, "main %d stops: %s", m->index, sentence);
	if (why != ENGINE_STOP_FENCED)
		world_fail(w, "main stops: %s", sentence);
	w->count.fenced++;
	world_at(w, 0, kill_later, m, m->life);
	/* Its manager does not start it again, but somebody does some time. */
	world_at(w, 3 * SEC + (int64_t)world_below(w, 3 * SEC), main_start, m,
		 m->life + 1);
}

static int statement_fails(struct main_node *m)
{
	struct world *w = m->world;

	return w->faults.disk_errors && world_chance(w, STATEMENT_FAILS) ?
		       -EIO :
		       0;
}

static int on_statement_begin(void *ctx)
{
	struct main_node *m = ctx;

	buf_clear(&m->draft);
	return statement_fails(m);
}

static int on_statement_write(void *ctx, const void *data, size_t len)
{
	struct main_node *m = ctx;

	return buf_add(&m->draft, data, len);
}

static int on_statement_commit(void *ctx)
{
	struct main_node *m = ctx;
	struct buf old = m->statement;

	if (statement_fails(m) < 0)
		return -EIO;
	m->statement = m->draft;
	m->draft = old;
	return 0;
}

static void on_statement_abort(void *ctx)
{
	struct main_node *m = ctx;

	buf_clear(&m->draft);
}

static const struct engine_io main_io = {
	.send = on_send,
	.log = on_log,
	.transferred = on_transferred,
	.opening = on_opening,
	.state_changed = on_state_changed,
	.stop = on_stop,
	.statement_begin = on_statement_begin,
	.statement_write = on_statement_write,
	.statement_commit = on_statement_commit,
	.statement_abort = on_statement_abort,
};

static void wakes(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	if (m->life != b || !m->alive || m->paused)
		return;
	if (m->armed > w->now)
		return; /* a later alarm has replaced this one */
	m->armed = INT64_MAX;
	main_clock(m);
	main_turn_end(m);
}

void main_turn_end(struct main_node *m)
{
	struct world *w = m->world;
	int64_t next;

	engine_flush(m->engine);
	next = engine_next(m->engine);
	if (next == INT64_MAX || next + m->behind >= m->armed)
		return;
	next += m->behind;
	m->armed = next > w->now ? next : w->now + 1;
	world_at(w, m->armed - w->now, wakes, m, m->life);
}

static void configure(struct main_node *m, struct engine_config *config)
{
	struct world *w = m->world;

	m->lost = w->lost;
	m->must_wait = losses_must_wait(w);
	m->refilled = 0;
	*config = (struct engine_config){
		.copies = w->copies,
		.request_timeout = 2 * SEC,
		.coin = slice_of("alicoins"),
		.backends = BACKENDS,
	};
	if (amount_from_u64(1000, &config->initial_balance) < 0)
		abort();
	network_key(&config->key);
	for (size_t i = 0; i < BACKENDS; i++) {
		config->backend[i].name =
			(struct slice){ w->backend[i].name, 1 };
		config->backend[i].room = w->room;
		config->backend[i].window = 100000;
		config->backend[i].lost = (int)i == w->lost;
		config->backend[i].lost_in = w->roster[i].lost_in;
		config->backend[i].records = w->roster[i].records;
	}
	world_bytes(w, config->seed, sizeof(config->seed));
	checkpoints_configure(w, config);
	config->checkpoint = checkpoints_offer(w);
}

void main_start(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;
	struct engine_config config;
	struct engine_io io = main_io;

	/* In the end one is left to work. */
	if (m->life != b || m->alive || (w->healing && m->index))
		return;
	configure(m, &config);
	io.ctx = m;
	io.statement_path = slice_of("statement");
	checkpoints_plug_in(&io);
	if (engine_new(&config, &io, &m->engine) < 0)
		abort();
	m->alive = true;
	m->armed = INT64_MAX;
	world_say(w, "main %d starts", m->index);
	main_clock(m);
	engine_start(m->engine);
	main_turn_end(m);
}

void main_pause(struct main_node *m, int64_t how_long)
{
	struct world *w = m->world;

	world_say(w, "main %d is paused", m->index);
	m->paused = true;
	m->paused_at = w->now;
	m->resumes_at = w->now + how_long;
	world_at(w, how_long, main_resume, m, m->life);
}

void main_resume(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	if (m->life != b || !m->paused)
		return;
	world_say(w, "main %d goes on", m->index);
	m->paused = false;
	m->armed = INT64_MAX;
	/* Deliberate bug: a clock that does not count what was slept through. */
	if (bug_on(BUG_CLOCK_STOPS))
		m->behind += w->now - m->paused_at;
	for (size_t i = 0; i < m->inboxes; i++) {
		struct packet *p = m->inbox[i];

		main_clock(m);
		engine_datagram(m->engine, (unsigned)p->backend,
				(struct slice){ (const char *)p->data,
						p->len });
		free(p);
	}
	m->inboxes = 0;
	main_clock(m);
	main_turn_end(m);
}

void main_datagram(struct main_node *m, struct packet *p)
{
	if (m->alive && m->paused && m->inboxes < INBOX_MAX) {
		m->inbox[m->inboxes++] = p;
		return;
	}
	if (m->alive && !m->paused) {
		main_clock(m);
		engine_datagram(m->engine, (unsigned)p->backend,
				(struct slice){ (const char *)p->data,
						p->len });
		main_turn_end(m);
	}
	free(p);
}

void main_refused(struct main_node *m, int backend)
{
	main_clock(m);
	engine_refused(m->engine, (unsigned)backend);
	main_turn_end(m);
}

struct main_node *main_pick(struct world *w)
{
	size_t n = world_below(w, MAINS);

	for (size_t i = 0; i < MAINS; i++)
		if (w->main[(n + i) % MAINS].alive)
			return &w->main[(n + i) % MAINS];
	return NULL;
}

void main_destroy(struct main_node *m)
{
	while (m->inboxes)
		free(m->inbox[--m->inboxes]);
	engine_free(m->engine);
	buf_done(&m->statement);
	buf_done(&m->draft);
	buf_done(&m->checkpoint);
}
