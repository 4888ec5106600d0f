/* SPDX-License-Identifier: MIT */
/*
 * The sample datagrams.  Every field has a value of its own, so that two
 * fields in each other's place show.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "wire/message.h"

#include "unit.h"

#include "test_wire_samples.h"

#define TEXT(s) { (s), sizeof(s) - 1 }

const struct frame_key wire_sample_key = {
	.present = true,
	.bytes = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
		   11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
		   22, 23, 24, 25, 26, 27, 28, 29, 30, 31 },
};
const struct frame_key wire_sample_no_key = { .present = false };

static const struct message_filter filter_home = { .everything = false };

static const struct message_filter filter_all = { .everything = true };

static const struct message_filter filter_rich = {
	.absents = 2,
	.absent = { TEXT("B"), TEXT("spare_1.x") },
	.ranges = 2,
	.range = { { .from = 11, .to = 12, .take = true },
		   { .from = 90, .to = UINT64_C(0x7fffffffffffffff) } },
};

static void put_ping(struct writer *w)
{
	message_put_ping(w, &(struct message_ping){ .lease = true });
}

static void put_pong(struct writer *w)
{
	message_put_state(w, &(struct message_state){
				     .instance = UINT64_C(0x1122334455667788),
				     .last_serial = 12,
				     .records = 5,
				     .leased = true,
				     .dropped = UINT64_C(0x0807060504030201),
			     });
}

static void put_claim_of(struct writer *w, uint64_t lost_in)
{
	struct message_claim m = { .lost_in = lost_in };

	for (size_t i = 0; i < sizeof(m.nonce); i++)
		m.nonce[i] = (uint8_t)(0xa0 + i);
	message_put_claim(w, &m);
}

static void put_claim(struct writer *w)
{
	put_claim_of(w, 0);
}

static void put_claim_empty(struct writer *w)
{
	put_claim_of(w, 6);
}

static void put_promise(struct writer *w)
{
	message_put_state(w, &(struct message_state){
				     .instance = UINT64_C(0x99aabbccddeeff00),
				     .last_serial = 0,
				     .records = 0,
				     .full = true,
			     });
}

static void put_append(struct writer *w)
{
	message_put_append(
		w, &(struct message_append){
			   .first = 10,
			   .records = 3,
			   .fragments = 2,
			   .acknowledge = true,
			   .holds = 7,
			   .of = TEXT("A,B"),
			   .lines = TEXT("12 Ali Luke 15 "
					 "t=2026-11-22T13:37:00.123456Z b=3/3 "
					 "m=two%20coffees h="
					 "00112233445566778899aabbccddeeff"
					 "00112233445566778899aabbccddeeff\n"),
		   });
}

/* Whole lines, with the of= of each; the serials have holes. */
static void put_refill(struct writer *w)
{
	message_put_append(
		w, &(struct message_append){
			   .first = 2,
			   .records = 7,
			   .fragments = 4,
			   .refill = true,
			   .holds = UINT64_C(1) << 40,
			   .lines = TEXT("2 Rishil Alice 30 h="
					 "00112233445566778899aabbccddeeff"
					 "00112233445566778899aabbccddeeff "
					 "of=B\n"
					 "9 Ali Luke 155 h="
					 "ffeeddccbbaa99887766554433221100"
					 "ffeeddccbbaa99887766554433221100\n"),
		   });
}

static void put_appended(struct writer *w)
{
	message_put_appended(w, &(struct message_appended){
					.first = 10,
					.durable = true,
					.sync_usec = 0xf1020304,
				});
}

static void put_appended_part(struct writer *w)
{
	message_put_appended(w, &(struct message_appended){
					.first = 10,
					.fragments = 11,
					.missing = TEXT("\x81\x20"),
				});
}

static void put_fetch(struct writer *w)
{
	message_put_fetch(w, &(struct message_fetch){
				     .after = 7,
				     .upto = 300,
				     .pages = 16,
				     .room = 1472,
				     .user = TEXT("Ren\xc3\xa9"),
				     .columns = true,
				     .filter = filter_rich,
			     });
}

