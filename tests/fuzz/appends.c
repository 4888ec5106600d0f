/* SPDX-License-Identifier: MIT */
/*
 * The hashes of what is appended follow as they must; whoever sends it to a
 * backend sees to that.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include "ledger/record.h"
#include "util/buf.h"
#include "util/parse.h"

#include "answers.h"
#include "appends.h"
#include "fuzz.h"
#include "host.h"

#define TIME INT64_C(1795354620000000)
#define SERIAL_MAX ((uint64_t)INT64_MAX)

static struct slice text_of(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

static void add_text(struct buf *to, struct slice text)
{
	fuzz_check(buf_add(to, text.p, text.len) == 0);
}

/* What is appended: a batch, or a refill. */
struct batch {
	bool refill;
	uint64_t first;
	uint32_t records;
	const char *of;
	struct buf lines;
};

/* The hash that the record behind @serial follows from, if that is here. */
static void take_tip(const struct reading *r, uint64_t serial,
		     uint8_t tip[CHAIN_HASH_SIZE])
{
	for (size_t i = 0; i < r->count; i++)
		if (r->line[i].serial == serial && r->line[i].hash.len > 0)
			fuzz_check(parse_hex(r->line[i].hash, tip,
					     CHAIN_HASH_SIZE) == 0);
}

static void add_record(struct batch *b, const struct record *r, const char *of,
		       uint8_t tip[CHAIN_HASH_SIZE])
{
	char body[RECORD_LINE_MAX];
	char hex[CHAIN_HEX_SIZE];
	size_t len;

	if (r->chained)
		len = record_format_body(r, body);
	else
		len = (size_t)snprintf(body, sizeof(body), "%" PRIu64 " A B 1",
				       r->serial);
	chain_step(tip, (struct slice){ body, len }, tip);
	format_hex(tip, CHAIN_HASH_SIZE, hex);
	fuzz_check(buf_addf(&b->lines, "%.*s h=%.*s%s\n", (int)len, body,
			    CHAIN_HEX_SIZE, hex, of) == 0);
}

static uint64_t last_serial(const struct reading *r)
{
	return r->count > 0 ? r->line[r->count - 1].serial : 0;
}

static void make_batch(struct batch *b, const struct reading *reading,
		       const struct appends *how)
{
	uint8_t tip[CHAIN_HASH_SIZE] = { 0 };
	struct record r = {
		.serial = last_serial(reading) + how->skip,
		.sender = slice_of("Ali"),
		.receiver = slice_of("Luke"),
		.time = TIME,
		.batch_size = how->records,
		.chained = true,
		.id = slice_of("first-of-all"),
	};

	*b = (struct batch){
		.first = r.serial + 1,
		.records = how->records,
		.of = how->copy ? "B,C" : "",
	};
	take_tip(reading, r.serial, tip);
	for (uint32_t i = 1; i <= b->records; i++) {
		r.serial++;
		r.batch_position = i;
		fuzz_check(amount_from_u64(i, &r.amount) == 0);
		add_record(b, &r, "", tip);
		r.id.len = 0;
	}
}

/* The lowest serial above @serial that the block lacks. */
static uint64_t next_lacked(const struct reading *r, uint64_t serial)
{
	serial++;
	for (size_t i = 0; i < r->count && r->line[i].serial <= serial; i++)
		if (r->line[i].serial == serial)
			serial++;
	return serial;
}

/* Old records and others by turns; hashes follow where the serials do. */
static void make_refill(struct batch *b, const struct reading *reading,
			const struct appends *how)
{
	uint8_t tip[CHAIN_HASH_SIZE] = { 0 };
	struct record r = {
		.sender = slice_of("Ali"),
		.receiver = slice_of("Luke"),
		.time = TIME,
		.batch_position = 1,
		.batch_size = 1,
	};

	*b = (struct batch){ .refill = true, .records = how->records };
	fuzz_check(amount_from_u64(1, &r.amount) == 0);
	for (uint32_t i = 0; i < b->records; i++) {
		r.serial = next_lacked(reading, r.serial);
		take_tip(reading, r.serial - 1, tip);
		r.chained = i % 2;
		add_record(b, &r, r.chained || how->copy ? " of=B" : "", tip);
	}
}

/* Old records first, serials rising: what daemons make of a lawful block. */
static bool is_natural(const struct reading *r)
{
	for (size_t i = 1; i < r->count; i++)
		if (r->line[i - 1].chained && !r->line[i].chained)
			return false;
	return r->rising;
}

