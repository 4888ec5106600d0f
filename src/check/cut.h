/* SPDX-License-Identifier: MIT */
/*
 * A file taken apart: what belongs to the whole part stays, the rest goes into
 * a file beside it.
 */
#ifndef CHECK_CUT_H
#define CHECK_CUT_H

#include "util/cleanup.h"
#include "check/check.h"

struct book;

/*
 * Cut @b, which was opened alone, behind the serial of the summary, durably,
 * and say so.  On an error the file is as it was, or cut with all that it lacks
 * in the file beside it.
 */
int cut_book(struct check *c, struct book *b, check_own own) _must_check_;

#endif
