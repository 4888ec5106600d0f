/* SPDX-License-Identifier: MIT */
/*
 * A file of payments as a group of transfers.
 */
#ifndef WALLETCTL_PAYFILE_H
#define WALLETCTL_PAYFILE_H

#include "walletctl/context.h"
#include "walletctl/group.h"

/*
 * Read @path, "-" for standard input.  A line that gives no id has @id, a dash
 * and its number for one, and one that gives no memo @memo, which may be NULL.
 * STATUS_DONE: for group_done(), with no orders if there were none; it borrows
 * @path.  Else all that is wrong was told.
 */
enum status payfile_read(struct context *ctx, const char *path, const char *id,
			 const char *memo, struct group *ret);

#endif
