/* SPDX-License-Identifier: MIT */
/*
 * src/wire/frame.c: what a datagram is refused for, and in which order.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "wire/frame.h"

#include "test_wire_samples.h"
#include "unit.h"

UNIT_SUITE(test_wire_frame);

/* Where the fields stand, by chain-protocol(7). */
#define AT_VERSION 4
#define AT_TYPE 5
#define AT_LENGTH 6
#define AT_BLOCK 8

/* Decode an exact copy on the heap: the sanitizer sees a byte read too far. */
static enum frame_fault decode(const uint8_t *data, size_t len,
			       const struct frame_key *key)
{
	_cleanup_(freep) char *copy = malloc(len > 0 ? len : 1);
	struct frame f;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, len);
	return frame_decode((struct slice){ copy, len }, key, &f);
}

/* The sample with one byte set, under a good MAC. */
static enum frame_fault decode_changed(size_t at, uint8_t value)
{
	uint8_t d[FRAME_SIZE_MAX + 1];
	size_t len = wire_sample_encode(0, d);

	d[at] = value;
	return decode(d, len, &wire_sample_key);
}

START_TEST(fields_come_back)
{
	uint8_t d[512];
	struct frame in = {
		.type = FRAME_RECORDS,
		.block = slice_of("Block_1.x"),
		.epoch = UINT64_MAX,
		.request = UINT64_C(0x0123456789abcdef),
		.position = 3,
		.payload = slice_of("Hello"),
	};
	struct frame f;
	int len;

	len = frame_encode(&in, &wire_sample_key, d, sizeof(d));
	ck_assert_int_eq(len, FRAME_OVERHEAD + 5);

	ck_assert_int_eq(frame_decode((struct slice){ (char *)d, (size_t)len },
				      &wire_sample_key, &f),
			 FRAME_GOOD);
	ck_assert_int_eq(f.type, FRAME_RECORDS);
	ck_assert(slice_equal(f.block, slice_of("Block_1.x")));
	ck_assert_uint_eq(f.epoch, UINT64_MAX);
	ck_assert_uint_eq(f.request, UINT64_C(0x0123456789abcdef));
	ck_assert_uint_eq(f.position, 3);
	ck_assert(slice_equal(f.payload, slice_of("Hello")));
}
END_TEST

START_TEST(samples_decode)
{
	uint8_t d[WIRE_SAMPLE_MAX];
	size_t len = wire_sample_encode((size_t)_i, d);

	ck_assert_int_eq(decode(d, len, wire_sample_seal((size_t)_i)),
			 FRAME_GOOD);
}
END_TEST

/* A datagram cut anywhere is refused: as short, or for its length. */
START_TEST(every_truncation_is_refused)
{
	uint8_t d[WIRE_SAMPLE_MAX];
	size_t len = wire_sample_encode((size_t)_i, d);

	for (size_t cut = 0; cut < len; cut++)
		ck_assert_int_eq(decode(d, cut, wire_sample_seal((size_t)_i)),
				 cut < FRAME_OVERHEAD ? FRAME_FAULT_SHORT :
							FRAME_FAULT_LENGTH);
}
END_TEST

