/* SPDX-License-Identifier: MIT */
/*
 * xoshiro256** by David Blackman and Sebastiano Vigna (public domain), and the
 * kernel's random bytes.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

#include "util/random.h"

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* Spreads a seed of few bits over the whole state; never all zero. */
static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z;

	*state += UINT64_C(0x9e3779b97f4a7c15);
	z = *state;
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void rng_seed(struct rng *r, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		r->s[i] = splitmix64(&seed);
}

uint64_t rng_next(struct rng *r)
{
	uint64_t result = rotate(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotate(r->s[3], 45);
	return result;
}

/*
 * Lemire's method: the high half of a product is the draw; the few products
 * that would favour some numbers are drawn again.
 */
uint64_t rng_below(struct rng *r, uint64_t bound)
{
	unsigned __int128 product;
	uint64_t reject;

	assert(bound > 0);
	reject = -bound % bound;
	do {
		product = (unsigned __int128)rng_next(r) * bound;
	} while ((uint64_t)product < reject);
	return (uint64_t)(product >> 64);
}

void random_bytes(void *out, size_t len)
{
	uint8_t *p = out;
	ssize_t n;

	while (len > 0) {
		n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
}
