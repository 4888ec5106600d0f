/* SPDX-License-Identifier: MIT */
/*
 * Jobs that take long: the loop goes on, in another thread, and never in two.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/loop.h"
#include "sys/worker.h"
#include "util/slice.h"
#include "util/timestamp.h"

#include "unit.h"

UNIT_SUITE(test_sys_worker);

#define DEADLINE (20 * USEC_PER_SEC)
#define DONE 7
#define TOO_LATE 99
#define JOBS 200

static struct loop *loop;
static struct worker *worker;
static struct loop_timer *tick;
static atomic_bool go; /* a job that waits for it may end */
static atomic_bool at_work; /* a job runs */
static pthread_t job_thread;
static pthread_t loop_thread;
static unsigned int ticks;
static unsigned int ends; /* of jobs that were told */
static unsigned int turns;
static atomic_int inside; /* handlers that run: one at most */
static int64_t deadline;

static void start(void (*run)(void *arg), void (*done)(void *arg))
{
	static struct worker_job job;

	job = (struct worker_job){ run, done, NULL, { 0 } };
	worker_start(worker, &job);
}

static void enter(void)
{
	ck_assert_int_eq(atomic_fetch_add(&inside, 1), 0);
	loop_thread = pthread_self();
}

static void leave(void)
{
	(void)atomic_fetch_sub(&inside, 1);
}

static void give_up_when_late(void)
{
	if (loop_now() > deadline)
		loop_exit(loop, TOO_LATE);
}

static void on_turn_end(void *arg)
{
	(void)arg;
	enter();
	turns++;
	leave();
}

static void setup(void)
{
	atomic_store(&go, false);
	atomic_store(&at_work, false);
	atomic_store(&inside, 0);
	ticks = ends = turns = 0;
	deadline = loop_now() + DEADLINE;
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(worker_new(loop, &worker), 0);
	ck_assert_int_eq(loop_add_turn_end(loop, on_turn_end, NULL), 0);
}

static void teardown(void)
{
	worker = worker_free(worker);
	loop = loop_free(loop);
}

static void pause_for(int64_t usec)
{
	const struct timespec pause = { usec / USEC_PER_SEC,
					usec % USEC_PER_SEC * 1000 };

	(void)nanosleep(&pause, NULL);
}

static void add_tick(loop_handler handler)
{
	ck_assert_int_eq(loop_add_timer(loop, handler, NULL, &tick), 0);
	loop_arm(tick, 0);
}

static void on_end(void *arg)
{
	(void)arg;
	enter();
	ck_assert(!atomic_load(&at_work));
	ends++;
	leave();
}

static void end_and_exit(void *arg)
{
	on_end(arg);
	loop_exit(loop, DONE);
}

/* --- Short jobs */

static void short_job(void *arg)
{
	(void)arg;
	job_thread = pthread_self();
}

static void start_short(void *arg)
{
	(void)arg;
	start(short_job, end_and_exit);
}

/* No other thread has to be woken, which is the point of it all. */
START_TEST(short_job_is_done_where_the_loop_is)
{
	add_tick(start_short);
	ck_assert_int_eq(worker_run(worker), DONE);
	ck_assert_uint_eq(ends, 1);
	ck_assert(pthread_equal(job_thread, pthread_self()));
	ck_assert(pthread_equal(loop_thread, pthread_self()));
}
END_TEST

START_TEST(job_from_before_the_start_is_done)
{
	start_short(NULL);
	ck_assert_int_eq(worker_run(worker), DONE);
	ck_assert_uint_eq(ends, 1);
}
END_TEST

static unsigned int turns_at_end;

static void end_and_note(void *arg)
{
	on_end(arg);
	turns_at_end = turns;
	loop_arm(tick, 0);
}

static void start_then_exit(void *arg)
{
	(void)arg;
	if (ends == 0) {
		start(short_job, end_and_note);
		return;
	}
	/* What it had begun was sent off before the loop slept again. */
	ck_assert_uint_gt(turns, turns_at_end);
	loop_exit(loop, DONE);
}

START_TEST(end_of_a_job_has_a_turn_end_of_its_own)
{
	add_tick(start_then_exit);
	ck_assert_int_eq(worker_run(worker), DONE);
}
END_TEST

/* --- Long ones */

static void long_job(void *arg)
{
	(void)arg;
	job_thread = pthread_self();
	atomic_store(&at_work, true);
	while (!atomic_load(&go) && loop_now() < deadline)
		pause_for(USEC_PER_MSEC);
	atomic_store(&at_work, false);
}

static void tick_beside_a_job(void *arg)
{
	(void)arg;
	enter();
	if (ticks++ == 0)
		start(long_job, end_and_exit);
	else if (ticks == 5)
		atomic_store(&go, true);
	give_up_when_late();
	loop_arm(tick, loop_now() + USEC_PER_MSEC);
	leave();
}

