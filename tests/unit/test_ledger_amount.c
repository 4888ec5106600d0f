/* SPDX-License-Identifier: MIT */
/*
 * Checked arithmetic on coins, at its limits.
 */
#include "config.h"

#include <string.h>

#include "ledger/amount.h"

#include "unit.h"

UNIT_SUITE(test_ledger_amount);

#define I128_MAX ((__int128)(~(unsigned __int128)0 >> 1))

static struct amount of(uint64_t n)
{
	struct amount a;

	ck_assert_int_eq(amount_from_u64(n, &a), 0);
	return a;
}

START_TEST(takes_whole_numbers_up_to_the_limit)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "129", 129 },
		{ "9223372036854775807", INT64_MAX },
	};

	for (size_t i = 0; i < ELEMENTS(good); i++) {
		struct amount a = AMOUNT_ZERO;

		ck_assert_int_eq(amount_parse(slice_of(good[i].text), &a), 0);
		ck_assert_uint_eq(amount_to_u64(a), good[i].value);
	}
}
END_TEST

/* A negative amount stole from the receiver; "abc" killed the server. */
START_TEST(refuses_what_is_no_amount)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", -EINVAL },
		{ "-1", -EINVAL },
		{ "+1", -EINVAL },
		{ "01", -EINVAL },
		{ "00", -EINVAL },
		{ "abc", -EINVAL },
		{ "1 ", -EINVAL },
		{ " 1", -EINVAL },
		{ "1.5", -EINVAL },
		{ "1e3", -EINVAL },
		{ "0x1", -EINVAL },
		{ "1\n", -EINVAL },
		{ "-0", -EINVAL },
		{ "9223372036854775808", -ERANGE },
		{ "18446744073709551615", -ERANGE },
		{ "18446744073709551616", -ERANGE },
		{ "99999999999999999999999", -ERANGE },
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		struct amount a = of(77);

		ck_assert_msg(amount_parse(slice_of(bad[i].text), &a) ==
				      bad[i].error,
			      "%s", bad[i].text);
		ck_assert_uint_eq(amount_to_u64(a), 77);
	}
}
END_TEST

START_TEST(text_comes_back)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 1000, INT64_MAX };

	for (size_t i = 0; i < ELEMENTS(values); i++) {
		char text[AMOUNT_TEXT_MAX + 1];
		struct amount back;
		size_t len;

		text[AMOUNT_TEXT_MAX] = '#';
		len = amount_format(of(values[i]), text);
		ck_assert_uint_le(len, AMOUNT_TEXT_MAX);
		ck_assert_int_eq(text[AMOUNT_TEXT_MAX], '#');
		ck_assert_int_eq(
			amount_parse((struct slice){ text, len }, &back), 0);
		ck_assert_uint_eq(amount_to_u64(back), values[i]);
	}
}
END_TEST

START_TEST(numbers_past_the_limit_are_refused)
{
	struct amount a = of(77);

	ck_assert_int_eq(amount_from_u64((uint64_t)INT64_MAX + 1, &a), -ERANGE);
	ck_assert_int_eq(amount_from_u64(UINT64_MAX, &a), -ERANGE);
	ck_assert_uint_eq(amount_to_u64(a), 77);
}
END_TEST

START_TEST(adding_stops_at_the_limit)
{
	struct amount a = of(77);

	ck_assert_int_eq(amount_add(of(INT64_MAX), of(1), &a), -EOVERFLOW);
	ck_assert_int_eq(amount_add(of(INT64_MAX), of(INT64_MAX), &a),
			 -EOVERFLOW);
	ck_assert_uint_eq(amount_to_u64(a), 77);
	ck_assert_int_eq(amount_add(of(INT64_MAX - 1), of(1), &a), 0);
	ck_assert_uint_eq(amount_to_u64(a), INT64_MAX);
}
END_TEST

START_TEST(subtracting_stops_at_zero)
{
	struct amount a = of(77);

	ck_assert_int_eq(amount_sub(of(5), of(6), &a), -ERANGE);
	ck_assert_int_eq(amount_sub(of(0), of(INT64_MAX), &a), -ERANGE);
	ck_assert_uint_eq(amount_to_u64(a), 77);
	ck_assert_int_eq(amount_sub(of(6), of(6), &a), 0);
	ck_assert(amount_is_zero(a));
}
END_TEST

START_TEST(the_result_may_be_an_operand)
{
	struct amount a = of(5);

	ck_assert_int_eq(amount_add(a, a, &a), 0);
	ck_assert_int_eq(amount_sub(a, of(3), &a), 0);
	ck_assert_uint_eq(amount_to_u64(a), 7);
}
END_TEST

START_TEST(amounts_are_ordered)
{
	ck_assert_int_lt(amount_compare(of(1), of(2)), 0);
	ck_assert_int_gt(amount_compare(of(2), of(1)), 0);
	ck_assert_int_eq(amount_compare(of(2), of(2)), 0);
	ck_assert_int_lt(amount_compare(of(0), of(INT64_MAX)), 0);
	ck_assert(!amount_is_zero(of(1)));
	ck_assert(amount_is_zero(AMOUNT_ZERO));
}
END_TEST

