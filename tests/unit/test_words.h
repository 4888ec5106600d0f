/* SPDX-License-Identifier: MIT */
/*
 * A command line made of words, and what was said about it.
 */
#ifndef TEST_WORDS_H
#define TEST_WORDS_H

#include <check.h>

/* Words of one command line, the program's name among them. */
#define WORDS_MAX 24

/*
 * Keep what the tests of @t write to standard output and standard error: help
 * and complaints are not for the log.
 */
void words_capture(TCase *t);

/*
 * An argv of @program and @words, which end with NULL.  Good until the next
 * call; its strings are copies, so that it can be put in another order.
 */
char **words_argv(const char *program, const char *const words[],
		  int *ret_argc);

/* Is this what was said so far, on standard output and on standard error? */
void words_assert_said(const char *out, const char *err);

#endif
