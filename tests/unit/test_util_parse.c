/* SPDX-License-Identifier: MIT */
/*
 * Strict numbers and hex digits.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "util/random.h"

#include "unit.h"

UNIT_SUITE(test_util_parse);

START_TEST(takes_plain_numbers)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "9", 9 },
		{ "10", 10 },
		{ "4294967296", UINT64_C(4294967296) },
		{ "9223372036854775807", INT64_MAX },
		{ "9999999999999999999", UINT64_C(9999999999999999999) },
		{ "10000000000000000000", UINT64_C(10000000000000000000) },
		{ "18446744073709551615", UINT64_MAX },
	};

	for (size_t i = 0; i < ELEMENTS(good); i++) {
		uint64_t v = 77;

		ck_assert_int_eq(parse_u64(slice_of(good[i].text), &v), 0);
		ck_assert_uint_eq(v, good[i].value);
	}
}
END_TEST

START_TEST(refuses_everything_else)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", -EINVAL },
		{ "00", -EINVAL },
		{ "01", -EINVAL },
		{ "+1", -EINVAL },
		{ "-1", -EINVAL },
		{ " 1", -EINVAL },
		{ "1 ", -EINVAL },
		{ "1\n", -EINVAL },
		{ "abc", -EINVAL },
		{ "1a", -EINVAL },
		{ "0x10", -EINVAL },
		{ "1e3", -EINVAL },
		{ "1.0", -EINVAL },
		{ "1,000", -EINVAL },
		{ "/", -EINVAL },
		{ ":", -EINVAL },
		{ "\xb1", -EINVAL },
		{ "\xd9\xa1", -EINVAL }, /* an Arabic-Indic digit */
		{ "0000000000000000000000000000000001", -EINVAL },
		{ "1844674407370955161a", -EINVAL },
		{ "99999999999999999999999999999999999x", -EINVAL },
		{ "18446744073709551616", -ERANGE },
		{ "28446744073709551615", -ERANGE },
		{ "100000000000000000000", -ERANGE },
		{ "340282366920938463463374607431768211457", -ERANGE },
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		uint64_t v = 77;

		ck_assert_msg(parse_u64(slice_of(bad[i].text), &v) ==
				      bad[i].error,
			      "%s", bad[i].text);
		ck_assert_uint_eq(v, 77);
	}
}
END_TEST

/* The text is not ended by a zero: what stands behind it is not ours. */
START_TEST(reads_no_further_than_the_slice)
{
	uint64_t v;

	ck_assert_int_eq(parse_u64((struct slice){ "1234", 2 }, &v), 0);
	ck_assert_uint_eq(v, 12);
	ck_assert_int_eq(parse_u64((struct slice){ "1\0", 2 }, &v), -EINVAL);
}
END_TEST

START_TEST(a_range_holds_its_ends_and_nothing_beyond)
{
	uint64_t v = 77;

	ck_assert_int_eq(parse_u64_range(slice_of("4"), 5, 7, &v), -ERANGE);
	ck_assert_int_eq(parse_u64_range(slice_of("8"), 5, 7, &v), -ERANGE);
	ck_assert_int_eq(parse_u64_range(slice_of("x"), 5, 7, &v), -EINVAL);
	ck_assert_uint_eq(v, 77);
	ck_assert_int_eq(parse_u64_range(slice_of("5"), 5, 7, &v), 0);
	ck_assert_uint_eq(v, 5);
	ck_assert_int_eq(parse_u64_range(slice_of("7"), 5, 7, &v), 0);
	ck_assert_uint_eq(v, 7);
}
END_TEST

static void check_format(uint64_t v)
{
	char expected[32];
	char out[U64_DIGITS_MAX];
	uint64_t back;
	size_t len;

	(void)snprintf(expected, sizeof(expected), "%" PRIu64, v);
	len = format_u64(v, out);
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(out, expected, len);
	ck_assert_int_eq(parse_u64((struct slice){ out, len }, &back), 0);
	ck_assert_uint_eq(back, v);
}

START_TEST(numbers_of_every_length_are_written_and_read_back)
{
	uint64_t power = 1;
	struct rng r;

	for (int digits = 1; digits <= U64_DIGITS_MAX; digits++) {
		check_format(power - 1);
		check_format(power);
		check_format(power + 1);
		power *= 10;
	}
	check_format(UINT64_MAX);

	rng_seed(&r, 1);
	for (int i = 0; i < 20000; i++)
		check_format(rng_next(&r) >> rng_below(&r, 64));
}
END_TEST

