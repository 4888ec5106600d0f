/* SPDX-License-Identifier: MIT */
/*
 * The file helpers on a real directory, with operations that fail one by one.
 */
#include "config.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>

#include "util/fileops.h"

#include "unit.h"

UNIT_SUITE(test_util_fileops);

#define CALLS_MAX 64
#define TRACE_SIZE 256

static char directory[PATH_MAX / 2];

/* Paths in the directory of this run; each is good until the next one. */
static const char *in_directory(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void make_directory(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(directory, sizeof(directory), "%s/test_util.XXXXXX",
		       tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_directory(void)
{
	(void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool exists(const char *name)
{
	return faccessat(AT_FDCWD, in_directory(name), F_OK,
			 AT_SYMLINK_NOFOLLOW) == 0;
}

/* By plain means, not by what is tested here. */
static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(in_directory(name), "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static bool file_is(const char *name, const char *text)
{
	char contents[128];
	size_t len;
	FILE *f = fopen(in_directory(name), "re");

	if (!f)
		return false;
	len = fread(contents, 1, sizeof(contents), f);
	(void)fclose(f);
	return slice_equal((struct slice){ contents, len }, slice_of(text));
}

static int open_file(const char *name, int flags)
{
	int fd = fileops_kernel.open(NULL, in_directory(name), flags, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* What goes wrong with a call. */
enum mode {
	FAIL_BEFORE, /* an error, and nothing was done */
	FAIL_AFTER,  /* an error, but it was done */
	FAIL_SHORT,  /* a write does half, the next call fails */
	FAIL_ONWARD, /* from here on all fail without being done */
};

struct faults {
	enum mode mode;
	unsigned int at; /* which call, from 1; 0: none */
	int error;	 /* negative */
	unsigned int calls;
	int open_files;
	size_t write_max; /* the longest write; 0: any */
	char trace[TRACE_SIZE];
};

static void trace(struct faults *f, const char *name)
{
	size_t len = strlen(f->trace);

	(void)snprintf(f->trace + len, sizeof(f->trace) - len, "%s ", name);
	f->calls++;
}

static bool fails(const struct faults *f)
{
	if (f->at == 0)
		return false;
	if (f->mode == FAIL_ONWARD)
		return f->calls >= f->at;
	return f->calls == f->at + (f->mode == FAIL_SHORT);
}

/* The outcome of a call that gave @r if done. */
static int outcome(const struct faults *f, int r)
{
	return fails(f) ? f->error : r;
}

static bool is_done(const struct faults *f)
{
	return !fails(f) || f->mode == FAIL_AFTER;
}

static int faulty_open(void *ctx, const char *path, int flags, mode_t mode)
{
	struct faults *f = ctx;
	int fd = -EIO;

	trace(f, "open");
	if (is_done(f))
		fd = fileops_kernel.open(NULL, path, flags, mode);
	if (fails(f)) {
		if (fd >= 0)
			(void)close(fd);
		return f->error;
	}
	if (fd >= 0)
		f->open_files++;
	return fd;
}

static int faulty_close(void *ctx, int fd)
{
	struct faults *f = ctx;

	trace(f, "close");
	f->open_files--;
	return outcome(f, fileops_kernel.close(NULL, fd));
}

static ssize_t faulty_pwrite(void *ctx, int fd, const void *data, size_t len,
			     off_t at)
{
	struct faults *f = ctx;
	ssize_t n = 0;

	trace(f, "write");
	if (f->mode == FAIL_SHORT && f->calls == f->at)
		len = (len + 1) / 2;
	if (f->write_max > 0 && len > f->write_max)
		len = f->write_max;
	if (is_done(f))
		n = fileops_kernel.pwrite(NULL, fd, data, len, at);
	return fails(f) ? f->error : n;
}

static int faulty_fsync(void *ctx, int fd)
{
	struct faults *f = ctx;

	trace(f, "sync");
	return outcome(f, is_done(f) ? fileops_kernel.fsync(NULL, fd) : 0);
}

static int faulty_rename(void *ctx, const char *from, const char *to)
{
	struct faults *f = ctx;

	trace(f, "rename");
	return outcome(f,
		       is_done(f) ? fileops_kernel.rename(NULL, from, to) : 0);
}

static int faulty_unlink(void *ctx, const char *path)
{
	struct faults *f = ctx;

	trace(f, "unlink");
	return outcome(f, is_done(f) ? fileops_kernel.unlink(NULL, path) : 0);
}

static struct fileops faulty(struct faults *f)
{
	struct fileops ops = fileops_kernel;

	ops.ctx = f;
	ops.open = faulty_open;
	ops.close = faulty_close;
	ops.pwrite = faulty_pwrite;
	ops.fsync = faulty_fsync;
	ops.rename = faulty_rename;
	ops.unlink = faulty_unlink;
	return ops;
}

static int replace(struct faults *f, const char *text)
{
	struct fileops ops = faulty(f);

	return fileops_replace(&ops, in_directory("file"), 0600,
			       slice_of(text));
}

/* Replace "old" by "new text" with one fault; returns what came of it. */
static int replace_with(struct faults *f)
{
	int r;

	put_file("file", "old");
	r = replace(f, "new text");
	ck_assert_msg(file_is("file", "old") || file_is("file", "new text"),
		      "neither old nor new after: %s", f->trace);
	ck_assert_msg(r < 0 || file_is("file", "new text"),
		      "said done, but old after: %s", f->trace);
	ck_assert_int_eq(f->open_files, 0);
	return r;
}

/* Let each call fail in turn; the run in which none did is the last. */
static void fail_each_call(enum mode mode, int error)
{
	for (unsigned int n = 1; n < CALLS_MAX; n++) {
		struct faults f = { .mode = mode, .at = n, .error = error };
		int r = replace_with(&f);

		if (mode != FAIL_ONWARD)
			ck_assert_msg(!exists("file.tmp"), "left after: %s",
				      f.trace);
		(void)unlink(in_directory("file.tmp"));
		if (f.calls < n) {
			ck_assert_int_eq(r, 0);
			return;
		}
	}
	ck_abort_msg("more than %d calls", CALLS_MAX);
}

START_TEST(replace_survives_any_call_failing)
{
	fail_each_call(FAIL_BEFORE, -EIO);
	fail_each_call(FAIL_BEFORE, -ENOSPC);
}
END_TEST

START_TEST(replace_survives_any_call_failing_after_all)
{
	fail_each_call(FAIL_AFTER, -EIO);
}
END_TEST

START_TEST(replace_survives_a_short_write_and_a_full_disk)
{
	fail_each_call(FAIL_SHORT, -ENOSPC);
}
END_TEST

START_TEST(replace_survives_a_disk_that_dies)
{
	fail_each_call(FAIL_ONWARD, -EIO);
}
END_TEST

/* All but the first call, which only looks for what a crash has left. */
START_TEST(replace_reports_the_error_of_each_call)
{
	struct faults count = { .at = 0 };

	ck_assert_int_eq(replace_with(&count), 0);
	for (unsigned int n = 2; n < count.calls; n++) {
		struct faults f = { .at = n, .error = -EDQUOT };

		ck_assert_int_eq(replace_with(&f), -EDQUOT);
	}
}
END_TEST

/* Contents before the name, the name before the answer. */
START_TEST(replace_syncs_in_the_order_that_makes_it_durable)
{
	struct faults f = { .at = 0 };

	ck_assert_int_eq(replace_with(&f), 0);
	ck_assert_str_eq(f.trace, "unlink open write sync close rename open "
				  "sync close ");
}
END_TEST

/* The kernel may have dropped the data: a second sync would lie. */
START_TEST(a_failed_sync_is_not_tried_again)
{
	struct faults f = { .mode = FAIL_BEFORE, .at = 4, .error = -EIO };

	ck_assert_int_eq(replace_with(&f), -EIO);
	ck_assert_str_eq(f.trace, "unlink open write sync close unlink ");
	ck_assert(file_is("file", "old"));
}
END_TEST

START_TEST(replace_makes_a_file_that_was_not_there)
{
	struct faults f = { .at = 0 };
	struct stat st;

	(void)unlink(in_directory("file"));
	ck_assert_int_eq(replace(&f, ""), 0);
	ck_assert(file_is("file", ""));
	ck_assert_int_eq(fileops_kernel.stat(NULL, in_directory("file"), &st),
			 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(replace_clears_away_what_a_crash_has_left)
{
	struct faults f = { .at = 0 };

	put_file("file.tmp", "half of something much longer than the new text");
	ck_assert_int_eq(replace_with(&f), 0);
	ck_assert(file_is("file", "new text"));
	ck_assert(!exists("file.tmp"));
}
END_TEST

static void link_temporary_to(const char *name)
{
	char target[PATH_MAX];

	(void)snprintf(target, sizeof(target), "%s", in_directory(name));
	ck_assert_int_eq(symlink(target, in_directory("file.tmp")), 0);
}

/* Whoever may write to the directory must not choose what we write to. */
START_TEST(replace_does_not_write_through_a_link)
{
	struct faults none = { .at = 0 };
	struct faults stays = { .mode = FAIL_BEFORE, .at = 1, .error = -EIO };

	put_file("target", "precious");
	link_temporary_to("target");
	ck_assert_int_eq(replace_with(&none), 0);
	ck_assert(file_is("target", "precious"));

	link_temporary_to("target");
	ck_assert_int_eq(replace_with(&stays), -EEXIST);
	ck_assert(file_is("target", "precious"));
	link_temporary_to("new");
	stays.calls = 0;
	ck_assert_int_eq(replace_with(&stays), -EEXIST);
	ck_assert(!exists("new"));
}
END_TEST

START_TEST(replace_in_no_directory_is_an_error)
{
	const char *path = in_directory("missing/file");

	ck_assert_int_eq(
		fileops_replace(&fileops_kernel, path, 0600, slice_of("x")),
		-ENOENT);
}
END_TEST

/* A path that is just short enough, while the temporary one is not. */
START_TEST(replace_of_too_long_a_path_is_an_error)
{
	char path[PATH_MAX];
	size_t len = strlen(directory);

	memcpy(path, directory, len);
	while (len < PATH_MAX - 8)
		path[len++] = '/';
	memcpy(path + len, "/long", sizeof("/long"));
	ck_assert_int_eq(
		fileops_replace(&fileops_kernel, path, 0600, slice_of("x")),
		-ENAMETOOLONG);
	ck_assert(!exists("long"));
}
END_TEST

START_TEST(short_writes_go_on)
{
	struct faults f = { .at = 0, .write_max = 1 };

	ck_assert_int_eq(replace_with(&f), 0);
	ck_assert(file_is("file", "new text"));
}
END_TEST

static ssize_t write_nothing(void *ctx, int fd, const void *data, size_t len,
			     off_t at)
{
	(void)ctx;
	(void)fd;
	(void)data;
	(void)len;
	(void)at;
	return 0;
}

START_TEST(a_write_of_nothing_is_no_endless_loop)
{
	struct fileops ops = fileops_kernel;

	ops.pwrite = write_nothing;
	ck_assert_int_eq(fileops_write_all(&ops, -1, "x", 1, 0), -EIO);
	ck_assert_int_eq(fileops_write_all(&ops, -1, "", 0, 0), 0);
}
END_TEST

START_TEST(writing_is_at_the_place_that_was_said)
{
	int fd;

	put_file("file", "0123456789");
	fd = open_file("file", O_RDWR);
	ck_assert_int_eq(fileops_write_all(&fileops_kernel, fd, "abc", 3, 8),
			 0);
	ck_assert(file_is("file", "01234567abc"));
	(void)close(fd);
}
END_TEST

START_TEST(reading_exactly_takes_all_or_says_that_it_ended)
{
	char out[4] = "....";
	int fd;

	put_file("file", "0123456789");
	fd = open_file("file", O_RDONLY);
	ck_assert_int_eq(fileops_read_exact(&fileops_kernel, fd, out, 4, 6), 0);
	ck_assert_mem_eq(out, "6789", 4);
	ck_assert_int_eq(fileops_read_exact(&fileops_kernel, fd, out, 4, 7),
			 -EPIPE);
	ck_assert_int_eq(fileops_read_exact(&fileops_kernel, fd, out, 0, 99),
			 0);
	(void)close(fd);
	ck_assert_int_eq(fileops_read_exact(&fileops_kernel, -1, out, 4, 0),
			 -EBADF);
}
END_TEST

static ssize_t read_one_byte(void *ctx, int fd, void *out, size_t len, off_t at)
{
	return fileops_kernel.pread(ctx, fd, out, len > 0, at);
}

START_TEST(short_reads_go_on)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	struct fileops ops = fileops_kernel;
	char out[4];
	int fd;

	ops.pread = read_one_byte;
	put_file("file", "0123456789");
	fd = open_file("file", O_RDONLY);
	ck_assert_int_eq(fileops_read_exact(&ops, fd, out, 4, 2), 0);
	ck_assert_mem_eq(out, "2345", 4);
	(void)close(fd);

	ck_assert_int_eq(fileops_read_file(&ops, in_directory("file"), 10, &b),
			 0);
	ck_assert_uint_eq(b.len, 10);
}
END_TEST

START_TEST(a_whole_file_is_appended)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, "ab", 2), 0);
	put_file("file", "0123456789");
	ck_assert_int_eq(fileops_read_file(&fileops_kernel,
					   in_directory("file"), 10, &b),
			 0);
	ck_assert_uint_eq(b.len, 12);
	ck_assert_mem_eq(b.data, "ab0123456789", 12);
}
END_TEST

START_TEST(a_file_longer_than_the_limit_is_refused)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, "ab", 2), 0);
	put_file("file", "0123456789");
	ck_assert_int_eq(
		fileops_read_file(&fileops_kernel, in_directory("file"), 9, &b),
		-EFBIG);
	ck_assert_uint_eq(b.len, 2);
	ck_assert_int_eq(
		fileops_read_file(&fileops_kernel, in_directory("file"), 0, &b),
		-EFBIG);
}
END_TEST

START_TEST(a_file_longer_than_one_read_is_read)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	struct stat st;
	int fd;

	put_file("large", "");
	fd = open_file("large", O_RDWR);
	for (unsigned int i = 0; i < 50000; i++)
		ck_assert_int_eq(fileops_write_all(&fileops_kernel, fd, &i, 4,
						   (off_t)i * 4),
				 0);
	ck_assert_int_eq(fileops_kernel.fstat(NULL, fd, &st), 0);
	ck_assert_int_eq(st.st_size, 200000);
	(void)close(fd);

	ck_assert_int_eq(fileops_read_file(&fileops_kernel,
					   in_directory("large"), 200000, &b),
			 0);
	ck_assert_uint_eq(b.len, 200000);
	ck_assert_int_eq(fileops_read_file(&fileops_kernel,
					   in_directory("large"), 199999, &b),
			 -EFBIG);
	ck_assert_uint_eq(b.len, 200000);
	for (unsigned int i = 0; i < 50000; i++)
		ck_assert_mem_eq(b.data + (size_t)i * 4, &i, 4);
}
END_TEST

/* A key or a configuration may be anything that stands at its path. */
START_TEST(only_regular_files_are_read_whole)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(fileops_read_file(&fileops_kernel, directory, 10, &b),
			 -EISDIR);
	ck_assert_int_eq(
		fileops_read_file(&fileops_kernel, "/dev/zero", 10, &b),
		-EINVAL);
	ck_assert_int_eq(fileops_read_file(&fileops_kernel,
					   in_directory("missing"), 10, &b),
			 -ENOENT);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(a_fifo_holds_nobody_up)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	ck_assert_int_eq(mkfifo(in_directory("fifo"), 0600), 0);
	ck_assert_int_eq(fileops_read_file(&fileops_kernel,
					   in_directory("fifo"), 10, &b),
			 -EINVAL);
}
END_TEST

static ssize_t read_once_then_fail(void *ctx, int fd, void *out, size_t len,
				   off_t at)
{
	return at == 0 ? fileops_kernel.pread(ctx, fd, out, len, at) : -EIO;
}

START_TEST(a_failed_read_leaves_the_buffer_as_it_was)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	struct fileops ops = fileops_kernel;

	ops.pread = read_once_then_fail;
	put_file("file", "0123456789");
	ck_assert_int_eq(buf_add(&b, "ab", 2), 0);
	ck_assert_int_eq(fileops_read_file(&ops, in_directory("file"), 10, &b),
			 -EIO);
	ck_assert_uint_eq(b.len, 2);
}
END_TEST

