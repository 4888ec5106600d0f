/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/orderlog.c, and of what opstore.c does with it: a
 * script's orders in one file, of which at most the last is pending, however the
 * file ends.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "walletctl/opstore.h"
#include "walletctl/orderlog.h"

#include "test_walletctl_kit.h"

#define LOG_NAME "script+0123456789abcdef"

static struct opstore *script;
static struct opstore *other;

static void setup(void)
{
	kit_state_setup();
	ck_assert_int_eq(opstore_open(&fileops_kernel, kit_pending(), &script),
			 0);
	opstore_use_log(script);
	ck_assert_int_eq(opstore_open(&fileops_kernel, kit_pending(), &other),
			 0);
}

static void teardown(void)
{
	script = opstore_free(script);
	other = opstore_free(other);
	kit_state_teardown();
}

static struct order make_order(const char *id, const char *amount)
{
	const struct order_words w = { .command = "transfer",
				       .server = "h:1",
				       .sender = "Ben",
				       .receiver = "Victor",
				       .amount = amount,
				       .id = id };
	struct order o;

	ck_assert_int_eq(order_make(&w, &o), 0);
	return o;
}

static int keep_amount(struct opstore *s, const char *id, const char *amount,
		       struct opstore_entry **ret, bool *ret_again)
{
	struct order o = make_order(id, amount);
	const struct group g = group_of(&o);
	int r = opstore_keep(s, &g, ret, ret_again);

	order_done(&o);
	return r;
}

static struct opstore_entry *keep(struct opstore *s, const char *id)
{
	struct opstore_entry *e;
	bool again = true;

	ck_assert_int_eq(keep_amount(s, id, "5", &e, &again), 0);
	ck_assert(!again);
	return e;
}

static void keep_and_settle(struct opstore *s, const char *id)
{
	ck_assert_int_eq(opstore_settle(keep(s, id)), 0);
}

/* The name of the only file. */
static void find_file(char out[64])
{
	char **names;
	size_t count;

	ck_assert_int_eq(opstore_names(other, &names, &count), 0);
	ck_assert_uint_eq(count, 1);
	(void)snprintf(out, 64, "%s", names[0]);
	opstore_names_free(names, count);
}

/* What is pending in the only file is the order @id, and is taken up. */
static void take(const char *id)
{
	struct opstore_entry *e;
	struct group g;
	char name[64];

	find_file(name);
	ck_assert_int_eq(opstore_take(other, name, &g, &e), 0);
	ck_assert_str_eq(g.id, id);
	ck_assert(group_is_lone(&g));
	group_done(&g);
	ck_assert_int_eq(opstore_settle(e), 0);
	ck_assert_uint_eq(kit_pending_count(), 0);
}

static int try_take(void)
{
	struct opstore_entry *e;
	struct group g;
	char name[64];

	find_file(name);
	return opstore_take(other, name, &g, &e);
}

START_TEST(orders_stand_behind_each_other)
{
	struct opstore_entry *e;
	char first[64];
	char then[64];

	keep_and_settle(script, "1f");
	find_file(first);
	ck_assert(orderlog_is_name(first));
	/* Between two orders somebody who resumes has nothing to do. */
	ck_assert_int_eq(try_take(), -ENOENT);
	e = keep(script, "2f");
	find_file(then);
	ck_assert_str_eq(then, first);
	ck_assert_int_eq(try_take(), -EWOULDBLOCK);
	ck_assert_int_eq(opstore_settle(e), 0);
	ck_assert_int_eq(try_take(), -ENOENT);

	script = opstore_free(script);
	ck_assert_uint_eq(kit_pending_count(), 0);
}
END_TEST

/* What became of it is not known: its file stays, the next has another. */
START_TEST(an_open_order_keeps_its_file)
{
	keep_and_settle(script, "1f");
	opstore_entry_free(keep(script, "2f"));
	keep_and_settle(script, "3f");
	ck_assert_uint_eq(kit_pending_count(), 2);
	script = opstore_free(script);
	take("2f");
}
END_TEST

