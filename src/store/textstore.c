/* SPDX-License-Identifier: MIT */
/*
 * The calls of store.h over a block file and its catalog.  Everything but sync()
 * belongs to one thread; sync() touches the descriptor and nothing else.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "store/batch.h"
#include "store/blockfile.h"
#include "store/catalog.h"
#include "store/lines.h"
#include "store/load.h"
#include "store/promise.h"
#include "store/query.h"
#include "store/textstore.h"

/* Bytes not wanted that are read along rather than reading twice. */
#define GAP_MAX 4096

struct textstore {
	struct store base; /* first: a struct store is one of these */
	const struct fileops *ops;
	struct blockfile *file;
	uint8_t key[MAP_KEY_SIZE]; /* of the catalog's hashes */
	struct catalog catalog;
	struct lines lines;
	struct batch batch;
	bool pending; /* the batch is in the file, but not in the catalog */
	bool refilled; /* the newest append was a refill */
	uint64_t published; /* the length of the file without it */
	char *promise_path;
	struct promise promise;
	bool promise_unsure; /* the file may be the one that comes next */
};

static struct textstore *textstore_free(struct textstore *t)
{
	if (!t)
		return NULL;

	lines_done(&t->lines);
	batch_done(&t->batch);
	catalog_done(&t->catalog);
	blockfile_free(t->file);
	free(t->promise_path);
	free(t);
	return NULL;
}
DEFINE_CLEANUP(struct textstore, textstore_free);

static struct textstore *of_store(struct store *s)
{
	return (struct textstore *)s;
}

static void text_close(struct store *s)
{
	textstore_free(of_store(s));
}

static void text_state(const struct store *s, struct store_state *ret)
{
	const struct textstore *t = (const struct textstore *)s;

	*ret = (struct store_state){
		.last_serial = catalog_last_serial(&t->catalog),
		.records = catalog_count(&t->catalog),
		.epoch = t->promise.epoch,
		.full = t->file->full,
	};
	memcpy(ret->nonce, t->promise.nonce, sizeof(ret->nonce));
}

/* 0; -ENOSPC: there was no room; all other errors break the block. */
static int write_promise(struct textstore *t, const struct promise *p)
{
	int r;

	r = promise_write(t->ops, t->promise_path, p);
	if (r == -ENOSPC || r == -EDQUOT) {
		t->promise_unsure = true;
		return -ENOSPC;
	}
	if (r < 0)
		return blockfile_break(t->file, r);

	t->promise = *p;
	t->promise_unsure = false;
	return 0;
}

/* The same; on a full disk, in the room that is reserved for batches. */
static int write_promise_first(struct textstore *t, const struct promise *p)
{
	int written;
	int r;

	written = write_promise(t, p);
	if (written != -ENOSPC)
		return written;

	r = blockfile_unreserve(t->file);
	if (r < 0)
		return r;
	written = write_promise(t, p);
	r = blockfile_reserve(t->file);
	return r < 0 ? r : written;
}

/* The same where nothing can be done without. */
static int must_write_promise(struct textstore *t, const struct promise *p)
{
	int r = write_promise_first(t, p);

	return r < 0 ? blockfile_break(t->file, r) : 0;
}

static bool is_written(const struct textstore *t, const struct promise *p)
{
	const struct promise *old = &t->promise;

	if (t->promise_unsure || p->open != old->open)
		return false;
	return !p->open || p->open_at == old->open_at;
}

/*
 * Before an append: does the promise tell of it, or of nothing?  It must of a
 * refill, and of what follows one: there, too, the b= of the record before does
 * not tell what a crash can have touched.  A batch behind a batch needs none.
 */
static int open_append(struct textstore *t, bool refill)
{
	struct promise p = t->promise;
	int r;

	p.open = refill || t->refilled ||
		 (p.open && p.open_at == t->file->end);
	p.open_at = p.open ? t->file->end : 0;
	if (is_written(t, &p))
		return 0;

	/* Nothing is sent to us before a promise. */
	assert(p.epoch > 0);
	r = write_promise(t, &p);
	if (r == -ENOSPC)
		t->file->full = true;
	return r;
}

/* Write what is staged, if anything is. */
static int append_staged(struct textstore *t, bool refill, bool *ret_held)
{
	const struct buf *text = &t->batch.text;
	int r;

	if (t->batch.count == 0) {
		*ret_held = true;
		return 0;
	}
	r = open_append(t, refill);
	if (r < 0)
		return r;
	r = blockfile_append(t->file,
			     (struct slice){ (char *)text->data, text->len });
	if (r < 0)
		return r;

	t->pending = true;
	t->refilled = refill;
	*ret_held = false;
	return 0;
}

static int text_append(struct store *s, uint64_t first, uint32_t records,
		       struct slice of, struct slice lines, bool *ret_held)
{
	struct textstore *t = of_store(s);
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	assert(!t->pending);
	r = batch_stage(&t->batch, &t->catalog, &t->lines, t->file->end, first,
			records, of, lines);
	return r < 0 ? r : append_staged(t, false, ret_held);
}

