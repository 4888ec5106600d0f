/* SPDX-License-Identifier: MIT */
/*
 * A backend's responder, over the real store on a simulated disk, and whatever
 * datagrams somebody with the key, or without, can think of: what it answers is
 * looked at by witness.c, what becomes of the block by world.c.
 *
 * The input: u8 how (below), u8 seed of the disk, then steps, each a byte that
 * says which, and its operands.  What a main daemon sends can be had in a few
 * bytes, so that inputs get into the depths: batches and refills with the right
 * hashes, claims, questions.
 */
#include "config.h"

#include <inttypes.h>

#include "ledger/record.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/parse.h"

#include "fuzz.h"
#include "world.h"

/* The block begins with three old records. */
#define HOW_OLD 1u
/* Datagrams are small. */
#define HOW_SMALL 2u

#define STEPS_MAX 256
/* Batches that can be sent again, and records in one. */
#define MADE_MAX 4
#define RECORDS_MAX 8
#define PEERS 3
/* Users called x, xx and so on: so many that counterparts fill pages. */
#define XS_MAX 32
#define TIME INT64_C(1795354620000000)
/* A step of the clock: a lease lasts 50 of them. */
#define TICK (LEASE_USEC / 50)

static const char old_records[] = "1 Racheal John 45\n"
				  "2 Rishil Alice 30\n"
				  "3 Oliver Rachit 94\n";
static const char *const users[] = { "Ali", "Luke", "Zo\xc3\xab", "Rishil",
				     "nobody at all" };
static const char *const names[] = { "A", "B", "C" };

/* A batch or a refill as a main daemon makes them. */
struct made {
	bool refill;
	uint64_t request;
	uint64_t first;
	uint32_t records; /* 0: none yet */
	uint16_t fragments;
	const char *of;
	struct buf lines;
	size_t at[RECORDS_MAX + 1]; /* where each line begins, and the end */
};

/* Who sends: all that the steps share. */
struct sender {
	struct reader in;
	struct world world;
	uint64_t request; /* the newest */
	uint64_t serial;  /* of the next record anywhere */
	uint8_t tip[CHAIN_HASH_SIZE];
	struct buf history; /* every record with its hash, a line each */
	size_t line[STEPS_MAX * RECORDS_MAX + 4]; /* where each begins */
	struct made made[MADE_MAX];
	size_t makes;
	uint8_t payload[FRAME_SIZE_MAX - FRAME_OVERHEAD];
	uint8_t datagram[FRAME_SIZE_MAX];
};

/* Operands. */

static uint8_t take_below(struct sender *s, uint8_t bound)
{
	return reader_u8(&s->in) % bound;
}

/* Small numbers, and now and then the largest. */
static uint64_t take_number(struct sender *s)
{
	uint8_t n = reader_u8(&s->in);

	return n < 250 ? n : UINT64_MAX >> (n - 250);
}

static uint64_t promised(const struct sender *s)
{
	struct store_state state;

	s->world.store->ops->state(s->world.store, &state);
	return state.epoch;
}

/* Mostly the promised epoch. */
static uint64_t take_epoch(struct sender *s)
{
	uint8_t n = reader_u8(&s->in);

	return n < 240 ? promised(s) : promised(s) + n - 248;
}

/* That of the newest batch or near it, a low one, or mostly a new one. */
static uint64_t take_request(struct sender *s)
{
	uint8_t n = reader_u8(&s->in);

	if (n < 8)
		return s->request + n;
	if (n < 16)
		return n - 8u;
	return ++s->request;
}

static struct frame take_frame(struct sender *s, enum frame_type type)
{
	struct frame f = { .type = type };

	f.epoch = take_epoch(s);
	f.request = take_request(s);
	return f;
}

/* The @n-th user with a name of that letter only, from 0. */
static struct slice user_of_xs(uint8_t n)
{
	static char xs[XS_MAX];

	memset(xs, 'x', sizeof(xs));
	return (struct slice){ xs, n % XS_MAX + 1u };
}

/* One of them, or nobody. */
static struct slice take_user(struct sender *s)
{
	uint8_t n = reader_u8(&s->in);

	if (n >= 128)
		return user_of_xs(n);
	n %= ELEMENTS(users) + 1;
	return n == 0 ? (struct slice){ 0 } : slice_of(users[n - 1]);
}

