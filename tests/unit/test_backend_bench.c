/* SPDX-License-Identifier: MIT */
/*
 * The bench: everything around a responder, and words to ask and expect with.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_backend_bench.h"
#include "unit.h"

struct bench bench;

static struct writer payload;
static uint8_t payload_bytes[FRAME_SIZE_MAX];

static void on_send(void *ctx, const struct responder_peer *to,
		    const uint8_t *data, size_t len)
{
	struct bench *b = ctx;

	ck_assert_uint_eq(to->len, 1);
	b->sent = realloc(b->sent, (b->count + 1) * sizeof(*b->sent));
	ck_assert_ptr_nonnull(b->sent);
	b->sent[b->count++] = (struct bench_datagram){ b->bytes.len, len,
						       to->bytes[0] };
	ck_assert_int_eq(buf_add(&b->bytes, data, len), 0);
}

static void on_sync(void *ctx)
{
	struct bench *b = ctx;

	b->syncs_asked++;
	if (!b->hold_sync)
		bench_sync(0);
}

static void on_log(void *ctx, int priority, const char *sentence)
{
	struct bench *b = ctx;

	b->logged++;
	b->last_priority = priority;
	(void)snprintf(b->last_log, sizeof(b->last_log), "%s", sentence);
}

static void on_fatal(void *ctx, int error, const char *sentence)
{
	struct bench *b = ctx;

	ck_assert_int_lt(error, 0);
	ck_assert_uint_gt(strlen(sentence), 0);
	ck_assert_int_eq(b->fatal, 0);
	b->fatal = error;
}

static struct store *used_store;

void bench_use(struct store *store, uint32_t room)
{
	const struct responder_io io = {
		.ctx = &bench,
		.send = on_send,
		.sync = on_sync,
		.log = on_log,
		.fatal = on_fatal,
	};
	const struct responder_config config = {
		.block = slice_of(BENCH_BLOCK),
		.key = bench.key,
		.datagram_room = room,
		.instance = BENCH_INSTANCE,
		.locked = bench.now,
	};

	(void)responder_free(bench.r);
	used_store = store;
	ck_assert_int_eq(responder_new(&config, &io, store, &bench.r), 0);
}

void bench_setup(void)
{
	bench = (struct bench){ .now = BENCH_START, .key.present = true };
	memset(bench.key.bytes, 0x5a, sizeof(bench.key.bytes));
	payload = writer_of(payload_bytes, sizeof(payload_bytes));
	fake_store_init(&bench.fake);
	bench_use(&bench.fake.store, FRAME_SIZE_MAX);
}

void bench_teardown(void)
{
	(void)responder_free(bench.r);
	fake_store_done(&bench.fake);
	buf_done(&bench.bytes);
	free(bench.sent);
}

void bench_sync(int error)
{
	if (error == 0)
		error = used_store->ops->sync(used_store);
	responder_synced(bench.r, error, bench.sync_took, bench.now);
}

struct writer *bench_payload(void)
{
	payload = writer_of(payload_bytes, sizeof(payload_bytes));
	return &payload;
}

size_t bench_datagram(enum frame_type type, uint64_t epoch, uint64_t request,
		      uint64_t position, uint8_t out[FRAME_SIZE_MAX])
{
	const struct frame f = {
		.type = type,
		.block = slice_of(BENCH_BLOCK),
		.epoch = epoch,
		.request = request,
		.position = position,
		.payload = { (const char *)payload.start,
			     writer_len(&payload) },
	};
	int len;

	ck_assert(!payload.bad);
	len = frame_encode(&f, &bench.key, out, FRAME_SIZE_MAX);
	ck_assert_int_gt(len, 0);
	return (size_t)len;
}

void bench_give(uint8_t peer, const void *data, size_t len)
{
	const struct responder_peer from = { { peer }, 1 };
	/* An exact copy: the sanitizer sees a byte read too far. */
	char *copy = malloc(len > 0 ? len : 1);

	ck_assert_ptr_nonnull(copy);
	if (len > 0)
		memcpy(copy, data, len);
	responder_datagram(bench.r, &from, (struct slice){ copy, len },
			   bench.now);
	free(copy);
}

void bench_ask(enum frame_type type, uint64_t epoch, uint64_t request,
	       uint64_t position)
{
	static uint8_t out[FRAME_SIZE_MAX];
	size_t len = bench_datagram(type, epoch, request, position, out);

	bench_give(BENCH_PEER, out, len);
}

void bench_ping(uint64_t epoch, bool lease)
{
	const struct message_ping m = { lease };

	message_put_ping(bench_payload(), &m);
	bench_ask(FRAME_PING, epoch, 7, 0);
}

