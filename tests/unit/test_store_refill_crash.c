/* SPDX-License-Identifier: MIT */
/*
 * As test_store_crash.c, with refills and blocks that begin empty in the day:
 * every single operation on the disk fails once, in every way; then the process
 * starts again, or the whole machine.  What was published is there once, of
 * what was in flight some records, and nothing else; what was set aside is in
 * a file beside.
 */
#include "config.h"

#include <string.h>

#include "store/promise.h"

#include "test_store_history.h"
#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_refill_crash);

#define SEEDS 6
/* Records that are there when the day begins; the last without a newline. */
#define BEFORE "9 user3 user1 9\n2 user3 user0 2\n5 user4 user2 5"

enum kind { APPEND, REFILL, EMPTY };

static const struct step {
	enum kind kind;
	uint64_t from; /* an append: the first of four */
	uint64_t to;
	uint64_t stride;
	const char *of;
} steps[] = {
	{ APPEND, 14, 17, 1, "" },
	/* Below, held, and above. */
	{ REFILL, 3, 31, 4, "A" },
	{ APPEND, 34, 37, 1, "A,B" },
	{ APPEND, 38, 41, 1, "" },
	/* Below the lower ones: a second pass; and two in a row. */
	{ REFILL, 1, 36, 5, "B" },
	{ REFILL, 4, 45, 1, "" },
	{ APPEND, 46, 49, 1, "" },
	{ EMPTY, 0, 0, 0, "" },
	{ APPEND, 46, 49, 1, "C" },
	{ REFILL, 1, 53, 2, "A" },
	{ REFILL, 2, 12, 2, "" },
	{ APPEND, 54, 57, 1, "" },
};

#define STEPS ELEMENTS(steps)

/* How a record may stand in the block. */
struct holding {
	bool there; /* published */
	bool bare; /* without h= */
	const char *of;
};

struct day {
	struct disk disk;
	const struct history *history;
	struct holding holding[HISTORY_MAX + 1];
	size_t done; /* steps published */
	bool flying; /* and the next one was begun */
	struct buf before_empty; /* the block when it was to begin empty */
	uint64_t promising; /* epoch asked for */
	uint64_t promised; /* epoch granted */
};

static struct history history;

static void setup(void)
{
	history_init(&history);
}

static void teardown(void)
{
	history_done(&history);
}

static void day_init(struct day *d)
{
	static const uint64_t before[] = { 2, 5, 9 };

	memset(d, 0, sizeof(*d));
	disk_init(&d->disk);
	disk_put(&d->disk, BLOCK, slice_of(BEFORE));
	d->history = &history;
	for (size_t i = 0; i < ELEMENTS(before); i++)
		d->holding[before[i]] =
			(struct holding){ true, true, "" };
}

static void day_done(struct day *d)
{
	disk_done(&d->disk);
	buf_done(&d->before_empty);
}

/* The step is published. */
static void take_step(struct day *d)
{
	const struct step *step = &steps[d->done++];

	d->flying = false;
	if (step->kind == EMPTY) {
		memset(d->holding, 0, sizeof(d->holding));
		return;
	}
	for (uint64_t i = step->from; i <= step->to; i += step->stride)
		if (!d->holding[i].there)
			d->holding[i] =
				(struct holding){ true, false, step->of };
}

static int write_step(const struct step *step, struct store *s, bool *held)
{
	struct buf text = { 0 };
	uint32_t records;
	int r;

	records = history_join(&history, step->from, step->to, step->stride,
			       step->kind == REFILL ? step->of : "", &text);
	if (step->kind == REFILL)
		r = s->ops->refill(s, records, text_of(&text), held);
	else
		r = s->ops->append(s, step->from, records, slice_of(step->of),
				   text_of(&text), held);
	buf_done(&text);
	return r;
}

static int begin_empty(struct day *d, struct store *s)
{
	struct slice text = disk_text(disk_find(&d->disk, BLOCK));
	char *aside = NULL;
	int r;

	buf_clear(&d->before_empty);
	if (buf_add(&d->before_empty, text.p, text.len) < 0)
		ck_abort();
	r = s->ops->begin_empty(s, &aside);
	free(aside);
	return r;
}

static int do_step(struct day *d, struct store *s)
{
	const struct step *step = &steps[d->done];
	bool held = false;
	int r;

	d->flying = true;
	if (step->kind == EMPTY) {
		r = begin_empty(d, s);
	} else {
		r = write_step(step, s, &held);
		if (r == 0 && !held) {
			r = s->ops->sync(s);
			if (r == 0)
				r = s->ops->publish(s);
		}
	}
	if (r == 0)
		take_step(d);
	return r;
}

