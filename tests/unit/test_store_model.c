/* SPDX-License-Identifier: MIT */
/*
 * A block against a model that looks at each record: appends, refills, claims,
 * restarts and new beginnings in any order, and every kind of question.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/random.h"

#include "test_store_history.h"
#include "test_store_tools.h"
#include "unit.h"

UNIT_SUITE(test_store_model);

#define RUNS 40
#define STEPS 120
#define LISTS ELEMENTS(lists)

static const char *const lists[] = { "", "A", "B", "A,B", "B,C" };

static struct history history;
static struct disk disk;
static struct store *s;
static struct rng rng;
static struct buf made;
static struct buf found;
static struct buf expected;

/* The model: what the block holds. */
static struct {
	bool there;
	size_t list;
} held[HISTORY_MAX + 1];
static uint64_t epoch;

static void setup(void)
{
	static const uint8_t nonce[STORE_NONCE_SIZE] = { 0 };

	disk_init(&disk);
	history_init(&history);
	made = (struct buf){ 0 };
	found = (struct buf){ 0 };
	expected = (struct buf){ 0 };
	memset(held, 0, sizeof(held));
	epoch = 1;
	s = tools_open_well(&disk);
	ck_assert_int_eq(s->ops->promise(s, epoch, nonce), 0);
}

static void teardown(void)
{
	s->ops->close(s);
	history_done(&history);
	disk_done(&disk);
	buf_done(&made);
	buf_done(&found);
	buf_done(&expected);
}

static uint64_t last_held(void)
{
	uint64_t last = HISTORY_MAX;

	while (last > 0 && !held[last].there)
		last--;
	return last;
}

static uint64_t count_held(void)
{
	uint64_t count = 0;

	for (uint64_t i = 1; i <= HISTORY_MAX; i++)
		count += held[i].there;
	return count;
}

/* Make it durable and show it, if it was written. */
static void finish(bool was_held)
{
	if (was_held)
		return;
	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_int_eq(s->ops->publish(s), 0);
}

/* The batch that begins at @first: what should come of it? */
static int model_append(uint64_t first, size_t list, bool *ret_held)
{
	uint64_t last = last_held();

	*ret_held = true;
	for (uint64_t i = first; i < first + HISTORY_BATCH; i++) {
		if (!held[i].there && i <= last)
			return -EEXIST;
		*ret_held &= held[i].there;
	}
	for (uint64_t i = first; i < first + HISTORY_BATCH; i++) {
		if (held[i].there)
			continue;
		held[i].there = true;
		held[i].list = list;
	}
	return 0;
}

static void append(void)
{
	uint64_t batches = (HISTORY_MAX - HISTORY_OLD) / HISTORY_BATCH;
	uint64_t first = last_held() + 1;
	size_t list = rng_below(&rng, LISTS);
	bool should_hold;
	bool was_held;
	int should;
	int r;

	/* Most often the next ones, else any. */
	first = first <= HISTORY_OLD ?
			0 :
			(first - HISTORY_OLD - 1 + HISTORY_BATCH - 1) /
				HISTORY_BATCH;
	first += rng_below(&rng, 3);
	if (rng_below(&rng, 3) == 0 || first >= batches)
		first = rng_below(&rng, batches);
	first = HISTORY_OLD + 1 + first * HISTORY_BATCH;
	buf_clear(&made);
	history_join(&history, first, first + HISTORY_BATCH - 1, 1, "", &made);
	r = s->ops->append(s, first, HISTORY_BATCH, slice_of(lists[list]),
			   text_of(&made), &was_held);
	should = model_append(first, list, &should_hold);
	ck_assert_int_eq(r, should);
	if (r < 0)
		return;
	ck_assert(was_held == should_hold);
	finish(was_held);
}

