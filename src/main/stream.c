/* SPDX-License-Identifier: MIT */
/*
 * Records of all backends, merged by serial.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/outcome.h"
#include "main/stream.h"

/* Ask for more when less than this is left to take. */
#define LOW_WATER 32768
/*
 * Bytes at once of a gentle stream.  The answer to an order stands behind them
 * in the same socket, and this process reads them in one turn.
 */
#define GENTLE_BURST 16384

/* One backend's part. */
struct branch {
	struct call call;
	struct stream *stream;
	bool ended; /* nothing more will come */
	uint64_t covered; /* has sent all up to here */
	uint64_t read; /* serial of the newest head */
	uint16_t pages; /* datagrams to ask for at once */
	struct message_filter filter;
	struct buf lines;
	size_t taken;
	bool has_head;
	struct record head; /* into lines */
};

struct stream {
	struct engine *engine;
	const struct stream_ops *ops;
	void *arg;
	uint64_t after;
	uint64_t upto;
	char *user;
	char *id;
	size_t user_len;
	size_t id_len;
	bool columns;
	bool everything;
	bool all;
	bool settle;
	bool endless;
	bool gentle;
	uint64_t given; /* serial of the last record given */
	bool pumping;
	bool again; /* the pump must look at all branches once more */
	bool over; /* ended() was called, or will be when the pump stops */
	enum stream_end how;
	const char *missing;
	bool faulty; /* fault() instead, with these */
	uint64_t fault_serial;
	char fault[OUTCOME_SENTENCE_SIZE];
	struct slice of[ENGINE_BACKENDS_MAX]; /* on the heads given last */
	struct branch branch[ENGINE_BACKENDS_MAX];
};

static const struct call_ops fetch_ops;

static int copy_slice(struct slice s, char **ret, size_t *ret_len)
{
	*ret_len = s.len;
	*ret = NULL;
	if (!s.len)
		return 0;
	*ret = malloc(s.len);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, s.p, s.len);
	return 0;
}

int stream_new(struct engine *e, const struct stream_query *q,
	       const struct stream_ops *ops, void *arg, struct stream **ret)
{
	_cleanup_(stream_freep) struct stream *s = NULL;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->engine = e;
	s->ops = ops;
	s->arg = arg;
	s->after = q->after;
	s->upto = q->upto;
	s->columns = q->columns;
	s->everything = q->everything;
	s->all = q->all;
	s->settle = q->settle;
	s->given = q->after;
	s->endless = q->endless;
	s->gentle = q->gentle;
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		s->branch[i].stream = s;
		list_init(&s->branch[i].call.node);
	}
	r = copy_slice(q->user, &s->user, &s->user_len);
	if (r < 0)
		return r;
	r = copy_slice(q->id, &s->id, &s->id_len);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

struct stream *stream_free(struct stream *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		call_end(&s->branch[i].call);
		buf_done(&s->branch[i].lines);
	}
	free(s->user);
	free(s->id);
	free(s);
	return NULL;
}

static void say_end(struct stream *s)
{
	if (s->faulty)
		s->ops->fault(s->arg, s->fault_serial, s->fault);
	else
		s->ops->ended(s->arg, s->how, s->missing);
}

/*
 * ended() may free the stream: nothing may touch it afterwards, so the pump
 * says it last.
 */
static void finish(struct stream *s, enum stream_end how, const char *missing)
{
	if (s->over)
		return;
	s->over = true;
	s->how = how;
	s->missing = missing;
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		call_end(&s->branch[i].call);
	if (!s->pumping)
		say_end(s);
}

/* What the backends hold cannot be a history; only seen by the pump. */
static void _printf_(3, 4) contradict(struct stream *s, uint64_t serial,
				      const char *format, ...)
{
	va_list args;

	if (s->over)
		return;
	va_start(args, format);
	(void)vsnprintf(s->fault, sizeof(s->fault), format, args);
	va_end(args);
	s->fault_serial = serial;
	s->faulty = true;
	if (s->ops->fault)
		finish(s, STREAM_COMPLETE, NULL);
	else
		engine_stop(s->engine, ENGINE_STOP_INTEGRITY, "%s", s->fault);
}

/* Fetching. */

static struct link *branch_link(const struct branch *b)
{
	return &b->stream->engine->link[b - b->stream->branch];
}

static uint32_t page_room(const struct stream *s, const struct link *l)
{
	return s->gentle && l->room > GENTLE_BURST ? GENTLE_BURST : l->room;
}

