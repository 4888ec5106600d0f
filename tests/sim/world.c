/* SPDX-License-Identifier: MIT */
/*
 * The cluster: events in order of time, and the run of one seed: work under
 * faults, healing, an audit, a power cut of everything, the audit again.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* Virtual time of the faults, and how long all may take after them. */
#define FAULTS_LAST (20 * SEC)
#define HEALED_BY (180 * SEC)
/* How many orders a client has, and an auditor. */
#define ORDERS 20
#define AUDIT_ORDERS 25

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

/* Chance. */

uint64_t world_below(struct world *w, uint64_t n)
{
	return rng_below(&w->rng, n);
}

bool world_chance(struct world *w, unsigned per_thousand)
{
	return world_below(w, 1000) < per_thousand;
}

void world_bytes(struct world *w, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)rng_next(&w->rng);
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

/* A run. */

static const char *const first_blocks[BACKENDS] = {
	"5 u1 u2 129\n1 u3 u0 45\n9 u4 u5 155\n",
	"2 u0 u4 30\n8 u0 u1 10\n3 u2 u3 94",
	"6 u3 u4 49\r\n\n4 u5 u1 85\n7 u2 u5 25\n",
};

static void add_client(struct world *w, unsigned orders)
{
	w->client[w->clients] = client_new(w, (int)w->clients, orders);
	client_start(w->client[w->clients++]);
}

static uint32_t draw_copies(struct world *w)
{
	if (world_chance(w, 550))
		return 1;
	return world_chance(w, 800) ? 2 : 3;
}

static void create(struct world *w, const struct run *run)
{
	bool empty = world_chance(w, 200);

	w->wall_offset = INT64_C(1795000000) * SEC;
	w->copies = run->copies ? run->copies : draw_copies(w);
	w->gone = -1;
	w->lost = -1;
	w->forgetful = run->forgetful;
	w->room = world_chance(w, 500) ? 1200 : 8192;
	faults_draw(w);
	w->copied = copies_new();
	for (int i = 0; i < BACKENDS; i++)
		backend_create(w, i, empty ? NULL : first_blocks[i]);
	for (int i = 0; i < MAINS; i++) {
		w->main[i].world = w;
		w->main[i].index = i;
	}
	w->oracle = oracle_new(w);
	main_start(w, &w->main[0], 0);
	for (int i = 0; i < CLIENTS; i++)
		add_client(w, ORDERS);
	for (int i = 0; i < WATCHERS; i++)
		add_client(w, 0);
	world_at(w, 200 * MSEC, faults_happen, NULL, 0);
	world_at(w, FAULTS_LAST, faults_heal, NULL, 0);
}

static void destroy(struct world *w)
{
	for (size_t i = 0; i < w->events; i++)
		if (w->heap[i].fn == network_deliver)
			free(w->heap[i].a);
	free(w->heap);
	for (size_t i = 0; i < MAINS; i++)
		main_destroy(&w->main[i]);
	for (size_t i = 0; i < BACKENDS; i++)
		backend_destroy(&w->backend[i]);
	for (size_t i = 0; i < w->clients; i++)
		client_free(w->client[i]);
	checkpoints_destroy(w);
	copies_free(w->copied);
	oracle_free(w->oracle);
}

static bool is_quiet(struct world *w)
{
	for (size_t i = 0; i < w->clients; i++)
		if (!client_finished(w->client[i]))
			return false;
	for (size_t i = 0; i < BACKENDS; i++)
		if (!w->backend[i].alive && !w->backend[i].gone)
			return false;
	return w->healing && losses_refilled(w);
}

/* What no sync made durable is lost here at the latest. */
static void restart_all(struct world *w)
{
	world_say(w, "the power goes everywhere");
	if (w->gone >= 0 && w->lost < 0)
		losses_declare(w);
	main_kill(&w->main[0]);
	for (size_t i = 0; i < BACKENDS; i++)
		backend_kill(&w->backend[i], true);
	main_start(w, &w->main[0], w->main[0].life);
}

/* Everybody is done: go on to the next stage.  True: that was the last. */
static bool next_stage(struct world *w)
{
	switch (w->stage) {
	case STAGE_WORK:
		w->stage = STAGE_AUDIT;
		add_client(w, AUDIT_ORDERS);
		return false;
	case STAGE_AUDIT:
		w->stage = STAGE_RESTART;
		restart_all(w);
		add_client(w, AUDIT_ORDERS);
		return false;
	case STAGE_RESTART:
		return true;
	}
	return true;
}

static void live(struct world *w)
{
	while (!w->failure && !(is_quiet(w) && next_stage(w))) {
		struct event e = take_event(w);

		w->now = e.at;
		if (w->now > FAULTS_LAST + HEALED_BY) {
			world_fail(w, "no progress after faults ended");
			if (e.fn == network_deliver)
				free(e.a);
			return;
		}
		e.fn(w, e.a, e.b);
	}
}

static void say_counts(const struct world *w)
{
	printf("%" PRIu64 " datagrams, %" PRIu64 " transfers, %" PRIu64
	       " crashes, %" PRIu64 " torn tails, %" PRIu64 " fenced, %" PRIu64
	       " copies, %" PRIu64 " losses, %" PRIu64 " checkpoints, %" PRIu64
	       " used, %.3f s\n",
	       w->count.datagrams, w->count.transfers, w->count.crashes,
	       w->count.torn, w->count.fenced, w->count.copies, w->count.losses,
	       w->count.checkpoints, w->count.used, (double)w->now / 1e6);
}

bool world_run(const struct run *run)
{
	struct world *w = calloc(1, sizeof(*w));
	bool good;

	if (!w)
		abort();
	w->seed = run->seed;
	w->verbose = run->verbose;
	rng_seed(&w->rng, run->seed);
	create(w, run);
	live(w);
	if (!w->failure)
		oracle_check(w->oracle);
	if (run->verbose)
		say_counts(w);
	good = !w->failure;
	if (!good)
		printf("seed %" PRIu64 ": %s\n", run->seed, w->failure);
	destroy(w);
	free(w);
	return good;
}
