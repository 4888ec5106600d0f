/* SPDX-License-Identifier: MIT */
/*
 * A Bloom filter over operation ids: "certainly fresh" or "perhaps known".
 * Sixteen bits an id when full, 2 MiB at first, under 1 % false alarms up to a
 * thousand million ids; grows by adding layers, each twice the size of the one
 * before.
 */
#ifndef LEDGER_IDFILTER_H
#define LEDGER_IDFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/slice.h"

struct idfilter;

int idfilter_new(struct idfilter **ret) _must_check_;
struct idfilter *idfilter_free(struct idfilter *f);
DEFINE_CLEANUP(struct idfilter, idfilter_free);

int idfilter_add(struct idfilter *f, struct slice id) _must_check_;
bool idfilter_maybe(const struct idfilter *f, struct slice id);
uint64_t idfilter_count(const struct idfilter *f);

/*
 * A filter in pieces, to be saved and put back: the same bytes on every host,
 * as long as the hash and the sizes in idfilter.c stay what they are.
 */
#define IDFILTER_PIECE 512
/* Pieces of a filter of @count ids. */
uint64_t idfilter_pieces(uint64_t count);
/* Piece @n; false: all of it is zero, as it begins. */
bool idfilter_get_piece(const struct idfilter *f, uint64_t n,
			uint8_t out[IDFILTER_PIECE]);
/* One that counts @count ids, and knows none before its pieces are put in. */
int idfilter_restore(uint64_t count, struct idfilter **ret) _must_check_;
void idfilter_put_piece(struct idfilter *f, uint64_t n,
			const uint8_t in[IDFILTER_PIECE]);
size_t idfilter_bytes(const struct idfilter *f);

#endif
