/* SPDX-License-Identifier: MIT */
/*
 * src/store/textstore.c: what a backend asks of its store.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/promise.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_textstore);

static struct disk disk;
static struct buf made;
static struct buf found;

static void setup(void)
{
	disk_init(&disk);
	made = (struct buf){ 0 };
	found = (struct buf){ 0 };
}

static void teardown(void)
{
	disk_done(&disk);
	buf_done(&made);
	buf_done(&found);
}

static struct store_state state_of(struct store *s)
{
	struct store_state state;

	s->ops->state(s, &state);
	return state;
}

/* The original's records come out by serial, as they are. */
START_TEST(reads_the_sample)
{
	struct store *s;

	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	s = tools_open_well(&disk);
	tools_fetch_all(s, &found);
	assert_text(text_of(&found), slice_of("1 Racheal John 45\n"
					      "5 Chinmay Oliver 129\n"
					      "9 Ali Luke 155\n"));
	ck_assert_uint_eq(state_of(s).last_serial, 9);
	ck_assert_uint_eq(state_of(s).records, 3);
	ck_assert_uint_eq(state_of(s).epoch, 0);
	s->ops->close(s);
}
END_TEST

/* An absent file is an empty block, and durable before anything is said. */
START_TEST(creates_an_empty_block)
{
	struct store *s = tools_open_well(&disk);
	struct disk_file *f = disk_find(&disk, BLOCK);

	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(f->synced_name, BLOCK);
	ck_assert_uint_eq(state_of(s).last_serial, 0);
	tools_fetch_all(s, &found);
	ck_assert_uint_eq(found.len, 0);
	s->ops->close(s);
}
END_TEST

/* What was read may be in the page cache only: it is synced before shown. */
START_TEST(syncs_what_it_has_read)
{
	struct store *s;

	disk_put(&disk, BLOCK, slice_of(""));
	ck_assert_int_eq(
		buf_add(&disk_find(&disk, BLOCK)->data, SAMPLE, strlen(SAMPLE)),
		0);
	s = tools_open_well(&disk);
	assert_text(text_of(&disk_find(&disk, BLOCK)->synced),
		    slice_of(SAMPLE));
	s->ops->close(s);
}
END_TEST

/* Nothing is shown before it is published, and nothing durable before sync. */
START_TEST(shows_what_is_published)
{
	struct maker m = { .serial = 10 };
	struct store *s;
	bool held;

	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	s = tools_open_well(&disk);
	maker_plain(&m, 3, &made);
	ck_assert_int_eq(
		s->ops->append(s, 10, 3, slice_of(""), text_of(&made), &held),
		0);
	ck_assert(!held);
	ck_assert_uint_eq(state_of(s).last_serial, 9);
	tools_fetch_all(s, &found);
	ck_assert_ptr_null(memmem(found.data, found.len, "10 ", 3));

	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_uint_eq(disk_find(&disk, BLOCK)->synced.len,
			  strlen(SAMPLE) + made.len);
	ck_assert_uint_eq(state_of(s).last_serial, 9);

	ck_assert_int_eq(s->ops->publish(s), 0);
	ck_assert_uint_eq(state_of(s).last_serial, 12);
	ck_assert_uint_eq(state_of(s).records, 6);
	buf_clear(&found);
	tools_fetch(s, &(struct store_query){ .after = 9, .upto = 12 }, &found);
	assert_text(text_of(&found), text_of(&made));
	s->ops->close(s);
}
END_TEST

/* The whole batch goes with one write: a crash leaves a piece of it at most. */
START_TEST(appends_with_one_write)
{
	struct maker m = { .serial = 1 };
	struct store *s = tools_open_well(&disk);
	struct disk_file *f = disk_find(&disk, BLOCK);
	int64_t before;
	bool held;

	maker_plain(&m, 100, &made);
	before = f->changed;
	ck_assert_int_eq(
		s->ops->append(s, 1, 100, slice_of(""), text_of(&made), &held),
		0);
	ck_assert_int_eq(f->changed, before + 1);
	assert_text(disk_text(f), text_of(&made));
	s->ops->close(s);
}
END_TEST

