/* SPDX-License-Identifier: MIT */
/*
 * Judges every datagram that the responder sends.  One function for each kind
 * of answer.
 */
#include "config.h"

#include "util/cleanup.h"
#include "util/parse.h"

#include "fuzz.h"
#include "witness.h"
#include "world.h"

static bool is_request(const struct asked *a, enum frame_type type)
{
	return a->authentic && a->f.type == type;
}

static uint64_t promised(const struct world *w)
{
	struct store_state state;

	w->store->ops->state(w->store, &state);
	return state.epoch;
}

/* What was asked. */

/* FNV-1a: who sends one thing and then another must not get away with it. */
static uint64_t digest(struct slice s)
{
	uint64_t d = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.len; i++)
		d = (d ^ (uint8_t)s.p[i]) * UINT64_C(0x100000001b3);
	return d;
}

static bool is_same_line(const struct asked_line *a, const struct asked_line *b)
{
	return a->request == b->request && a->first == b->first &&
	       a->serial == b->serial && a->body == b->body;
}

static void note_line(struct world *w, const struct asked_line *l)
{
	for (size_t i = 0; i < w->lines; i++)
		if (is_same_line(&w->line[i], l))
			return;
	fuzz_check(w->lines < WORLD_LINES_MAX);
	w->line[w->lines++] = *l;
}

static void note_append(struct world *w, const struct message_append *m)
{
	struct slice rest = m->lines;
	struct reading_line l;
	struct slice line;

	w->refilled = w->refilled || m->refill;
	while (reading_next(&rest, &line))
		if (reading_line(line, &l))
			note_line(w, &(struct asked_line){ w->asked.f.request,
							   m->first, l.serial,
							   digest(l.body) });
}

/* A filter as the store takes it; borrows from the message. */
static struct store_filter filter_of(struct asked *a,
				     const struct message_filter *m)
{
	for (size_t i = 0; i < m->ranges; i++)
		a->range[i] =
			(struct store_range){ m->range[i].from, m->range[i].to,
					      m->range[i].take };
	return (struct store_filter){
		.everything = m->everything,
		.absent = m->absent,
		.absents = m->absents,
		.range = a->range,
		.ranges = m->ranges,
	};
}

static void understand_fetch(struct asked *a)
{
	struct message_fetch *m = &a->fetch;

	a->understood = message_get_fetch(a->f.payload, m) == 0;
	a->covered = m->after;
	a->query = (struct store_query){
		.after = m->after,
		.upto = m->upto,
		.user = m->user,
		.filter = filter_of(a, &m->filter),
	};
	/* One with an id is looked for whoever counts it. */
	if (m->id.len > 0)
		a->query = (struct store_query){
			.after = m->after,
			.upto = m->upto,
			.filter.everything = true,
		};
}

static void understand_stats(struct asked *a)
{
	struct message_stats *m = &a->stats;

	a->understood = message_get_stats(a->f.payload, m) == 0;
	a->query = (struct store_query){
		.upto = m->upto,
		.user = m->user,
		.filter = filter_of(a, &m->filter),
	};
}

static void understand_sum(struct asked *a)
{
	static struct message_sum m;

	a->understood = message_get_sum(a->f.payload, &m) == 0;
	a->query = (struct store_query){
		.after = m.after,
		.upto = m.upto,
		.user = m.user,
		.filter = filter_of(a, &m.filter),
	};
}

static void understand_append(struct world *w)
{
	struct asked *a = &w->asked;

	a->understood = message_get_append(a->f.payload, &a->append) == 0;
	if (a->understood)
		note_append(w, &a->append);
}

/* Declared lost, and not served since: then it is to begin empty. */
static void understand_claim(struct world *w)
{
	struct asked *a = &w->asked;

	a->understood = message_get_claim(a->f.payload, &a->claim) == 0;
	w->may_empty = a->understood && a->claim.lost_in > 0 &&
		       a->f.epoch > a->promised &&
		       a->promised <= a->claim.lost_in;
}