/* Any serials from a part of the history, rising. */
static void refill(void)
{
	uint64_t serial = 1 + rng_below(&rng, HISTORY_MAX);
	uint64_t steps = 1 + rng_below(&rng, 12);
	size_t list = rng_below(&rng, LISTS);
	bool should_hold = true;
	uint32_t records = 0;
	bool was_held;

	buf_clear(&made);
	while (serial <= HISTORY_MAX && records < 30) {
		history_add(&history, serial, lists[list], &made);
		records++;
		if (!held[serial].there) {
			should_hold = false;
			held[serial].there = true;
			held[serial].list = list;
		}
		serial += 1 + rng_below(&rng, steps);
	}
	ck_assert_int_eq(s->ops->refill(s, records, text_of(&made), &was_held),
			 0);
	ck_assert(was_held == should_hold);
	finish(was_held);
}

static void claim(void)
{
	uint8_t nonce[STORE_NONCE_SIZE] = { (uint8_t)++epoch };

	ck_assert_int_eq(s->ops->promise(s, epoch, nonce), 0);
}

static void restart(void)
{
	s->ops->close(s);
	s = tools_open_well(&disk);
}

static void begin_empty(void)
{
	char *aside = NULL;

	ck_assert_int_eq(s->ops->begin_empty(s, &aside), 0);
	ck_assert((aside != NULL) == (count_held() > 0));
	/* Room on the disk of the test. */
	if (aside)
		disk_remove(disk_find(&disk, aside));
	free(aside);
	memset(held, 0, sizeof(held));
}

static void change(void)
{
	uint64_t draw = rng_below(&rng, 100);

	if (draw < 45)
		append();
	else if (draw < 90)
		refill();
	else if (draw < 94)
		claim();
	else if (draw < 99)
		restart();
	else
		begin_empty();
}

/* A question, and how the model counts. */
struct question {
	struct store_query q;
	struct slice absent[2];
	struct store_range range;
	char user[16];
	unsigned number; /* of the user; HISTORY_USERS: all */
};

static void draw_question(struct question *x)
{
	static const char *const names[] = { "A", "B" };

	*x = (struct question){ .number = HISTORY_USERS };
	x->q.after = rng_below(&rng, 4) ? rng_below(&rng, HISTORY_MAX) : 0;
	x->q.upto = rng_below(&rng, 4) ? rng_below(&rng, HISTORY_MAX) :
					 UINT64_MAX;
	if (rng_below(&rng, 3)) {
		x->number = (unsigned)rng_below(&rng, HISTORY_USERS);
		(void)snprintf(x->user, sizeof(x->user), "user%u", x->number);
		x->q.user = slice_of(x->user);
	}
	x->q.filter.everything = rng_below(&rng, 3) == 0;
	x->q.filter.absents = rng_below(&rng, 3);
	for (size_t i = 0; i < x->q.filter.absents; i++)
		x->absent[i] = slice_of(names[i]);
	x->q.filter.absent = x->absent;
	x->q.filter.ranges = rng_below(&rng, 2);
	x->range.from = rng_below(&rng, HISTORY_MAX);
	x->range.to = x->range.from + rng_below(&rng, HISTORY_MAX);
	x->range.take = rng_below(&rng, 2);
	x->q.filter.range = &x->range;
}

/* Are all of the list among the absent, who are none, A, or A and B? */
static bool all_absent(const char *list, size_t absents)
{
	for (const char *p = list; *p; p++)
		if (*p != ',' && (size_t)(*p - 'A') >= absents)
			return false;
	return true;
}

static bool is_asked(const struct question *x, uint64_t serial)
{
	const struct store_filter *f = &x->q.filter;

	if (!held[serial].there || serial <= x->q.after || serial > x->q.upto)
		return false;
	if (x->number != HISTORY_USERS &&
	    history_sender(serial) != x->number &&
	    history_receiver(serial) != x->number)
		return false;
	if (f->everything)
		return true;
	if (f->ranges && serial >= x->range.from && serial <= x->range.to)
		return x->range.take;
	return all_absent(lists[held[serial].list], f->absents);
}

