/* SPDX-License-Identifier: MIT */
/*
 * Names to small numbers and back, each name kept once.
 */
#ifndef LEDGER_USERS_H
#define LEDGER_USERS_H

#include <stdint.h>

#include "util/cleanup.h"
#include "util/map.h"
#include "util/slice.h"

#define USER_NONE UINT32_MAX
/* The most users in one ledger. */
#define USERS_MAX (UINT32_C(1) << 31)

struct users;

int users_new(const uint8_t key[MAP_KEY_SIZE], struct users **ret) _must_check_;
struct users *users_free(struct users *u);
DEFINE_CLEANUP(struct users, users_free);

/* The user's number, or USER_NONE. */
uint32_t users_find(const struct users *u, struct slice name);
/* Find or add.  0, -ENOMEM, -EOVERFLOW past USERS_MAX. */
int users_intern(struct users *u, struct slice name, uint32_t *ret) _must_check_;
/* Borrowed until the next users_intern() or users_pop(). */
struct slice users_name(const struct users *u, uint32_t user);
/* Forget the newest name. */
void users_pop(struct users *u);
uint32_t users_count(const struct users *u);

#endif