static void understand(struct world *w)
{
	struct asked *a = &w->asked;

	if (a->f.type == FRAME_FETCH)
		understand_fetch(a);
	else if (a->f.type == FRAME_STATS)
		understand_stats(a);
	else if (a->f.type == FRAME_SUM)
		understand_sum(a);
	else if (a->f.type == FRAME_APPEND)
		understand_append(w);
	else if (a->f.type == FRAME_CLAIM)
		understand_claim(w);
}

/* What only a backend sends is not for one. */
static bool asks(enum frame_type type)
{
	return type == FRAME_PING || type == FRAME_CLAIM ||
	       type == FRAME_APPEND || type == FRAME_FETCH ||
	       type == FRAME_STATS || type == FRAME_SUM;
}

void witness_hears(struct world *w, uint8_t peer, struct slice datagram)
{
	struct asked *a = &w->asked;

	*a = (struct asked){ .peer = peer, .promised = promised(w) };
	/* Nobody listens any more: what was begun stays begun. */
	if (w->fatal)
		return;
	w->may_empty = false;
	a->authentic = frame_decode(datagram, &w->key, &a->f) == FRAME_GOOD &&
		       slice_equal(a->f.block, slice_of(WORLD_BLOCK));
	if (a->authentic)
		understand(w);
	if (!a->authentic || !asks(a->f.type))
		w->dropped++;
}

void witness_hears_sync(struct world *w)
{
	w->asked = (struct asked){ .synced = true };
	w->may_empty = false;
}

/* What is answered. */

static void judge_state(struct world *w, struct slice payload)
{
	struct message_state m;
	const struct reading *r = &w->shown;

	fuzz_check(message_get_state(payload, &m) == 0);
	fuzz_check(m.instance == WORLD_INSTANCE);
	fuzz_check(m.dropped == w->dropped);
	fuzz_check(m.records == r->count);
	fuzz_check(m.last_serial ==
		   (r->count > 0 ? r->line[r->count - 1].serial : 0));
}

/* Only who was promised the epoch gets a lease, and only if it asks. */
static void judge_pong(struct world *w, const struct frame *f)
{
	struct asked *a = &w->asked;
	struct store_state state;
	struct message_state m;
	struct message_ping ping;

	fuzz_check(is_request(a, FRAME_PING));
	judge_state(w, f->payload);
	fuzz_check(message_get_state(f->payload, &m) == 0);
	fuzz_check(message_get_ping(a->f.payload, &ping) == 0);
	if (!m.leased)
		return;
	fuzz_check(ping.lease && f->epoch > 0 && a->f.epoch == f->epoch);
	fuzz_check(w->contested_until <= w->now);
	w->store->ops->state(w->store, &state);
	memcpy(w->nonce, state.nonce, sizeof(w->nonce));
	w->leased_until = w->now + LEASE_USEC;
}

/*
 * The epoch is on the disk, nobody else has a lease, and who was declared lost
 * has begun empty.
 */
static void judge_promise(struct world *w, const struct frame *f)
{
	const struct asked *a = &w->asked;

	fuzz_check(is_request(a, FRAME_CLAIM) && a->understood);
	world_notice_aside(w);
	fuzz_check(!w->may_empty || w->shown.count == 0);
	judge_state(w, f->payload);
	fuzz_check(f->epoch == a->f.epoch && f->epoch >= w->epoch);
	fuzz_check(world_has_promised(w, f->epoch));
	if (memcmp(a->claim.nonce, w->nonce, sizeof(w->nonce)) != 0)
		fuzz_check(w->leased_until <= w->now);
	/* Its own lease ends with its epoch. */
	if (f->epoch > w->epoch) {
		w->leased_until = INT64_MIN;
		w->contested_until = INT64_MIN;
	}
	w->epoch = f->epoch;
}

