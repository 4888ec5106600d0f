/* SPDX-License-Identifier: MIT */
/*
 * The text of what is pending is that of a lone order, or of a list:
 *
 *	alichain-group 1
 *	id=52bc9f...
 *	alichain-order 1
 *	...
 *	end
 *	alichain-order 1
 *	...
 *	end
 *	end
 *
 * To change it safely: raise the number, keep reading the old form, add a case
 * to the test.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "ledger/name.h"

#include "walletctl/group.h"

#define FIRST_LINE "alichain-group 1"
#define ID_LINE "id="
#define LAST_LINE "end"

struct group group_of(struct order *o)
{
	return (struct group){ .id = o->id, .order = o, .count = 1 };
}

bool group_is_lone(const struct group *g)
{
	return g->count == 1 && strcmp(g->id, g->order[0].id) == 0;
}

void group_done(struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		order_done(&g->order[i]);
	free(g->order);
	free(g->line);
	free(g->id);
	*g = (struct group){ 0 };
}

bool group_equal(const struct group *a, const struct group *b)
{
	if (a->count != b->count || strcmp(a->id, b->id) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!order_equal(&a->order[i], &b->order[i]))
			return false;
	}
	return true;
}

/* Room for one more; it doubles. */
static int grow(struct group *g)
{
	size_t room = g->count ? 2 * g->count : 1;
	uint64_t *line;
	struct order *order;

	/* It is full when the count is a power of two. */
	if (g->count & (g->count - 1))
		return 0;
	order = reallocarray(g->order, room, sizeof(*order));
	if (!order)
		return -ENOMEM;
	g->order = order;
	line = reallocarray(g->line, room, sizeof(*line));
	if (!line)
		return -ENOMEM;
	g->line = line;
	return 0;
}

int group_add(struct group *g, struct order *o, uint64_t line)
{
	int r = grow(g);

	if (r < 0)
		return r;
	g->order[g->count] = *o;
	g->line[g->count++] = line;
	*o = (struct order){ 0 };
	return 0;
}

int group_write(const struct group *g, struct buf *out)
{
	int r;

	if (group_is_lone(g))
		return order_write(&g->order[0], out);

	/* An id is printable ASCII without spaces: it stands as it is. */
	r = buf_addf(out, FIRST_LINE "\n" ID_LINE "%s\n", g->id);
	for (size_t i = 0; i < g->count && r == 0; i++)
		r = order_write(&g->order[i], out);
	return r < 0 ? r : buf_addf(out, LAST_LINE "\n");
}

static int read_id(struct slice line, struct group *g)
{
	size_t len = strlen(ID_LINE);

	if (line.len <= len || memcmp(line.p, ID_LINE, len) != 0 ||
	    operation_id_fault((struct slice){ line.p + len, line.len - len }))
		return -EBADMSG;
	g->id = strndup(line.p + len, line.len - len);
	return g->id ? 0 : -ENOMEM;
}

static int read_order(struct slice *text, struct group *g)
{
	struct order o = { 0 };
	int r;

	if (g->count == GROUP_MAX)
		return -EBADMSG;
	r = order_take(text, &o);
	if (r == 0 && g->count > 0 &&
	    strcmp(g->order[0].server, o.server) != 0)
		r = -EBADMSG;
	if (r == 0)
		r = group_add(g, &o, 0);
	order_done(&o);
	return r;
}

/* Behind the first line. */
static int read_list(struct slice text, struct group *g)
{
	struct slice rest;
	struct slice line;
	int r;

	if (!order_next_line(&text, &line))
		return -EBADMSG;
	r = read_id(line, g);
	while (r == 0) {
		rest = text;
		if (!order_next_line(&rest, &line))
			return -EBADMSG;
		if (slice_equal(line, slice_of(LAST_LINE)))
			return rest.len == 0 && g->count > 0 ? 0 : -EBADMSG;
		r = read_order(&text, g);
	}
	return r;
}

static int read_one(struct slice text, struct group *g)
{
	struct order o = { 0 };
	int r = order_read(text, &o);

	if (r < 0)
		return r;
	g->id = strdup(o.id);
	r = g->id ? group_add(g, &o, 0) : -ENOMEM;
	order_done(&o);
	return r;
}

int group_read(struct slice text, struct group *ret)
{
	struct group g = { 0 };
	struct slice rest = text;
	struct slice line;
	int r;

	if (order_next_line(&rest, &line) &&
	    slice_equal(line, slice_of(FIRST_LINE)))
		r = read_list(rest, &g);
	else
		r = read_one(text, &g);
	if (r < 0) {
		group_done(&g);
		return r;
	}
	*ret = g;
	return 0;
}