static void fetch_transmit(struct call *c)
{
	struct branch *b = list_entry(c, struct branch, call);
	const struct stream *s = b->stream;
	struct message_fetch m = {
		.after = b->covered,
		.upto = s->upto,
		.room = (uint16_t)page_room(s, c->link),
		.user = { s->user, s->user_len },
		.id = { s->id, s->id_len },
		.columns = s->columns,
		.settle = s->settle,
	};
	struct writer w = call_writer(c);

	/* Asked again: fewer at once get through where many did not. */
	if (c->tries > 1 && b->pages > 1)
		b->pages /= 2;
	m.pages = b->pages;
	m.filter = b->filter;
	message_put_fetch(&w, &m);
	call_send(c, FRAME_FETCH, 0, &w);
}

static void fetch_more(struct branch *b)
{
	struct stream *s = b->stream;

	if (b->ended || call_outstanding(&b->call))
		return;
	if (b->lines.len - b->taken > LOW_WATER)
		return;
	call_start(&b->call, branch_link(b), &fetch_ops,
		   s->endless ? INT64_MAX : s->engine->request_timeout,
		   s->endless ? PATIENCE_ENDLESS : LINK_PATIENCE, false);
}

static uint16_t most_pages(const struct stream *s, const struct link *l)
{
	uint32_t pages = l->window / (l->room + 1024);

	if (s->gentle && pages > GENTLE_BURST / page_room(s, l))
		pages = GENTLE_BURST / page_room(s, l);
	if (pages < 1)
		return 1;
	return (uint16_t)(pages < MESSAGE_PAGES_MAX ? pages :
						      MESSAGE_PAGES_MAX);
}

/* All came at the first attempt: ask for more at once. */
static void widen(struct branch *b)
{
	uint16_t most = most_pages(b->stream, branch_link(b));

	b->pages = b->pages < most / 2 ? (uint16_t)(2 * b->pages) : most;
}

/* Merging. */

static void no_record(const struct branch *b, const char *what)
{
	contradict(b->stream, 0,
		   "Backend %s: the record behind serial %" PRIu64 ": %s.",
		   branch_link(b)->name, b->read, what);
}

/* The next line of a branch becomes its head.  False: none is here. */
static bool load_head(struct branch *b)
{
	size_t left = b->lines.len - b->taken;
	const char *newline;
	const char *start;
	const char *fault;
	struct slice line;

	if (b->has_head)
		return true;
	if (!left)
		return false;
	start = (const char *)b->lines.data + b->taken;
	newline = memchr(start, '\n', left);
	if (!newline) {
		no_record(b, "a page ends inside a line");
		return false;
	}
	line = (struct slice){ start, (size_t)(newline - start) };
	if (record_parse(line, &b->head, &fault) < 0) {
		no_record(b, fault);
		return false;
	}
	b->taken += line.len + 1;
	b->has_head = true;
	b->read = b->head.serial;
	return true;
}

/* All heads that are not at an end known, the lowest serial in *ret.  */
static bool lowest_head(struct stream *s, struct branch **ret)
{
	struct branch *lowest = NULL;

	for (size_t i = 0; i < s->engine->links; i++) {
		struct branch *b = &s->branch[i];

		if (load_head(b)) {
			if (!lowest || b->head.serial < lowest->head.serial)
				lowest = b;
			continue;
		}
		if (!b->ended)
			return false;
	}
	*ret = lowest;
	return true;
}

static void add_holder(struct stream_record *r, const struct branch *b)
{
	uint32_t bit = UINT32_C(1) << (b - b->stream->branch);

	b->stream->of[b - b->stream->branch] = b->head.of;
	if (b->head.of.len)
		r->copies |= bit;
	else
		r->owners |= bit;
}

/* Take the record with the lowest serial from all branches that have it. */
static bool gather(struct stream *s, struct branch *lowest,
		   struct stream_record *ret)
{
	*ret = (struct stream_record){ .record = lowest->head, .of = s->of };
	s->given = lowest->head.serial;
	for (size_t i = 0; i < s->engine->links; i++) {
		struct branch *b = &s->branch[i];

		if (!b->has_head || b->head.serial != ret->record.serial)
			continue;
		if (b != lowest && !record_same(&b->head, &ret->record)) {
			contradict(s, ret->record.serial,
				   "Serial %" PRIu64 " has different contents "
				   "on backends %s and %s.",
				   ret->record.serial,
				   branch_link(lowest)->name,
				   branch_link(b)->name);
			return false;
		}
		/* Of an old record, one that bears its hash, to be tried. */
		if (b->head.sealed && !ret->record.sealed)
			ret->record = b->head;
		add_holder(ret, b);
		b->has_head = false;
	}
	return true;
}

