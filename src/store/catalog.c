/* SPDX-License-Identifier: MIT */
/*
 * Ordinals in an index are places in an array, so nothing can be put between
 * two entries; what comes in below gets an array of its own.
 */
#include "config.h"

#include "store/catalog.h"

int catalog_init(struct catalog *c, const uint8_t key[MAP_KEY_SIZE])
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < CATALOG_INDEXES; i++)
		r = index_new(key, &c->index[i]);
	if (r < 0)
		catalog_done(c);
	return r;
}

void catalog_done(struct catalog *c)
{
	for (size_t i = 0; i < CATALOG_INDEXES; i++)
		c->index[i] = index_free(c->index[i]);
}

uint64_t catalog_last_serial(const struct catalog *c)
{
	return index_last_serial(c->index[CATALOG_UPPER]);
}

uint64_t catalog_count(const struct catalog *c)
{
	return (uint64_t)c->index[CATALOG_UPPER]->count +
	       c->index[CATALOG_LOWER]->count;
}

const struct index_entry *catalog_find(const struct catalog *c, uint64_t serial)
{
	uint32_t at;

	for (size_t i = 0; i < CATALOG_INDEXES; i++) {
		at = index_find(c->index[i], serial);
		if (at != INDEX_NONE)
			return &c->index[i]->entry[at];
	}
	return NULL;
}

int catalog_add(struct catalog *c, const struct index_item *items, size_t lower,
		size_t count)
{
	int r;

	r = index_add(c->index[CATALOG_LOWER], items, lower);
	if (r < 0)
		return r;
	return index_add(c->index[CATALOG_UPPER], items + lower, count - lower);
}
