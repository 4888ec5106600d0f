/* SPDX-License-Identifier: MIT */
/*
 * src/store/blockfile.c: the lock, a file changed behind us, full disks; and
 * once over the kernel's own operations.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/record.h"
#include "store/blockfile.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_blockfile);

#define BATCH_MAX ((uint64_t)RECORD_BATCH_MAX * (RECORD_LINE_MAX + 1))
#define MEBIBYTE (UINT64_C(1) << 20)

static struct disk disk;
static struct blockfile *b;

static void setup(void)
{
	disk_init(&disk);
	b = NULL;
}

static void teardown(void)
{
	blockfile_free(b);
	disk_done(&disk);
}

static void open_block(void)
{
	ck_assert_int_eq(blockfile_open(&disk.ops, BLOCK, &b), 0);
}

static int append(const char *text)
{
	return blockfile_append(b, slice_of(text));
}

START_TEST(has_it_alone)
{
	struct blockfile *second = NULL;

	open_block();
	ck_assert_int_eq(blockfile_open(&disk.ops, BLOCK, &second),
			 -EWOULDBLOCK);
	b = blockfile_free(b);
	open_block();
}
END_TEST

START_TEST(appends_at_the_end)
{
	disk_put(&disk, BLOCK, slice_of("one\n"));
	open_block();
	ck_assert_int_eq(append("two\n"), 0);
	ck_assert_int_eq(append("three\n"), 0);
	ck_assert_int_eq(blockfile_sync(b), 0);
	assert_text(text_of(&disk_find(&disk, BLOCK)->synced),
		    slice_of("one\ntwo\nthree\n"));
}
END_TEST

/* Every way in which somebody may have changed it. */
enum change { GROWN, SHRUNK, TOUCHED, REPLACED, REMOVED };

static void change_behind(enum change how)
{
	struct disk_file *f = disk_find(&disk, BLOCK);

	switch (how) {
	case GROWN:
		ck_assert_int_eq(buf_add(&f->data, "x\n", 2), 0);
		break;
	case SHRUNK:
		f->data.len--;
		break;
	case TOUCHED:
		f->changed++;
		break;
	case REPLACED:
		(void)snprintf(f->name, sizeof(f->name), "/old");
		disk_put(&disk, BLOCK, slice_of("one\n"));
		disk_find(&disk, BLOCK)->changed = f->changed;
		break;
	case REMOVED:
		(void)snprintf(f->name, sizeof(f->name), "/old");
		break;
	}
}

START_TEST(stops_when_it_was_changed)
{
	struct disk_file *f;
	size_t len;

	disk_put(&disk, BLOCK, slice_of("one\n"));
	open_block();
	f = disk_find(&disk, BLOCK);
	change_behind((enum change)_i);
	len = f->data.len;
	ck_assert_int_eq(append("two\n"), -ESTALE);
	ck_assert_uint_eq(f->data.len, len);
	ck_assert_int_eq(append("two\n"), -ESTALE);
	ck_assert_int_eq(blockfile_sync(b), -ESTALE);
	ck_assert_int_eq(blockfile_broken(b), -ESTALE);
}
END_TEST

/* Room for the largest batch is reserved before it is needed, in steps. */
START_TEST(reserves_ahead)
{
	unsigned calls;

	open_block();
	ck_assert_int_eq(blockfile_reserve(b), 0);
	ck_assert(!b->full);
	ck_assert_uint_ge(b->reserved, BATCH_MAX);
	ck_assert_uint_eq(disk_find(&disk, BLOCK)->data.len, 0);

	/* Small appends need no new reserve: two looks, a write, a look. */
	calls = disk.calls;
	ck_assert_int_eq(append("one\n"), 0);
	ck_assert_uint_le(disk.calls - calls, 5);
	ck_assert_uint_ge(b->reserved - b->end, BATCH_MAX);
}
END_TEST

/* A full disk shows before a byte is written. */
START_TEST(foresees_a_full_disk)
{
	struct disk_file *f;
	int64_t changed;

	disk_put(&disk, BLOCK, slice_of("one\n"));
	disk.room = BATCH_MAX + 8;
	open_block();
	f = disk_find(&disk, BLOCK);
	ck_assert_int_eq(blockfile_reserve(b), 0);
	ck_assert(!b->full);

	/* The largest batch does not fit any more, a small one does. */
	ck_assert_int_eq(append("22222\n"), 0);
	ck_assert(b->full);
	disk.room = 12;
	b->reserved = b->end;
	changed = f->changed;
	ck_assert_int_eq(append("33333\n"), -ENOSPC);
	ck_assert_int_eq(f->changed, changed);
	assert_text(disk_text(f), slice_of("one\n22222\n"));
	ck_assert_int_eq(blockfile_broken(b), 0);

	disk.room = UINT64_MAX;
	ck_assert_int_eq(blockfile_reserve(b), 0);
	ck_assert(!b->full);
	ck_assert_int_eq(append("33333\n"), 0);
	assert_text(disk_text(f), slice_of("one\n22222\n33333\n"));
}
END_TEST

