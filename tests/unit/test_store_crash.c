/* SPDX-License-Identifier: MIT */
/*
 * Every single operation on the disk fails once, in every way, in the middle of
 * a working day; then the process starts again, or the whole machine.  What was
 * published is there, and of the batch in flight some records from its
 * beginning; the promise is the one that was made.
 */
#include "config.h"

#include <string.h>

#include "store/promise.h"

#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_crash);

#define SEEDS 6

static const uint32_t sizes[] = { 1, 3, 7, 1, 2, 12 };
static const char *const homes[] = { "", "A", "", "B,C", "", "" };

#define BATCHES ELEMENTS(sizes)

/* One day: what was asked for, and how far it came. */
struct day {
	struct disk disk;
	struct buf text[BATCHES]; /* as it goes to append() */
	struct buf stored[BATCHES]; /* as it stands in the file */
	uint64_t first[BATCHES];
	uint32_t size[BATCHES];
	size_t begun; /* batches that append() was called for */
	size_t done; /* batches published */
	uint64_t promising; /* epoch asked for */
	uint64_t promised; /* epoch granted */
	uint8_t nonce[STORE_NONCE_SIZE];
};

static void mark_copies(struct buf *out, const struct buf *text, const char *of)
{
	const char *p = (char *)text->data;
	const char *end;
	size_t left = text->len;

	while (left > 0) {
		end = memchr(p, '\n', left);
		if (buf_addf(out, "%.*s%s%s\n", (int)(end - p), p,
			     *of ? " of=" : "", of) < 0)
			ck_abort();
		left -= (size_t)(end + 1 - p);
		p = end + 1;
	}
}

/* Which batch is the first, and how large, is drawn by @seed. */
static void day_init(struct day *d, size_t seed)
{
	struct maker m = { .serial = 10 };

	memset(d, 0, sizeof(*d));
	disk_init(&d->disk);
	/* No newline at the end: to be mended. */
	disk_put(&d->disk, BLOCK, (struct slice){ SAMPLE, strlen(SAMPLE) - 1 });
	for (size_t i = 0; i < BATCHES; i++) {
		d->first[i] = m.serial;
		d->size[i] = sizes[(i + seed) % BATCHES];
		maker_plain(&m, d->size[i], &d->text[i]);
		mark_copies(&d->stored[i], &d->text[i], homes[i]);
	}
}

static void day_done(struct day *d)
{
	disk_done(&d->disk);
	for (size_t i = 0; i < BATCHES; i++) {
		buf_done(&d->text[i]);
		buf_done(&d->stored[i]);
	}
}

static int commit(struct day *d, struct store *s, size_t i)
{
	bool held = false;
	int r;

	d->begun = i + 1;
	r = s->ops->append(s, d->first[i], d->size[i], slice_of(homes[i]),
			   text_of(&d->text[i]), &held);
	if (r == 0 && !held) {
		r = s->ops->sync(s);
		if (r == 0)
			r = s->ops->publish(s);
	}
	if (r == 0)
		d->done = i + 1;
	return r;
}

/* A start, a promise, batches; ends at the first error. */
static int work(struct day *d, size_t upto)
{
	struct textstore_report report = { 0 };
	struct store *s = NULL;
	int r;

	r = tools_open(&d->disk, &report, &s);
	buf_done(&report.fault);
	if (r < 0)
		return r;

	d->promising = d->promised + 1;
	d->nonce[0] = (uint8_t)d->promising;
	r = s->ops->promise(s, d->promising, d->nonce);
	if (r == 0)
		d->promised = d->promising;
	for (size_t i = d->done; r == 0 && i < upto; i++)
		r = commit(d, s, i);
	s->ops->close(s);
	return r;
}

