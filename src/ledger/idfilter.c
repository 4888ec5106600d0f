/* SPDX-License-Identifier: MIT */
/*
 * A Bloom filter in blocks: all bits of an id lie within 64 bytes, so a look
 * costs one access to memory a layer.  With sixteen bits an id a full layer
 * gives less than 0.1 % false alarms, and ten layers, a thousand million ids,
 * together less than 1 %.
 *
 * The hash is SipHash-128 with a fixed key.  Whoever chooses ids so that they
 * collide can only raise false alarms, each worth one question to the backends;
 * and with a fixed key the filter of a history is always the same.
 *
 * Filters are saved (main/snapshot.h).  To change the hash, the sizes or the
 * order of the bits safely: give what is saved another version.
 */
#include "config.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include <sodium.h>

#include "ledger/idfilter.h"

#define LAYERS_MAX 24
#define FIRST_LAYER_IDS (UINT64_C(1) << 20)
#define BITS_PER_ID 16
#define WORDS_PER_BLOCK 8
#define BLOCK_BITS 512
#define BITS_PER_BLOCK_POSITION 9
/* As many positions in a block as 64 bits of hash can say. */
#define BITS_SET 7

static const uint8_t fixed_key[crypto_shorthash_siphashx24_KEYBYTES] =
	"alichain ids v1";

struct layer {
	uint64_t *words;
	uint64_t blocks;
	uint64_t ids;
	uint64_t room; /* ids it was made for */
};

struct idfilter {
	struct layer layer[LAYERS_MAX];
	size_t layers;
	uint64_t count;
};

struct idhash {
	uint64_t block;
	uint64_t positions;
};

int idfilter_new(struct idfilter **ret)
{
	struct idfilter *f;

	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;

	*ret = f;
	return 0;
}

struct idfilter *idfilter_free(struct idfilter *f)
{
	if (!f)
		return NULL;

	for (size_t i = 0; i < f->layers; i++)
		free(f->layer[i].words);
	free(f);
	return NULL;
}

static struct idhash hash_id(struct slice id)
{
	uint8_t out[crypto_shorthash_siphashx24_BYTES];
	struct idhash hash;

	_Static_assert(sizeof(hash) == sizeof(out), "two words of hash");
	(void)crypto_shorthash_siphashx24(out, (const uint8_t *)id.p, id.len,
					  fixed_key);
	memcpy(&hash, out, sizeof(hash));
	hash.block = le64toh(hash.block);
	hash.positions = le64toh(hash.positions);
	return hash;
}

/* The block of the layer where this hash has its bits. */
static uint64_t *block_of(const struct layer *l, struct idhash hash)
{
	unsigned __int128 product = (unsigned __int128)hash.block * l->blocks;

	return l->words + (uint64_t)(product >> 64) * WORDS_PER_BLOCK;
}

static bool layer_has(const struct layer *l, struct idhash hash)
{
	const uint64_t *block = block_of(l, hash);
	uint64_t positions = hash.positions;

	for (int i = 0; i < BITS_SET; i++) {
		uint64_t bit = positions % BLOCK_BITS;

		if (!(block[bit / 64] >> bit % 64 & 1))
			return false;
		positions >>= BITS_PER_BLOCK_POSITION;
	}
	return true;
}

static void layer_set(struct layer *l, struct idhash hash)
{
	uint64_t *block = block_of(l, hash);
	uint64_t positions = hash.positions;

	for (int i = 0; i < BITS_SET; i++) {
		uint64_t bit = positions % BLOCK_BITS;

		block[bit / 64] |= UINT64_C(1) << bit % 64;
		positions >>= BITS_PER_BLOCK_POSITION;
	}
	l->ids++;
}

static int add_layer(struct idfilter *f)
{
	struct layer l = { .room = FIRST_LAYER_IDS << f->layers };

	if (f->layers == LAYERS_MAX)
		return -ENOMEM;
	l.blocks = l.room * BITS_PER_ID / BLOCK_BITS;
	l.words = calloc(l.blocks, WORDS_PER_BLOCK * sizeof(*l.words));
	if (!l.words)
		return -ENOMEM;

	f->layer[f->layers++] = l;
	return 0;
}

