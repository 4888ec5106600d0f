/* SPDX-License-Identifier: MIT */
/*
 * What names and memos have to be when they are new.  Stricter than name.h,
 * which tells what may stand in a block: whoever is part of the network already
 * keeps the name that is there, byte for byte.
 */
#ifndef LEDGER_NEWTEXT_H
#define LEDGER_NEWTEXT_H

#include <stdbool.h>

#include "util/slice.h"

/*
 * NULL if @name may become a user's: as user_name_fault(), in composed form
 * (NFC), so that what looks the same is the same, and without characters that
 * are not seen (Default_Ignorable_Code_Point of Unicode).  Else what is wrong,
 * as the end of a sentence.
 */
const char *new_name_fault(struct slice name);

/* As memo_fault(), and in composed form.  What is not seen does no harm there. */
const char *new_memo_fault(struct slice memo);

/* Are the two names the same but for marks above letters, their case and form? */
bool names_look_alike(struct slice a, struct slice b);

#endif