static void put_fetch_id(struct writer *w)
{
	message_put_fetch(w, &(struct message_fetch){
				     .upto = 12,
				     .pages = 1,
				     .room = 65507,
				     .id = TEXT("7f9c-1"),
				     .settle = true,
				     .filter = filter_all,
			     });
}

static void put_records(struct writer *w)
{
	message_put_records(w, &(struct message_records){
				       .after = 7,
				       .covered = 300,
				       .end = true,
				       .last = true,
				       .lines = TEXT("8 Rishil Chinmay 10\n"
						     "9 Ali Luke 155\n"),
			       });
}

static void put_stats(struct writer *w)
{
	message_put_stats(w, &(struct message_stats){
				     .upto = 12,
				     .room = 1200,
				     .user = TEXT("Luke"),
				     .after = TEXT("Ali"),
				     .filter = filter_home,
			     });
}

static void put_partners(struct writer *w)
{
	message_put_partners(w, &(struct message_partners){ .end = true });
	message_put_partner(w, &(struct message_partner){
				       .name = TEXT("Ali"),
				       .count = 2,
				       .net = 170,
			       });
	message_put_partner(w, &(struct message_partner){
				       .name = TEXT("Martin"),
				       .count = 1,
				       .net = -25,
			       });
}

static void put_sum(struct writer *w)
{
	message_put_sum(w, &(struct message_sum){
				   .after = 3,
				   .upto = 12,
				   .user = TEXT("Ali"),
				   .filter = filter_rich,
			   });
}

/* More than 64 bits of net: 2^64 coins lost. */
static void put_total(struct writer *w)
{
	message_put_total(w, &(struct message_total){
				     .records = 4,
				     .net = -((__int128)1 << 64),
			     });
}

static void put_error(struct writer *w)
{
	message_put_error(w, &(struct message_error){
				     .code = MESSAGE_ERROR_FENCED,
				     .sentence = TEXT("epoch 6 is promised"),
			     });
}

static const struct sample {
	const char *name;
	enum frame_type type;
	uint64_t epoch;
	uint64_t request;
	uint64_t position;
	const char *block;
	const struct frame_key *key;
	void (*put)(struct writer *w);
} samples[] = {
	{ "ping", FRAME_PING, 5, 1, 0, "A", &wire_sample_key, put_ping },
	{ "ping-without-key", FRAME_PING, 5, 1, 0, "A", &wire_sample_no_key,
	  put_ping },
	{ "pong", FRAME_PONG, 5, 1, 0, "A", &wire_sample_key, put_pong },
	{ "claim", FRAME_CLAIM, 6, 2, 0, "block_16.of.them", &wire_sample_key,
	  put_claim },
	{ "promise", FRAME_PROMISE, 6, 2, 0, "block_16.of.them",
	  &wire_sample_key, put_promise },
	{ "append", FRAME_APPEND, 6, 3, 1, "C", &wire_sample_key, put_append },
	{ "appended", FRAME_APPENDED, 6, 3, 0, "C", &wire_sample_key,
	  put_appended },
	{ "appended-part", FRAME_APPENDED, 6, 3, 0, "C", &wire_sample_key,
	  put_appended_part },
	{ "fetch", FRAME_FETCH, 6, UINT64_C(0x0102030405060708), 0, "B",
	  &wire_sample_key, put_fetch },
	{ "fetch-id", FRAME_FETCH, 6, 5, 0, "B", &wire_sample_key,
	  put_fetch_id },
	{ "records", FRAME_RECORDS, 6, UINT64_C(0x0102030405060708), 15, "B",
	  &wire_sample_key, put_records },
	{ "stats", FRAME_STATS, 6, 6, 0, "B", &wire_sample_key, put_stats },
	{ "partners", FRAME_PARTNERS, 6, 6, 0, "B", &wire_sample_key,
	  put_partners },
	{ "sum", FRAME_SUM, 6, 7, 0, "B", &wire_sample_key, put_sum },
	{ "total", FRAME_TOTAL, 6, 7, 0, "B", &wire_sample_key, put_total },
	{ "error", FRAME_ERROR, 6, 8, 0, "A", &wire_sample_key, put_error },
	{ "claim-lost", FRAME_CLAIM, 6, 2, 0, "A", &wire_sample_key,
	  put_claim_empty },
	{ "refill", FRAME_APPEND, 6, 9, 3, "C", &wire_sample_key, put_refill },
};

