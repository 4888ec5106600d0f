/* SPDX-License-Identifier: MIT */
/*
 * Files stand in for the standard descriptors, not for the streams: getopt(3)
 * writes to the one that it has.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test_words.h"

#define WORD_SIZE 128
#define SAID_SIZE 4096

/* A standard descriptor, and what stands in for it. */
static struct stand_in {
	int fd;
	int original;
	FILE *file;
} stand_ins[] = { { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO } };

#define STAND_INS (sizeof(stand_ins) / sizeof(stand_ins[0]))

static void setup(void)
{
	(void)fflush(NULL);
	for (size_t i = 0; i < STAND_INS; i++) {
		struct stand_in *s = &stand_ins[i];

		s->original = dup(s->fd);
		ck_assert_int_ge(s->original, 0);
		s->file = tmpfile();
		ck_assert_ptr_nonnull(s->file);
		ck_assert_int_ge(dup2(fileno(s->file), s->fd), 0);
	}
}

static void teardown(void)
{
	(void)fflush(NULL);
	for (size_t i = 0; i < STAND_INS; i++) {
		struct stand_in *s = &stand_ins[i];

		(void)dup2(s->original, s->fd);
		(void)close(s->original);
		(void)fclose(s->file);
	}
}

void words_capture(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
}

char **words_argv(const char *program, const char *const words[], int *ret_argc)
{
	static char text[WORDS_MAX][WORD_SIZE];
	static char *argv[WORDS_MAX + 1];
	const char *word = program;
	int argc = 0;

	for (; word; word = words[argc - 1]) {
		ck_assert_int_lt(argc, WORDS_MAX);
		ck_assert_uint_lt(strlen(word), WORD_SIZE);
		(void)snprintf(text[argc], WORD_SIZE, "%s", word);
		argv[argc] = text[argc];
		argc++;
	}
	argv[argc] = NULL;
	*ret_argc = argc;
	return argv;
}

static void assert_said(const struct stand_in *s, const char *expected)
{
	char said[SAID_SIZE];
	ssize_t n;

	(void)fflush(NULL);
	n = pread(fileno(s->file), said, sizeof(said) - 1, 0);
	ck_assert_int_ge(n, 0);
	said[n] = '\0';
	ck_assert_str_eq(said, expected);
}

void words_assert_said(const char *out, const char *err)
{
	assert_said(&stand_ins[0], out);
	assert_said(&stand_ins[1], err);
}
