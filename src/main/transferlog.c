/* SPDX-License-Identifier: MIT */
/*
 * Transfers told one by one, or summed up.
 */
#include "config.h"

#include <inttypes.h>

#include "sys/log.h"
#include "util/timestamp.h"

#include "main/transferlog.h"

/* What one message uses up, and the most that can be saved up. */
#define MESSAGE_USEC (USEC_PER_SEC / TRANSFERLOG_RATE)
#define ALLOWANCE_MAX (TRANSFERLOG_BURST * MESSAGE_USEC)

void transferlog_flush(struct transferlog *t)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_TRANSFERS_SUMMED_UP,
		.serial = t->last_serial,
	};

	if (t->summed == 0)
		return;

	log_print(LOG_INFO, &fields,
		  "%" PRIu64 " transfers, serials %" PRIu64 " to %" PRIu64
		  ", in the last second",
		  t->summed, t->first_serial, t->last_serial);
	t->summed = 0;
}

static void sum_due(void *arg)
{
	transferlog_flush(arg);
}

int transferlog_init(struct transferlog *t, struct loop *loop)
{
	*t = (struct transferlog){ .allowance = ALLOWANCE_MAX };
	return loop_add_timer(loop, sum_due, t, &t->timer);
}

static void tell(const struct engine_transfer_event *e)
{
	char amount[AMOUNT_TEXT_MAX];
	const struct log_fields fields = {
		.event = LOG_EVENT_TRANSFER,
		.serial = e->serial,
		.sender = e->sender,
		.receiver = e->receiver,
		.amount = { amount, amount_format(e->amount, amount) },
		.backend = e->backend,
		.id = e->id,
	};

	/* An opening is a record too, of nothing to oneself. */
	if (slice_equal(e->sender, e->receiver))
		log_print(LOG_INFO, &fields,
			  "transaction %" PRIu64 ": \"%.*s\" joins the network",
			  e->serial, SLICE_ARG(e->sender));
	else
		log_print(LOG_INFO, &fields,
			  "transaction %" PRIu64 ": %.*s from \"%.*s\" to "
			  "\"%.*s\"",
			  e->serial, SLICE_ARG(fields.amount),
			  SLICE_ARG(e->sender), SLICE_ARG(e->receiver));
}

static void sum_up(struct transferlog *t, int64_t now, uint64_t serial)
{
	if (t->summed++ == 0) {
		t->first_serial = serial;
		loop_arm(t->timer, now + USEC_PER_SEC);
	}
	t->last_serial = serial;
}

void transferlog_add(struct transferlog *t, int64_t now,
		     const struct engine_transfer_event *event)
{
	/* While a sum is open all go into it, so serials stay in order. */
	if (t->summed > 0) {
		sum_up(t, now, event->serial);
		return;
	}

	t->allowance += now - t->last;
	if (t->allowance > ALLOWANCE_MAX)
		t->allowance = ALLOWANCE_MAX;
	t->last = now;

	if (t->allowance < MESSAGE_USEC) {
		sum_up(t, now, event->serial);
		return;
	}
	t->allowance -= MESSAGE_USEC;
	tell(event);
}