/* Without reserves a full disk shows when writing: what was written goes. */
START_TEST(takes_back_what_did_not_fit)
{
	struct disk_file *f;

	disk_put(&disk, BLOCK, slice_of("one\n"));
	disk.unreservable = true;
	disk.room = 7;
	open_block();
	f = disk_find(&disk, BLOCK);
	ck_assert_int_eq(blockfile_reserve(b), 0);
	ck_assert(!b->full);
	ck_assert_int_eq(append("two\n"), -ENOSPC);
	ck_assert(b->full);
	assert_text(disk_text(f), slice_of("one\n"));
	assert_text(text_of(&f->synced), slice_of("one\n"));

	disk.room = 8;
	ck_assert_int_eq(blockfile_reserve(b), 0);
	ck_assert(!b->full);
	ck_assert_int_eq(append("two\n"), 0);
	assert_text(disk_text(f), slice_of("one\ntwo\n"));
}
END_TEST

/* If that cannot be made sure, it is no more a matter of a full disk. */
START_TEST(breaks_when_it_cannot_take_back)
{
	unsigned calls = 0;
	int r = -EIO;

	for (unsigned n = 1; r == -EIO; n++) {
		blockfile_free(b);
		disk_done(&disk);
		disk_init(&disk);
		disk_put(&disk, BLOCK, slice_of("one\n"));
		disk.unreservable = true;
		disk.room = 7;
		open_block();
		calls = disk.calls;
		disk.fail_at = disk.calls + n;
		disk.fail_with = -EIO;
		r = append("two\n");
		calls = disk.calls - calls;
		ck_assert_int_eq(blockfile_broken(b), calls < n ? 0 : -EIO);
	}
	ck_assert_int_eq(r, -ENOSPC);
	/* Two looks, reserve, look, two writes, cut, sync, look. */
	ck_assert_uint_eq(calls, 9);
}
END_TEST

/* A short write goes on; it is not an error. */
START_TEST(goes_on_after_a_short_write)
{
	open_block();
	disk.fail_at = disk.calls + 6;
	disk.fail_with = 0;
	ck_assert_int_eq(append("one two three\n"), 0);
	ck_assert_uint_ge(disk.calls, disk.fail_at);
	assert_text(disk_text(disk_find(&disk, BLOCK)),
		    slice_of("one two three\n"));
}
END_TEST

START_TEST(reads_no_further_than_the_file)
{
	char out[8];

	disk_put(&disk, BLOCK, slice_of("one\n"));
	open_block();
	ck_assert_int_eq(blockfile_read(b, out, 3, 1), 0);
	ck_assert_mem_eq(out, "ne\n", 3);
	ck_assert_int_eq(blockfile_read(b, out, 4, 1), -ESTALE);
}
END_TEST

START_TEST(cuts_and_keeps)
{
	struct buf kept = { 0 };

	disk_put(&disk, BLOCK, slice_of("one\ntwo\n"));
	open_block();
	ck_assert_int_eq(blockfile_cut(b, 4, &kept), 0);
	assert_text(text_of(&kept), slice_of(BLOCK ".torn-at-4"));
	assert_text(disk_text(disk_find(&disk, BLOCK)), slice_of("one\n"));
	assert_text(disk_text(disk_find(&disk, BLOCK ".torn-at-4")),
		    slice_of("two\n"));
	ck_assert_int_eq(append("three\n"), 0);
	assert_text(disk_text(disk_find(&disk, BLOCK)),
		    slice_of("one\nthree\n"));
	buf_done(&kept);
}
END_TEST

/* Nothing is cut that could not be kept. */
START_TEST(cuts_nothing_that_it_cannot_keep)
{
	struct buf kept = { 0 };
	unsigned calls;
	int r = -1;

	for (calls = 1; r < 0; calls++) {
		blockfile_free(b);
		disk_done(&disk);
		disk_init(&disk);
		disk_put(&disk, BLOCK, slice_of("one\ntwo\n"));
		open_block();
		disk.fail_at = disk.calls + calls;
		disk.fail_with = -EIO;
		r = blockfile_cut(b, 4, &kept);
		if (disk_find(&disk, BLOCK)->data.len == 8)
			continue;
		assert_text(
			text_of(&disk_find(&disk, BLOCK ".torn-at-4")->synced),
			slice_of("two\n"));
		ck_assert_str_eq(
			disk_find(&disk, BLOCK ".torn-at-4")->synced_name,
			BLOCK ".torn-at-4");
	}
	ck_assert_uint_gt(calls, 10);
	buf_done(&kept);
}
END_TEST

/* A directory of the test's own, and a block's path in it. */
static void make_directory(char directory[64], char path[96])
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(directory, 64, "%s/chain-store-XXXXXX",
		       base && strlen(base) < 40 ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, 96, "%s/block1.txt", directory);
}