static uint16_t take_room(struct sender *s)
{
	static const uint16_t rooms[] = { FRAME_SIZE_MIN, FRAME_SIZE_MIN + 1,
					  1472, FRAME_SIZE_MAX };

	return rooms[take_below(s, ELEMENTS(rooms))];
}

static void take_filter(struct sender *s, struct message_filter *ret)
{
	uint8_t how = reader_u8(&s->in);

	*ret = (struct message_filter){ .everything = how & 1,
					.absents = how >> 1 & 3,
					.ranges = how >> 3 & 3 };
	for (size_t i = 0; i < ret->absents; i++)
		ret->absent[i] = slice_of(names[i % ELEMENTS(names)]);
	for (size_t i = 0; i < ret->ranges; i++) {
		ret->range[i].from = take_number(s);
		ret->range[i].to = ret->range[i].from + take_below(s, 8);
		if (ret->range[i].to < ret->range[i].from)
			ret->range[i].to = ret->range[i].from;
		ret->range[i].take = how & 32;
	}
}

/* Sending. */

static struct writer begin(struct sender *s)
{
	return writer_of(s->payload, sizeof(s->payload));
}

/* Seal what @w of begin() has, with the fields of @f, and send it. */
static void send(struct sender *s, struct frame f, const struct writer *w)
{
	uint8_t peer = (uint8_t)(f.request % PEERS);
	int len;

	fuzz_check(!w->bad);
	if (!f.block.p)
		f.block = slice_of(WORLD_BLOCK);
	f.payload = (struct slice){ (char *)w->start, writer_len(w) };
	len = frame_encode(&f, &s->world.key, s->datagram, sizeof(s->datagram));
	fuzz_check(len > 0);
	world_give(&s->world, peer,
		   (struct slice){ (char *)s->datagram, (size_t)len });
}

/* Steps. */

static void step_raw(struct sender *s)
{
	world_give(&s->world, 0, reader_short_string(&s->in));
}

/* Any payload at all behind a good frame. */
static void step_sealed(struct sender *s)
{
	struct frame f = { .type = 1 + take_below(s, FRAME_ERROR) };
	struct writer w = begin(s);
	struct slice payload;
	struct message_append m;

	f.block = slice_of(reader_u8(&s->in) < 250 ? WORLD_BLOCK : "B");
	f.epoch = take_epoch(s);
	f.request = take_request(s);
	f.position = take_number(s);
	payload = reader_short_string(&s->in);
	if (f.type == FRAME_APPEND && message_get_append(payload, &m) == 0)
		s->world.bent = true;
	writer_bytes(&w, payload.p, payload.len);
	send(s, f, &w);
}

static void step_ping(struct sender *s)
{
	const struct message_ping m = { .lease = take_below(s, 2) };
	struct frame f = take_frame(s, FRAME_PING);
	struct writer w = begin(s);

	message_put_ping(&w, &m);
	send(s, f, &w);
}

static void step_claim(struct sender *s)
{
	struct frame f = { .type = FRAME_CLAIM };
	struct writer w = begin(s);
	uint8_t above = reader_u8(&s->in);
	struct message_claim m = { 0 };

	/* Mostly one more than was promised. */
	f.epoch = promised(s) + 1;
	if (above >= 240)
		f.epoch = promised(s) + above - 248u;
	f.request = take_request(s);
	memset(m.nonce, take_below(s, 3), sizeof(m.nonce));
	/* Mostly not declared lost, or in the epoch before this one. */
	above = reader_u8(&s->in);
	if (above >= 224)
		m.lost_in = promised(s) + above - 240u;
	message_put_claim(&w, &m);
	send(s, f, &w);
}

/* The next record of the ledger: @body, sealed; also for later refills. */
static struct slice add_history(struct sender *s, struct slice body)
{
	char hex[CHAIN_HEX_SIZE];
	size_t at = s->history.len;

	s->line[s->serial++] = at;
	chain_step(s->tip, body, s->tip);
	format_hex(s->tip, CHAIN_HASH_SIZE, hex);
	fuzz_check(buf_addf(&s->history, "%.*s h=%.*s\n", SLICE_ARG(body),
			    CHAIN_HEX_SIZE, hex) == 0);
	return (struct slice){ (char *)s->history.data + at,
			       s->history.len - at - 1 };
}

static struct made *make(struct sender *s)
{
	struct made *b = &s->made[s->makes++ % MADE_MAX];