/* Records came in below before: one index for all again. */
static int join_catalog(struct textstore *t)
{
	struct catalog joined = { 0 };
	int r;

	r = catalog_init(&joined, t->key);
	if (r < 0)
		return r;
	r = load_again(t->file, joined.index[CATALOG_UPPER]);
	if (r < 0) {
		catalog_done(&joined);
		return r;
	}

	catalog_done(&t->catalog);
	t->catalog = joined;
	return 0;
}

static int stage_refill(struct textstore *t, uint32_t records,
			struct slice lines)
{
	return batch_stage_refill(&t->batch, &t->catalog, &t->lines,
				  t->file->end, records, lines);
}

static int text_refill(struct store *s, uint32_t records, struct slice lines,
		       bool *ret_held)
{
	struct textstore *t = of_store(s);
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	assert(!t->pending);
	r = stage_refill(t, records, lines);
	if (r == 1) {
		r = join_catalog(t);
		if (r == 0)
			r = stage_refill(t, records, lines);
	}
	return r < 0 ? r : append_staged(t, true, ret_held);
}

static int text_sync(struct store *s)
{
	return blockfile_sync(of_store(s)->file);
}

static int text_publish(struct store *s)
{
	struct textstore *t = of_store(s);
	int r;

	assert(t->pending);
	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	r = catalog_add(&t->catalog, t->batch.item, t->batch.lower,
			t->batch.count);
	if (r < 0)
		return r;

	batch_clear(&t->batch);
	t->pending = false;
	t->published = t->file->end;
	return 0;
}

static int text_promise(struct store *s, uint64_t epoch,
			const uint8_t nonce[STORE_NONCE_SIZE])
{
	struct textstore *t = of_store(s);
	struct promise p = { .epoch = epoch, .length = t->published };
	int r;

	/* What is in flight may be torn still; all before it is durable. */
	p.open = t->promise.open;
	p.open_at = p.open ? t->published : 0;

	/* Refusing older epochs is the protocol's task. */
	assert(epoch > 0 && epoch >= t->promise.epoch);
	r = blockfile_broken(t->file);
	if (r < 0)
		return r;

	memcpy(p.nonce, nonce, sizeof(p.nonce));
	return write_promise_first(t, &p);
}

/* The promise first: its length must not lie behind the end of an empty file. */
static int empty_promise(struct textstore *t)
{
	struct promise p = t->promise;

	if (p.epoch == 0 || p.length == 0)
		return 0;

	p.length = 0;
	return must_write_promise(t, &p);
}

static int set_aside(struct textstore *t, struct buf *aside)
{
	struct catalog empty = { 0 };
	int r;

	r = catalog_init(&empty, t->key);
	if (r < 0)
		return r;
	r = empty_promise(t);
	if (r == 0)
		r = blockfile_set_aside(t->file, aside);
	if (r < 0) {
		catalog_done(&empty);
		return r;
	}

	catalog_done(&t->catalog);
	t->catalog = empty;
	lines_done(&t->lines);
	batch_clear(&t->batch);
	t->published = t->file->end;
	return blockfile_reserve(t->file);
}

static int text_begin_empty(struct store *s, char **ret_aside)
{
	_cleanup_(buf_done) struct buf aside = { 0 };
	struct textstore *t = of_store(s);
	char *name;
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	assert(!t->pending);
	if (catalog_count(&t->catalog) == 0) {
		*ret_aside = NULL;
		return 0;
	}

	r = set_aside(t, &aside);
	if (r < 0)
		return r;
	name = strndup((char *)aside.data, aside.len);
	if (!name)
		return -ENOMEM;
	*ret_aside = name;
	return 0;
}

/* How much to read at @e: also what comes next in the walk, if it is near. */
static size_t span_of(struct query_walk *w, const struct index_entry *e)
{
	uint64_t start = index_offset(e);
	uint64_t end = start + index_length(e);
	struct query_place here;
	uint64_t at;

	query_tell(w, &here);
	while ((e = query_next(w))) {
		at = index_offset(e);
		if (at < end || at - end > GAP_MAX ||
		    at + index_length(e) - start > LINES_WINDOW)
			break;
		end = at + index_length(e);
	}
	query_seek(w, &here);
	return (size_t)(end - start);
}

static int text_fetch(struct store *s, const struct store_query *q,
		      store_visit visit, void *arg)
{
	struct textstore *t = of_store(s);
	const struct index_entry *e;
	struct query_walk w;
	struct slice line;
	size_t span;
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;

	/* A verification wants to know what the file holds now. */
	lines_forget(&t->lines);
	query_start(&w, &t->catalog, q);
	while ((e = query_next(&w))) {
		span = lines_has(&t->lines, e) ? 0 : span_of(&w, e);
		r = lines_get_as_is(&t->lines, e, span, &line);
		if (r < 0)
			return r;
		if (!visit(arg, e->serial, line))
			break;
	}
	return 0;
}

