/* SPDX-License-Identifier: MIT */
/*
 * The options are judged before anything is asked.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "util/timestamp.h"
#include "walletctl/answer.h"
#include "walletctl/moment.h"

#include "walletctl/span.h"

#define NUMBER_SIZE 21

static enum status take_moment(struct context *ctx, enum option_key key,
			       int64_t now, int64_t *ret)
{
	const char *text = ctx->options.value[key];
	const char *fault;

	*ret = SPAN_NO_TIME;
	if (!text || moment_parse(text, now, ret, &fault) == 0)
		return STATUS_DONE;
	return context_usage(ctx, "--%s: %s%s, not \"%s\"",
			     options_table[key].name, fault,
			     key == OPTION_AT ? ", or a serial number" : "",
			     text);
}

enum status span_options(struct context *ctx, struct span *ret)
{
	int64_t now = moment_now();
	struct span s = { .first = 1 };
	enum status status;

	status = take_moment(ctx, OPTION_SINCE, now, &s.since);
	if (status == STATUS_DONE)
		status = take_moment(ctx, OPTION_UNTIL, now, &s.until);
	if (status != STATUS_DONE)
		return status;
	if (s.until != SPAN_NO_TIME && s.since > s.until)
		return context_usage(ctx, "--since is later than --until");
	*ret = s;
	return STATUS_DONE;
}

bool span_is_bounded(const struct span *s)
{
	return s->since != SPAN_NO_TIME || s->until != SPAN_NO_TIME;
}

static int time_of(struct slice text, int64_t *ret)
{
	*ret = SPAN_NO_TIME;
	return text.p ? timestamp_parse(text, ret) : 0;
}

static enum status ask_tip(struct context *ctx, struct span *s)
{
	const struct client_request q = { 1, { "TIP" } };
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_tip tip;
	enum status status;

	status = context_ask(ctx, &q, 1, &reply);
	if (status == STATUS_DONE)
		status = context_refused(ctx, reply);
	if (status != STATUS_DONE)
		return status;
	if (answer_tip(reply, &tip) < 0 || tip.serial < 0 ||
	    time_of(tip.time, &s->tip_time) < 0)
		return context_garbled(ctx);
	s->tip = tip.serial;
	s->last = tip.serial;
	return STATUS_DONE;
}

/* The first record from serial @from on: its serial, INT64_MAX if there is none. */
static enum status probe(struct context *ctx, int64_t from, int64_t *ret_serial,
			 int64_t *ret_time)
{
	char number[NUMBER_SIZE];
	const struct client_request q = {
		5, { "LIST", "FROM", number, "COUNT", "1" }
	};
	_cleanup_(freeReplyObjectp) redisReply *reply = NULL;
	struct answer_record a = { .serial = INT64_MAX };
	enum status status;

	(void)snprintf(number, sizeof(number), "%" PRId64, from);
	status = context_ask(ctx, &q, 1, &reply);
	if (status == STATUS_DONE)
		status = context_refused(ctx, reply);
	if (status != STATUS_DONE)
		return status;
	if (answer_list(reply) < 0 || reply->elements > 1 ||
	    (reply->elements == 1 &&
	     answer_record(reply->element[0], &a) < 0) ||
	    a.serial < from || time_of(a.time, ret_time) < 0)
		return context_garbled(ctx);
	*ret_serial = a.serial;
	return STATUS_DONE;
}

/* *ret is the last serial before @time; 0: there is none. */
static enum status search(struct context *ctx, const struct span *s,
			  int64_t time, int64_t *ret)
{
	int64_t low = 0;	/* up to it all are earlier … */
	int64_t high = s->tip; /* … and above it none is */
	enum status status = STATUS_DONE;

	if (s->tip_time < time)
		low = high;
	while (low < high && status == STATUS_DONE) {
		int64_t middle = low + (high - low) / 2;
		int64_t found;
		int64_t found_time;

		status = probe(ctx, middle + 1, &found, &found_time);
		if (status == STATUS_DONE && found <= high && found_time < time)
			low = found;
		else
			high = middle;
	}
	*ret = low;
	return status;
}

enum status span_find(struct context *ctx, struct span *s)
{
	enum status status = ask_tip(ctx, s);
	int64_t before = 0;

	if (status == STATUS_DONE && s->until != SPAN_NO_TIME)
		status = search(ctx, s, s->until + 1, &s->last);
	if (status == STATUS_DONE && s->since != SPAN_NO_TIME)
		status = search(ctx, s, s->since, &before);
	/* Behind the last of all possible serials there is none. */
	if (before < INT64_MAX)
		s->first = before + 1;
	else
		s->last = 0;
	return status;
}

enum status span_at(struct context *ctx, int64_t *ret)
{
	const char *text = ctx->options.value[OPTION_AT];
	struct span s = { .first = 1, .since = SPAN_NO_TIME,
			  .until = SPAN_NO_TIME };
	enum status status = STATUS_DONE;
	uint64_t serial = 0;

	if (text && parse_u64_range(slice_of(text), 1, INT64_MAX, &serial) < 0)
		status = take_moment(ctx, OPTION_AT, moment_now(), &s.until);
	if (status == STATUS_DONE)
		status = span_find(ctx, &s);
	if (status != STATUS_DONE)
		return status;
	if ((int64_t)serial > s.tip) {
		context_say(ctx, "there is no transaction %" PRIu64
			    " yet, the last one is %" PRId64, serial, s.tip);
		return STATUS_REFUSED;
	}
	*ret = serial > 0 ? (int64_t)serial : s.last;
	return STATUS_DONE;
}
