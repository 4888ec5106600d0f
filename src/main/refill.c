/* SPDX-License-Identifier: MIT */
/*
 * A pass reads the records of a range from all backends, in the order of their
 * serials.  Where one is missing it goes into the parcel of a backend; when a
 * parcel is full, reading pauses until all of them have arrived.  What a pass
 * leaves unfinished the next one finds again: nothing is remembered between two.
 * A parcel of a pass that failed may still be on its way; so reading settles
 * what was sent before, or it could arrive behind what was read.
 *
 * It runs only while every backend answers: of one that is silent nobody knows
 * what it holds.
 *
 * A batch that stands or falls as one is held by each backend wholly or not at
 * all, whatever crashes.  So it goes into the same parcels with all its records,
 * whoever else could be drawn for one of them, and no pause comes between them.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/refill.h"
#include "main/stream.h"
#include "util/parse.h"

_Static_assert(RECORD_WHOLE_MAX < MESSAGE_FRAGMENTS_MAX,
	       "a whole batch fits a refill at any size of datagrams");
_Static_assert(ENGINE_GROUP_MAX <= RECORD_WHOLE_MAX, "a group is a batch");

static const struct shipment_ops parcel_ops;

void refill_init(struct engine *e)
{
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++)
		shipment_init(&e->refill.parcel[i].shipment);
}

static void end_pass(struct engine *e)
{
	struct refill *f = &e->refill;

	f->running = false;
	f->stream = stream_free(f->stream);
	for (size_t i = 0; i < ENGINE_BACKENDS_MAX; i++) {
		shipment_end(&f->parcel[i].shipment);
		buf_done(&f->parcel[i].lines);
	}
	f->sending = 0;
	survey_done(&f->found);
	irregulars_done(&f->irregulars);
}

void refill_done(struct engine *e)
{
	end_pass(e);
}

static void try_again(struct engine *e, int64_t pause)
{
	end_pass(e);
	e->refill.try_at = e->now + pause;
	engine_due(e, e->refill.try_at);
}

static void no_memory(struct engine *e)
{
	engine_stop(e, ENGINE_STOP_MEMORY, "Out of memory.");
}

/* Lines for those who lack a record. */

static void add_name(struct refill_names *n, struct slice name)
{
	struct slice so_far = { n->text, n->len };

	if (n->len && record_of_contains(so_far, name))
		return;
	/* There is room for the names of all backends but one. */
	if (n->len + 1 + name.len > sizeof(n->text))
		return;
	if (n->len)
		n->text[n->len++] = ',';
	memcpy(n->text + n->len, name.p, name.len);
	n->len += name.len;
}

static bool is_configured(const struct engine *e, struct slice name)
{
	for (size_t i = 0; i < e->links; i++)
		if (slice_equal(link_name(&e->link[i]), name))
			return true;
	return false;
}

/* Everybody who holds it, and everybody whom those stand behind. */
static void name_holders(const struct engine *e, const struct stream_record *r,
			 const struct holding *h, struct refill_names *ret)
{
	int first = survey_first(e, h);
	struct slice of;
	struct slice name;

	*ret = (struct refill_names){ .len = 0 };
	if (first >= 0 && (h->owners & UINT32_C(1) << first))
		add_name(ret, link_name(&e->link[first]));
	for (uint32_t left = r->copies; left; left &= left - 1) {
		of = r->of[__builtin_ctz(left)];
		while (record_next_of(&of, &name))
			if (is_configured(e, name))
				add_name(ret, name);
	}
	for (uint32_t left = h->holders; left; left &= left - 1)
		add_name(ret, link_name(&e->link[__builtin_ctz(left)]));
}

static int put_line(struct refill *f, unsigned to, const struct record *r,
		    const struct refill_names *of)
{
	struct parcel *p = &f->parcel[to];
	char hex[CHAIN_HEX_SIZE];
	int e;

	if (!p->lines.len) {
		p->shipment.first = r->serial;
		p->shipment.records = 0;
	}
	format_hex(f->hash, CHAIN_HASH_SIZE, hex);
	e = buf_add(&p->lines, r->body.p, r->body.len);
	if (e == 0)
		e = buf_addf(&p->lines, " h=%.*s%s%.*s\n", (int)sizeof(hex),
			     hex, of->len ? " of=" : "", (int)of->len,
			     of->text);
	p->shipment.records++;
	p->last = r->serial;
	f->records++;
	f->paused |= p->lines.len >= REFILL_BYTES_MAX ||
		     p->shipment.records >= RECORD_BATCH_MAX;
	return e;
}