static bool is_held(const struct reading *r, const struct asked_line *l)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->line[i].serial == l->serial)
			return digest(r->line[i].body) == l->body;
	return false;
}

/* Was this asked for, and would all of it survive a power cut? */
static bool is_durable(const struct world *w, uint64_t request, uint64_t first)
{
	struct reading firm;
	size_t asked = 0;
	size_t held = 0;

	world_read_firm(w, &firm);
	for (size_t i = 0; i < w->lines; i++) {
		if (w->line[i].request != request || w->line[i].first != first)
			continue;
		asked++;
		held += is_held(&firm, &w->line[i]);
	}
	reading_done(&firm);
	/* Who contradicts himself is told of one thing that he said. */
	return held > 0 && (held == asked || w->bent);
}

/* A fragment that is here is not missing. */
static void judge_missing(const struct asked *a,
			  const struct message_appended *m)
{
	uint64_t at = a->f.position;

	fuzz_check(is_request(a, FRAME_APPEND) && a->append.acknowledge);
	fuzz_check(m->fragments == a->append.fragments && at < m->fragments);
	fuzz_check(!((uint8_t)m->missing.p[at / 8] & 0x80u >> at % 8));
}

/* Held already, or synced: now, or when it came before. */
static void judge_durable(struct world *w, const struct frame *f,
			  const struct message_appended *m)
{
	fuzz_check(is_durable(w, f->request, m->first));
	fuzz_check(m->sync_usec == WORLD_SYNC_TOOK || m->sync_usec == 0);
}

static void judge_appended(struct world *w, const struct frame *f)
{
	const struct asked *a = &w->asked;
	struct message_appended m;

	fuzz_check(message_get_appended(f->payload, &m) == 0);
	fuzz_check(a->synced || is_request(a, FRAME_APPEND));
	if (m.durable)
		judge_durable(w, f, &m);
	else
		judge_missing(a, &m);
}

static struct slice four_columns(const struct reading_line *l)
{
	struct slice s = l->stored;
	size_t spaces = 0;

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == ' ' && ++spaces == 4)
			s.len = i;
	return s;
}

static bool is_fetched(const struct asked *a, const struct reading_line *l)
{
	return reading_matches(l, &a->query) &&
	       (a->fetch.id.len == 0 || slice_equal(l->id, a->fetch.id));
}

/* The next record that was asked for; NULL: there is no more. */
static const struct reading_line *next_fetched(struct world *w)
{
	struct asked *a = &w->asked;

	while (a->next < w->shown.count &&
	       !is_fetched(a, &w->shown.line[a->next]))
		a->next++;
	return a->next < w->shown.count ? &w->shown.line[a->next] : NULL;
}

static void judge_lines(struct world *w, const struct message_records *m)
{
	struct asked *a = &w->asked;
	const struct reading_line *l;
	struct slice rest = m->lines;
	struct slice line;

	while (reading_next(&rest, &line)) {
		l = next_fetched(w);
		fuzz_check(l && l->serial <= m->covered);
		fuzz_check(slice_equal(line, a->fetch.columns ? four_columns(l)
							      : l->stored));
		a->next++;
	}
}

/* Pages follow each other without a hole, and the last one says so. */
static void judge_records(struct world *w, const struct frame *f)
{
	struct asked *a = &w->asked;
	const struct reading_line *l;
	struct message_records m;

	fuzz_check(is_request(a, FRAME_FETCH) && a->understood && !a->ended);
	fuzz_check(message_get_records(f->payload, &m) == 0);
	fuzz_check(f->position == a->answers - 1);
	fuzz_check(a->answers <= a->fetch.pages);
	fuzz_check(m.after == a->covered);
	judge_lines(w, &m);
	a->covered = m.covered;

	/* One record has the id; a block that was bent may have others. */
	l = a->fetch.id.len > 0 && m.lines.len > 0 ? NULL : next_fetched(w);
	fuzz_check(!l || l->serial > m.covered);
	fuzz_check(!m.end || (!l && m.last && m.covered >= a->fetch.upto));
	fuzz_check(m.end || m.lines.len > 0);
	fuzz_check(m.last == (m.end || a->answers == a->fetch.pages));
	a->ended = m.last;
}

