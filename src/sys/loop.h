/* SPDX-License-Identifier: MIT */
/*
 * The event loop (sd-event(3)): descriptors, one-shot timers, signals, the
 * watchdog.  Times are microseconds of CLOCK_BOOTTIME, so that a suspended
 * host does not keep a lease.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

struct loop;
struct loop_timer;

typedef void (*loop_fd_handler)(void *arg, uint32_t epoll_events);
typedef void (*loop_handler)(void *arg);

int loop_new(struct loop **ret) _must_check_;
struct loop *loop_free(struct loop *l);
DEFINE_CLEANUP(struct loop, loop_free);

/*
 * Watch @fd, level-triggered, until the loop is freed or loop_forget(), which
 * comes before close() and is allowed in any handler.
 */
int loop_watch(struct loop *l, int fd, uint32_t epoll_events,
	       loop_fd_handler handler, void *arg) _must_check_;
void loop_forget(struct loop *l, int fd);

/* A timer that is not armed yet; freed with the loop. */
int loop_add_timer(struct loop *l, loop_handler handler, void *arg,
		   struct loop_timer **ret) _must_check_;
/* Fire once at @when (INT64_MAX: not at all); replaces what was set. */
void loop_arm(struct loop_timer *t, int64_t when);

/*
 * Called before the loop sleeps: at the beginning of loop_run(), and whenever
 * all that one wait found ready has been dispatched (a turn).
 */
int loop_add_turn_end(struct loop *l, loop_handler handler,
		      void *arg) _must_check_;

/* @handler in the loop when @signo comes; blocks it for the process. */
int loop_add_signal(struct loop *l, int signo, loop_handler handler,
		    void *arg) _must_check_;
/* Feed the watchdog from the loop, if the manager asks for it. */
int loop_enable_watchdog(struct loop *l) _must_check_;

/* Run until loop_exit(); returns its code or a negative errno. */
int loop_run(struct loop *l);
/*
 * The halves of loop_run(), for what is to be done between them.  Any thread
 * may call them, one at a time.
 */
/* The handlers of the turn's end.  False: loop_exit() was called. */
bool loop_end_turn(struct loop *l);
/* Wait, and dispatch what was found.  0 or a negative errno. */
int loop_next_turn(struct loop *l) _must_check_;
/* What loop_exit() was given. */
int loop_code(const struct loop *l);

/* No handler is called any more once the one that calls this has returned. */
void loop_exit(struct loop *l, int code);

/* CLOCK_BOOTTIME now; CLOCK_REALTIME now. */
int64_t loop_now(void);
int64_t loop_wall_clock(void);

#endif
