/* SPDX-License-Identifier: MIT */
/*
 * Percent-encoding and UTF-8.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util/percent.h"

#include "unit.h"

UNIT_SUITE(test_util_percent);

#define SURROGATES 0x800

static void check_pair(const char *plain, const char *encoded)
{
	char out[256];
	int len;

	len = percent_encode(slice_of(plain), out, sizeof(out));
	ck_assert_int_eq(len, (int)strlen(encoded));
	ck_assert_mem_eq(out, encoded, (size_t)len);

	len = percent_decode(slice_of(encoded), out, sizeof(out));
	ck_assert_int_eq(len, (int)strlen(plain));
	ck_assert_mem_eq(out, plain, (size_t)len);
}

START_TEST(unreserved_characters_stand_for_themselves)
{
	check_pair("", "");
	check_pair("abzABZ019-._~", "abzABZ019-._~");
	check_pair("two coffees", "two%20coffees");
	check_pair("50% = \"half\", or?",
		   "50%25%20%3D%20%22half%22%2C%20or%3F");
	check_pair("caf\xc3\xa9", "caf%C3%A9");
}
END_TEST

START_TEST(every_byte_comes_back)
{
	char text[256];
	char encoded[768];
	char back[256];
	int len;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	len = percent_encode((struct slice){ text, sizeof(text) }, encoded,
			     sizeof(encoded));
	ck_assert_int_eq(len, 66 + 3 * (256 - 66));
	ck_assert_int_eq(percent_decode((struct slice){ encoded, (size_t)len },
					back, sizeof(back)),
			 256);
	ck_assert_mem_eq(back, text, sizeof(text));
}
END_TEST

/* Else one memo would have two texts, and a record two hashes. */
START_TEST(only_the_canonical_form_is_decoded)
{
	static const char *const bad[] = {
		"%",   "%2",  "%2g", "%g2",  "a%",   "a%4", "%41",
		"%7E", "%2d", "%c3", "%3d",  " ",    "a b", "+",
		"a=b", "\"",  ",",   "\xc3", "\x01", "%%",  "%2%20",
		"%2G", "%G2", "%-1", "% 20", "/",
	};
	char out[64];

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		ck_assert_msg(percent_decode(slice_of(bad[i]), out,
					     sizeof(out)) == -EINVAL,
			      "%s", bad[i]);
	ck_assert_int_eq(
		percent_decode((struct slice){ "\0", 1 }, out, sizeof(out)),
		-EINVAL);
}
END_TEST

/* The end of the text, not of what stands behind it. */
START_TEST(an_escape_cut_at_the_end_is_refused)
{
	static const char text[] = "ab%20";
	char out[64];

	ck_assert_int_eq(percent_decode((struct slice){ text, 3 }, out, 64),
			 -EINVAL);
	ck_assert_int_eq(percent_decode((struct slice){ text, 4 }, out, 64),
			 -EINVAL);
	ck_assert_int_eq(percent_decode((struct slice){ text, 5 }, out, 64), 3);
}
END_TEST

START_TEST(every_flipped_bit_is_refused_or_another_text)
{
	static const char encoded[] = "two%20coffees%2C%20~caf%C3%A9";
	static const char plain[] = "two coffees, ~caf\xc3\xa9";
	char bent[sizeof(encoded) - 1];
	char out[64];
	int len;

	for (size_t bit = 0; bit < sizeof(bent) * 8; bit++) {
		memcpy(bent, encoded, sizeof(bent));
		bent[bit / 8] = (char)(bent[bit / 8] ^ (1 << bit % 8));
		len = percent_decode((struct slice){ bent, sizeof(bent) }, out,
				     sizeof(out));
		ck_assert(len < 0 || (size_t)len != strlen(plain) ||
			  memcmp(out, plain, (size_t)len) != 0);
	}
}
END_TEST

START_TEST(room_is_exact)
{
	char out[8];

	memset(out, '#', sizeof(out));
	ck_assert_int_eq(percent_encode(slice_of("a b"), out, 4), -ENOBUFS);
	ck_assert_int_eq(out[4], '#');
	ck_assert_int_eq(percent_encode(slice_of("a b"), out, 5), 5);
	ck_assert_int_eq(out[5], '#');

	memset(out, '#', sizeof(out));
	ck_assert_int_eq(percent_decode(slice_of("a%20b"), out, 2), -ENOBUFS);
	ck_assert_int_eq(out[2], '#');
	ck_assert_int_eq(percent_decode(slice_of("a%20b"), out, 3), 3);
	ck_assert_int_eq(out[3], '#');
	ck_assert_int_eq(percent_encode(slice_of(""), NULL, 0), 0);
	ck_assert_int_eq(percent_decode(slice_of(""), NULL, 0), 0);
}
END_TEST

