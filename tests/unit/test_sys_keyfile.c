/* SPDX-License-Identifier: MIT */
/*
 * The key file: what is a key, and who may have access to it.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "sys/keyfile.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_keyfile);

#define GOOD                                                                   \
	"000102030405060708090a0b0c0d0e0f"                                     \
	"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\n"
#define OTHER                                                                  \
	"ffffffffffffffffffffffffffffffff"                                     \
	"ffffffffffffffffffffffffffffffff\n"

static struct buf fault;

static void no_credentials(void)
{
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

static void done(void)
{
	buf_done(&fault);
	(void)unlink(scratch_path("cluster.key"));
}

static const char *put(const char *name, const char *text, mode_t mode)
{
	return scratch_put(name, text, strlen(text), mode);
}

static void check_good(const char *path)
{
	uint8_t key[KEYFILE_KEY_SIZE] = { 0 };

	ck_assert_int_eq(keyfile_read(path, key, &fault), 1);
	ck_assert_uint_eq(fault.len, 0);
	for (uint8_t i = 0; i < 16; i++) {
		ck_assert_uint_eq(key[i], i);
		ck_assert_uint_eq(key[16 + i], 0xf0 + i);
	}
}

/* @error, a sentence with the file's name and @words, and no key. */
static void check_bad(const char *path, int error, const char *words)
{
	uint8_t key[KEYFILE_KEY_SIZE] = { 0x77 };
	char name[128];
	int n;

	ck_assert_int_eq(keyfile_read(path, key, &fault), error);
	ck_assert_uint_eq(key[0], 0x77);
	n = snprintf(name, sizeof(name), "%s: %s", path, words);
	ck_assert_uint_ge(fault.len, (size_t)n);
	ck_assert_mem_eq(fault.data, name, (size_t)n);
	ck_assert_ptr_null(memchr(fault.data, '\n', fault.len));
}

START_TEST(its_owner_reads_it)
{
	check_good(put("key", GOOD, 0600));
	check_good(put("key", GOOD, 0400));
}
END_TEST

START_TEST(none_is_no_mistake)
{
	uint8_t key[KEYFILE_KEY_SIZE];

	ck_assert_int_eq(keyfile_read(NULL, key, &fault), 0);
	ck_assert(!keyfile_is_passed());
}
END_TEST

static const mode_t open_modes[] = { 0640, 0604, 0620, 0602,
				     0610, 0601, 0644, 0444 };

START_TEST(what_others_can_open_is_no_key)
{
	check_bad(put("key", GOOD, open_modes[_i]), -EPERM,
		  "others than its owner can read or change it (mode 0");
}
END_TEST

static const char *const bad_texts[] = {
	"",
	"\n",
	/* No newline, and a digit too few. */
	"000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	"000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfef\n",
	/* More than a key. */
	GOOD "\n",
	GOOD GOOD,
	"000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\r\n",
	/* Other characters. */
	"000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfefg\n",
	"000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF\n",
	" 00102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\n",
	"000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeffx",
};

START_TEST(only_a_key_is_a_key)
{
	check_bad(put("key", bad_texts[_i], 0600), -EBADMSG,
		  "not a key, expected 64 hexadecimal digits in lower case");
}
END_TEST

START_TEST(only_regular_files_are_read)
{
	const char *fifo = scratch_path("fifo");

	check_bad(scratch_path("not there"), -ENOENT,
		  "No such file or directory");
	buf_clear(&fault);
	check_bad(scratch_path("."), -EINVAL, "not a regular file");
	buf_clear(&fault);

	/* Opening it would wait for somebody to write. */
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	check_bad(fifo, -EINVAL, "not a regular file");
}
END_TEST

/* --- $CREDENTIALS_DIRECTORY */

static void pass_credentials(void)
{
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", scratch_path(""), 1),
			 0);
}

START_TEST(credential_wins)
{
	const char *other = put("key", OTHER, 0600);

	(void)put("cluster.key", GOOD, 0400);
	pass_credentials();
	ck_assert(keyfile_is_passed());
	check_good(other);
	check_good(NULL);

	/* The mask of an access list for the daemon's user. */
	(void)put("cluster.key", GOOD, 0440);
	check_good(NULL);
}
END_TEST

START_TEST(directory_without_the_credential_is_none)
{
	pass_credentials();
	ck_assert(!keyfile_is_passed());
	check_good(put("key", GOOD, 0600));
}
END_TEST

/* No way back to the other key: it may be one of long ago. */
START_TEST(bad_credential_is_an_error)
{
	const char *other = put("key", GOOD, 0600);
	uint8_t key[KEYFILE_KEY_SIZE];

	pass_credentials();
	(void)put("cluster.key", "x\n", 0400);
	ck_assert_int_eq(keyfile_read(other, key, &fault), -EBADMSG);
	(void)put("cluster.key", GOOD, 0444);
	ck_assert_int_eq(keyfile_read(other, key, &fault), -EPERM);
	(void)put("cluster.key", GOOD, 0460);
	ck_assert_int_eq(keyfile_read(other, key, &fault), -EPERM);
}
END_TEST

UNIT_SUITE(test_sys_keyfile)
{
	Suite *s = suite_create("sys/keyfile");
	TCase *t = tcase_create("keyfile");

	scratch_use(t);
	tcase_add_checked_fixture(t, no_credentials, done);
	tcase_add_test(t, its_owner_reads_it);
	tcase_add_test(t, none_is_no_mistake);
	tcase_add_loop_test(t, what_others_can_open_is_no_key, 0,
			    ELEMENTS(open_modes));
	tcase_add_loop_test(t, only_a_key_is_a_key, 0, ELEMENTS(bad_texts));
	tcase_add_test(t, only_regular_files_are_read);
	tcase_add_test(t, credential_wins);
	tcase_add_test(t, directory_without_the_credential_is_none);
	tcase_add_test(t, bad_credential_is_an_error);
	suite_add_tcase(s, t);
	return s;
}
