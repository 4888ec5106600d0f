/* SPDX-License-Identifier: MIT */
/*
 * Names to small numbers and back.  All names stand in one run of bytes, one
 * behind the other; a name begins where the one before it ends.
 */
#include "config.h"

#include <assert.h>

#include "util/buf.h"

#include "ledger/users.h"

struct users {
	struct map map; /* hash of a name to its number */
	struct buf text;
	struct buf ends; /* where each name ends in text, as uint64_t */
	uint32_t count;
};

int users_new(const uint8_t key[MAP_KEY_SIZE], struct users **ret)
{
	struct users *u;

	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;

	map_init(&u->map, key);
	*ret = u;
	return 0;
}

struct users *users_free(struct users *u)
{
	if (!u)
		return NULL;

	map_done(&u->map);
	buf_done(&u->text);
	buf_done(&u->ends);
	free(u);
	return NULL;
}

/* Memory of the allocator is aligned for any type. */
static const uint64_t *ends_of(const struct users *u)
{
	return (const uint64_t *)(const void *)u->ends.data;
}

static size_t start_of(const struct users *u, uint32_t user)
{
	return user > 0 ? (size_t)ends_of(u)[user - 1] : 0;
}

struct slice users_name(const struct users *u, uint32_t user)
{
	size_t start;

	assert(user < u->count);
	start = start_of(u, user);
	return (struct slice){ (const char *)u->text.data + start,
			       (size_t)ends_of(u)[user] - start };
}

static uint32_t find(const struct users *u, struct slice name, uint64_t hash)
{
	uint32_t user;
	size_t at;

	for (user = map_first(&u->map, hash, &at); user != MAP_NONE;
	     user = map_next(&u->map, hash, &at))
		if (slice_equal(users_name(u, user), name))
			return user;
	return USER_NONE;
}

uint32_t users_find(const struct users *u, struct slice name)
{
	return find(u, name, map_hash(&u->map, name.p, name.len));
}

/* Append a name that is not there yet. */
static int add(struct users *u, struct slice name, uint64_t hash)
{
	uint64_t end = u->text.len + name.len;
	int r;

	/* Memory first, so that nothing is half done on an error. */
	r = buf_reserve(&u->text, name.len);
	if (r == 0)
		r = buf_reserve(&u->ends, sizeof(end));
	if (r == 0)
		r = map_insert(&u->map, hash, u->count);
	if (r == 0)
		r = buf_add(&u->text, name.p, name.len);
	if (r == 0)
		r = buf_add(&u->ends, &end, sizeof(end));
	if (r < 0)
		return r;

	u->count++;
	return 0;
}

int users_intern(struct users *u, struct slice name, uint32_t *ret)
{
	uint64_t hash = map_hash(&u->map, name.p, name.len);
	uint32_t user = find(u, name, hash);
	int r;

	if (user == USER_NONE) {
		if (u->count == USERS_MAX)
			return -EOVERFLOW;
		user = u->count;
		r = add(u, name, hash);
		if (r < 0)
			return r;
	}
	*ret = user;
	return 0;
}

void users_pop(struct users *u)
{
	uint32_t user = u->count - 1;
	struct slice name = users_name(u, user);

	map_remove(&u->map, map_hash(&u->map, name.p, name.len), user);
	u->text.len -= name.len;
	u->ends.len -= sizeof(uint64_t);
	u->count--;
}

uint32_t users_count(const struct users *u)
{
	return u->count;
}
