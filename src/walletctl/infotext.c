/* SPDX-License-Identifier: MIT */
/*
 * INFO's text, read leniently: what a main daemon of another version does not
 * say is not there.
 */
#include "config.h"

#include <string.h>

#include "util/parse.h"
#include "walletctl/answer.h"

#include "walletctl/infotext.h"

struct slice infotext_state(const redisReply *info)
{
	struct slice state = answer_info(info, "state");
	struct slice stalled = answer_info(info, "stalled");

	if (slice_equal(state, slice_of("open")) &&
	    slice_equal(stalled, slice_of("1")))
		return slice_of("stalled");
	return state;
}

bool infotext_next(const redisReply *info, const char *prefix, size_t *at,
		   struct slice *ret_name, struct slice *ret_values)
{
	size_t len = strlen(prefix);

	while (answer_info_next(info, at, ret_name, ret_values)) {
		if (ret_name->len <= len ||
		    memcmp(ret_name->p, prefix, len) != 0)
			continue;
		ret_name->p += len;
		ret_name->len -= len;
		return true;
	}
	return false;
}

struct slice infotext_named(const redisReply *info, const char *prefix,
			    struct slice name)
{
	struct slice found;
	struct slice value;
	size_t at = 0;

	while (infotext_next(info, prefix, &at, &found, &value)) {
		if (slice_equal(found, name))
			return value;
	}
	return (struct slice){ NULL, 0 };
}

bool infotext_pair(struct slice *rest, struct slice *ret_key,
		   struct slice *ret_value)
{
	const char *comma;
	const char *equals;
	size_t len;

	if (rest->len == 0)
		return false;
	comma = memchr(rest->p, ',', rest->len);
	len = comma ? (size_t)(comma - rest->p) : rest->len;
	equals = memchr(rest->p, '=', len);

	*ret_key = (struct slice){ rest->p, len };
	*ret_value = (struct slice){ rest->p + len, 0 };
	if (equals) {
		ret_key->len = (size_t)(equals - rest->p);
		*ret_value =
			(struct slice){ equals + 1, len - ret_key->len - 1 };
	}
	len += comma ? 1 : 0;
	rest->p += len;
	rest->len -= len;
	return true;
}

struct slice infotext_in(struct slice values, const char *key)
{
	struct slice name;
	struct slice value;

	while (infotext_pair(&values, &name, &value)) {
		if (slice_equal(name, slice_of(key)))
			return value;
	}
	return (struct slice){ NULL, 0 };
}

uint64_t infotext_number(struct slice text)
{
	uint64_t n;

	return text.len > 0 && parse_u64(text, &n) == 0 ? n : 0;
}

uint64_t infotext_lag(struct slice values)
{
	uint64_t owing = infotext_number(infotext_in(values, "owing_usec"));
	uint64_t heard = infotext_number(infotext_in(values, "heard_usec"));

	return owing >= INFOTEXT_OWING_USEC && heard > owing ? heard : owing;
}

bool infotext_is_up(struct slice state)
{
	return slice_equal(state, slice_of("up")) ||
	       slice_equal(state, slice_of("full")) ||
	       slice_equal(state, slice_of("returning"));
}
