/* SPDX-License-Identifier: MIT */
/*
 * Datagrams on their way: lost, doubled, late, overtaken, damaged.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "world.h"

/* Microseconds that a datagram takes at least, and how much more by chance. */
#define LATENCY 30
#define JITTER 100

void network_key(struct frame_key *ret)
{
	*ret = (struct frame_key){ .present = true };
	memset(ret->bytes, 7, sizeof(ret->bytes));
}

static void deliver_to_backend(struct world *w, const struct packet *p)
{
	struct backend_node *n = &w->backend[p->backend];
	struct main_node *m = &w->main[p->main];

	if (n->alive && !n->paused)
		backend_datagram(n, p->main,
				 (struct slice){ (const char *)p->data,
						 p->len });
	else if (!n->alive && m->alive && !m->paused && world_chance(w, 500))
		/* The host is up, the process is not: the system says so. */
		main_refused(m, p->backend);
}

void network_deliver(struct world *w, void *a, uint64_t b)
{
	struct packet *p = a;

	(void)b;
	if (w->backend[p->backend].cut_off) {
		free(p);
	} else if (p->to_backend) {
		deliver_to_backend(w, p);
		free(p);
	} else {
		main_datagram(&w->main[p->main], p);
	}
}

static void mangle(struct world *w, struct packet *p)
{
	size_t at = world_below(w, p->len);

	if (world_chance(w, 500))
		p->data[at] ^= (uint8_t)(1 << world_below(w, 8));
	else
		p->len = at;
}

static int64_t draw_delay(struct world *w, const struct packet *p)
{
	int64_t delay = LATENCY + (int64_t)world_below(w, JITTER);
	const struct main_node *m = &w->main[p->main];

	if (!p->to_backend && w->now < m->lags_until)
		delay += m->lag;

	if (w->faults.delay && world_chance(w, 200))
		delay += (int64_t)world_below(w, (uint64_t)w->faults.delay);
	return delay;
}

void network_transmit(struct world *w, int main, int backend, bool to_backend,
		      const uint8_t *data, size_t len)
{
	unsigned times = world_chance(w, w->faults.duplicate) ? 2 : 1;

	w->count.datagrams++;
	while (times--) {
		struct packet *p;

		if (world_chance(w, w->faults.loss))
			continue;
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
		world_at(w, draw_delay(w, p), network_deliver, p, 0);
	}
}

void network_send(struct world *w, int main, int backend, bool to_backend,
		  const uint8_t *data, size_t len)
{
	uint8_t copy[FRAME_SIZE_MAX];

	memcpy(copy, data, len);
	len = tamper(w, main, backend, to_backend, copy, len);
	network_transmit(w, main, backend, to_backend, copy, len);
}