static bool is_between(const struct reading_line *l, struct slice a,
		       struct slice b)
{
	return (slice_equal(l->sender, a) && slice_equal(l->receiver, b)) ||
	       (slice_equal(l->sender, b) && slice_equal(l->receiver, a));
}

static void judge_partner(const struct world *w,
			  const struct message_partner *p)
{
	const struct asked *a = &w->asked;
	uint64_t count = 0;
	__int128 net = 0;

	fuzz_check(slice_compare(a->stats.after, p->name) < 0);
	fuzz_check(!slice_equal(p->name, a->stats.user));
	for (size_t i = 0; i < w->shown.count; i++) {
		const struct reading_line *l = &w->shown.line[i];

		if (!reading_matches(l, &a->query) ||
		    !is_between(l, a->stats.user, p->name))
			continue;
		count++;
		net += reading_net(l, a->stats.user);
	}
	fuzz_check(p->count > 0 && p->count == count && p->net == net);
}

/* Transactions with those behind @after, and up to @upto if it is not empty. */
static uint64_t transactions_behind(const struct world *w, struct slice upto)
{
	const struct asked *a = &w->asked;
	uint64_t n = 0;

	for (size_t i = 0; i < w->shown.count; i++) {
		const struct reading_line *l = &w->shown.line[i];
		struct slice other = slice_equal(l->sender, a->stats.user)
					     ? l->receiver
					     : l->sender;

		if (reading_matches(l, &a->query) && l->amount > 0 &&
		    slice_compare(a->stats.after, other) < 0 &&
		    (upto.len == 0 || slice_compare(other, upto) <= 0))
			n++;
	}
	return n;
}

static void judge_partners(struct world *w, const struct frame *f)
{
	struct asked *a = &w->asked;
	struct message_partners m;
	struct message_partner p = { 0 };
	uint64_t found = 0;

	fuzz_check(is_request(a, FRAME_STATS) && a->understood);
	fuzz_check(message_get_partners(f->payload, &m) == 0);
	while (message_next_partner(&m.entries, &p)) {
		judge_partner(w, &p);
		found += p.count;
	}
	fuzz_check(m.end || p.name.len > 0);
	fuzz_check(found == transactions_behind(w, m.end ? (struct slice){ 0 }
							 : p.name));
}

static void judge_total(struct world *w, const struct frame *f)
{
	struct asked *a = &w->asked;
	struct message_total m;
	uint64_t records = 0;
	__int128 net = 0;

	fuzz_check(is_request(a, FRAME_SUM) && a->understood);
	fuzz_check(message_get_total(f->payload, &m) == 0);
	for (size_t i = 0; i < w->shown.count; i++) {
		if (!reading_matches(&w->shown.line[i], &a->query))
			continue;
		records++;
		if (a->query.user.len > 0)
			net += reading_net(&w->shown.line[i], a->query.user);
	}
	fuzz_check(m.records == records && m.net == net);
}

static bool is_claim(const struct asked *a)
{
	return is_request(a, FRAME_CLAIM);
}

/* A disk that takes so long is as good as full, for others' sake. */
static bool is_slow(const struct world *w)
{
	return w->syncing && w->now - w->sync_begun >= SYNC_PATIENCE_USEC;
}