START_TEST(a_sum_goes_below_zero_and_beyond_64_bits)
{
	struct sum s = SUM_ZERO;
	__int128 expected;

	for (int i = 0; i < 5; i++)
		s = sum_minus(s, of(INT64_MAX));
	expected = (__int128)INT64_MAX * -5;
	ck_assert(sum_to_i128(s) == expected);
	for (int i = 0; i < 10; i++)
		s = sum_plus(s, of(INT64_MAX));
	ck_assert(sum_to_i128(s) == -expected);
}
END_TEST

START_TEST(parts_of_a_sum_are_joined)
{
	struct sum a = sum_minus(SUM_ZERO, of(25));
	struct sum b = sum_plus(SUM_ZERO, of(155));

	ck_assert(sum_to_i128(sum_join(a, b)) == 130);
	ck_assert(sum_to_i128(sum_join(b, a)) == 130);
}
END_TEST

/* A backend's number may be anything: nothing it says may be undefined here. */
START_TEST(sums_at_the_edge_are_defined)
{
	struct sum s = sum_from_i128(I128_MAX);

	ck_assert(sum_to_i128(sum_plus(s, of(1))) == -I128_MAX - 1);
	s = sum_from_i128(-I128_MAX - 1);
	ck_assert(sum_to_i128(sum_minus(s, of(1))) == I128_MAX);
	ck_assert(sum_to_i128(sum_join(s, s)) == 0);
}
END_TEST

START_TEST(a_sum_is_applied_within_the_limits)
{
	struct amount a = of(77);

	ck_assert_int_eq(sum_applied(of(1000), sum_from_i128(-1001), &a),
			 -ERANGE);
	ck_assert_int_eq(sum_applied(of(INT64_MAX), sum_from_i128(1), &a),
			 -EOVERFLOW);
	ck_assert_int_eq(sum_applied(of(0), sum_from_i128(-I128_MAX - 1), &a),
			 -ERANGE);
	ck_assert_int_eq(
		sum_applied(of(INT64_MAX), sum_from_i128(I128_MAX), &a),
		-EOVERFLOW);
	ck_assert_uint_eq(amount_to_u64(a), 77);
	ck_assert_int_eq(sum_applied(of(1000), sum_from_i128(-1000), &a), 0);
	ck_assert(amount_is_zero(a));
	ck_assert_int_eq(sum_applied(of(7), sum_from_i128(INT64_MAX - 7), &a),
			 0);
	ck_assert_uint_eq(amount_to_u64(a), INT64_MAX);
}
END_TEST

START_TEST(a_sum_fits_64_bits_or_says_not)
{
	int64_t n = 77;

	ck_assert_int_eq(sum_to_i64(sum_from_i128((__int128)INT64_MAX + 1), &n),
			 -EOVERFLOW);
	ck_assert_int_eq(sum_to_i64(sum_from_i128((__int128)INT64_MIN - 1), &n),
			 -EOVERFLOW);
	ck_assert_int_eq(n, 77);
	ck_assert_int_eq(sum_to_i64(sum_from_i128(INT64_MAX), &n), 0);
	ck_assert_int_eq(n, INT64_MAX);
	ck_assert_int_eq(sum_to_i64(sum_from_i128(INT64_MIN), &n), 0);
	ck_assert_int_eq(n, INT64_MIN);
}
END_TEST

START_TEST(a_sum_is_written_in_decimal)
{
	const struct {
		__int128 value;
		const char *text;
	} known[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ -7, "-7" },
		{ (__int128)1 << 64, "18446744073709551616" },
		{ I128_MAX, "170141183460469231731687303715884105727" },
		{ -I128_MAX - 1, "-170141183460469231731687303715884105728" },
	};
	char out[SUM_TEXT_SIZE];

	for (size_t i = 0; i < ELEMENTS(known); i++) {
		sum_format(sum_from_i128(known[i].value), out);
		ck_assert_str_eq(out, known[i].text);
	}
}
END_TEST

Suite *test_ledger_amount(void)
{
	Suite *s = suite_create("ledger/amount");
	TCase *c = tcase_create("amount");

	tcase_add_test(c, takes_whole_numbers_up_to_the_limit);
	tcase_add_test(c, refuses_what_is_no_amount);
	tcase_add_test(c, text_comes_back);
	tcase_add_test(c, numbers_past_the_limit_are_refused);
	tcase_add_test(c, adding_stops_at_the_limit);
	tcase_add_test(c, subtracting_stops_at_zero);
	tcase_add_test(c, the_result_may_be_an_operand);
	tcase_add_test(c, amounts_are_ordered);
	tcase_add_test(c, a_sum_goes_below_zero_and_beyond_64_bits);
	tcase_add_test(c, parts_of_a_sum_are_joined);
	tcase_add_test(c, sums_at_the_edge_are_defined);
	tcase_add_test(c, a_sum_is_applied_within_the_limits);
	tcase_add_test(c, a_sum_fits_64_bits_or_says_not);
	tcase_add_test(c, a_sum_is_written_in_decimal);
	suite_add_tcase(s, c);
	return s;
}