static void run_killed(void (*lines)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		lines();
		(void)raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
}

static void two_lines(void)
{
	keep_and_settle(script, "1f");
	(void)keep(script, "2f");
}

static void one_line(void)
{
	keep_and_settle(script, "1f");
}

START_TEST(a_killed_script_leaves_its_order)
{
	run_killed(two_lines);
	take("2f");
}
END_TEST

START_TEST(a_killed_script_leaves_nothing_settled)
{
	struct opstore_entry *e;

	run_killed(one_line);
	ck_assert_uint_eq(kit_pending_count(), 1);
	if (_i == 0) {
		ck_assert_int_eq(try_take(), -ENOENT);
	} else {
		/* Whoever keeps something tidies up. */
		e = keep(other, "2f");
		ck_assert_uint_eq(kit_pending_count(), 1);
		ck_assert_int_eq(opstore_settle(e), 0);
	}
	ck_assert_uint_eq(kit_pending_count(), 0);
}
END_TEST

/* The same order again, by whoever tries. */
START_TEST(an_order_is_found_in_a_log)
{
	struct opstore_entry *first;
	struct opstore_entry *second;
	bool again = false;

	keep_and_settle(script, "1f");
	first = keep(script, "2f");
	ck_assert_int_eq(keep_amount(other, "2f", "6", &second, &again),
			 -EEXIST);
	/* The script is at it: its file stays. */
	ck_assert_int_eq(keep_amount(other, "2f", "5", &second, &again), 0);
	ck_assert(again);
	ck_assert_int_eq(opstore_settle(second), 0);
	ck_assert_uint_eq(kit_pending_count(), 1);
	/* What is settled there is not there. */
	ck_assert_int_eq(opstore_settle(keep(other, "1f")), 0);

	/* It is no longer. */
	opstore_entry_free(first);
	again = false;
	ck_assert_int_eq(keep_amount(other, "2f", "5", &second, &again), 0);
	ck_assert(again);
	ck_assert_int_eq(try_take(), -EWOULDBLOCK);
	ck_assert_int_eq(opstore_settle(second), 0);
	ck_assert_uint_eq(kit_pending_count(), 0);
}
END_TEST

/* The log of the orders 1f, 2f and 3f, the last one pending. */
static size_t make_text(char *out, size_t size, size_t end[3])
{
	static const char *const ids[3] = { "1f", "2f", "3f" };
	struct buf text = { 0 };
	size_t len;

	ck_assert_int_eq(orderlog_begin(&text), 0);
	for (size_t i = 0; i < 3; i++) {
		struct order o = make_order(ids[i], "5");
		const struct group g = group_of(&o);

		if (i > 0)
			ck_assert_int_eq(buf_addf(&text, ORDERLOG_NOTE), 0);
		ck_assert_int_eq(group_write(&g, &text), 0);
		order_done(&o);
		end[i] = text.len;
	}
	len = text.len;
	ck_assert_uint_le(len, size);
	memcpy(out, text.data, len);
	buf_done(&text);
	return len;
}

/* What a power cut leaves; only an order that nothing is behind is pending. */
START_TEST(however_it_ends_one_order_is_pending_at_most)
{
	static const char *const ids[3] = { "1f", "2f", "3f" };
	struct group g;
	char text[1024];
	size_t end[3];
	size_t len = make_text(text, sizeof(text), end);
	size_t head = strlen("alichain-orders 1\n");

	for (size_t cut = 0; cut <= len; cut++) {
		const char *pending = NULL;
		int r;

		/* Cut short, or as long, with zeros. */
		if (_i == 1)
			memset(text + cut, 0, len - cut);
		for (size_t i = 0; i < 3; i++)
			if (cut == end[i] && (_i == 0 || cut == len))
				pending = ids[i];
		r = orderlog_read((struct slice){ text, _i ? len : cut }, &g);
		if (pending) {
			ck_assert_int_eq(r, 0);
			ck_assert_str_eq(g.id, pending);
			group_done(&g);
		} else {
			ck_assert_int_eq(r, cut < head ? -EBADMSG : -ENODATA);
		}
		(void)make_text(text, sizeof(text), end);
	}
}
END_TEST

