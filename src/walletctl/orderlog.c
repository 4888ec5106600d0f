/* SPDX-License-Identifier: MIT */
/*
 * The text of a log:
 *
 *	alichain-orders 1
 *	alichain-order 1
 *	...
 *	end
 *	settled
 *	alichain-order 1
 *	...
 *	end
 *
 * An order is synced before it is sent, a note is not.  So whatever a power cut
 * leaves behind the last note, short, with zeros in it, or in any other way
 * not exactly the text of a group, is an order that was never sent, or one
 * that was settled, whose note is torn.
 *
 * To change it safely: raise the number, keep reading the old form, add a case
 * to the test.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/random.h"

#include "walletctl/orderlog.h"

#define FIRST_LINE "alichain-orders 1"
/* A plus sign is encoded in the name of an order's own file. */
#define NAME_BEGIN "script+"

void orderlog_make_name(char out[ORDERLOG_NAME_SIZE])
{
	uint64_t unique;

	random_bytes(&unique, sizeof(unique));
	(void)snprintf(out, ORDERLOG_NAME_SIZE, NAME_BEGIN "%016" PRIx64,
		       unique);
}

bool orderlog_is_name(const char *name)
{
	return strncmp(name, NAME_BEGIN, strlen(NAME_BEGIN)) == 0;
}

int orderlog_begin(struct buf *out)
{
	return buf_addf(out, FIRST_LINE "\n");
}

int orderlog_read(struct slice text, struct group *ret)
{
	struct slice settled = { ORDERLOG_NOTE, strlen(ORDERLOG_NOTE) - 1 };
	struct slice rest;
	struct slice line;
	int r;

	if (!order_next_line(&text, &line) ||
	    !slice_equal(line, slice_of(FIRST_LINE)))
		return -EBADMSG;

	rest = text;
	while (order_next_line(&text, &line)) {
		if (slice_equal(line, settled))
			rest = text;
	}
	r = group_read(rest, ret);
	return r == -EBADMSG ? -ENODATA : r;
}