/* No bit of header, payload or MAC can change unseen, with a key or without. */
START_TEST(every_flipped_bit_is_refused)
{
	uint8_t d[WIRE_SAMPLE_MAX];
	size_t len = wire_sample_encode((size_t)_i, d);

	for (size_t bit = 0; bit < len * 8; bit++) {
		d[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(decode(d, len, wire_sample_seal((size_t)_i)) !=
				      FRAME_GOOD,
			      "%s: bit %zu of byte %zu",
			      wire_sample_name((size_t)_i), bit % 8, bit / 8);
		d[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

START_TEST(trailing_bytes_are_refused)
{
	uint8_t d[WIRE_SAMPLE_MAX + 1] = { 0 };
	size_t len = wire_sample_encode((size_t)_i, d);

	ck_assert_int_eq(decode(d, len + 1, wire_sample_seal((size_t)_i)),
			 FRAME_FAULT_LENGTH);
}
END_TEST

START_TEST(a_fault_leaves_the_result_alone)
{
	uint8_t d[WIRE_SAMPLE_MAX];
	size_t len = wire_sample_encode(0, d);
	struct frame f;
	struct frame before;

	memset(&f, 0xa5, sizeof(f));
	memcpy(&before, &f, sizeof(f));
	d[len - 1] ^= 1;
	ck_assert_int_eq(frame_decode((struct slice){ (char *)d, len },
				      &wire_sample_key, &f),
			 FRAME_FAULT_MAC);
	ck_assert_mem_eq(&f, &before, sizeof(f));
}
END_TEST

/* Another key, or none where there should be one, is a wrong MAC. */
START_TEST(the_key_matters)
{
	struct frame_key other = wire_sample_key;
	uint8_t d[WIRE_SAMPLE_MAX];
	size_t len = wire_sample_encode(0, d);

	other.bytes[FRAME_KEY_SIZE - 1] ^= 0x80;
	ck_assert_int_eq(decode(d, len, &other), FRAME_FAULT_MAC);
	ck_assert_int_eq(decode(d, len, &wire_sample_no_key), FRAME_FAULT_MAC);

	len = wire_sample_encode(1, d);
	ck_assert_int_eq(decode(d, len, &wire_sample_key), FRAME_FAULT_MAC);
}
END_TEST

START_TEST(each_field_has_its_fault)
{
	ck_assert_int_eq(decode_changed(0, 'a'), FRAME_FAULT_MAGIC);
	ck_assert_int_eq(decode_changed(3, 'h'), FRAME_FAULT_MAGIC);
	ck_assert_int_eq(decode_changed(AT_VERSION, 0), FRAME_FAULT_VERSION);
	ck_assert_int_eq(decode_changed(AT_VERSION, 2), FRAME_FAULT_VERSION);
	ck_assert_int_eq(decode_changed(AT_TYPE, 0), FRAME_FAULT_TYPE);
	ck_assert_int_eq(decode_changed(AT_TYPE, 14), FRAME_FAULT_TYPE);
	ck_assert_int_eq(decode_changed(AT_TYPE, 255), FRAME_FAULT_TYPE);
	ck_assert_int_eq(decode_changed(AT_LENGTH, 1), FRAME_FAULT_LENGTH);
	ck_assert_int_eq(decode_changed(AT_LENGTH + 1, 0), FRAME_FAULT_LENGTH);
	ck_assert_int_eq(decode_changed(AT_BLOCK, 0), FRAME_FAULT_NAME);
	ck_assert_int_eq(decode_changed(AT_BLOCK, '/'), FRAME_FAULT_NAME);
	ck_assert_int_eq(decode_changed(AT_BLOCK, 0xc3), FRAME_FAULT_NAME);
	ck_assert_int_eq(decode_changed(AT_BLOCK + 2, 'x'), FRAME_FAULT_NAME);
	ck_assert_int_eq(decode_changed(AT_BLOCK + 15, 1), FRAME_FAULT_NAME);
	/* Another good name is left to the MAC. */
	ck_assert_int_eq(decode_changed(AT_BLOCK, 'B'), FRAME_FAULT_MAC);
}
END_TEST

/* With everything wrong, one after the other mended, faults come in order. */
START_TEST(faults_come_in_the_order_of_the_list)
{
	uint8_t good[WIRE_SAMPLE_MAX];
	uint8_t bad[WIRE_SAMPLE_MAX + 1];
	size_t len = wire_sample_encode(0, good);

	memset(bad, 0xff, sizeof(bad));
	ck_assert_int_eq(decode(bad, FRAME_OVERHEAD - 1, &wire_sample_key),
			 FRAME_FAULT_SHORT);
	ck_assert_int_eq(decode(bad, len, &wire_sample_key), FRAME_FAULT_MAGIC);
	memcpy(bad, good, AT_VERSION);
	ck_assert_int_eq(decode(bad, len, &wire_sample_key),
			 FRAME_FAULT_VERSION);
	memcpy(bad, good, AT_TYPE);
	ck_assert_int_eq(decode(bad, len, &wire_sample_key), FRAME_FAULT_TYPE);
	memcpy(bad, good, AT_LENGTH);
	ck_assert_int_eq(decode(bad, len, &wire_sample_key),
			 FRAME_FAULT_LENGTH);
	memcpy(bad, good, AT_BLOCK);
	ck_assert_int_eq(decode(bad, len, &wire_sample_key), FRAME_FAULT_NAME);
	memcpy(bad, good, FRAME_HEADER_SIZE);
	ck_assert_int_eq(decode(bad, len, &wire_sample_key), FRAME_FAULT_MAC);
	memcpy(bad, good, len);
	ck_assert_int_eq(decode(bad, len, &wire_sample_key), FRAME_GOOD);
}
END_TEST

START_TEST(sizes_are_bounded)
{
	static char payload[FRAME_SIZE_MAX];
	static uint8_t d[2 * FRAME_SIZE_MAX];
	struct frame in = {
		.type = FRAME_RECORDS,
		.block = slice_of("A"),
		.payload = { payload, FRAME_SIZE_MAX - FRAME_OVERHEAD },
	};
	int len;

	/* The largest one goes through. */
	len = frame_encode(&in, &wire_sample_key, d, sizeof(d));
	ck_assert_int_eq(len, FRAME_SIZE_MAX);
	ck_assert_int_eq(decode(d, FRAME_SIZE_MAX, &wire_sample_key),
			 FRAME_GOOD);
	ck_assert_int_eq(frame_encode(&in, &wire_sample_key, d, FRAME_SIZE_MAX),
			 FRAME_SIZE_MAX);

	/* One byte less room, or one byte more to say. */
	ck_assert_int_eq(frame_encode(&in, &wire_sample_key, d,
				      FRAME_SIZE_MAX - 1),
			 -EMSGSIZE);
	in.payload.len++;
	ck_assert_int_eq(frame_encode(&in, &wire_sample_key, d, sizeof(d)),
			 -EMSGSIZE);

	in.payload.len = 0;
	ck_assert_int_eq(frame_encode(&in, &wire_sample_key, d,
				      FRAME_OVERHEAD - 1),
			 -EMSGSIZE);
	ck_assert_int_eq(frame_encode(&in, &wire_sample_key, d, FRAME_OVERHEAD),
			 FRAME_OVERHEAD);
}
END_TEST

/* 65,508 bytes do not fit a UDP datagram: no length field makes them good. */
START_TEST(a_datagram_over_the_largest_is_refused)
{
	static uint8_t d[FRAME_SIZE_MAX + 1];
	size_t payload = sizeof(d) - FRAME_OVERHEAD;

	(void)wire_sample_encode(0, d);
	d[AT_LENGTH] = (uint8_t)(payload >> 8);
	d[AT_LENGTH + 1] = (uint8_t)payload;
	ck_assert_int_eq(decode(d, sizeof(d), &wire_sample_key),
			 FRAME_FAULT_LENGTH);
}
END_TEST

/* The payload in its place, a little off it, or elsewhere: the same bytes. */
START_TEST(the_payload_may_stand_in_the_buffer)
{
	uint8_t apart[256];
	struct frame in = {
		.type = FRAME_ERROR,
		.block = slice_of("A"),
		.payload = slice_of("sixteen byte txt"),
	};
	int len = frame_encode(&in, &wire_sample_key, apart, sizeof(apart));

	ck_assert_int_eq(len, FRAME_OVERHEAD + 16);
	for (size_t at = FRAME_HEADER_SIZE - 8; at <= FRAME_HEADER_SIZE + 8;
	     at++) {
		uint8_t d[256] = { 0 };

		memcpy(d + at, "sixteen byte txt", 16);
		in.payload.p = (const char *)d + at;
		ck_assert_int_eq(frame_encode(&in, &wire_sample_key, d,
					      sizeof(d)),
				 len);
		ck_assert_mem_eq(d, apart, (size_t)len);
	}
}
END_TEST

START_TEST(names_for_the_log)
{
	ck_assert_str_eq(frame_type_name(FRAME_PING), "PING");
	ck_assert_str_eq(frame_type_name(FRAME_ERROR), "ERROR");
	ck_assert_str_eq(frame_type_name((enum frame_type)0), "?");
	ck_assert_str_eq(frame_type_name((enum frame_type)14), "?");

	for (int i = 0; i < FRAME_FAULTS; i++)
		ck_assert_str_ne(frame_fault_name((enum frame_fault)i), "?");
	ck_assert_str_eq(frame_fault_name((enum frame_fault)FRAME_FAULTS), "?");
}
END_TEST

Suite *test_wire_frame(void)
{
	Suite *s = suite_create("wire/frame");
	TCase *t = tcase_create("frame");
	int samples = (int)wire_sample_count();

	tcase_add_test(t, fields_come_back);
	tcase_add_loop_test(t, samples_decode, 0, samples);
	tcase_add_loop_test(t, every_truncation_is_refused, 0, samples);
	tcase_add_loop_test(t, every_flipped_bit_is_refused, 0, samples);
	tcase_add_loop_test(t, trailing_bytes_are_refused, 0, samples);
	tcase_add_test(t, a_fault_leaves_the_result_alone);
	tcase_add_test(t, the_key_matters);
	tcase_add_test(t, each_field_has_its_fault);
	tcase_add_test(t, faults_come_in_the_order_of_the_list);
	tcase_add_test(t, sizes_are_bounded);
	tcase_add_test(t, a_datagram_over_the_largest_is_refused);
	tcase_add_test(t, the_payload_may_stand_in_the_buffer);
	tcase_add_test(t, names_for_the_log);
	suite_add_tcase(s, t);
	return s;
}
