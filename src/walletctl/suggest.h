/* SPDX-License-Identifier: MIT */
/*
 * Which of some words was meant by a mistyped one.
 */
#ifndef WALLETCTL_SUGGEST_H
#define WALLETCTL_SUGGEST_H

#include <stddef.h>

/* Letters typed wrong, left out, added or swapped with a neighbour; words of
 * more than 31 bytes are far from everything. */
unsigned suggest_distance(const char *a, const char *b);

/*
 * Keep the better of @best (NULL at first) and @candidate as what @typed was
 * meant to be; NULL while none is near enough.
 */
const char *suggest_better(const char *typed, const char *best,
			   const char *candidate);

#endif
