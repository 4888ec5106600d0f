/* SPDX-License-Identifier: MIT */
/*
 * Refills (src/store/textstore.c, batch.c, catalog.c, load.c): records of any
 * serials come into a block that lacks them, and what the promise says of it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "store/promise.h"

#include "test_store_history.h"
#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_refill);

#define PROMISE BLOCK PROMISE_SUFFIX
#define NONCE "000102030405060708090a0b0c0d0eff"

static const uint8_t nonce[STORE_NONCE_SIZE] = { 0, 1, 2,  3,  4,  5,  6,  7,
						 8, 9, 10, 11, 12, 13, 14, 255 };
static struct history history;
static struct disk disk;
static struct store *s;
static struct buf made;
static struct buf found;
static struct buf expected;

/* Serials 14 to 17 and 22 to 25 are there, and an epoch is promised. */
static void setup(void)
{
	disk_init(&disk);
	history_init(&history);
	made = (struct buf){ 0 };
	found = (struct buf){ 0 };
	expected = (struct buf){ 0 };
	s = tools_open_well(&disk);
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	for (uint64_t first = 14; first <= 22; first += 8) {
		buf_clear(&made);
		history_join(&history, first, first + 3, 1, "", &made);
		tools_commit(s, first, 4, "", text_of(&made));
	}
}

static void teardown(void)
{
	if (s)
		s->ops->close(s);
	history_done(&history);
	disk_done(&disk);
	buf_done(&made);
	buf_done(&found);
	buf_done(&expected);
}

static void restart(void)
{
	s->ops->close(s);
	s = tools_open_well(&disk);
}

/* Refill what is in made; *held: it was not written. */
static int refill_made(uint32_t records, bool *held)
{
	int r;

	*held = false;
	r = s->ops->refill(s, records, text_of(&made), held);
	if (r == 0 && !*held) {
		ck_assert_int_eq(s->ops->sync(s), 0);
		ck_assert_int_eq(s->ops->publish(s), 0);
	}
	return r;
}

/* Serials from @from to @to, which the block lacks at least in part. */
static void refill(uint64_t from, uint64_t to, uint64_t stride, const char *of)
{
	uint32_t records;
	bool held;

	buf_clear(&made);
	records = history_join(&history, from, to, stride, of, &made);
	ck_assert_int_eq(refill_made(records, &held), 0);
	ck_assert(!held);
}

static void append(uint64_t first)
{
	buf_clear(&made);
	history_join(&history, first, first + 3, 1, "", &made);
	tools_commit(s, first, 4, "", text_of(&made));
}

static void expect_refused(const char *lines, uint32_t records, int error)
{
	struct buf before = { 0 };
	bool held;

	ck_assert_int_eq(buf_addf(&before, "%.*s",
				  SLICE_ARG(disk_text(disk_find(&disk, BLOCK)))),
			 0);
	ck_assert_int_eq(s->ops->refill(s, records, slice_of(lines), &held),
			 error);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&before));
	buf_done(&before);
}

/* All of the block is what is in expected, now and after a restart. */
static void expect_all(void)
{
	for (int round = 0; round < 2; round++) {
		buf_clear(&found);
		tools_fetch_all(s, &found);
		assert_text(text_of(&found), text_of(&expected));
		restart();
	}
}

static void expect_promise(const char *text)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "7 " NONCE " %s\n", text);
	assert_text(text_of(&disk_find(&disk, PROMISE)->synced),
		    slice_of(line));
}

static size_t end_of_block(void)
{
	return disk_text(disk_find(&disk, BLOCK)).len;
}

/* "length open" */
static void expect_open(size_t at)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "0 %zu", at);
	expect_promise(text);
}

static struct store_state state(void)
{
	struct store_state st;

	s->ops->state(s, &st);
	return st;
}

