/* SPDX-License-Identifier: MIT */
/*
 * The forms in which transfers can be read: block files, the encrypted form of
 * a sister system, and CSV.
 */
#ifndef WALLETCTL_IMPORT_READ_H
#define WALLETCTL_IMPORT_READ_H

#include "walletctl/context.h"
#include "walletctl/mistakes.h"
#include "walletctl/transfers.h"

/*
 * Read all files, in the form that is named, or that they look like if @form is
 * NULL, into @ret, sealed, in the order in which they are to be made.  What is
 * wrong with lines goes to @m.  STATUS_USAGE if a file cannot be read.
 */
enum status import_read(struct mistakes *m, const char *form,
			struct transfers *ret);

#endif
