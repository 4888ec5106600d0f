/* SPDX-License-Identifier: MIT */
/*
 * Transfers and refusals told one by one, or summed up.
 */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>

#include "sys/log.h"
#include "util/timestamp.h"

#include "main/transferlog.h"

/* What one message uses up, and the most that can be saved up. */
#define MESSAGE_USEC (USEC_PER_SEC / TRANSFERLOG_RATE)
#define ALLOWANCE_MAX (TRANSFERLOG_BURST * MESSAGE_USEC)

static const struct allowance full = { .saved = ALLOWANCE_MAX };

/* May one more be told at @now? */
static bool spend(struct allowance *a, int64_t now)
{
	a->saved += now - a->last;
	if (a->saved > ALLOWANCE_MAX)
		a->saved = ALLOWANCE_MAX;
	a->last = now;

	if (a->saved < MESSAGE_USEC)
		return false;
	a->saved -= MESSAGE_USEC;
	return true;
}

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
	*t = (struct transferlog){ .allowance = full };
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
	if (t->summed > 0 || !spend(&t->allowance, now))
		sum_up(t, now, event->serial);
	else
		tell(event);
}

/* --- Refusals */

void refusallog_flush(struct refusallog *l)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_REFUSALS_SUMMED_UP,
	};

	if (l->summed == 0)
		return;

	log_print(LOG_INFO, &fields,
		  "%" PRIu64 " more orders were refused in the last second",
		  l->summed);
	l->summed = 0;
}

static void refusals_due(void *arg)
{
	refusallog_flush(arg);
}

int refusallog_init(struct refusallog *l, struct loop *loop)
{
	*l = (struct refusallog){ .allowance = full };
	return loop_add_timer(loop, refusals_due, l, &l->timer);
}

static void tell_refusal(const struct engine_refusal_event *e)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_REFUSAL,
		.sender = e->sender,
		.receiver = e->receiver,
		.amount = e->amount,
		.id = e->id,
		.result = e->code,
	};

	log_print(LOG_INFO, &fields, "refused, %.*s: %.*s", SLICE_ARG(e->code),
		  SLICE_ARG(e->sentence));
}

void refusallog_add(struct refusallog *l, int64_t now,
		    const struct engine_refusal_event *event)
{
	if (l->summed == 0 && spend(&l->allowance, now)) {
		tell_refusal(event);
		return;
	}
	if (l->summed++ == 0)
		loop_arm(l->timer, now + USEC_PER_SEC);
}