START_TEST(a_torn_order_was_never_sent)
{
	struct opstore_entry *e;
	struct group g;
	char text[1024];
	size_t end[3];
	size_t len = make_text(text, sizeof(text) - 1, end);

	text[len - 1] = '\0';
	kit_pending_write(LOG_NAME, text);
	ck_assert_int_eq(opstore_take(other, LOG_NAME, &g, &e), -ENOENT);
	ck_assert_uint_eq(kit_pending_count(), 0);

	/* No log at all is left alone. */
	kit_pending_write(LOG_NAME, "hello\n");
	ck_assert_int_eq(opstore_take(other, LOG_NAME, &g, &e), -EBADMSG);
	opstore_entry_free(keep(other, "1f"));
	ck_assert_uint_eq(kit_pending_count(), 2);
}
END_TEST

static int no_sync(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

/* One file at a time, of bounded length. */
START_TEST(a_long_script_begins_a_new_file)
{
	struct fileops quick = fileops_kernel;
	struct opstore *s;
	struct stat st;
	char path[512];
	char before[64] = "";
	char name[64];
	unsigned files = 0;
	char id[16];

	quick.fsync = no_sync;
	quick.fdatasync = no_sync;
	ck_assert_int_eq(opstore_open(&quick, kit_pending(), &s), 0);
	opstore_use_log(s);
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(id, sizeof(id), "id-%u", i);
		keep_and_settle(s, id);
		find_file(name);
		files += strcmp(name, before) != 0;
		memcpy(before, name, sizeof(before));
		(void)snprintf(path, sizeof(path), "%s/%s", kit_pending(),
			       name);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_int_le(st.st_size,
				 ORDERLOG_MAX + (off_t)strlen(ORDERLOG_NOTE));
	}
	ck_assert_uint_ge(files, 2);
	ck_assert_uint_le(files, 10);
	opstore_free(s);
	ck_assert_uint_eq(kit_pending_count(), 0);
}
END_TEST

/* Somebody tidies up between two lines: what is kept is kept where it is found. */
START_TEST(a_removed_log_is_made_anew)
{
	char path[512];
	char name[64];

	keep_and_settle(script, "1f");
	find_file(name);
	(void)snprintf(path, sizeof(path), "%s/%s", kit_pending(), name);
	ck_assert_int_eq(unlink(path), 0);
	if (_i == 1)
		ck_assert_int_eq(rmdir(kit_pending()), 0);
	opstore_entry_free(keep(script, "2f"));
	take("2f");
}
END_TEST

START_TEST(a_long_list_has_a_file_of_its_own)
{
	static char id[] = "list";
	struct group g = { .id = strdup(id) };
	struct opstore_entry *e;
	char name[64];
	bool again;

	for (unsigned i = 0; i < 500; i++) {
		char of[16];
		struct order o;

		(void)snprintf(of, sizeof(of), "list-%u", i);
		o = make_order(of, "5");
		ck_assert_int_eq(group_add(&g, &o, 0), 0);
	}
	ck_assert_int_eq(opstore_keep(script, &g, &e, &again), 0);
	find_file(name);
	ck_assert_str_eq(name, id);
	ck_assert_int_eq(opstore_settle(e), 0);
	ck_assert_uint_eq(kit_pending_count(), 0);
	group_done(&g);
}
END_TEST

/* A disk of which the n-th call fails, of those that matter. */
static unsigned calls;
static unsigned failing;

static int count(void)
{
	return ++calls == failing ? -EIO : 0;
}

static ssize_t failing_pwrite(void *ctx, int fd, const void *data, size_t len,
			      off_t at)
{
	int r = count();

	return r < 0 ? r : fileops_kernel.pwrite(ctx, fd, data, len, at);
}

static int failing_fsync(void *ctx, int fd)
{
	int r = count();

	return r < 0 ? r : fileops_kernel.fsync(ctx, fd);
}