static void now_holds(struct engine *e, struct holding *h, unsigned backend,
		      const struct refill_names *of)
{
	uint32_t bit = UINT32_C(1) << backend;
	struct slice text = { of->text, of->len };

	h->holders |= bit;
	if (!of->len) {
		h->owners |= bit;
		return;
	}
	h->copies |= bit;
	h->behind[backend] = 0;
	for (unsigned i = 0; i < e->links; i++)
		if (record_of_contains(text, link_name(&e->link[i])))
			h->behind[backend] |= UINT32_C(1) << i;
}

static int give(struct engine *e, struct holding *h, unsigned to,
		const struct record *r, const struct refill_names *of)
{
	struct refill *f = &e->refill;
	int error = put_line(f, to, r, of);

	if (error < 0)
		return error;
	now_holds(e, h, to, of);
	/* Nobody is given the same record twice. */
	f->gift[f->gifts].to = to;
	f->gift[f->gifts++].of = *of;
	return 0;
}

static bool takes_refills(const struct link *l)
{
	return link_usable(l) && !l->full;
}

/*
 * A backend that begins anew lacks what was its own, or what it kept for those
 * named before it: it gets that back, so that who stands behind it counts right.
 */
static int give_back(struct engine *e, const struct stream_record *r,
		     struct holding *h)
{
	uint32_t owing = survey_owing(e, h);
	struct refill_names before = { .len = 0 };
	struct slice of;
	struct slice name;
	int error = 0;

	if (!owing)
		return 0;
	of = r->of[__builtin_ctz(r->copies)];
	while (error == 0 && record_next_of(&of, &name)) {
		for (unsigned i = 0; error == 0 && i < e->links; i++) {
			const struct link *l = &e->link[i];

			if (!(owing & UINT32_C(1) << i) ||
			    !slice_equal(link_name(l), name))
				continue;
			if (takes_refills(l))
				error = give(e, h, i, &r->record, &before);
			else
				e->refill.short_of = true;
		}
		if (is_configured(e, name))
			add_name(&before, name);
	}
	return error;
}

/* Draw one that does not have it; -1: none. */
static int draw(struct engine *e, uint32_t holders)
{
	unsigned candidate[ENGINE_BACKENDS_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < e->links; i++)
		if (!(holders & UINT32_C(1) << i) &&
		    takes_refills(&e->link[i]))
			candidate[n++] = i;
	return n ? (int)candidate[rng_below(&e->rng, n)] : -1;
}

static int give_more(struct engine *e, const struct stream_record *r,
		     struct holding *h)
{
	int error = 0;

	while (error == 0 &&
	       (uint32_t)__builtin_popcount(h->holders) < e->copies) {
		struct refill_names of;
		int to = draw(e, h->holders);

		if (to < 0) {
			e->refill.short_of = true;
			return 0;
		}
		name_holders(e, r, h, &of);
		error = give(e, h, (unsigned)to, &r->record, &of);
	}
	return error;
}

/* The record before, of the same whole batch, went there: this one too. */
static int give_alike(struct engine *e, const struct record *r,
		      struct holding *h)
{
	struct refill *f = &e->refill;
	int error = 0;

	for (size_t i = 0; error == 0 && i < f->gifts; i++) {
		error = put_line(f, f->gift[i].to, r, &f->gift[i].of);
		if (error == 0)
			now_holds(e, h, f->gift[i].to, &f->gift[i].of);
	}
	return error;
}

static int share_out(struct engine *e, const struct stream_record *r,
		     struct holding *h)
{
	struct refill *f = &e->refill;
	bool within = whole_partial(&f->group) > 0;
	int error;

	if (whole_take(&f->group, &r->record) && within)
		return give_alike(e, &r->record, h);
	f->gifts = 0;
	error = give_back(e, r, h);
	return error < 0 ? error : give_more(e, r, h);
}

/* Reading. */