/* A restart changes no answer. */
START_TEST(finds_it_again_after_a_restart)
{
	struct maker m = { .serial = 10 };
	struct store *s;
	struct buf again = { 0 };

	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	s = tools_open_well(&disk);
	maker_plain(&m, 4, &made);
	tools_commit(s, 10, 4, "", text_of(&made));
	tools_fetch_all(s, &found);
	s->ops->close(s);

	s = tools_open_well(&disk);
	tools_fetch_all(s, &again);
	assert_text(text_of(&again), text_of(&found));
	buf_done(&again);
	s->ops->close(s);
}
END_TEST

/* The same batch again is acknowledged, and not written twice. */
START_TEST(acknowledges_a_batch_that_it_holds)
{
	struct maker m = { .serial = 1 };
	struct store *s = tools_open_well(&disk);
	bool held = false;

	maker_plain(&m, 5, &made);
	tools_commit(s, 1, 5, "", text_of(&made));
	ck_assert_int_eq(
		s->ops->append(s, 1, 5, slice_of(""), text_of(&made), &held),
		0);
	ck_assert(held);
	/* As a copy for another, too. */
	held = false;
	ck_assert_int_eq(
		s->ops->append(s, 1, 5, slice_of("A"), text_of(&made), &held),
		0);
	ck_assert(held);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&made));
	s->ops->close(s);
}
END_TEST

/* Of a batch that was torn, what is missing is appended. */
START_TEST(completes_a_batch_that_it_holds_in_part)
{
	struct maker m = { .serial = 1 };
	struct store *s;
	const char *third;

	maker_plain(&m, 5, &made);
	third = memmem(made.data, made.len, "\n4 ", 3);
	ck_assert_ptr_nonnull(third);
	disk_put(&disk, BLOCK,
		 (struct slice){ (char *)made.data,
				 (size_t)(third + 1 - (char *)made.data) });
	s = tools_open_well(&disk);
	ck_assert_uint_eq(state_of(s).last_serial, 3);
	tools_commit(s, 1, 5, "", text_of(&made));
	ck_assert_uint_eq(state_of(s).last_serial, 5);
	assert_text(disk_text(disk_find(&disk, BLOCK)), text_of(&made));
	s->ops->close(s);
}
END_TEST

/* Other contents under a serial that is taken, or a hole: main is mistaken. */
START_TEST(refuses_what_lies_below)
{
	struct maker m = { .serial = 1 };
	struct maker other = { .serial = 2 };
	struct store *s;
	bool held;

	maker_plain(&m, 3, &made);
	s = tools_open_well(&disk);
	tools_commit(s, 1, 3, "", text_of(&made));
	s->ops->close(s);
	s = tools_open_well(&disk);

	/* Serials 2 to 6: 2 and 3 are others here. */
	buf_clear(&made);
	maker_plain(&other, 5, &made);
	ck_assert_int_eq(
		s->ops->append(s, 2, 5, slice_of(""), text_of(&made), &held),
		-EEXIST);
	ck_assert_uint_eq(state_of(s).last_serial, 3);
	s->ops->close(s);
	s = tools_open_well(&disk);
	ck_assert_uint_eq(state_of(s).records, 3);
	s->ops->close(s);
}
END_TEST

/* Serial 7 is held, 8 is not, but 9 is: 8 may not come after it. */
START_TEST(refuses_what_would_fill_a_hole)
{
	struct maker m = { .serial = 7 };
	struct store *s;
	bool held;

	disk_put(&disk, BLOCK, slice_of("7 A B 1\n9 A B 1\n"));
	s = tools_open_well(&disk);
	maker_plain(&m, 2, &made);
	ck_assert_int_eq(
		s->ops->append(s, 7, 2, slice_of(""), text_of(&made), &held),
		-EEXIST);
	buf_clear(&made);
	m.serial = 8;
	maker_plain(&m, 1, &made);
	ck_assert_int_eq(
		s->ops->append(s, 8, 1, slice_of(""), text_of(&made), &held),
		-EEXIST);
	s->ops->close(s);
}
END_TEST

