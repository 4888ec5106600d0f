/* SPDX-License-Identifier: MIT */
/*
 * A series drawn with characters: in dots of braille, eight a character, or in
 * ASCII.
 */
#ifndef WALLETCTL_CANVAS_H
#define WALLETCTL_CANVAS_H

#include <stdio.h>

#include "util/cleanup.h"
#include "util/slice.h"
#include "walletctl/series.h"

struct canvas {
	size_t width; /* columns and lines of all of it, 1 at least */
	size_t height;
	bool braille;
	bool is_time;	    /* what the series goes over, else serials */
	struct slice title; /* shown if there is room */
};

/* How many columns the series should have to be drawn as fine as it goes. */
size_t canvas_columns(const struct canvas *c);
/*
 * Draw @s, of which a column is known.  What there is no room for is left out,
 * the plot last.  -ENOMEM.
 */
int canvas_draw(const struct canvas *c, const struct series *s,
		FILE *out) _must_check_;

#endif
