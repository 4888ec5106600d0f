/* SPDX-License-Identifier: MIT */
/*
 * The bytes stand in chunks that are filled one after the other.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "store/names.h"

#define CHUNK_SIZE 65536
#define NAME_LEN_MAX UINT8_MAX

struct names_chunk {
	struct names_chunk *older;
	size_t used;
	char bytes[CHUNK_SIZE];
};

void names_init(struct names *n, const uint8_t key[MAP_KEY_SIZE])
{
	*n = (struct names){ 0 };
	map_init(&n->map, key);
}

void names_done(struct names *n)
{
	struct names_chunk *older;

	for (struct names_chunk *c = n->chunk; c; c = older) {
		older = c->older;
		free(c);
	}
	free(n->text);
	map_done(&n->map);
	n->chunk = NULL;
	n->text = NULL;
	n->count = 0;
	n->room = 0;
}

struct slice names_text(const struct names *n, uint32_t number)
{
	const char *text = n->text[number];

	return (struct slice){ text + 1, (uint8_t)text[0] };
}

static uint32_t find_hashed(const struct names *n, struct slice name,
			    uint64_t hash)
{
	size_t at;
	uint32_t i;

	for (i = map_first(&n->map, hash, &at); i != MAP_NONE;
	     i = map_next(&n->map, hash, &at))
		if (slice_equal(names_text(n, i), name))
			return i;
	return NAME_NONE;
}

uint32_t names_find(const struct names *n, struct slice name)
{
	return find_hashed(n, name, map_hash(&n->map, name.p, name.len));
}

/* Room for one more number. */
static int grow(struct names *n)
{
	uint64_t room = (uint64_t)n->room + n->room / 2 + 16;
	const char **text;

	if (n->count < n->room)
		return 0;
	if (n->count >= NAME_NONE - 1)
		return -EOVERFLOW;
	if (room > NAME_NONE - 1)
		room = NAME_NONE - 1;

	text = reallocarray(n->text, room, sizeof(*text));
	if (!text)
		return -ENOMEM;
	n->text = text;
	n->room = (uint32_t)room;
	return 0;
}

/* Where @len bytes can stand for good; NULL if there is no memory. */
static char *place(struct names *n, size_t len)
{
	struct names_chunk *c = n->chunk;

	if (c && CHUNK_SIZE - c->used >= len)
		return c->bytes + c->used;

	c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	c->older = n->chunk;
	c->used = 0;
	n->chunk = c;
	return c->bytes;
}

int names_intern(struct names *n, struct slice name, uint32_t *ret)
{
	uint64_t hash = map_hash(&n->map, name.p, name.len);
	uint32_t number = find_hashed(n, name, hash);
	char *text;
	int r;

	assert(name.len <= NAME_LEN_MAX);
	if (number != NAME_NONE) {
		*ret = number;
		return 0;
	}

	r = grow(n);
	if (r < 0)
		return r;
	text = place(n, name.len + 1);
	if (!text)
		return -ENOMEM;
	r = map_insert(&n->map, hash, n->count);
	if (r < 0)
		return r;

	text[0] = (char)(uint8_t)name.len;
	memcpy(text + 1, name.p, name.len);
	n->chunk->used += name.len + 1;
	n->text[n->count] = text;
	*ret = n->count++;
	return 0;
}