/* A copy bears of=, for whom it is kept; it is no record of ours. */
START_TEST(marks_copies)
{
	struct maker m = { .serial = 1 };
	struct store_total total;
	struct slice absent[] = { { "A", 1 }, { "C", 1 } };
	struct store_query q = { .upto = 10, .user = { "Luke", 4 } };
	struct store *s = tools_open_well(&disk);

	maker_plain(&m, 2, &made);
	tools_commit(s, 1, 2, "A,C", text_of(&made));
	tools_fetch_all(s, &found);
	ck_assert_ptr_nonnull(memmem(found.data, found.len, " of=A,C\n", 8));
	s->ops->close(s);

	s = tools_open_well(&disk);
	ck_assert_int_eq(s->ops->total(s, &q, &total), 0);
	ck_assert_uint_eq(total.records, 0);
	q.filter.absent = absent;
	q.filter.absents = 1;
	ck_assert_int_eq(s->ops->total(s, &q, &total), 0);
	ck_assert_uint_eq(total.records, 0);
	q.filter.absents = 2;
	ck_assert_int_eq(s->ops->total(s, &q, &total), 0);
	ck_assert_uint_eq(total.records, 2);
	ck_assert(sum_to_i128(total.net) == 3);
	s->ops->close(s);
}
END_TEST

static bool keep(void *arg, uint64_t serial, struct slice line)
{
	struct buf *out = arg;

	ck_assert_int_eq(buf_addf(out, "%llu: %.*s\n",
				  (unsigned long long)serial, SLICE_ARG(line)),
			 0);
	return true;
}

/* By its id a record is found once, and only up to the serial asked about. */
START_TEST(finds_an_operation_id)
{
	static const struct made records[] = {
		{ .amount = 1, .id = "first" },
		{ .amount = 2 },
		{ .amount = 3, .id = "third" },
	};
	struct maker m = { .serial = 1 };
	struct store *s = tools_open_well(&disk);

	maker_batch(&m, records, 3, &made);
	tools_commit(s, 1, 3, "", text_of(&made));
	for (int round = 0; round < 2; round++) {
		buf_clear(&found);
		ck_assert_int_eq(
			s->ops->find_id(s, slice_of("third"), 3, keep, &found),
			0);
		ck_assert_uint_gt(found.len, 0);
		ck_assert_int_eq(memcmp(found.data, "3: 3 Ali Luke 3 ", 16), 0);
		buf_clear(&found);
		ck_assert_int_eq(
			s->ops->find_id(s, slice_of("third"), 2, keep, &found),
			0);
		ck_assert_int_eq(
			s->ops->find_id(s, slice_of("second"), 3, keep, &found),
			0);
		ck_assert_uint_eq(found.len, 0);
		s->ops->close(s);
		s = tools_open_well(&disk);
	}
	s->ops->close(s);
}
END_TEST

struct hashed {
	uint32_t hash;
	uint32_t id;
};

