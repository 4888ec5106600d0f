/* SPDX-License-Identifier: MIT */
/*
 * The users of a benchmark, by number: those with an even one are called u0 and
 * twelve digits, those with an odd one u1.  So redis-benchmark, which puts
 * twelve random digits into a word, draws among the same.
 */
#ifndef BENCH_NAMES_H
#define BENCH_NAMES_H

#include <stdint.h>

#include "util/slice.h"

#define USER_NAME_LEN 14
#define USERS_MAX 10000000

/* Writes USER_NAME_LEN characters and no zero. */
void user_name(uint32_t user, char out[USER_NAME_LEN]);

/* The number of the user of that name, or -EINVAL if it is none of ours. */
int user_number(struct slice name, uint32_t *ret);

#endif
