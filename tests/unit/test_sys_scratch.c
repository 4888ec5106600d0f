/* SPDX-License-Identifier: MIT */
/*
 * Files and children for the tests of src/sys.
 */
#include "config.h"

#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "util/cleanup.h"

#include "test_sys_scratch.h"

#define PATHS 4
#define SOURCE_MAX 262144

static char directory[PATH_MAX / 2];

static void make_directory(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(directory, sizeof(directory), "%s/test_sys.XXXXXX",
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

void scratch_use(TCase *t)
{
	tcase_add_unchecked_fixture(t, make_directory, remove_directory);
}

const char *scratch_path(const char *name)
{
	static char path[PATHS][PATH_MAX];
	static unsigned int next;
	char *p = path[next++ % PATHS];

	(void)snprintf(p, PATH_MAX, "%s/%s", directory, name);
	return p;
}

const char *scratch_put(const char *name, const void *data, size_t len,
			mode_t mode)
{
	const char *path = scratch_path(name);
	FILE *f;

	/* One that nobody may write to would stay as it is. */
	(void)unlink(path);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fchmod(fileno(f), mode), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

const char *scratch_text(const char *name, const char *text)
{
	return scratch_put(name, text, strlen(text), 0644);
}

char *scratch_source(const char *name, size_t *ret_len)
{
	const char *top = getenv("top_srcdir");
	char path[PATH_MAX];
	char *text;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
	f = fopen(path, "re");
	ck_assert_msg(f != NULL, "%s cannot be opened", path);

	text = malloc(SOURCE_MAX);
	ck_assert_ptr_nonnull(text);
	*ret_len = fread(text, 1, SOURCE_MAX - 1, f);
	text[*ret_len] = '\0';
	(void)fclose(f);
	return text;
}

void scratch_check_faults(const char *path, const struct buf *faults,
			  const char *expected)
{
	struct buf want = { 0 };
	struct buf got = { 0 };
	const char *line;

	for (line = expected; *line; line = strchr(line, '\n') + 1)
		ck_assert_int_eq(buf_addf(&want, "%s%.*s\n", path,
					  (int)strcspn(line, "\n"), line),
				 0);
	ck_assert_int_eq(buf_addf(&got, "%.*s%c", (int)faults->len,
				  (const char *)faults->data, 0),
			 0);
	ck_assert_int_eq(buf_addf(&want, "%c", 0), 0);
	ck_assert_str_eq((char *)got.data, (char *)want.data);
	buf_done(&want);
	buf_done(&got);
}

int scratch_wait(pid_t pid)
{
	int status;

	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
