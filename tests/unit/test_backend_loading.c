/* SPDX-License-Identifier: MIT */
/*
 * What the service manager hears while a block is read, on a socket of the
 * test's own.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "backend/loading.h"
#include "sys/loop.h"
#include "util/timestamp.h"

#include "unit.h"

UNIT_SUITE(test_backend_loading);

#define MESSAGE_SIZE 1024
#define FILE_SIZE 4000

static int manager = -EBADF;
static int file = -EBADF;
static struct loading loading;

static void setup(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char name[64];
	int len;

	len = snprintf(name, sizeof(name), "@alichain-loading-%jd",
		       (intmax_t)getpid());
	memcpy(at.sun_path, name, (size_t)len);
	at.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un,
						   sun_path) +
					  (size_t)len)),
			 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);

	file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(ftruncate(file, FILE_SIZE), 0);
	loading_begin(&loading, "A", "/b.txt");
}

static void teardown(void)
{
	(void)close(file);
	(void)close(manager);
	(void)unsetenv("NOTIFY_SOCKET");
}

static void expect(const char *message)
{
	char got[MESSAGE_SIZE];
	ssize_t n = recv(manager, got, sizeof(got) - 1, MSG_DONTWAIT);

	ck_assert_msg(n >= 0, "nothing was told, expected %s", message);
	got[n] = '\0';
	ck_assert_str_eq(got, message);
}

static void expect_nothing(void)
{
	char byte;

	ck_assert_int_lt(recv(manager, &byte, 1, MSG_DONTWAIT), 0);
}

static void read_some(size_t len)
{
	char bytes[FILE_SIZE];
	struct stat st;

	ck_assert_int_eq(loading.ops.fstat(loading.ops.ctx, file, &st), 0);
	ck_assert_int_eq(loading.ops.pread(loading.ops.ctx, file, bytes, len,
					   0),
			 (ssize_t)len);
}

/* As if nothing had been told for so long. */
static void let_pass(int64_t usec)
{
	loading.told -= usec;
}

START_TEST(told_at_once_and_every_second)
{
	expect("EXTEND_TIMEOUT_USEC=60000000");
	expect("STATUS=block A: reading /b.txt");

	read_some(1000);
	expect_nothing();
	let_pass(USEC_PER_SEC);
	read_some(1000);
	expect("EXTEND_TIMEOUT_USEC=60000000");
	expect("STATUS=block A: reading /b.txt, 2000 of 4000 bytes");
	read_some(1);
	expect_nothing();
}
END_TEST

/* What another process may have promised was promised before. */
START_TEST(it_is_known_when_the_block_was_locked)
{
	char path[64];
	int other;

	ck_assert_int_eq(loading.locked, 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	other = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(other, 0);
	ck_assert_int_eq(fileops_kernel.lock(fileops_kernel.ctx, other), 0);
	ck_assert_int_eq(loading.ops.lock(loading.ops.ctx, file), -EWOULDBLOCK);
	ck_assert_int_eq(loading.locked, 0);
	(void)close(other);

	ck_assert_int_eq(loading.ops.lock(loading.ops.ctx, file), 0);
	ck_assert_int_le(loading.locked, loop_now());
	ck_assert_int_gt(loading.locked, loop_now() - USEC_PER_SEC);
}
END_TEST

/* The end of a block is read again. */
START_TEST(never_more_than_all_of_it)
{
	read_some(FILE_SIZE);
	let_pass(USEC_PER_SEC);
	read_some(FILE_SIZE);
	expect("EXTEND_TIMEOUT_USEC=60000000");
	expect("STATUS=block A: reading /b.txt");
	expect("EXTEND_TIMEOUT_USEC=60000000");
	expect("STATUS=block A: reading /b.txt, 4000 of 4000 bytes");
}
END_TEST

/* The daemon's own status would be gone. */
START_TEST(silent_when_it_is_over)
{
	expect("EXTEND_TIMEOUT_USEC=60000000");
	expect("STATUS=block A: reading /b.txt");
	loading_end(&loading);
	let_pass(USEC_PER_SEC);
	read_some(1000);
	expect_nothing();
}
END_TEST

Suite *test_backend_loading(void)
{
	Suite *s = suite_create("backend/loading");
	TCase *t = tcase_create("loading");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, told_at_once_and_every_second);
	tcase_add_test(t, it_is_known_when_the_block_was_locked);
	tcase_add_test(t, never_more_than_all_of_it);
	tcase_add_test(t, silent_when_it_is_over);
	suite_add_tcase(s, t);
	return s;
}
