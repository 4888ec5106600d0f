/* SPDX-License-Identifier: MIT */
/*
 * The statement file: all transactions, written anew into a file beside it and
 * put in its place when whole and on disk.  Readers see the old one or the new.
 */
#ifndef MAIN_STATEMENT_H
#define MAIN_STATEMENT_H

#include <stddef.h>

#include "util/cleanup.h"
#include "util/fileops.h"

/* Bytes that are collected before they are written. */
#define STATEMENT_BUFFER (64 * 1024)

struct statement;

/* @ops is borrowed. */
int statement_new(const struct fileops *ops, const char *path,
		  struct statement **ret) _must_check_;
/* Drops what is begun. */
struct statement *statement_free(struct statement *s);
DEFINE_CLEANUP(struct statement, statement_free);

/* As engine_io's calls of these names. */
int statement_begin(struct statement *s) _must_check_;
int statement_write(struct statement *s, const void *data,
		    size_t len) _must_check_;
/* Waits for the disk, in any thread: nobody else may touch @s meanwhile. */
int statement_commit(struct statement *s) _must_check_;
void statement_abort(struct statement *s);

#endif
