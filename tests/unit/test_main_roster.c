/* SPDX-License-Identifier: MIT */
/*
 * The backends of the last run: written and read back, damaged in any way, and
 * on a disk that fails at any call.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "main/roster.h"
#include "unit.h"

UNIT_SUITE(test_main_roster);

static char directory[] = "/tmp/test_main_roster.XXXXXX";
static char path[64];
static char beside[64];

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/" ROSTER_FILE, directory);
	(void)snprintf(beside, sizeof(beside), "%s/" ROSTER_FILE ".tmp",
		       directory);
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

static void put_bytes(const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static void put(const char *text)
{
	put_bytes(text, strlen(text));
}

static void expect_file(const char *text)
{
	struct buf got = { 0 };

	ck_assert_int_eq(fileops_read_file(&fileops_kernel, path, 1 << 20,
					   &got), 0);
	ck_assert_uint_eq(got.len, strlen(text));
	ck_assert_int_eq(memcmp(got.data, text, got.len), 0);
	buf_done(&got);
}

static int read_it(struct roster *r)
{
	struct buf fault = { 0 };
	int error = roster_read(&fileops_kernel, path, r, &fault);

	ck_assert_int_eq(fault.len > 0, error == -EBADMSG);
	buf_done(&fault);
	return error;
}

static void expect_entry(const struct roster *r, const char *name, bool lost,
			 uint64_t number)
{
	const struct roster_entry *e = roster_find(r, slice_of(name));

	ck_assert_ptr_nonnull(e);
	ck_assert_str_eq(e->name, name);
	ck_assert_int_eq(e->lost, lost);
	ck_assert_uint_eq(e->number, number);
}

START_TEST(what_is_written_is_read)
{
	struct roster r = { .count = 0 };
	struct roster back;

	ck_assert_int_eq(roster_set(&r, slice_of("A"), false, 1234), 0);
	ck_assert_int_eq(roster_set(&r, slice_of("rack_2.b"), true, 7), 0);
	ck_assert_int_eq(roster_set(&r, slice_of("C"), false, UINT64_MAX), 0);
	ck_assert_int_eq(roster_write(&fileops_kernel, path, &r), 0);
	expect_file("A here 1234\nrack_2.b lost 7\n"
		    "C here 18446744073709551615\n");
	ck_assert_int_eq(read_it(&back), 0);
	ck_assert_uint_eq(back.count, 3);
	expect_entry(&back, "A", false, 1234);
	expect_entry(&back, "rack_2.b", true, 7);
	expect_entry(&back, "C", false, UINT64_MAX);
	ck_assert_ptr_null(roster_find(&back, slice_of("B")));
	ck_assert_ptr_null(roster_find(&back, slice_of("rack_2.")));
}
END_TEST

START_TEST(an_entry_is_replaced)
{
	struct roster r = { .count = 0 };

	ck_assert_int_eq(roster_set(&r, slice_of("A"), false, 5), 0);
	ck_assert_int_eq(roster_set(&r, slice_of("B"), false, 6), 0);
	ck_assert_int_eq(roster_set(&r, slice_of("A"), true, 9), 0);
	ck_assert_uint_eq(r.count, 2);
	expect_entry(&r, "A", true, 9);
	expect_entry(&r, "B", false, 6);
}
END_TEST

START_TEST(no_file_is_an_empty_one)
{
	struct roster r = { .count = 5 };

	ck_assert_int_eq(read_it(&r), 0);
	ck_assert_uint_eq(r.count, 0);
	put("");
	r.count = 5;
	ck_assert_int_eq(read_it(&r), 0);
	ck_assert_uint_eq(r.count, 0);
}
END_TEST

/* As many as fit, with names and numbers of the longest, and one more. */
START_TEST(it_is_bounded)
{
	struct roster r = { .count = 0 };
	struct roster back;
	char name[BLOCK_NAME_MAX + 1];
	struct buf text = { 0 };

	for (unsigned i = 0; i < ROSTER_MAX; i++) {
		(void)snprintf(name, sizeof(name), "backend.%08u", i);
		ck_assert_int_eq(roster_set(&r, slice_of(name), true,
					    UINT64_MAX), 0);
	}
	ck_assert_int_eq(roster_set(&r, slice_of("one"), true, 1), -ENOSPC);
	ck_assert_int_eq(roster_write(&fileops_kernel, path, &r), 0);
	ck_assert_int_eq(read_it(&back), 0);
	ck_assert_uint_eq(back.count, ROSTER_MAX);
	expect_entry(&back, name, true, UINT64_MAX);
	ck_assert_int_eq(fileops_read_file(&fileops_kernel, path, 1 << 20,
					   &text), 0);
	ck_assert_int_eq(buf_add(&text, "A here 1\n", 9), 0);
	put_bytes(text.data, text.len);
	ck_assert_int_eq(read_it(&back), -EBADMSG);
	ck_assert_uint_eq(back.count, 0);
	buf_done(&text);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
} damages[] = {
	{ "A here 1\nB gone 2\n", 2 },
	{ "A here 1\nB here 2", 2 },
	{ "A here 1\n\n", 2 },
	{ "A here 1\nA lost 2\n", 2 },
	{ "A here 01\n", 1 },
	{ "A here -1\n", 1 },
	{ "A here 1 \n", 1 },
	{ "A here \n", 1 },
	{ "A here 18446744073709551616\n", 1 },
	{ " here 1\n", 1 },
	{ "A  here 1\n", 1 },
	{ "A-B here 1\n", 1 },
	{ "ABCDEFGHIJKLMNOPQ here 1\n", 1 },
	{ "A\n", 1 },
	{ "A here 1\r\n", 1 },
	{ "\n", 1 },
};

