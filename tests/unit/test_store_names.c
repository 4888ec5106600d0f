/* SPDX-License-Identifier: MIT */
/*
 * src/store/names.c: each name once, its bytes never moved.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/names.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_names);

#define MANY 30000

START_TEST(gives_each_name_one_number)
{
	struct names n;
	struct slice first;
	uint32_t number;
	char name[80];
	int len;

	names_init(&n, tools_key);
	ck_assert_uint_eq(names_find(&n, slice_of("Ali")), NAME_NONE);
	ck_assert_int_eq(names_intern(&n, slice_of("Ali"), &number), 0);
	ck_assert_uint_eq(number, 0);
	first = names_text(&n, 0);

	for (uint32_t i = 1; i < MANY; i++) {
		len = snprintf(name, sizeof(name), "%u%.*s", i, (int)(i % 59),
			       "x----------------------------"
			       "-----------------------------");
		if (names_intern(&n, (struct slice){ name, (size_t)len },
				 &number) < 0 ||
		    number != i)
			ck_abort_msg("%s is not number %u", name, i);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		if (names_find(&n, names_text(&n, i)) != i ||
		    names_intern(&n, names_text(&n, i), &number) < 0 ||
		    number != i)
			ck_abort_msg("number %u is lost", i);
	}
	ck_assert_uint_eq(n.count, MANY);
	ck_assert_ptr_eq(first.p, names_text(&n, 0).p);
	assert_text(first, slice_of("Ali"));
	names_done(&n);
}
END_TEST

Suite *test_store_names(void)
{
	Suite *s = suite_create("store/names");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, gives_each_name_one_number);
	suite_add_tcase(s, t);
	return s;
}
