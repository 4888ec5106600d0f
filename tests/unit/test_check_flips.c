/* SPDX-License-Identifier: MIT */
/*
 * Each bit of each byte of a chained block, flipped, is found; all but those of
 * of=, which the hash does not cover: it says who keeps the record, not what it
 * is.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test_check_kit.h"
#include "unit.h"

UNIT_SUITE(test_check_flips);

#define RECORDS 200
#define SHARES 8
/* Under sanitizers a bit of each byte has to do. */
#if defined(__SANITIZE_ADDRESS__)
#define BIT_STEP 8
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BIT_STEP 8
#endif
#endif
#ifndef BIT_STEP
#define BIT_STEP 1
#endif

static struct kit kit;
static struct maker maker;
static struct buf text;

/* A check_say: one fault is enough. */
static int stop(void *arg, const char *sentence)
{
	(void)arg;
	(void)sentence;
	return -ECANCELED;
}

/* All kinds of records, in batches of 1 to 4. */
static void setup(void)
{
	uint32_t size;
	char id[16];

	kit_init(&kit);
	kit.options.say_fault = stop;
	maker = kit_maker;
	while (maker.serial <= RECORDS) {
		size = (uint32_t)(maker.serial / 3 % 4 + 1);
		for (uint32_t i = 1; i <= size; i++) {
			(void)snprintf(id, sizeof(id), "id-%u",
				       (unsigned)maker.serial);
			maker.id = maker.serial % 3 == 0 ? id : NULL;
			kit_record(&maker, i, size,
				   maker.serial % 10 == 0 ? "A,B.1" : NULL,
				   &text);
		}
	}
	kit_put(&kit, KIT_A, kit_text(&text));
}

static void teardown(void)
{
	buf_done(&text);
	kit_done(&kit);
}

/* Does the byte stand in the value of an of=? */
static bool is_in_of(size_t at)
{
	size_t start = at;

	while (start > 0 && text.data[start - 1] != '\n' &&
	       text.data[start - 1] != ' ')
		start--;
	return at - start >= 3 && memcmp(text.data + start, "of=", 3) == 0;
}

/* Verify; true if all is whole and leads to the same tip. */
static bool is_taken(void)
{
	const struct check_summary *s;
	int r;

	ck_assert_int_eq(kit_open(&kit, false), 0);
	r = check_run(kit.check);
	if (r == -ECANCELED)
		return false;
	ck_assert_int_eq(r, 0);
	s = check_summary(kit.check);
	ck_assert_uint_eq(s->serial, maker.serial - 1);
	ck_assert_mem_eq(s->tip, maker.hash, sizeof(s->tip));
	return true;
}

START_TEST(every_bit_is_found)
{
	struct disk_file *f = disk_find(&kit.disk, KIT_A);
	size_t from = text.len * (size_t)_i / SHARES;
	size_t upto = text.len * ((size_t)_i + 1) / SHARES;

	ck_assert(is_taken());
	for (size_t at = from; at < upto; at++) {
		for (unsigned bit = at % BIT_STEP; bit < 8; bit += BIT_STEP) {
			f->data.data[at] ^= (uint8_t)(1U << bit);
			if (is_taken() && !is_in_of(at))
				ck_abort_msg("byte %zu, bit %u: not found", at,
					     bit);
			f->data.data[at] = text.data[at];
		}
	}
	ck_assert(is_taken());
}
END_TEST

/* No byte taken out goes unnoticed either. */
START_TEST(every_byte_lost_is_found)
{
	struct disk_file *f = disk_find(&kit.disk, KIT_A);
	struct buf *d = &f->data;

	/* At the end a record may lack its newline. */
	for (size_t at = 0; at + 1 < text.len; at += 7) {
		if (is_in_of(at))
			continue;
		memmove(d->data + at, d->data + at + 1, d->len - at - 1);
		d->len--;
		if (is_taken())
			ck_abort_msg("byte %zu: its loss not found", at);
		kit_put(&kit, KIT_A, kit_text(&text));
	}
}
END_TEST

Suite *test_check_flips(void)
{
	Suite *s = suite_create("check/flips");
	TCase *t = tcase_create("flips");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, every_bit_is_found, 0, SHARES);
	tcase_add_test(t, every_byte_lost_is_found);
	suite_add_tcase(s, t);
	return s;
}
