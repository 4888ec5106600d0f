/* SPDX-License-Identifier: MIT */
/*
 * The process and its machine: start, end, power cuts, and what may become of
 * the block over all of them.  The witness is in witness.c.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "witness.h"
#include "world.h"

#define BLOCK "/b/block.txt"
#define PROMISE BLOCK ".promise"
#define ASIDES_MAX 20

static const uint8_t map_key[MAP_KEY_SIZE] = "sixteen bytes it";

static struct slice text_of(const struct buf *b)
{
	return b ? (struct slice){ (const char *)b->data, b->len }
		 : (struct slice){ NULL, 0 };
}

static void set(struct buf *to, struct slice text)
{
	buf_clear(to);
	fuzz_check(buf_add(to, text.p, text.len) == 0);
}

static struct slice block_text(const struct world *w)
{
	return text_of(disk_look(w->disk, BLOCK));
}

static bool begins_with(struct slice text, struct slice head)
{
	return text.len >= head.len &&
	       (head.len == 0 || memcmp(text.p, head.p, head.len) == 0);
}

static void on_sync(void *ctx)
{
	struct world *w = ctx;

	fuzz_check(!w->syncing && !w->fatal);
	w->syncing = true;
	w->sync_begun = w->now;
}

static void on_log(void *ctx, int priority, const char *sentence)
{
	(void)ctx;
	(void)priority;
	fuzz_check(*sentence && !strchr(sentence, '\n'));
}

/* Only a disk that fails ends the process. */
static void on_fatal(void *ctx, int error, const char *sentence)
{
	struct world *w = ctx;

	fuzz_check(error < 0 && *sentence);
	fuzz_check(w->faulty && !w->fatal);
	w->fatal = true;
}

/* Questions see the file as it is now, and it stays like this. */
static void publish(struct world *w)
{
	reading_done(&w->shown);
	set(&w->published, block_text(w));
	fuzz_check(reading_take(text_of(&w->published), &w->shown));
	fuzz_check(disk_firm(w->disk, BLOCK) >= w->published.len);
	w->firm = w->published.len;
}

static void stop(struct world *w)
{
	w->r = responder_free(w->r);
	if (w->store)
		w->store->ops->close(w->store);
	w->store = NULL;
	w->syncing = false;
	w->fatal = false;
}

static int open_store(struct world *w)
{
	struct textstore_report report;
	int r;

	r = textstore_open(disk_ops(w->disk), BLOCK, map_key, &report,
			   &w->store);
	/* For whoever looks at what went wrong then. */
	if (r < 0 && !w->faulty && !w->bent)
		(void)fprintf(stderr, "cannot start: %s: %.*s\n", strerror(-r),
			      SLICE_ARG(text_of(&report.fault)));
	buf_done(&report.fault);
	return r;
}

/* Whoever had a lease may think so for as long again. */
static void begin_lease(struct world *w, const struct store_state *state)
{
	w->leased_until = INT64_MIN;
	w->contested_until = INT64_MIN;
	if (state->epoch == 0)
		return;
	w->leased_until = w->now + LEASE_USEC;
	memcpy(w->nonce, state->nonce, sizeof(w->nonce));
}

static bool start(struct world *w)
{
	const struct responder_io io = {
		.ctx = w,
		.send = witness_send,
		.sync = on_sync,
		.log = on_log,
		.fatal = on_fatal,
	};
	const struct responder_config config = {
		.block = slice_of(WORLD_BLOCK),
		.key = w->key,
		.datagram_room = w->room,
		.instance = WORLD_INSTANCE,
		.locked = w->now,
	};
	struct store_state state;
	int r;

	r = open_store(w);
	/* A disk with faults is given up, and then mended. */
	if (r < 0 && w->faulty) {
		disk_fail(w->disk, 0);
		disk_limit(w->disk, UINT64_MAX);
		w->faulty = false;
		r = open_store(w);
	}
	if (r < 0) {
		fuzz_check(r == -EBADMSG && w->bent);
		return false;
	}

	fuzz_check(responder_new(&config, &io, w->store, &w->r) == 0);
	w->dropped = 0;
	w->store->ops->state(w->store, &state);
	begin_lease(w, &state);
	return true;
}

void world_init(struct world *w, uint64_t seed, uint32_t room,
		struct slice text)
{
	*w = (struct world){ .room = room,
			     .now = 1000000,
			     .key.present = true };
	memset(w->key.bytes, 0x5a, sizeof(w->key.bytes));
	rng_seed(&w->rng, seed);
	w->disk = disk_new(&w->rng);
	disk_forgetful(w->disk, true);
	disk_put(w->disk, BLOCK, text);
	fuzz_check(start(w));
	set(&w->block, block_text(w));
	publish(w);
}