START_TEST(damage_is_named_and_nothing_is_taken)
{
	struct roster r = { .count = 5 };
	struct buf fault = { 0 };
	char expected[200];

	put(damages[_i].text);
	ck_assert_int_eq(roster_read(&fileops_kernel, path, &r, &fault),
			 -EBADMSG);
	ck_assert_uint_eq(r.count, 0);
	(void)snprintf(expected, sizeof(expected),
		       "%s:%u: expected a backend's name, \"here\" or \"lost\", "
		       "and a number", path, damages[_i].line);
	ck_assert_uint_eq(fault.len, strlen(expected));
	ck_assert_int_eq(memcmp(fault.data, expected, fault.len), 0);
	buf_done(&fault);
}
END_TEST

/* Cut anywhere but behind a line it is damaged; a huge one is not read. */
START_TEST(every_length_of_it)
{
	static const char whole[] = "A here 1234\nB lost 7\n";
	char *huge;
	struct roster r;

	for (size_t len = 0; len < sizeof(whole); len++) {
		bool lines = len == 0 || whole[len - 1] == '\n';

		put_bytes(whole, len);
		ck_assert_msg(read_it(&r) == (lines ? 0 : -EBADMSG), "%zu", len);
		ck_assert_uint_eq(r.count, !lines || !len ? 0 :
					   len == sizeof(whole) - 1 ? 2 : 1);
	}
	huge = malloc(1 << 20);
	ck_assert_ptr_nonnull(huge);
	memset(huge, 'x', 1 << 20);
	put_bytes(huge, 1 << 20);
	free(huge);
	ck_assert_int_eq(read_it(&r), -EBADMSG);
}
END_TEST

/* The kernel's operations, of which the n-th fails. */
struct faulty {
	struct fileops ops;
	unsigned calls;
	unsigned failing;
};

static bool strikes(void *ctx)
{
	struct faulty *f = ctx;

	return ++f->calls == f->failing;
}

static int faulty_open(void *ctx, const char *name, int flags, mode_t mode)
{
	return strikes(ctx) ? -EIO :
			      fileops_kernel.open(NULL, name, flags, mode);
}

/* The descriptor is closed all the same, as the kernel does. */
static int faulty_close(void *ctx, int fd)
{
	int r = fileops_kernel.close(NULL, fd);

	return strikes(ctx) ? -EIO : r;
}

static ssize_t faulty_pread(void *ctx, int fd, void *out, size_t len, off_t at)
{
	return strikes(ctx) ? -EIO :
			      fileops_kernel.pread(NULL, fd, out, len, at);
}

