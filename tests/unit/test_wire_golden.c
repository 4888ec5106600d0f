/* SPDX-License-Identifier: MIT */
/*
 * The encoders still write the very bytes of tests/data/datagrams.hex, which
 * tests/decoder reads by the manual page alone.  A datagram that changed on
 * purpose is a new version of the protocol (see wire/frame.h); a new sample's
 * line is printed by the test that misses it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

#include "test_wire_samples.h"
#include "unit.h"

UNIT_SUITE(test_wire_golden);

#define LINE_SIZE (64 + 2 * WIRE_SAMPLE_MAX)

static FILE *open_data(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/%s", top ? top : ".",
		       name);
	f = fopen(path, "re");
	ck_assert_msg(f != NULL, "%s: cannot be opened", path);
	return f;
}

/* "name hex\n" of sample @i, as the file has it. */
static void sample_line(size_t i, char out[LINE_SIZE])
{
	uint8_t d[WIRE_SAMPLE_MAX];
	char hex[2 * WIRE_SAMPLE_MAX];
	size_t len;

	len = wire_sample_encode(i, d);
	format_hex(d, len, hex);
	(void)snprintf(out, LINE_SIZE, "%s %.*s\n", wire_sample_name(i),
		       (int)(2 * len), hex);
}

START_TEST(encoders_give_these_bytes)
{
	_cleanup_(fclosep) FILE *f = open_data("datagrams.hex");
	char expected[LINE_SIZE];
	char line[LINE_SIZE];
	char *got = NULL;

	sample_line((size_t)_i, expected);
	for (int i = 0; i <= _i; i++)
		got = fgets(line, sizeof(line), f);
	ck_assert_msg(got && strcmp(line, expected) == 0,
		      "datagrams.hex line %d should be: %s", _i + 1, expected);
}
END_TEST

START_TEST(the_file_holds_nothing_else)
{
	_cleanup_(fclosep) FILE *f = open_data("datagrams.hex");
	size_t lines = 0;
	int c;

	while ((c = fgetc(f)) != EOF)
		lines += c == '\n' ? 1 : 0;
	ck_assert_uint_eq(lines, wire_sample_count());
}
END_TEST

/* The decoder script takes its key from the file, these tests from the code. */
START_TEST(the_key_is_that_of_the_file)
{
	_cleanup_(fclosep) FILE *f = open_data("cluster.key");
	uint8_t key[FRAME_KEY_SIZE];
	char line[128];

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_uint_eq(strlen(line), 2 * FRAME_KEY_SIZE + 1);
	ck_assert_int_eq(parse_hex((struct slice){ line, 2 * FRAME_KEY_SIZE },
				   key, sizeof(key)),
			 0);
	ck_assert_mem_eq(key, wire_sample_key.bytes, sizeof(key));
}
END_TEST

/* There is a sample of each type. */
START_TEST(every_type_is_there)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < wire_sample_count(); i++) {
		uint8_t d[WIRE_SAMPLE_MAX];

		(void)wire_sample_encode(i, d);
		seen |= 1u << d[5];
	}
	for (unsigned int type = FRAME_PING; type <= FRAME_ERROR; type++)
		ck_assert_uint_ne(seen & 1u << type, 0);
}
END_TEST

Suite *test_wire_golden(void)
{
	Suite *s = suite_create("wire/golden");
	TCase *t = tcase_create("golden");

	tcase_add_loop_test(t, encoders_give_these_bytes, 0,
			    (int)wire_sample_count());
	tcase_add_test(t, the_file_holds_nothing_else);
	tcase_add_test(t, the_key_is_that_of_the_file);
	tcase_add_test(t, every_type_is_there);
	suite_add_tcase(s, t);
	return s;
}
