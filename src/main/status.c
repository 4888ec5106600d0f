/* SPDX-License-Identifier: MIT */
/*
 * Readiness and the status line.
 */
#include "config.h"

#include "sys/log.h"
#include "sys/notify.h"
#include "util/timestamp.h"

#include "main/status.h"

/* Seconds beyond start_wait after which a start that says nothing hangs. */
#define START_MARGIN 30

static void work_out_rate(struct status *s, const struct info *i, int64_t now)
{
	uint64_t transfers = i->engine.transfers - s->transfers;
	uint64_t elapsed = (uint64_t)(now - s->told);

	/* A first transfer after a quiet hour is one in the last second. */
	if (elapsed < USEC_PER_SEC)
		elapsed = USEC_PER_SEC;
	if (elapsed < 2 * USEC_PER_SEC)
		s->rate = transfers * USEC_PER_SEC / elapsed;
	else
		s->rate = transfers;
	s->transfers = i->engine.transfers;
	s->told = now;
}

static void tell_line(void *arg)
{
	struct status *s = arg;
	struct buf line = { 0 };
	struct info i;

	s->pending = false;
	s->gather(s->ctx, &i);
	work_out_rate(s, &i, loop_now());
	i.rate = s->rate;

	if (info_status(&i, &line) == 0)
		notify_status("%.*s", (int)line.len, (const char *)line.data);
	buf_done(&line);

	/* Once more, so that the line ends at 0 a second. */
	if (s->rate > 0)
		status_touch(s, s->told);
}

/* Waited long enough: not open, but up. */
static void start_wait_over(void *arg)
{
	_cleanup_(buf_done) struct buf why = { 0 };
	struct status *s = arg;
	struct info i;

	if (s->ready)
		return;

	s->gather(s->ctx, &i);
	if (info_waiting(&i, &why) == 0)
		log_print(LOG_WARNING, NULL, "not open yet: %.*s",
			  (int)why.len, (const char *)why.data);
	tell_line(s);
	notify_ready();
	s->ready = true;
}

int status_init(struct status *s, struct loop *loop, int64_t start_wait,
		void (*gather)(void *ctx, struct info *ret), void *ctx)
{
	int r;

	*s = (struct status){
		.gather = gather,
		.ctx = ctx,
		.started = loop_now(),
	};
	r = loop_add_timer(loop, tell_line, s, &s->line_timer);
	if (r < 0)
		return r;
	r = loop_add_timer(loop, start_wait_over, s, &s->start_timer);
	if (r < 0)
		return r;

	status_set_start_wait(s, start_wait);
	return 0;
}

void status_set_start_wait(struct status *s, int64_t start_wait)
{
	if (s->ready)
		return;

	/* It may be longer than the manager waits of itself. */
	notify_extend((unsigned)(start_wait / USEC_PER_SEC) + START_MARGIN);
	loop_arm(s->start_timer, s->started + start_wait);
}

void status_touch(struct status *s, int64_t now)
{
	int64_t due = s->told + USEC_PER_SEC;

	if (s->pending)
		return;

	s->pending = true;
	loop_arm(s->line_timer, due > now ? due : now);
}

static void tell_open(const struct info *i)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_READY,
		.serial = i->engine.serial,
	};
	struct buf text = { 0 };

	if (info_ready(i, &text) == 0)
		log_print(LOG_NOTICE, &fields,
			  "ready: listening on tcp %.*s, %.*s",
			  SLICE_ARG(i->listen), (int)text.len,
			  (const char *)text.data);
	buf_done(&text);
}

void status_state_changed(struct status *s)
{
	struct info i;

	s->gather(s->ctx, &i);
	if (i.engine.open && !s->open) {
		tell_open(&i);
		if (!s->ready)
			notify_ready();
		s->ready = true;
		loop_arm(s->start_timer, INT64_MAX);
		tell_line(s);
	}
	s->open = i.engine.open;
	status_touch(s, loop_now());
}
