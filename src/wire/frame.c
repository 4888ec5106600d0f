/* SPDX-License-Identifier: MIT */
/*
 * The frame of every datagram: header, payload, MAC.  What a payload means is
 * message.c's; where a datagram came from is the sockets' affair.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "util/cursor.h"

#include "wire/frame.h"

static const char frame_magic[4] = { 'A', 'L', 'C', 'H' };

#define MAGIC_SIZE sizeof(frame_magic)

_Static_assert(FRAME_HEADER_SIZE == MAGIC_SIZE + 1 + 1 + 2 + FRAME_BLOCK_SIZE +
					    3 * sizeof(uint64_t),
	       "the header is as large as its fields");
_Static_assert(FRAME_MAC_SIZE >= crypto_generichash_BYTES_MIN &&
		       FRAME_KEY_SIZE >= crypto_generichash_KEYBYTES_MIN &&
		       FRAME_KEY_SIZE <= crypto_generichash_KEYBYTES_MAX,
	       "libsodium makes MACs of this size with keys of this size");

static void compute_mac(const struct frame_key *key, const void *data,
			size_t len, uint8_t mac[FRAME_MAC_SIZE])
{
	int r;

	r = crypto_generichash(mac, FRAME_MAC_SIZE, data, len,
			       key->present ? key->bytes : NULL,
			       key->present ? FRAME_KEY_SIZE : 0);
	/* It fails for sizes out of range only, and ours are asserted above. */
	assert(r == 0);
	(void)r;
}

static bool type_known(uint8_t type)
{
	return type >= FRAME_PING && type <= FRAME_ERROR;
}

/* The same letters as systemd's instance names; isalnum() asks the locale. */
static bool name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static bool name_valid(struct slice name)
{
	if (name.len == 0 || name.len > FRAME_BLOCK_SIZE)
		return false;

	for (size_t i = 0; i < name.len; i++)
		if (!name_byte(name.p[i]))
			return false;
	return true;
}

/* Take the padding off; false if there is more behind it, or no name. */
static bool unpad_name(struct slice field, struct slice *ret)
{
	struct slice name = { field.p, strnlen(field.p, field.len) };

	for (size_t i = name.len; i < field.len; i++)
		if (field.p[i] != '\0')
			return false;

	if (!name_valid(name))
		return false;

	*ret = name;
	return true;
}

/* Magic, version, type and length, in this order; the reader moves on. */
static enum frame_fault judge_fixed(struct reader *r, size_t size,
				    struct frame *f)
{
	struct slice magic = reader_bytes(r, MAGIC_SIZE);
	uint8_t version = reader_u8(r);
	uint8_t type = reader_u8(r);
	uint16_t length = reader_u16(r);

	if (!slice_equal(magic, (struct slice){ frame_magic, MAGIC_SIZE }))
		return FRAME_FAULT_MAGIC;

	if (version != FRAME_VERSION)
		return FRAME_FAULT_VERSION;

	if (!type_known(type))
		return FRAME_FAULT_TYPE;

	if (size != FRAME_OVERHEAD + (size_t)length || size > FRAME_SIZE_MAX)
		return FRAME_FAULT_LENGTH;

	f->type = (enum frame_type)type;
	f->payload.len = length;
	return FRAME_GOOD;
}

enum frame_fault frame_decode(struct slice datagram,
			      const struct frame_key *key, struct frame *ret)
{
	uint8_t mac[FRAME_MAC_SIZE];
	enum frame_fault fault;
	struct slice sent_mac;
	struct reader r;
	struct frame f;

	if (datagram.len < FRAME_OVERHEAD)
		return FRAME_FAULT_SHORT;

	r = reader_of(datagram.p, datagram.len);
	fault = judge_fixed(&r, datagram.len, &f);
	if (fault != FRAME_GOOD)
		return fault;

	if (!unpad_name(reader_bytes(&r, FRAME_BLOCK_SIZE), &f.block))
		return FRAME_FAULT_NAME;

	f.epoch = reader_u64(&r);
	f.request = reader_u64(&r);
	f.position = reader_u64(&r);
	f.payload = reader_bytes(&r, f.payload.len);
	sent_mac = reader_bytes(&r, FRAME_MAC_SIZE);
	/* The lengths were judged: whatever came, it is all there. */
	assert(reader_done(&r));

	compute_mac(key, datagram.p, datagram.len - FRAME_MAC_SIZE, mac);
	if (sodium_memcmp(mac, sent_mac.p, FRAME_MAC_SIZE) != 0)
		return FRAME_FAULT_MAC;

	*ret = f;
	return FRAME_GOOD;
}

static void put_header(struct writer *w, const struct frame *f)
{
	uint8_t name[FRAME_BLOCK_SIZE] = { 0 };

	memcpy(name, f->block.p, f->block.len);

	writer_bytes(w, frame_magic, MAGIC_SIZE);
	writer_u8(w, FRAME_VERSION);
	writer_u8(w, (uint8_t)f->type);
	writer_u16(w, (uint16_t)f->payload.len);
	writer_bytes(w, name, sizeof(name));
	writer_u64(w, f->epoch);
	writer_u64(w, f->request);
	writer_u64(w, f->position);
}

int frame_encode(const struct frame *f, const struct frame_key *key,
		 uint8_t *out, size_t size)
{
	uint8_t *payload = out + FRAME_HEADER_SIZE;
	struct writer w;
	size_t covered;

	assert(type_known((uint8_t)f->type));
	assert(name_valid(f->block));

	if (size > FRAME_SIZE_MAX)
		size = FRAME_SIZE_MAX;
	if (size < FRAME_OVERHEAD || f->payload.len > size - FRAME_OVERHEAD)
		return -EMSGSIZE;
	covered = FRAME_HEADER_SIZE + f->payload.len;

	/* The payload first: it may lie in @out, and most often in its place. */
	if (f->payload.len > 0 && f->payload.p != (const char *)payload)
		memmove(payload, f->payload.p, f->payload.len);

	w = writer_of(out, FRAME_HEADER_SIZE);
	put_header(&w, f);
	assert(!w.bad && w.left == 0);

	compute_mac(key, out, covered, out + covered);
	return (int)(covered + FRAME_MAC_SIZE);
}

const char *frame_type_name(enum frame_type type)
{
	switch (type) {
	case FRAME_PING:
		return "PING";
	case FRAME_PONG:
		return "PONG";
	case FRAME_CLAIM:
		return "CLAIM";
	case FRAME_PROMISE:
		return "PROMISE";
	case FRAME_APPEND:
		return "APPEND";
	case FRAME_APPENDED:
		return "APPENDED";
	case FRAME_FETCH:
		return "FETCH";
	case FRAME_RECORDS:
		return "RECORDS";
	case FRAME_STATS:
		return "STATS";
	case FRAME_PARTNERS:
		return "PARTNERS";
	case FRAME_SUM:
		return "SUM";
	case FRAME_TOTAL:
		return "TOTAL";
	case FRAME_ERROR:
		return "ERROR";
	}
	return "?";
}

const char *frame_fault_name(enum frame_fault fault)
{
	switch (fault) {
	case FRAME_GOOD:
		return "good";
	case FRAME_FAULT_SHORT:
		return "short";
	case FRAME_FAULT_MAGIC:
		return "magic";
	case FRAME_FAULT_VERSION:
		return "version";
	case FRAME_FAULT_TYPE:
		return "type";
	case FRAME_FAULT_LENGTH:
		return "length";
	case FRAME_FAULT_NAME:
		return "name";
	case FRAME_FAULT_MAC:
		return "mac";
	}
	return "?";
}
