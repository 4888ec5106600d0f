/* SPDX-License-Identifier: MIT */
/*
 * The statement: whatever fails while it is written, there is the old one or
 * the new one, and nothing beside it.
 */
#include "config.h"

#include <fcntl.h>

#include "main/statement.h"
#include "unit.h"

UNIT_SUITE(test_main_statement);

static const char old_text[] = "the old one\n";

/* The kernel's operations, of which one fails. */
struct faulty {
	struct fileops ops;
	unsigned calls;
	unsigned failing; /* 0: none */
	bool short_writes;
	char trace[32]; /* a letter for each kind of call, in order */
};

static int strike(void *ctx, char letter)
{
	struct faulty *f = ctx;
	size_t len = strlen(f->trace);

	/* Writes in a row are one. */
	if (len + 1 < sizeof(f->trace) &&
	    (letter != 'w' || len == 0 || f->trace[len - 1] != 'w'))
		f->trace[len] = letter;
	return ++f->calls == f->failing ? -EIO : 0;
}

static int faulty_open(void *ctx, const char *path, int flags, mode_t mode)
{
	int r = strike(ctx, 'o');

	return r < 0 ? r : fileops_kernel.open(NULL, path, flags, mode);
}

/* The descriptor is closed all the same, as the kernel does. */
static int faulty_close(void *ctx, int fd)
{
	int r = strike(ctx, 'c');
	int closed = fileops_kernel.close(NULL, fd);

	return r < 0 ? r : closed;
}

static ssize_t faulty_pwrite(void *ctx, int fd, const void *data, size_t len,
			     off_t at)
{
	const struct faulty *f = ctx;
	int r = strike(ctx, 'w');

	if (f->short_writes && len > 1)
		len = (len + 1) / 2;
	return r < 0 ? r : fileops_kernel.pwrite(NULL, fd, data, len, at);
}

static int faulty_fsync(void *ctx, int fd)
{
	int r = strike(ctx, 's');

	return r < 0 ? r : fileops_kernel.fsync(NULL, fd);
}

static int faulty_rename(void *ctx, const char *from, const char *to)
{
	int r = strike(ctx, 'r');

	return r < 0 ? r : fileops_kernel.rename(NULL, from, to);
}

static int faulty_unlink(void *ctx, const char *path)
{
	(void)ctx;
	return fileops_kernel.unlink(NULL, path);
}

static struct faulty faulty_of(unsigned failing, bool short_writes)
{
	struct faulty f = {
		.ops = fileops_kernel,
		.failing = failing,
		.short_writes = short_writes,
	};

	f.ops.open = faulty_open;
	f.ops.close = faulty_close;
	f.ops.pwrite = faulty_pwrite;
	f.ops.fsync = faulty_fsync;
	f.ops.rename = faulty_rename;
	f.ops.unlink = faulty_unlink;
	return f;
}

static char directory[] = "/tmp/test_main_statement.XXXXXX";
static char path[64];
static char beside[64];

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/s.txt", directory);
	(void)snprintf(beside, sizeof(beside), "%s/s.txt.tmp", directory);
}

static void clean(void)
{
	(void)unlink(path);
	(void)unlink(beside);
}

static void remove_directory(void)
{
	clean();
	ck_assert_int_eq(rmdir(directory), 0);
}

/* More than the module collects before it writes. */
static void fill(struct buf *b)
{
	for (int i = 1; i < 20000; i++)
		ck_assert_int_eq(buf_addf(b, "%d Ali Ben 15\n", i), 0);
	ck_assert_uint_gt(b->len, 2 * STATEMENT_BUFFER);
}

/* As the engine does. */
static int write_statement(struct statement *s, const struct buf *b)
{
	size_t n;
	int r;

	r = statement_begin(s);
	for (size_t at = 0; r == 0 && at < b->len; at += n) {
		n = b->len - at < 1000 ? b->len - at : 1000;
		r = statement_write(s, b->data + at, n);
	}
	if (r == 0)
		r = statement_commit(s);
	if (r < 0)
		statement_abort(s);
	return r;
}

/* Is what stands there @text? */
static bool stands(const void *text, size_t len)
{
	struct buf b = { 0 };
	bool same;

	ck_assert_int_eq(fileops_read_file(&fileops_kernel, path, 1 << 20, &b),
			 0);
	same = b.len == len && memcmp(b.data, text, len) == 0;
	buf_done(&b);
	return same;
}

