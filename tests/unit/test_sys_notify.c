/* SPDX-License-Identifier: MIT */
/*
 * What the service manager hears, on a socket of the test's own.
 */
#include "config.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "util/timestamp.h"
#include "sys/notify.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_notify);

#define MESSAGE_SIZE 1024

static int manager = -EBADF;

/* Listen at @name, as it stands in $NOTIFY_SOCKET: '@' is an abstract one. */
static void listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	ck_assert_uint_lt(len, sizeof(at.sun_path));
	memcpy(at.sun_path, name, len);
	if (*name == '@')
		at.sun_path[0] = '\0';

	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(
		bind(manager, (struct sockaddr *)&at,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
		0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void begin(void)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "@alichain-test-%jd",
		       (intmax_t)getpid());
	listen_at(name);
}

static void end(void)
{
	(void)close(manager);
	(void)unsetenv("NOTIFY_SOCKET");
}

/* What was sent is there when the call returns: nothing to wait for. */
static const char *next_message(void)
{
	static char text[MESSAGE_SIZE];
	ssize_t n = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0)
		return "nothing";
	text[n] = '\0';
	return text;
}

START_TEST(states_of_a_daemon)
{
	notify_status("waiting for backend %s", "B");
	ck_assert_str_eq(next_message(), "STATUS=waiting for backend B");
	notify_ready();
	ck_assert_str_eq(next_message(), "READY=1");
	notify_extend(3);
	ck_assert_str_eq(next_message(), "EXTEND_TIMEOUT_USEC=3000000");
	notify_stopping();
	ck_assert_str_eq(next_message(), "STOPPING=1");
	ck_assert_str_eq(next_message(), "nothing");
}
END_TEST

static int64_t monotonic_usec(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/* The manager takes no RELOADING=1 without the time in the same message. */
START_TEST(reloading_comes_with_the_time)
{
	int64_t before = monotonic_usec();
	int64_t told;

	notify_reloading();
	told = before;
	ck_assert_mem_eq(next_message(), "RELOADING=1\nMONOTONIC_USEC=", 27);
	notify_reloading();
	told = strtoll(next_message() + 27, NULL, 10);
	ck_assert_int_ge(told, before);
	ck_assert_int_le(told, monotonic_usec());
}
END_TEST

/* A name from a peer could say READY=1 on a line of its own. */
START_TEST(status_is_one_line)
{
	notify_status("a\nREADY=1\x7f%s", "\tb");
	ck_assert_str_eq(next_message(), "STATUS=a READY=1  b");
}
END_TEST

START_TEST(long_status_is_cut)
{
	char text[2 * MESSAGE_SIZE];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	notify_status("%s", text);
	ck_assert_uint_eq(strlen(next_message()), strlen("STATUS=") + 511);
}
END_TEST

START_TEST(socket_may_be_a_path)
{
	end();
	listen_at(scratch_path("notify"));
	notify_ready();
	ck_assert_str_eq(next_message(), "READY=1");
}
END_TEST

START_TEST(nobody_listens)
{
	(void)unsetenv("NOTIFY_SOCKET");
	notify_ready();
	notify_reloading();
	notify_status("%d", 1);
	ck_assert_str_eq(next_message(), "nothing");

	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "/not/there", 1), 0);
	notify_ready();
}
END_TEST

UNIT_SUITE(test_sys_notify)
{
	Suite *s = suite_create("sys/notify");
	TCase *t = tcase_create("notify");

	scratch_use(t);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, states_of_a_daemon);
	tcase_add_test(t, reloading_comes_with_the_time);
	tcase_add_test(t, status_is_one_line);
	tcase_add_test(t, long_status_is_cut);
	tcase_add_test(t, socket_may_be_a_path);
	tcase_add_test(t, nobody_listens);
	suite_add_tcase(s, t);
	return s;
}