/* What all that was published makes, and the batch in flight behind it. */
static void check_records(const struct day *d, struct store *s)
{
	struct buf published = { 0 };
	struct buf flying = { 0 };
	struct buf found = { 0 };
	struct slice rest;

	ck_assert_int_eq(buf_addf(&published, "1 Racheal John 45\n"
					      "5 Chinmay Oliver 129\n"
					      "9 Ali Luke 155\n"),
			 0);
	for (size_t i = 0; i < d->done; i++)
		ck_assert_int_eq(buf_add(&published, d->stored[i].data,
					 d->stored[i].len),
				 0);
	if (d->begun > d->done)
		ck_assert_int_eq(buf_add(&flying, d->stored[d->done].data,
					 d->stored[d->done].len),
				 0);

	tools_fetch_all(s, &found);
	rest = text_of(&found);
	ck_assert_uint_ge(found.len, published.len);
	rest.len = published.len;
	assert_text(rest, text_of(&published));

	/* Lines are fetched whole: a beginning in bytes is one in records. */
	rest.p += published.len;
	rest.len = found.len - published.len;
	ck_assert_uint_le(rest.len, flying.len);
	assert_text(rest, (struct slice){ (char *)flying.data, rest.len });
	buf_done(&published);
	buf_done(&flying);
	buf_done(&found);
}

/* Open again, everything working: it must, and must hold what it should. */
static void check_start(struct day *d)
{
	struct textstore_report report;
	struct store_state state;
	struct store *s = NULL;
	int r;

	r = tools_open(&d->disk, &report, &s);
	if (r < 0)
		ck_abort_msg("%d: %.*s", r, (int)report.fault.len,
			     (char *)report.fault.data);
	if (report.torn)
		ck_assert_ptr_nonnull(disk_find(&d->disk, report.torn_path));
	check_records(d, s);
	s->ops->state(s, &state);
	ck_assert(state.epoch == d->promised || state.epoch == d->promising);
	d->promised = state.epoch;
	d->promising = state.epoch;
	s->ops->close(s);
}

/* One day on which the @n-th operation fails.  False: there are not so many. */
static bool bad_day(unsigned n, int error, int64_t seed)
{
	struct day d;
	struct rng rng;
	bool failed;

	day_init(&d, (size_t)(seed + 1));
	d.disk.fail_at = n;
	d.disk.fail_with = error;
	(void)work(&d, BATCHES);
	failed = d.disk.calls >= n;
	d.disk.fail_at = 0;
	if (seed >= 0) {
		rng_seed(&rng, (uint64_t)seed + n * 1000);
		disk_crash(&d.disk, &rng);
	}
	check_start(&d);

	/* The batch in flight is sent again, and the day goes on. */
	d.begun = d.done;
	ck_assert_int_eq(work(&d, BATCHES), 0);
	ck_assert_uint_eq(d.done, BATCHES);
	check_start(&d);
	day_done(&d);
	return failed;
}

static void every_operation(int error, int64_t seed)
{
	unsigned n = 1;

	while (bad_day(n, error, seed))
		n++;
	ck_assert_uint_gt(n, 50);
}

START_TEST(starts_again_after_an_io_error)
{
	every_operation(-EIO, -1);
}
END_TEST

START_TEST(starts_again_after_a_full_disk)
{
	every_operation(-ENOSPC, -1);
}
END_TEST

START_TEST(goes_on_after_a_short_write)
{
	every_operation(0, -1);
}
END_TEST

/* The power goes at each operation, and the disk keeps what it likes. */
START_TEST(starts_again_after_a_power_cut)
{
	every_operation(-EIO, _i);
}
END_TEST

/* Power cuts in the recovery from power cuts. */
START_TEST(starts_again_after_many_power_cuts)
{
	struct day d;
	struct rng rng;

	rng_seed(&rng, (uint64_t)_i);
	day_init(&d, (size_t)_i);
	while (d.done < BATCHES) {
		d.disk.fail_at =
			d.disk.calls + 1 + (unsigned)rng_below(&rng, 80);
		d.disk.fail_with = -EIO;
		(void)work(&d, BATCHES);
		disk_crash(&d.disk, &rng);
		check_start(&d);
		for (size_t i = 0; i < DISK_FILES; i++) {
			/* Room for more torn tails. */
			if (d.disk.file[i].mode &&
			    strstr(d.disk.file[i].name, ".torn-at"))
				disk_remove(&d.disk.file[i]);
		}
	}
	day_done(&d);
}
END_TEST

Suite *test_store_crash(void)
{
	Suite *s = suite_create("store/crash");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, starts_again_after_an_io_error);
	tcase_add_test(t, starts_again_after_a_full_disk);
	tcase_add_test(t, goes_on_after_a_short_write);
	tcase_add_loop_test(t, starts_again_after_a_power_cut, 0, SEEDS);
	tcase_add_loop_test(t, starts_again_after_many_power_cuts, 0, 50);
	suite_add_tcase(s, t);
	return s;
}
