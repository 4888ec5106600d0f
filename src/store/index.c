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

/* Records between a look at what one needs from memory, and its use. */
#define PREFETCH_AHEAD 16
/* Ranges of tags that are filled one after the other, each in a cache. */
#define TAG_RANGES 256
#define TAG_RANGE (UINT32_MAX / TAG_RANGES + 1)

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

/* The map looks at the upper half only; that is never 0. */
static uint64_t hash_id(const struct index *x, struct slice id)
{
	uint64_t hash = map_hash(&x->ids, id.p, id.len);

	return hash >> 32 ? hash : hash | UINT64_C(1) << 32;
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
	uint32_t *id;
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
	x->id[x->count] = (uint32_t)(item->id >> 32);
	x->entry[x->count++] = item->entry;
	return 0;
}

void index_unload(struct index *x, uint64_t count)
{
	assert(count <= x->count);
	x->count -= (uint32_t)count;
}

/* Room in a user's list for @room records altogether. */
static int reserve_postings(struct index_user *u, uint64_t room)
{
	struct sum *checkpoint;
	uint32_t *grown;

	grown = reallocarray(u->ordinal, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	u->ordinal = grown;
	if (room >= INDEX_CHECKPOINT) {
		checkpoint = reallocarray(u->checkpoint,
					  room / INDEX_CHECKPOINT,
					  sizeof(*checkpoint));
		if (!checkpoint)
			return -ENOMEM;
		u->checkpoint = checkpoint;
	}
	u->room = (uint32_t)room;
	return 0;
}

/* One more record of the user's. */
static inline int push_posting(struct index *x, uint32_t number,
			       uint32_t ordinal)
{
	struct index_user *u = &x->user[number];
	int r;

	if (u->count == u->room) {
		r = reserve_postings(u, (uint64_t)u->room + u->room / 4 + 4);
		if (r < 0)
			return r;
	}

	u->ordinal[u->count++] = ordinal;
	u->net = index_apply(u->net, &x->entry[ordinal], number);
	if (u->count % INDEX_CHECKPOINT == 0)
		u->checkpoint[u->count / INDEX_CHECKPOINT - 1] = u->net;
	return 0;
}

static void pop_posting(struct index *x, uint32_t number, uint32_t ordinal)
{
	struct index_user *u = &x->user[number];

	if (u->count == 0 || u->ordinal[u->count - 1] != ordinal)
		return;
	u->net = index_net(x, number, u->count - 1);
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
			x->id[kept] = (uint32_t)(items[i].id >> 32);
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
		items[i] = (struct index_item){ x->entry[i],
						(uint64_t)x->id[i] << 32 };

	qsort(items, x->count, sizeof(*items), compare_items);
	return keep_once(x, items, same, arg);
}

/* An id on its way into the map, by the half of the hash that this needs. */
struct tagged {
	uint32_t tag;
	uint32_t ordinal;
};

/*
 * Those of all entries that have an id, roughly by their tags, which is how the
 * map has them: so filling it goes through memory from one end to the other.
 */
static int order_ids(const struct index *x, struct tagged **ret,
		     size_t *ret_count)
{
	size_t start[TAG_RANGES + 1] = { 0 };
	struct tagged *list;

	for (uint32_t i = 0; i < x->count; i++)
		if (x->id[i])
			start[x->id[i] / TAG_RANGE + 1]++;
	for (size_t i = 0; i < TAG_RANGES; i++)
		start[i + 1] += start[i];

	*ret_count = start[TAG_RANGES];
	list = reallocarray(NULL, *ret_count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < x->count; i++)
		if (x->id[i])
			list[start[x->id[i] / TAG_RANGE]++] =
				(struct tagged){ x->id[i], i };
	*ret = list;
	return 0;
}

static int link_ids(struct index *x)
{
	_cleanup_(freep) struct tagged *list = NULL;
	size_t count;
	int r;

	r = order_ids(x, &list, &count);
	if (r == 0)
		r = map_reserve(&x->ids, count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = map_insert(&x->ids, (uint64_t)list[i].tag << 32,
			       list[i].ordinal);
	return r;
}

/* Lists of just the length that they will have. */
static int reserve_lists(struct index *x)
{
	_cleanup_(freep) uint32_t *count = NULL;
	int r = 0;

	count = calloc((size_t)x->names.count + 1, sizeof(*count));
	if (!count)
		return -ENOMEM;
	for (uint32_t i = 0; i < x->count; i++) {
		const struct index_entry *e = &x->entry[i];

		count[e->sender]++;
		count[e->receiver] += e->receiver != e->sender;
	}

	for (uint32_t i = 0; r == 0 && i < x->names.count; i++)
		if (count[i] > 0)
			r = reserve_postings(&x->user[i], count[i]);
	return r;
}

/* What an entry's users need is fetched while those before are dealt with. */
static void prefetch_users(const struct index *x, uint32_t ordinal)
{
	if (ordinal >= x->count)
		return;
	__builtin_prefetch(&x->user[x->entry[ordinal].sender], 1);
	__builtin_prefetch(&x->user[x->entry[ordinal].receiver], 1);
}

static int link_users(struct index *x)
{
	int r;

	r = reserve_lists(x);
	for (uint32_t i = 0; r == 0 && i < x->count; i++) {
		prefetch_users(x, i + PREFETCH_AHEAD);
		r = link_entry(x, i, 0);
	}
	return r;
}

int index_seal(struct index *x, index_same same, void *arg)
{
	int r;

	if (x->unsorted) {
		r = sort(x, same, arg);
		if (r < 0)
			return r;
	}
	r = link_ids(x);
	if (r < 0)
		return r;
	free(x->id);
	x->id = NULL;
	x->unsorted = false;
	return link_users(x);
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

struct sum index_net(const struct index *x, uint32_t user, uint32_t count)
{
	const struct index_user *u = &x->user[user];
	uint32_t saved = count / INDEX_CHECKPOINT;
	struct sum net = SUM_ZERO;

	if (count == u->count)
		return u->net;
	if (saved > 0)
		net = u->checkpoint[saved - 1];

	for (uint32_t i = saved * INDEX_CHECKPOINT; i < count; i++)
		net = index_apply(net, &x->entry[u->ordinal[i]], user);
	return net;
}
