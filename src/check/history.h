/* SPDX-License-Identifier: MIT */
/*
 * The records of all files in the order of their serials: do they make one
 * history?
 */
#ifndef CHECK_HISTORY_H
#define CHECK_HISTORY_H

#include "util/cleanup.h"

struct check;

/* @c->entries are sorted.  Says the faults and fills the summary. */
int history_check(struct check *c) _must_check_;

#endif