START_TEST(takes_records_below_between_and_above)
{
	refill(3, 27, 6, "A");
	ck_assert_uint_eq(state().last_serial, 27);
	ck_assert_uint_eq(state().records, 8 + 4);
	history_add(&history, 3, "A", &expected);
	history_add(&history, 9, "A", &expected);
	history_join(&history, 14, 17, 1, "", &expected);
	history_add(&history, 21, "A", &expected);
	history_join(&history, 22, 25, 1, "", &expected);
	history_add(&history, 27, "A", &expected);
	expect_all();
	ck_assert_uint_eq(state().records, 8 + 4);
}
END_TEST

START_TEST(shows_what_is_published)
{
	bool held;

	history_join(&history, 10, 13, 1, "", &made);
	buf_clear(&made);
	ck_assert_uint_eq(history_join(&history, 1, 30, 29, "A", &made), 2);
	ck_assert_int_eq(s->ops->refill(s, 2, text_of(&made), &held), 0);
	ck_assert(!held);
	ck_assert_uint_eq(state().records, 8);
	ck_assert_uint_eq(state().last_serial, 25);
	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_uint_eq(state().records, 8);
	ck_assert_int_eq(s->ops->publish(s), 0);
	ck_assert_uint_eq(state().records, 10);
	ck_assert_uint_eq(state().last_serial, 30);
}
END_TEST

/* A pass begins at low serials again, and again. */
START_TEST(takes_one_pass_after_the_other)
{
	for (uint64_t pass = 1; pass <= 5; pass++) {
		refill(pass, 40, 10, "A");
		refill(50 + pass, 60, 5, "A");
	}
	for (uint64_t serial = 1; serial <= 60; serial++) {
		bool home = (serial >= 14 && serial <= 17) ||
			    (serial >= 22 && serial <= 25);

		if (home || serial > 50 ||
		    (serial <= 40 && serial % 10 >= 1 && serial % 10 <= 5))
			history_add(&history, serial, home ? "" : "A",
				    &expected);
	}
	expect_all();
}
END_TEST

/* As its own, as a copy, and as an old record without its hash. */
START_TEST(leaves_out_what_is_held)
{
	size_t end;
	bool held;

	s->ops->close(s);
	disk_put(&disk, BLOCK, slice_of("2 user3 user0 2\n"));
	s = tools_open_well(&disk);
	refill(5, 6, 1, "B");
	end = end_of_block();

	buf_clear(&made);
	history_add(&history, 2, "A", &made);
	history_add(&history, 5, "", &made);
	history_add(&history, 6, "A,B", &made);
	ck_assert_int_eq(refill_made(3, &held), 0);
	ck_assert(held);
	ck_assert_uint_eq(end_of_block(), end);

	history_add(&history, 8, "A", &made);
	ck_assert_int_eq(refill_made(4, &held), 0);
	ck_assert(!held);
	ck_assert_int_eq(buf_addf(&expected, "2 user3 user0 2\n"), 0);
	history_join(&history, 5, 6, 1, "B", &expected);
	history_add(&history, 8, "A", &expected);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&expected));
	expect_all();
}
END_TEST

/* As two backends may have it: once. */
START_TEST(takes_an_old_record_with_and_without_hash_for_one)
{
	for (int order = 0; order < 2; order++) {
		struct buf text = { 0 };

		s->ops->close(s);
		if (order)
			ck_assert_int_eq(buf_addf(&text, "2 user3 user0 2\n"),
					 0);
		history_add(&history, 2, "A", &text);
		if (!order)
			ck_assert_int_eq(buf_addf(&text, "2 user3 user0 2\r\n"),
					 0);
		disk_put(&disk, BLOCK, text_of(&text));
		s = tools_open_well(&disk);
		ck_assert_uint_eq(state().records, 1);
		buf_clear(&found);
		tools_fetch_all(s, &found);
		assert_text(text_of(&found), slice_of("2 user3 user0 2\n"));
		buf_done(&text);
	}
}
END_TEST

