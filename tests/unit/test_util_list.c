/* SPDX-License-Identifier: MIT */
/*
 * The doubly linked list.
 */
#include "config.h"

#include "util/list.h"

#include "unit.h"

UNIT_SUITE(test_util_list);

struct member {
	int number;
	struct list link;
};

/* The numbers of the members in order, as digits of one number. */
static int digits_of(struct list *head)
{
	struct list *it;
	struct list *tmp;
	int digits = 0;

	/* clang-format off */
	list_for_each_safe(it, tmp, head)
		digits = digits * 10 +
			 list_entry(it, struct member, link)->number;
	/* clang-format on */
	return digits;
}

START_TEST(a_new_list_is_empty)
{
	struct list head;

	list_init(&head);
	ck_assert(list_empty(&head));
	ck_assert_ptr_null(list_first(&head));
	ck_assert_int_eq(digits_of(&head), 0);
}
END_TEST

START_TEST(members_come_in_the_order_they_were_appended)
{
	struct member m[3] = { { .number = 1 },
			       { .number = 2 },
			       { .number = 3 } };
	struct list head;

	list_init(&head);
	for (int i = 0; i < 3; i++)
		list_append(&head, &m[i].link);
	ck_assert(!list_empty(&head));
	ck_assert_ptr_eq(list_first(&head), &m[0].link);
	ck_assert_int_eq(digits_of(&head), 123);
}
END_TEST

START_TEST(the_first_middle_and_last_can_be_removed)
{
	struct member m[5] = { { .number = 1 },
			       { .number = 2 },
			       { .number = 3 },
			       { .number = 4 },
			       { .number = 5 } };
	struct list head;

	list_init(&head);
	for (int i = 0; i < 5; i++)
		list_append(&head, &m[i].link);
	list_remove(&m[2].link);
	ck_assert_int_eq(digits_of(&head), 1245);
	list_remove(&m[0].link);
	ck_assert_int_eq(digits_of(&head), 245);
	list_remove(&m[4].link);
	ck_assert_int_eq(digits_of(&head), 24);
}
END_TEST

/* So that nobody has to remember whether a member still hangs somewhere. */
START_TEST(removing_twice_is_harmless)
{
	struct member m[2] = { { .number = 1 }, { .number = 2 } };
	struct list head;

	list_init(&head);
	list_append(&head, &m[0].link);
	list_append(&head, &m[1].link);
	list_remove(&m[0].link);
	list_remove(&m[0].link);
	ck_assert_int_eq(digits_of(&head), 2);
	ck_assert(list_empty(&m[0].link));
}
END_TEST

START_TEST(the_current_member_may_go_during_a_walk)
{
	struct member m[3] = { { .number = 1 },
			       { .number = 2 },
			       { .number = 3 } };
	struct list head;
	struct list *it;
	struct list *tmp;
	int seen = 0;

	list_init(&head);
	for (int i = 0; i < 3; i++)
		list_append(&head, &m[i].link);
	/* clang-format off */
	list_for_each_safe(it, tmp, &head) {
		list_remove(it);
		seen++;
	}
	/* clang-format on */
	ck_assert_int_eq(seen, 3);
	ck_assert(list_empty(&head));
}
END_TEST

Suite *test_util_list(void)
{
	Suite *s = suite_create("util/list");
	TCase *c = tcase_create("list");

	tcase_add_test(c, a_new_list_is_empty);
	tcase_add_test(c, members_come_in_the_order_they_were_appended);
	tcase_add_test(c, the_first_middle_and_last_can_be_removed);
	tcase_add_test(c, removing_twice_is_harmless);
	tcase_add_test(c, the_current_member_may_go_during_a_walk);
	suite_add_tcase(s, c);
	return s;
}
