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
size_t idfilter_bytes(const struct idfilter *f);

#endif