static int failing_fdatasync(void *ctx, int fd)
{
	int r = count();

	return r < 0 ? r : fileops_kernel.fdatasync(ctx, fd);
}

static int failing_rename(void *ctx, const char *from, const char *to)
{
	int r = count();

	return r < 0 ? r : fileops_kernel.rename(ctx, from, to);
}

/*
 * The calls: write, sync, rename and sync the directory of the first order; its
 * note; write and sync of the second; its note.
 */
START_TEST(every_failing_call_is_told)
{
	struct fileops bad = fileops_kernel;
	struct opstore_entry *e;
	struct opstore *s;
	bool again;
	int r;

	bad.pwrite = failing_pwrite;
	bad.fsync = failing_fsync;
	bad.fdatasync = failing_fdatasync;
	bad.rename = failing_rename;
	ck_assert_int_eq(opstore_open(&bad, kit_pending(), &s), 0);
	opstore_use_log(s);
	calls = 0;
	failing = (unsigned)_i;

	r = keep_amount(s, "1f", "5", &e, &again);
	ck_assert_int_eq(r, _i <= 4 ? -EIO : 0);
	if (r == 0)
		ck_assert_int_eq(opstore_settle(e), 0);
	if (_i > 5) {
		ck_assert_uint_eq(calls, 5);
		ck_assert_uint_eq(kit_pending_count(), 1);
		r = keep_amount(s, "2f", "5", &e, &again);
		ck_assert_int_eq(r, _i <= 7 ? -EIO : 0);
		/* Nothing of what failed is left to be sent. */
		ck_assert_uint_eq(kit_pending_count(), _i > 7);
		if (r == 0) {
			ck_assert_uint_eq(calls, 7);
			ck_assert_int_eq(opstore_settle(e), 0);
		}
	}
	/* A note that cannot be written: the file goes instead. */
	if (_i == 5 || _i == 8)
		ck_assert_uint_eq(kit_pending_count(), 0);

	failing = 0;
	ck_assert_int_eq(keep_amount(s, "3f", "5", &e, &again), 0);
	ck_assert_int_eq(opstore_settle(e), 0);
	opstore_free(s);
	/* But for one whose name may be durable or not. */
	ck_assert_uint_eq(kit_pending_count(), _i == 4);
}
END_TEST

static void run_script(char name)
{
	char id[16];

	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(id, sizeof(id), "%c-%u", name, i);
		keep_and_settle(script, id);
	}
	script = opstore_free(script);
	_exit(0);
}

START_TEST(many_scripts_do_not_disturb_each_other)
{
	pid_t child[6];

	for (size_t i = 0; i < ELEMENTS(child); i++) {
		child[i] = fork();
		if (child[i] == 0)
			run_script((char)('a' + i));
	}
	for (size_t i = 0; i < ELEMENTS(child); i++) {
		int status;

		ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(kit_pending_count(), 0);
}
END_TEST

UNIT_SUITE(test_walletctl_orderlog);

Suite *test_walletctl_orderlog(void)
{
	Suite *s = suite_create("walletctl/orderlog");
	TCase *t = tcase_create("orderlog");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, orders_stand_behind_each_other);
	tcase_add_test(t, an_open_order_keeps_its_file);
	tcase_add_test(t, a_killed_script_leaves_its_order);
	tcase_add_loop_test(t, a_killed_script_leaves_nothing_settled, 0, 2);
	tcase_add_test(t, an_order_is_found_in_a_log);
	tcase_add_loop_test(t, however_it_ends_one_order_is_pending_at_most, 0,
			    2);
	tcase_add_test(t, a_torn_order_was_never_sent);
	tcase_add_test(t, a_long_script_begins_a_new_file);
	tcase_add_loop_test(t, a_removed_log_is_made_anew, 0, 2);
	tcase_add_test(t, a_long_list_has_a_file_of_its_own);
	tcase_add_loop_test(t, every_failing_call_is_told, 1, 10);
	tcase_add_test(t, many_scripts_do_not_disturb_each_other);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