/* The whole way over real files: open, append, promise, restart. */
START_TEST(works_on_real_files)
{
	char directory[64];
	char path[96];
	char promise[128];
	struct maker m = { .serial = 1 };
	uint8_t nonce[STORE_NONCE_SIZE] = { 7 };
	struct textstore_report report;
	struct buf made = { 0 };
	struct buf found = { 0 };
	struct store *s = NULL;
	struct store *second = NULL;

	make_directory(directory, path);
	ck_assert_int_eq(
		textstore_open(&fileops_kernel, path, tools_key, &report, &s),
		0);
	ck_assert_int_eq(textstore_open(&fileops_kernel, path, tools_key,
					&report, &second),
			 -EWOULDBLOCK);
	ck_assert_int_eq(s->ops->promise(s, 3, nonce), 0);
	maker_plain(&m, 3, &made);
	tools_commit(s, 1, 3, "", text_of(&made));
	s->ops->close(s);

	ck_assert_int_eq(
		textstore_open(&fileops_kernel, path, tools_key, &report, &s),
		0);
	ck_assert_int_eq(s->ops->recheck(s), 0);
	tools_fetch_all(s, &found);
	assert_text(text_of(&found), text_of(&made));
	s->ops->close(s);

	(void)snprintf(promise, sizeof(promise), "%s.promise", path);
	ck_assert_int_eq(unlink(promise), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	buf_done(&made);
	buf_done(&found);
}
END_TEST

/* The same for a block that begins empty: names, locks and contents. */
START_TEST(begins_empty_over_real_files)
{
	char directory[64];
	char path[96];
	char aside[128];
	struct textstore_report report;
	struct maker m = { .serial = 1 };
	struct buf made = { 0 };
	struct buf found = { 0 };
	struct store *second = NULL;
	struct store *s = NULL;
	char *name = NULL;

	make_directory(directory, path);
	(void)snprintf(aside, sizeof(aside), "%s.lost-1", path);
	ck_assert_int_eq(
		textstore_open(&fileops_kernel, path, tools_key, &report, &s),
		0);
	maker_plain(&m, 3, &made);
	tools_commit(s, 1, 3, "", text_of(&made));
	ck_assert_int_eq(s->ops->begin_empty(s, &name), 0);
	ck_assert_str_eq(name, aside);
	ck_assert_int_eq(textstore_open(&fileops_kernel, path, tools_key,
					&report, &second),
			 -EWOULDBLOCK);
	m = (struct maker){ .serial = 1 };
	buf_clear(&found);
	maker_plain(&m, 1, &found);
	tools_commit(s, 1, 1, "", text_of(&found));
	s->ops->close(s);

	buf_clear(&found);
	ck_assert_int_eq(fileops_read_file(&fileops_kernel, aside, 4096, &found),
			 0);
	assert_text(text_of(&found), text_of(&made));
	ck_assert_int_eq(unlink(aside), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	buf_done(&made);
	buf_done(&found);
	free(name);
}
END_TEST

/* An editor wrote into the file behind us: seen by its time alone. */
START_TEST(notices_a_real_change)
{
	char directory[64];
	char path[96];
	int fd;

	make_directory(directory, path);
	ck_assert_int_eq(blockfile_open(&fileops_kernel, path, &b), 0);
	ck_assert_int_eq(append("one\n"), 0);
	ck_assert_int_eq(append("two\n"), 0);

	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		futimens(fd, (struct timespec[2]){ { 5, 5 }, { 5, 5 } }), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(append("three\n"), -ESTALE);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(opens_files_only)
{
	char directory[64];
	char path[96];

	make_directory(directory, path);
	ck_assert_int_eq(blockfile_open(&fileops_kernel, directory, &b),
			 -EBADMSG);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(blockfile_open(&fileops_kernel, path, &b), -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

Suite *test_store_blockfile(void)
{
	Suite *s = suite_create("store/blockfile");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, has_it_alone);
	tcase_add_test(t, appends_at_the_end);
	tcase_add_loop_test(t, stops_when_it_was_changed, GROWN, REMOVED + 1);
	tcase_add_test(t, reserves_ahead);
	tcase_add_test(t, foresees_a_full_disk);
	tcase_add_test(t, takes_back_what_did_not_fit);
	tcase_add_test(t, breaks_when_it_cannot_take_back);
	tcase_add_test(t, goes_on_after_a_short_write);
	tcase_add_test(t, reads_no_further_than_the_file);
	tcase_add_test(t, cuts_and_keeps);
	tcase_add_test(t, cuts_nothing_that_it_cannot_keep);
	tcase_add_test(t, works_on_real_files);
	tcase_add_test(t, begins_empty_over_real_files);
	tcase_add_test(t, notices_a_real_change);
	tcase_add_test(t, opens_files_only);
	suite_add_tcase(s, t);
	return s;
}
