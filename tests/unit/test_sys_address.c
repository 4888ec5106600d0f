/* SPDX-License-Identifier: MIT */
/*
 * Addresses: one spelling each, and nothing but addresses.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "sys/address.h"

#include "unit.h"

UNIT_SUITE(test_sys_address);

static struct address parse(const char *text)
{
	struct address a;

	ck_assert_msg(address_parse(slice_of(text), &a) == 0, "\"%s\"", text);
	return a;
}

static const char *const good[] = {
	"127.0.0.1:0",
	"127.0.0.1:25800",
	"0.0.0.0:65535",
	"255.255.255.255:1",
	"[::1]:25800",
	"[::]:0",
	"[fe80::1]:1",
	"[2001:db8::7]:2",
	"[2001:db8:1:2:3:4:5:6]:3",
	"[abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd]:65535",
};

START_TEST(good_ones_come_back_as_they_were)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address a = parse(good[_i]);

	address_format(&a, text);
	ck_assert_str_eq(text, good[_i]);
	ck_assert(address_equal(&a, &a));
	ck_assert_uint_eq(a.len, *good[_i] == '[' ? sizeof(struct sockaddr_in6)
						  : sizeof(struct sockaddr_in));
}
END_TEST

static const char *const bad[] = {
	"",
	":",
	":80",
	"127.0.0.1",
	"127.0.0.1:",
	"127.0.0.1:65536",
	"127.0.0.1:080",
	"127.0.0.1:+80",
	"127.0.0.1:80 ",
	" 127.0.0.1:80",
	"127.0.0.1: 80",
	"127.0.0.1:0x50",
	"127.0.0.01:80",
	"127.1:80",
	"256.0.0.1:80",
	"localhost:80",
	"*:80",
	"::1:80",
	"[::1]80",
	"[::1]",
	"[::1]:",
	"[]:80",
	"[::1:80",
	"::1]:80",
	"[127.0.0.1]:80",
	"[fe80::1%lo]:80",
	"[[::1]]:80",
	"18446744073709551617:1",
	"127.0.0.1:18446744073709551617",
	"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:80",
	/* A second spelling of 127.0.0.1:80. */
	"[::ffff:127.0.0.1]:80",
};

START_TEST(bad_ones_are_refused_and_change_nothing)
{
	struct address a = { .len = 77 };

	ck_assert_msg(address_parse(slice_of(bad[_i]), &a) == -EINVAL,
		      "\"%s\" was taken", bad[_i]);
	ck_assert_uint_eq(a.len, 77);
}
END_TEST

/* What follows a zero would be hidden from inet_pton(). */
START_TEST(zero_inside_is_refused)
{
	static const char text[] = "127.0.0.1\0x:80";
	struct address a;

	ck_assert_int_eq(
		address_parse((struct slice){ text, sizeof(text) - 1 }, &a),
		-EINVAL);
}
END_TEST

START_TEST(loopback_is_a_net_of_ipv4_and_one_of_ipv6)
{
	struct address a;

	a = parse("127.0.0.1:1");
	ck_assert(address_is_loopback(&a));
	a = parse("127.255.3.4:1");
	ck_assert(address_is_loopback(&a));
	a = parse("[::1]:1");
	ck_assert(address_is_loopback(&a));

	a = parse("128.0.0.1:1");
	ck_assert(!address_is_loopback(&a));
	a = parse("0.0.0.0:1");
	ck_assert(!address_is_loopback(&a));
	a = parse("[::]:1");
	ck_assert(!address_is_loopback(&a));
	a = parse("[7f00::1]:1");
	ck_assert(!address_is_loopback(&a));

	a = (struct address){ 0 };
	ck_assert(!address_is_loopback(&a));
}
END_TEST

START_TEST(equal_is_family_host_and_port)
{
	struct address a = parse("127.0.0.1:80");
	struct address b = parse("127.0.0.1:81");
	struct address c = parse("127.0.0.2:80");
	struct address d = parse("[::1]:80");
	struct address e = parse("[::2]:80");
	struct address f = parse("[::1]:80");

	ck_assert(!address_equal(&a, &b));
	ck_assert(!address_equal(&a, &c));
	ck_assert(!address_equal(&a, &d));
	ck_assert(!address_equal(&d, &e));
	ck_assert(address_equal(&d, &f));
	ck_assert_int_eq(address_port(&b), 81);
	ck_assert_int_eq(address_port(&d), 80);
}
END_TEST

/* What the kernel reports may differ in what is no part of an address. */
START_TEST(flow_labels_do_not_count)
{
	struct address a = parse("[::1]:80");
	struct address b = a;
	struct sockaddr_in6 in6;

	memcpy(&in6, &b.storage, sizeof(in6));
	in6.sin6_flowinfo = htonl(77);
	memcpy(&b.storage, &in6, sizeof(in6));
	ck_assert(address_equal(&a, &b));
}
END_TEST

START_TEST(no_address_has_a_text_too)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address a = { 0 };

	address_format(&a, text);
	ck_assert_str_eq(text, "unknown");
}
END_TEST

UNIT_SUITE(test_sys_address)
{
	Suite *s = suite_create("sys/address");
	TCase *t = tcase_create("address");

	tcase_add_loop_test(t, good_ones_come_back_as_they_were, 0,
			    ELEMENTS(good));
	tcase_add_loop_test(t, bad_ones_are_refused_and_change_nothing, 0,
			    ELEMENTS(bad));
	tcase_add_test(t, zero_inside_is_refused);
	tcase_add_test(t, loopback_is_a_net_of_ipv4_and_one_of_ipv6);
	tcase_add_test(t, equal_is_family_host_and_port);
	tcase_add_test(t, flow_labels_do_not_count);
	tcase_add_test(t, no_address_has_a_text_too);
	suite_add_tcase(s, t);
	return s;
}
