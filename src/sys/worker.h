/* SPDX-License-Identifier: MIT */
/*
 * Work that may take long, such as the sync of a disk that stalls, without the
 * event loop standing still.
 *
 * To hand each job to another thread costs two wake-ups, which together take
 * longer than many a sync.  So two threads run the loop in turn: a job is done
 * by the one that has the loop, between two turns, and only if it takes longer
 * than WORKER_PATIENCE does the other one go on with the loop meanwhile.  So a
 * handler may be called by either, but never by both at a time.
 */
#ifndef SYS_WORKER_H
#define SYS_WORKER_H

#include "util/cleanup.h"
#include "util/list.h"
#include "util/timestamp.h"

struct loop;
struct worker;

/* The loop stands still so long at most. */
#define WORKER_PATIENCE (5 * USEC_PER_MSEC)

/* Begin with { 0 } and the handlers; its owner's, and not to be touched. */
struct worker_job {
	/* Called at the end of a turn; must touch nothing that handlers touch. */
	void (*run)(void *arg);
	/* Then this one, as a handler; the job may be started again. */
	void (*done)(void *arg);
	void *arg;
	struct list node; /* the worker's */
};

/* @loop is borrowed. */
int worker_new(struct loop *loop, struct worker **ret) _must_check_;
/* Not while worker_run() runs. */
struct worker *worker_free(struct worker *w);
DEFINE_CLEANUP(struct worker, worker_free);

/*
 * Instead of loop_run(), with the same results; the second thread lives as long
 * as this.  A job that is under way when the loop ends is waited for, and its
 * end not told; those behind it are not done.
 */
int worker_run(struct worker *w);

/*
 * From a handler of the loop, or before it runs: do @job, behind those that were
 * started before it.  Not one that is under way.
 */
void worker_start(struct worker *w, struct worker_job *job);

#endif