	buf_clear(&b->lines);
	b->request = ++s->request;
	b->records = 1 + take_below(s, RECORDS_MAX);
	b->fragments = (uint16_t)(1 + take_below(s, (uint8_t)b->records));
	return b;
}

/* Line @i from 0, with @of behind it. */
static void add_line(struct made *b, uint32_t i, struct slice line,
		     const char *of)
{
	b->at[i] = b->lines.len;
	fuzz_check(buf_addf(&b->lines, "%.*s%s\n", SLICE_ARG(line), of) == 0);
	b->at[i + 1] = b->lines.len;
}

static void make_record(struct sender *s, struct made *b, uint32_t position)
{
	const uint8_t how = reader_u8(&s->in);
	struct slice sender = slice_of(users[how % 3]);
	struct slice receiver = slice_of(users[(how >> 2) % 4]);
	char body[RECORD_LINE_MAX];
	char id[32] = "";
	struct record r;
	size_t len;

	if (how & 0x80)
		(void)snprintf(id, sizeof(id), "id-%" PRIu64, s->serial);
	r = (struct record){
		.serial = s->serial,
		.sender = sender,
		.receiver = how & 0x40 ? user_of_xs(how) : receiver,
		.time = TIME,
		.batch_position = position,
		.batch_size = b->records,
		.id = slice_of(id),
	};
	if (!slice_equal(r.sender, r.receiver))
		fuzz_check(amount_from_u64(1 + how, &r.amount) == 0);
	len = record_format_body(&r, body);
	add_line(b, position - 1, add_history(s, (struct slice){ body, len }),
		 "");
}

/* The next batch of the ledger; this block may never get to see it. */
static void step_make(struct sender *s)
{
	static const char *const copies[] = { "", "", "B", "B,C" };
	struct made *b = make(s);

	b->refill = false;
	b->first = s->serial;
	b->of = copies[take_below(s, ELEMENTS(copies))];
	for (uint32_t k = 1; k <= b->records; k++)
		make_record(s, b, k);
}

/* Records of any age, some of which this block may have. */
static void step_make_refill(struct sender *s)
{
	static const char *const copies[] = { "", " of=B", " of=B,C" };
	struct made *b = make(s);
	uint64_t serial = 1 + reader_u8(&s->in);
	const uint8_t stride = 1 + take_below(s, 3);
	const char *of = copies[take_below(s, ELEMENTS(copies))];
	uint32_t i;

	b->refill = true;
	b->first = serial;
	b->of = "";
	for (i = 0; i < b->records && serial < s->serial; i++) {
		struct slice rest = { (char *)s->history.data + s->line[serial],
				      s->history.len - s->line[serial] };
		struct slice line;

		fuzz_check(reading_next(&rest, &line));
		add_line(b, i, line, of);
		serial += stride;
	}
	b->records = i;
	if (b->fragments > b->records)
		b->fragments = (uint16_t)b->records;
}

/* A batch that was made; NULL if there is none yet. */
static struct made *take_made(struct sender *s)
{
	struct made *b =
		&s->made[(s->makes + MADE_MAX - 1 - take_below(s, MADE_MAX)) %
			 MADE_MAX];

	return b->records > 0 ? b : NULL;
}

static void send_fragment(struct sender *s, const struct made *b,
			  uint64_t epoch, uint16_t i, bool acknowledge,
			  bool bent)
{
	const size_t from = b->at[i * b->records / b->fragments];
	const size_t to = b->at[(i + 1u) * b->records / b->fragments];
	struct frame f = { .type = FRAME_APPEND, .epoch = epoch };
	struct writer w = begin(s);
	struct message_append m = {
		.first = b->first,
		.records = b->records,
		.fragments = b->fragments,
		.acknowledge = acknowledge,
		.refill = b->refill,
		.of = slice_of(b->of),
		.lines = { (char *)b->lines.data + from, to - from },
	};
	size_t at;

	f.request = b->request;
	f.position = i;
	message_put_append(&w, &m);
	if (bent) {
		s->world.bent = true;
		at = reader_u8(&s->in) % writer_len(&w);
		w.start[at] ^= reader_u8(&s->in);
	}
	send(s, f, &w);
}