static int compare_hashed(const void *a, const void *b)
{
	const struct hashed *x = a;
	const struct hashed *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Two ids of which the index keeps the same hash: 32 bits soon have some. */
static void find_collision(char first[16], char second[16])
{
	enum { IDS = 400000 };
	struct hashed *list = calloc(IDS, sizeof(*list));
	struct map m;
	size_t i;

	ck_assert_ptr_nonnull(list);
	map_init(&m, tools_key);
	for (i = 0; i < IDS; i++) {
		int n = snprintf(first, 16, "%zu", i);

		list[i].id = (uint32_t)i;
		list[i].hash =
			(uint32_t)(map_hash(&m, first, (size_t)n) >> 32);
	}
	qsort(list, IDS, sizeof(*list), compare_hashed);
	i = 1;
	while (i < IDS && list[i].hash != list[i - 1].hash)
		i++;
	ck_assert_uint_lt(i, IDS);
	(void)snprintf(first, 16, "%u", list[i - 1].id);
	(void)snprintf(second, 16, "%u", list[i].id);
	free(list);
}

START_TEST(tells_ids_of_one_hash_apart)
{
	char first[16];
	char second[16];
	struct made records[2] = { { .amount = 1 }, { .amount = 2 } };
	struct maker m = { .serial = 1 };
	struct store *s = tools_open_well(&disk);

	find_collision(first, second);
	records[0].id = first;
	maker_batch(&m, records, 1, &made);
	tools_commit(s, 1, 1, "", text_of(&made));
	ck_assert_int_eq(s->ops->find_id(s, slice_of(second), 9, keep, &found),
			 0);
	ck_assert_uint_eq(found.len, 0);

	buf_clear(&made);
	records[1].id = second;
	maker_batch(&m, records + 1, 1, &made);
	tools_commit(s, 2, 1, "", text_of(&made));
	ck_assert_int_eq(s->ops->find_id(s, slice_of(second), 9, keep, &found),
			 0);
	ck_assert_int_eq(memcmp(found.data, "2: 2 Ali Luke 2 ", 16), 0);
	s->ops->close(s);
}
END_TEST

static bool take_two(void *arg, uint64_t serial, struct slice line)
{
	unsigned *left = arg;

	(void)serial;
	(void)line;
	if (*left == 0)
		return false;
	(*left)--;
	return true;
}

/* A full page ends the fetch at once. */
START_TEST(stops_when_the_page_is_full)
{
	struct maker m = { .serial = 1 };
	struct store *s = tools_open_well(&disk);
	struct store_query q = { .upto = UINT64_MAX };
	unsigned left = 2;

	maker_plain(&m, 9, &made);
	tools_commit(s, 1, 9, "", text_of(&made));
	ck_assert_int_eq(s->ops->fetch(s, &q, take_two, &left), 0);
	ck_assert_uint_eq(left, 0);
	s->ops->close(s);
}
END_TEST

/* Records that lie together are read together. */
START_TEST(reads_many_lines_at_once)
{
	struct maker m = { .serial = 1 };
	struct store_query q = { .upto = UINT64_MAX, .user = { "Luke", 4 } };
	struct store *s = tools_open_well(&disk);
	unsigned reads;

	maker_plain(&m, 2000, &made);
	tools_commit(s, 1, 2000, "", text_of(&made));
	reads = disk.reads;
	tools_fetch(s, &q, &found);
	assert_text(text_of(&found), text_of(&made));
	ck_assert_uint_le(disk.reads - reads, made.len / 65536 + 2);
	s->ops->close(s);
}
END_TEST

/*
 * What is asked for is read from the file, not remembered: each changed bit of
 * each byte shows, that of a newline too.
 */
START_TEST(shows_what_the_file_holds_now)
{
	struct maker m = { .serial = 10 };
	const struct made records[] = { { .amount = 5, .id = "x1" },
					{ .amount = 7, .memo = "two" } };
	struct buf good = { 0 };
	struct store *s;
	uint8_t *text;

	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	s = tools_open_well(&disk);
	maker_batch(&m, records, 2, &made);
	tools_commit(s, 10, 2, "A", text_of(&made));
	tools_fetch_all(s, &good);
	text = disk_find(&disk, BLOCK)->data.data;
	for (size_t i = 0; i < disk_find(&disk, BLOCK)->data.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] ^= (uint8_t)(1U << bit);
			buf_clear(&found);
			tools_fetch_all(s, &found);
			ck_assert_msg(found.len != good.len ||
					      memcmp(found.data, good.data,
						     good.len) != 0,
				      "bit %u of byte %zu does not show", bit,
				      i);
			text[i] ^= (uint8_t)(1U << bit);
		}
	}
	buf_clear(&found);
	tools_fetch_all(s, &found);
	assert_text(text_of(&found), text_of(&good));
	buf_done(&good);
	s->ops->close(s);
}
END_TEST

/* Two lines run into one: neither is a record any more. */
START_TEST(shows_that_a_newline_is_gone)
{
	static const char sample[] = "1 Ali Ben 5\r\n2 Ali Ben 5\n3 Ali Ben 5";
	char *text;
	struct store *s;

	disk_put(&disk, BLOCK, slice_of(sample));
	s = tools_open_well(&disk);
	text = (char *)disk_find(&disk, BLOCK)->data.data;
	tools_fetch_all(s, &found);
	assert_text(text_of(&found),
		    slice_of("1 Ali Ben 5\n2 Ali Ben 5\n3 Ali Ben 5\n"));

	strchr(text, '\n')[0] = 'x';
	buf_clear(&found);
	tools_fetch_all(s, &found);
	assert_text(text_of(&found),
		    slice_of("1 Ali Ben 5\rx2 Ali Ben 5\n3 Ali Ben \n"
			     "2 Ali Ben 5\n3 Ali Ben 5\n"));
	s->ops->close(s);
}
END_TEST