/* The lines of a batch as they will stand in the block. */
static void add_stored(struct buf *to, const struct batch *b)
{
	struct slice lines = text_of(&b->lines);
	struct slice line;

	while (reading_next(&lines, &line)) {
		add_text(to, line);
		if (b->of && *b->of)
			add_text(to, slice_of(" of=B,C"));
		add_text(to, slice_of("\n"));
	}
}

/* In an epoch of its own, as after each start.  True if all of it was held. */
static bool append(struct host *h, const struct batch *b)
{
	const uint8_t nonce[STORE_NONCE_SIZE] = "nonce";
	struct store *s = h->store;
	struct store_state state;
	bool held;
	int r;

	s->ops->state(s, &state);
	if (state.epoch < UINT64_MAX)
		fuzz_check(s->ops->promise(s, state.epoch + 1, nonce) == 0);
	if (b->refill)
		r = s->ops->refill(s, b->records, text_of(&b->lines), &held);
	else
		r = s->ops->append(s, b->first, b->records, slice_of(b->of),
				   text_of(&b->lines), &held);
	fuzz_check(r == 0);
	return held;
}

/* Make what was appended durable: the block is @whole then. */
static void commit(struct host *h, struct slice whole)
{
	struct reading r;

	fuzz_check(h->store->ops->sync(h->store) == 0);
	fuzz_check(h->store->ops->publish(h->store) == 0);
	fuzz_check(host_has(h, HOST_BLOCK, whole));
	host_read(h, &r);
	answers_check(h->store, &r);
	reading_done(&r);
}

/*
 * All of @before is there, and of the batch as much as came through; given
 * again, it is completed.  False if the block is refused, as it may be unless
 * it is @surely to be told what was torn.
 */
static bool check_after_cut(struct host *h, const struct batch *b,
			    struct slice before, struct slice whole,
			    bool surely)
{
	struct reading r;
	struct slice now;
	int error;

	host_power_cut(h);
	error = host_open(h);
	if (error < 0) {
		fuzz_check(error == -EBADMSG && !surely);
		fuzz_check(h->report.fault.len > 0);
		return false;
	}
	now = host_text(h, HOST_BLOCK);
	fuzz_check(now.len >= before.len && now.len <= whole.len);
	fuzz_check(now.len == 0 || memcmp(now.p, whole.p, now.len) == 0);
	host_read(h, &r);
	answers_check(h->store, &r);
	reading_done(&r);
	fuzz_check(append(h, b) == (now.len == whole.len));
	if (now.len < whole.len)
		commit(h, whole);
	return true;
}

/* Append it, the power goes, append it again.  As check_after_cut(). */
static bool check_append(struct host *h, const struct batch *b, bool cut,
			 bool surely)
{
	struct buf before = { 0 };
	struct buf whole = { 0 };
	struct reading r;
	bool opened;

	add_text(&before, host_text(h, HOST_BLOCK));
	add_text(&whole, text_of(&before));
	add_stored(&whole, b);
	fuzz_check(reading_take(text_of(&before), &r));
	fuzz_check(!append(h, b));
	fuzz_check(host_has(h, HOST_BLOCK, text_of(&whole)));
	answers_check(h->store, &r);
	reading_done(&r);
	if (!cut) {
		commit(h, text_of(&whole));
		buf_clear(&before);
		add_text(&before, text_of(&whole));
	}
	opened = check_after_cut(h, b, text_of(&before), text_of(&whole),
				 surely);
	buf_done(&before);
	buf_done(&whole);
	return opened;
}

/* Is there room for serials above the last one? */
static bool has_room(const struct host *h)
{
	struct store_state state;

	h->store->ops->state(h->store, &state);
	return state.last_serial <= SERIAL_MAX - 2 * APPENDS_RECORDS_MAX - 1;
}

void appends_check(struct host *h, const struct appends *how)
{
	struct reading r;
	struct batch b;
	bool surely;

	if (!has_room(h))
		return;
	host_read(h, &r);
	surely = is_natural(&r);
	if (how->refill) {
		make_refill(&b, &r, how);
		reading_done(&r);
		fuzz_check(check_append(h, &b, how->cut, true));
		buf_done(&b.lines);
		host_read(h, &r);
		surely = true;
	}
	make_batch(&b, &r, how);
	reading_done(&r);
	(void)check_append(h, &b, how->cut, surely);
	buf_done(&b.lines);
}