/* The pass begins within a whole batch?  Then it begins before it. */
static bool is_begun_before(const struct refill *f, const struct record *r)
{
	return r->whole && !whole_partial(&f->group) &&
	       r->serial >= r->batch_position &&
	       r->serial - r->batch_position < f->begun;
}

/* A whole batch begins: do the parcels have room for the longest that it can be? */
static bool is_room_for(const struct engine *e, const struct record *r)
{
	size_t longest = (size_t)r->batch_size * (RECORD_LINE_MAX + 1);

	if (!r->whole || whole_partial(&e->refill.group))
		return true;
	for (size_t i = 0; i < e->links; i++) {
		const struct parcel *p = &e->refill.parcel[i];

		if (p->lines.len &&
		    (p->lines.len + longest > REFILL_BYTES_MAX ||
		     p->shipment.records + r->batch_size > RECORD_BATCH_MAX))
			return false;
	}
	return true;
}

/* The chain's hash behind @r, stored or worked out. */
static void follow_chain(struct refill *f, const struct record *r)
{
	if (r->sealed)
		memcpy(f->hash, r->hash, sizeof(f->hash));
	else
		chain_step(f->hash, r->body, f->hash);
}

static bool take_record(void *arg, const struct stream_record *r)
{
	struct engine *e = arg;
	struct refill *f = &e->refill;
	struct holding h;
	int error;

	if (is_begun_before(f, &r->record)) {
		f->begun = r->record.serial - r->record.batch_position;
		f->read = f->begun;
		f->paused = true;
		return false;
	}
	if (!is_room_for(e, &r->record)) {
		f->paused = true;
		return false;
	}
	follow_chain(f, &r->record);
	survey_read(e, r, &h);
	error = share_out(e, r, &h);
	if (error == 0)
		error = survey_add(e, &f->found, &f->irregulars,
				   r->record.serial, &h);
	if (error < 0) {
		no_memory(e);
		return false;
	}
	f->read = r->record.serial;
	return !f->paused || whole_partial(&f->group);
}

static void arrived(struct engine *e);

static void send_parcels(struct engine *e)
{
	struct refill *f = &e->refill;

	for (unsigned i = 0; i < e->links; i++)
		if (f->parcel[i].lines.len)
			f->sending |= UINT32_C(1) << i;
	if (!f->sending) {
		arrived(e);
		return;
	}
	checkpoint_unsure(e);
	for (unsigned i = 0; i < e->links && f->running; i++) {
		struct parcel *p = &f->parcel[i];

		if (!p->lines.len)
			continue;
		p->shipment.lines = &p->lines;
		p->shipment.refill = true;
		shipment_send(&p->shipment, &e->link[i], &parcel_ops);
	}
}

static void read_to_the_end(void *arg, enum stream_end how, const char *missing)
{
	struct engine *e = arg;
	struct refill *f = &e->refill;

	(void)missing;
	f->stream = stream_free(f->stream);
	if (how != STREAM_COMPLETE) {
		try_again(e, REFILL_PAUSE);
		return;
	}
	if (!f->paused)
		f->read = f->upto;
	send_parcels(e);
}

static const struct stream_ops read_ops = {
	.record = take_record,
	.ended = read_to_the_end,
};

static void read_on(struct engine *e)
{
	struct refill *f = &e->refill;
	struct stream_query q = { .after = f->after,
				  .upto = f->upto,
				  .everything = true,
				  .all = true,
				  .settle = true,
				  .gentle = !f->opening };

	f->paused = false;
	if (stream_new(e, &q, &read_ops, e, &f->stream) < 0)
		no_memory(e);
	else
		stream_start(f->stream);
}

/* Sending. */

static struct link *parcel_link(struct shipment *s)
{
	return s->call.link;
}

static void parcel_durable(struct shipment *s)
{
	struct link *l = parcel_link(s);
	struct engine *e = l->engine;

	/* What it has acknowledged is missed, should it lose it. */
	if (e->refill.parcel[l->index].last > l->last_serial)
		l->last_serial = e->refill.parcel[l->index].last;
	buf_clear(&e->refill.parcel[l->index].lines);
	e->refill.sending &= ~(UINT32_C(1) << l->index);
	if (!e->refill.sending)
		arrived(e);
}