START_TEST(the_parent_of_any_path_is_synced)
{
	char path[PATH_MAX + 2];

	ck_assert_int_eq(
		fileops_sync_parent(&fileops_kernel, in_directory("anything")),
		0);
	ck_assert_int_eq(fileops_sync_parent(&fileops_kernel, "anything"), 0);
	ck_assert_int_eq(fileops_sync_parent(&fileops_kernel, "/anything"), 0);
	ck_assert_int_eq(
		fileops_sync_parent(&fileops_kernel, in_directory("missing/x")),
		-ENOENT);

	/* Longer than any that a file can have. */
	memset(path, '/', sizeof(path));
	path[PATH_MAX + 1] = '\0';
	ck_assert_int_eq(fileops_sync_parent(&fileops_kernel, path),
			 -ENAMETOOLONG);
}
END_TEST

START_TEST(only_a_regular_file_tells_what_it_is)
{
	struct stat st = { .st_size = 77 };
	int fd = open_file("", O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(fileops_stat_regular(&fileops_kernel, fd, &st),
			 -EISDIR);
	(void)close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fileops_stat_regular(&fileops_kernel, fd, &st),
			 -EINVAL);
	(void)close(fd);
	ck_assert_int_eq(fileops_stat_regular(&fileops_kernel, -1, &st),
			 -EBADF);
	ck_assert_int_eq(st.st_size, 77);

	put_file("file", "abc");
	fd = open_file("file", O_RDONLY);
	ck_assert_int_eq(fileops_stat_regular(&fileops_kernel, fd, &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	(void)close(fd);
}
END_TEST

/* What the file in the descriptor and the one at the path look like. */
struct looks {
	const struct stat *by_fd;
	const struct stat *by_path;
};

static int fstat_looks(void *ctx, int fd, struct stat *ret)
{
	const struct looks *looks = ctx;

	(void)fd;
	*ret = *looks->by_fd;
	return 0;
}

static int stat_looks(void *ctx, const char *path, struct stat *ret)
{
	const struct looks *looks = ctx;

	(void)path;
	*ret = *looks->by_path;
	return 0;
}

static int check_looks(const struct stat *by_fd, const struct stat *by_path,
		       const struct stat *was)
{
	struct looks looks = { by_fd, by_path };
	struct fileops ops = fileops_kernel;

	ops.ctx = &looks;
	ops.fstat = fstat_looks;
	ops.stat = stat_looks;
	return fileops_check_unchanged(&ops, -1, "x", was);
}

START_TEST(every_sign_of_a_change_is_seen)
{
	const struct stat was = { .st_dev = 1, .st_ino = 2, .st_size = 3,
				  .st_mtim = { 4, 5 } };
	struct stat touched[] = { was, was, was, was, was };

	touched[0].st_dev++;
	touched[1].st_ino++;
	touched[2].st_size++;
	touched[3].st_mtim.tv_sec++;
	touched[4].st_mtim.tv_nsec++;

	ck_assert_int_eq(check_looks(&was, &was, &was), 0);
	for (size_t i = 0; i < ELEMENTS(touched); i++) {
		ck_assert_int_eq(check_looks(&touched[i], &was, &was), -ESTALE);
		ck_assert_int_eq(check_looks(&was, &touched[i], &was), -ESTALE);
	}
}
END_TEST

START_TEST(another_file_at_the_path_is_a_change)
{
	char path[PATH_MAX];
	struct stat was;
	int fd;

	put_file("file", "abc");
	fd = open_file("file", O_RDONLY);
	(void)snprintf(path, sizeof(path), "%s", in_directory("file"));
	ck_assert_int_eq(fileops_stat_regular(&fileops_kernel, fd, &was), 0);
	ck_assert_int_eq(
		fileops_check_unchanged(&fileops_kernel, fd, path, &was), 0);

	put_file("other", "abc");
	ck_assert_int_eq(rename(in_directory("other"), path), 0);
	ck_assert_int_eq(
		fileops_check_unchanged(&fileops_kernel, fd, path, &was),
		-ESTALE);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(
		fileops_check_unchanged(&fileops_kernel, fd, path, &was),
		-ESTALE);
	(void)close(fd);
	ck_assert_int_eq(
		fileops_check_unchanged(&fileops_kernel, -1, path, &was),
		-EBADF);
}
END_TEST

/* Children of the daemons, if there ever are any, must not hold blocks open. */
START_TEST(descriptors_are_closed_on_exec)
{
	int fd;

	put_file("file", "");
	fd = open_file("file", O_RDONLY);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq(fileops_kernel.close(NULL, fd), 0);
	ck_assert_int_eq(fileops_kernel.close(NULL, fd), -EBADF);
}
END_TEST

START_TEST(a_lock_keeps_a_second_one_out_until_closed)
{
	int first;
	int second;

	put_file("file", "");
	first = open_file("file", O_RDWR);
	second = open_file("file", O_RDWR);
	ck_assert_int_eq(fileops_kernel.lock(NULL, first), 0);
	ck_assert_int_eq(fileops_kernel.lock(NULL, second), -EWOULDBLOCK);
	(void)close(first);
	ck_assert_int_eq(fileops_kernel.lock(NULL, second), 0);
	(void)close(second);
}
END_TEST

START_TEST(reserving_does_not_change_the_size)
{
	struct stat st;
	int fd;

	put_file("file", "abc");
	fd = open_file("file", O_RDWR);
	ck_assert_int_eq(fileops_kernel.reserve(NULL, fd, 3, 1 << 20), 0);
	ck_assert_int_eq(fileops_kernel.fstat(NULL, fd, &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_int_eq(fileops_kernel.reserve(NULL, -1, 0, 1), -EBADF);
	(void)close(fd);
}
END_TEST

START_TEST(the_kernel_cuts_syncs_and_renames)
{
	char from[PATH_MAX];
	int fd;

	put_file("file", "abcdef");
	fd = open_file("file", O_RDWR);
	ck_assert_int_eq(fileops_kernel.ftruncate(NULL, fd, 2), 0);
	ck_assert_int_eq(fileops_kernel.fdatasync(NULL, fd), 0);
	(void)close(fd);
	ck_assert(file_is("file", "ab"));

	(void)snprintf(from, sizeof(from), "%s", in_directory("file"));
	ck_assert_int_eq(fileops_kernel.rename(NULL, from, in_directory("to")),
			 0);
	ck_assert(file_is("to", "ab"));
	ck_assert_int_eq(fileops_kernel.unlink(NULL, in_directory("to")), 0);
	ck_assert(!exists("to"));
}
END_TEST

START_TEST(kernel_errors_are_negative_and_write_no_result)
{
	struct stat st = { .st_size = 77 };
	char byte;

	ck_assert_int_eq(
		fileops_kernel.open(NULL, in_directory("none"), O_RDONLY, 0),
		-ENOENT);
	ck_assert_int_eq(fileops_kernel.pread(NULL, -1, &byte, 1, 0), -EBADF);
	ck_assert_int_eq(fileops_kernel.pwrite(NULL, -1, "x", 1, 0), -EBADF);
	ck_assert_int_eq(fileops_kernel.fdatasync(NULL, -1), -EBADF);
	ck_assert_int_eq(fileops_kernel.fsync(NULL, -1), -EBADF);
	ck_assert_int_eq(fileops_kernel.ftruncate(NULL, -1, 0), -EBADF);
	ck_assert_int_eq(fileops_kernel.lock(NULL, -1), -EBADF);
	ck_assert_int_eq(fileops_kernel.fstat(NULL, -1, &st), -EBADF);
	ck_assert_int_eq(fileops_kernel.stat(NULL, in_directory("none"), &st),
			 -ENOENT);
	ck_assert_int_eq(fileops_kernel.unlink(NULL, in_directory("none")),
			 -ENOENT);
	ck_assert_int_eq(fileops_kernel.rename(NULL, in_directory("none"), "x"),
			 -ENOENT);
	ck_assert_int_eq(st.st_size, 77);
}
END_TEST

static TCase *replace_case(void)
{
	TCase *c = tcase_create("replace");

	tcase_add_unchecked_fixture(c, make_directory, remove_directory);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, replace_survives_any_call_failing);
	tcase_add_test(c, replace_survives_any_call_failing_after_all);
	tcase_add_test(c, replace_survives_a_short_write_and_a_full_disk);
	tcase_add_test(c, replace_survives_a_disk_that_dies);
	tcase_add_test(c, replace_reports_the_error_of_each_call);
	tcase_add_test(c, replace_syncs_in_the_order_that_makes_it_durable);
	tcase_add_test(c, a_failed_sync_is_not_tried_again);
	tcase_add_test(c, replace_makes_a_file_that_was_not_there);
	tcase_add_test(c, replace_clears_away_what_a_crash_has_left);
	tcase_add_test(c, replace_does_not_write_through_a_link);
	tcase_add_test(c, replace_in_no_directory_is_an_error);
	tcase_add_test(c, replace_of_too_long_a_path_is_an_error);
	tcase_add_test(c, short_writes_go_on);
	return c;
}

static TCase *read_case(void)
{
	TCase *c = tcase_create("read");

	tcase_add_unchecked_fixture(c, make_directory, remove_directory);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_write_of_nothing_is_no_endless_loop);
	tcase_add_test(c, writing_is_at_the_place_that_was_said);
	tcase_add_test(c, reading_exactly_takes_all_or_says_that_it_ended);
	tcase_add_test(c, short_reads_go_on);
	tcase_add_test(c, a_whole_file_is_appended);
	tcase_add_test(c, a_file_longer_than_the_limit_is_refused);
	tcase_add_test(c, a_file_longer_than_one_read_is_read);
	tcase_add_test(c, only_regular_files_are_read_whole);
	tcase_add_test(c, a_fifo_holds_nobody_up);
	tcase_add_test(c, a_failed_read_leaves_the_buffer_as_it_was);
	return c;
}

static TCase *kernel_case(void)
{
	TCase *c = tcase_create("kernel");

	tcase_add_unchecked_fixture(c, make_directory, remove_directory);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, the_parent_of_any_path_is_synced);
	tcase_add_test(c, only_a_regular_file_tells_what_it_is);
	tcase_add_test(c, every_sign_of_a_change_is_seen);
	tcase_add_test(c, another_file_at_the_path_is_a_change);
	tcase_add_test(c, descriptors_are_closed_on_exec);
	tcase_add_test(c, a_lock_keeps_a_second_one_out_until_closed);
	tcase_add_test(c, reserving_does_not_change_the_size);
	tcase_add_test(c, the_kernel_cuts_syncs_and_renames);
	tcase_add_test(c, kernel_errors_are_negative_and_write_no_result);
	return c;
}

Suite *test_util_fileops(void)
{
	Suite *s = suite_create("util/fileops");

	suite_add_tcase(s, replace_case());
	suite_add_tcase(s, read_case());
	suite_add_tcase(s, kernel_case());
	return s;
}