/* The promise outlives a restart; reading needs none. */
START_TEST(keeps_a_promise)
{
	static const uint8_t nonce[STORE_NONCE_SIZE] = { 1, 2, 3, 0xff };
	struct store *s = tools_open_well(&disk);

	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	ck_assert_uint_eq(state_of(s).epoch, 7);
	ck_assert_str_eq(disk_find(&disk, BLOCK PROMISE_SUFFIX)->synced_name,
			 BLOCK PROMISE_SUFFIX);
	s->ops->close(s);

	s = tools_open_well(&disk);
	ck_assert_uint_eq(state_of(s).epoch, 7);
	ck_assert_mem_eq(state_of(s).nonce, nonce, sizeof(nonce));
	s->ops->close(s);
}
END_TEST

/* A full disk, but for what is reserved for the block. */
static struct fileops below;
static bool full;
static bool hopeless;

static ssize_t full_pwrite(void *ctx, int fd, const void *data, size_t len,
			   off_t at)
{
	return full ? -ENOSPC : below.pwrite(ctx, fd, data, len, at);
}

static int full_reserve(void *ctx, int fd, off_t at, off_t len)
{
	return full ? -ENOSPC : below.reserve(ctx, fd, at, len);
}

static int full_ftruncate(void *ctx, int fd, off_t size)
{
	full = hopeless;
	return below.ftruncate(ctx, fd, size);
}

static void fill_disk(void)
{
	below = disk.ops;
	disk.ops.pwrite = full_pwrite;
	disk.ops.reserve = full_reserve;
	disk.ops.ftruncate = full_ftruncate;
	full = true;
}

/* It does not wait for somebody to make room: it takes that of batches. */
START_TEST(promises_on_a_full_disk)
{
	static const uint8_t nonce[STORE_NONCE_SIZE] = { 1 };
	struct store *s;
	uint64_t size;

	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	s = tools_open_well(&disk);
	size = disk_find(&disk, BLOCK)->data.len;
	fill_disk();
	hopeless = false;
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	ck_assert_uint_eq(state_of(s).epoch, 7);
	ck_assert_uint_eq(disk_find(&disk, BLOCK)->data.len, size);
	s->ops->close(s);

	s = tools_open_well(&disk);
	ck_assert_uint_eq(state_of(s).epoch, 7);
	s->ops->close(s);
}
END_TEST

/* Not even there: the old one holds, and nothing is broken. */
START_TEST(promises_nothing_without_room)
{
	static const uint8_t nonce[STORE_NONCE_SIZE] = { 1 };
	struct maker m = { .serial = 1 };
	struct store *s = tools_open_well(&disk);

	ck_assert_int_eq(s->ops->promise(s, 6, nonce), 0);
	fill_disk();
	hopeless = true;
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), -ENOSPC);
	ck_assert_uint_eq(state_of(s).epoch, 6);
	ck_assert(state_of(s).full);

	full = false;
	ck_assert_int_eq(s->ops->recheck(s), 0);
	ck_assert(!state_of(s).full);
	maker_plain(&m, 2, &made);
	tools_commit(s, 1, 2, "", text_of(&made));
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	ck_assert_uint_eq(state_of(s).epoch, 7);
	s->ops->close(s);
}
END_TEST

/*
 * The promise knows how long the block was.  An old record that lacks its
 * newline was there then, and an editor took it away; or it was not, and is
 * what a crash left of a first append, with its amount cut off.
 */
START_TEST(tells_an_editor_from_a_crash)
{
	static const uint8_t nonce[STORE_NONCE_SIZE] = { 1 };
	static const char torn[] = SAMPLE "10 Ali Luke 1";
	struct maker m = { .serial = 10 };
	struct textstore_report report;
	struct store *s;
	bool held;

	disk_put(&disk, BLOCK, slice_of(SAMPLE));
	s = tools_open_well(&disk);
	maker_plain(&m, 1, &made);
	/* A batch in flight is not there yet. */
	ck_assert_int_eq(s->ops->append(s, 10, 1, slice_of(""), text_of(&made),
					&held),
			 0);
	ck_assert_int_eq(s->ops->promise(s, 7, nonce), 0);
	s->ops->close(s);

	disk_put(&disk, BLOCK, slice_of(torn));
	ck_assert_int_eq(tools_open(&disk, &report, &s), 0);
	ck_assert(report.torn);
	ck_assert_uint_eq(state_of(s).records, 3);
	s->ops->close(s);

	disk_put(&disk, BLOCK, (struct slice){ SAMPLE, strlen(SAMPLE) - 1 });
	s = tools_open_well(&disk);
	ck_assert_uint_eq(state_of(s).records, 3);
	s->ops->close(s);
}
END_TEST