size_t wire_sample_count(void)
{
	return ELEMENTS(samples);
}

const char *wire_sample_name(size_t i)
{
	return samples[i].name;
}

const struct frame_key *wire_sample_seal(size_t i)
{
	return samples[i].key;
}

size_t wire_sample_encode(size_t i, uint8_t out[WIRE_SAMPLE_MAX])
{
	const struct sample *s = &samples[i];
	struct writer w = writer_of(out + FRAME_HEADER_SIZE,
				    WIRE_SAMPLE_MAX - FRAME_OVERHEAD);
	struct frame f;
	int len;

	s->put(&w);
	ck_assert(!w.bad);

	f = (struct frame){
		.type = s->type,
		.block = slice_of(s->block),
		.epoch = s->epoch,
		.request = s->request,
		.position = s->position,
		.payload = { (const char *)w.start, writer_len(&w) },
	};
	len = frame_encode(&f, s->key, out, WIRE_SAMPLE_MAX);
	ck_assert_int_gt(len, 0);
	return (size_t)len;
}

#define UNTOUCHED 0xa5

static void assert_untouched(const void *p, size_t len)
{
	const uint8_t *bytes = p;
	size_t same = 0;

	/* One assertion in all: each is a message to Check's parent. */
	while (same < len && bytes[same] == UNTOUCHED)
		same++;
	ck_assert_uint_eq(same, len);
}

#define DEFINE_RECODE(name)                                                    \
	static int recode_##name(struct slice payload, struct writer *w)       \
	{                                                                      \
		struct message_##name m;                                       \
                                                                               \
		memset(&m, UNTOUCHED, sizeof(m));                              \
		if (message_get_##name(payload, &m) < 0) {                     \
			assert_untouched(&m, sizeof(m));                       \
			return -EBADMSG;                                       \
		}                                                              \
                                                                               \
		message_put_##name(w, &m);                                     \
		return 0;                                                      \
	}                                                                      \
	struct allow_semicolon_

DEFINE_RECODE(ping);
DEFINE_RECODE(state);
DEFINE_RECODE(claim);
DEFINE_RECODE(append);
DEFINE_RECODE(appended);
DEFINE_RECODE(fetch);
DEFINE_RECODE(records);
DEFINE_RECODE(stats);
DEFINE_RECODE(sum);
DEFINE_RECODE(total);
DEFINE_RECODE(error);

/* Entry by entry, so that the walk is tried as well. */
static int recode_partners(struct slice payload, struct writer *w)
{
	struct message_partners m;
	struct message_partner partner;
	struct slice entries;

	memset(&m, UNTOUCHED, sizeof(m));
	if (message_get_partners(payload, &m) < 0) {
		assert_untouched(&m, sizeof(m));
		return -EBADMSG;
	}

	entries = m.entries;
	m.entries.len = 0;
	message_put_partners(w, &m);
	while (message_next_partner(&entries, &partner))
		message_put_partner(w, &partner);
	return 0;
}

int wire_recode(enum frame_type type, struct slice payload,
		uint8_t out[WIRE_SAMPLE_MAX])
{
	static int (*const recode[])(struct slice, struct writer *) = {
		[FRAME_PING] = recode_ping,
		[FRAME_PONG] = recode_state,
		[FRAME_CLAIM] = recode_claim,
		[FRAME_PROMISE] = recode_state,
		[FRAME_APPEND] = recode_append,
		[FRAME_APPENDED] = recode_appended,
		[FRAME_FETCH] = recode_fetch,
		[FRAME_RECORDS] = recode_records,
		[FRAME_STATS] = recode_stats,
		[FRAME_PARTNERS] = recode_partners,
		[FRAME_SUM] = recode_sum,
		[FRAME_TOTAL] = recode_total,
		[FRAME_ERROR] = recode_error,
	};
	struct writer w = writer_of(out, WIRE_SAMPLE_MAX);
	int r;

	r = recode[type](payload, &w);
	if (r < 0)
		return r;

	ck_assert(!w.bad);
	return (int)writer_len(&w);
}
