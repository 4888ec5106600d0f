/* SPDX-License-Identifier: MIT */
/*
 * What can be done where an answer goes: is it a terminal, how wide, does it have
 * colours?
 */
#ifndef WALLETCTL_TERMINAL_H
#define WALLETCTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/slice.h"

bool terminal_is(FILE *out);

/*
 * On a terminal only, where $NO_COLOR is unset or empty and $TERM is set and not
 * "dumb".
 */
bool terminal_has_colour(FILE *out);

/*
 * $COLUMNS if it is a number, else what the terminal says, else 80; at most
 * TERMINAL_COLUMNS_MAX.
 */
#define TERMINAL_COLUMNS_MAX 1000
size_t terminal_columns(FILE *out);

/*
 * A sentence that tells of a refusal and its newline, in red if there are
 * colours.
 */
void terminal_put_refusal(FILE *err, struct slice sentence);

#endif