/* Drop lines that were taken; not while a head points into them. */
static void compact(struct branch *b)
{
	if (b->has_head)
		return;
	if (b->taken == b->lines.len)
		buf_clear(&b->lines);
	else
		buf_drop(&b->lines, b->taken);
	b->taken = 0;
}

static void give_records(struct stream *s)
{
	struct engine *e = s->engine;
	struct branch *lowest;

	while (e->phase != PHASE_STOPPED && lowest_head(s, &lowest)) {
		struct stream_record r;

		if (e->phase == PHASE_STOPPED || s->over ||
		    (lowest && !gather(s, lowest, &r)))
			break;
		if (!lowest || !s->ops->record(s->arg, &r)) {
			finish(s, STREAM_COMPLETE, NULL);
			break;
		}
	}
}

/* Give what is whole; ask for more.  The stream may be gone afterwards. */
static void pump(struct stream *s)
{
	struct engine *e = s->engine;

	if (s->pumping || s->over)
		return;
	s->pumping = true;
	do {
		s->again = false;
		give_records(s);
		for (size_t i = 0; i < e->links && !s->over; i++)
			if (e->phase != PHASE_STOPPED)
				fetch_more(&s->branch[i]);
	} while (s->again && !s->over && e->phase != PHASE_STOPPED);
	s->pumping = false;
	if (s->over && e->phase != PHASE_STOPPED)
		say_end(s);
}

/* Lines of a page move in behind those that wait; heads point elsewhere then. */
static int keep_lines(struct branch *b, struct slice lines)
{
	if (!b->has_head) {
		compact(b);
		return buf_add(&b->lines, lines.p, lines.len);
	}
	/* The head's line is read again from its new place. */
	b->has_head = false;
	b->taken = (size_t)(b->head.body.p - (const char *)b->lines.data);
	compact(b);
	return buf_add(&b->lines, lines.p, lines.len);
}

static void fetch_answer(struct call *c, const struct frame *f)
{
	struct branch *b = list_entry(c, struct branch, call);
	struct stream *s = b->stream;
	struct message_records m;
	bool again = c->tries > 1;

	if (f->type != FRAME_RECORDS || f->epoch != s->engine->epoch ||
	    message_get_records(f->payload, &m) < 0)
		return;
	/* A page that was here before, or one behind a lost one. */
	if (m.after != b->covered || (m.covered <= m.after && !m.end))
		return;
	if (keep_lines(b, m.lines) < 0) {
		engine_stop(s->engine, ENGINE_STOP_MEMORY, "Out of memory.");
		return;
	}
	b->covered = m.covered;
	b->ended = m.end;
	if (m.last || m.end) {
		call_end(c);
		if (!again)
			widen(b);
	} else {
		call_progress(c);
	}
	pump(s);
}

/*
 * Ask all but those in @absent for what comes behind the last record given; of
 * an answer all parts must go by the same @absent.
 */
static void begin(struct stream *s, uint32_t absent)
{
	struct engine *e = s->engine;
	bool named = !s->everything;

	for (unsigned i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		struct branch *b = &s->branch[i];

		call_end(&b->call);
		buf_clear(&b->lines);
		b->taken = 0;
		b->has_head = false;
		b->covered = s->given;
		b->read = s->given;
		b->pages = 1;
		/* One that joins later has nothing of what is asked for. */
		b->ended = i >= e->links || absent & (UINT32_C(1) << i);
		if (i >= e->links)
			continue;
		named = named && engine_filter(e, i, s->after, s->upto, absent,
					       &b->filter);
	}
	/* Too many to name: identical ones are dropped here. */
	for (unsigned i = 0; i < e->links && !named; i++)
		s->branch[i].filter =
			(struct message_filter){ .everything = true };
	s->again = true;
	pump(s);
}

/* A backend is gone: copies of what it has may do. */
static void fetch_failed(struct call *c)
{
	struct branch *b = list_entry(c, struct branch, call);
	struct stream *s = b->stream;
	struct engine *e = s->engine;
	const struct link *missing;

	if (!s->all && link_hopeless(c->link) && engine_complete(e, &missing))
		begin(s, engine_absent(e));
	else
		finish(s, STREAM_UNAVAILABLE, c->link->name);
}

static const struct call_ops fetch_ops = {
	.transmit = fetch_transmit,
	.answer = fetch_answer,
	.failed = fetch_failed,
};

void stream_start(struct stream *s)
{
	struct engine *e = s->engine;
	const struct link *missing;

	if (s->all)
		begin(s, ~survey_present(e));
	else if (engine_complete(e, &missing))
		begin(s, engine_absent(e));
	else
		finish(s, STREAM_UNAVAILABLE, missing->name);
}
