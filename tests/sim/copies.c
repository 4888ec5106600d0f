/* SPDX-License-Identifier: MIT */
/*
 * Backups made with cp -r while everything runs: the blocks are copied one after
 * the other, each as it is at that moment, with the promise beside it.  In the
 * end a copy must open, and up to its first hole be the history.
 *
 * The promise matters where a block was copied that a crash tore, or in the
 * middle of a write, before anything was chained in it: only the length in it
 * tells the beginning of a chained record from an old one without a newline.
 *
 * What stands before the newest append can no crash have torn: a byte that is
 * another one there is rot, and no copy may open with it.
 */
#include "config.h"

#include <errno.h>
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
/* Of so many records one is damaged. */
#define SETTLED_MAX 256

struct copy {
	int64_t begun;
	unsigned next; /* block, of those in order */
	unsigned order[BACKENDS];
	bool spoilt; /* the power, or a disk, went while cp was at work */
	bool outlived; /* a disk that is in it is gone since */
	struct buf file[BACKENDS];
	struct buf promise[BACKENDS]; /* empty: there was none */
	size_t firm[BACKENDS]; /* bytes that were durable then */
	size_t settled[BACKENDS]; /* … before the newest append, if that is here */
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

/* What only the lost one had, and nobody was told, may be history here. */
void copies_loss(struct world *w)
{
	copies_power_cut(w);
	for (size_t i = 0; i < w->copied->count; i++)
		w->copied->copy[i].outlived = true;
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

	/* A block that was declared lost is none until it was taken in again. */
	if (n->gone || w->roster[block].lost_in)
		return;
	if (len > firm && world_chance(w, 500))
		len = firm + world_below(w, len - firm);
	if (len && buf_add(&c->file[block], b->data, len) < 0)
		abort();
	c->firm[block] = firm;
	c->settled[block] = disk_settled(n->disk, n->path);
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

/* Would a backend start on it?  *fault says what is wrong, if that is a fault. */
static int open_block(struct disk *d, const struct copy *c, unsigned block,
		      struct buf *fault)
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
	*fault = report.fault;
	return r;
}

/* Looks for records that the newest append cannot have to do with. */
struct settled {
	size_t settled;
	size_t start; /* of the line, */
	size_t from[SETTLED_MAX]; /* and of those that will do */
	uint64_t batch[SETTLED_MAX]; /* the first serial of each one's batch */
	size_t count;
	uint64_t newest; /* the same of what was appended last */
	bool torn; /* there are lines that are none */
};

static void take_settled(void *arg, struct slice line, size_t end)
{
	struct settled *s = arg;
	const char *fault;
	struct record r;
	uint64_t batch;

	s->start = end - line.len - 1;
	if (record_parse(line, &r, &fault) < 0) {
		s->torn = true;
		return;
	}
	if (s->newest)
		return;
	batch = r.chained ? r.serial - r.batch_position + 1 : UINT64_MAX;
	if (end > s->settled) {
		s->newest = batch;
	} else if (s->count < SETTLED_MAX) {
		s->from[s->count] = s->start;
		s->batch[s->count++] = batch;
	}
}

/* The start of such a record in the copy; false if there is none. */
static bool find_settled(const struct copy *c, unsigned block, struct rng *rng,
			 size_t *ret)
{
	const struct buf *b = &c->file[block];
	struct settled s = { .settled = c->settled[block] };
	size_t at;

	/* Two damages may look like one, of a batch that was torn. */
	if (!s.settled || b->data[b->len - 1] != '\n')
		return false;
	history_lines((struct slice){ (const char *)b->data, b->len },
		      take_settled, &s);
	if (s.torn || !s.newest || !s.count)
		return false;
	/* By its b= the end of a batch may stand for the beginning, too. */
	at = rng_below(rng, s.count);
	if (s.batch[at] == s.newest)
		return false;
	*ret = s.from[at];
	return true;
}

/* With a byte changed in it, where no crash can have changed one. */
static void check_rot(const struct oracle *o, struct copy *c, unsigned block)
{
	struct buf fault;
	struct disk *d;
	struct rng rng;
	size_t at;
	uint8_t was;

	rng_seed(&rng, (uint64_t)c->begun + block);
	if (!find_settled(c, block, &rng, &at))
		return;
	was = c->file[block].data[at];
	c->file[block].data[at] = '!';
	d = disk_new(&rng);
	if (open_block(d, c, block, &fault) != -EBADMSG)
		world_fail(o->world, "a copy of block %u opens with a byte "
			   "changed at %zu", block, at);
	c->file[block].data[at] = was;
	buf_done(&fault);
	disk_free(d);
}

static void lay_out(struct laid_out *l, const struct copy *c)
{
	for (unsigned block = 0; block < BACKENDS; block++) {
		struct buf fault;
		struct rng rng;
		struct disk *d;
		const struct buf *b;

		rng_seed(&rng, block);
		d = disk_new(&rng);
		if (open_block(d, c, block, &fault) < 0)
			world_fail(l->oracle->world,
				   "a copy of block %u does not open: %.*s",
				   block, (int)fault.len,
				   (const char *)fault.data);
		buf_done(&fault);
		/* The file that a backend leaves. */
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
static void check_copy(const struct oracle *o, struct copy *c)
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
	if (i < HISTORY_MAX && l->at[i].there && l->at[i].firm && !c->outlived)
		world_fail(o->world, "a copy has another serial %" PRIu64
			   " than the history", i);
	if (i <= known)
		world_fail(o->world, "a copy ends before serial %" PRIu64
			   ", which was known before it was begun", i);
	free(l);
	for (unsigned block = 0; block < BACKENDS; block++)
		check_rot(o, c, block);
}

void copies_check(const struct oracle *o)
{
	struct copies *c = o->world->copied;

	for (size_t i = 0; i < c->count; i++)
		if (c->copy[i].next == BACKENDS && !c->copy[i].spoilt)
			check_copy(o, &c->copy[i]);
}
