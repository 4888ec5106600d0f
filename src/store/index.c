/* SPDX-License-Identifier: MIT */
/*
 * Ordinals are places in the array of entries, which is sorted by serial; new
 * records arrive above all others, so nothing ever moves once it is sealed.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "store/index.h"

/* How an entry's place is packed. */
#define OFFSET_BITS 42
#define LENGTH_BITS 11
#define OF_BITS 11

_Static_assert(OFFSET_BITS + LENGTH_BITS + OF_BITS == 64, "one word");
_Static_assert(RECORD_LINE_MAX < 1 << LENGTH_BITS, "a line's length");
_Static_assert(INDEX_OFS_MAX < 1 << OF_BITS, "a list's number");

int index_new(const uint8_t key[MAP_KEY_SIZE], struct index **ret)
{
	struct index *x;

	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;

	names_init(&x->names, key);
	map_init(&x->ids, key);
	*ret = x;
	return 0;
}

struct index *index_free(struct index *x)
{
	if (!x)
		return NULL;

	for (uint32_t i = 0; i < x->users_room; i++) {
		free(x->user[i].ordinal);
		free(x->user[i].checkpoint);
	}
	free(x->user);
	free(x->entry);
	free(x->id);
	free(x->of);
	names_done(&x->names);
	map_done(&x->ids);
	free(x);
	return NULL;
}

uint64_t index_offset(const struct index_entry *e)
{
	return e->place >> (LENGTH_BITS + OF_BITS);
}

size_t index_length(const struct index_entry *e)
{
	return (e->place >> OF_BITS) & ((1u << LENGTH_BITS) - 1);
}

uint32_t index_of(const struct index_entry *e)
{
	return (uint32_t)(e->place & ((1u << OF_BITS) - 1));
}

struct slice index_of_text(const struct index *x, uint32_t number)
{
	const struct index_names *of = &x->of[number - 1];

	return (struct slice){ of->text, of->len };
}

