/* SPDX-License-Identifier: MIT */
/*
 * The text of INFO taken apart further than answer.h does: what the state of the
 * ledger is, the lines of backends, and values that are lists of "key=value".
 */
#ifndef WALLETCTL_INFOTEXT_H
#define WALLETCTL_INFOTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"
#include "walletctl/client.h"

/*
 * "open", "waiting", "readonly", or "stalled": open, but with a batch that is
 * overdue.  p is NULL if @info is not what INFO answers.
 */
struct slice infotext_state(const redisReply *info);

/*
 * The next line "PREFIX...:values" behind *@at (0 at first): what stands behind
 * the prefix, and its values.  False at the end.
 */
bool infotext_next(const redisReply *info, const char *prefix, size_t *at,
		   struct slice *ret_name, struct slice *ret_values);
#define INFOTEXT_BACKEND "backend_"
#define INFOTEXT_LAST_ERROR "last_error_"

/* The value of the key "PREFIXname"; p is NULL if there is none. */
struct slice infotext_named(const redisReply *info, const char *prefix,
			    struct slice name);

/* Take the next "key=value" off @rest.  False at the end. */
bool infotext_pair(struct slice *rest, struct slice *ret_key,
		   struct slice *ret_value);
/* The value of @key among them; p is NULL if it is not there. */
struct slice infotext_in(struct slice values, const char *key);

/* A number of INFO; 0 if it is none. */
uint64_t infotext_number(struct slice text);

/*
 * For how long a backend has owed an answer, microseconds.  Once that is longer
 * than an answer takes, the whole of its silence: it may have ended long before
 * it was asked.
 */
uint64_t infotext_lag(struct slice values);
#define INFOTEXT_OWING_USEC 200000

/* Does a backend in this state answer, with what it should have? */
bool infotext_is_up(struct slice state);

#endif
