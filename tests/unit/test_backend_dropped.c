/* SPDX-License-Identifier: MIT */
/*
 * src/backend/dropped.c: all are told of, in few words.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/dropped.h"
#include "backend/responder.h"
#include "backend/server.h"
#include "sys/address.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "util/timestamp.h"

#include "unit.h"

UNIT_SUITE(test_backend_dropped);

#define INTERVAL (100 * USEC_PER_MSEC)
#define DEADLINE (10 * USEC_PER_SEC)
#define TICK (5 * USEC_PER_MSEC)

static struct loop *loop;
static struct loop_timer *tick;
static struct dropped *dropped;
static struct responder_counters counters;
static struct address from;
static int said_fd; /* standard error */
static int64_t deadline;

static const char *said(void)
{
	static char text[4096];
	ssize_t n = pread(said_fd, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

/* The second warning has come, or never will. */
static void on_tick(void *arg)
{
	const char *first = strchr(said(), '\n');

	(void)arg;
	if (first && first[1])
		loop_exit(loop, 0);
	else if (loop_now() > deadline)
		loop_exit(loop, 1);
	else
		loop_arm(tick, loop_now() + TICK);
}

static void setup(void)
{
	said_fd = memfd_create("said", MFD_CLOEXEC);
	ck_assert_int_ge(said_fd, 0);
	ck_assert_int_ge(dup2(said_fd, STDERR_FILENO), 0);
	log_open("chain-backend", 0);
	counters = (struct responder_counters){ 0 };
	ck_assert_int_eq(address_parse(slice_of("127.0.0.1:7"), &from), 0);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_timer(loop, on_tick, NULL, &tick), 0);
	ck_assert_int_eq(dropped_new(loop, slice_of("A"), INTERVAL, &dropped),
			 0);
}

static void teardown(void)
{
	dropped = dropped_free(dropped);
	loop = loop_free(loop);
	(void)close(said_fd);
}

static void look_and_tell(void)
{
	const struct server_counters none = { 0 };

	dropped_look(dropped, &counters, &none, &from);
	dropped_tell(dropped);
}

START_TEST(nothing_dropped_is_not_told)
{
	look_and_tell();
	counters.received = 9;
	counters.fenced = 9;
	look_and_tell();
	ck_assert_str_eq(said(), "");
}
END_TEST

/* The first at once, those behind it together, each of them once. */
START_TEST(rest_is_told_after_the_interval)
{
	counters.other_block = 1;
	look_and_tell();
	ck_assert_str_eq(said(),
			 "chain-backend: block A: dropped 1 forged or damaged "
			 "datagrams (other block: 1), the last from "
			 "127.0.0.1:7\n");

	counters.fault[FRAME_FAULT_MAC] = 3;
	look_and_tell();
	counters.fault[FRAME_FAULT_MAGIC] = 2;
	look_and_tell();
	ck_assert_ptr_null(strstr(said(), "mac"));

	deadline = loop_now() + DEADLINE;
	loop_arm(tick, loop_now() + TICK);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_ptr_nonnull(strstr(said(), "dropped 5 forged or damaged "
					     "datagrams (magic: 2, mac: 3), "));
}
END_TEST

Suite *test_backend_dropped(void)
{
	Suite *s = suite_create("backend/dropped");
	TCase *t = tcase_create("dropped");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, nothing_dropped_is_not_told);
	tcase_add_test(t, rest_is_told_after_the_interval);
	suite_add_tcase(s, t);
	return s;
}