void world_done(struct world *w)
{
	stop(w);
	disk_free(w->disk);
	buf_done(&w->block);
	buf_done(&w->published);
	reading_done(&w->shown);
}

void world_reconfigure(struct world *w, uint32_t room)
{
	w->room = room;
	responder_reconfigure(w->r, &w->key, room);
}

void world_give(struct world *w, uint8_t peer, struct slice datagram)
{
	const struct responder_peer from = { { peer }, 1 };
	char *copy = fuzz_copy(datagram);

	datagram.p = copy;
	witness_hears(w, peer, datagram);
	responder_datagram(w->r, &from, datagram, w->now);
	witness_closes(w);
	free(copy);
}

void world_sync(struct world *w)
{
	int r;

	if (!w->syncing)
		return;
	w->syncing = false;
	r = w->store->ops->sync(w->store);
	fuzz_check(r == 0 || w->faulty);
	/* It will be published, and then an acknowledgement is sent. */
	if (r == 0)
		publish(w);
	witness_hears_sync(w);
	responder_synced(w->r, r, WORLD_SYNC_TOOK, w->now);
	witness_closes(w);
	fuzz_check(r == 0 || w->fatal);
}

void world_recheck(struct world *w)
{
	int r;

	r = w->store->ops->recheck(w->store);
	fuzz_check(r == 0 || r == -ENOSPC || w->faulty);
}

bool world_restart(struct world *w, bool power_cut)
{
	struct slice firm = { (const char *)w->block.data, 0 };

	stop(w);
	if (power_cut)
		disk_power_cut(w->disk);
	if (!start(w))
		return false;

	/* What was acknowledged, and what was shown, is there. */
	world_notice_aside(w);
	firm.len = w->firm;
	fuzz_check(begins_with(block_text(w), firm));
	set(&w->block, block_text(w));
	publish(w);
	return true;
}

/* Is what was firm in the @n-th file beside the block, and nothing else? */
static bool is_aside(const struct world *w, int n)
{
	const struct slice firm = { (const char *)w->block.data, w->firm };
	char name[sizeof(BLOCK) + 16];
	struct slice text;

	(void)snprintf(name, sizeof(name), BLOCK ".lost-%d", n);
	text = text_of(disk_look(w->disk, name));
	return text.len > 0 && begins_with(text, firm) &&
	       begins_with(text_of(&w->block), text);
}

void world_notice_aside(struct world *w)
{
	const struct slice firm = { (const char *)w->block.data, w->firm };

	if (!w->may_empty || w->firm == 0 || begins_with(block_text(w), firm))
		return;
	for (int n = 1; n <= ASIDES_MAX; n++) {
		if (w->asides >> n & 1 || !is_aside(w, n))
			continue;
		w->asides |= 1u << n;
		w->firm = 0;
		set(&w->block, block_text(w));
		publish(w);
		return;
	}
	/* It is nowhere. */
	fuzz_check(begins_with(block_text(w), firm));
}

/* Is the promise of @epoch on the disk for good? */
bool world_has_promised(const struct world *w, uint64_t epoch)
{
	struct slice text = text_of(disk_look(w->disk, PROMISE));

	return text.len > 0 && disk_firm(w->disk, PROMISE) == text.len &&
	       strtoull(text.p, NULL, 10) == epoch;
}

void world_read_firm(const struct world *w, struct reading *ret)
{
	struct slice text = block_text(w);

	text.len = disk_firm(w->disk, BLOCK);
	fuzz_check(reading_take(text, ret));
}

void world_check(struct world *w)
{
	struct store_state state;
	struct reading r;
	struct slice now;

	/* In the middle of setting it aside, anything may be the case. */
	if (w->may_empty && w->fatal)
		return;
	world_notice_aside(w);
	now = block_text(w);
	w->store->ops->state(w->store, &state);
	fuzz_check(state.epoch >= w->epoch);
	if (!w->fatal)
		fuzz_check(state.records == w->shown.count);

	/* Only ever appended to, and serials rise but for refills. */
	fuzz_check(begins_with(now, text_of(&w->block)));
	if (now.len == w->block.len)
		return;
	set(&w->block, now);
	/* A write that failed may have ended anywhere. */
	if (w->fatal)
		return;
	fuzz_check(reading_take(now, &r));
	fuzz_check(r.rising || w->refilled);
	reading_done(&r);
}
