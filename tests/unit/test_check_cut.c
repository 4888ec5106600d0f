/* SPDX-License-Identifier: MIT */
/*
 * src/check/cut.c: what stays, what is set aside, and that no line is lost,
 * whatever fails.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test_check_kit.h"
#include "unit.h"

UNIT_SUITE(test_check_cut);

#define LONG_LINE 70000

static struct kit kit;
static struct buf a;
static struct buf b;

/* Serial 4 is missing, 8 is bad; both files have something to cut. */
static void setup(void)
{
	struct maker maker = kit_maker;
	struct buf lost = { 0 };

	kit_init(&kit);
	kit_old(&maker, "1 Ali Ben 7", &a);
	kit_records(&maker, 2, &b);
	kit_records(&maker, 1, &lost);
	kit_records(&maker, 2, &a);
	kit_records(&maker, 2, &b);
	ck_assert_int_eq(buf_add(&a, "8 Ali x\n\n", 9), 0);
	for (size_t i = 0; i < LONG_LINE; i += 10)
		ck_assert_int_eq(buf_addf(&b, "%09zu.", i), 0);
	kit_put(&kit, KIT_A, kit_text(&a));
	kit_put(&kit, KIT_B, kit_text(&b));
	buf_done(&lost);
}

static void teardown(void)
{
	buf_done(&a);
	buf_done(&b);
	kit_done(&kit);
}

static int cut(void)
{
	int r;

	r = kit_open(&kit, true);
	if (r == 0)
		r = check_run(kit.check);
	if (r == 0)
		r = check_cut(kit.check, NULL);
	return r;
}

static struct slice file(const char *path)
{
	struct disk_file *f = disk_find(&kit.disk, path);

	ck_assert_msg(f != NULL, "there is no %s", path);
	return disk_text(f);
}

static bool has_line(struct slice text, struct slice line)
{
	const char *end = text.p + text.len;
	const char *p = text.p;

	while (p && p < end) {
		p = memmem(p, (size_t)(end - p), line.p, line.len);
		if (!p)
			return false;
		if ((p == text.p || p[-1] == '\n') &&
		    (p + line.len == end || p[line.len] == '\n'))
			return true;
		p++;
	}
	return false;
}

/* Is it in @path or in what was cut off from it? */
static bool is_kept(const char *path, struct slice line)
{
	size_t len = strlen(path);
	const struct disk_file *f;

	for (size_t i = 0; i < DISK_FILES; i++) {
		f = &kit.disk.file[i];
		if (!f->mode || strncmp(f->name, path, len) != 0)
			continue;
		if (f->name[len] != '\0' &&
		    strncmp(f->name + len, ".cut-at-3", 9) != 0)
			continue;
		if (has_line(disk_text(f), line))
			return true;
	}
	return false;
}

static void expect_all_kept(const char *path, struct slice text)
{
	const char *end = text.p + text.len;
	const char *newline;
	struct slice line;

	for (const char *p = text.p; p < end; p += line.len + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		line.p = p;
		line.len = (size_t)((newline ? newline : end) - p);
		if (line.len > 0 && !is_kept(path, line))
			ck_abort_msg("%s: lost: %.*s", path,
				     (int)(line.len < 80 ? line.len : 80), p);
	}
}

static void expect_nothing_lost(void)
{
	expect_all_kept(KIT_A, kit_text(&a));
	expect_all_kept(KIT_B, kit_text(&b));
}

/* What is there is whole, and is serials 1 to 3. */
static void expect_whole(void)
{
	const struct check_summary *s = kit_run(&kit);

	kit_expect(&kit, "");
	ck_assert_uint_eq(s->serial, 3);
	ck_assert_ptr_null(disk_find(&kit.disk, KIT_A ".cut-tmp"));
	ck_assert_ptr_null(disk_find(&kit.disk, KIT_B ".cut-tmp"));
}

