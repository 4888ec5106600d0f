/* SPDX-License-Identifier: MIT */
/*
 * Orders that a client has given between MULTI and EXEC, kept until it is said
 * what is to become of them.  Knows no commands and no engine.
 */
#ifndef MAIN_MULTI_H
#define MAIN_MULTI_H

#include <stdbool.h>
#include <stddef.h>

#include "main/engine.h"

/*
 * Bytes of memory for the orders of one client, and of all.  ENGINE_GROUP_MAX of
 * the longest lawful ones fit; what is not lawful may be longer.
 */
#define MULTI_BYTES_MAX ((size_t)1024 * 1024)
#define MULTIS_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct queued_order;

/* What all of them share. */
struct multis {
	size_t bytes;
};

/* All zero but for @all: no MULTI was given. */
struct multi {
	struct multis *all; /* borrowed */
	bool open;
	bool spoiled; /* an error was answered: nothing is kept any more */
	struct queued_order *first;
	struct queued_order *last;
	size_t count;
	size_t bytes;
};

/* MULTI; only if it is not open. */
void multi_begin(struct multi *m);
/*
 * Keep a copy.  0; -E2BIG: it would be more than ENGINE_GROUP_MAX, -EFBIG: than
 * MULTI_BYTES_MAX, -EAGAIN: than MULTIS_BYTES_MAX; -ENOMEM.
 */
int multi_add(struct multi *m,
	      const struct engine_group_order *order) _must_check_;
/* Forget the orders: nothing can come of it but an error. */
void multi_spoil(struct multi *m);
/* The orders, as long as there are no others; the caller frees the array. */
int multi_orders(const struct multi *m,
		 struct engine_group_order **ret) _must_check_;
/* The end of it: as if no MULTI had been given. */
void multi_end(struct multi *m);

#endif