/* The job ends only because the loop goes on. */
START_TEST(loop_goes_on_beside_a_long_job)
{
	add_tick(tick_beside_a_job);
	ck_assert_int_eq(worker_run(worker), DONE);
	ck_assert_uint_eq(ends, 1);
	ck_assert_uint_ge(ticks, 5);
	ck_assert(!pthread_equal(job_thread, loop_thread));
}
END_TEST

static void start_next(void *arg);

static void end_of_many(void *arg)
{
	on_end(arg);
	if (ends == JOBS)
		loop_exit(loop, DONE);
	else
		start_next(arg);
}

/* Shorter and longer than the loop waits, and just as long. */
static void mixed_job(void *arg)
{
	static const int64_t takes[] = { 0, 0, WORKER_PATIENCE,
					 2 * WORKER_PATIENCE };

	(void)arg;
	atomic_store(&at_work, true);
	if (takes[ends % 4])
		pause_for(takes[ends % 4]);
	atomic_store(&at_work, false);
}

static void start_next(void *arg)
{
	(void)arg;
	start(mixed_job, end_of_many);
}

static void tick_beside_many(void *arg)
{
	(void)arg;
	enter();
	if (ticks++ == 0)
		start_next(NULL);
	give_up_when_late();
	loop_arm(tick, loop_now() + 700);
	leave();
}

START_TEST(threads_take_turns)
{
	add_tick(tick_beside_many);
	ck_assert_int_eq(worker_run(worker), DONE);
	ck_assert_uint_eq(ends, JOBS);
}
END_TEST

static char order[8];
static struct worker_job queued[3];

static void note_job(void *arg)
{
	const struct worker_job *job = arg;
	const size_t at = strlen(order);

	pause_for(job == &queued[1] ? 2 * WORKER_PATIENCE : 0);
	order[at] = (char)('0' + (job - queued));
}

static void note_end(void *arg)
{
	on_end(arg);
	if (ends == ELEMENTS(queued))
		loop_exit(loop, DONE);
}

/* One after the other, whether the threads change or not. */
START_TEST(jobs_wait_for_those_before)
{
	order[0] = '\0';
	for (size_t i = 0; i < ELEMENTS(queued); i++) {
		queued[i] = (struct worker_job){ note_job, note_end, &queued[i],
						 { 0 } };
		worker_start(worker, &queued[i]);
	}
	ck_assert_int_eq(worker_run(worker), DONE);
	ck_assert_str_eq(order, "012");
}
END_TEST

/* --- Ends */

static void exit_beside_a_job(void *arg)
{
	(void)arg;
	if (ticks++ == 0) {
		start(long_job, on_end);
	} else if (atomic_load(&at_work)) {
		loop_exit(loop, DONE);
		atomic_store(&go, true);
	}
	give_up_when_late();
	loop_arm(tick, loop_now() + USEC_PER_MSEC);
}

/* It is waited for: what it works on goes next. */
START_TEST(loop_that_ends_waits_for_the_job)
{
	add_tick(exit_beside_a_job);
	ck_assert_int_eq(worker_run(worker), DONE);
	ck_assert(!atomic_load(&at_work));
	ck_assert_uint_eq(ends, 0);
}
END_TEST

static void exit_behind_a_long_job(void *arg)
{
	(void)arg;
	if (ticks++ == 0)
		start(long_job, on_end);
	else if (ticks == 20)
		atomic_store(&go, true);
	if (ends == 1)
		loop_exit(loop, DONE);
	give_up_when_late();
	loop_thread = pthread_self();
	loop_arm(tick, loop_now() + USEC_PER_MSEC);
}

/* The thread that began is the one that stands by when the loop ends. */
START_TEST(loop_may_end_in_either_thread)
{
	add_tick(exit_behind_a_long_job);
	ck_assert_int_eq(worker_run(worker), DONE);
	ck_assert(pthread_equal(job_thread, pthread_self()));
	ck_assert(!pthread_equal(loop_thread, pthread_self()));
}
END_TEST

START_TEST(loop_that_ended_before_ends_at_once)
{
	loop_exit(loop, DONE);
	ck_assert_int_eq(worker_run(worker), DONE);
}
END_TEST

START_TEST(free_takes_nothing_too)
{
	ck_assert_ptr_null(worker_free(NULL));
}
END_TEST

Suite *test_sys_worker(void)
{
	Suite *s = suite_create("sys/worker");
	TCase *t = tcase_create("worker");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, short_job_is_done_where_the_loop_is);
	tcase_add_test(t, job_from_before_the_start_is_done);
	tcase_add_test(t, end_of_a_job_has_a_turn_end_of_its_own);
	tcase_add_test(t, loop_goes_on_beside_a_long_job);
	tcase_add_test(t, threads_take_turns);
	tcase_add_test(t, jobs_wait_for_those_before);
	tcase_add_test(t, loop_that_ends_waits_for_the_job);
	tcase_add_test(t, loop_may_end_in_either_thread);
	tcase_add_test(t, loop_that_ended_before_ends_at_once);
	tcase_add_test(t, free_takes_nothing_too);
	suite_add_tcase(s, t);
	return s;
}