static ssize_t faulty_pwrite(void *ctx, int fd, const void *data, size_t len,
			     off_t at)
{
	return strikes(ctx) ? -EIO :
			      fileops_kernel.pwrite(NULL, fd, data, len, at);
}

static int faulty_fsync(void *ctx, int fd)
{
	return strikes(ctx) ? -EIO : fileops_kernel.fsync(NULL, fd);
}

static int faulty_fstat(void *ctx, int fd, struct stat *ret)
{
	return strikes(ctx) ? -EIO : fileops_kernel.fstat(NULL, fd, ret);
}

static int faulty_rename(void *ctx, const char *from, const char *to)
{
	return strikes(ctx) ? -EIO : fileops_kernel.rename(NULL, from, to);
}

static struct faulty faulty(unsigned failing)
{
	return (struct faulty){
		.failing = failing,
		.ops = {
			.open = faulty_open,
			.close = faulty_close,
			.pread = faulty_pread,
			.pwrite = faulty_pwrite,
			.fdatasync = faulty_fsync,
			.fsync = faulty_fsync,
			.fstat = faulty_fstat,
			.rename = faulty_rename,
			.stat = fileops_kernel.stat,
			.unlink = fileops_kernel.unlink,
		},
	};
}

/* There is the old one or the new one, whole, and an error was told. */
START_TEST(a_write_that_fails_leaves_one_of_them)
{
	struct roster old = { .count = 0 };
	struct roster new = { .count = 0 };
	unsigned untold = 0;
	unsigned n = 0;
	int error;

	ck_assert_int_eq(roster_set(&old, slice_of("A"), false, 1), 0);
	ck_assert_int_eq(roster_set(&new, slice_of("A"), true, 2), 0);
	do {
		struct faulty f = faulty(++n);
		struct roster r;

		ck_assert_int_eq(roster_write(&fileops_kernel, path, &old), 0);
		f.ops.ctx = &f;
		error = roster_write(&f.ops, path, &new);
		if (f.calls < n)
			break;
		ck_assert_int_eq(read_it(&r), 0);
		ck_assert_uint_eq(r.count, 1);
		ck_assert_uint_eq(r.entry[0].number, r.entry[0].lost ? 2 : 1);
		/* Nothing hangs on the last close, of the directory. */
		ck_assert_msg(error == -EIO || r.entry[0].lost, "call %u", n);
		untold += error == 0;
		ck_assert_int_lt(access(beside, F_OK), 0);
	} while (n < 100);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_le(untold, 1);
	expect_file("A lost 2\n");
	/* Opened, written, synced, closed, renamed, the directory synced. */
	ck_assert_uint_gt(n, 6);
}
END_TEST

START_TEST(a_read_that_fails_is_no_empty_one)
{
	struct buf fault = { 0 };
	unsigned failures = 0;
	unsigned n = 0;

	put("A here 1\n");
	do {
		struct faulty f = faulty(++n);
		struct roster r = { .count = 5 };
		int error;

		f.ops.ctx = &f;
		error = roster_read(&f.ops, path, &r, &fault);
		if (f.calls < n)
			break;
		failures += error == -EIO;
		/* Only the end of reading may fail without harm. */
		ck_assert_uint_eq(r.count, error == 0 ? 1 : 0);
	} while (n < 100);
	ck_assert_uint_ge(failures, 3);
	ck_assert_uint_eq(fault.len, 0);
}
END_TEST

Suite *test_main_roster(void)
{
	Suite *suite = suite_create("main/roster");
	TCase *t = tcase_create("all");

	tcase_add_unchecked_fixture(t, make_directory, remove_directory);
	tcase_add_checked_fixture(t, NULL, clean);
	tcase_add_test(t, what_is_written_is_read);
	tcase_add_test(t, an_entry_is_replaced);
	tcase_add_test(t, no_file_is_an_empty_one);
	tcase_add_test(t, it_is_bounded);
	tcase_add_loop_test(t, damage_is_named_and_nothing_is_taken, 0,
			    ELEMENTS(damages));
	tcase_add_test(t, every_length_of_it);
	tcase_add_test(t, a_write_that_fails_leaves_one_of_them);
	tcase_add_test(t, a_read_that_fails_is_no_empty_one);
	suite_add_tcase(suite, t);
	return suite;
}