START_TEST(refuses_what_is_no_refill)
{
	char text[8][RECORD_LINE_MAX];
	const char *const *line = (const char *const *)history.line;

	(void)snprintf(text[0], sizeof(text[0]), "%s\n%s\n", line[5], line[4]);
	(void)snprintf(text[1], sizeof(text[1]), "%s\n%s\n", line[5], line[5]);
	(void)snprintf(text[2], sizeof(text[2]), "%s\n%s", line[4], line[5]);
	(void)snprintf(text[3], sizeof(text[3]), "%s\n\n", line[4]);
	(void)snprintf(text[4], sizeof(text[4]), "%s\n%.20s\n", line[4],
		       line[30]);
	(void)snprintf(text[5], sizeof(text[5]), "%s\n%s\r\n", line[4],
		       line[5]);
	(void)snprintf(text[6], sizeof(text[6]), "%s\n5 user4 user2 5\n",
		       line[4]);
	(void)snprintf(text[7], sizeof(text[7]), "%s\n%s of=\n", line[4],
		       line[5]);
	for (size_t i = 0; i < ELEMENTS(text); i++)
		expect_refused(text[i], 2, -EBADMSG);

	(void)snprintf(text[0], sizeof(text[0]), "%s\n%s\n", line[4], line[5]);
	expect_refused(text[0], 0, -EBADMSG);
	expect_refused(text[0], 1, -EBADMSG);
	expect_refused(text[0], 3, -EBADMSG);
	expect_refused(text[0], RECORD_BATCH_MAX + 1, -EBADMSG);
	expect_refused("", 1, -EBADMSG);
	expect_promise("0");
	refill(4, 5, 1, "");
}
END_TEST

/* Wherever it is held: loaded, appended, refilled. */
START_TEST(refuses_other_contents)
{
	static const uint64_t serials[] = { 3, 15, 28, 30 };
	char text[RECORD_LINE_MAX];

	refill(28, 28, 1, "A");
	refill(3, 30, 27, "A");
	for (size_t i = 0; i < ELEMENTS(serials); i++) {
		int n = snprintf(text, sizeof(text), "%s\n",
				 history.line[serials[i]]);

		text[n - 2] = text[n - 2] == '0' ? '1' : '0';
		expect_refused(text, 1, -EEXIST);
	}
	ck_assert_uint_eq(state().records, 8 + 3);
}
END_TEST

/* An append finds what was refilled, and still fills no hole itself. */
START_TEST(appends_look_at_both)
{
	bool held = false;

	refill(10, 13, 1, "A");
	buf_clear(&made);
	history_join(&history, 10, 13, 1, "", &made);
	ck_assert_int_eq(s->ops->append(s, 10, 4, slice_of("B"), text_of(&made),
					&held),
			 0);
	ck_assert(held);

	refill(18, 19, 1, "A");
	buf_clear(&made);
	history_join(&history, 18, 21, 1, "", &made);
	ck_assert_int_eq(s->ops->append(s, 18, 4, slice_of(""), text_of(&made),
					&held),
			 -EEXIST);
	append(26);
	ck_assert_uint_eq(state().last_serial, 29);
}
END_TEST

static bool note_serial(void *arg, uint64_t serial, struct slice line)
{
	ck_assert_uint_gt(line.len, 0);
	*(uint64_t *)arg = serial;
	return true;
}

START_TEST(finds_ids_in_both)
{
	char id[32];

	refill(12, 36, 24, "A");
	for (uint64_t serial = 10; serial <= 40; serial++) {
		uint64_t at = 0;
		bool there = serial == 12 || serial == 36 || serial == 15 ||
			     serial == 24;

		(void)snprintf(id, sizeof(id), "id-%u", (unsigned)serial);
		ck_assert_int_eq(s->ops->find_id(s, slice_of(id), 40,
						 note_serial, &at),
				 0);
		ck_assert_uint_eq(at, there ? serial : 0);
		at = 0;
		ck_assert_int_eq(s->ops->find_id(s, slice_of(id), serial - 1,
						 note_serial, &at),
				 0);
		ck_assert_uint_eq(at, 0);
	}
}
END_TEST

