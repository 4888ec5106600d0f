/* SPDX-License-Identifier: MIT */
/*
 * What is kept in memory of a block: each record's place in the file and its
 * numbers, by serial; for each user the records that name it; operation ids.
 * Some 50 bytes a record.  The text of a record stays in the file.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "ledger/record.h"
#include "store/names.h"
#include "util/cleanup.h"
#include "util/slice.h"

/* A user's net total is saved every so many records of his. */
#define INDEX_CHECKPOINT 64
/* Different lists in of= that one block can hold. */
#define INDEX_OFS_MAX 2047
#define INDEX_NONE UINT32_MAX

struct index_entry {
	uint64_t serial;
	struct amount amount;
	uint32_t sender;
	uint32_t receiver;
	uint64_t place; /* index_offset(), index_length(), index_of() */
};

/* An entry on its way into the index. */
struct index_item {
	struct index_entry entry;
	uint64_t id; /* hash of the operation id, 0 in its upper half: none */
};

struct index_user {
	uint32_t *ordinal; /* of the entries that name the user, rising */
	struct sum *checkpoint; /* net of the first 64, of the first 128 … */
	struct sum net; /* of all of them */
	uint32_t count;
	uint32_t room;
};

/* A list of of=, stored once. */
struct index_names {
	char text[RECORD_OF_MAX];
	size_t len;
};

struct index {
	struct index_entry *entry; /* by serial, once sealed */
	uint32_t *id; /* while loading: of each entry, the half for the map */
	uint32_t count;
	uint32_t room;
	bool unsorted; /* while loading */
	struct names names;
	struct index_user *user; /* by the number of the name */
	uint32_t users_room;
	struct index_names *of; /* number 1 is of[0]; 0 means at home here */
	size_t ofs;
	uint64_t copies; /* entries with an of= */
	struct map ids;
};

int index_new(const uint8_t key[MAP_KEY_SIZE], struct index **ret) _must_check_;
struct index *index_free(struct index *x);
DEFINE_CLEANUP(struct index, index_free);

/*
 * Make the entry of @r, whose line stands at @offset with @length bytes.
 * 0; -ENOMEM; -EOVERFLOW or -EFBIG past the limits of the index.
 */
int index_item_make(struct index *x, const struct record *r, uint64_t offset,
		    size_t length, struct index_item *ret) _must_check_;

/* Loading: take items in any order; nothing is found before index_seal(). */
int index_load(struct index *x, const struct index_item *item) _must_check_;

/* Loading: the newest @count of them are none. */
void index_unload(struct index *x, uint64_t count);

/*
 * Two entries of one serial: 0 if they tell of the same record, else an error
 * that ends the sealing.  @a stands before @b in the file.
 */
typedef int (*index_same)(void *arg, const struct index_entry *a,
			  const struct index_entry *b);

/* End of the loading: sort, keep identical copies once, build the lists. */
int index_seal(struct index *x, index_same same, void *arg) _must_check_;

/* Add @count items of rising serials above the last: all of them or none. */
int index_add(struct index *x, const struct index_item *items,
	      size_t count) _must_check_;

uint64_t index_last_serial(const struct index *x); /* 0: empty */

/* The number of entries up to @serial, so the ordinal of the next one. */
uint32_t index_upto(const struct index *x, uint64_t serial);

/* The ordinal of @serial, or INDEX_NONE. */
uint32_t index_find(const struct index *x, uint64_t serial);

/*
 * Ordinals of records that may have the operation id @id, as map_first() and
 * map_next(); INDEX_NONE when there is no more.
 */
uint32_t index_first_id(const struct index *x, struct slice id, size_t *at);
uint32_t index_next_id(const struct index *x, struct slice id, size_t *at);

uint64_t index_offset(const struct index_entry *e);
size_t index_length(const struct index_entry *e);
/* The number of its of=; 0: at home here. */
uint32_t index_of(const struct index_entry *e);
struct slice index_of_text(const struct index *x, uint32_t number);

/* What @e changes in the balance of @user. */
static inline struct sum index_apply(struct sum net,
				     const struct index_entry *e, uint32_t user)
{
	if (e->receiver == user)
		net = sum_plus(net, e->amount);
	if (e->sender == user)
		net = sum_minus(net, e->amount);
	return net;
}

/* The user's net total over the first @count records that name it. */
struct sum index_net(const struct index *x, uint32_t user, uint32_t count);

#endif
