/* SPDX-License-Identifier: MIT */
/*
 * Backups made with cp -r while everything runs: the blocks are copied one after
 * the other, each as it is at that moment, with the promise beside it.  In the
 * end a copy must open, and up to its first hole be the history.
 *
 * The promise matters where a block was copied that a crash tore, or in the
 * middle of a write, before anything was chained in it: only the length in it
 * tells the beginning of a chained record from an old one without a newline.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "store/promise.h"
#include "store/textstore.h"
#include "world.h"

#define COPIES_MAX 8
/* How long cp may take from one file to the next. */
#define PAUSE_MAX (300 * MSEC)
#define COPY_PATH "/copy/block.txt"

struct copy {
	int64_t begun;
	unsigned next; /* block, of those in order */
	unsigned order[BACKENDS];
	bool spoilt; /* the power went while cp was at work */
	struct buf file[BACKENDS];
	struct buf promise[BACKENDS]; /* empty: there was none */
	size_t firm[BACKENDS]; /* bytes that were durable then */
};

struct copies {
	struct copy copy[COPIES_MAX];
	size_t count;
};

struct copies *copies_new(void)
{
	struct copies *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	return c;
}

void copies_free(struct copies *c)
{
	for (size_t i = 0; i < c->count; i++)
		for (size_t b = 0; b < BACKENDS; b++) {
			buf_done(&c->copy[i].file[b]);
			buf_done(&c->copy[i].promise[b]);
		}
	free(c);
}

void copies_power_cut(struct world *w)
{
	for (size_t i = 0; i < w->copied->count; i++)
		if (w->copied->copy[i].next < BACKENDS)
			w->copied->copy[i].spoilt = true;
}

static void copy_promise(const struct backend_node *n, struct buf *to)
{
	char path[sizeof(n->path) + sizeof(PROMISE_SUFFIX)];
	const struct buf *b;

	(void)snprintf(path, sizeof(path), "%s" PROMISE_SUFFIX, n->path);
	b = disk_look(n->disk, path);
	if (b && b->len && buf_add(to, b->data, b->len) < 0)
		abort();
}

/* What is being written may be read in part. */
static void copy_block(struct world *w, struct copy *c, unsigned block)
{
	const struct backend_node *n = &w->backend[block];
	const struct buf *b = disk_look(n->disk, n->path);
	size_t firm = disk_firm(n->disk, n->path);
	size_t len = b ? b->len : 0;

	if (len > firm && world_chance(w, 500))
		len = firm + world_below(w, len - firm);
	if (len && buf_add(&c->file[block], b->data, len) < 0)
		abort();
	c->firm[block] = firm;
	copy_promise(n, &c->promise[block]);
}

static void copy_next(struct world *w, void *a, uint64_t b)
{
	struct copy *c = a;

	(void)b;
	if (c->spoilt)
		return;
	copy_block(w, c, c->order[c->next]);
	if (++c->next < BACKENDS)
		world_at(w, (int64_t)world_below(w, PAUSE_MAX), copy_next, c, 0);
	else
		w->count.copies++;
}

void copies_begin(struct world *w)
{
	unsigned first = (unsigned)world_below(w, BACKENDS);
	unsigned step = 1 + (unsigned)world_below(w, 2);
	struct copy *c;

	if (w->copied->count == COPIES_MAX)
		return;
	c = &w->copied->copy[w->copied->count++];
	c->begun = w->now;
	for (unsigned i = 0; i < BACKENDS; i++)
		c->order[i] = (first + i * step) % BACKENDS;
	copy_next(w, c, 0);
}

/* A copy, laid out by serial. */
struct laid_out {
	const struct oracle *oracle;
	size_t firm; /* of the block being read */
	struct {
		bool there;
		bool as_history;
		bool firm;
	} at[HISTORY_MAX];
};

static void take_line(void *arg, struct slice line, size_t end)
{
	struct laid_out *l = arg;
	const struct history *h = &l->oracle->history;
	const char *fault;
	struct record r;

	if (record_parse(line, &r, &fault) < 0 || r.serial >= HISTORY_MAX) {
		world_fail(l->oracle->world, "a copy has a bad line: %s", fault);
		return;
	}
	l->at[r.serial].there = true;
	l->at[r.serial].firm |= end <= l->firm;
	l->at[r.serial].as_history =
		h->at[r.serial].there &&
		slice_equal(r.body, slice_of(h->at[r.serial].line));
}

static void put_copy(struct disk *d, const char *path, const struct buf *b)
{
	disk_put(d, path, (struct slice){ (const char *)b->data, b->len });
}

/* Would the daemons start on it?  Then *ret is the file they leave. */
static void open_block(const struct oracle *o, struct disk *d,
		       const struct copy *c, unsigned block)
{
	struct textstore_report report = { 0 };
	static const uint8_t key[MAP_KEY_SIZE];
	struct store *store;
	int r;

	put_copy(d, COPY_PATH, &c->file[block]);
	if (c->promise[block].len)
		put_copy(d, COPY_PATH PROMISE_SUFFIX, &c->promise[block]);
	r = textstore_open(disk_ops(d), COPY_PATH, key, &report, &store);
	if (r == 0)
		store->ops->close(store);
	else
		world_fail(o->world, "a copy of block %u does not open: %.*s",
			   block, (int)report.fault.len,
			   (const char *)report.fault.data);
	buf_done(&report.fault);
}

static void lay_out(struct laid_out *l, const struct copy *c)
{
	for (unsigned block = 0; block < BACKENDS; block++) {
		struct rng rng;
		struct disk *d;
		const struct buf *b;

		rng_seed(&rng, block);
		d = disk_new(&rng);
		open_block(l->oracle, d, c, block);
		b = disk_look(d, COPY_PATH);
		l->firm = c->firm[block];
		if (b)
			history_lines((struct slice){ (const char *)b->data,
						      b->len },
				      take_line, l);
		disk_free(d);
	}
}

/*
 * What was not durable when it was copied may have been lost in a power cut
 * later, and the history may have gone on without it.
 */
static void check_copy(const struct oracle *o, const struct copy *c)
{
	uint64_t known = oracle_known(o, c->begun);
	struct laid_out *l = calloc(1, sizeof(*l));
	uint64_t i = 1;

	if (!l)
		abort();
	l->oracle = o;
	lay_out(l, c);
	while (i < HISTORY_MAX && l->at[i].there && l->at[i].as_history)
		i++;
	if (i < HISTORY_MAX && l->at[i].there && l->at[i].firm)
		world_fail(o->world, "a copy has another serial %" PRIu64
			   " than the history", i);
	if (i <= known)
		world_fail(o->world, "a copy ends before serial %" PRIu64
			   ", which was known before it was begun", i);
	free(l);
}

void copies_check(const struct oracle *o)
{
	const struct copies *c = o->world->copied;

	for (size_t i = 0; i < c->count; i++)
		if (c->copy[i].next == BACKENDS && !c->copy[i].spoilt)
			check_copy(o, &c->copy[i]);
}