/* The promise tells of a refill and of what follows it, then of nothing. */
START_TEST(the_promise_tells_where_a_refill_begins)
{
	size_t at;

	expect_promise("0");
	at = end_of_block();
	refill(1, 3, 1, "A");
	expect_open(at);
	at = end_of_block();
	refill(5, 6, 1, "A");
	expect_open(at);
	at = end_of_block();
	append(26);
	expect_open(at);
	append(30);
	expect_promise("0");
	append(34);
	expect_promise("0");
	at = end_of_block();
	refill(4, 4, 1, "A");
	expect_open(at);
}
END_TEST

/* The block as a crash leaves it: with @len bytes. */
static void cut_short(size_t len)
{
	struct textstore_report report;
	struct slice text = disk_text(disk_find(&disk, BLOCK));
	struct buf left = { 0 };

	s->ops->close(s);
	s = NULL;
	ck_assert_int_eq(buf_add(&left, text.p, len), 0);
	disk_put(&disk, BLOCK, text_of(&left));
	buf_done(&left);
	ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
	ck_assert(report.torn);
}

/*
 * A record that was refilled alone seems to lack the rest of its batch: damage
 * behind it could be there.  The promise knows better.
 */
START_TEST(a_batch_behind_a_refill_may_be_torn)
{
	size_t at;

	refill(27, 27, 1, "A");
	at = end_of_block();
	append(30);
	cut_short(at + 10);
	ck_assert_uint_eq(state().records, 9);
	ck_assert_uint_eq(end_of_block(), at);

	append(30);
	at = end_of_block();
	append(34);
	cut_short(at + 10);
	ck_assert_uint_eq(state().records, 13);
	ck_assert_uint_eq(state().last_serial, 33);
}
END_TEST

/* What was loaded is durable. */
START_TEST(a_restart_moves_the_promise_on)
{
	size_t at;

	refill(1, 3, 1, "A");
	at = end_of_block();
	restart();
	expect_open(at);
	restart();
	expect_open(at);
	append(26);
	expect_open(at);
	append(30);
	expect_promise("0");
}
END_TEST

/* A claim while a refill is being written does not hide it. */
START_TEST(a_claim_keeps_what_is_open)
{
	char text[64];
	size_t at = end_of_block();
	bool held;

	buf_clear(&made);
	history_join(&history, 1, 3, 1, "A", &made);
	ck_assert_int_eq(s->ops->refill(s, 3, text_of(&made), &held), 0);
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	(void)snprintf(text, sizeof(text), "%zu %zu", at, at);
	expect_promise(text);

	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_int_eq(s->ops->publish(s), 0);
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	at = end_of_block();
	(void)snprintf(text, sizeof(text), "%zu %zu", at, at);
	expect_promise(text);
}
END_TEST

/* No other call costs a write of the promise. */
START_TEST(an_append_behind_an_append_leaves_the_promise)
{
	const struct disk_file *f = disk_find(&disk, PROMISE);
	int64_t changed = f->changed;

	append(26);
	append(30);
	ck_assert_ptr_eq(disk_find(&disk, PROMISE), f);
	ck_assert_int_eq(f->changed, changed);
}
END_TEST

START_TEST(says_full_before_it_writes)
{
	struct buf before = { 0 };
	bool held;

	ck_assert_int_eq(buf_addf(&before, "%.*s",
				  SLICE_ARG(disk_text(disk_find(&disk, BLOCK)))),
			 0);
	buf_clear(&made);
	history_join(&history, 1, 9, 1, "A", &made);
	disk.room = end_of_block() + made.len - 1;
	/* What is reserved is not counted as long as it is not looked at. */
	restart();
	ck_assert_int_eq(s->ops->refill(s, 9, text_of(&made), &held), -ENOSPC);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&before));
	ck_assert(state().full);

	disk.room = UINT64_MAX;
	ck_assert_int_eq(s->ops->recheck(s), 0);
	ck_assert(!state().full);
	refill(1, 9, 1, "A");
	buf_done(&before);
}
END_TEST