static __int128 net_of(uint64_t serial, unsigned user)
{
	__int128 net = 0;

	if (history_receiver(serial) == user)
		net += history_amount(serial);
	if (history_sender(serial) == user)
		net -= history_amount(serial);
	return net;
}

static void check_fetch(const struct question *x)
{
	buf_clear(&expected);
	buf_clear(&found);
	for (uint64_t i = 1; i <= HISTORY_MAX; i++)
		if (is_asked(x, i))
			history_add(&history, i, lists[held[i].list],
				    &expected);
	tools_fetch(s, &x->q, &found);
	assert_text(text_of(&found), text_of(&expected));
}

static void check_total(const struct question *x)
{
	struct store_total total;
	uint64_t records = 0;
	__int128 net = 0;

	for (uint64_t i = 1; i <= HISTORY_MAX; i++) {
		if (!is_asked(x, i))
			continue;
		records++;
		net += net_of(i, x->number);
	}
	ck_assert_int_eq(s->ops->total(s, &x->q, &total), 0);
	ck_assert_uint_eq(total.records, records);
	ck_assert(sum_to_i128(total.net) == net);
}

static void check_partners(const struct question *x)
{
	struct store_partner *list = NULL;
	size_t at = 0;
	size_t count;

	if (x->number == HISTORY_USERS)
		return;
	ck_assert_int_eq(s->ops->partners(s, &x->q, &list, &count), 0);
	for (unsigned user = 0; user < HISTORY_USERS; user++) {
		char name[16];
		uint64_t records = 0;
		__int128 net = 0;

		for (uint64_t i = 1; i <= HISTORY_MAX; i++) {
			unsigned a = history_sender(i);
			unsigned b = history_receiver(i);

			if (a == b || (a != user && b != user) ||
			    user == x->number || !is_asked(x, i))
				continue;
			records++;
			net += net_of(i, x->number);
		}
		if (records == 0)
			continue;
		(void)snprintf(name, sizeof(name), "user%u", user);
		ck_assert_uint_lt(at, count);
		ck_assert(slice_equal(list[at].name, slice_of(name)));
		ck_assert_uint_eq(list[at].count, records);
		ck_assert(sum_to_i128(list[at].net) == net);
		at++;
	}
	ck_assert_uint_eq(at, count);
	free(list);
}

static bool note_serial(void *arg, uint64_t serial, struct slice line)
{
	ck_assert_uint_gt(line.len, 0);
	*(uint64_t *)arg = serial;
	return true;
}

static void check_id(void)
{
	uint64_t serial = 1 + rng_below(&rng, HISTORY_MAX);
	bool there = held[serial].there && history_has_id(serial);
	uint64_t at = 0;
	char id[32];

	(void)snprintf(id, sizeof(id), "id-%" PRIu64, serial);
	ck_assert_int_eq(s->ops->find_id(s, slice_of(id), HISTORY_MAX,
					 note_serial, &at),
			 0);
	ck_assert_uint_eq(at, there ? serial : 0);
}

static void check_state(void)
{
	struct store_state state;

	s->ops->state(s, &state);
	ck_assert_uint_eq(state.last_serial, last_held());
	ck_assert_uint_eq(state.records, count_held());
	ck_assert_uint_eq(state.epoch, epoch);
}

START_TEST(the_block_is_as_the_model)
{
	struct question x;

	rng_seed(&rng, (uint64_t)_i);
	for (int step = 0; step < STEPS; step++) {
		change();
		check_state();
		check_id();
		draw_question(&x);
		check_fetch(&x);
		check_total(&x);
		check_partners(&x);
	}
}
END_TEST

Suite *test_store_model(void)
{
	Suite *suite = suite_create("store/model");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, the_block_is_as_the_model, 0, RUNS);
	suite_add_tcase(suite, t);
	return suite;
}
