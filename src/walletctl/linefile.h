/* SPDX-License-Identifier: MIT */
/*
 * A file of text, or standard input, line by line; bounded whatever it holds.
 */
#ifndef WALLETCTL_LINEFILE_H
#define WALLETCTL_LINEFILE_H

#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"

/* Bytes of a line without its end; longer ones are skipped. */
#define LINEFILE_LINE_MAX 4096

struct linefile;

/* "-" is standard input.  A negative errno; -EISDIR for a directory. */
int linefile_open(const char *path, struct linefile **ret) _must_check_;
struct linefile *linefile_free(struct linefile *f);
DEFINE_CLEANUP(struct linefile, linefile_free);

/* Its beginning, some kilobytes or all of it; only before the first line. */
int linefile_peek(struct linefile *f, struct slice *ret) _must_check_;
/*
 * The next line without its newline, valid until the next call.  1; 0 at the
 * end; -EMSGSIZE: it was too long, and is skipped; else reading failed.
 */
int linefile_next(struct linefile *f, struct slice *ret) _must_check_;
/* Of the last line, from 1. */
uint64_t linefile_number(const struct linefile *f);

#endif