/* Writes a code point the plain way; returns the length. */
static size_t put_point(int point, char *out)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

START_TEST(every_code_point_is_decoded)
{
	char text[4];

	for (int point = 0; point <= 0x10ffff; point++) {
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		size_t len = put_point(point, text);
		struct slice s = { text, len };
		size_t at = 0;

		if (utf8_next(s, &at) != (surrogate ? -1 : point) ||
		    at != (surrogate ? 0 : len))
			ck_abort_msg("U+%04X", (unsigned int)point);
	}
}
END_TEST

/* Each sequence of up to three bytes: as many are taken as code points exist.
 */
START_TEST(no_code_point_has_a_second_form)
{
	unsigned int taken[4] = { 0 };

	for (unsigned int bytes = 0; bytes < 1u << 24; bytes++) {
		char text[3] = { (char)(bytes >> 16), (char)(bytes >> 8),
				 (char)bytes };
		size_t at = 0;

		if (utf8_next((struct slice){ text, 3 }, &at) >= 0)
			taken[at]++;
	}
	ck_assert_uint_eq(taken[1], 0x80u << 16);
	ck_assert_uint_eq(taken[2], (0x800u - 0x80u) << 8);
	ck_assert_uint_eq(taken[3], 0x10000u - 0x800u - SURROGATES);
}
END_TEST

START_TEST(malformed_text_is_not_utf8)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xfe",
		"\xc3",
		"\xe2\x82",
		"\xf0\x9f\x98",
		"\xc3(",
		"\xe2(\x82",
		"\xe2\x82(",
		"a\xc3",
		"\xc3\xa9\xa9",
		"\xf8\x88\x80\x80\x80",
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		ck_assert_msg(!utf8_valid(slice_of(bad[i])), "number %zu", i);
}
END_TEST

START_TEST(well_formed_text_is_utf8)
{
	ck_assert(utf8_valid(slice_of("")));
	ck_assert(utf8_valid(slice_of("plain")));
	ck_assert(utf8_valid(slice_of("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
	ck_assert(utf8_valid((struct slice){ "a\0b", 3 }));
}
END_TEST

START_TEST(a_sequence_cut_by_the_end_of_the_slice_is_refused)
{
	static const char euro[] = "\xe2\x82\xac";

	ck_assert(!utf8_valid((struct slice){ euro, 1 }));
	ck_assert(!utf8_valid((struct slice){ euro, 2 }));
	ck_assert(utf8_valid((struct slice){ euro, 3 }));
}
END_TEST

START_TEST(walking_ends_with_minus_one)
{
	struct slice text = slice_of("a\xc3\xa9");
	size_t at = 0;

	ck_assert_int_eq(utf8_next(text, &at), 'a');
	ck_assert_int_eq(utf8_next(text, &at), 0xe9);
	ck_assert_uint_eq(at, 3);
	ck_assert_int_eq(utf8_next(text, &at), -1);
	ck_assert_uint_eq(at, 3);
}
END_TEST

Suite *test_util_percent(void)
{
	Suite *s = suite_create("util/percent");
	TCase *c = tcase_create("percent");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, unreserved_characters_stand_for_themselves);
	tcase_add_test(c, every_byte_comes_back);
	tcase_add_test(c, only_the_canonical_form_is_decoded);
	tcase_add_test(c, an_escape_cut_at_the_end_is_refused);
	tcase_add_test(c, every_flipped_bit_is_refused_or_another_text);
	tcase_add_test(c, room_is_exact);
	tcase_add_test(c, every_code_point_is_decoded);
	tcase_add_test(c, no_code_point_has_a_second_form);
	tcase_add_test(c, malformed_text_is_not_utf8);
	tcase_add_test(c, well_formed_text_is_utf8);
	tcase_add_test(c, a_sequence_cut_by_the_end_of_the_slice_is_refused);
	tcase_add_test(c, walking_ends_with_minus_one);
	suite_add_tcase(s, c);
	return s;
}
