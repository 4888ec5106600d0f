/* SPDX-License-Identifier: MIT */
/*
 * A small deterministic generator for draws (which backend) and for
 * simulations.  Not for secrets: ids and nonces come from random_bytes().
 */
#ifndef UTIL_RANDOM_H
#define UTIL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* xoshiro256**, seeded through splitmix64 (Blackman and Vigna, 2018). */
struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* Uniform in 0..@bound-1, without modulo bias; @bound > 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);

/* From the kernel.  Aborts the process if the kernel has none to give. */
void random_bytes(void *out, size_t len);

#endif