/* Some of its fragments, in order; all of them by 255. */
static void step_send(struct sender *s)
{
	struct made *b = take_made(s);
	const uint64_t epoch = take_epoch(s);
	const uint8_t which = reader_u8(&s->in);
	const uint8_t how = reader_u8(&s->in);

	if (!b)
		return;
	/* Handed to this backend anew. */
	if (how & 1)
		b->request = ++s->request;
	for (uint16_t i = 0; i < b->fragments; i++)
		if (which >> i & 1 && !s->world.fatal)
			send_fragment(s, b, epoch, i,
				      how & 2 || which >> i == 1, how >= 0xf0);
}

static void step_fetch(struct sender *s)
{
	struct frame f = take_frame(s, FRAME_FETCH);
	struct writer w = begin(s);
	struct message_fetch m = { 0 };
	char id[32];
	uint8_t how;

	m.after = take_number(s);
	m.upto = take_number(s);
	m.pages = 1 + take_below(s, MESSAGE_PAGES_MAX);
	m.room = take_room(s);
	m.user = take_user(s);
	how = reader_u8(&s->in);
	if (how & 0x80) {
		(void)snprintf(id, sizeof(id), "id-%d", how & 0x7f);
		m.id = slice_of(id);
	}
	m.columns = how & 4;
	take_filter(s, &m.filter);
	message_put_fetch(&w, &m);
	send(s, f, &w);
}

static void step_stats(struct sender *s)
{
	struct frame f = take_frame(s, FRAME_STATS);
	struct writer w = begin(s);
	struct message_stats m = { 0 };

	m.upto = take_number(s);
	m.room = take_room(s);
	m.user = take_user(s);
	m.after = take_user(s);
	take_filter(s, &m.filter);
	message_put_stats(&w, &m);
	send(s, f, &w);
}

static void step_sum(struct sender *s)
{
	struct frame f = take_frame(s, FRAME_SUM);
	struct writer w = begin(s);
	struct message_sum m = { 0 };

	m.after = take_number(s);
	m.upto = take_number(s);
	m.user = take_user(s);
	take_filter(s, &m.filter);
	message_put_sum(&w, &m);
	send(s, f, &w);
}

static void step_time(struct sender *s)
{
	s->world.now += TICK * reader_u8(&s->in);
}

static void step_sync(struct sender *s)
{
	world_sync(&s->world);
}

/* The disk fails at some call, has no more room, or is mended. */
static void step_disk(struct sender *s)
{
	struct world *w = &s->world;
	uint8_t how = take_below(s, 3);
	uint8_t n = reader_u8(&s->in);

	w->faulty = how > 0;
	disk_fail(w->disk, how == 1 ? 1u + n % 16 : 0);
	disk_limit(w->disk, how == 2 ? w->block.len + n * 64u : UINT64_MAX);
}

static void step_recheck(struct sender *s)
{
	world_recheck(&s->world);
}

static void step_reconfigure(struct sender *s)
{
	world_reconfigure(&s->world, take_room(s));
}

static void (*const steps[])(struct sender *) = {
	step_raw,   step_sealed,      step_ping,	step_claim,
	step_make,  step_make_refill, step_send,	step_fetch,
	step_stats, step_sum,	      step_time,	step_sync,
	step_disk,  step_recheck,     step_reconfigure,
};

/* One step; false at the end of the story. */
static bool step(struct sender *s)
{
	uint8_t which = take_below(s, ELEMENTS(steps) + 2);
	struct world *w = &s->world;

	if (which >= ELEMENTS(steps))
		return world_restart(w, which == ELEMENTS(steps));
	steps[which](s);
	world_check(w);
	if (!w->fatal)
		return true;
	/* It is as good as ended: not a word more, till it is started again. */
	step_ping(s);
	return world_restart(w, false);
}

static void begin_world(struct sender *s, unsigned int how, uint8_t seed)
{
	struct slice text = slice_of(how & HOW_OLD ? old_records : "");
	struct slice line;

	s->serial = 1;
	world_init(&s->world, seed, how & HOW_SMALL ? FRAME_SIZE_MIN : 1472,
		   text);
	while (reading_next(&text, &line))
		(void)add_history(s, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sender s;
	unsigned int how;
	bool going = true;

	s = (struct sender){ .in = reader_of(data, size) };
	how = reader_u8(&s.in);
	begin_world(&s, how, reader_u8(&s.in));
	for (size_t i = 0; i < STEPS_MAX && going && s.in.left > 0; i++)
		going = step(&s);

	for (size_t i = 0; i < MADE_MAX; i++)
		buf_done(&s.made[i].lines);
	buf_done(&s.history);
	world_done(&s.world);
	return 0;
}
