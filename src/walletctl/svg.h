/* SPDX-License-Identifier: MIT */
/*
 * A series drawn as a picture: SVG 1.1, in colours for light and for dark.
 */
#ifndef WALLETCTL_SVG_H
#define WALLETCTL_SVG_H

#include <stdio.h>

#include "util/slice.h"
#include "walletctl/series.h"

/* Columns of a series that is drawn as fine as it goes. */
#define SVG_COLUMNS 680

struct svg {
	bool is_time; /* what the series goes over, else serials */
	struct slice title;
	struct slice description;
};

/* Draw @s, of which a column is known; its columns are SVG_COLUMNS. */
void svg_draw(const struct svg *g, const struct series *s, FILE *out);

#endif