/* An error is one for the reason it gives. */
static void judge_error(struct world *w, const struct frame *f)
{
	struct asked *a = &w->asked;
	struct message_error m;

	a->refused = true;
	fuzz_check(message_get_error(f->payload, &m) == 0);
	fuzz_check(m.sentence.len > 0);
	switch (m.code) {
	case MESSAGE_ERROR_FENCED:
		fuzz_check(a->f.epoch < f->epoch ||
			   (is_claim(a) && a->f.epoch == f->epoch));
		break;
	case MESSAGE_ERROR_UNCLAIMED:
		fuzz_check(!is_claim(a));
		fuzz_check(a->f.epoch > f->epoch || a->f.epoch == 0);
		break;
	case MESSAGE_ERROR_LEASED:
		fuzz_check(is_claim(a) && w->leased_until > w->now);
		w->contested_until = w->now + LEASE_CONTESTED_USEC;
		break;
	case MESSAGE_ERROR_FULL:
		fuzz_check(w->faulty || is_slow(w));
		fuzz_check(a->synced || is_request(a, FRAME_APPEND) ||
			   is_claim(a));
		break;
	case MESSAGE_ERROR_CONFLICT:
		fuzz_check(a->synced || is_request(a, FRAME_APPEND));
		break;
	case MESSAGE_ERROR_MALFORMED:
		break;
	}
}

static void judge(struct world *w, const struct frame *f)
{
	switch (f->type) {
	case FRAME_PONG:
		judge_pong(w, f);
		return;
	case FRAME_PROMISE:
		judge_promise(w, f);
		return;
	case FRAME_APPENDED:
		judge_appended(w, f);
		return;
	case FRAME_RECORDS:
		judge_records(w, f);
		return;
	case FRAME_PARTNERS:
		judge_partners(w, f);
		return;
	case FRAME_TOTAL:
		judge_total(w, f);
		return;
	case FRAME_ERROR:
		judge_error(w, f);
		return;
	case FRAME_PING:
	case FRAME_CLAIM:
	case FRAME_APPEND:
	case FRAME_FETCH:
	case FRAME_STATS:
	case FRAME_SUM:
		break;
	}
	/* A backend asks nothing. */
	fuzz_check(f->type == FRAME_PONG);
}

/* What the asker said that it can take. */
static size_t room_of(const struct world *w)
{
	const struct asked *a = &w->asked;
	size_t room = FRAME_SIZE_MIN;

	if (is_request(a, FRAME_FETCH) && a->understood)
		room = a->fetch.room;
	if (is_request(a, FRAME_STATS) && a->understood)
		room = a->stats.room;
	return room < w->room ? room : w->room;
}

void witness_send(void *ctx, const struct responder_peer *to,
		  const uint8_t *data, size_t len)
{
	struct world *w = ctx;
	struct asked *a = &w->asked;
	struct frame f;

	a->answers++;
	fuzz_check(!w->fatal);
	fuzz_check(a->authentic || a->synced);
	fuzz_check(len <= room_of(w));
	fuzz_check(frame_decode((struct slice){ (const char *)data, len },
				&w->key, &f) == FRAME_GOOD);
	fuzz_check(slice_equal(f.block, slice_of(WORLD_BLOCK)));
	fuzz_check(f.epoch == promised(w));
	if (!a->synced) {
		fuzz_check(to->len == 1 && to->bytes[0] == a->peer);
		fuzz_check(f.request == a->f.request);
	}
	judge(w, &f);
}

/*
 * Who asked something that is to be answered at once was.  A sync that ends is
 * acknowledged, and a batch and a refill that waited for it may be refused.
 */
void witness_closes(struct world *w)
{
	const struct asked *a = &w->asked;
	unsigned int most = a->synced ? 3 : 1;

	if (is_request(a, FRAME_FETCH) && a->understood) {
		most = a->fetch.pages;
		fuzz_check(w->fatal || a->ended || a->refused);
	}
	fuzz_check(a->answers <= most);
	if (is_request(a, FRAME_FETCH) || is_request(a, FRAME_STATS) ||
	    is_request(a, FRAME_SUM) || is_request(a, FRAME_PING))
		fuzz_check(a->answers > 0 || w->fatal);
}
