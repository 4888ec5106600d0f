/* SPDX-License-Identifier: MIT */
/*
 * The event loop over sd-event(3).  sd-event dispatches one source a wait; a
 * turn here is all the sources that one wait found ready, oldest first, and
 * then the handlers of the turn's end.  What becomes ready meanwhile belongs to
 * the next turn, so no busy descriptor can put off a turn's end.  Knows nothing
 * of what its descriptors are.
 */
#include "config.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "util/list.h"
#include "util/timestamp.h"
#include "sys/loop.h"

#define TURN_ENDS_MAX 4

/* The finest that sd-event knows; its 0 means a quarter of a second. */
#define TIMER_ACCURACY_USEC 1

/* A source of events and who wants to hear of them. */
struct entry {
	struct list node;
	sd_event_source *source;
	struct loop *loop;
	loop_fd_handler on_fd;
	loop_handler handler;
	void *arg;
	int fd; /* if on_fd is set */
};

struct loop_timer {
	struct entry entry; /* first: freed as one */
	int64_t when;	    /* INT64_MAX: not armed */
};

struct turn_end {
	loop_handler handler;
	void *arg;
};

struct loop {
	sd_event *event;
	struct list entries;
	struct turn_end turn_end[TURN_ENDS_MAX];
	size_t turn_ends;
	bool exiting;
	int code;
};

int loop_new(struct loop **ret)
{
	_cleanup_(loop_freep) struct loop *l = NULL;
	int r;

	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	list_init(&l->entries);

	r = sd_event_new(&l->event);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(l);
	return 0;
}

static void entry_free(struct entry *e)
{
	list_remove(&e->node);
	sd_event_source_disable_unref(e->source);
	free(e);
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;

	while (!list_empty(&l->entries))
		entry_free(list_entry(list_first(&l->entries), struct entry,
				      node));
	sd_event_unref(l->event);
	free(l);
	return NULL;
}

/* An entry of @size bytes, not in the list of the loop yet. */
static void *entry_new(struct loop *l, size_t size, loop_handler handler,
		       void *arg)
{
	struct entry *e = calloc(1, size);

	if (!e)
		return NULL;
	e->loop = l;
	e->handler = handler;
	e->arg = arg;
	list_init(&e->node);
	return e;
}

/* Keep @e if its source could be had, else free it. */
static int entry_keep(struct entry *e, int r)
{
	if (r < 0) {
		free(e);
		return r;
	}
	list_append(&e->loop->entries, &e->node);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct entry *e = arg;

	(void)source;
	(void)fd;

	/* @e may be gone when its handler returns. */
	e->on_fd(e->arg, events);
	return 0;
}

int loop_watch(struct loop *l, int fd, uint32_t epoll_events,
	       loop_fd_handler handler, void *arg)
{
	struct entry *e;

	e = entry_new(l, sizeof(*e), NULL, arg);
	if (!e)
		return -ENOMEM;
	e->on_fd = handler;
	e->fd = fd;

	return entry_keep(e, sd_event_add_io(l->event, &e->source, fd,
					     epoll_events, on_io, e));
}

void loop_forget(struct loop *l, int fd)
{
	struct list *it;
	struct list *tmp;

	list_for_each_safe(it, tmp, &l->entries) {
		struct entry *e = list_entry(it, struct entry, node);

		if (e->on_fd && e->fd == fd) {
			entry_free(e);
			return;
		}
	}
}

static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
	struct loop_timer *t = arg;

	(void)source;
	(void)usec;

	/* First, so that the handler can arm it anew. */
	t->when = INT64_MAX;
	t->entry.handler(t->entry.arg);
	return 0;
}

int loop_add_timer(struct loop *l, loop_handler handler, void *arg,
		   struct loop_timer **ret)
{
	struct loop_timer *t;
	int r;

	t = entry_new(l, sizeof(*t), handler, arg);
	if (!t)
		return -ENOMEM;
	t->when = INT64_MAX;

	r = sd_event_add_time(l->event, &t->entry.source, CLOCK_BOOTTIME,
			      UINT64_MAX, TIMER_ACCURACY_USEC, on_time, t);
	r = entry_keep(&t->entry, r);
	if (r < 0)
		return r;

