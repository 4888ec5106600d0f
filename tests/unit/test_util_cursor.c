/* SPDX-License-Identifier: MIT */
/*
 * Bounded reading and writing of bytes, by way of a layout that has one of
 * everything.
 */
#include "config.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/cursor.h"

#include "unit.h"

UNIT_SUITE(test_util_cursor);

struct sample {
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	__int128 i128;
	struct slice text;
	struct slice bytes;
};

#define SAMPLE_SIZE (1 + 2 + 4 + 8 + 16 + 1 + 5 + 3)

static const uint8_t golden[SAMPLE_SIZE] = {
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
	0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xfe, 0x05, 'h',  'e',	'l',  'l',  'o',  'x',	'y',  'z',
};

static struct sample sample_golden(void)
{
	return (struct sample){
		.u8 = 0x01,
		.u16 = 0x0203,
		.u32 = 0x04050607,
		.u64 = UINT64_C(0x08090a0b0c0d0e0f),
		.i128 = -2,
		.text = slice_of("hello"),
		.bytes = slice_of("xyz"),
	};
}

static void write_sample(struct writer *w, const struct sample *s)
{
	writer_u8(w, s->u8);
	writer_u16(w, s->u16);
	writer_u32(w, s->u32);
	writer_u64(w, s->u64);
	writer_i128(w, s->i128);
	writer_short_string(w, s->text);
	writer_bytes(w, s->bytes.p, s->bytes.len);
}

/* False if @len bytes at @data are not exactly one sample. */
static bool read_sample(const void *data, size_t len, struct sample *s)
{
	struct reader r = reader_of(data, len);

	s->u8 = reader_u8(&r);
	s->u16 = reader_u16(&r);
	s->u32 = reader_u32(&r);
	s->u64 = reader_u64(&r);
	s->i128 = reader_i128(&r);
	s->text = reader_short_string(&r);
	s->bytes = reader_bytes(&r, 3);
	return reader_done(&r);
}

static bool same(const struct sample *a, const struct sample *b)
{
	return a->u8 == b->u8 && a->u16 == b->u16 && a->u32 == b->u32 &&
	       a->u64 == b->u64 && a->i128 == b->i128 &&
	       slice_equal(a->text, b->text) && slice_equal(a->bytes, b->bytes);
}

/* The layout itself: another machine, another year. */
START_TEST(writes_most_significant_byte_first)
{
	struct sample s = sample_golden();
	uint8_t out[SAMPLE_SIZE];
	struct writer w = writer_of(out, sizeof(out));

	write_sample(&w, &s);
	ck_assert(!w.bad);
	ck_assert_uint_eq(writer_len(&w), SAMPLE_SIZE);
	ck_assert_mem_eq(out, golden, SAMPLE_SIZE);
}
END_TEST

START_TEST(reads_what_was_written)
{
	struct sample expected = sample_golden();
	struct sample s;

	ck_assert(read_sample(golden, sizeof(golden), &s));
	ck_assert(same(&s, &expected));
}
END_TEST

START_TEST(signed_128_bits_come_back_at_their_limits)
{
	const __int128 max = (__int128)(~(unsigned __int128)0 >> 1);
	const __int128 values[] = {
		0, 1, -1, max, -max - 1, (__int128)1 << 64, -((__int128)1 << 64)
	};
	uint8_t out[16];

	for (size_t i = 0; i < ELEMENTS(values); i++) {
		struct writer w = writer_of(out, sizeof(out));
		struct reader r = reader_of(out, sizeof(out));

		writer_i128(&w, values[i]);
		ck_assert(!w.bad);
		ck_assert(reader_i128(&r) == values[i]);
		ck_assert(reader_done(&r));
	}
}
END_TEST

START_TEST(every_truncation_is_noticed)
{
	struct sample s;

	for (size_t len = 0; len < sizeof(golden); len++)
		ck_assert(!read_sample(golden, len, &s));
}
END_TEST

START_TEST(a_trailing_byte_is_noticed)
{
	uint8_t longer[SAMPLE_SIZE + 1] = { 0 };
	struct sample s;

	memcpy(longer, golden, sizeof(golden));
	ck_assert(!read_sample(longer, sizeof(longer), &s));
}
END_TEST

START_TEST(every_flipped_bit_gives_something_else)
{
	struct sample expected = sample_golden();
	uint8_t bent[SAMPLE_SIZE];
	struct sample s;

	for (size_t bit = 0; bit < sizeof(golden) * 8; bit++) {
		memcpy(bent, golden, sizeof(golden));
		bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!read_sample(bent, sizeof(bent), &s) ||
			  !same(&s, &expected));
	}
}
END_TEST

