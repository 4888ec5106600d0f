/* SPDX-License-Identifier: MIT */
/*
 * Which names users, operation ids and blocks may bear.
 */
#ifndef LEDGER_NAME_H
#define LEDGER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

/* Bytes of a user's name. */
#define USER_NAME_MAX 64
/* Bytes of an operation id: printable ASCII without space, '=' ',' '"'. */
#define OPERATION_ID_MAX 64
/*
 * Bytes of a block's name: [A-Za-z0-9_.]+, as systemd instance names, but with
 * no dot in front: it is also the name of a directory.
 */
#define BLOCK_NAME_MAX 16
/* Bytes of a memo, before encoding. */
#define MEMO_MAX 160

/*
 * NULL if @name is a user's name: 1 to USER_NAME_MAX bytes of well-formed
 * UTF-8 without
 *	spaces: U+0020 and all other Unicode white space (U+00A0, U+1680, U+2000
 *	to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000);
 *	controls: C0, DEL, C1;
 *	'=' ',' '"';
 *	what is invisible or changes the direction of writing, and could make two
 *	names look alike: U+200B to U+200F, U+202A to U+202E, U+2066 to U+2069,
 *	U+FEFF.
 * Else what is wrong, as the end of a sentence ("is empty", "is longer than 64
 * bytes", "contains a space" …).
 */
const char *user_name_fault(struct slice name);
const char *operation_id_fault(struct slice id);
const char *block_name_fault(struct slice name);
/* Well-formed UTF-8, no controls, at most MEMO_MAX bytes, not empty. */
const char *memo_fault(struct slice memo);

/*
 * How many of the @left bytes at @p, from the first on, are printable ASCII that
 * any user's name and any operation id may have: all but space = , ".  A word of
 * nothing else is a name if it is not too long, and needs no other judgement.
 */
size_t name_plain(const char *p, size_t left);

#endif
