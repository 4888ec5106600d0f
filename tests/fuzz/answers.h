/* SPDX-License-Identifier: MIT */
/*
 * What src says of a block, against a second reading of it.
 */
#ifndef FUZZ_ANSWERS_H
#define FUZZ_ANSWERS_H

#include "store/store.h"
#include "util/slice.h"

#include "reading.h"

/* Of each line of @text the grammar takes what the reading takes. */
void answers_check_lines(struct slice text);

/* State, records, sums, counterparts and ids of @s must be those of @r. */
void answers_check(struct store *s, const struct reading *r);

#endif