/* A start, a promise, steps; ends at the first error. */
static int work(struct day *d)
{
	struct textstore_report report = { 0 };
	uint8_t nonce[STORE_NONCE_SIZE] = { 0 };
	struct store *s = NULL;
	int r;

	r = tools_open(&d->disk, &report, &s);
	buf_done(&report.fault);
	if (r < 0)
		return r;

	d->promising = d->promised + 1;
	nonce[0] = (uint8_t)d->promising;
	r = s->ops->promise(s, d->promising, nonce);
	if (r == 0)
		d->promised = d->promising;
	while (r == 0 && d->done < STEPS)
		r = do_step(d, s);
	s->ops->close(s);
	return r;
}

/* Is all that the block had in a file beside it? */
static bool is_aside(struct day *d)
{
	for (size_t i = 0; i < DISK_FILES; i++) {
		const struct disk_file *f = &d->disk.file[i];

		if (f->mode && strstr(f->name, ".lost-") &&
		    slice_equal(disk_text(f), text_of(&d->before_empty)))
			return true;
	}
	return false;
}

/* Does the step in flight bring @serial, and as what? */
static bool is_flying(const struct day *d, uint64_t serial, const char **ret)
{
	const struct step *step = &steps[d->done];

	if (!d->flying || step->kind == EMPTY || serial < step->from ||
	    serial > step->to || (serial - step->from) % step->stride)
		return false;
	*ret = step->of;
	return true;
}

static void add_expected(const struct day *d, uint64_t serial, const char *of,
			 bool bare, struct buf *out)
{
	const char *line = d->history->line[serial];

	if (!bare)
		history_add(d->history, serial, of, out);
	else if (buf_addf(out, "%.*s\n", (int)(strstr(line, " h=") - line),
			  line) < 0)
		ck_abort();
}

/*
 * What should be there: all that was published, and of what was in flight that
 * which is found.
 */
static void check_records(struct day *d, struct store *s)
{
	struct buf expected = { 0 };
	struct buf found = { 0 };
	struct buf line = { 0 };
	const char *of;

	tools_fetch_all(s, &found);
	for (uint64_t i = 1; i <= HISTORY_MAX; i++) {
		const struct holding *h = &d->holding[i];

		if (h->there) {
			add_expected(d, i, h->of, h->bare, &expected);
			continue;
		}
		if (!is_flying(d, i, &of))
			continue;
		buf_clear(&line);
		add_expected(d, i, of, false, &line);
		if (found.len && memmem(found.data, found.len, line.data, line.len))
			add_expected(d, i, of, false, &expected);
	}
	assert_text(text_of(&found), text_of(&expected));
	buf_done(&expected);
	buf_done(&found);
	buf_done(&line);
}

/* It was to begin empty: it has, or nothing has happened to it. */
static void check_empty(struct day *d, struct store *s)
{
	struct store_state state;

	if (!d->flying || steps[d->done].kind != EMPTY)
		return;
	s->ops->state(s, &state);
	if (state.records > 0)
		return;
	ck_assert(is_aside(d));
	take_step(d);
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
	check_empty(d, s);
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

	day_init(&d);
	d.disk.fail_at = n;
	d.disk.fail_with = error;
	(void)work(&d);
	failed = d.disk.calls >= n;
	d.disk.fail_at = 0;
	if (seed >= 0) {
		rng_seed(&rng, (uint64_t)seed + n * 1000);
		disk_crash(&d.disk, &rng);
	}
	check_start(&d);

	/* What was in flight comes again, and the day goes on. */
	ck_assert_int_eq(work(&d), 0);
	ck_assert_uint_eq(d.done, STEPS);
	check_start(&d);
	ck_assert(is_aside(&d));
	day_done(&d);
	return failed;
}

static void every_operation(int error, int64_t seed)
{
	unsigned n = 1;

	while (bad_day(n, error, seed))
		n++;
	ck_assert_uint_gt(n, 200);
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
	day_init(&d);
	while (d.done < STEPS) {
		d.disk.fail_at =
			d.disk.calls + 1 + (unsigned)rng_below(&rng, 120);
		d.disk.fail_with = -EIO;
		(void)work(&d);
		disk_crash(&d.disk, &rng);
		check_start(&d);
		for (size_t i = 0; i < DISK_FILES; i++) {
			/* Room for more torn tails, and names never used. */
			const struct disk_file *f = &d.disk.file[i];

			if (f->mode && (strstr(f->name, ".torn-at") ||
					(strstr(f->name, ".lost-") &&
					 f->data.len == 0)))
				disk_remove(&d.disk.file[i]);
		}
	}
	ck_assert(is_aside(&d));
	day_done(&d);
}
END_TEST

Suite *test_store_refill_crash(void)
{
	Suite *s = suite_create("store/refill crash");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, starts_again_after_an_io_error);
	tcase_add_test(t, starts_again_after_a_full_disk);
	tcase_add_test(t, goes_on_after_a_short_write);
	tcase_add_loop_test(t, starts_again_after_a_power_cut, 0, SEEDS);
	tcase_add_loop_test(t, starts_again_after_many_power_cuts, 0, 50);
	suite_add_tcase(s, t);
	return s;
}
