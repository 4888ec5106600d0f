/* SPDX-License-Identifier: MIT */
/*
 * Datagrams: the frame, judged a second time by what its header's comment says,
 * and every payload decoder.  What decodes keeps its limits and encodes to the
 * very same bytes; whatever bit is turned in a good one, it is good no more.
 *
 * The input: u8 how (below), u16 a bit to turn, then the datagram.
 */
#include "config.h"

#include <sodium.h>

#include "util/cleanup.h"
#include "util/cursor.h"
#include "wire/frame.h"
#include "wire/message.h"

#include "fuzz.h"

/* So that a bent datagram gets further than to its length and its MAC. */
#define HOW_LENGTH 1u
#define HOW_MAC 2u
#define HOW_NO_KEY 4u

#define LENGTH_AT 6
#define NAME_AT 8

/* The bytes 0, 1, 2 … 31, as in tests/data/cluster.key. */
static const struct frame_key keyed = {
	.present = true,
	.bytes = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
		   11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
		   22, 23, 24, 25, 26, 27, 28, 29, 30, 31 },
};
static const struct frame_key keyless = { .present = false };

static void compute_mac(const struct frame_key *key, const uint8_t *data,
			size_t size, uint8_t mac[FRAME_MAC_SIZE])
{
	fuzz_check(crypto_generichash(mac, FRAME_MAC_SIZE, data, size,
				      key->present ? key->bytes : NULL,
				      key->present ? FRAME_KEY_SIZE : 0) == 0);
}

static void put_right(uint8_t *data, size_t size, unsigned int how,
		      const struct frame_key *key)
{
	struct writer w;

	if (size < FRAME_OVERHEAD || size > FRAME_SIZE_MAX)
		return;
	if (how & HOW_LENGTH) {
		w = writer_of(data + LENGTH_AT, sizeof(uint16_t));
		writer_u16(&w, (uint16_t)(size - FRAME_OVERHEAD));
	}
	if (how & HOW_MAC)
		compute_mac(key, data, size - FRAME_MAC_SIZE,
			    data + size - FRAME_MAC_SIZE);
}