START_TEST(cuts_behind_the_whole_part)
{
	static const char done[] = KIT_A
		": 3 of 4 lines are set aside in " KIT_A ".cut-at-3\n" KIT_B
		": 3 of 5 lines are set aside in " KIT_B ".cut-at-3\n";
	struct slice aside;

	ck_assert_int_eq(cut(), 0);
	if (!slice_equal(kit_text(&kit.done), slice_of(done)))
		ck_abort_msg("%.*s", SLICE_ARG(kit_text(&kit.done)));
	ck_assert_uint_eq(check_summary(kit.check)->beyond, 4);

	/* The blank line stays. */
	ck_assert(slice_equal(file(KIT_A), slice_of("1 Ali Ben 7\n\n")));
	/* Byte for byte; the long line too, which had no newline. */
	aside = file(KIT_B ".cut-at-3");
	ck_assert_uint_eq(file(KIT_B).len + aside.len, b.len);
	ck_assert_mem_eq(aside.p, b.data + file(KIT_B).len, aside.len);
	expect_nothing_lost();
	expect_whole();
}
END_TEST

START_TEST(leaves_whole_files_alone)
{
	ino_t inode;

	ck_assert_int_eq(cut(), 0);
	inode = (ino_t)(disk_find(&kit.disk, KIT_A) - kit.disk.file);
	ck_assert_int_eq(cut(), 0);
	ck_assert_uint_eq(kit.done.len, 0);
	ck_assert_uint_eq((ino_t)(disk_find(&kit.disk, KIT_A) - kit.disk.file),
			  inode);
	ck_assert_ptr_null(disk_find(&kit.disk, KIT_A ".cut-at-3-1"));
}
END_TEST

START_TEST(never_writes_over_another_cut)
{
	kit_put(&kit, KIT_A ".cut-at-3", slice_of("of another day\n"));
	kit_put(&kit, KIT_A ".cut-at-3-1", slice_of("of yet another\n"));
	kit_put(&kit, KIT_A ".cut-tmp", slice_of("left behind\n"));
	ck_assert_int_eq(cut(), 0);
	ck_assert(slice_equal(file(KIT_A ".cut-at-3"),
			      slice_of("of another day\n")));
	ck_assert_uint_gt(file(KIT_A ".cut-at-3-2").len, 100);
	expect_nothing_lost();
	expect_whole();
}
END_TEST

START_TEST(refuses_a_locked_file)
{
	disk_find(&kit.disk, KIT_B)->locked = true;
	ck_assert_int_eq(cut(), -EWOULDBLOCK);
	ck_assert(slice_equal(file(KIT_A), kit_text(&a)));
	ck_assert_ptr_null(disk_find(&kit.disk, KIT_A ".cut-at-3"));
	/* Reading is allowed. */
	ck_assert_int_eq(kit_open(&kit, false), 0);
}
END_TEST

START_TEST(refuses_a_file_that_changed)
{
	ck_assert_int_eq(kit_open(&kit, true), 0);
	ck_assert_int_eq(check_run(kit.check), 0);
	disk_find(&kit.disk, KIT_B)->changed++;
	ck_assert_int_eq(check_cut(kit.check, NULL), -ESTALE);
	ck_assert_str_eq(check_culprit(kit.check), KIT_B);
	ck_assert(slice_equal(file(KIT_B), kit_text(&b)));
	ck_assert_ptr_null(disk_find(&kit.disk, KIT_B ".cut-at-3"));
}
END_TEST

static struct fileops plain;

/* In the place of the disk's: what is beside the file is on the disk by now. */
static int rename_with_a_look(void *ctx, const char *from, const char *to)
{
	char aside[DISK_NAME];
	const struct disk_file *f;

	(void)snprintf(aside, sizeof(aside), "%s.cut-at-3", to);
	f = disk_find(&kit.disk, aside);
	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(f->synced_name, aside);
	ck_assert_uint_eq(f->synced.len, f->data.len);
	f = disk_find(&kit.disk, from);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->synced.len, f->data.len);
	return plain.rename(ctx, from, to);
}

