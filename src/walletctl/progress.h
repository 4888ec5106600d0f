/* SPDX-License-Identifier: MIT */
/*
 * A bar on a terminal that shows how far something is.  Drawn over itself on
 * one line, and taken away at the end.
 */
#ifndef WALLETCTL_PROGRESS_H
#define WALLETCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *out;
	const char *what; /* a word before it */
	size_t shown; /* columns of the line that stands there; 0: none */
};

/* Is @out a terminal, where a bar can be drawn? */
bool progress_possible(FILE *out);
/* @done of @total, which may be 0. */
void progress_draw(struct progress *p, uint64_t done, uint64_t total);
/* Leave no trace of it. */
void progress_erase(struct progress *p);

#endif
