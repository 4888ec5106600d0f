/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/opstore.c: an order is on disk or not, whole, and one
 * walletctl at a time works on it.
 */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "walletctl/opstore.h"

#include "test_walletctl_kit.h"

static char id[] = "1f";
static char amount[] = "5";
static char other_amount[] = "6";
static char server[] = "h:1";
static char ben[] = "Ben";
static char victor[] = "Victor";
static char transfer[] = "transfer";

static struct opstore *store;
static struct order order;

static void setup(void)
{
	kit_state_setup();
	ck_assert_int_eq(opstore_open(&fileops_kernel, kit_pending(), &store),
			 0);
	order = (struct order){ .command = transfer,
				.server = server,
				.sender = ben,
				.receiver = victor,
				.amount = amount,
				.id = id };
}

static void teardown(void)
{
	opstore_free(store);
	kit_state_teardown();
}

static int keep(struct opstore *s, struct opstore_entry **ret, bool *ret_again)
{
	const struct group g = group_of(&order);

	return opstore_keep(s, &g, ret, ret_again);
}

static bool is_order(const struct group *g)
{
	return group_is_lone(g) && order_equal(&g->order[0], &order);
}

START_TEST(directory_follows_the_environment)
{
	char *path;

	ck_assert_int_eq(opstore_directory("/s", "/h", &path), 0);
	ck_assert_str_eq(path, "/s/alichain/pending");
	free(path);
	/* A relative one is to be ignored. */
	ck_assert_int_eq(opstore_directory("s", "/h", &path), 0);
	ck_assert_str_eq(path, "/h/.local/state/alichain/pending");
	free(path);
	ck_assert_int_eq(opstore_directory(NULL, "", &path), -ENOENT);
	ck_assert_int_eq(opstore_directory("", NULL, &path), -ENOENT);
}
END_TEST