START_TEST(is_durable_before_the_file_is_replaced)
{
	plain = kit.disk.ops;
	kit.disk.ops.rename = rename_with_a_look;
	ck_assert_int_eq(cut(), 0);
	kit.disk.ops = plain;
	expect_whole();
	ck_assert_str_eq(disk_find(&kit.disk, KIT_A)->synced_name, KIT_A);
	ck_assert_str_eq(disk_find(&kit.disk, KIT_B)->synced_name, KIT_B);
}
END_TEST

static int owned;
static int refused_at; /* the call that fails, from 1 on; 0: none */

/* A check_own. */
static int count_owned(int fd, const struct stat *as)
{
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(as->st_mode & 0777, 0640);
	owned++;
	return owned == refused_at ? -EPERM : 0;
}

START_TEST(gives_both_files_their_owner)
{
	int r;

	owned = 0;
	refused_at = _i;
	ck_assert_int_eq(kit_open(&kit, true), 0);
	ck_assert_int_eq(check_run(kit.check), 0);
	r = check_cut(kit.check, count_owned);
	/* Two of each file; who may not give them leaves the file alone. */
	if (_i == 0) {
		ck_assert_int_eq(r, 0);
		ck_assert_int_eq(owned, 4);
		return;
	}
	ck_assert_int_eq(r, -EPERM);
	ck_assert_int_eq(owned, _i);
	expect_nothing_lost();
	ck_assert_int_eq(cut(), 0);
	expect_whole();
}
END_TEST

/* How many operations could fail, all in all? */
static unsigned count_calls(void)
{
	unsigned calls;

	kit.disk.calls = 0;
	ck_assert_int_eq(cut(), 0);
	kit.check = check_free(kit.check);
	calls = kit.disk.calls;
	teardown();
	a = (struct buf){ 0 };
	b = (struct buf){ 0 };
	return calls;
}

/*
 * The n-th operation fails, for all n; then the power does, or not; then it is
 * done again.  No line is lost at any time.
 */
static void fail_each(int error, bool crash, uint64_t seed)
{
	unsigned calls = count_calls();
	struct rng rng;

	rng_seed(&rng, seed);
	for (unsigned n = 1; n <= calls; n++) {
		setup();
		kit.disk.fail_at = n;
		kit.disk.fail_with = error;
		(void)cut();
		kit.check = check_free(kit.check);
		kit.disk.fail_at = 0;
		expect_nothing_lost();
		if (crash)
			disk_crash(&kit.disk, &rng);
		expect_nothing_lost();
		ck_assert_int_eq(cut(), 0);
		expect_nothing_lost();
		expect_whole();
		teardown();
		a = (struct buf){ 0 };
		b = (struct buf){ 0 };
	}
	setup();
}

START_TEST(loses_nothing_on_errors)
{
	static const int errors[] = { -EIO, -ENOSPC, -EMFILE };

	fail_each(errors[_i], false, 0);
}
END_TEST

START_TEST(loses_nothing_in_a_crash)
{
	fail_each(-EIO, true, (uint64_t)_i);
}
END_TEST

Suite *test_check_cut(void)
{
	Suite *s = suite_create("check/cut");
	TCase *t = tcase_create("cut");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, cuts_behind_the_whole_part);
	tcase_add_test(t, leaves_whole_files_alone);
	tcase_add_test(t, never_writes_over_another_cut);
	tcase_add_test(t, refuses_a_locked_file);
	tcase_add_test(t, refuses_a_file_that_changed);
	tcase_add_test(t, is_durable_before_the_file_is_replaced);
	tcase_add_loop_test(t, gives_both_files_their_owner, 0, 5);
	tcase_add_loop_test(t, loses_nothing_on_errors, 0, 3);
	tcase_add_loop_test(t, loses_nothing_in_a_crash, 0, 5);
	suite_add_tcase(s, t);
	return s;
}