/* 1: it was found and shown. */
static int find_id_in(struct textstore *t, const struct index *x,
		      struct slice id, uint64_t upto, store_visit visit,
		      void *arg)
{
	const struct index_entry *e;
	struct record record;
	struct slice line;
	size_t at;
	uint32_t i;
	int r;

	for (i = index_first_id(x, id, &at); i != INDEX_NONE;
	     i = index_next_id(x, id, &at)) {
		e = &x->entry[i];
		if (e->serial > upto)
			continue;
		r = lines_get_record(&t->lines, e, &line, &record);
		if (r < 0)
			return r;
		if (slice_equal(record.id, id)) {
			(void)visit(arg, e->serial, line);
			return 1;
		}
	}
	return 0;
}

static int text_find_id(struct store *s, struct slice id, uint64_t upto,
			store_visit visit, void *arg)
{
	struct textstore *t = of_store(s);
	int r;

	r = blockfile_broken(t->file);
	for (size_t i = 0; r == 0 && i < CATALOG_INDEXES; i++)
		r = find_id_in(t, t->catalog.index[i], id, upto, visit, arg);
	return r < 0 ? r : 0;
}

static int text_total(struct store *s, const struct store_query *q,
		      struct store_total *ret)
{
	struct textstore *t = of_store(s);
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	query_total(&t->catalog, q, ret);
	return 0;
}

static int text_partners(struct store *s, const struct store_query *q,
			 struct store_partner **ret, size_t *ret_count)
{
	struct textstore *t = of_store(s);
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	return query_partners(&t->catalog, q, ret, ret_count);
}

static int text_recheck(struct store *s)
{
	return blockfile_reserve(of_store(s)->file);
}

static const struct store_ops text_ops = {
	.close = text_close,
	.state = text_state,
	.append = text_append,
	.refill = text_refill,
	.sync = text_sync,
	.publish = text_publish,
	.promise = text_promise,
	.begin_empty = text_begin_empty,
	.fetch = text_fetch,
	.find_id = text_find_id,
	.total = text_total,
	.partners = text_partners,
	.recheck = text_recheck,
};

/* The file, held and locked; that it is no file at all is a fault. */
static int open_file(struct textstore *t, const char *path,
		     struct textstore_report *report)
{
	int r;

	r = blockfile_open(t->ops, path, &t->file);
	if (r != -EBADMSG)
		return r;
	r = buf_addf(&report->fault, "%s: expected a regular file", path);
	return r < 0 ? r : -EBADMSG;
}

static int read_promise(struct textstore *t, const char *path,
			struct textstore_report *report)
{
	if (asprintf(&t->promise_path, "%s" PROMISE_SUFFIX, path) < 0) {
		t->promise_path = NULL;
		return -ENOMEM;
	}
	return promise_read(t->ops, t->promise_path, &t->promise,
			    &report->fault);
}

/*
 * What is appended must not begin before the length in the promise: somebody
 * may have put a shorter file here since.  And what is loaded is durable.  Behind
 * an @unfinished batch b= would not tell that the next append begins.
 */
static int renew_promise(struct textstore *t, bool unfinished)
{
	struct promise p = t->promise;
	uint64_t end = t->file->end;

	if (p.length > end)
		p.length = end;
	p.open = p.open || unfinished;
	if (p.open)
		p.open_at = end;
	/* None was made yet, so nothing is sent to us: the first one tells. */
	if (p.epoch == 0) {
		t->promise = p;
		return 0;
	}
	if (p.length == t->promise.length && is_written(t, &p))
		return 0;
	return must_write_promise(t, &p);
}

static int load_file(struct textstore *t, struct textstore_report *report)
{
	bool unfinished;
	int r;

	r = load_block(t->file, t->catalog.index[CATALOG_UPPER], &t->promise,
		       report, &unfinished);
	if (r < 0)
		return r;
	t->published = t->file->end;
	r = renew_promise(t, unfinished);
	if (r < 0)
		return r;
	return blockfile_reserve(t->file);
}

int textstore_open(const struct fileops *ops, const char *path,
		   const uint8_t key[MAP_KEY_SIZE],
		   struct textstore_report *report, struct store **ret)
{
	_cleanup_(textstore_freep) struct textstore *t = NULL;
	int r;

	*report = (struct textstore_report){ 0 };
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->base.ops = &text_ops;
	t->ops = ops;

	r = open_file(t, path, report);
	if (r < 0)
		return r;
	t->lines.file = t->file;
	r = read_promise(t, path, report);
	if (r < 0)
		return r;
	memcpy(t->key, key, sizeof(t->key));
	r = catalog_init(&t->catalog, key);
	if (r < 0)
		return r;
	r = load_file(t, report);
	if (r < 0)
		return r;

	*ret = &TAKE_PTR(t)->base;
	return 0;
}
