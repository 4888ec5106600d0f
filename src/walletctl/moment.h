/* SPDX-License-Identifier: MIT */
/*
 * Points in time as people write them on a command line.  Knows no ledger.
 */
#ifndef WALLETCTL_MOMENT_H
#define WALLETCTL_MOMENT_H

#include <stdint.h>

#include "util/cleanup.h"

/*
 * @text as microseconds since 1970-01-01T00:00:00Z, within the years 1970 to
 * 9999:
 *	2026-11-22			when that day begins, in local time
 *	2026-11-22 13:37[:00[.5]]	in local time; T may stand for the space
 *	…Z, …+01:00			behind a time of day: in that zone
 *	-30m, -12h, -7d, -2w, -10s	before @now, a day being 24 hours
 *	now, today, yesterday		days as they begin, in local time
 * Of a time that clocks show twice it is the first.  What is finer than a
 * microsecond is cut off.
 *
 * Returns 0, or -EINVAL and then *ret_fault is what was expected, for a sentence
 * that goes on with "not" and the text.
 */
int moment_parse(const char *text, int64_t now, int64_t *ret,
		 const char **ret_fault) _must_check_;

/* The time of day of this host. */
int64_t moment_now(void);

#endif
