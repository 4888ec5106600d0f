/* SPDX-License-Identifier: MIT */
/*
 * Orders between MULTI and EXEC, in a list; each with its text behind it.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "main/multi.h"
#include "main/ordertext.h"

struct queued_order {
	struct queued_order *next;
	struct engine_group_order group_order; /* into text */
	char text[];
};

void multi_begin(struct multi *m)
{
	assert(!m->open);
	m->open = true;
}

static void forget_orders(struct multi *m)
{
	while (m->first) {
		struct queued_order *next = m->first->next;

		free(m->first);
		m->first = next;
	}
	m->last = NULL;
	m->all->bytes -= m->bytes;
	m->bytes = 0;
	m->count = 0;
}

void multi_spoil(struct multi *m)
{
	forget_orders(m);
	m->spoiled = true;
}

void multi_end(struct multi *m)
{
	forget_orders(m);
	m->spoiled = false;
	m->open = false;
}

static void copy_order(struct queued_order *q,
		       const struct engine_group_order *order)
{
	char *at = q->text;

	q->next = NULL;
	q->group_order = *order;
	ordertext_move(&q->group_order.order, &at);
}

static size_t size_of(const struct engine_order *o)
{
	return sizeof(struct queued_order) + ordertext_len(o);
}

int multi_add(struct multi *m, const struct engine_group_order *order)
{
	size_t size = size_of(&order->order);
	struct queued_order *q;

	assert(m->open);
	if (m->spoiled)
		return 0;
	if (m->count == ENGINE_GROUP_MAX)
		return -E2BIG;
	if (size > MULTI_BYTES_MAX - m->bytes)
		return -EFBIG;
	if (size > MULTIS_BYTES_MAX - m->all->bytes)
		return -EAGAIN;
	q = malloc(size);
	if (!q)
		return -ENOMEM;

	copy_order(q, order);
	if (m->last)
		m->last->next = q;
	else
		m->first = q;
	m->last = q;
	m->count++;
	m->bytes += size;
	m->all->bytes += size;
	return 0;
}

int multi_orders(const struct multi *m, struct engine_group_order **ret)
{
	struct engine_group_order *order;
	size_t n = 0;

	order = calloc(m->count ? m->count : 1, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (const struct queued_order *q = m->first; q; q = q->next)
		order[n++] = q->group_order;
	*ret = order;
	return 0;
}
