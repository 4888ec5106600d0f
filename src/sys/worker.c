/* SPDX-License-Identifier: MIT */
/*
 * Two threads and one loop.  Whoever is w->runner has the loop and everything
 * that its handlers touch; the lock makes one thread see what the other left
 * behind.  The other one waits for the timer, which is set when a job begins
 * unless it is set already: while jobs are short it fires now and then for
 * nothing, and costs no system call a job.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sys/loop.h"
#include "sys/worker.h"

enum {
	FIRST, /* the thread that called worker_run() */
	SECOND,
};

struct worker {
	struct loop *loop;
	int timer; /* wakes the thread that has no loop */
	int ended_event; /* wakes the loop */

	/* The runner's. */
	struct list waiting; /* jobs */
	struct worker_job *job; /* that was begun; NULL: none */

	pthread_mutex_t lock; /* of all that follows */
	int runner;
	bool timer_set;
	bool running; /* a job is */
	int64_t since;
	bool ended; /* it is, but its runner was relieved */
	bool over;
	int result; /* of worker_run() */
};

int worker_new(struct loop *loop, struct worker **ret)
{
	_cleanup_(worker_freep) struct worker *w = NULL;
	int r;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->loop = loop;
	list_init(&w->waiting);
	w->timer = -EBADF;
	w->ended_event = -EBADF;
	r = pthread_mutex_init(&w->lock, NULL);
	if (r > 0)
		abort();

	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (w->timer < 0)
		return -errno;
	w->ended_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->ended_event < 0)
		return -errno;

	*ret = TAKE_PTR(w);
	return 0;
}

struct worker *worker_free(struct worker *w)
{
	if (!w)
		return NULL;

	if (w->timer >= 0)
		(void)close(w->timer);
	if (w->ended_event >= 0)
		(void)close(w->ended_event);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

void worker_start(struct worker *w, struct worker_job *job)
{
	assert(job != w->job);
	list_append(&w->waiting, &job->node);
}

/* Locks and descriptors of our own: what fails here is our own fault. */

static void lock(struct worker *w)
{
	if (pthread_mutex_lock(&w->lock) != 0)
		abort();
}

static void unlock(struct worker *w)
{
	if (pthread_mutex_unlock(&w->lock) != 0)
		abort();
}

/* Locked: the other thread is to look in @after microseconds. */
static void set_timer(struct worker *w, int64_t after)
{
	const struct itimerspec when = {
		.it_value.tv_sec = after / USEC_PER_SEC,
		.it_value.tv_nsec = after % USEC_PER_SEC * 1000,
	};

	if (timerfd_settime(w->timer, 0, &when, NULL) < 0)
		abort();
	w->timer_set = true;
}

/* The job is over, and this thread has the loop. */
static void finish(struct worker *w)
{
	const struct worker_job *job = TAKE_PTR(w->job);

	job->done(job->arg);
}

static void on_ended(void *arg, uint32_t events)
{
	struct worker *w = arg;
	uint64_t count;
	bool ended;

	(void)events;
	if (read(w->ended_event, &count, sizeof(count)) < 0)
		return;

	lock(w);
	ended = w->ended;
	w->ended = false;
	unlock(w);
	if (ended)
		finish(w);
}

static void tell_ended(struct worker *w)
{
	const uint64_t one = 1;

	w->ended = true;
	if (write(w->ended_event, &one, sizeof(one)) < 0)
		abort();
}

/* False: it took long, and the other thread has the loop now. */
static bool run_job(struct worker *w, int me)
{
	struct worker_job *job = list_entry(list_first(&w->waiting),
					    struct worker_job, node);
	bool mine;

	list_remove(&job->node);
	w->job = job;
	lock(w);
	w->running = true;
	w->since = loop_now();
	if (!w->timer_set)
		set_timer(w, WORKER_PATIENCE);
	unlock(w);

	job->run(job->arg);

	lock(w);
	w->running = false;
	mine = w->runner == me;
	if (!mine)
		tell_ended(w);
	unlock(w);
	return mine;
}

/* The loop has ended: so does everything. */
static void end(struct worker *w, int result)
{
	lock(w);
	w->over = true;
	w->result = result;
	set_timer(w, 1);
	unlock(w);
}

/* Until the loop ends, or this thread is relieved. */
static void run_loop(struct worker *w, int me)
{
	int r;

	while (loop_end_turn(w->loop)) {
		if (!w->job && !list_empty(&w->waiting)) {
			if (!run_job(w, me))
				return;
			finish(w);
			continue;
		}
		r = loop_next_turn(w->loop);
		if (r < 0) {
			end(w, r);
			return;
		}
	}
	end(w, loop_code(w->loop));
}

/* The timer has fired.  Is there somebody to be relieved? */
static void look(struct worker *w, int me)
{
	int64_t left;

	w->timer_set = false;
	if (!w->running || w->over)
		return;
	left = w->since + WORKER_PATIENCE - loop_now();
	if (left > 0)
		set_timer(w, left);
	else
		w->runner = me;
}

/* Wait for one's turn.  False: it is all over. */
static bool stand_by(struct worker *w, int me)
{
	uint64_t count;
	bool over;
	bool mine;

	for (;;) {
		lock(w);
		over = w->over;
		mine = w->runner == me;
		unlock(w);
		if (over || mine)
			return !over;

		if (read(w->timer, &count, sizeof(count)) < 0 && errno != EINTR)
			abort();
		lock(w);
		look(w, me);
		unlock(w);
	}
}

static void take_turns(struct worker *w, int me)
{
	while (stand_by(w, me))
		run_loop(w, me);
}

static void *second_thread(void *arg)
{
	take_turns(arg, SECOND);
	return NULL;
}

/* Signals are the loop's, whichever thread has it. */
static int start_thread(struct worker *w, pthread_t *ret)
{
	sigset_t all;
	sigset_t old;
	int r;

	if (sigfillset(&all) < 0)
		return -errno;
	r = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (r > 0)
		return -r;
	r = pthread_create(ret, NULL, second_thread, w);
	if (pthread_sigmask(SIG_SETMASK, &old, NULL) != 0)
		abort();
	return -r;
}

int worker_run(struct worker *w)
{
	pthread_t second;
	int r;

	r = loop_watch(w->loop, w->ended_event, EPOLLIN, on_ended, w);
	if (r < 0)
		return r;

	w->runner = FIRST;
	r = start_thread(w, &second);
	if (r == 0) {
		take_turns(w, FIRST);
		if (pthread_join(second, NULL) != 0)
			abort();
		r = w->result;
	}
	loop_forget(w->loop, w->ended_event);
	return r;
}
