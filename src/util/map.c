/* SPDX-License-Identifier: MIT */
/*
 * Open addressing with linear probing.  A slot is 32 bits of the hash (its tag)
 * above 32 bits of the value plus one, so that 0 is an empty slot and fresh
 * memory is an empty table.  The tag's high bits are the place where the search
 * begins; so a table grows by one pass in order through both, old and new, and
 * removing can close the hole without asking the caller for a hash.  The number
 * of slots is any: a power of two would leave half of a large table empty.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "util/map.h"

#define SLOTS_MIN 16
/* The tag can tell no more places apart. */
#define SLOTS_MAX (UINT64_C(1) << 32)

_Static_assert(MAP_KEY_SIZE == crypto_shorthash_KEYBYTES, "SipHash key");
_Static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES, "SipHash hash");

void map_init(struct map *m, const uint8_t key[MAP_KEY_SIZE])
{
	*m = (struct map){ 0 };
	memcpy(m->key, key, MAP_KEY_SIZE);
}

void map_done(struct map *m)
{
	free(m->slots);
	m->slots = NULL;
	m->size = 0;
	m->count = 0;
}

uint64_t map_hash(const struct map *m, const void *data, size_t len)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t hash;

	(void)crypto_shorthash(out, data, len, m->key);
	memcpy(&hash, out, sizeof(hash));
	return hash;
}

static uint64_t slot_of(uint64_t hash, uint32_t value)
{
	return (hash >> 32 << 32) | (value + 1);
}

/* The slot behind @i, in a circle. */
static inline size_t behind(const struct map *m, size_t i)
{
	return i + 1 < m->size ? i + 1 : 0;
}

/* The next entry with the tag of @hash from @at on. */
static uint32_t search(const struct map *m, uint64_t hash, size_t *at)
{
	size_t i = *at;
	uint64_t slot;

	/* A table is never full, so there is an empty slot to stop at. */
	while ((slot = m->slots[i]) != 0) {
		if (slot >> 32 == hash >> 32) {
			*at = i;
			return (uint32_t)slot - 1;
		}
		i = behind(m, i);
	}
	*at = i;
	return MAP_NONE;
}

uint32_t map_first(const struct map *m, uint64_t hash, size_t *at)
{
	if (!m->slots)
		return MAP_NONE;

	*at = map_home(m, hash);
	return search(m, hash, at);
}

uint32_t map_next(const struct map *m, uint64_t hash, size_t *at)
{
	*at = behind(m, *at);
	return search(m, hash, at);
}

static void put(struct map *m, uint64_t slot)
{
	size_t i = map_home(m, slot);

	while (m->slots[i] != 0)
		i = behind(m, i);
	m->slots[i] = slot;
}

/* Past seven tenths the searches get long. */
static size_t most_in(size_t size)
{
	return size / 10 * 7;
}

static int resize(struct map *m, uint64_t size)
{
	struct map old = *m;

	if (size < SLOTS_MIN)
		size = SLOTS_MIN;
	if (size > SLOTS_MAX)
		return -ENOMEM;
	m->slots = calloc(size, sizeof(*m->slots));
	if (!m->slots) {
		m->slots = old.slots;
		return -ENOMEM;
	}

	m->size = size;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i] != 0)
			put(m, old.slots[i]);
	free(old.slots);
	return 0;
}

int map_reserve(struct map *m, size_t count)
{
	if (count <= most_in(m->size))
		return 0;
	if (count > SLOTS_MAX)
		return -ENOMEM;
	/* So many tens that seven of each are enough. */
	return resize(m, ((uint64_t)count + 6) / 7 * 10);
}

int map_insert(struct map *m, uint64_t hash, uint32_t value)
{
	int r;

	assert(value != MAP_NONE);

	if (m->count >= most_in(m->size)) {
		r = resize(m, (uint64_t)m->size + m->size / 2);
		if (r < 0)
			return r;
	}
	put(m, slot_of(hash, value));
	m->count++;
	return 0;
}

/* How far is it from slot @from to slot @to, in a circle? */
static size_t distance(const struct map *m, size_t from, size_t to)
{
	return to >= from ? to - from : to + m->size - from;
}

/*
 * Empty slot @hole, and move back over it what stands behind it only because
 * it was taken, so that no mark of the deleted is left to slow down searches.
 */
static void close_hole(struct map *m, size_t hole)
{
	size_t i = hole;
	size_t home;

	for (;;) {
		i = behind(m, i);
		if (m->slots[i] == 0)
			break;

		/* An entry may not move to before its home, in a circle. */
		home = map_home(m, m->slots[i]);
		if (distance(m, home, i) < distance(m, hole, i))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = 0;
}

void map_remove(struct map *m, uint64_t hash, uint32_t value)
{
	uint32_t found;
	size_t at;

	for (found = map_first(m, hash, &at); found != MAP_NONE;
	     found = map_next(m, hash, &at)) {
		if (found != value)
			continue;
		close_hole(m, at);
		m->count--;
		return;
	}
}
