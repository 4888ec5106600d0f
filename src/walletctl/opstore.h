/* SPDX-License-Identifier: MIT */
/*
 * Orders whose answer is not in: a file for each, or for each group that is done
 * together, named after the operation id, so that nothing is lost when walletctl
 * or the machine stops between sending and being answered.  A file is on disk
 * before its orders are sent, is locked while somebody works on it, and goes
 * when they are settled.  A script has one file for one order after the other,
 * which goes when the script ends.
 */
#ifndef WALLETCTL_OPSTORE_H
#define WALLETCTL_OPSTORE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/fileops.h"
#include "walletctl/group.h"

/*
 * Bytes of a file: a request's limit, percent-encoded, or a group of the longest
 * orders that are lawful.
 */
#define OPSTORE_FILE_MAX (2 * 1024 * 1024)

struct opstore;
struct opstore_entry; /* a file that we hold the lock of */

/*
 * $XDG_STATE_HOME/alichain/pending, else ~/.local/state/alichain/pending.
 * -ENOENT if neither variable is set to a full path; -ENOMEM.
 */
int opstore_directory(const char *state_home, const char *home,
		      char **ret) _must_check_;

/* Makes @directory and those above it (0700).  @ops is borrowed. */
int opstore_open(const struct fileops *ops, const char *directory,
		 struct opstore **ret) _must_check_;
/*
 * From now on what is kept goes into one file, one behind the other, which takes
 * one sync instead of two.  @s has to outlive what it keeps.
 */
void opstore_use_log(struct opstore *s);
/* What was settled in the one file goes with it. */
struct opstore *opstore_free(struct opstore *s);
DEFINE_CLEANUP(struct opstore, opstore_free);

/*
 * Keep @g; durable when this returns 0.  *ret_again says that it was there
 * before: an earlier attempt may have gone through.  -EEXIST if the id stands
 * for something else.
 */
int opstore_keep(struct opstore *s, const struct group *g,
		 struct opstore_entry **ret, bool *ret_again) _must_check_;

/*
 * Take up what is in the file of this name.  -EWOULDBLOCK: somebody is at it;
 * -ENOENT: settled meanwhile; -EBADMSG: not one of our files.
 */
int opstore_take(struct opstore *s, const char *name, struct group *ret_group,
		 struct opstore_entry **ret) _must_check_;

/* The order is settled: remove or reuse its file, and free @e. */
int opstore_settle(struct opstore_entry *e);
/* Unlock and free, the file stays.  NULL is allowed.  Always returns NULL. */
struct opstore_entry *opstore_entry_free(struct opstore_entry *e);
DEFINE_CLEANUP(struct opstore_entry, opstore_entry_free);

/*
 * File names, sorted; free the names and the array.  Unfinished files of
 * processes that were killed are removed.
 */
int opstore_names(struct opstore *s, char ***ret,
		  size_t *ret_count) _must_check_;
void opstore_names_free(char **names, size_t count);

#endif
