/* SPDX-License-Identifier: MIT */
/*
 * The calls of store.h over a block file and its index.  Everything but sync()
 * belongs to one thread; sync() touches the descriptor and nothing else.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "store/batch.h"
#include "store/blockfile.h"
#include "store/index.h"
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
	struct index *index;
	struct lines lines;
	struct batch batch;
	bool pending; /* the batch is in the file, but not in the index */
	uint64_t published; /* the length of the file without it */
	char *promise_path;
	struct promise promise;
};

static struct textstore *textstore_free(struct textstore *t)
{
	if (!t)
		return NULL;

	lines_done(&t->lines);
	batch_done(&t->batch);
	index_free(t->index);
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
		.last_serial = index_last_serial(t->index),
		.records = t->index->count,
		.epoch = t->promise.epoch,
		.full = t->file->full,
	};
	memcpy(ret->nonce, t->promise.nonce, sizeof(ret->nonce));
}

static int text_append(struct store *s, uint64_t first, uint32_t records,
		       struct slice of, struct slice lines, bool *ret_held)
{
	struct textstore *t = of_store(s);
	struct slice text;
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	assert(!t->pending);
	r = batch_stage(&t->batch, t->index, &t->lines, t->file->end, first,
			records, of, lines);
	if (r < 0)
		return r;
	if (t->batch.count == 0) {
		*ret_held = true;
		return 0;
	}

	text = (struct slice){ (char *)t->batch.text.data, t->batch.text.len };
	r = blockfile_append(t->file, text);
	if (r < 0)
		return r;
	t->pending = true;
	*ret_held = false;
	return 0;
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
	r = index_add(t->index, t->batch.item, t->batch.count);
	if (r < 0)
		return r;

	batch_clear(&t->batch);
	t->pending = false;
	t->published = t->file->end;
	return 0;
}

static int write_promise(struct textstore *t, const struct promise *p)
{
	int r;

	r = promise_write(t->ops, t->promise_path, p);
	if (r < 0)
		return blockfile_break(t->file, r);

	t->promise = *p;
	return 0;
}

static int text_promise(struct store *s, uint64_t epoch,
			const uint8_t nonce[STORE_NONCE_SIZE])
{
	struct textstore *t = of_store(s);
	struct promise p = { .epoch = epoch, .length = t->published };
	int r;

	/* Refusing older epochs is the protocol's task. */
	assert(epoch > 0 && epoch >= t->promise.epoch);
	r = blockfile_broken(t->file);
	if (r < 0)
		return r;

	memcpy(p.nonce, nonce, sizeof(p.nonce));
	return write_promise(t, &p);
}

/* How much to read at @e: also what comes next in the walk, if it is near. */
static size_t span_of(const struct query_walk *w, const struct index_entry *e)
{
	struct query_walk ahead = *w;
	uint64_t start = index_offset(e);
	uint64_t end = start + index_length(e);
	uint64_t at;
	uint32_t i;

	while (query_next(&ahead, &i)) {
		e = &w->index->entry[i];
		at = index_offset(e);
		if (at < end || at - end > GAP_MAX ||
		    at + index_length(e) - start > LINES_WINDOW)
			break;
		end = at + index_length(e);
	}
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
	uint32_t i;
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;

	query_start(&w, t->index, q);
	while (query_next(&w, &i)) {
		e = &t->index->entry[i];
		span = lines_has(&t->lines, e) ? 0 : span_of(&w, e);
		r = lines_get(&t->lines, e, span, &line);
		if (r < 0)
			return r;
		if (!visit(arg, e->serial, line))
			break;
	}
	return 0;
}

static int text_find_id(struct store *s, struct slice id, uint64_t upto,
			store_visit visit, void *arg)
{
	struct textstore *t = of_store(s);
	const struct index_entry *e;
	struct record record;
	struct slice line;
	size_t at;
	uint32_t i;
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;

	for (i = index_first_id(t->index, id, &at); i != INDEX_NONE;
	     i = index_next_id(t->index, id, &at)) {
		e = &t->index->entry[i];
		if (e->serial > upto)
			continue;
		r = lines_get_record(&t->lines, e, &line, &record);
		if (r < 0)
			return r;
		if (slice_equal(record.id, id)) {
			(void)visit(arg, e->serial, line);
			return 0;
		}
	}
	return 0;
}

static int text_total(struct store *s, const struct store_query *q,
		      struct store_total *ret)
{
	struct textstore *t = of_store(s);
	int r;

	r = blockfile_broken(t->file);
	if (r < 0)
		return r;
	query_total(t->index, q, ret);
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
	return query_partners(t->index, q, ret, ret_count);
}

static int text_recheck(struct store *s)
{
	return blockfile_reserve(of_store(s)->file);
}

static const struct store_ops text_ops = {
	.close = text_close,
	.state = text_state,
	.append = text_append,
	.sync = text_sync,
	.publish = text_publish,
	.promise = text_promise,
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
 * may have put a shorter file here since.
 */
static int renew_promise(struct textstore *t)
{
	struct promise p = t->promise;

	if (p.epoch == 0 || p.length <= t->file->end)
		return 0;

	p.length = t->file->end;
	return write_promise(t, &p);
}

static int load_file(struct textstore *t, struct textstore_report *report)
{
	uint64_t promised = t->promise.epoch ? t->promise.length : UINT64_MAX;
	int r;

	r = load_block(t->file, t->index, promised, report);
	if (r < 0)
		return r;
	t->published = t->file->end;
	r = renew_promise(t);
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
	r = index_new(key, &t->index);
	if (r < 0)
		return r;
	r = load_file(t, report);
	if (r < 0)
		return r;

	*ret = &TAKE_PTR(t)->base;
	return 0;
}