static void put_old(void)
{
	ck_assert_int_eq(
		fileops_replace(&fileops_kernel, path, 0644,
				(struct slice){ old_text, strlen(old_text) }),
		0);
}

/* Fail one call; false when there are not so many. */
static bool fail_one(unsigned failing, const struct buf *text)
{
	struct faulty f = faulty_of(failing, true);
	struct statement *s;
	struct stat st;
	int r;

	f.ops.ctx = &f;
	put_old();
	ck_assert_int_eq(statement_new(&f.ops, path, &s), 0);
	r = write_statement(s, text);
	statement_free(s);

	ck_assert_int_eq(stat(beside, &st), -1);
	ck_assert(stands(text->data, text->len) ||
		  (r < 0 && stands(old_text, strlen(old_text))));
	if (f.calls < failing)
		ck_assert_int_eq(r, 0);
	return f.calls >= failing;
}

START_TEST(each_call_fails)
{
	struct buf text = { 0 };
	unsigned n = 1;

	fill(&text);
	while (fail_one(n, &text))
		n++;

	/* open, writes, sync, close, rename, and three for the directory */
	ck_assert_uint_gt(n, 10);
	ck_assert(stands(text.data, text.len));
	buf_done(&text);
}
END_TEST

/* Every failure before the rename is told, and so is the directory's. */
START_TEST(failures_are_told)
{
	struct faulty f = faulty_of(0, false);
	struct buf text = { 0 };
	struct statement *s;
	unsigned calls;

	fill(&text);
	f.ops.ctx = &f;
	ck_assert_int_eq(statement_new(&f.ops, path, &s), 0);
	ck_assert_int_eq(write_statement(s, &text), 0);
	calls = f.calls;

	/* Synced, then renamed, then the directory synced. */
	ck_assert_str_eq(f.trace, "owscrosc");

	/* But for the closing of the directory, the last call. */
	for (unsigned n = 1; n < calls; n++) {
		f.calls = 0;
		f.failing = n;
		ck_assert_int_eq(write_statement(s, &text), -EIO);
	}
	statement_free(s);
	buf_done(&text);
}
END_TEST

START_TEST(mode_and_leftovers)
{
	struct statement *s;
	struct stat st;
	int fd;

	/* A crash has left one behind, for its owner only. */
	fd = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);

	(void)umask(0);
	ck_assert_int_eq(statement_new(&fileops_kernel, path, &s), 0);
	ck_assert_int_eq(statement_begin(s), 0);
	ck_assert_int_eq(statement_write(s, "a\n", 2), 0);
	ck_assert_int_eq(statement_commit(s), 0);
	statement_free(s);
	ck_assert(stands("a\n", 2));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
}
END_TEST

/* What is begun and dropped leaves the old one, also by freeing. */
START_TEST(dropped)
{
	struct statement *s;
	struct stat st;

	put_old();
	ck_assert_int_eq(statement_new(&fileops_kernel, path, &s), 0);
	ck_assert_int_eq(statement_begin(s), 0);
	ck_assert_int_eq(statement_write(s, "a\n", 2), 0);
	statement_abort(s);
	ck_assert_int_eq(stat(beside, &st), -1);

	ck_assert_int_eq(statement_begin(s), 0);
	ck_assert_int_eq(statement_write(s, "a\n", 2), 0);
	statement_free(s);
	ck_assert_int_eq(stat(beside, &st), -1);
	ck_assert(stands(old_text, strlen(old_text)));
}
END_TEST

/* One that is not begun by us is not ours to remove. */
START_TEST(not_begun)
{
	struct statement *s;
	struct stat st;
	int fd;

	fd = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(statement_new(&fileops_kernel, path, &s), 0);
	statement_free(s);
	ck_assert_int_eq(stat(beside, &st), 0);
}
END_TEST

Suite *test_main_statement(void)
{
	Suite *suite = suite_create("main/statement");
	TCase *t = tcase_create("all");

	/* Not in the child, which may not live to remove it. */
	tcase_add_unchecked_fixture(t, make_directory, remove_directory);
	tcase_add_checked_fixture(t, clean, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, each_call_fails);
	tcase_add_test(t, failures_are_told);
	tcase_add_test(t, mode_and_leftovers);
	tcase_add_test(t, dropped);
	tcase_add_test(t, not_begun);
	suite_add_tcase(suite, t);
	return suite;
}
