/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/group.c: the text of a pending group.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "walletctl/group.h"

#define ORDER(id)                                                              \
	"alichain-order 1\n"                                                   \
	"command=open\n"                                                       \
	"server=h%3A1\n"                                                       \
	"sender=Ben\n"                                                         \
	"id=" id "\n"                                                          \
	"end\n"
#define LIST_TEXT "alichain-group 1\nid=rent\n" ORDER("rent-2") ORDER("9") "end\n"
#define LIST_OF_ONE "alichain-group 1\nid=rent\n" ORDER("rent-2") "end\n"

static char *text_of(const struct group *g)
{
	struct buf b = { 0 };
	char *text;

	ck_assert_int_eq(group_write(g, &b), 0);
	text = strndup((const char *)b.data, b.len);
	buf_done(&b);
	return text;
}

static const struct {
	const char *text;
	size_t count;
	const char *id;
} good[] = {
	{ ORDER("7"), 1, "7" },
	{ LIST_TEXT, 2, "rent" },
	{ LIST_OF_ONE, 1, "rent" },
};

START_TEST(groups_survive_the_round_trip)
{
	struct group g;
	char *again;

	ck_assert_int_eq(group_read(slice_of(good[_i].text), &g), 0);
	ck_assert_uint_eq(g.count, good[_i].count);
	ck_assert_str_eq(g.id, good[_i].id);
	ck_assert_int_eq(group_is_lone(&g), _i == 0);
	again = text_of(&g);
	ck_assert_str_eq(again, good[_i].text);
	free(again);
	group_done(&g);
}
END_TEST

/* Half of a group would be a group. */
START_TEST(a_cut_file_is_refused)
{
	struct group g;

	for (size_t i = 0; i < strlen(LIST_TEXT); i++)
		ck_assert_int_eq(
			group_read((struct slice){ LIST_TEXT, i }, &g),
			-EBADMSG);
}
END_TEST

static const char *const bad[] = {
	LIST_TEXT "x",
	LIST_TEXT LIST_TEXT,
	ORDER("7") ORDER("8"),
	"alichain-group 2\nid=rent\n" ORDER("1") "end\n",
	"alichain-group 1\nid=rent\nend\n",
	"alichain-group 1\n" ORDER("1") "end\n",
	"alichain-group 1\nid=a b\n" ORDER("1") "end\n",
	"alichain-group 1\nid=\n" ORDER("1") "end\n",
	/* For two servers. */
	"alichain-group 1\nid=rent\n" ORDER("1")
	"alichain-order 1\ncommand=open\nserver=h%3A2\nsender=Ben\nid=2\nend\n"
	"end\n",
};

START_TEST(other_files_are_refused)
{
	struct group g;

	ck_assert_int_eq(group_read(slice_of(bad[_i]), &g), -EBADMSG);
}
END_TEST

START_TEST(groups_are_compared_whole)
{
	struct group a;
	struct group b;

	ck_assert_int_eq(group_read(slice_of(LIST_TEXT), &a), 0);
	ck_assert_int_eq(group_read(slice_of(LIST_TEXT), &b), 0);
	ck_assert(group_equal(&a, &b));
	b.order[1].sender[0] = 'b';
	ck_assert(!group_equal(&a, &b));
	b.order[1].sender[0] = 'B';
	b.id[0] = 'R';
	ck_assert(!group_equal(&a, &b));
	b.id[0] = 'r';
	ck_assert(group_equal(&a, &b));
	group_done(&b);
	ck_assert_int_eq(group_read(slice_of(LIST_OF_ONE), &b), 0);
	ck_assert(!group_equal(&a, &b));
	ck_assert(!group_equal(&b, &a));
	group_done(&a);
	group_done(&b);
}
END_TEST

/* @count openings and their ids. */
static char *long_text(size_t count)
{
	struct buf b = { 0 };
	char *text;
	int r;

	r = buf_addf(&b, "alichain-group 1\nid=x\n");
	for (size_t i = 0; i < count && r == 0; i++)
		r = buf_addf(&b, "alichain-order 1\ncommand=open\nserver=h\n"
				 "sender=B\nid=%zu\nend\n", i);
	if (r == 0)
		r = buf_addf(&b, "end\n");
	ck_assert_int_eq(r, 0);
	text = strndup((const char *)b.data, b.len);
	buf_done(&b);
	return text;
}

START_TEST(no_more_than_are_done_together)
{
	char *most = long_text(GROUP_MAX);
	char *more = long_text(GROUP_MAX + 1);
	struct group g;

	ck_assert_int_eq(group_read(slice_of(most), &g), 0);
	ck_assert_uint_eq(g.count, GROUP_MAX);
	ck_assert_str_eq(g.order[GROUP_MAX - 1].id, "999");
	group_done(&g);
	ck_assert_int_eq(group_read(slice_of(more), &g), -EBADMSG);
	free(most);
	free(more);
}
END_TEST

UNIT_SUITE(test_walletctl_group);

Suite *test_walletctl_group(void)
{
	Suite *s = suite_create("walletctl/group");
	TCase *t = tcase_create("group");

	tcase_add_loop_test(t, groups_survive_the_round_trip, 0, ELEMENTS(good));
	tcase_add_test(t, a_cut_file_is_refused);
	tcase_add_loop_test(t, other_files_are_refused, 0, ELEMENTS(bad));
	tcase_add_test(t, groups_are_compared_whole);
	tcase_add_test(t, no_more_than_are_done_together);
	suite_add_tcase(s, t);
	return s;
}
