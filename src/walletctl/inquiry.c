/* SPDX-License-Identifier: MIT */
/*
 * Asks for INFO, and again while it tells of backends as they were.
 */
#include "config.h"

#include <poll.h>

#include "util/timestamp.h"
#include "walletctl/infotext.h"

#include "walletctl/inquiry.h"

/*
 * A backend that is well answers within the first pause.  One that gives no
 * sign is down for the main daemon two seconds after it was asked, or half of
 * its request_timeout; the pauses go on a little longer, in all.
 */
#define PAUSE_FIRST (50 * USEC_PER_MSEC)
#define PAUSE_MOST (400 * USEC_PER_MSEC)
#define PAUSES_MOST (2500 * USEC_PER_MSEC)

static bool is_stale(const redisReply *info)
{
	struct slice name;
	struct slice values;
	size_t at = 0;

	while (infotext_next(info, INFOTEXT_BACKEND, &at, &name, &values))
		if (infotext_is_up(infotext_in(values, "state")) &&
		    infotext_number(infotext_in(values, "heard_usec")) >=
			    INQUIRY_FRESH_USEC)
			return true;
	return false;
}

static enum status ask(struct context *ctx, redisReply **ret)
{
	const struct client_request q = { 1, { "INFO" } };
	redisReply *info = NULL;
	enum status status;

	status = context_ask(ctx, &q, 1, &info);
	freeReplyObject(*ret);
	*ret = info;
	if (status == STATUS_DONE)
		status = context_refused(ctx, info);
	if (status == STATUS_DONE && !infotext_state(info).p)
		status = context_garbled(ctx);
	return status;
}

/* Half of the time that there is may go by with waiting. */
enum status inquiry_ask(struct context *ctx, redisReply **ret)
{
	int64_t patience = ctx->timeout / 2 < PAUSES_MOST ? ctx->timeout / 2 :
							    PAUSES_MOST;
	int64_t pause = PAUSE_FIRST;
	enum status status;

	*ret = NULL;
	status = ask(ctx, ret);
	while (status == STATUS_DONE && is_stale(*ret) && pause <= patience) {
		(void)poll(NULL, 0, (int)(pause / USEC_PER_MSEC));
		patience -= pause;
		pause = pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
		status = ask(ctx, ret);
	}
	return status;
}
