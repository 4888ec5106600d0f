/* SPDX-License-Identifier: MIT */
/*
 * The table of commands for programs, such as the completion of a shell.
 */
#ifndef WALLETCTL_CATALOG_H
#define WALLETCTL_CATALOG_H

#include <stdio.h>

#include "util/cleanup.h"
#include "walletctl/output.h"

struct command;

/*
 * A row for each command, or for @only if that is not NULL: its name, its
 * arguments, its own options ("--id=ID" if one takes a value), what it does.
 * The row without a name has the options of every command.  @form is not
 * FORM_TEXT.  0 or -ENOMEM.
 */
int catalog_write(FILE *out, enum form form,
		  const struct command *only) _must_check_;

#endif
