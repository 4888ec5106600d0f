/* SPDX-License-Identifier: MIT */
/*
 * A file that appears when it is whole: written beside its place, and put there
 * at the end.
 */
#ifndef WALLETCTL_OUTFILE_H
#define WALLETCTL_OUTFILE_H

#include <stdio.h>

#include "util/cleanup.h"

struct outfile;

/*
 * Begin a file that will be @path; what stands there stays until the end.
 * -EEXIST: something else than a regular file stands there.
 */
int outfile_open(const char *path, struct outfile **ret) _must_check_;
/* Where to write. */
FILE *outfile_stream(struct outfile *f);
/*
 * Put it in its place; durable when this returns 0.  On an error the old file
 * stands, or, if only the directory's sync failed, the whole new one.  Frees @f
 * whatever comes of it.
 */
int outfile_commit(struct outfile *f) _must_check_;
/* Drop what was written.  NULL is allowed.  Always returns NULL. */
struct outfile *outfile_free(struct outfile *f);
DEFINE_CLEANUP(struct outfile, outfile_free);

#endif
