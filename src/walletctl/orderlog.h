/* SPDX-License-Identifier: MIT */
/*
 * The file in which a script keeps one order behind the other: to append is one
 * sync, where a file for each order takes two.  Every order but the last is
 * settled; so is the last one if a note says so, or anything else stands behind
 * it, since nothing but that note is ever written there.
 */
#ifndef WALLETCTL_ORDERLOG_H
#define WALLETCTL_ORDERLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/slice.h"
#include "walletctl/group.h"

/* From so many bytes on there is a new file. */
#define ORDERLOG_MAX 32768
/* What marks an order as settled, behind it. */
#define ORDERLOG_NOTE "settled\n"
/* With the zero. */
#define ORDERLOG_NAME_SIZE (sizeof("script+") + 16)

/* A file name that no other file has, nor any operation id would give. */
void orderlog_make_name(char out[ORDERLOG_NAME_SIZE]);
bool orderlog_is_name(const char *name);

/* Append what a log begins with.  Returns 0 or -ENOMEM. */
int orderlog_begin(struct buf *out) _must_check_;

/*
 * The orders that are pending in the whole text of a log.  -ENODATA: none;
 * -EBADMSG: it is no log; -ENOMEM.
 */
int orderlog_read(struct slice text, struct group *ret) _must_check_;

#endif