/* The number of a list of names, which is new at most a few times. */
static int intern_of(struct index *x, struct slice of, uint32_t *ret)
{
	struct index_names *grown;

	if (of.len == 0) {
		*ret = 0;
		return 0;
	}
	for (uint32_t i = (uint32_t)x->ofs; i > 0; i--) {
		if (slice_equal(index_of_text(x, i), of)) {
			*ret = i;
			return 0;
		}
	}

	if (x->ofs == INDEX_OFS_MAX || of.len > RECORD_OF_MAX)
		return -EOVERFLOW;
	grown = reallocarray(x->of, x->ofs + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	x->of = grown;
	memcpy(grown[x->ofs].text, of.p, of.len);
	grown[x->ofs].len = of.len;
	*ret = (uint32_t)++x->ofs;
	return 0;
}

/* Room for one more user. */
static int grow_users(struct index *x)
{
	uint64_t room = (uint64_t)x->users_room + x->users_room / 2 + 16;
	struct index_user *user;

	if (x->names.count < x->users_room)
		return 0;
	if (room > UINT32_MAX)
		return -EOVERFLOW;

	user = reallocarray(x->user, room, sizeof(*user));
	if (!user)
		return -ENOMEM;
	memset(user + x->users_room, 0, (room - x->users_room) * sizeof(*user));
	x->user = user;
	x->users_room = (uint32_t)room;
	return 0;
}

static int intern_user(struct index *x, struct slice name, uint32_t *ret)
{
	int r;

	/* First, so that no name ever stands there without a list. */
	r = grow_users(x);
	if (r < 0)
		return r;
	return names_intern(&x->names, name, ret);
}

/* Never 0: the map looks at the upper half only. */
static uint64_t hash_id(const struct index *x, struct slice id)
{
	return map_hash(&x->ids, id.p, id.len) | 1;
}

int index_item_make(struct index *x, const struct record *r, uint64_t offset,
		    size_t length, struct index_item *ret)
{
	struct index_entry e = { .serial = r->serial, .amount = r->amount };
	uint32_t of;
	int error;

	if (offset >> OFFSET_BITS != 0)
		return -EFBIG;
	error = intern_user(x, r->sender, &e.sender);
	if (error < 0)
		return error;
	error = intern_user(x, r->receiver, &e.receiver);
	if (error < 0)
		return error;
	error = intern_of(x, r->of, &of);
	if (error < 0)
		return error;

	e.place = offset << (LENGTH_BITS + OF_BITS) |
		  (uint64_t)length << OF_BITS | of;
	ret->entry = e;
	ret->id = r->id.len > 0 ? hash_id(x, r->id) : 0;
	return 0;
}

/* Room for @extra more entries. */
static int reserve(struct index *x, size_t extra)
{
	uint64_t room = (uint64_t)x->room + x->room / 2 + 64;
	struct index_entry *entry;

	if (extra <= x->room - x->count)
		return 0;
	if (room < x->count + extra)
		room = x->count + extra;
	if (room >= INDEX_NONE)
		return -EOVERFLOW;

	entry = reallocarray(x->entry, room, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	x->entry = entry;
	x->room = (uint32_t)room;
	return 0;
}

int index_load(struct index *x, const struct index_item *item)
{
	uint32_t room = x->room;
	uint64_t *id;
	int r;

	r = reserve(x, 1);
	if (r < 0)
		return r;
	if (!x->id || x->room > room) {
		id = reallocarray(x->id, x->room, sizeof(*id));
		if (!id)
			return -ENOMEM;
		x->id = id;
	}

	if (item->entry.serial <= index_last_serial(x))
		x->unsorted = true;
	x->id[x->count] = item->id;
	x->entry[x->count++] = item->entry;
	return 0;
}

/* One more record of the user's. */
static int push_posting(struct index *x, uint32_t number, uint32_t ordinal)
{
	struct index_user *u = &x->user[number];
	uint64_t room = (uint64_t)u->room + u->room / 2 + 2;
	struct sum *checkpoint;
	uint32_t *grown;

	if (u->count == u->room) {
		grown = reallocarray(u->ordinal, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		u->ordinal = grown;
		checkpoint =
			reallocarray(u->checkpoint, room / INDEX_CHECKPOINT + 1,
				     sizeof(*checkpoint));
		if (!checkpoint)
			return -ENOMEM;
		u->checkpoint = checkpoint;
		u->room = (uint32_t)room;
	}

	u->ordinal[u->count] = ordinal;
	if ((u->count + 1) % INDEX_CHECKPOINT == 0)
		u->checkpoint[u->count / INDEX_CHECKPOINT] =
			index_net(x, number, u->count + 1);
	u->count++;
	return 0;
}

static void pop_posting(struct index *x, uint32_t number, uint32_t ordinal)
{
	struct index_user *u = &x->user[number];

	if (u->count > 0 && u->ordinal[u->count - 1] == ordinal)
		u->count--;
}

/* Make the entry known to its users and by its id. */
static int link_entry(struct index *x, uint32_t ordinal, uint64_t id)
{
	const struct index_entry *e = &x->entry[ordinal];
	int r;

	r = push_posting(x, e->sender, ordinal);
	if (r == 0 && e->receiver != e->sender)
		r = push_posting(x, e->receiver, ordinal);
	if (r == 0 && id)
		r = map_insert(&x->ids, id, ordinal);
	if (r == 0 && index_of(e))
		x->copies++;
	return r;
}

/* Undo what link_entry() did, in whole or in part; ids are the caller's. */
static void unlink_entry(struct index *x, uint32_t ordinal)
{
	const struct index_entry *e = &x->entry[ordinal];

	pop_posting(x, e->sender, ordinal);
	pop_posting(x, e->receiver, ordinal);
}

static int compare_items(const void *a, const void *b)
{
	const struct index_entry *x = &((const struct index_item *)a)->entry;
	const struct index_entry *y = &((const struct index_item *)b)->entry;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	/* In the order of the file; no two have the same offset. */
	return x->place < y->place ? -1 : 1;
}

/* Move the sorted items back, of identical ones only the first at home. */
static int keep_once(struct index *x, const struct index_item *items,
		     index_same same, void *arg)
{
	uint32_t kept = 0;
	int r;

	for (uint32_t i = 0; i < x->count; i++) {
		const struct index_entry *e = &items[i].entry;
		struct index_entry *last = kept ? &x->entry[kept - 1] : NULL;

		if (!last || last->serial != e->serial) {
			x->id[kept] = items[i].id;
			x->entry[kept++] = *e;
			continue;
		}
		r = same(arg, last, e);
		if (r < 0)
			return r;
		if (index_of(last) && !index_of(e))
			*last = *e;
	}
	x->count = kept;
	return 0;
}

static int sort(struct index *x, index_same same, void *arg)
{
	_cleanup_(freep) struct index_item *items = NULL;

	items = reallocarray(NULL, x->count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < x->count; i++)
		items[i] = (struct index_item){ x->entry[i], x->id[i] };

	qsort(items, x->count, sizeof(*items), compare_items);
	return keep_once(x, items, same, arg);
}

int index_seal(struct index *x, index_same same, void *arg)
{
	int r;

	if (x->unsorted) {
		r = sort(x, same, arg);
		if (r < 0)
			return r;
	}
	for (uint32_t i = 0; i < x->count; i++) {
		r = link_entry(x, i, x->id[i]);
		if (r < 0)
			return r;
	}

	x->unsorted = false;
	free(x->id);
	x->id = NULL;
	return 0;
}

/* Take back the newest entries down to @count, added from @items. */
static void roll_back(struct index *x, uint32_t count, uint64_t copies,
		      const struct index_item *items)
{
	while (x->count > count) {
		x->count--;
		unlink_entry(x, x->count);
		if (items[x->count - count].id)
			map_remove(&x->ids, items[x->count - count].id,
				   x->count);
	}
	x->copies = copies;
}

int index_add(struct index *x, const struct index_item *items, size_t count)
{
	uint64_t copies = x->copies;
	uint32_t before = x->count;
	int r;

	r = reserve(x, count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		assert(items[i].entry.serial > index_last_serial(x));
		x->entry[x->count++] = items[i].entry;
		r = link_entry(x, x->count - 1, items[i].id);
		if (r < 0) {
			roll_back(x, before, copies, items);
			return r;
		}
	}
	return 0;
}

uint64_t index_last_serial(const struct index *x)
{
	return x->count ? x->entry[x->count - 1].serial : 0;
}

uint32_t index_upto(const struct index *x, uint64_t serial)
{
	uint32_t low = 0;
	uint32_t high = x->count;
	uint32_t middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (x->entry[middle].serial <= serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t index_find(const struct index *x, uint64_t serial)
{
	uint32_t upto = index_upto(x, serial);

	if (upto == 0 || x->entry[upto - 1].serial != serial)
		return INDEX_NONE;
	return upto - 1;
}

uint32_t index_first_id(const struct index *x, struct slice id, size_t *at)
{
	return map_first(&x->ids, hash_id(x, id), at);
}

uint32_t index_next_id(const struct index *x, struct slice id, size_t *at)
{
	return map_next(&x->ids, hash_id(x, id), at);
}

struct sum index_apply(struct sum net, const struct index_entry *e,
		       uint32_t user)
{
	if (e->receiver == user)
		net = sum_plus(net, e->amount);
	if (e->sender == user)
		net = sum_minus(net, e->amount);
	return net;
}

struct sum index_net(const struct index *x, uint32_t user, uint32_t count)
{
	const struct index_user *u = &x->user[user];
	uint32_t saved = count / INDEX_CHECKPOINT;
	struct sum net = SUM_ZERO;

	/* A list that is just about to be saved is summed up from the last. */
	if (saved > u->count / INDEX_CHECKPOINT)
		saved--;
	if (saved > 0)
		net = u->checkpoint[saved - 1];

	for (uint32_t i = saved * INDEX_CHECKPOINT; i < count; i++)
		net = index_apply(net, &x->entry[u->ordinal[i]], user);
	return net;
}
