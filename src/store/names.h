/* SPDX-License-Identifier: MIT */
/*
 * Users' names to small numbers and back.  Names are never forgotten and never
 * moved, so a slice of one is good as long as the table is.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/map.h"
#include "util/slice.h"

#define NAME_NONE UINT32_MAX

struct names_chunk;

struct names {
	struct map map;
	struct names_chunk *chunk; /* the newest; the others hang on it */
	const char **text; /* of each number: a length byte, then the name */
	uint32_t count;
	uint32_t room;
};

void names_init(struct names *n, const uint8_t key[MAP_KEY_SIZE]);
void names_done(struct names *n);

/* The number of @name, or NAME_NONE. */
uint32_t names_find(const struct names *n, struct slice name);

/*
 * Find or add; a new one gets the number n->count had.  @name is valid, so at
 * most 255 bytes.  0, -ENOMEM, or -EOVERFLOW past 2^32 - 2 names.
 */
int names_intern(struct names *n, struct slice name,
		 uint32_t *ret) _must_check_;

struct slice names_text(const struct names *n, uint32_t number);

#endif