/*
 * No room for the promise: whichever step finds out, nothing is written, and
 * what comes next does not trust that the old one stands.
 */
START_TEST(says_full_where_the_promise_has_no_room)
{
	bool failed = true;
	bool was_full;
	unsigned full = 0;
	bool held;
	int r;

	for (unsigned n = 1; failed; n++) {
		size_t end;

		teardown();
		setup();
		end = end_of_block();
		buf_clear(&made);
		history_add(&history, 1, "A", &made);
		disk.fail_at = disk.calls + n;
		disk.fail_with = -ENOSPC;
		r = s->ops->refill(s, 1, text_of(&made), &held);
		failed = disk.calls >= disk.fail_at;
		disk.fail_at = 0;
		was_full = state().full;
		/* A block that failed itself is done with. */
		if (r == 0 || s->ops->recheck(s) < 0)
			continue;
		ck_assert_int_eq(r, -ENOSPC);
		ck_assert(was_full);
		ck_assert_uint_eq(end_of_block(), end);
		append(26);
		append(30);
		expect_promise("0");
		full++;
	}
	ck_assert_uint_ge(full, 5);
}
END_TEST

/* Without memory nothing is written, and all goes on when there is some. */
START_TEST(goes_on_when_memory_ran_out)
{
	unsigned failed = 0;
	bool held;
	int r;

	for (uint64_t pass = 1; pass < 5; pass++) {
		for (unsigned n = 1;; n++) {
			size_t end = end_of_block();
			uint32_t count;

			buf_clear(&made);
			count = history_join(&history, pass, 290, 5, "A",
					     &made);
			tools_memory_ends = n;
			r = s->ops->refill(s, count, text_of(&made), &held);
			tools_memory_ends = 0;
			if (r == 0)
				break;
			failed++;
			ck_assert_int_eq(r, -ENOMEM);
			ck_assert_uint_eq(end_of_block(), end);
		}
		ck_assert(!held);
		ck_assert_int_eq(s->ops->sync(s), 0);
		ck_assert_int_eq(s->ops->publish(s), 0);
	}
	ck_assert_uint_gt(failed, 10);
	for (uint64_t serial = 1; serial <= 290; serial++) {
		bool home = (serial >= 14 && serial <= 17) ||
			    (serial >= 22 && serial <= 25);

		if (serial % 5 || home)
			history_add(&history, serial, home ? "" : "A",
				    &expected);
	}
	expect_all();
}
END_TEST

Suite *test_store_refill(void)
{
	Suite *suite = suite_create("store/refill");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, takes_records_below_between_and_above);
	tcase_add_test(t, shows_what_is_published);
	tcase_add_test(t, takes_one_pass_after_the_other);
	tcase_add_test(t, leaves_out_what_is_held);
	tcase_add_test(t, takes_an_old_record_with_and_without_hash_for_one);
	tcase_add_test(t, refuses_what_is_no_refill);
	tcase_add_test(t, refuses_other_contents);
	tcase_add_test(t, appends_look_at_both);
	tcase_add_test(t, finds_ids_in_both);
	tcase_add_test(t, the_promise_tells_where_a_refill_begins);
	tcase_add_test(t, a_batch_behind_a_refill_may_be_torn);
	tcase_add_test(t, a_restart_moves_the_promise_on);
	tcase_add_test(t, a_claim_keeps_what_is_open);
	tcase_add_test(t, an_append_behind_an_append_leaves_the_promise);
	tcase_add_test(t, says_full_before_it_writes);
	tcase_add_test(t, says_full_where_the_promise_has_no_room);
	tcase_add_test(t, goes_on_when_memory_ran_out);
	suite_add_tcase(suite, t);
	return suite;
}