static mode_t mode_of(const char *name)
{
	char path[512];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s%s", kit_pending(), name);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(orders_are_kept_until_settled)
{
	struct opstore_entry *e;
	bool again = true;

	ck_assert_int_eq(keep(store, &e, &again), 0);
	ck_assert(!again);
	ck_assert_uint_eq(kit_pending_count(), 1);
	ck_assert_uint_eq(mode_of(""), 0700);
	ck_assert_uint_eq(mode_of("/1f"), 0600);
	ck_assert_int_eq(opstore_settle(e), 0);
	ck_assert_uint_eq(kit_pending_count(), 0);
}
END_TEST

/* Ids may hold what file names may not, or what a path would follow. */
START_TEST(ids_make_harmless_names)
{
	static char ids[][8] = {
		"a/b", "..", ".", "../x", "a.tmp", "~", "%2E"
	};
	static const char *const names[] = { "a%2Fb",	   "%2E%2E",  "%2E",
					     "%2E%2E%2Fx", "a%2Etmp", "~",
					     "%252E" };
	struct opstore_entry *e;
	struct group o;
	char **found;
	size_t count;
	bool again;

	order.id = ids[_i];
	ck_assert_int_eq(keep(store, &e, &again), 0);
	opstore_entry_free(e);
	ck_assert_int_eq(opstore_names(store, &found, &count), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(found[0], names[_i]);
	ck_assert_int_eq(opstore_take(store, found[0], &o, &e), 0);
	ck_assert(is_order(&o));
	group_done(&o);
	opstore_entry_free(e);
	opstore_names_free(found, count);
}
END_TEST

START_TEST(the_same_order_may_be_kept_again)
{
	struct opstore_entry *first;
	struct opstore_entry *second;
	bool again = false;

	ck_assert_int_eq(keep(store, &first, &again), 0);
	opstore_entry_free(first);
	ck_assert_int_eq(keep(store, &second, &again), 0);
	ck_assert(again);
	opstore_entry_free(second);

	order.amount = other_amount;
	ck_assert_int_eq(keep(store, &second, &again), -EEXIST);
	ck_assert_uint_eq(kit_pending_count(), 1);
}
END_TEST

/* Two at once: the second may send the same order, but not take it up. */
START_TEST(an_order_in_work_is_locked)
{
	struct opstore_entry *first;
	struct opstore_entry *second;
	struct group o;
	bool again = false;

	ck_assert_int_eq(keep(store, &first, &again), 0);
	ck_assert_int_eq(opstore_take(store, "1f", &o, &second), -EWOULDBLOCK);
	ck_assert_int_eq(keep(store, &second, &again), 0);
	ck_assert(again);

	/* Whoever is first takes the file away, the other does not mind. */
	ck_assert_int_eq(opstore_settle(first), 0);
	ck_assert_int_eq(opstore_settle(second), 0);
	ck_assert_int_eq(opstore_take(store, "1f", &o, &second), -ENOENT);
}
END_TEST

/* Again and again; the exit status of a child. */
static int keep_and_settle(unsigned times)
{
	struct opstore_entry *e;
	bool again;

	for (unsigned i = 0; i < times; i++) {
		if (keep(store, &e, &again) < 0 ||
		    opstore_settle(e) < 0)
			return 1;
	}
	return 0;
}

static int list(unsigned times)
{
	char **names;
	size_t count;

	for (unsigned i = 0; i < times; i++) {
		if (opstore_names(store, &names, &count) < 0)
			return 1;
		opstore_names_free(names, count);
	}
	return 0;
}

/* One lists; some have an id of their own, some all the same. */
START_TEST(many_at_once_do_not_disturb_each_other)
{
	pid_t child[8];

	for (size_t i = 0; i < ELEMENTS(child); i++) {
		child[i] = fork();
		if (child[i] == 0) {
			id[0] = i % 2 ? 's' : (char)('a' + i);
			_exit(i ? keep_and_settle(100) : list(1000));
		}
	}
	for (size_t i = 0; i < ELEMENTS(child); i++) {
		int status;

		ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(kit_pending_count(), 0);
}
END_TEST

START_TEST(a_killed_walletctl_leaves_its_order)
{
	struct opstore_entry *e;
	struct group o;
	int status;
	pid_t child;
	bool again;

	child = fork();
	if (child == 0) {
		if (keep(store, &e, &again) == 0)
			(void)raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));

	ck_assert_int_eq(opstore_take(store, "1f", &o, &e), 0);
	ck_assert(is_order(&o));
	group_done(&o);
	opstore_entry_free(e);
}
END_TEST

/* A process in the middle of writing, as the locks see it. */
static pid_t hold_lock(const char *name, int ready[2])
{
	char path[512];
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", kit_pending(), name);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || flock(fd, LOCK_EX) < 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	return child;
}

START_TEST(a_killed_walletctl_leaves_no_rubbish)
{
	int ready[2];
	pid_t child;
	char **names;
	size_t count;
	char byte;

	kit_pending_write("1f.1234abcd", "alichain-ord");
	child = hold_lock("1f.1234abcd", ready);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);

	/* Neither what is being written, nor what is not ours. */
	kit_pending_write("note.txt", "");
	kit_pending_write("2f.0", "");
	ck_assert_int_eq(opstore_names(store, &names, &count), 0);
	ck_assert_uint_eq(count, 0);
	opstore_names_free(names, count);
	ck_assert_uint_eq(kit_pending_count(), 2);

	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(opstore_names(store, &names, &count), 0);
	opstore_names_free(names, count);
	ck_assert_uint_eq(kit_pending_count(), 1);
	ck_assert_uint_eq(mode_of("/note.txt") & 0400, 0400);
	(void)close(ready[0]);
	(void)close(ready[1]);
}
END_TEST

/* Somebody else finds a file that was just created, before it is locked. */
static unsigned finders;
static bool finder_is_slow;
static int finder = -EBADF;

static int found_open(void *ctx, const char *path, int flags, mode_t mode)
{
	int fd = fileops_kernel.open(ctx, path, flags, mode);
	char **names;
	size_t count;

	if (!(flags & O_CREAT) || finders == 0)
		return fd;
	finders--;
	if (finder_is_slow) {
		finder = fileops_kernel.open(ctx, path, O_RDONLY, 0);
		ck_assert_int_eq(fileops_kernel.lock(ctx, finder), 0);
	} else {
		ck_assert_int_eq(opstore_names(store, &names, &count), 0);
		opstore_names_free(names, count);
	}
	return fd;
}

static int found_lock(void *ctx, int fd)
{
	int r = fileops_kernel.lock(ctx, fd);

	if (finder >= 0)
		(void)fileops_kernel.close(ctx, finder);
	finder = -EBADF;
	return r;
}

START_TEST(taken_for_a_leftover_it_starts_over)
{
	struct fileops found = fileops_kernel;
	struct opstore_entry *e;
	struct opstore *s;
	struct group o;
	bool again = true;

	found.open = found_open;
	found.lock = found_lock;
	finders = 2;
	finder_is_slow = _i == 1;
	ck_assert_int_eq(opstore_open(&found, kit_pending(), &s), 0);
	ck_assert_int_eq(keep(s, &e, &again), 0);
	ck_assert(!again);
	ck_assert_uint_eq(finders, 0);
	ck_assert_uint_eq(kit_pending_count(), 1);
	opstore_entry_free(e);
	ck_assert_int_eq(opstore_take(store, "1f", &o, &e), 0);
	ck_assert(is_order(&o));
	group_done(&o);
	opstore_entry_free(e);
	opstore_free(s);
}
END_TEST

START_TEST(bad_files_are_not_taken)
{
	struct opstore_entry *e;
	struct group o;

	kit_pending_write("junk", "hello\n");
	ck_assert_int_eq(opstore_take(store, "junk", &o, &e), -EBADMSG);
	/* Whole, but under another name. */
	kit_pending_write("2f", "alichain-order 1\ncommand=open\nserver=h%3A1\n"
				"sender=Ben\nid=1f\nend\n");
	ck_assert_int_eq(opstore_take(store, "2f", &o, &e), -EBADMSG);
	ck_assert_int_eq(opstore_take(store, "3f", &o, &e), -ENOENT);
}
END_TEST

START_TEST(names_are_sorted_and_without_leftovers)
{
	char **names;
	size_t count;

	kit_pending_write("b", "");
	kit_pending_write("a", "");
	kit_pending_write("c.tmp", "half a fi");
	ck_assert_int_eq(opstore_names(store, &names, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(names[0], "a");
	ck_assert_str_eq(names[1], "b");
	opstore_names_free(names, count);
}
END_TEST

/* A disk of which the n-th call fails, of those that matter. */
static unsigned calls_left;

static int count_down(void)
{
	return calls_left == 0 || --calls_left > 0 ? 0 : -EIO;
}

static int failing_open(void *ctx, const char *path, int flags, mode_t mode)
{
	int r = count_down();

	return r < 0 ? r : fileops_kernel.open(ctx, path, flags, mode);
}

static int failing_lock(void *ctx, int fd)
{
	int r = count_down();

	return r < 0 ? r : fileops_kernel.lock(ctx, fd);
}

static ssize_t failing_pwrite(void *ctx, int fd, const void *data, size_t len,
			      off_t at)
{
	int r = count_down();

	return r < 0 ? r : fileops_kernel.pwrite(ctx, fd, data, len, at);
}

static int failing_fsync(void *ctx, int fd)
{
	int r = count_down();

	return r < 0 ? r : fileops_kernel.fsync(ctx, fd);
}

static int failing_rename(void *ctx, const char *from, const char *to)
{
	int r = count_down();

	return r < 0 ? r : fileops_kernel.rename(ctx, from, to);
}

/*
 * Kept means synced: file, then name, then directory; else it is an error.  The
 * calls: open, lock, write, sync, rename; open, sync the directory.
 */
START_TEST(every_failing_call_is_told)
{
	struct fileops failing = fileops_kernel;
	struct opstore_entry *e;
	struct opstore *s;
	bool again;

	failing.open = failing_open;
	failing.lock = failing_lock;
	failing.pwrite = failing_pwrite;
	failing.fsync = failing_fsync;
	failing.rename = failing_rename;
	ck_assert_int_eq(opstore_open(&failing, kit_pending(), &s), 0);

	calls_left = (unsigned)_i;
	if (_i > 7) {
		ck_assert_int_eq(keep(s, &e, &again), 0);
		/* Exactly those calls were made. */
		ck_assert_uint_eq(calls_left, (unsigned)_i - 7);
		opstore_entry_free(e);
	} else {
		ck_assert_int_eq(keep(s, &e, &again), -EIO);
		/* There whole, or not at all. */
		ck_assert_uint_eq(kit_pending_count(), _i > 5);
	}
	opstore_free(s);
}
END_TEST

UNIT_SUITE(test_walletctl_opstore);

Suite *test_walletctl_opstore(void)
{
	Suite *s = suite_create("walletctl/opstore");
	TCase *t = tcase_create("opstore");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, directory_follows_the_environment);
	tcase_add_test(t, orders_are_kept_until_settled);
	tcase_add_loop_test(t, ids_make_harmless_names, 0, 7);
	tcase_add_test(t, the_same_order_may_be_kept_again);
	tcase_add_test(t, an_order_in_work_is_locked);
	tcase_add_test(t, many_at_once_do_not_disturb_each_other);
	tcase_add_test(t, a_killed_walletctl_leaves_its_order);
	tcase_add_test(t, a_killed_walletctl_leaves_no_rubbish);
	tcase_add_loop_test(t, taken_for_a_leftover_it_starts_over, 0, 2);
	tcase_add_test(t, bad_files_are_not_taken);
	tcase_add_test(t, names_are_sorted_and_without_leftovers);
	tcase_add_loop_test(t, every_failing_call_is_told, 1, 9);
	suite_add_tcase(s, t);
	return s;
}