static bool newest_is_full(const struct idfilter *f)
{
	const struct layer *newest;

	if (f->layers == 0)
		return true;
	newest = &f->layer[f->layers - 1];
	return newest->ids == newest->room;
}

int idfilter_add(struct idfilter *f, struct slice id)
{
	int r;

	if (newest_is_full(f)) {
		r = add_layer(f);
		if (r < 0)
			return r;
	}
	layer_set(&f->layer[f->layers - 1], hash_id(id));
	f->count++;
	return 0;
}

bool idfilter_maybe(const struct idfilter *f, struct slice id)
{
	struct idhash hash = hash_id(id);

	/* The newest first: it holds half of them. */
	for (size_t i = f->layers; i > 0; i--)
		if (layer_has(&f->layer[i - 1], hash))
			return true;
	return false;
}

uint64_t idfilter_count(const struct idfilter *f)
{
	return f->count;
}

size_t idfilter_bytes(const struct idfilter *f)
{
	size_t bytes = sizeof(*f);

	for (size_t i = 0; i < f->layers; i++)
		bytes +=
			f->layer[i].blocks * WORDS_PER_BLOCK * sizeof(uint64_t);
	return bytes;
}

/* Pieces. */

#define PIECE_WORDS (IDFILTER_PIECE / sizeof(uint64_t))

static uint64_t layer_room(size_t layer)
{
	return FIRST_LAYER_IDS << layer;
}

static uint64_t layer_pieces(size_t layer)
{
	return layer_room(layer) * BITS_PER_ID / 8 / IDFILTER_PIECE;
}

/* Layers are opened when the one before is full. */
static size_t layers_for(uint64_t count)
{
	size_t layers = 0;

	while (count > 0 && layers < LAYERS_MAX) {
		count -= count < layer_room(layers) ? count :
						      layer_room(layers);
		layers++;
	}
	return layers;
}

uint64_t idfilter_pieces(uint64_t count)
{
	size_t layers = layers_for(count);
	uint64_t pieces = 0;

	for (size_t i = 0; i < layers; i++)
		pieces += layer_pieces(i);
	return pieces;
}

static uint64_t *find_piece(const struct idfilter *f, uint64_t n)
{
	size_t layer = 0;

	while (n >= layer_pieces(layer))
		n -= layer_pieces(layer++);
	assert(layer < f->layers);
	return f->layer[layer].words + n * PIECE_WORDS;
}

bool idfilter_get_piece(const struct idfilter *f, uint64_t n,
			uint8_t out[IDFILTER_PIECE])
{
	const uint64_t *words = find_piece(f, n);
	uint64_t any = 0;

	for (size_t i = 0; i < PIECE_WORDS; i++) {
		uint64_t word = htole64(words[i]);

		memcpy(out + i * sizeof(word), &word, sizeof(word));
		any |= word;
	}
	return any != 0;
}

void idfilter_put_piece(struct idfilter *f, uint64_t n,
			const uint8_t in[IDFILTER_PIECE])
{
	uint64_t *words = find_piece(f, n);

	for (size_t i = 0; i < PIECE_WORDS; i++) {
		uint64_t word;

		memcpy(&word, in + i * sizeof(word), sizeof(word));
		words[i] = le64toh(word);
	}
}

int idfilter_restore(uint64_t count, struct idfilter **ret)
{
	_cleanup_(idfilter_freep) struct idfilter *f = NULL;
	uint64_t left = count;
	int r;

	r = idfilter_new(&f);
	if (r < 0)
		return r;
	while (left > 0) {
		struct layer *l;

		r = add_layer(f);
		if (r < 0)
			return r;
		l = &f->layer[f->layers - 1];
		l->ids = left < l->room ? left : l->room;
		left -= l->ids;
	}
	f->count = count;
	*ret = TAKE_PTR(f);
	return 0;
}
