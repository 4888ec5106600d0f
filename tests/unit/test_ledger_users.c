/* SPDX-License-Identifier: MIT */
/*
 * Names to numbers and back.
 */
#include "config.h"

#include <string.h>

#include "ledger/users.h"

#include "unit.h"

UNIT_SUITE(test_ledger_users);

#define MANY 50000

static const uint8_t test_key[MAP_KEY_SIZE] = { 42 };

static struct users *new_users(void)
{
	struct users *u;

	ck_assert_int_eq(users_new(test_key, &u), 0);
	return u;
}

static uint32_t intern(struct users *u, const char *name)
{
	uint32_t user = USER_NONE;

	ck_assert_int_eq(users_intern(u, slice_of(name), &user), 0);
	return user;
}

START_TEST(numbers_count_up_from_zero)
{
	_cleanup_(users_freep) struct users *u = new_users();

	ck_assert_uint_eq(users_count(u), 0);
	ck_assert_uint_eq(intern(u, "Ali"), 0);
	ck_assert_uint_eq(intern(u, "Ben"), 1);
	ck_assert_uint_eq(intern(u, "Chinmay"), 2);
	ck_assert_uint_eq(users_count(u), 3);
}
END_TEST

START_TEST(a_name_keeps_its_number)
{
	_cleanup_(users_freep) struct users *u = new_users();

	(void)intern(u, "Ali");
	(void)intern(u, "Ben");
	ck_assert_uint_eq(intern(u, "Ali"), 0);
	ck_assert_uint_eq(users_find(u, slice_of("Ben")), 1);
	ck_assert_uint_eq(users_count(u), 2);
}
END_TEST

START_TEST(an_unknown_name_has_no_number)
{
	_cleanup_(users_freep) struct users *u = new_users();

	ck_assert_uint_eq(users_find(u, slice_of("Ali")), USER_NONE);
	(void)intern(u, "Ali");
	ck_assert_uint_eq(users_find(u, slice_of("ali")), USER_NONE);
	ck_assert_uint_eq(users_find(u, slice_of("Al")), USER_NONE);
	ck_assert_uint_eq(users_find(u, slice_of("Alii")), USER_NONE);
	ck_assert_uint_eq(users_find(u, slice_of("")), USER_NONE);
}
END_TEST

START_TEST(names_come_back)
{
	_cleanup_(users_freep) struct users *u = new_users();

	(void)intern(u, "Ali");
	(void)intern(u, "Zo\xc3\xab");
	ck_assert(slice_equal(users_name(u, 0), slice_of("Ali")));
	ck_assert(slice_equal(users_name(u, 1), slice_of("Zo\xc3\xab")));
}
END_TEST

START_TEST(many_names_are_all_kept)
{
	_cleanup_(users_freep) struct users *u = new_users();
	char name[16];

	for (uint32_t i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		ck_assert_uint_eq(intern(u, name), i);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		ck_assert_uint_eq(users_find(u, slice_of(name)), i);
		ck_assert(slice_equal(users_name(u, i), slice_of(name)));
	}
}
END_TEST

START_TEST(the_newest_name_is_forgotten)
{
	_cleanup_(users_freep) struct users *u = new_users();

	(void)intern(u, "Ali");
	(void)intern(u, "Ben");
	users_pop(u);
	ck_assert_uint_eq(users_count(u), 1);
	ck_assert_uint_eq(users_find(u, slice_of("Ben")), USER_NONE);
	ck_assert_uint_eq(users_find(u, slice_of("Ali")), 0);
	ck_assert_uint_eq(intern(u, "Cornelia"), 1);
	ck_assert(slice_equal(users_name(u, 1), slice_of("Cornelia")));
	users_pop(u);
	users_pop(u);
	ck_assert_uint_eq(users_count(u), 0);
	ck_assert_uint_eq(intern(u, "Ben"), 0);
}
END_TEST

START_TEST(nobody_is_freed_harmlessly)
{
	ck_assert_ptr_null(users_free(NULL));
}
END_TEST

Suite *test_ledger_users(void)
{
	Suite *s = suite_create("ledger/users");
	TCase *c = tcase_create("users");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, numbers_count_up_from_zero);
	tcase_add_test(c, a_name_keeps_its_number);
	tcase_add_test(c, an_unknown_name_has_no_number);
	tcase_add_test(c, names_come_back);
	tcase_add_test(c, many_names_are_all_kept);
	tcase_add_test(c, the_newest_name_is_forgotten);
	tcase_add_test(c, nobody_is_freed_harmlessly);
	suite_add_tcase(s, c);
	return s;
}