void bench_claim(uint64_t epoch, uint8_t nonce)
{
	bench_claim_with(epoch, nonce, 0);
}

void bench_claim_with(uint64_t epoch, uint8_t nonce, uint64_t lost_in)
{
	struct message_claim m = { .lost_in = lost_in };

	memset(m.nonce, nonce, sizeof(m.nonce));
	message_put_claim(bench_payload(), &m);
	bench_ask(FRAME_CLAIM, epoch, 8, 0);
}

void bench_begin(void)
{
	bench_claim(1, 'm');
	(void)bench_answer(FRAME_PROMISE);
}

struct bench_fragment bench_single(uint64_t request, uint64_t serial,
				   const char *line)
{
	return (struct bench_fragment){
		.epoch = 1,
		.request = request,
		.first = serial,
		.records = 1,
		.fragments = 1,
		.acknowledge = true,
		.of = "",
		.lines = line,
		.peer = BENCH_PEER,
	};
}

void bench_append(const struct bench_fragment *f)
{
	static uint8_t out[FRAME_SIZE_MAX];
	const struct message_append m = {
		.first = f->first,
		.records = f->records,
		.fragments = f->fragments,
		.acknowledge = f->acknowledge,
		.refill = f->refill,
		.holds = f->holds,
		.of = slice_of(f->of),
		.lines = slice_of(f->lines),
	};
	size_t len;

	message_put_append(bench_payload(), &m);
	len = bench_datagram(FRAME_APPEND, f->epoch, f->request, f->position,
			     out);
	bench_give(f->peer, out, len);
}

struct frame bench_answer_to(enum frame_type type, uint8_t peer)
{
	const struct bench_datagram *d = &bench.sent[bench.taken];
	struct slice bytes;
	struct frame f;

	ck_assert_msg(bench.taken < bench.count, "no answer; expected %s",
		      frame_type_name(type));
	bench.taken++;
	bytes = (struct slice){ (const char *)bench.bytes.data + d->at,
				d->len };
	ck_assert_int_eq(frame_decode(bytes, &bench.key, &f), FRAME_GOOD);
	ck_assert_str_eq(frame_type_name(f.type), frame_type_name(type));
	ck_assert(slice_equal(f.block, slice_of(BENCH_BLOCK)));
	if (peer)
		ck_assert_uint_eq(d->peer, peer);
	return f;
}

struct frame bench_answer(enum frame_type type)
{
	return bench_answer_to(type, BENCH_PEER);
}

struct message_state bench_state(enum frame_type type)
{
	struct frame f = bench_answer(type);
	struct message_state m;

	ck_assert_int_eq(message_get_state(f.payload, &m), 0);
	ck_assert_uint_eq(m.instance, BENCH_INSTANCE);
	return m;
}

void bench_expect_error(enum message_error_code code)
{
	struct frame f = bench_answer(FRAME_ERROR);
	struct message_error m;

	ck_assert_int_eq(message_get_error(f.payload, &m), 0);
	ck_assert_int_eq(m.code, code);
	ck_assert_uint_gt(m.sentence.len, 0);
}

static struct message_appended durable(uint64_t first)
{
	struct frame f = bench_answer_to(FRAME_APPENDED, 0);
	struct message_appended m;

	ck_assert_int_eq(message_get_appended(f.payload, &m), 0);
	ck_assert(m.durable);
	ck_assert_uint_eq(m.first, first);
	return m;
}

void bench_expect_appended(uint64_t first)
{
	(void)durable(first);
}

void bench_expect_synced(uint64_t first, uint32_t sync_usec)
{
	ck_assert_uint_eq(durable(first).sync_usec, sync_usec);
}

void bench_expect_missing(uint64_t first, const char *missing)
{
	struct frame f = bench_answer(FRAME_APPENDED);
	struct message_appended m;

	ck_assert_int_eq(message_get_appended(f.payload, &m), 0);
	ck_assert(!m.durable);
	ck_assert_uint_eq(m.first, first);
	ck_assert_uint_eq(m.fragments, strlen(missing));
	for (size_t i = 0; i < m.fragments; i++) {
		unsigned int byte = (uint8_t)m.missing.p[i / 8];

		ck_assert_msg(((byte >> (7 - i % 8)) & 1) ==
				      (missing[i] == '1'),
			      "fragment %zu of %s", i, missing);
	}
}

void bench_expect_silence(void)
{
	ck_assert_msg(bench.taken == bench.count, "%zu answers nobody expected",
		      bench.count - bench.taken);
}