	*ret = t;
	return 0;
}

void loop_arm(struct loop_timer *t, int64_t when)
{
	sd_event_source *source = t->entry.source;
	int r;

	/* Most calls change nothing; a change costs a system call later. */
	if (when == t->when)
		return;

	if (when == INT64_MAX) {
		r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
	} else {
		r = sd_event_source_set_time(source,
					     when < 0 ? 0 : (uint64_t)when);
		if (r >= 0)
			r = sd_event_source_set_enabled(source,
							SD_EVENT_ONESHOT);
	}

	/* A source of ours in a process of ours: nothing here can fail. */
	if (r < 0)
		abort();
	t->when = when;
}

int loop_add_turn_end(struct loop *l, loop_handler handler, void *arg)
{
	if (l->turn_ends == TURN_ENDS_MAX)
		return -ENOSPC;

	l->turn_end[l->turn_ends++] = (struct turn_end){ handler, arg };
	return 0;
}

static int on_signal(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *arg)
{
	struct entry *e = arg;

	(void)source;
	(void)info;
	e->handler(e->arg);
	return 0;
}

int loop_add_signal(struct loop *l, int signo, loop_handler handler, void *arg)
{
	struct entry *e;
	sigset_t set;

	/* Or the signal would act as if nobody had asked for it. */
	if (sigemptyset(&set) < 0 || sigaddset(&set, signo) < 0)
		return -errno;
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;

	e = entry_new(l, sizeof(*e), handler, arg);
	if (!e)
		return -ENOMEM;
	return entry_keep(e, sd_event_add_signal(l->event, &e->source, signo,
						 on_signal, e));
}

int loop_enable_watchdog(struct loop *l)
{
	int r;

	r = sd_event_set_watchdog(l->event, true);
	return r < 0 ? r : 0;
}

bool loop_end_turn(struct loop *l)
{
	for (size_t i = 0; i < l->turn_ends && !l->exiting; i++)
		l->turn_end[i].handler(l->turn_end[i].arg);
	return !l->exiting;
}

/* How many sources the last wait found that were not dispatched yet. */
static size_t count_pending(struct loop *l)
{
	struct list *it;
	size_t n = 0;

	for (it = l->entries.next; it != &l->entries; it = it->next)
		n += sd_event_source_get_pending(
			     list_entry(it, struct entry, node)->source) > 0;
	return n;
}

/* Wait for something, if nothing is ready already, and dispatch one source. */
static int dispatch_one(struct loop *l)
{
	int r;

	r = sd_event_run(l->event, UINT64_MAX);
	return r == -EINTR ? 0 : r;
}

/*
 * One wait, and all that it found.  As all sources are of one priority,
 * sd-event takes the one that has been ready longest: those of this wait come
 * first, and a later one is left for the next turn.
 */
int loop_next_turn(struct loop *l)
{
	int r;

	r = dispatch_one(l);
	if (r < 0)
		return r;

	for (size_t left = count_pending(l); left > 0 && !l->exiting; left--) {
		/* A handler may have taken others back. */
		if (count_pending(l) == 0)
			break;
		r = dispatch_one(l);
		if (r < 0)
			return r;
	}
	return 0;
}

int loop_run(struct loop *l)
{
	int r;

	/* Once before the first sleep: a program may have begun things. */
	while (loop_end_turn(l)) {
		r = loop_next_turn(l);
		if (r < 0)
			return r;
	}
	return l->code;
}

int loop_code(const struct loop *l)
{
	return l->code;
}

void loop_exit(struct loop *l, int code)
{
	l->exiting = true;
	l->code = code;
}

static int64_t clock_usec(clockid_t clock)
{
	struct timespec now;

	/* Fails only for clocks that do not exist. */
	if (clock_gettime(clock, &now) < 0)
		abort();
	return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

int64_t loop_now(void)
{
	return clock_usec(CLOCK_BOOTTIME);
}

int64_t loop_wall_clock(void)
{
	return clock_usec(CLOCK_REALTIME);
}