/* Letters, digits, '_' and '.', then only zeros. */
static bool is_name(const uint8_t field[FRAME_BLOCK_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789_.";
	char name[FRAME_BLOCK_SIZE + 1] = { 0 };
	size_t len;

	memcpy(name, field, FRAME_BLOCK_SIZE);
	len = strspn(name, letters);
	for (size_t i = len; i < FRAME_BLOCK_SIZE; i++)
		if (name[i])
			return false;
	return len > 0;
}

/* The judgement, in the order of enum frame_fault. */
static enum frame_fault judge(const uint8_t *data, size_t size,
			      const struct frame_key *key)
{
	uint8_t mac[FRAME_MAC_SIZE];

	if (size < FRAME_OVERHEAD)
		return FRAME_FAULT_SHORT;
	if (memcmp(data, "ALCH", 4) != 0)
		return FRAME_FAULT_MAGIC;
	if (data[4] != FRAME_VERSION)
		return FRAME_FAULT_VERSION;
	if (data[5] < 1 || data[5] > 13)
		return FRAME_FAULT_TYPE;
	if (size != FRAME_OVERHEAD + data[LENGTH_AT] * 256u +
			    data[LENGTH_AT + 1] ||
	    size > FRAME_SIZE_MAX)
		return FRAME_FAULT_LENGTH;
	if (!is_name(data + NAME_AT))
		return FRAME_FAULT_NAME;

	compute_mac(key, data, size - FRAME_MAC_SIZE, mac);
	if (memcmp(mac, data + size - FRAME_MAC_SIZE, FRAME_MAC_SIZE) != 0)
		return FRAME_FAULT_MAC;
	return FRAME_GOOD;
}

static enum frame_fault decode(const uint8_t *data, size_t size,
			       const struct frame_key *key, struct frame *ret)
{
	return frame_decode((struct slice){ (const char *)data, size }, key,
			    ret);
}

/* Nobody else takes it, and nobody at all with a bit turned. */
static void check_sealed(uint8_t *data, size_t size, size_t bit,
			 const struct frame_key *key)
{
	struct frame_key other = *key;
	struct frame f;

	other.present = true;
	other.bytes[bit % FRAME_KEY_SIZE] ^= 1;
	fuzz_check(decode(data, size, &other, &f) == FRAME_FAULT_MAC);

	bit %= size * 8;
	data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	fuzz_check(decode(data, size, key, &f) != FRAME_GOOD);
	data[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void check_frame(uint8_t *data, size_t size, size_t bit,
			const struct frame_key *key)
{
	static uint8_t out[FRAME_SIZE_MAX];
	enum frame_fault fault;
	struct frame f;
	int len;

	fault = decode(data, size, key, &f);
	fuzz_check(fault == judge(data, size, key));
	fuzz_check(*frame_fault_name(fault) != '?');
	if (fault != FRAME_GOOD)
		return;

	fuzz_check(*frame_type_name(f.type) != '?');
	len = frame_encode(&f, key, out, sizeof(out));
	fuzz_check(len > 0 && (size_t)len == size);
	fuzz_check(memcmp(out, data, size) == 0);
	check_sealed(data, size, bit, key);
}

/* Payloads: the limits that message.h names, and back to bytes. */

static void check_ping(const struct message_ping *m)
{
	(void)m;
}

static void check_state(const struct message_state *m)
{
	(void)m;
}

static void check_claim(const struct message_claim *m)
{
	(void)m;
}

static bool is_whole(struct slice lines)
{
	return lines.len == 0 || lines.p[lines.len - 1] == '\n';
}

static void check_append(const struct message_append *m)
{
	fuzz_check(m->first > 0 && m->records > 0);
	fuzz_check(m->fragments > 0 && m->fragments <= MESSAGE_FRAGMENTS_MAX);
	fuzz_check(m->lines.len > 0 && is_whole(m->lines));
}

static void check_appended(const struct message_appended *m)
{
	unsigned int behind = 0xffu >> m->fragments % 8u;

	if (m->durable)
		return;
	fuzz_check(m->fragments > 0 && m->fragments <= MESSAGE_FRAGMENTS_MAX);
	fuzz_check(m->missing.len == (m->fragments + 7u) / 8);
	if (m->fragments % 8u > 0)
		fuzz_check(((uint8_t)m->missing.p[m->missing.len - 1] &
			    behind) == 0);
}

static void check_filter(const struct message_filter *f)
{
	fuzz_check(f->absents <= MESSAGE_ABSENT_MAX);
	fuzz_check(f->ranges <= MESSAGE_RANGES_MAX);
	for (size_t i = 0; i < f->ranges; i++)
		fuzz_check(f->range[i].from <= f->range[i].to);
}

static void check_room(uint16_t room)
{
	fuzz_check(room >= FRAME_SIZE_MIN && room <= FRAME_SIZE_MAX);
}

static void check_fetch(const struct message_fetch *m)
{
	fuzz_check(m->pages > 0 && m->pages <= MESSAGE_PAGES_MAX);
	check_room(m->room);
	check_filter(&m->filter);
}

static void check_records(const struct message_records *m)
{
	fuzz_check(m->after <= m->covered);
	fuzz_check(is_whole(m->lines));
}

static void check_stats(const struct message_stats *m)
{
	fuzz_check(m->user.len > 0);
	check_room(m->room);
	check_filter(&m->filter);
}

static void check_partners(const struct message_partners *m)
{
	struct slice entries = m->entries;
	struct message_partner before = { 0 };
	struct message_partner p;
	size_t len = 0;

	for (; message_next_partner(&entries, &p); before = p) {
		fuzz_check(slice_compare(before.name, p.name) < 0);
		len += 1 + p.name.len + sizeof(p.count) + sizeof(p.net);
	}
	fuzz_check(len == m->entries.len);
}

static void check_sum(const struct message_sum *m)
{
	check_filter(&m->filter);
}

static void check_total(const struct message_total *m)
{
	(void)m;
}

static void check_error(const struct message_error *m)
{
	fuzz_check(m->code >= MESSAGE_ERROR_FENCED &&
		   m->code <= MESSAGE_ERROR_MALFORMED);
}

#define UNTOUCHED 0xa5

static bool is_untouched(const void *p, size_t len)
{
	const uint8_t *bytes = p;

	while (len > 0 && bytes[len - 1] == UNTOUCHED)
		len--;
	return len == 0;
}

#define DEFINE_TRY(name)                                                       \
	static void try_##name(struct slice payload)                           \
	{                                                                      \
		static uint8_t out[FRAME_SIZE_MAX];                            \
		struct writer w = writer_of(out, sizeof(out));                 \
		struct message_##name m;                                       \
                                                                               \
		memset(&m, UNTOUCHED, sizeof(m));                              \
		if (message_get_##name(payload, &m) < 0) {                     \
			fuzz_check(is_untouched(&m, sizeof(m)));               \
			return;                                                \
		}                                                              \
                                                                               \
		check_##name(&m);                                              \
		message_put_##name(&w, &m);                                    \
		fuzz_check(!w.bad && writer_len(&w) == payload.len);           \
		fuzz_check(payload.len == 0 ||                                 \
			   memcmp(out, payload.p, payload.len) == 0);          \
	}                                                                      \
	struct allow_semicolon_

DEFINE_TRY(ping);
DEFINE_TRY(state);
DEFINE_TRY(claim);
DEFINE_TRY(append);
DEFINE_TRY(appended);
DEFINE_TRY(fetch);
DEFINE_TRY(records);
DEFINE_TRY(stats);
DEFINE_TRY(partners);
DEFINE_TRY(sum);
DEFINE_TRY(total);
DEFINE_TRY(error);

static void (*const tries[])(struct slice) = {
	try_ping,  try_state,	 try_claim, try_append, try_appended, try_fetch,
	try_stats, try_partners, try_sum,   try_total,	try_records,  try_error,
};

/* All decoders, whatever the type: any of them may be given any bytes. */
static void check_payloads(struct slice payload)
{
	char *copy;

	if (payload.len > FRAME_SIZE_MAX - FRAME_OVERHEAD)
		return;
	copy = fuzz_copy(payload);
	payload.p = copy;
	for (size_t i = 0; i < ELEMENTS(tries); i++)
		tries[i](payload);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(data, size);
	const struct frame_key *key;
	struct slice rest;
	unsigned int how;
	size_t bit;
	char *copy;

	how = reader_u8(&r);
	bit = reader_u16(&r);
	if (r.bad)
		return 0;

	rest = reader_rest(&r);
	key = how & HOW_NO_KEY ? &keyless : &keyed;
	copy = fuzz_copy(rest);
	put_right((uint8_t *)copy, rest.len, how, key);
	check_frame((uint8_t *)copy, rest.len, bit, key);
	free(copy);

	if (rest.len >= FRAME_OVERHEAD)
		rest = (struct slice){ rest.p + FRAME_HEADER_SIZE,
				       rest.len - FRAME_OVERHEAD };
	check_payloads(rest);
	return 0;
}