/* One check at the end must do for everything before it. */
START_TEST(after_an_error_all_is_zero_and_stays_bad)
{
	struct reader r = reader_of(golden, 3);

	ck_assert_uint_eq(reader_u32(&r), 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(reader_u8(&r), 0);
	ck_assert_uint_eq(reader_u16(&r), 0);
	ck_assert(reader_i128(&r) == 0);
	ck_assert_uint_eq(reader_bytes(&r, 1).len, 0);
	ck_assert_uint_eq(reader_short_string(&r).len, 0);
	ck_assert_uint_eq(reader_rest(&r).len, 0);
	ck_assert(!reader_done(&r));
}
END_TEST

START_TEST(an_absurd_length_is_only_an_error)
{
	struct reader r = reader_of(golden, sizeof(golden));

	ck_assert_uint_eq(reader_bytes(&r, SIZE_MAX).len, 0);
	ck_assert(r.bad);
}
END_TEST

START_TEST(the_rest_is_all_that_is_left)
{
	struct reader r = reader_of(golden, sizeof(golden));
	struct slice rest;

	(void)reader_u32(&r);
	ck_assert(!reader_done(&r));
	rest = reader_rest(&r);
	ck_assert_uint_eq(rest.len, sizeof(golden) - 4);
	ck_assert_ptr_eq(rest.p, golden + 4);
	ck_assert(reader_done(&r));
	ck_assert_uint_eq(reader_rest(&r).len, 0);
	ck_assert(reader_done(&r));
}
END_TEST

START_TEST(writing_stops_at_every_end)
{
	struct sample s = sample_golden();
	uint8_t out[SAMPLE_SIZE + 1];

	for (size_t size = 0; size < SAMPLE_SIZE; size++) {
		struct writer w = writer_of(out, size);

		memset(out, 0xa5, sizeof(out));
		write_sample(&w, &s);
		ck_assert(w.bad);
		ck_assert_uint_le(writer_len(&w), size);
		for (size_t i = size; i < sizeof(out); i++)
			ck_assert_uint_eq(out[i], 0xa5);
	}
}
END_TEST

START_TEST(nothing_is_written_behind_an_error)
{
	uint8_t out[8] = { 0 };
	struct writer w = writer_of(out, sizeof(out));

	writer_bytes(&w, golden, 9);
	writer_u8(&w, 1);
	ck_assert(w.bad);
	ck_assert_uint_eq(writer_len(&w), 0);
	ck_assert_uint_eq(out[0], 0);
}
END_TEST

START_TEST(a_short_string_has_at_most_255_bytes)
{
	char text[256];
	uint8_t out[300];
	struct writer w = writer_of(out, sizeof(out));
	struct reader r = reader_of(out, 256);

	memset(text, 'a', sizeof(text));
	writer_short_string(&w, (struct slice){ text, 255 });
	ck_assert(!w.bad);
	ck_assert_uint_eq(writer_len(&w), 256);
	ck_assert_uint_eq(reader_short_string(&r).len, 255);
	ck_assert(reader_done(&r));

	w = writer_of(out, sizeof(out));
	writer_short_string(&w, (struct slice){ text, 256 });
	ck_assert(w.bad);
}
END_TEST

START_TEST(nothing_at_all_is_read_and_written)
{
	struct reader r = reader_of(NULL, 0);
	struct writer w = writer_of(NULL, 0);

	writer_bytes(&w, NULL, 0);
	ck_assert(!w.bad);
	ck_assert_uint_eq(reader_bytes(&r, 0).len, 0);
	ck_assert(reader_done(&r));
}
END_TEST

Suite *test_util_cursor(void)
{
	Suite *s = suite_create("util/cursor");
	TCase *c = tcase_create("cursor");

	tcase_add_test(c, writes_most_significant_byte_first);
	tcase_add_test(c, reads_what_was_written);
	tcase_add_test(c, signed_128_bits_come_back_at_their_limits);
	tcase_add_test(c, every_truncation_is_noticed);
	tcase_add_test(c, a_trailing_byte_is_noticed);
	tcase_add_test(c, every_flipped_bit_gives_something_else);
	tcase_add_test(c, after_an_error_all_is_zero_and_stays_bad);
	tcase_add_test(c, an_absurd_length_is_only_an_error);
	tcase_add_test(c, the_rest_is_all_that_is_left);
	tcase_add_test(c, writing_stops_at_every_end);
	tcase_add_test(c, nothing_is_written_behind_an_error);
	tcase_add_test(c, a_short_string_has_at_most_255_bytes);
	tcase_add_test(c, nothing_at_all_is_read_and_written);
	suite_add_tcase(s, c);
	return s;
}
