/* SPDX-License-Identifier: MIT */
/*
 * Keeps what was counted and what was told of it, by the reason.  Its timer is
 * armed only while there is something to say.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sys/address.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "util/buf.h"
#include "wire/frame.h"
#include "backend/dropped.h"
#include "backend/responder.h"
#include "backend/server.h"

enum reason {
	/* Before these stand the faults of frames. */
	REASON_OTHER_BLOCK = FRAME_FAULTS,
	REASON_TOO_LONG,
	REASON_NOT_LOOPBACK,
	REASONS,
};

struct dropped {
	struct slice block;
	struct loop_timer *timer;
	int64_t interval;
	uint64_t count[REASONS];
	uint64_t told[REASONS];
	int64_t told_at;
	struct address last; /* who sent the last one */
};

static const char *reason_name(size_t reason)
{
	switch (reason) {
	case REASON_OTHER_BLOCK:
		return "other block";
	case REASON_TOO_LONG:
		return "too long";
	case REASON_NOT_LOOPBACK:
		return "not from loopback";
	default:
		return frame_fault_name((enum frame_fault)reason);
	}
}

static uint64_t untold(const struct dropped *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < REASONS; i++)
		sum += d->count[i] - d->told[i];

	return sum;
}

static int list_reasons(const struct dropped *d, struct buf *out)
{
	for (size_t i = 0; i < REASONS; i++) {
		if (d->count[i] == d->told[i])
			continue;
		if (buf_addf(out, "%s%s: %" PRIu64, out->len ? ", " : "",
			     reason_name(i), d->count[i] - d->told[i]) < 0)
			return -ENOMEM;
	}

	return 0;
}

static void warn(struct dropped *d)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_FORGED_DATAGRAMS,
		.backend = d->block,
	};
	_cleanup_(buf_done) struct buf list = { 0 };
	char last[ADDRESS_TEXT_SIZE];

	if (list_reasons(d, &list) < 0)
		return;

	address_format(&d->last, last);
	log_print(LOG_WARNING, &fields,
		  "block %.*s: dropped %" PRIu64
		  " forged or damaged datagrams (%.*s), the last from %s",
		  SLICE_ARG(d->block), untold(d), (int)list.len,
		  (const char *)list.data, last);
}

void dropped_tell(struct dropped *d)
{
	const int64_t now = loop_now();

	if (untold(d) == 0)
		return;

	if (now - d->told_at < d->interval) {
		loop_arm(d->timer, d->told_at + d->interval);
		return;
	}

	warn(d);
	memcpy(d->told, d->count, sizeof(d->told));
	d->told_at = now;
}

void dropped_look(struct dropped *d, const struct responder_counters *responder,
		  const struct server_counters *server,
		  const struct address *from)
{
	const uint64_t before = untold(d);

	memcpy(d->count, responder->fault, sizeof(responder->fault));
	d->count[REASON_OTHER_BLOCK] = responder->other_block;
	d->count[REASON_TOO_LONG] = server->too_long;
	d->count[REASON_NOT_LOOPBACK] = server->not_loopback;
	if (untold(d) > before)
		d->last = *from;
}

static void on_timer(void *arg)
{
	dropped_tell(arg);
}

int dropped_new(struct loop *loop, struct slice block, int64_t interval,
		struct dropped **ret)
{
	_cleanup_(dropped_freep) struct dropped *d = NULL;
	int r;

	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;

	d->block = block;
	d->interval = interval;
	/* Long ago: the first one is told of at once. */
	d->told_at = INT64_MIN / 2;
	r = loop_add_timer(loop, on_timer, d, &d->timer);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(d);
	return 0;
}

struct dropped *dropped_free(struct dropped *d)
{
	if (!d)
		return NULL;

	/* The timer lives as long as the loop. */
	if (d->timer)
		loop_arm(d->timer, INT64_MAX);
	free(d);
	return NULL;
}