static void parcel_refused(struct shipment *s, enum message_error_code code,
			   struct slice sentence)
{
	struct link *l = parcel_link(s);
	struct engine *e = l->engine;

	if (code == MESSAGE_ERROR_CONFLICT) {
		engine_stop(e, ENGINE_STOP_INTEGRITY,
			    "Backend %s holds other records past serial %" PRIu64
			    ": %.*s",
			    l->name, s->first, SLICE_ARG(sentence));
		return;
	}
	link_full(l, sentence);
	try_again(e, REFILL_PAUSE);
}

static void parcel_failed(struct shipment *s)
{
	try_again(parcel_link(s)->engine, REFILL_PAUSE);
}

static const struct shipment_ops parcel_ops = {
	.durable = parcel_durable,
	.refused = parcel_refused,
	.failed = parcel_failed,
};

/* Passes. */

static void opened(struct engine *e)
{
	e->refill.opening = false;
	recovery_opened(e);
}

static void pass_over(struct engine *e)
{
	struct refill *f = &e->refill;
	struct survey *of = f->opening ? &e->last_batch : &e->history;
	bool again = f->short_of;
	int error;

	error = irregulars_replace(&e->irregulars, f->begun, f->upto,
				   &f->irregulars);
	if (error < 0) {
		no_memory(e);
		return;
	}
	survey_done(of);
	*of = f->found;
	f->found = (struct survey){ 0 };
	if (again) {
		/* The whole of it is read again: not every second. */
		try_again(e, f->opening ? REFILL_PAUSE : REFILL_PAUSE_FULL);
		return;
	}
	end_pass(e);
	if (f->opening) {
		opened(e);
		return;
	}
	f->wanted = false;
	if (e->copies > 1)
		engine_log(e, LOG_NOTICE, LOG_EVENT_NONE, NULL,
			   "Every transaction is on %" PRIu32 " backends.",
			   e->copies);
	placement_retry(e);
	e->io.state_changed(e->io.ctx);
}

/* All parcels are on their disks: read on, or be done. */
static void arrived(struct engine *e)
{
	struct refill *f = &e->refill;

	f->after = f->read;
	if (f->after < f->upto)
		read_on(e);
	else
		pass_over(e);
}

static bool all_usable(const struct engine *e)
{
	for (size_t i = 0; i < e->links; i++)
		if (!e->link[i].lost && !link_usable(&e->link[i]))
			return false;
	return true;
}

static void begin_pass(struct engine *e, uint64_t after, uint64_t upto)
{
	struct refill *f = &e->refill;

	/* Old records may have no hash: it comes from the chain before them. */
	if (after < e->newest_old)
		after = 0;
	memset(f->hash, 0, sizeof(f->hash));
	f->group = (struct whole){ 0 };
	f->begun = after;
	f->after = after;
	f->upto = upto;
	f->short_of = false;
	f->running = true;
	read_on(e);
}

static void begin(struct engine *e)
{
	struct refill *f = &e->refill;
	uint64_t first = e->history.first;

	if (f->opening)
		begin_pass(e, e->last_batch_first - 1, ledger_serial(e->ledger));
	else
		begin_pass(e, first - 1, e->last_batch_first - 1);
}

int64_t refill_tick(struct engine *e)
{
	struct refill *f = &e->refill;

	if (f->running || !(f->opening || f->wanted))
		return INT64_MAX;
	if (e->now < f->try_at)
		return f->try_at;
	if (!all_usable(e)) {
		f->try_at = e->now + REFILL_PAUSE;
		return f->try_at;
	}
	begin(e);
	return f->running ? INT64_MAX : f->try_at;
}

void refill_last_batch(struct engine *e)
{
	if (!e->last_batch.first) {
		opened(e);
		return;
	}
	e->refill.opening = true;
	engine_due(e, e->now);
}

void refill_rest(struct engine *e)
{
	if (!e->history.first)
		return;
	e->refill.wanted = true;
	engine_due(e, e->now);
	if (survey_thin(&e->history))
		engine_log(e, LOG_NOTICE, LOG_EVENT_NONE, NULL,
			   "%" PRIu64 " transactions are on fewer than %" PRIu32
			   " backends; they are being copied.",
			   survey_thin(&e->history), e->copies);
}
