/* SPDX-License-Identifier: MIT */
/*
 * All records of a block: an index of what was loaded and appended, and a
 * second one of what was refilled below that one's last serial since.  The
 * second is empty in a block that nothing was refilled into, and again after
 * a restart.
 */
#ifndef STORE_CATALOG_H
#define STORE_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "store/index.h"
#include "util/cleanup.h"

enum {
	CATALOG_UPPER, /* its last serial is the block's */
	CATALOG_LOWER,
	CATALOG_INDEXES
};

struct catalog {
	struct index *index[CATALOG_INDEXES];
};

/* Both empty.  Begin with { 0 }; nothing is there on an error. */
int catalog_init(struct catalog *c,
		 const uint8_t key[MAP_KEY_SIZE]) _must_check_;
void catalog_done(struct catalog *c);

uint64_t catalog_last_serial(const struct catalog *c); /* 0: empty */
uint64_t catalog_count(const struct catalog *c);

/* The entry of @serial, or NULL; good until records are added. */
const struct index_entry *catalog_find(const struct catalog *c,
				       uint64_t serial);

/*
 * Add @count items of rising serials, the first @lower of them to the lower
 * index.  Above the last of each: all or none of each of the two.
 */
int catalog_add(struct catalog *c, const struct index_item *items, size_t lower,
		size_t count) _must_check_;

#endif
