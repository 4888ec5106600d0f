/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/order.c: the text of a pending order.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "walletctl/order.h"

#define TRANSFER_TEXT                                                          \
	"alichain-order 1\n"                                                   \
	"command=transfer\n"                                                   \
	"server=127.0.0.1%3A25800\n"                                           \
	"sender=Zo%C3%AB\n"                                                    \
	"receiver=-x\n"                                                        \
	"amount=-5\n"                                                          \
	"id=a%2Fb\n"                                                           \
	"memo=two%20coffees\n"                                                 \
	"end\n"
#define OPEN_TEXT                                                              \
	"alichain-order 1\n"                                                   \
	"command=open\n"                                                       \
	"server=h%3A1\n"                                                       \
	"sender=Ben\n"                                                         \
	"id=7\n"                                                               \
	"end\n"

/* The text that @o is kept in; the caller frees. */
static char *text_of(const struct order *o)
{
	struct buf b = { 0 };
	char *text;

	ck_assert_int_eq(order_write(o, &b), 0);
	text = strndup((const char *)b.data, b.len);
	buf_done(&b);
	return text;
}

START_TEST(orders_survive_the_round_trip)
{
	const char *text = _i ? OPEN_TEXT : TRANSFER_TEXT;
	struct order o;
	char *again;

	ck_assert_int_eq(order_read(slice_of(text), &o), 0);
	ck_assert_int_eq(order_is_opening(&o), _i);
	again = text_of(&o);
	ck_assert_str_eq(again, text);
	free(again);
	order_done(&o);
}
END_TEST

START_TEST(a_transfer_is_read_whole)
{
	struct order o;

	ck_assert_int_eq(order_read(slice_of(TRANSFER_TEXT), &o), 0);
	ck_assert_str_eq(o.server, "127.0.0.1:25800");
	ck_assert_str_eq(o.sender, "Zoë");
	ck_assert_str_eq(o.receiver, "-x");
	ck_assert_str_eq(o.amount, "-5");
	ck_assert_str_eq(o.id, "a/b");
	ck_assert_str_eq(o.memo, "two coffees");
	order_done(&o);
}
END_TEST

/* An amount of 100 cut to 10 would be another order. */
START_TEST(a_cut_file_is_refused)
{
	size_t len = strlen(TRANSFER_TEXT);
	struct order o;

	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(
			order_read((struct slice){ TRANSFER_TEXT, i }, &o),
			-EBADMSG);
}
END_TEST

static const char *const bad[] = {
	"alichain-order 2\ncommand=open\nserver=h\nsender=B\nid=7\nend\n",
	OPEN_TEXT "x",
	OPEN_TEXT OPEN_TEXT,
	"alichain-order 1\nend\n",
	"alichain-order 1\ncommand=steal\nserver=h\nsender=B\nid=7\nend\n",
	"alichain-order 1\ncommand=open\nserver=h\nsender=B\nend\n",
	("alichain-order 1\ncommand=open\nserver=h\nsender=B\nid=7\n"
	 "amount=1\nend\n"),
	"alichain-order 1\ncommand=open\nserver=h\nsender=B\nid=7\nid=8\nend\n",
	"alichain-order 1\ncommand=open\nserver=h\nsender=B\nid=7\nx=8\nend\n",
	"alichain-order 1\ncommand=open\nserver=h\nsender=a b\nid=7\nend\n",
	"alichain-order 1\ncommand=open\nserver=h\nsender=%00\nid=7\nend\n",
	"alichain-order 1\ncommand=open\nserver=h\nsender=%4\nid=7\nend\n",
	"alichain-order 1\n\ncommand=open\nserver=h\nsender=B\nid=7\nend\n",
};

START_TEST(other_files_are_refused)
{
	struct order o;

	ck_assert_int_eq(order_read(slice_of(bad[_i]), &o), -EBADMSG);
}
END_TEST

START_TEST(orders_are_compared_whole)
{
	struct order a;
	struct order b;

	ck_assert_int_eq(order_read(slice_of(TRANSFER_TEXT), &a), 0);
	ck_assert_int_eq(order_read(slice_of(TRANSFER_TEXT), &b), 0);
	ck_assert(order_equal(&a, &b));
	b.amount[1] = '6';
	ck_assert(!order_equal(&a, &b));
	b.amount[1] = '5';
	free(b.memo);
	b.memo = NULL;
	ck_assert(!order_equal(&a, &b));
	ck_assert(!order_equal(&b, &a));
	order_done(&a);
	order_done(&b);
}
END_TEST

UNIT_SUITE(test_walletctl_order);

Suite *test_walletctl_order(void)
{
	Suite *s = suite_create("walletctl/order");
	TCase *t = tcase_create("order");

	tcase_add_loop_test(t, orders_survive_the_round_trip, 0, 2);
	tcase_add_test(t, a_transfer_is_read_whole);
	tcase_add_test(t, a_cut_file_is_refused);
	tcase_add_loop_test(t, other_files_are_refused, 0, ELEMENTS(bad));
	tcase_add_test(t, orders_are_compared_whole);
	suite_add_tcase(s, t);
	return s;
}
