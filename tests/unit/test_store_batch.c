/* SPDX-License-Identifier: MIT */
/*
 * src/store/batch.c: what append takes and what it refuses, and that nothing
 * is written then.
 */
#include "config.h"

#include <string.h>

#include "ledger/record.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_batch);

static struct disk disk;
static struct buf made;
static struct store *s;

static void setup(void)
{
	struct maker m = { .serial = 10 };

	disk_init(&disk);
	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	s = tools_open_well(&disk);
	made = (struct buf){ 0 };
	maker_plain(&m, 3, &made);
}

static void teardown(void)
{
	s->ops->close(s);
	disk_done(&disk);
	buf_done(&made);
}

static int append(uint64_t first, uint32_t records, const char *of,
		  struct slice lines)
{
	bool held;

	return s->ops->append(s, first, records, slice_of(of), lines, &held);
}

static void assert_refused(uint64_t first, uint32_t records, const char *of,
			   struct slice lines, int error)
{
	ck_assert_int_eq(append(first, records, of, lines), error);
	assert_text(disk_text(disk_find(&disk, BLOCK)), slice_of(SAMPLE));
}

START_TEST(refuses_other_serials)
{
	assert_refused(9, 3, "", text_of(&made), -EBADMSG);
	assert_refused(11, 3, "", text_of(&made), -EBADMSG);
	assert_refused(10, 2, "", text_of(&made), -EBADMSG);
	assert_refused(10, 4, "", text_of(&made), -EBADMSG);
	assert_refused(10, 0, "", text_of(&made), -EBADMSG);
	assert_refused(10, 0, "", (struct slice){ 0 }, -EBADMSG);
	assert_refused(10, 1, "", (struct slice){ 0 }, -EBADMSG);
	assert_refused(10, RECORD_BATCH_MAX + 1, "", text_of(&made), -EBADMSG);
}
END_TEST

START_TEST(refuses_every_shorter_text)
{
	for (size_t len = 0; len < made.len; len++)
		assert_refused(10, 3, "",
			       (struct slice){ (char *)made.data, len },
			       -EBADMSG);
	ck_assert_int_eq(append(10, 3, "", text_of(&made)), 0);
}
END_TEST

START_TEST(refuses_what_is_no_chained_record)
{
	assert_refused(10, 1, "", slice_of("10 A B 1\n"), -EBADMSG);
	assert_refused(10, 1, "", slice_of("10 A B x\n"), -EBADMSG);
	assert_refused(10, 1, "", slice_of("\n"), -EBADMSG);
	ck_assert_int_eq(buf_add(&made, "\n", 1), 0);
	assert_refused(10, 3, "", text_of(&made), -EBADMSG);
}
END_TEST

/* Whom a copy is kept for is for append to say, in one place. */
START_TEST(refuses_a_mark_of_its_own)
{
	struct buf text = { 0 };

	ck_assert_int_eq(
		buf_addf(&text, "%.*s of=A\n",
			 (int)((uint8_t *)memchr(made.data, '\n', made.len) -
			       made.data),
			 (char *)made.data),
		0);
	assert_refused(10, 1, "", text_of(&text), -EBADMSG);
	assert_refused(10, 1, "A", text_of(&text), -EBADMSG);
	buf_done(&text);
}
END_TEST

START_TEST(refuses_bad_marks)
{
	static const char *const bad[] = {
		",",   "A,",  ",A",   "A,A,A B",
		"A=B", "A\n", "A,,B", "a-name-longer-than-16-bytes"
	};

	assert_refused(10, 3, bad[_i], text_of(&made), -EBADMSG);
}
END_TEST

/* Memory runs out anywhere: refused, and it works when there is some again. */
START_TEST(survives_a_lack_of_memory)
{
	unsigned failures = 0;

	for (tools_memory_ends = 1;
	     append(10, 3, "A", text_of(&made)) == -ENOMEM;
	     tools_memory_ends = ++failures + 1) {
		tools_memory_ends = 0;
		assert_text(disk_text(disk_find(&disk, BLOCK)),
			    slice_of(SAMPLE));
	}
	tools_memory_ends = 1;
	ck_assert_uint_gt(failures, 0);
	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_int_eq(s->ops->publish(s), -ENOMEM);
	tools_memory_ends = 0;
	ck_assert_int_eq(s->ops->publish(s), 0);
}
END_TEST

/* The largest batch there can be is taken, and read again. */
START_TEST(takes_the_largest_batch)
{
	struct maker m = { .serial = 10 };
	struct store_state state;

	buf_clear(&made);
	maker_plain(&m, RECORD_BATCH_MAX, &made);
	tools_commit(s, 10, RECORD_BATCH_MAX, "B", text_of(&made));
	s->ops->close(s);
	s = tools_open_well(&disk);
	s->ops->state(s, &state);
	ck_assert_uint_eq(state.records, RECORD_BATCH_MAX + 3);
}
END_TEST

Suite *test_store_batch(void)
{
	Suite *suite = suite_create("store/batch");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, refuses_other_serials);
	tcase_add_test(t, refuses_every_shorter_text);
	tcase_add_test(t, refuses_what_is_no_chained_record);
	tcase_add_test(t, refuses_a_mark_of_its_own);
	tcase_add_loop_test(t, refuses_bad_marks, 0, 8);
	tcase_add_test(t, survives_a_lack_of_memory);
	tcase_add_test(t, takes_the_largest_batch);
	suite_add_tcase(suite, t);
	return suite;
}
