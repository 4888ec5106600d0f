/* SPDX-License-Identifier: MIT */
/*
 * Hash table of the hot path: open addressing, one 64-bit slot an entry that
 * holds 32 bits of the hash and a 32-bit value, an index into a table of the
 * caller's.  The caller compares keys.  Keyed hashing (SipHash) so that no
 * peer can choose names that collide.
 *
 *	for (v = map_first(m, hash, &at); v != MAP_NONE; v = map_next(m, hash, &at))
 *		if (is_the_one(v))
 *			return v;
 */
#ifndef UTIL_MAP_H
#define UTIL_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

#define MAP_NONE UINT32_MAX
#define MAP_KEY_SIZE 16

struct map {
	uint64_t *slots;
	size_t size; /* slots */
	size_t count; /* entries */
	uint8_t key[MAP_KEY_SIZE];
};

/* An empty map; takes no memory before the first entry. */
void map_init(struct map *m, const uint8_t key[MAP_KEY_SIZE]);
void map_done(struct map *m);

/* Keyed hash of @len bytes. */
uint64_t map_hash(const struct map *m, const void *data, size_t len);

/* Where the search for @hash begins; a part of the table's inside. */
static inline size_t map_home(const struct map *m, uint64_t hash)
{
	return (size_t)((hash >> 32) * m->size >> 32);
}

/* @hash will be looked up or inserted soon: have its place in the cache then. */
static inline void map_prefetch(const struct map *m, uint64_t hash)
{
	if (m->slots)
		__builtin_prefetch(&m->slots[map_home(m, hash)], 1);
}

/* Candidates for @hash one after the other; MAP_NONE when there is no more. */
uint32_t map_first(const struct map *m, uint64_t hash, size_t *at);
uint32_t map_next(const struct map *m, uint64_t hash, size_t *at);

/* Room for @count entries altogether, so that inserting them cannot fail. */
int map_reserve(struct map *m, size_t count) _must_check_;

/* Add @value (not MAP_NONE).  The caller saw to it that it is not there. */
int map_insert(struct map *m, uint64_t hash, uint32_t value) _must_check_;

/* Remove the entry with this hash and value, if it is there. */
void map_remove(struct map *m, uint64_t hash, uint32_t value);

#endif