START_TEST(hex_is_written_and_read_back)
{
	uint8_t bytes[256];
	uint8_t back[256];
	char text[512];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	format_hex(bytes, sizeof(bytes), text);
	ck_assert_mem_eq(text, "000102030405060708090a0b0c0d0e0f10", 34);
	ck_assert_mem_eq(text + 506, "fdfeff", 6);
	ck_assert_int_eq(parse_hex((struct slice){ text, sizeof(text) }, back,
				   sizeof(back)),
			 0);
	ck_assert_mem_eq(back, bytes, sizeof(bytes));
}
END_TEST

START_TEST(hex_of_another_length_is_refused)
{
	static const char text[] = "00112233445566778899";
	uint8_t out[8];

	for (size_t len = 0; len < sizeof(text); len++)
		ck_assert_int_eq(parse_hex((struct slice){ text, len }, out, 8),
				 len == 16 ? 0 : -EINVAL);
}
END_TEST

/* Two texts of one hash would be two records of one transaction. */
START_TEST(each_byte_has_one_hex_form)
{
	char text[2];
	int taken = 0;

	for (int high = 0; high < 256; high++)
		for (int low = 0; low < 256; low++) {
			char back[2];
			uint8_t out;

			text[0] = (char)high;
			text[1] = (char)low;
			if (parse_hex((struct slice){ text, 2 }, &out, 1) < 0)
				continue;
			format_hex(&out, 1, back);
			ck_assert_mem_eq(back, text, 2);
			taken++;
		}
	ck_assert_int_eq(taken, 256);
}
END_TEST

/* One byte among good ones, wherever it stands. */
START_TEST(each_byte_is_a_hex_digit_or_not_at_each_place)
{
	static const char digits[] = "0123456789abcdef";
	char text[44];
	uint8_t out[sizeof(text) / 2];

	for (size_t i = 0; i < sizeof(text); i++)
		for (int byte = 0; byte < 256; byte++) {
			const char *digit = byte ? strchr(digits, byte) : NULL;
			int shift = i % 2 == 0 ? 4 : 0;
			int r;

			memset(text, '9', sizeof(text));
			text[i] = (char)byte;
			r = parse_hex((struct slice){ text, sizeof(text) }, out,
				      sizeof(out));
			ck_assert_int_eq(r, digit ? 0 : -EINVAL);
			if (digit)
				ck_assert_int_eq(out[i / 2] >> shift & 15,
						 (int)(digit - digits));
		}
}
END_TEST

/* Eight digits at a time, and what is left; not a byte too many. */
START_TEST(hex_of_any_length_is_written_and_read_back)
{
	for (size_t len = 0; len <= 40; len++) {
		uint8_t bytes[41];
		uint8_t back[41];
		char text[81];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(255 - i * 7);
		memset(text, '#', sizeof(text));
		memset(back, 0x55, sizeof(back));

		format_hex(bytes, len, text);
		for (size_t i = 2 * len; i < sizeof(text); i++)
			ck_assert_int_eq(text[i], '#');
		ck_assert_int_eq(
			parse_hex((struct slice){ text, 2 * len }, back, len),
			0);
		ck_assert(memcmp(back, bytes, len) == 0);
		for (size_t i = len; i < sizeof(back); i++)
			ck_assert_uint_eq(back[i], 0x55);
	}
}
END_TEST

START_TEST(refused_hex_leaves_the_result_alone)
{
	uint8_t out[2] = { 7, 7 };

	ck_assert_int_eq(parse_hex(slice_of("001g"), out, 2), -EINVAL);
	ck_assert_int_eq(parse_hex(slice_of("00AB"), out, 2), -EINVAL);
	ck_assert_uint_eq(out[0], 7);
	ck_assert_uint_eq(out[1], 7);
}
END_TEST

Suite *test_util_parse(void)
{
	Suite *s = suite_create("util/parse");
	TCase *c = tcase_create("parse");

	tcase_add_test(c, takes_plain_numbers);
	tcase_add_test(c, refuses_everything_else);
	tcase_add_test(c, reads_no_further_than_the_slice);
	tcase_add_test(c, a_range_holds_its_ends_and_nothing_beyond);
	tcase_add_test(c, numbers_of_every_length_are_written_and_read_back);
	tcase_add_test(c, hex_is_written_and_read_back);
	tcase_add_test(c, hex_of_another_length_is_refused);
	tcase_add_test(c, each_byte_has_one_hex_form);
	tcase_add_test(c, each_byte_is_a_hex_digit_or_not_at_each_place);
	tcase_add_test(c, hex_of_any_length_is_written_and_read_back);
	tcase_add_test(c, refused_hex_leaves_the_result_alone);
	suite_add_tcase(s, c);
	return s;
}