/* A promise that cannot be read stops the start: it may fence somebody off. */
START_TEST(stops_at_a_damaged_promise)
{
	struct textstore_report report;
	struct store *s;

	disk_put(&disk, BLOCK PROMISE_SUFFIX, slice_of("x"));
	ck_assert_int_eq(tools_open(&disk, &report, &s), -EBADMSG);
	ck_assert_ptr_nonnull(memmem(report.fault.data, report.fault.len,
				     BLOCK PROMISE_SUFFIX ":1: expected",
				     strlen(BLOCK) + 20));
	buf_done(&report.fault);
}
END_TEST

/* A failed sync is never tried again, and ends all that this store does. */
START_TEST(breaks_for_good)
{
	struct maker m = { .serial = 1 };
	struct store *s = tools_open_well(&disk);
	struct store_query q = { .upto = 9 };
	struct store_partner *partners;
	uint8_t nonce[STORE_NONCE_SIZE] = { 0 };
	struct store_total total;
	size_t count;
	bool held;

	maker_plain(&m, 1, &made);
	ck_assert_int_eq(
		s->ops->append(s, 1, 1, slice_of(""), text_of(&made), &held),
		0);
	disk.fail_at = disk.calls + 1;
	disk.fail_with = -EIO;
	ck_assert_int_eq(s->ops->sync(s), -EIO);
	ck_assert_int_eq(s->ops->sync(s), -EIO);
	ck_assert_int_eq(s->ops->publish(s), -EIO);
	ck_assert_int_eq(
		s->ops->append(s, 1, 1, slice_of(""), text_of(&made), &held),
		-EIO);
	ck_assert_int_eq(s->ops->fetch(s, &q, keep, &found), -EIO);
	ck_assert_int_eq(s->ops->total(s, &q, &total), -EIO);
	ck_assert_int_eq(s->ops->partners(s, &q, &partners, &count), -EIO);
	ck_assert_int_eq(s->ops->find_id(s, slice_of("x"), 9, keep, &found),
			 -EIO);
	ck_assert_int_eq(s->ops->promise(s, 1, nonce), -EIO);
	ck_assert_int_eq(s->ops->recheck(s), -EIO);
	ck_assert_uint_eq(disk_find(&disk, BLOCK)->synced.len, 0);
	s->ops->close(s);
}
END_TEST

Suite *test_store_textstore(void)
{
	Suite *s = suite_create("store/textstore");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, reads_the_sample);
	tcase_add_test(t, creates_an_empty_block);
	tcase_add_test(t, syncs_what_it_has_read);
	tcase_add_test(t, shows_what_is_published);
	tcase_add_test(t, appends_with_one_write);
	tcase_add_test(t, finds_it_again_after_a_restart);
	tcase_add_test(t, acknowledges_a_batch_that_it_holds);
	tcase_add_test(t, completes_a_batch_that_it_holds_in_part);
	tcase_add_test(t, refuses_what_lies_below);
	tcase_add_test(t, refuses_what_would_fill_a_hole);
	tcase_add_test(t, marks_copies);
	tcase_add_test(t, finds_an_operation_id);
	tcase_add_test(t, stops_when_the_page_is_full);
	tcase_add_test(t, reads_many_lines_at_once);
	tcase_add_test(t, shows_what_the_file_holds_now);
	tcase_add_test(t, shows_that_a_newline_is_gone);
	tcase_add_test(t, tells_ids_of_one_hash_apart);
	tcase_add_test(t, keeps_a_promise);
	tcase_add_test(t, promises_on_a_full_disk);
	tcase_add_test(t, promises_nothing_without_room);
	tcase_add_test(t, tells_an_editor_from_a_crash);
	tcase_add_test(t, stops_at_a_damaged_promise);
	tcase_add_test(t, breaks_for_good);
	suite_add_tcase(s, t);
	return s;
}
